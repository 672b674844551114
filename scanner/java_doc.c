/* scanner/java_doc.c — Javadoc comments as plain text. Inline tags and markup
 * stay as written: they are the author's words. */
#include "scanner/java_model.h"

#include <string.h>

#include "base/utf8.h"

#define DOC_CAP 65536 /* bytes kept of one comment */

/* The part of [*at, end) that is the next line, without indentation, stars, one
 * space behind them, and white space at its end. Moves AT behind it. */
static const char *next_line(const char **at, const char *end, size_t *ret_size)
{
	const char *start = *at, *stop;
	const char *newline = memchr(start, '\n', (size_t)(end - start));
	const char *carriage = memchr(start, '\r', (size_t)((newline ? newline : end) - start));

	stop = carriage ? carriage : newline ? newline : end;
	*at = stop == end ? end : stop + 1 + (carriage && stop + 1 == newline);
	while (start < stop && (*start == ' ' || *start == '\t' || *start == '\f'))
		start++;
	if (start < stop && *start == '*') {
		while (start < stop && *start == '*')
			start++;
		if (start < stop && *start == ' ')
			start++;
		const char *tag = start;
		while (tag < stop && *tag == ' ')
			tag++;
		if (stop - tag > 6 && memcmp(tag, "@param", 6) == 0)
			start = tag;
	}
	while (stop > start && (stop[-1] == ' ' || stop[-1] == '\t' || stop[-1] == '\f'))
		stop--;
	*ret_size = (size_t)(stop - start);
	return start;
}

/* The whole text, lines parted by \n, no empty ones at either end. */
static char *strip(struct snafu_arena *arena, const char *comment, size_t size, size_t *ret_size)
{
	const char *at = comment + 3, *end = comment + size - 2;
	char *text, *put;

	if (end - at > DOC_CAP) {
		end = at + snafu_utf8_cut(at, DOC_CAP);
	}
	text = put = snafu_arena_alloc(arena, (size_t)(end - at) + 2);
	if (!text)
		return NULL;
	while (at < end) {
		size_t line_size;
		const char *line = next_line(&at, end, &line_size);

		if (put == text && !line_size)
			continue;
		memcpy(put, line, line_size);
		put += line_size;
		*put++ = '\n';
	}
	while (put > text && (put[-1] == '\n' || put[-1] == ' '))
		put--;
	*put = '\0';
	*ret_size = (size_t)(put - text);
	return text;
}

/* A copy with white space runs made one space. */
static const char *flowing(struct snafu_arena *arena, const char *text, size_t size)
{
	char *copy = snafu_arena_alloc(arena, size + 1), *put = copy;

	if (!copy)
		return NULL;
	for (size_t i = 0; i < size; i++) {
		bool space = text[i] == ' ' || text[i] == '\n' || text[i] == '\t';

		if (!space)
			*put++ = text[i];
		else if (put > copy && put[-1] != ' ')
			*put++ = ' ';
	}
	while (put > copy && put[-1] == ' ')
		put--;
	*put = '\0';
	return *copy ? copy : NULL;
}

/* TEXT starts behind "@param" and ends before the next block tag. */
static void param_tag(struct snafu_arena *arena, const char *text, size_t size,
                      const struct snafu_java_parameter *parameters, size_t count,
                      const char **ret_parameters)
{
	const char *end = text + size;

	while (text < end && (*text == ' ' || *text == '\t' || *text == '\n'))
		text++;
	size_t name_size = 0;
	while (text + name_size < end && !strchr(" \t\n", text[name_size]))
		name_size++;
	for (size_t i = 0; i < count; i++)
		if (!ret_parameters[i] && strlen(parameters[i].name) == name_size &&
		    memcmp(parameters[i].name, text, name_size) == 0)
			ret_parameters[i] = flowing(arena, text + name_size, (size_t)(end - text) - name_size);
}

const char *snafu_java_doc(struct snafu_arena *arena, const char *comment, size_t size,
                           const struct snafu_java_parameter *parameters, size_t count,
                           const char **ret_parameters)
{
	size_t doc_size = 0;
	char *doc = size < 5 ? NULL : strip(arena, comment, size, &doc_size);

	if (!doc || !doc_size)
		return NULL;
	const char *at = doc;
	while (count && (at = strstr(at, "@param"))) {
		const char *start = at + strlen("@param");

		at = start;
		if ((start - strlen("@param") > doc && start[-(int)strlen("@param") - 1] != '\n') ||
		    (*start != ' ' && *start != '\t' && *start != '\n'))
			continue;
		const char *stop = strstr(start, "\n@");
		if (!stop)
			stop = doc + doc_size;
		param_tag(arena, start, (size_t)(stop - start), parameters, count, ret_parameters);
	}
	return doc;
}
