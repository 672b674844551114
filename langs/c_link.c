/* langs/c_link.c — objects into shared objects, and these into the process. See
 * c_build.h.
 *
 * -Bsymbolic: a function of the sources called read() or index() is theirs, and does
 * not meet the host's or libc's. -z defs and RTLD_NOW: what is missing shows now, not
 * at the call. */
#include <dlfcn.h>
#include <errno.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/child.h"
#include "base/error.h"
#include "base/file.h"
#include "langs/c_build.h"
#include "langs/c_client.h"
#include "langs/c_guard.h"

#define MESSAGES_CAP (4u << 20)
#define ROUNDS_CAP   20 /* how often files are left out and the rest is tried again */

/* One shared object being made. */
struct link {
	struct snafu_c_build *build;
	struct snafu_c_compiler *compiler;
	const struct snafu_language_options *options;
	const char *const *libraries;
	size_t n_libraries;
	size_t set;
	const char *first; /* path of the first set's shared object, for the others */
	const char *guard; /* the guard's object */
};

/* ---- who goes where --------------------------------------------------------------------- */

/* A name that is taken, and by whom. */
struct taken {
	const char *name;
	size_t source;
};

static int compare_taken(const void *a, const void *b)
{
	return strcmp(((const struct taken *)a)->name, ((const struct taken *)b)->name);
}

/* The source that has one of SOURCE's names already, or -1. */
static long find_clash(void *const *names, const struct snafu_c_source *source)
{
	for (size_t i = 0; i < source->symbols.n_defined; i++) {
		struct taken key = {.name = source->symbols.defined[i]};
		struct taken *const *found = tfind(&key, names, compare_taken);

		if (found)
			return (long)(*found)->source;
	}
	return -1;
}

static void take_names(void **names, const struct snafu_c_source *source, size_t index)
{
	for (size_t i = 0; i < source->symbols.n_defined; i++) {
		struct taken *taken = malloc(sizeof *taken);

		if (!taken)
			return;
		*taken = (struct taken){source->symbols.defined[i], index};
		struct taken **put = tsearch(taken, names, compare_taken);
		if (!put || *put != taken)
			free(taken);
	}
}

static bool in_same_folder(const char *a, const char *b)
{
	size_t size = (size_t)(snafu_path_base(a) - a);

	return size == (size_t)(snafu_path_base(b) - b) && memcmp(a, b, size) == 0;
}

/* Sources come sorted by folder. A file that clashes with one of another folder takes
 * its whole folder along (two programs with a util.c each); one that clashes inside
 * its folder (one file a platform) goes alone. */
static void assign_sets(struct snafu_c_build *build)
{
	void *names = NULL;
	size_t n_sets = 1;

	for (size_t begin = 0, end; begin < build->count; begin = end) {
		size_t set = 0;
		void *own = NULL;

		for (end = begin; end < build->count &&
		                  in_same_folder(build->sources[begin].path, build->sources[end].path);
		     end++)
			if (build->sources[end].object && find_clash(&names, &build->sources[end]) >= 0)
				set = n_sets;
		n_sets += set > 0;
		for (size_t i = begin; i < end; i++) {
			struct snafu_c_source *source = &build->sources[i];
			void **taken = set ? &own : &names;

			if (!source->object)
				continue;
			source->set = find_clash(taken, source) >= 0 ? n_sets++ : set;
			if (source->set == set)
				take_names(taken, source, i);
		}
		tdestroy(own, free);
	}
	tdestroy(names, free);
	build->n_sets = n_sets;
}

/* ---- the linker -------------------------------------------------------------------------- */

static bool is_in(const struct link *link, size_t index)
{
	return link->build->sources[index].object && link->build->sources[index].set == link->set;
}

static size_t count_objects(const struct link *link)
{
	size_t count = 0;

	for (size_t i = 0; i < link->build->count; i++)
		count += is_in(link, i);
	return count;
}

/* Whether some source defines NAME itself, so that it must not be wrapped. */
static bool is_defined(const struct link *link, const char *name)
{
	for (size_t i = 0; i < link->build->count; i++)
		if (link->build->sources[i].object &&
		    snafu_c_symbols_define(&link->build->sources[i].symbols, name))
			return true;
	return false;
}

/* The words of the linker's command but for the output; in ARENA, NULL-terminated. */
static const char **command(const struct link *link, struct snafu_arena *arena, const char *output)
{
	const struct snafu_c_compiler *compiler = link->compiler;
	size_t n = 0, cap = compiler->n_words + link->build->count + link->n_libraries + 96;
	const char **words = snafu_arena_alloc(arena, cap * sizeof *words);
	const char *more = getenv("LDLIBS");

	if (!words)
		return NULL;
	for (size_t i = 0; i < compiler->n_words; i++)
		words[n++] = compiler->words[i];
	words[n++] = "-shared";
	words[n++] = "-o";
	words[n++] = output;
	words[n++] = "-Wl,-Bsymbolic";
	words[n++] = "-Wl,-z,defs";
	for (size_t i = 0; snafu_c_guard_names[i]; i++)
		if (!is_defined(link, snafu_c_guard_names[i]))
			words[n++] = snafu_arena_format(arena, "-Wl,--wrap=%s", snafu_c_guard_names[i]);
	words[n++] = link->guard;
	for (size_t i = 0; i < link->build->count; i++)
		if (is_in(link, i))
			words[n++] = link->build->sources[i].object;
	if (link->first)
		words[n++] = link->first;
	for (size_t i = 0; i < link->n_libraries; i++)
		words[n++] = link->libraries[i];
	while (more && *(more += strspn(more, " \t")) && n + 4 < cap) {
		size_t size = strcspn(more, " \t");

		words[n++] = snafu_arena_copy(arena, more, size);
		more += size;
	}
	words[n++] = "-lm";
	words[n++] = "-pthread";
	words[n] = NULL;
	for (size_t i = 0; i < n; i++)
		if (!words[i])
			return NULL;
	return words;
}

static unsigned long long command_key(const struct link *link, const char **words)
{
	unsigned long long key = link->compiler->identity;

	for (size_t i = 0; words[i]; i++)
		key = snafu_hash(key, words[i], strlen(words[i]) + 1);
	return key;
}

/* Leaves out each object of the set that needs NAME; -ENOENT when there is none. */
static int leave_out_users(const struct link *link, const char *name)
{
	int code = -ENOENT;

	for (size_t i = 0; i < link->build->count; i++) {
		struct snafu_c_source *source = &link->build->sources[i];

		if (!is_in(link, i) || !snafu_c_symbols_need(&source->symbols, name))
			continue;
		snafu_c_leave_out(source, link->options,
		                  "it needs %s, which nothing defines: add the "
		                  "source or the library that does",
		                  name);
		code = 0;
	}
	return code;
}

/* Reads the linker's complaints, GNU ld's and LLVM's: "undefined reference to `x'",
 * "undefined symbol: x". */
static int leave_out_by(const struct link *link, char *messages)
{
	static const char *const marks[] = {"undefined reference to `", "undefined symbol: "};
	int code = -ENOENT;

	for (char *line = messages, *next; *line; line = next) {
		next = line + strcspn(line, "\n");
		if (*next)
			*next++ = '\0';
		for (size_t i = 0; i < 2; i++) {
			char *name = strstr(line, marks[i]);

			if (!name)
				continue;
			name += strlen(marks[i]);
			name[strcspn(name, "' \t")] = '\0';
			if (strncmp(name, "__wrap_", 7) == 0)
				name += 7;
			if (leave_out_users(link, name) == 0)
				code = 0;
		}
	}
	return code;
}

/* Runs the linker once. -EAGAIN: some objects were left out, try the rest. */
static int run_linker(const struct link *link, const char **words, struct snafu_error *error)
{
	static const char *const environment[] = {"LC_ALL=C", NULL};
	struct snafu_buffer messages = SNAFU_BUFFER(MESSAGES_CAP);
	struct snafu_child_options options = {
		.argv = words,
		.environment = environment,
		.timeout_ms = SNAFU_C_COMPILE_TIME_CAP,
		.errors = &messages,
	};
	int status, code = snafu_child_run(&options, &status, error);

	if (!code && status != 0) {
		char *text = messages.data ? messages.data : (char[]){""};
		char first[400];

		snprintf(first, sizeof first, "%.*s", (int)strcspn(text, "\n"), text);
		code = leave_out_by(link, text) == 0
		           ? -EAGAIN
		           : snafu_fail(error, -EINVAL, "the linker failed: %s", first);
	}
	snafu_buffer_done(&messages);
	return code;
}

/* ---- one shared object -------------------------------------------------------------------- */

static int make_shared(const struct link *link, const char *path, unsigned long long key,
                       struct snafu_error *error)
{
	struct snafu_arena arena = {0};
	char *temporary = snafu_c_cache_temporary(link->compiler, key, ".so");
	const char **words = temporary ? command(link, &arena, temporary) : NULL;
	int code = words ? run_linker(link, words, error) : snafu_fail(error, -ENOMEM, "no memory");

	if (!code && rename(temporary, path))
		code = snafu_fail_errno(error, -errno, "cannot write %s", path);
	if (code && temporary)
		unlink(temporary);
	free(temporary);
	snafu_arena_done(&arena);
	return code;
}

void snafu_c_connect(void *handle)
{
	void (**catch)(const char *) = dlsym(handle, "snafu_guard_catch");
	const struct snafu_c_client **client = dlsym(handle, "snafu_client");

	if (catch)
		*catch = snafu_c_guard_catch;
	if (client)
		*client = &snafu_c_client;
}

static int load_shared(const char *path, void **ret_handle, struct snafu_error *error)
{
	void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);

	if (!handle) {
		const char *words = dlerror();

		return snafu_fail(error, -ENOEXEC, "cannot load the compiled code: %s",
		                  words ? words : "no reason given");
	}
	snafu_c_connect(handle);
	*ret_handle = handle;
	return 0;
}

/* Makes the set, or takes it from the cache; again with fewer files while some need
 * what is not there. */
static int link_set(struct link *link, char **ret_path, struct snafu_error *error)
{
	void **handle = &link->build->sets[link->set];
	int code = -EAGAIN;

	for (unsigned round = 0; round < ROUNDS_CAP && code == -EAGAIN; round++) {
		struct snafu_arena arena = {0};
		const char **words = count_objects(link) ? command(link, &arena, "") : NULL;
		unsigned long long key = words ? command_key(link, words) : 0;
		char *path = words ? snafu_c_cache_path(link->compiler, key, ".so") : NULL;

		snafu_arena_done(&arena);
		if (!path)
			return count_objects(link) ? snafu_fail(error, -ENOMEM, "no memory") : 0;
		code = snafu_c_cache_use(path) ? load_shared(path, handle, NULL) : -ENOENT;
		if (code) {
			code = make_shared(link, path, key, error);
			if (!code)
				code = load_shared(path, handle, error);
		}
		if (!code)
			*ret_path = path;
		else
			free(path);
	}
	return code;
}

static void leave_out_set(const struct link *link, const struct snafu_error *error)
{
	for (size_t i = 0; i < link->build->count; i++)
		if (is_in(link, i))
			snafu_c_leave_out(&link->build->sources[i], link->options, "%s", error->message);
}

/* The object that the guard's source gives, made once. */
static int compile_guard(struct snafu_c_compiler *compiler, char **ret_object,
                         struct snafu_error *error)
{
	static const char *const flags[] = {"-fno-builtin", NULL};
	char *path = snafu_path_join(compiler->cache_directory, SNAFU_C_GUARD_FILE), *text = NULL;
	const char *wanted = snafu_c_guard_source;
	size_t size;
	bool is_new;
	int code = path ? 0 : snafu_fail(error, -ENOMEM, "no memory");

	if (!code && (snafu_file_read(path, 1 << 20, &text, &size, NULL) || strcmp(text, wanted)))
		code = snafu_file_write(path, wanted, strlen(wanted), error);
	free(text);
	if (!code)
		code = snafu_c_compile(compiler, path, flags, NULL, ret_object, &is_new, error);
	free(path);
	return code;
}

int snafu_c_link(struct snafu_c_build *build, struct snafu_c_compiler *compiler,
                 const char *const *libraries, size_t n_libraries,
                 const struct snafu_language_options *options, struct snafu_error *error)
{
	struct link link = {
		.build = build,
		.compiler = compiler,
		.options = options,
		.libraries = libraries,
		.n_libraries = n_libraries,
	};
	char *guard = NULL, *first = NULL;
	int code = compile_guard(compiler, &guard, error);

	assign_sets(build);
	free(build->sets); /* of an earlier try, which has linked nothing */
	build->sets = calloc(build->n_sets, sizeof *build->sets);
	if (!code && !build->sets)
		code = snafu_fail(error, -ENOMEM, "no memory");
	link.guard = guard;
	for (; !code && link.set < build->n_sets; link.set++) {
		struct snafu_error inner = {.message = "files need each other without end"};
		char *path = NULL;

		if (link_set(&link, &path, &inner))
			leave_out_set(&link, &inner);
		if (link.set == 0)
			link.first = first = path;
		else
			free(path);
	}
	free(first);
	free(guard);
	return code;
}
