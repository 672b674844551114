/* scanner/c_helper/comments.c — which comment belongs to a declaration, and its
 * text without markers.
 *
 * libclang attaches a comment to what follows it. Headers like zlib.h have it
 * behind the declaration, so this looks at the bytes itself. In order of
 * preference: a comment that touches the declaration from above; one that touches
 * it from below and is set off from what follows; one above with blank lines
 * between, if it does not touch something else. */
#include "scanner/c_helper/helper.h"

#include <string.h>

#define SEMICOLON_REACH     4096 /* bytes from a declaration's end to its semicolon */
#define CONDITION_LINES_CAP 8 /* #if lines between a comment and its declaration */

struct span {
	size_t begin, end; /* empty: no comment */
};

static bool is_space(char byte)
{
	return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\f' || byte == '\v';
}

static size_t line_begin(const char *text, size_t at)
{
	while (at > 0 && text[at - 1] != '\n')
		at--;
	return at;
}

static size_t line_end(const char *text, size_t size, size_t at)
{
	const char *newline = memchr(text + at, '\n', size - at);

	return newline ? (size_t)(newline - text) : size;
}

static size_t skip_blank(const char *text, size_t end, size_t at)
{
	while (at < end && is_space(text[at]))
		at++;
	return at;
}

/* The line of TEXT that starts at BEGIN has nothing on it up to END. */
static bool is_blank(const char *text, size_t begin, size_t end)
{
	return skip_blank(text, end, begin) == end;
}

static bool starts(const char *text, size_t end, size_t at, const char *what)
{
	size_t size = strlen(what);

	return end - at >= size && memcmp(text + at, what, size) == 0;
}

/* The comment that ends at END (behind its last byte, trailing space cut off), if
 * it is one and nothing but space stands before it on its line. */
static struct span comment_ending_at(const char *text, size_t end)
{
	struct span none = {0, 0};
	size_t begin = line_begin(text, end), at = skip_blank(text, end, begin);

	if (starts(text, end, at, "//"))
		return (struct span){at, end};
	if (end < 4 || text[end - 1] != '/' || text[end - 2] != '*')
		return none;
	for (at = end - 3; at > 0; at--) {
		if (text[at - 1] == '/' && text[at] == '*')
			break;
		/* The end of another one: this is no comment but part of an expression. */
		if (text[at - 1] == '*' && text[at] == '/')
			return none;
	}
	if (at == 0)
		return none;
	at--;
	return is_blank(text, line_begin(text, at), at) ? (struct span){at, end} : none;
}

/* AT is the start of a line: goes back over its newline and space before that. */
static size_t line_above(const char *text, size_t at)
{
	if (at > 0)
		at--;
	while (at > 0 && is_space(text[at - 1]))
		at--;
	return at;
}

static bool is_one_line(const char *text, struct span span)
{
	return !memchr(text + span.begin, '\n', span.end - span.begin);
}

/* Comment lines that stand directly above each other are one comment. */
static struct span with_lines_above(const char *text, struct span span)
{
	while (is_one_line(text, (struct span){span.begin, line_end(text, span.end, span.begin)})) {
		size_t begin = line_begin(text, span.begin);

		if (begin == 0)
			break;
		size_t above = line_above(text, begin);
		struct span other = comment_ending_at(text, above);
		if (other.end == 0 || !is_one_line(text, other) ||
		    text[other.begin + 1] != text[span.begin + 1])
			break;
		span.begin = other.begin;
	}
	return span;
}

/* Whether the last line before BEGIN, the start of a line, is blank or missing. */
static bool is_set_off_above(const char *text, size_t begin)
{
	if (begin == 0)
		return true;
	size_t end = begin - 1;
	return is_blank(text, line_begin(text, end), end);
}

/* Steps from the start of a declaration's line to the end of what stands above,
 * over conditions of the preprocessor. */
static size_t end_of_above(const char *text, size_t begin, bool *ret_touches)
{
	size_t at = begin;

	*ret_touches = true;
	for (unsigned i = 0; i < CONDITION_LINES_CAP && at > 0; i++) {
		size_t end = line_above(text, at);
		size_t start = line_begin(text, end);

		if (!starts(text, end, skip_blank(text, end, start), "#if"))
			return end;
		at = start;
	}
	return at;
}

static struct span comment_above(const char *text, size_t begin, bool *ret_touches)
{
	struct span none = {0, 0};
	size_t end = end_of_above(text, line_begin(text, begin), ret_touches);

	/* Macros that are empty, or type words that libclang leaves out, may stand
	 * before the declaration on its line; code may not. */
	for (size_t at = line_begin(text, begin); at < begin; at++)
		if (memchr(";{}#/", text[at], 5))
			return none;
	while (end > 0 && (is_space(text[end - 1]) || text[end - 1] == '\n')) {
		*ret_touches = false;
		end--;
	}
	struct span span = comment_ending_at(text, end);
	if (span.end == 0)
		return none;
	span = with_lines_above(text, span);
	size_t first_line = line_begin(text, span.begin);
	/* A comment that does not touch the declaration is not its own when it touches
	 * what stands above, or opens the file. */
	if (!*ret_touches && (first_line == 0 || !is_set_off_above(text, first_line)))
		return none;
	return span;
}

/* The semicolon that ends the declaration, from where libclang sees its end: that
 * is inside when a macro makes up the end. SIZE when there is none near. */
static size_t find_semicolon(const char *text, size_t size, size_t at)
{
	size_t stop = size - at > SEMICOLON_REACH ? at + SEMICOLON_REACH : size;

	while (at < stop && text[at] != ';' && text[at] != '{' && text[at] != '#')
		at++;
	return at < stop && text[at] == ';' ? at : size;
}

/* A comment in the line below the declaration, and a blank line below that. */
static struct span comment_below(const char *text, size_t size, size_t end)
{
	struct span none = {0, 0};
	const char *close;

	end = find_semicolon(text, size, end);
	end = end < size ? skip_blank(text, size, end + 1) : size;
	if (end >= size || text[end] != '\n')
		return none;
	size_t begin = skip_blank(text, size, end + 1);
	if (!starts(text, size, begin, "/*"))
		return none;
	close = memmem(text + begin + 2, size - begin - 2, "*/", 2);
	if (!close)
		return none;
	size_t after = (size_t)(close - text) + 2;
	size_t rest = skip_blank(text, size, after);
	if (rest < size &&
	    (text[rest] != '\n' || !is_blank(text, rest + 1, line_end(text, size, rest + 1))))
		return none;
	return (struct span){begin, after};
}

static bool is_decoration(char byte)
{
	return byte == '*' || byte == '=' || byte == '-' || byte == '#' || byte == '~' || byte == '_' ||
	       byte == '+' || byte == '!' || byte == '/' || byte == '<';
}

static bool is_all_decoration(const char *line, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (!is_decoration(line[i]) && !is_space(line[i]))
			return false;
	return true;
}

/* One line without its markers and the space around. */
static struct span strip_line(const char *text, struct span line)
{
	while (line.end > line.begin && is_space(text[line.end - 1]))
		line.end--;
	line.begin = skip_blank(text, line.end, line.begin);
	if (is_all_decoration(text + line.begin, line.end - line.begin))
		return (struct span){line.end, line.end};
	if (line.end - line.begin >= 2 && memcmp(text + line.end - 2, "*/", 2) == 0) {
		line.end -= 2;
		while (line.end > line.begin && text[line.end - 1] == '*')
			line.end--;
	}
	if (starts(text, line.end, line.begin, "//") || starts(text, line.end, line.begin, "/*")) {
		line.begin += 2;
		while (line.begin < line.end && memchr("/*!<", text[line.begin], 4))
			line.begin++;
	} else if (line.begin < line.end && text[line.begin] == '*') {
		/* The star that leads each line; `**` in SQLite's style. */
		while (line.begin < line.end && text[line.begin] == '*')
			line.begin++;
		/* *emphasis*, *pointer */
		if (line.begin < line.end && !is_space(text[line.begin]))
			while (line.begin > 0 && text[line.begin - 1] == '*')
				line.begin--;
	}
	if (line.begin < line.end && is_space(text[line.begin]))
		line.begin++;
	while (line.end > line.begin && is_space(text[line.end - 1]))
		line.end--;
	/* The right side of a box. */
	if (line.end - line.begin >= 2 && text[line.end - 1] == '*' && is_space(text[line.end - 2]))
		for (line.end--; line.end > line.begin && is_space(text[line.end - 1]);)
			line.end--;
	return line;
}

/* How far the line's text is set in, tabs counted as one. */
static size_t indentation(const char *text, struct span line)
{
	return skip_blank(text, line.end, line.begin) - line.begin;
}

static void strip(const char *text, struct span span, struct snafu_buffer *into)
{
	size_t smallest = (size_t)-1;
	unsigned empty = 0;
	bool any = false;

	/* The text's own indentation, its first line aside, is taken off. */
	for (int pass = 0; pass < 2; pass++)
		for (size_t at = span.begin; at < span.end;) {
			size_t end = line_end(text, span.end, at);
			struct span line = strip_line(text, (struct span){at, end});
			size_t in = indentation(text, line);
			bool first = at == span.begin;

			at = end + 1;
			if (pass == 0) {
				if (line.begin < line.end && !first && in < smallest)
					smallest = in;
				continue;
			}
			if (line.begin == line.end) {
				empty += any;
				continue;
			}
			snafu_buffer_append_text(into, any ? empty ? "\n\n" : "\n" : "");
			line.begin += first ? in : in < smallest ? in : smallest;
			snafu_buffer_append(into, text + line.begin, line.end - line.begin);
			any = true;
			empty = 0;
		}
}

void helper_comment(const char *text, size_t size, size_t begin, size_t end, bool definition,
                    struct snafu_buffer *into)
{
	bool touches = false;

	if (begin > size || end > size || end < begin)
		return;
	struct span above = comment_above(text, begin, &touches);
	struct span below = definition ? (struct span){0, 0} : comment_below(text, size, end);
	struct span span = above.end && (touches || !below.end) ? above : below;
	if (span.end - span.begin > HELPER_DOC_CAP)
		span.end = span.begin + HELPER_DOC_CAP;
	if (span.end)
		strip(text, span, into);
}

void helper_comment_beside(const char *text, size_t size, size_t begin, size_t end,
                           struct snafu_buffer *into)
{
	bool comma = false;

	if (begin > size || end > size)
		return;
	end = skip_blank(text, size, end);
	/* Behind the closing parenthesis only if the parameter has a line of its own. */
	if (end < size && text[end] == ')' && is_blank(text, line_begin(text, begin), begin))
		end = skip_blank(text, size, end + 1);
	if (end < size && (text[end] == ',' || text[end] == ';')) {
		comma = true;
		end = skip_blank(text, size, end + 1);
	}
	size_t stop = line_end(text, size, end);
	if (starts(text, stop, end, "//")) {
		strip(text, (struct span){end, stop}, into);
		return;
	}
	if (!starts(text, stop, end, "/*"))
		return;
	const char *close = memmem(text + end + 2, stop - end - 2, "*/", 2);
	size_t after = close ? (size_t)(close - text) + 2 : stop;
	/* Behind a comma, and with more on the line, it is the next parameter's. */
	if (!close || (comma && !is_blank(text, after, stop)))
		return;
	strip(text, (struct span){end, after}, into);
}

static bool is_word_byte(char byte)
{
	return byte == '_' || (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') ||
	       (byte >= 'A' && byte <= 'Z');
}

/* Appends the words from AT up to an empty line or the next command, in one line. */
static void append_paragraph(const char *at, struct snafu_buffer *into)
{
	bool first = true;

	for (;;) {
		const char *end = strchrnul(at, '\n');

		while (at < end && (is_space(*at) || (first && (*at == '-' || *at == ':'))))
			at++;
		if (!first && (at == end || *at == '@' || *at == '\\'))
			return;
		snafu_buffer_append_text(into, first || !into->size ? "" : " ");
		snafu_buffer_append(into, at, (size_t)(end - at));
		first = false;
		if (!*end)
			return;
		at = end + 1;
	}
}

void helper_parameter_doc(const char *doc, const char *name, struct snafu_buffer *into)
{
	size_t size = strlen(name);

	for (const char *at = doc; (at = strstr(at, "param"));) {
		bool command = at > doc && (at[-1] == '@' || at[-1] == '\\');

		at += strlen("param");
		if (command && *at == '[') /* the direction: [in,out] */
			at = strchrnul(at, ']') + (strchr(at, ']') != NULL);
		while (is_space(*at))
			at++;
		if (command && strncmp(at, name, size) == 0 && !is_word_byte(at[size])) {
			append_paragraph(at + size, into);
			return;
		}
	}
}
