/* scanner/look_entry.c — what a project's file of YAML says of one source. No reader of YAML: it
 * goes by lines, and by how far they are indented, which does for the files that people write. */
#include <string.h>

#include "scanner/look.h"

static bool is_word_byte(char byte)
{
	return (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') ||
	       (byte >= 'A' && byte <= 'Z') || byte == '_' || byte == '-';
}

static const char *after_line(const char *line, const char *end)
{
	const char *newline = memchr(line, '\n', (size_t)(end - line));

	return newline ? newline + 1 : end;
}

/* What stands before the line's first word; of a line without one, all of it. */
static size_t indent_of(const char *line, const char *end)
{
	const char *at = line, *next = after_line(line, end);

	while (at < next && (*at == ' ' || *at == '-'))
		at++;
	return (size_t)(at - line);
}

static bool is_blank(const char *line, const char *end)
{
	const char *at = line, *next = after_line(line, end);

	while (at < next && (*at == ' ' || *at == '\t' || *at == '\r' || *at == '\n'))
		at++;
	return at == next || *at == '#';
}

/* Whether the line has the file NAME in it. */
static bool names(const char *line, const char *end, const char *name)
{
	size_t size = strlen(name);
	const char *next = after_line(line, end), *at = line;

	while ((at = memmem(at, (size_t)(next - at), name, size)) != NULL) {
		bool begins = at == line || !is_word_byte(at[-1]);

		at += size;
		if (begins && (at == next || !is_word_byte(*at)))
			return true;
	}
	return false;
}

/* Narrows *TEXT and *SIZE to the entry that names the file: the lines around that one which are
 * indented as much, or more; or it alone, where it is an entry in braces. */
static void narrow(const char **text, size_t *size, const char *name)
{
	const char *end = *text + *size, *named = *text, *first = *text;

	while (named < end && (is_blank(named, end) || !names(named, end, name)))
		named = after_line(named, end);
	if (named == end)
		return;
	const char *last = after_line(named, end);
	if (memchr(named, '{', (size_t)(last - named))) {
		first = named;
	} else {
		size_t indent = indent_of(named, end);

		for (const char *at = *text; at < named; at = after_line(at, end))
			if (!is_blank(at, end) && indent_of(at, end) < indent)
				first = after_line(at, end);
		while (last < end && (is_blank(last, end) || indent_of(last, end) >= indent))
			last = after_line(last, end);
	}
	*text = first;
	*size = (size_t)(last - first);
}

/* `KEY: VALUE`, either of them in quotes or not; not in a comment of its own line. */
static bool line_has(const char *line, const char *end, const char *key, const char *value)
{
	size_t key_size = strlen(key), value_size = strlen(value);

	for (const char *at = line; (at = memmem(at, (size_t)(end - at), key, key_size)) != NULL;) {
		bool begins = at == line || !is_word_byte(at[-1]);

		at += key_size;
		if (begins && at < end && (*at == '"' || *at == '\''))
			at++;
		if (!begins || at == end || *at++ != ':')
			continue;
		while (at < end && (*at == ' ' || *at == '\t' || *at == '"' || *at == '\''))
			at++;
		if ((size_t)(end - at) >= value_size && memcmp(at, value, value_size) == 0 &&
		    (at + value_size == end || !is_word_byte(at[value_size])))
			return true;
	}
	return false;
}

bool snafu_look_entry_has(const char *text, size_t size, const char *name, const char *key,
                          const char *value)
{
	narrow(&text, &size, name);
	for (const char *line = text, *end = text + size; line < end; line = after_line(line, end))
		if (!is_blank(line, end) && line_has(line, after_line(line, end), key, value))
			return true;
	return false;
}
