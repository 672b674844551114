/* base/parts.c — see parts.h. */
#include "base/parts.h"

#include <ctype.h>
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/file.h"

#define PATH_CAP  4096
#define NAMES_CAP 256 /* modules of one kind that are listed */

/* Takes DIRECTORY, returns the part's path in it or NULL. */
static char *look_in(char *directory, const char *name)
{
	char *path = directory && directory[0] ? snafu_path_join(directory, name) : NULL;

	free(directory);
	if (path && access(path, R_OK) == 0)
		return path;
	free(path);
	return NULL;
}

static char *folder_of_program(void)
{
	char program[PATH_CAP];
	ssize_t size = readlink("/proc/self/exe", program, sizeof program - 1);

	if (size <= 0)
		return NULL;
	program[size] = '\0';
	return snafu_path_folder(program);
}

static char *beside_program(void)
{
	char *folder = folder_of_program();

	/* A helper program stands in parts/ itself. */
	if (folder && strcmp(snafu_path_base(folder), "parts") == 0)
		return folder;
	char *parts = folder ? snafu_path_join(folder, "parts") : NULL;
	free(folder);
	return parts;
}

/* Where `make install` put them, when what it made was moved as a whole or made with
 * DESTDIR: /tmp/x/usr/bin has its parts in /tmp/x/usr/lib/snafu/parts. */
static char *moved_with_program(void)
{
	static const char bin[] = SNAFU_BINDIR, parts[] = SNAFU_PARTSDIR;
	size_t common = 0;

	for (size_t i = 0; bin[i] && bin[i] == parts[i]; i++)
		if (bin[i] == '/')
			common = i; /* the slash before what differs */
	char *folder = folder_of_program(), *path = NULL;
	size_t size = folder ? strlen(folder) : 0, own = sizeof bin - 1 - common;
	if (size >= own && strcmp(folder + size - own, bin + common) == 0) {
		folder[size - own] = '\0';
		path = snafu_path_join(folder, parts + common + 1);
	}
	free(folder);
	return path;
}

static char *in_user_data(void)
{
	const char *data = getenv("XDG_DATA_HOME"), *home = getenv("HOME");
	char *path = NULL;

	if (data && data[0] == '/')
		return snafu_path_join(data, "snafu/parts");
	if (home && home[0] == '/')
		path = snafu_path_join(home, ".local/share/snafu/parts");
	return path;
}

/* A directory of the search. */
struct place {
	bool last; /* no more come behind it */
	bool foreign; /* its modules were not built with this program */
};

/* Directory number INDEX of the search, in malloc'ed memory; NULL when that one is
 * not there. */
static char *search_directory(size_t index, struct place *ret_place)
{
	const char *listed = getenv("SNAFU_PARTS");

	*ret_place = (struct place){.foreign = true};
	for (; listed && *listed; index--) {
		const char *colon = strchrnul(listed, ':');

		if (index == 0)
			return strndup(listed, (size_t)(colon - listed));
		listed = *colon ? colon + 1 : colon;
	}
	if (index == 1)
		return in_user_data();
	*ret_place = (struct place){.last = index > 2};
	if (index == 0)
		return beside_program();
	return index == 2 ? moved_with_program() : strdup(SNAFU_PARTSDIR);
}

static int find(const char *name, char **ret_path, struct place *ret_place,
                struct snafu_error *error)
{
	char *path = NULL;

	*ret_place = (struct place){0};
	for (size_t i = 0; !path && !ret_place->last; i++)
		path = look_in(search_directory(i, ret_place), name);
	if (!path)
		return snafu_fail(error, -ENOENT,
		                  "%s is missing from Snafu's parts (looked beside the program and in %s)",
		                  name, SNAFU_PARTSDIR);
	*ret_path = path;
	return 0;
}

int snafu_part_find(const char *name, char **ret_path, struct snafu_error *error)
{
	struct place place;

	return find(name, ret_path, &place, error);
}

struct names {
	char *list[NAMES_CAP];
	size_t count;
};

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Takes DIRECTORY; adds X for every KIND-X.so in it. */
static void collect_names(char *directory, const char *kind, struct names *names)
{
	DIR *folder = directory && directory[0] ? opendir(directory) : NULL;
	size_t kind_size = strlen(kind);
	struct dirent *entry;

	free(directory);
	while (folder && (entry = readdir(folder))) {
		const char *file = entry->d_name;
		size_t size = strlen(file);

		if (names->count == NAMES_CAP || size < kind_size + 5 ||
		    strncmp(file, kind, kind_size) != 0 || file[kind_size] != '-' ||
		    !snafu_path_has_suffix(file, ".so"))
			continue;
		char *name = strndup(file + kind_size + 1, size - kind_size - 4);
		if (name)
			names->list[names->count++] = name;
	}
	if (folder)
		closedir(folder);
}

int snafu_part_each(const char *kind, int (*each)(void *state, const char *name), void *state)
{
	struct names names = {0};
	struct place place = {0};
	int code = 0;

	for (size_t i = 0; !place.last; i++)
		collect_names(search_directory(i, &place), kind, &names);
	qsort(names.list, names.count, sizeof *names.list, compare_names);
	for (size_t i = 0; i < names.count && !code; i++)
		if (i == 0 || strcmp(names.list[i - 1], names.list[i]) != 0)
			code = each(state, names.list[i]);
	for (size_t i = 0; i < names.count; i++)
		free(names.list[i]);
	return code;
}

static int append_name(void *state, const char *name)
{
	struct snafu_buffer *into = state;

	return snafu_buffer_format(into, "%s%s", into->size ? ", " : "", name);
}

int snafu_part_names(const char *kind, struct snafu_buffer *into)
{
	return snafu_part_each(kind, append_name, into);
}

static int binding = RTLD_LAZY;

void snafu_parts_bind_at_once(void)
{
	binding = RTLD_NOW;
}

int snafu_part_open(const char *kind, const char *name, const char *symbol, int global,
                    void **ret_address, struct snafu_error *error)
{
	struct snafu_buffer file = SNAFU_BUFFER(256);
	struct place place;
	char *path;

	for (const char *at = name; *at; at++)
		if (!isalnum((unsigned char)*at) && *at != '-' && *at != '_')
			return snafu_fail(error, -EINVAL, "'%s' is no name of a %s", name, kind);
	int code = snafu_buffer_format(&file, "%s-%s.so", kind, name);
	if (!code)
		code = find(file.data, &path, &place, error);
	snafu_buffer_done(&file);
	if (code)
		return code;
	/* One that was built for another version may miss functions: it says so now, not in a call. */
	void *module =
		dlopen(path, (place.foreign ? RTLD_NOW : binding) | (global ? RTLD_GLOBAL : RTLD_LOCAL));
	void *address = module ? dlsym(module, symbol) : NULL;
	if (!address)
		code = snafu_fail(error, -ELIBACC, "cannot open %s: %s", path, dlerror());
	free(path);
	if (!code)
		*ret_address = address;
	return code;
}
