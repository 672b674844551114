/* base/utf8.c — see utf8.h. */
#include "base/utf8.h"

#include <string.h>

size_t snafu_utf8_ascii(const char *text, size_t size)
{
	const char *at = text, *end = text + size;
	uint64_t word; /* eight bytes are looked at at a time */

	for (; end - at >= 8; at += 8) {
		memcpy(&word, at, 8);
		if (word & 0x8080808080808080u)
			break;
	}
	while (at < end && !(*at & 0x80))
		at++;
	return (size_t)(at - text);
}

bool snafu_utf8_is_valid(const char *text, size_t size)
{
	const char *at = text, *end = text + size;

	while ((at += snafu_utf8_ascii(at, (size_t)(end - at))) < end) {
		size_t length = snafu_utf8_size(at, end);

		if (!length)
			return false;
		at += length;
	}
	return true;
}

size_t snafu_utf8_put(char to[4], uint32_t character)
{
	if (character < 0x80) {
		to[0] = (char)character;
		return 1;
	}
	if (character < 0x800) {
		to[0] = (char)(0xC0 | character >> 6);
		to[1] = (char)(0x80 | (character & 0x3F));
		return 2;
	}
	if (character < 0x10000) {
		to[0] = (char)(0xE0 | character >> 12);
		to[1] = (char)(0x80 | (character >> 6 & 0x3F));
		to[2] = (char)(0x80 | (character & 0x3F));
		return 3;
	}
	to[0] = (char)(0xF0 | character >> 18);
	to[1] = (char)(0x80 | (character >> 12 & 0x3F));
	to[2] = (char)(0x80 | (character >> 6 & 0x3F));
	to[3] = (char)(0x80 | (character & 0x3F));
	return 4;
}
