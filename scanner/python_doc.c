/* scanner/python_doc.c — string literals and cleandoc; see python_doc.h. */
#include "scanner/python_doc.h"

#include <stdint.h>
#include <string.h>

#include "base/utf8.h"
#include "scanner/python_lex.h"

#define TAB         8
#define REPLACEMENT 0xfffd

static void append_character(struct snafu_buffer *into, uint32_t c)
{
	char bytes[4];

	if (c == 0 || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		c = REPLACEMENT; /* C strings hold no NUL, UTF-8 no half of a pair */
	snafu_buffer_append(into, bytes, snafu_utf8_put(bytes, c));
}

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : 99;
}

/* Up to N digits of BASE. Returns where they end. */
static const char *read_digits(const char *at, const char *end, unsigned n, unsigned base,
                               uint32_t *ret)
{
	*ret = 0;
	for (; n > 0 && at < end && digit(*at) < (int)base; n--, at++)
		*ret = *ret * base + (uint32_t)digit(*at);
	return at;
}

/* AT is behind a backslash. Returns where the escape ends. */
static const char *unescape(struct snafu_buffer *into, const char *at, const char *end,
                            bool unicode)
{
	static const char letters[] = "\\'\"abfnrtv", meanings[] = "\\'\"\a\b\f\n\r\t\v";
	uint32_t c;

	if (*at == '\n')
		return at + 1;
	const char *letter = *at ? strchr(letters, *at) : NULL;
	if (letter) {
		snafu_buffer_append_byte(into, meanings[letter - letters]);
		return at + 1;
	}
	unsigned wanted = *at == 'x' ? 2 : !unicode ? 0 : *at == 'u' ? 4 : *at == 'U' ? 8 : 0;
	const char *after = at;
	if (digit(*at) < 8) {
		after = read_digits(at, end, 3, 8, &c);
	} else if (wanted && read_digits(at + 1, end, wanted, 16, &c) == at + 1 + wanted) {
		after = at + 1 + wanted;
	} else { /* unknown ones stay as they are; so do \N{names} */
		snafu_buffer_append_byte(into, '\\');
		return at;
	}
	append_character(into, c);
	return after;
}

/* One literal, prefix and quotes and all. */
static void append_literal(struct snafu_buffer *into, const char *at, const char *end, bool python2)
{
	bool raw = false, unicode = !python2;

	for (; *at != '"' && *at != '\''; at++) {
		raw |= (*at | 0x20) == 'r';
		unicode |= (*at | 0x20) == 'u';
	}
	size_t quotes = end - at >= 6 && at[1] == *at && at[2] == *at ? 3 : 1;
	at += quotes;
	end -= quotes;
	while (at < end) {
		const char *slash = raw ? NULL : memchr(at, '\\', (size_t)(end - at));
		const char *stop = slash ? slash : end;

		snafu_buffer_append(into, at, (size_t)(stop - at));
		at = stop;
		if (slash && slash + 1 < end)
			at = unescape(into, slash + 1, end, unicode);
		else if (slash)
			at = end;
	}
}

static void append_literals(struct snafu_buffer *into, const char *at, const char *end,
                            bool python2)
{
	while (at < end) {
		const char *after = snafu_python_string_end(at, end);

		if (after) {
			append_literal(into, at, after, python2);
			at = after;
		} else if (*at == '#') {
			const char *newline = memchr(at, '\n', (size_t)(end - at));
			at = newline ? newline : end;
		} else {
			at++;
		}
	}
}

static void expand_tabs(struct snafu_buffer *into, const char *at, const char *end)
{
	size_t column = 0;

	for (; at < end; at++) {
		if (*at == '\t') {
			do {
				snafu_buffer_append_byte(into, ' ');
			} while (++column % TAB);
			continue;
		}
		if (*at == '\n' || *at == '\r')
			column = 0;
		else if ((*at & 0xc0) != 0x80)
			column++;
		snafu_buffer_append_byte(into, *at);
	}
}

/* How many bytes at AT are white space as str.lstrip() sees it. */
static size_t blank_run(const char *at, const char *end, size_t *ret_characters)
{
	const char *begin = at;

	*ret_characters = 0;
	while (at < end) {
		const unsigned char *c = (const unsigned char *)at;
		size_t n = 0;

		if (*c == ' ' || (*c >= '\t' && *c <= '\r' && *c != '\n') || (*c >= 0x1c && *c <= 0x1f))
			n = 1;
		else if (*c == 0xc2 && end - at > 1 && (c[1] == 0x85 || c[1] == 0xa0))
			n = 2;
		else if (end - at > 2 && ((*c == 0xe3 && c[1] == 0x80 && c[2] == 0x80) ||
		                          (*c == 0xe2 && c[1] == 0x80 && c[2] >= 0x80 && c[2] <= 0x8a)))
			n = 3;
		if (n == 0)
			break;
		at += n;
		++*ret_characters;
	}
	return (size_t)(at - begin);
}

static const char *line_end(const char *at, const char *end)
{
	const char *newline = memchr(at, '\n', (size_t)(end - at));

	return newline ? newline : end;
}

/* AT behind N characters, or at END. */
static const char *pass(const char *at, const char *end, size_t n)
{
	while (n > 0 && at < end) {
		at++;
		while (at < end && (*at & 0xc0) == 0x80)
			at++;
		n--;
	}
	return at;
}

/* inspect.cleandoc(), without its expandtabs(), in place. Returns the new size,
 * and where the text begins. */
static size_t clean(char *text, size_t size, char **ret_begin)
{
	char *end = text + size;
	size_t margin = SIZE_MAX, characters;

	for (const char *at = line_end(text, end); at < end; at = line_end(at + 1, end)) {
		const char *stop = line_end(at + 1, end);
		size_t blanks = blank_run(at + 1, stop, &characters);

		if (at + 1 + blanks < stop && characters < margin)
			margin = characters;
	}
	char *to = text;
	for (const char *at = text, *stop;; at = stop + 1) {
		stop = line_end(at, end);
		const char *from = at == text ? at + blank_run(at, stop, &characters)
		                              : pass(at, stop, margin == SIZE_MAX ? 0 : margin);

		memmove(to, from, (size_t)(stop - from));
		to += stop - from;
		if (stop == end)
			break;
		*to++ = '\n';
	}
	while (to > text && to[-1] == '\n')
		to--;
	*ret_begin = text;
	while (*ret_begin < to && **ret_begin == '\n')
		(*ret_begin)++;
	return (size_t)(to - *ret_begin);
}

const char *snafu_python_docstring(struct snafu_arena *arena, const char *source, size_t size,
                                   bool python2, struct snafu_buffer work[2])
{
	struct snafu_buffer *text = &work[0];

	/* An escape gives at most as many bytes as it takes; a tab at most eight. */
	work[0].cap = size * 3 + 16;
	work[1].cap = size * 3 * TAB + 16;
	snafu_buffer_clear(&work[0]);
	append_literals(&work[0], source, source + size, python2);
	if (work[0].size && memchr(work[0].data, '\t', work[0].size)) {
		snafu_buffer_clear(&work[1]);
		expand_tabs(&work[1], work[0].data, work[0].data + work[0].size);
		text = &work[1];
	}
	if (snafu_buffer_failed(text))
		return NULL;
	if (text->size == 0)
		return "";
	char *begin;
	size = clean(text->data, text->size, &begin);
	return snafu_arena_copy(arena, begin, size);
}
