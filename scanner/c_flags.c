/* scanner/c_flags.c — see c_flags.h. A compilation database comes with the source
 * and is as little to be trusted: of its commands only flags on a short list are
 * taken, and the commands are never run. */
#include "scanner/c_flags.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buffer.h"
#include "base/file.h"
#include "base/json.h"
#include "base/parts.h"

#define WORD_CAP (1u << 20) /* bytes of one string in a database */

struct entry {
	const char *directory, *file; /* file: absolute */
	const char **words; /* the compiler's arguments */
	size_t n_words;
	struct entry *next;
};

struct snafu_c_database {
	const char *path;
	struct entry *entries; /* NULL: there is none, or it cannot be read */
};

/* The flags of one file while they are gathered. */
struct gathering {
	struct snafu_arena *arena;
	const char **flags;
	size_t count;
	bool no_memory;
};

/* ---- reading a database ------------------------------------------------------- */

static char *read_string(struct snafu_arena *arena, const struct snafu_json_value *value)
{
	struct snafu_buffer plain = SNAFU_BUFFER(WORD_CAP);
	char *text = NULL;

	if (value->type == SNAFU_JSON_STRING && snafu_json_unescape(value, &plain) == 0)
		text = snafu_arena_copy(arena, plain.data ? plain.data : "", plain.size);
	snafu_buffer_done(&plain);
	return text;
}

/* Cuts a command line as a shell would, as far as quotes and backslashes go. */
static void split_command(struct snafu_arena *arena, const char *command, struct entry *entry)
{
	char *to = snafu_arena_alloc(arena, strlen(command) + 1);
	size_t room = strlen(command) / 2 + 1;

	entry->words = snafu_arena_alloc(arena, room * sizeof *entry->words);
	if (!to || !entry->words)
		return;
	while (*(command += strspn(command, " \t\n"))) {
		char quote = '\0';

		entry->words[entry->n_words++] = to;
		for (; *command && (quote || !strchr(" \t\n", *command)); command++) {
			if (quote ? *command == quote : *command == '"' || *command == '\'') {
				quote = quote ? '\0' : *command;
			} else if (*command == '\\' && quote != '\'' && command[1]) {
				*to++ = *++command;
			} else {
				*to++ = *command;
			}
		}
		*to++ = '\0';
		if (!*command)
			break;
		command++;
	}
}

static int read_words(struct snafu_json_reader *reader, struct snafu_arena *arena,
                      struct entry *entry)
{
	struct snafu_json_value value;
	size_t capacity = 0;
	int more;

	while ((more = snafu_json_next_element(reader, &value, NULL)) > 0) {
		if (entry->n_words == capacity) {
			size_t larger = capacity ? capacity * 2 : 32;
			const char **words = snafu_arena_alloc(arena, larger * sizeof *words);

			if (!words)
				return -ENOMEM;
			if (capacity)
				memcpy(words, entry->words, capacity * sizeof *words);
			entry->words = words;
			capacity = larger;
		}
		const char *word = read_string(arena, &value);
		if (!word)
			return -EINVAL;
		entry->words[entry->n_words++] = word;
	}
	return more;
}

static const char *join(struct snafu_arena *arena, const char *directory, const char *path)
{
	if (path[0] == '/' || !directory)
		return path;
	return snafu_arena_format(arena, "%s/%s", directory, path);
}

/* A directory that is not absolute counts from the database's own folder. */
static const char *absolute(struct snafu_arena *arena, const char *directory,
                            const struct snafu_c_database *database)
{
	char *folder = snafu_path_folder(database->path);
	const char *path = folder ? snafu_arena_format(arena, "%s%s%s", folder, directory ? "/" : "",
	                                               directory ? directory : "")
	                          : NULL;

	free(folder);
	return path;
}

static int read_entry(struct snafu_json_reader *reader, struct snafu_arena *arena,
                      struct snafu_c_database *database)
{
	struct snafu_json_value key, value;
	struct entry *entry = snafu_arena_alloc(arena, sizeof *entry);
	const char *command = NULL;
	int more;

	if (!entry)
		return -ENOMEM;
	while ((more = snafu_json_next_member(reader, &key, &value, NULL)) > 0) {
		int code = 0;

		if (snafu_json_equals(&key, "directory"))
			entry->directory = read_string(arena, &value);
		else if (snafu_json_equals(&key, "file"))
			entry->file = read_string(arena, &value);
		else if (snafu_json_equals(&key, "command"))
			command = read_string(arena, &value);
		else if (snafu_json_equals(&key, "arguments") && value.type == SNAFU_JSON_ARRAY)
			code = read_words(reader, arena, entry);
		else
			code = snafu_json_skip(reader, &value, NULL);
		/* What should be a string may be something else. */
		if (!code && value.type >= SNAFU_JSON_ARRAY && !snafu_json_equals(&key, "arguments") &&
		    (snafu_json_equals(&key, "directory") || snafu_json_equals(&key, "file") ||
		     snafu_json_equals(&key, "command")))
			return -EINVAL;
		if (code)
			return code;
	}
	if (command && entry->n_words == 0)
		split_command(arena, command, entry);
	if (!entry->directory || entry->directory[0] != '/')
		entry->directory = absolute(arena, entry->directory, database);
	if (entry->file)
		entry->file = join(arena, entry->directory, entry->file);
	if (entry->file) {
		entry->next = database->entries;
		database->entries = entry;
	}
	return more;
}

static void read_database(const char *text, size_t size, struct snafu_arena *arena,
                          struct snafu_c_database *database)
{
	struct snafu_json_reader reader;
	struct snafu_json_value value;
	int more;

	snafu_json_begin(&reader, text, size);
	more = snafu_json_read(&reader, &value, NULL);
	if (more || value.type != SNAFU_JSON_ARRAY)
		return;
	while ((more = snafu_json_next_element(&reader, &value, NULL)) > 0)
		if (value.type != SNAFU_JSON_OBJECT || read_entry(&reader, arena, database))
			return;
}

/* The database at PATH, read or remembered. */
static struct snafu_c_database *load(struct snafu_c_databases *databases, const char *path)
{
	struct stat about;
	char *text;
	size_t size;

	for (size_t i = 0; i < databases->count; i++)
		if (strcmp(databases->loaded[i]->path, path) == 0)
			return databases->loaded[i];
	if (stat(path, &about) || !S_ISREG(about.st_mode) || databases->count == SNAFU_C_DATABASES_CAP)
		return NULL;
	struct snafu_c_database *database = snafu_arena_alloc(&databases->arena, sizeof *database);
	if (!database || !(database->path = snafu_arena_string(&databases->arena, path)))
		return NULL;
	databases->loaded[databases->count++] = database;
	if (snafu_file_read(path, SNAFU_C_DATABASE_SIZE_CAP, &text, &size, NULL) == 0) {
		read_database(text, size, &databases->arena, database);
		free(text);
	}
	return database;
}

/* ---- finding the entry -------------------------------------------------------- */

static bool is_header(const char *path)
{
	return snafu_path_has_suffix(path, ".h");
}

static bool is_same_file(const struct entry *entry, const char *real)
{
	char *entry_real;
	bool same;

	if (strcmp(snafu_path_base(entry->file), snafu_path_base(real)) != 0)
		return false;
	if (strcmp(entry->file, real) == 0)
		return true;
	entry_real = realpath(entry->file, NULL);
	same = entry_real && strcmp(entry_real, real) == 0;
	free(entry_real);
	return same;
}

static size_t common(const char *a, const char *b)
{
	size_t size = 0;

	while (a[size] && a[size] == b[size])
		size++;
	return size;
}

/* REAL's own entry, or a header's nearest neighbour's. */
static const struct entry *find_entry(const struct snafu_c_database *database, const char *real)
{
	const struct entry *nearest = NULL;
	size_t best = 0;

	for (const struct entry *entry = database->entries; entry; entry = entry->next) {
		if (is_same_file(entry, real))
			return entry;
		size_t size = common(entry->file, real);
		if (is_header(real) && size >= best) {
			best = size;
			nearest = entry;
		}
	}
	return nearest;
}

/* Looks in the file's folder and those above, and in build/ of each. */
static const struct entry *search(struct snafu_c_databases *databases, const char *real)
{
	char *folder = snafu_path_folder(real);
	const struct entry *entry = NULL;

	for (int level = 0; folder && !entry && level <= SNAFU_C_DATABASE_LEVELS; level++) {
		static const char *const places[] = {"compile_commands.json",
		                                     "build/compile_commands.json"};

		for (size_t i = 0; i < sizeof places / sizeof *places && !entry; i++) {
			char *path = snafu_path_join(folder, places[i]);
			const struct snafu_c_database *database = path ? load(databases, path) : NULL;

			entry = database ? find_entry(database, real) : NULL;
			free(path);
		}
		if (strcmp(folder, "/") == 0)
			break;
		char *above = snafu_path_folder(folder);
		free(folder);
		folder = above;
	}
	free(folder);
	return entry;
}

/* ---- flags -------------------------------------------------------------------- */

static void add(struct gathering *gathering, const char *flag)
{
	if (!flag)
		gathering->no_memory = true;
	else if (gathering->count < SNAFU_C_FLAGS_CAP)
		gathering->flags[gathering->count++] = flag;
}

static bool starts(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

/* -f and other flags that change what a declaration means. */
static bool is_harmless(const char *word)
{
	static const char *const known[] = {
		"-ansi",
		"-fshort-enums",
		"-fno-short-enums",
		"-fsigned-char",
		"-funsigned-char",
		"-fno-signed-char",
		"-fno-unsigned-char",
		"-fms-extensions",
		"-fgnu89-inline",
		"-fno-gnu89-inline",
		"-ffreestanding",
		"-fhosted",
		"-fno-builtin",
		"-fopenmp",
		"-fpack-struct",
		"-fshort-wchar",
		"-fblocks",
		"-fwrapv",
		"-fno-strict-aliasing",
		"-pthread",
		NULL,
	};

	if (starts(word, "-std="))
		return true;
	for (const char *const *flag = known; *flag; flag++)
		if (strcmp(word, *flag) == 0)
			return true;
	return false;
}

/* Takes over WORD, or WORD and NEXT, when it is one of the flags that count.
 * Returns how many words it took. */
static size_t take_flag(struct gathering *gathering, const char *directory, const char *word,
                        const char *next)
{
	static const char *const with_path[] = {"-isystem", "-iquote", "-idirafter", "-include",
	                                        "-imacros", "-I",      NULL};

	if (is_harmless(word)) {
		add(gathering, word);
		return 1;
	}
	if (starts(word, "-D") || starts(word, "-U")) {
		if (word[2])
			add(gathering, word);
		else if (next)
			add(gathering, snafu_arena_format(gathering->arena, "%s%s", word, next));
		return word[2] || !next ? 1 : 2;
	}
	for (const char *const *flag = with_path; *flag; flag++) {
		size_t size = strlen(*flag);
		bool apart = strcmp(word, *flag) == 0;

		if (!starts(word, *flag) || (apart && !next))
			continue;
		add(gathering, *flag);
		add(gathering, join(gathering->arena, directory, apart ? next : word + size));
		return apart ? 2 : 1;
	}
	return 1;
}

static void add_entry(struct gathering *gathering, const struct entry *entry)
{
	/* The first word is the compiler. */
	for (size_t i = 1; i < entry->n_words;)
		i += take_flag(gathering, entry->directory, entry->words[i],
		               i + 1 < entry->n_words ? entry->words[i + 1] : NULL);
}

static void add_usual(struct gathering *gathering, const char *path, const char *root)
{
	char *folder = snafu_path_folder(path);

	add(gathering, folder ? snafu_arena_format(gathering->arena, "-I%s", folder) : NULL);
	if (root && *root && (!folder || strcmp(root, folder) != 0))
		add(gathering, snafu_arena_format(gathering->arena, "-I%s", root));
	if (root && *root)
		add(gathering, snafu_arena_format(gathering->arena, "-I%s/include", root));
	free(folder);
}

/* Where snafu.h is, behind all that the user may have under that name. */
static void add_own(struct gathering *gathering, struct snafu_c_databases *databases)
{
	char *header, *folder;

	if (!databases->looked && snafu_part_find("include/snafu.h", &header, NULL) == 0) {
		folder = snafu_path_folder(header);
		databases->own = snafu_arena_format(&databases->arena, "-idirafter%s", folder);
		free(folder);
		free(header);
	}
	databases->looked = true;
	if (databases->own)
		add(gathering, databases->own);
}

int snafu_c_source_flags(const char *path, const char *root,
                         const struct snafu_c_flags_options *options,
                         struct snafu_c_databases *databases, const char *const **ret_flags,
                         size_t *ret_count)
{
	struct gathering gathering = {
		.arena = &databases->arena,
		.flags = snafu_arena_alloc(&databases->arena, SNAFU_C_FLAGS_CAP * sizeof(char *)),
	};

	if (!gathering.flags)
		return -ENOMEM;
	for (size_t i = 0; i < options->n_include_paths; i++)
		add(&gathering, snafu_arena_format(gathering.arena, "-I%s", options->include_paths[i]));
	for (size_t i = 0; i < options->n_defines; i++)
		add(&gathering, snafu_arena_format(gathering.arena, "-D%s", options->defines[i]));
	char *real = realpath(path, NULL);
	const struct entry *entry = real ? search(databases, real) : NULL;
	free(real);
	if (entry)
		add_entry(&gathering, entry);
	else
		add_usual(&gathering, path, root);
	add_own(&gathering, databases);
	if (gathering.no_memory)
		return -ENOMEM;
	*ret_flags = gathering.flags;
	*ret_count = gathering.count;
	return 0;
}

void snafu_c_databases_done(struct snafu_c_databases *databases)
{
	snafu_arena_done(&databases->arena);
	*databases = (struct snafu_c_databases){0};
}
