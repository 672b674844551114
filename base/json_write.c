/* base/json_write.c — the writers of json.h. */
#include "base/json.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/utf8.h"

/* What stands behind the backslash for a byte that must be escaped: 0 for none,
 * 'u' for \u00XX. */
static char escape_of(unsigned char byte)
{
	switch (byte) {
	case '"': return '"';
	case '\\': return '\\';
	case '\b': return 'b';
	case '\f': return 'f';
	case '\n': return 'n';
	case '\r': return 'r';
	case '\t': return 't';
	default: return byte < 0x20 || byte == 0x7F ? 'u' : 0;
	}
}

/* Most bytes: they stand for themselves. */
static bool is_plain(char letter)
{
	return letter >= 0x20 && letter < 0x7F && letter != '"' && letter != '\\';
}

void snafu_json_write_string(struct snafu_buffer *into, const char *text, size_t size)
{
	const char *at = text, *end = text + size, *plain = text;

	snafu_buffer_append_byte(into, '"');
	for (;;) {
		while (at < end && is_plain(*at))
			at++;
		if (at == end)
			break;
		char escape = escape_of((unsigned char)*at);
		size_t length = escape ? 0 : snafu_utf8_size(at, end);

		if (length) {
			at += length;
			continue;
		}
		snafu_buffer_append(into, plain, (size_t)(at - plain));
		if (escape == 'u')
			snafu_buffer_format(into, "\\u%04x", (unsigned char)*at);
		else if (escape)
			snafu_buffer_append(into, (char[]){'\\', escape}, 2);
		else
			snafu_buffer_append_text(into, "\xEF\xBF\xBD");
		plain = ++at;
	}
	snafu_buffer_append(into, plain, (size_t)(at - plain));
	snafu_buffer_append_byte(into, '"');
}

void snafu_json_write_text(struct snafu_buffer *into, const char *text)
{
	if (text)
		snafu_json_write_string(into, text, strlen(text));
	else
		snafu_buffer_append_text(into, "null");
}

void snafu_json_write_uint64(struct snafu_buffer *into, uint64_t number)
{
	char digits[20], *at = digits + sizeof digits;

	do {
		*--at = (char)('0' + number % 10);
		number /= 10;
	} while (number);
	snafu_buffer_append(into, at, (size_t)(digits + sizeof digits - at));
}

void snafu_json_write_int64(struct snafu_buffer *into, int64_t number)
{
	if (number < 0)
		snafu_buffer_append_byte(into, '-');
	snafu_json_write_uint64(into, number < 0 ? 0 - (uint64_t)number : (uint64_t)number);
}

int snafu_json_write_double(struct snafu_buffer *into, double number)
{
	char text[40];

	if (!isfinite(number))
		return -EDOM;
	for (int digits = 15; digits <= 17; digits++) {
		snprintf(text, sizeof text, "%.*g", digits, number);
		if (strtod(text, NULL) == number)
			break;
	}
	/* A locale with a decimal comma may be in force. */
	for (char *at = text; *at; at++)
		if (!strchr("+-0123456789e", *at))
			*at = '.';
	snafu_buffer_append_text(into, text);
	if (!strpbrk(text, ".e"))
		snafu_buffer_append_text(into, ".0");
	return 0;
}
