/* langs/java_roots.c — see java_roots.h. */
#include "langs/java_roots.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/file.h"
#include "scanner/function.h"
#include "scanner/walk.h"

#define NAME_CAP   8192 /* bytes of a folder's path, or of a package */
#define SOURCE_CAP (16u << 20) /* bytes of a source whose package is wanted */

/* The size of "dir/x.jar" in "dir/x.jar", "dir/x.jar!/org/A.class"; 0 when FILE is in no jar. */
static size_t jar_size(const char *file)
{
	for (const char *found = file; (found = strstr(found, ".jar")); found++)
		if (found[4] == '\0' || found[4] == '!' || found[4] == ':' || found[4] == '/')
			return (size_t)(found + 4 - file);
	return 0;
}

/* Whether the last COUNT folders of PATH (SIZE bytes) are the first COUNT parts
 * of ID; RET_REST is then the size of what stands before them. */
static bool ends_with_package(const char *path, size_t size, const char *id, unsigned count,
                              size_t *ret_rest)
{
	size_t package = 0;

	for (unsigned i = 0; i < count; i++) {
		const char *dot = strchr(id + package, '.');

		if (!dot)
			return false;
		package = (size_t)(dot - id) + 1;
	}
	size_t length = package ? package - 1 : 0;
	if (length > size || (length < size && length && path[size - length - 1] != '/'))
		return false;
	for (size_t i = 0; i < length; i++) {
		char c = path[size - length + i];

		if (c != (id[i] == '.' ? '/' : id[i]))
			return false;
	}
	*ret_rest = size - length;
	return true;
}

/* Whether part COUNT of ID is the file's name without suffix: its class. */
static bool names_class(const char *id, unsigned count, const char *base)
{
	for (; count > 0; count--)
		id = strchr(id, '.') + 1;
	size_t length = strcspn(id, ".");
	return strncmp(id, base, length) == 0 && (base[length] == '.' || base[length] == '$');
}

char snafu_java_base(const struct snafu_function *function, struct snafu_buffer *into)
{
	const char *file = function->file, *base = snafu_path_base(file);
	size_t jar = jar_size(file), folder = base > file ? (size_t)(base - file) - 1 : 0;
	size_t rest = folder, found;

	if (jar) {
		snafu_buffer_append(into, file, jar);
		return 'C';
	}
	/* The longest package that the folders end with, unless a shorter one is
	 * followed by the class that the file is named after. */
	for (unsigned count = 0; count < 64; count++) {
		if (!ends_with_package(file, folder, function->id, count, &found))
			continue;
		rest = found;
		if (names_class(function->id, count, base))
			break;
	}
	if (rest > 0)
		snafu_buffer_append(into, file, rest > 1 && file[rest - 1] == '/' ? rest - 1 : rest);
	else
		snafu_buffer_append_text(into, file[0] == '/' ? "/" : ".");
	return snafu_path_has_suffix(file, ".java") ? 'S' : 'C';
}

static bool has(const struct snafu_buffer *list, size_t start, const char *entry, size_t size)
{
	for (size_t at = start; at < list->size;) {
		size_t length = strlen(list->data + at) + 1;

		if (length == size && memcmp(list->data + at, entry, size) == 0)
			return true;
		at += length;
	}
	return false;
}

/* Appends KIND, PATH (SIZE bytes) and a NUL unless they are there already, from START on. */
static void add(struct snafu_buffer *into, size_t start, char kind, const char *path, size_t size,
                unsigned *count)
{
	struct snafu_buffer entry = SNAFU_BUFFER(NAME_CAP);

	snafu_buffer_append_byte(&entry, kind);
	snafu_buffer_append(&entry, path, size);
	snafu_buffer_append_byte(&entry, '\0');
	if (!snafu_buffer_failed(&entry) && *count < SNAFU_JAVA_ROOTS_CAP &&
	    !has(into, start, entry.data, entry.size)) {
		snafu_buffer_append(into, entry.data, entry.size);
		++*count;
	}
	snafu_buffer_done(&entry);
}

void snafu_java_roots(const struct snafu_functions *functions, struct snafu_buffer *into)
{
	struct snafu_buffer base = SNAFU_BUFFER(NAME_CAP);
	const char *file = NULL;
	size_t start = into->size;
	unsigned count = 0;

	for (size_t i = 0; functions && i < functions->count; i++) {
		const struct snafu_function *function = &functions->functions[i];

		if (strcmp(function->language, "java") != 0 || (file && strcmp(file, function->file) == 0))
			continue;
		file = function->file;
		snafu_buffer_clear(&base);
		char kind = snafu_java_base(function, &base);
		if (!snafu_buffer_failed(&base))
			add(into, start, kind, base.data, base.size, &count);
	}
	snafu_buffer_done(&base);
}

/* ---- without the functions --------------------------------------------------------- */

/* The first bytes of TEXT that are no white space and in no comment. */
static const char *skip_comments(const char *text)
{
	for (;;) {
		text += strspn(text, " \t\r\n\f");
		if (strncmp(text, "//", 2) == 0) {
			text += strcspn(text, "\n");
		} else if (strncmp(text, "/*", 2) == 0) {
			const char *end = strstr(text + 2, "*/");

			text = end ? end + 2 : "";
		} else {
			return text;
		}
	}
}

/* The size of the folder where the package of the source FILE begins. */
static size_t root_size(const char *file)
{
	size_t folder = (size_t)(snafu_path_base(file) - file), size;
	char *text = NULL;
	size_t rest = folder ? folder - 1 : 0;

	if (snafu_file_read(file, SOURCE_CAP, &text, &size, NULL))
		return rest;
	const char *at = skip_comments(text);
	if (strncmp(at, "package", strlen("package")) == 0) {
		size_t length = strcspn(at += strlen("package"), ";");
		char *name = strndup(at, length);
		size_t kept = 0, found;
		unsigned count = 1;

		for (size_t i = 0; name && name[i]; i++) {
			if (strchr(" \t\r\n", name[i]))
				continue;
			count += name[i] == '.';
			name[kept++] = name[i];
		}
		if (name)
			name[kept] = '\0';
		/* As ends_with_package() wants an id: with something behind the package. */
		struct snafu_buffer id = SNAFU_BUFFER(NAME_CAP);
		snafu_buffer_format(&id, "%s.x", name ? name : "");
		if (!snafu_buffer_failed(&id) && ends_with_package(file, rest, id.data, count, &found))
			rest = found && file[found - 1] == '/' ? found - 1 : found;
		snafu_buffer_done(&id);
		free(name);
	}
	free(text);
	return rest;
}

void snafu_java_find_roots(const char *const *paths, size_t n_paths, struct snafu_buffer *into)
{
	struct snafu_functions functions = {0};
	struct snafu_walk walk = {.functions = &functions};
	struct snafu_error error;
	const char *before = "";
	size_t start = into->size, before_size = 0;
	unsigned count = 0;

	if (snafu_walk(&walk, paths, n_paths, &error) == 0) {
		for (size_t i = 0; i < walk.count && count < SNAFU_JAVA_ROOTS_CAP; i++) {
			const struct snafu_source *source = &walk.found[i].source;
			size_t folder = (size_t)(snafu_path_base(source->path) - source->path);
			bool same = folder == before_size && memcmp(before, source->path, folder) == 0;

			if (snafu_path_has_suffix(source->path, ".jar")) {
				add(into, start, 'C', source->path, strlen(source->path), &count);
			} else if (snafu_path_has_suffix(source->path, ".class")) {
				add(into, start, 'C', source->root, strlen(source->root), &count);
			} else if (snafu_path_has_suffix(source->path, ".java") && !same) {
				size_t size = root_size(source->path);

				add(into, start, 'S', size ? source->path : ".", size ? size : 1, &count);
				before = source->path; /* one file tells for its folder */
				before_size = folder;
			}
		}
	}
	snafu_walk_done(&walk);
	snafu_functions_done(&functions);
}
