/* langs/c_compile.c — see c_compile.h. */
#include "langs/c_compile.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/child.h"
#include "base/error.h"
#include "base/file.h"
#include "langs/c_elf.h"

#define SOURCE_CAP       (64u << 20)
#define DEPENDENCIES_CAP (4u << 20)
#define MESSAGES_CAP     (256u << 10)
#define MESSAGE_CAP      700 /* bytes of the one that is told */
#define VERSION_CAP      16384
#define VERSION_MS       10000 /* in which a compiler says its version */
#define CACHE_FORMAT     1 /* goes into every key: raise it when objects are made differently */

/* A header seen during this build. */
struct seen {
	unsigned long long hash;
	char path[];
};

static int compare_seen(const void *a, const void *b)
{
	return strcmp(((const struct seen *)a)->path, ((const struct seen *)b)->path);
}

/* Appends the blank-separated words of TEXT. */
static void add_words(struct snafu_c_compiler *compiler, const char *text)
{
	size_t cap = sizeof compiler->words / sizeof *compiler->words;

	while (text && compiler->n_words < cap) {
		text += strspn(text, " \t\n");
		size_t size = strcspn(text, " \t\n");
		if (size == 0)
			return;
		char *word = snafu_arena_copy(&compiler->arena, text, size);
		if (!word)
			return;
		compiler->words[compiler->n_words++] = word;
		text += size;
	}
}

static int ask_version(struct snafu_c_compiler *compiler, struct snafu_error *error)
{
	struct snafu_buffer version = SNAFU_BUFFER(VERSION_CAP);
	const char *argv[] = {compiler->words[0], "--version", NULL};
	struct snafu_child_options options = {
		.argv = argv,
		.timeout_ms = VERSION_MS,
		.output = &version,
	};
	int status, code = snafu_child_run(&options, &status, NULL);

	if (code)
		snafu_fail(error, code,
		           "cannot run the C compiler %s: install gcc, or set CC to a "
		           "compiler that is installed",
		           compiler->words[0]);
	compiler->identity = snafu_hash(SNAFU_HASH_START, version.data, version.size);
	for (size_t i = 0; i < compiler->n_words; i++)
		compiler->identity =
			snafu_hash(compiler->identity, compiler->words[i], strlen(compiler->words[i]) + 1);
	compiler->identity += CACHE_FORMAT;
	snafu_buffer_done(&version);
	return code;
}

int snafu_c_compiler_init(struct snafu_c_compiler *compiler, const char *cache_directory,
                          struct snafu_error *error)
{
	*compiler = (struct snafu_c_compiler){0};
	pthread_mutex_init(&compiler->lock, NULL);
	add_words(compiler, getenv("CC"));
	if (compiler->n_words == 0)
		add_words(compiler, "cc");
	compiler->cache_directory = snafu_path_join(cache_directory, "c");
	int code = compiler->cache_directory && compiler->n_words
	               ? 0
	               : snafu_fail(error, -ENOMEM, "no memory");
	if (!code)
		code = snafu_directory_make(compiler->cache_directory, error);
	if (!code)
		code = ask_version(compiler, error);
	add_words(compiler, getenv("CPPFLAGS"));
	add_words(compiler, getenv("CFLAGS"));
	if (code)
		snafu_c_compiler_done(compiler);
	return code;
}

void snafu_c_compiler_forget(struct snafu_c_compiler *compiler)
{
	pthread_mutex_lock(&compiler->lock);
	tdestroy(compiler->hashes, free);
	compiler->hashes = NULL;
	pthread_mutex_unlock(&compiler->lock);
}

void snafu_c_compiler_done(struct snafu_c_compiler *compiler)
{
	snafu_c_compiler_forget(compiler);
	pthread_mutex_destroy(&compiler->lock);
	snafu_arena_done(&compiler->arena);
	free(compiler->cache_directory);
	*compiler = (struct snafu_c_compiler){0};
}

char *snafu_c_cache_path(const struct snafu_c_compiler *compiler, unsigned long long key,
                         const char *suffix)
{
	char *path;

	if (asprintf(&path, "%s/%016llx%s", compiler->cache_directory, key, suffix) < 0)
		return NULL;
	return path;
}

char *snafu_c_cache_temporary(struct snafu_c_compiler *compiler, unsigned long long key,
                              const char *suffix)
{
	char *path;

	pthread_mutex_lock(&compiler->lock);
	unsigned made = compiler->made++;
	pthread_mutex_unlock(&compiler->lock);
	if (asprintf(&path, "%s/%016llx.%ld-%u.tmp%s", compiler->cache_directory, key, (long)getpid(),
	             made, suffix) < 0)
		return NULL;
	return path;
}

bool snafu_c_cache_use(const char *path)
{
	return utimensat(AT_FDCWD, path, NULL, 0) == 0;
}

void snafu_c_cache_prune(const struct snafu_c_compiler *compiler)
{
	DIR *directory = opendir(compiler->cache_directory);
	time_t now = time(NULL);
	struct dirent *entry;

	while (directory && (entry = readdir(directory))) {
		struct stat status;

		if (fstatat(dirfd(directory), entry->d_name, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
		    S_ISREG(status.st_mode) && now - status.st_mtime > SNAFU_C_CACHE_AGE_CAP)
			unlinkat(dirfd(directory), entry->d_name, 0);
	}
	if (directory)
		closedir(directory);
}

/* The hash of what the file holds; 0 when it cannot be read. */
static unsigned long long hash_file(struct snafu_c_compiler *compiler, const char *path)
{
	size_t length = strlen(path);
	struct seen *key = malloc(sizeof *key + length + 1);

	if (!key)
		return 0;
	memcpy(key->path, path, length + 1);
	pthread_mutex_lock(&compiler->lock);
	struct seen *const *found = tfind(key, &compiler->hashes, compare_seen);
	unsigned long long hash = found ? (*found)->hash : 0;
	pthread_mutex_unlock(&compiler->lock);
	if (found) {
		free(key);
		return hash;
	}
	char *text;
	size_t size;
	if (snafu_file_read(path, SOURCE_CAP, &text, &size, NULL) == 0) {
		hash = snafu_hash(SNAFU_HASH_START, text, size);
		free(text);
	}
	key->hash = hash;
	pthread_mutex_lock(&compiler->lock);
	struct seen **put = tsearch(key, &compiler->hashes, compare_seen);
	if (!put || *put != key)
		free(key);
	pthread_mutex_unlock(&compiler->lock);
	return hash;
}

/* The next file name of a make rule, unescaped in place; NULL at the end. */
static char *next_dependency(char **at)
{
	char *from = *at;

	for (;;) {
		if (*from == ' ' || *from == '\n' || *from == '\t')
			from++;
		else if (from[0] == '\\' && from[1] == '\n')
			from += 2;
		else
			break;
	}
	char *name = from, *to = from;
	while (*from && *from != ' ' && *from != '\n' && *from != '\t') {
		if (from[0] == '\\' && from[1] == '\n')
			break;
		if ((from[0] == '\\' && (from[1] == ' ' || from[1] == '#' || from[1] == '\\')) ||
		    (from[0] == '$' && from[1] == '$'))
			from++;
		*to++ = *from++;
	}
	*at = *from ? from + 1 : from;
	if (from[0] == '\\' && from[1] == '\n')
		*at = from + 2;
	if (to == name)
		return NULL;
	*to = '\0';
	return name;
}

/* The key of the object: KEY and what all files of the dependency file at PATH
 * hold now. 0 when it cannot be told. */
static unsigned long long object_key(struct snafu_c_compiler *compiler, unsigned long long key,
                                     const char *path, const char *directory)
{
	char *text, *at, *name;
	size_t size;

	if (snafu_file_read(path, DEPENDENCIES_CAP, &text, &size, NULL))
		return 0;
	at = strstr(text, ": ");
	at = at ? at + 2 : text + size;
	while ((name = next_dependency(&at))) {
		char *joined = directory && name[0] != '/' ? snafu_path_join(directory, name) : NULL;
		unsigned long long hash = hash_file(compiler, joined ? joined : name);

		free(joined);
		if (hash == 0) {
			free(text);
			return 0;
		}
		key = snafu_hash(key, &hash, sizeof hash);
	}
	free(text);
	return key;
}

static unsigned long long source_key(struct snafu_c_compiler *compiler, const char *source,
                                     const char *const *flags, const char *directory)
{
	char *whole = realpath(source, NULL), *here = directory ? strdup(directory) : getcwd(NULL, 0);
	unsigned long long key = compiler->identity, hash = hash_file(compiler, source);

	key = snafu_hash(key, &hash, sizeof hash);
	if (whole)
		key = snafu_hash(key, whole, strlen(whole));
	if (here)
		key = snafu_hash(key, here, strlen(here));
	for (size_t i = 0; flags[i]; i++)
		key = snafu_hash(key, flags[i], strlen(flags[i]) + 1);
	free(whole);
	free(here);
	return key;
}

/* The line that says what is wrong: the first with "error" in it, else the first. */
static void first_message(char *text, const char **ret, size_t *ret_size)
{
	const char *line = strstr(text, "error");

	if (!line)
		line = text;
	while (line > text && line[-1] != '\n')
		line--;
	*ret = line;
	*ret_size = strcspn(line, "\n");
}

static int run_compiler(struct snafu_c_compiler *compiler, const char *source,
                        const char *const *flags, const char *directory, const char *object,
                        const char *dependencies, struct snafu_error *error)
{
	static const char *const own[] = {"-O2", "-fPIC", "-g0", "-w", "-fcommon", "-fno-lto"};
	static const char *const environment[] = {"LC_ALL=C", NULL};
	struct snafu_buffer messages = SNAFU_BUFFER(MESSAGES_CAP);
	const char *argv[SNAFU_C_WORDS_CAP + 1];
	size_t n = 0;

	argv[n++] = compiler->words[0];
	for (size_t i = 0; i < sizeof own / sizeof *own; i++)
		argv[n++] = own[i];
	for (size_t i = 1; i < compiler->n_words; i++)
		argv[n++] = compiler->words[i];
	for (size_t i = 0; flags[i]; i++) {
		if (n + 8 > SNAFU_C_WORDS_CAP)
			return snafu_fail(error, -E2BIG, "%s: more than %d compiler options", source,
			                  SNAFU_C_WORDS_CAP);
		argv[n++] = flags[i];
	}
	const char *const last[] = {"-MD", "-MF", dependencies, "-o", object, "-c", source, NULL};
	memcpy(&argv[n], last, sizeof last);
	struct snafu_child_options options = {
		.argv = argv,
		.directory = directory,
		.environment = environment,
		.timeout_ms = SNAFU_C_COMPILE_TIME_CAP,
		.errors = &messages,
	};
	int status, code = snafu_child_run(&options, &status, error);
	if (!code && status != 0) {
		const char *line;
		size_t size;

		first_message(messages.data ? messages.data : (char[]){""}, &line, &size);
		code = snafu_fail(error, -EINVAL, "%s does not compile: %.*s", source,
		                  size > MESSAGE_CAP ? MESSAGE_CAP : (int)size, line);
	}
	snafu_buffer_done(&messages);
	return code;
}

/* Compiles under temporary names; gives them their final ones when all is well. */
static int make_object(struct snafu_c_compiler *compiler, const char *source,
                       const char *const *flags, const char *directory, unsigned long long key,
                       char **ret_object, struct snafu_error *error)
{
	char *temporary = snafu_c_cache_temporary(compiler, key, ".o");
	char *dependencies = snafu_c_cache_temporary(compiler, key, ".d");
	char *rule = snafu_c_cache_path(compiler, key, ".d"), *object = NULL;
	int code = temporary && dependencies && rule ? 0 : snafu_fail(error, -ENOMEM, "no memory");

	if (!code)
		code = run_compiler(compiler, source, flags, directory, temporary, dependencies, error);
	if (!code)
		code = snafu_c_symbols_show(temporary, error);
	if (!code) {
		unsigned long long final = object_key(compiler, key, dependencies, directory);

		object = snafu_c_cache_path(compiler, final, ".o");
		if (!object || final == 0)
			code = snafu_fail(error, -EINVAL, "%s: the compiler left no list of headers", source);
		else if (rename(temporary, object) || rename(dependencies, rule))
			code = snafu_fail_errno(error, -errno, "cannot write %s", object);
	}
	if (code) {
		if (temporary)
			unlink(temporary);
		if (dependencies)
			unlink(dependencies);
		free(object);
	} else {
		*ret_object = object;
	}
	free(temporary);
	free(dependencies);
	free(rule);
	return code;
}

int snafu_c_compile(struct snafu_c_compiler *compiler, const char *source, const char *const *flags,
                    const char *directory, char **ret_object, bool *ret_new,
                    struct snafu_error *error)
{
	unsigned long long key = source_key(compiler, source, flags, directory);
	char *rule = snafu_c_cache_path(compiler, key, ".d");

	if (!rule)
		return snafu_fail(error, -ENOMEM, "no memory");
	unsigned long long known =
		snafu_c_cache_use(rule) ? object_key(compiler, key, rule, directory) : 0;
	free(rule);
	char *object = known ? snafu_c_cache_path(compiler, known, ".o") : NULL;
	if (object && snafu_c_cache_use(object)) {
		*ret_object = object;
		*ret_new = false;
		return 0;
	}
	free(object);
	*ret_new = true;
	return make_object(compiler, source, flags, directory, key, ret_object, error);
}
