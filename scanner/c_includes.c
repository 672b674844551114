/* scanner/c_includes.c — see c_includes.h. Reads the #include lines of all sources, with
 * no preprocessor: a line in a branch that is not compiled counts as well. */
#include "scanner/c_includes.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/file.h"
#include "scanner/scanner.h"

/* What one source includes: base names, as they stand in its text. */
struct includes {
	char *text;
	const char **names; /* NUL-terminated, in `text` */
	size_t count, capacity;
	bool seen; /* it is affected, and whoever includes it has been told */
};

/* The base name on an #include line that starts at LINE, which is cut there; or NULL. */
static const char *included(char *line)
{
	line += strspn(line, " \t");
	if (*line != '#')
		return NULL;
	line += 1 + strspn(line + 1, " \t");
	if (strncmp(line, "include", 7) != 0)
		return NULL;
	line += 7 + strspn(line + 7, " \t");
	char *end = *line == '"' ? strchr(line + 1, '"') : *line == '<' ? strchr(line + 1, '>') : NULL;
	if (!end)
		return NULL;
	*end = '\0';
	return snafu_path_base(line + 1);
}

static int read_includes(const char *path, struct includes *into)
{
	size_t size;

	if (snafu_file_read(path, SNAFU_SCAN_FILE_CAP, &into->text, &size, NULL))
		return 0; /* gone, or no text: it includes nothing */
	for (char *line = into->text; line && line < into->text + size;) {
		char *end = memchr(line, '\n', (size_t)(into->text + size - line));

		if (end)
			*end = '\0';
		const char *name = included(line);
		if (name && snafu_array_grow(&into->names, &into->capacity, into->count, sizeof name))
			return -ENOMEM;
		if (name)
			into->names[into->count++] = name;
		line = end ? end + 1 : NULL;
	}
	return 0;
}

static bool is_included(const struct includes *includes, const char *base)
{
	for (size_t i = 0; i < includes->count; i++)
		if (strcmp(includes->names[i], base) == 0)
			return true;
	return false;
}

/* Marks all that include BASE, and all that include these. */
static void mark(const struct snafu_source *sources, struct includes *includes, size_t count,
                 const char *base, bool *ret_affected)
{
	for (size_t i = 0; i < count; i++) {
		if (includes[i].seen || !is_included(&includes[i], base))
			continue;
		includes[i].seen = true;
		ret_affected[i] = true;
		mark(sources, includes, count, snafu_path_base(sources[i].path), ret_affected);
	}
}

int snafu_c_affected(const struct snafu_source *sources, size_t count, const char *const *changed,
                     size_t n_changed, bool *ret_affected)
{
	struct includes *includes = calloc(count ? count : 1, sizeof *includes);
	int code = includes ? 0 : -ENOMEM;

	for (size_t i = 0; i < count && !code; i++)
		code = read_includes(sources[i].path, &includes[i]);
	for (size_t i = 0; i < n_changed && !code; i++) {
		const char *base = snafu_path_base(changed[i]);

		if (strcmp(base, "compile_commands.json") == 0)
			memset(ret_affected, 1, count);
		else
			mark(sources, includes, count, base, ret_affected);
	}
	for (size_t i = 0; includes && i < count; i++) {
		free(includes[i].text);
		free(includes[i].names);
	}
	free(includes);
	return code;
}
