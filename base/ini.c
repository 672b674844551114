/* base/ini.c — see ini.h. */
#include "base/ini.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/file.h"

/* Cuts white space off both ends, in place. */
static char *trim(char *text)
{
	while (isspace((unsigned char)*text))
		text++;
	size_t size = strlen(text);
	while (size && isspace((unsigned char)text[size - 1]))
		text[--size] = '\0';
	return text;
}

static char *unquote(char *value)
{
	size_t size = strlen(value);

	if (size >= 2 && value[0] == '"' && value[size - 1] == '"') {
		value[size - 1] = '\0';
		return value + 1;
	}
	return value;
}

static int read_line(char *line, char **section, unsigned number, const char *path,
                     snafu_ini_setting setting, void *state, struct snafu_error *error)
{
	line = trim(line);
	if (*line == '\0' || *line == '#' || *line == ';')
		return 0;
	if (*line == '[') {
		char *end = strchr(line, ']');

		if (!end || end[1])
			return snafu_fail(error, -EINVAL, "%s:%u: a section looks like [name]", path, number);
		*end = '\0';
		*section = trim(line + 1);
		return 0;
	}
	char *equals = strchr(line, '=');
	if (!equals)
		return snafu_fail(error, -EINVAL, "%s:%u: expected `name = value`", path, number);
	*equals = '\0';
	struct snafu_error inner;
	int code = setting(state, *section, trim(line), unquote(trim(equals + 1)), number, &inner);
	return code ? snafu_fail(error, code, "%s:%u: %.900s", path, number, inner.message) : 0;
}

int snafu_ini_read(const char *path, snafu_ini_setting setting, void *state,
                   struct snafu_error *error)
{
	char *text, *section = "";
	size_t size;
	int code = snafu_file_read(path, SNAFU_INI_FILE_CAP, &text, &size, error);

	if (code)
		return code;
	if (strlen(text) != size)
		code = snafu_fail(error, -EINVAL, "%s: not a text file: it has a NUL byte", path);
	unsigned number = 1;
	for (char *line = text; line && !code; number++) {
		char *end = strchr(line, '\n');

		if (end)
			*end = '\0';
		code = read_line(line, &section, number, path, setting, state, error);
		line = end ? end + 1 : NULL;
	}
	free(text);
	return code;
}
