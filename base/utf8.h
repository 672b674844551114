/* base/utf8.h — UTF-8 as RFC 3629 has it: no overlong forms, no surrogates, nothing
 * beyond U+10FFFF. Pure; any thread. */
#ifndef SNAFU_BASE_UTF8_H
#define SNAFU_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Whether BYTE goes on with a character that began before it. */
static inline bool snafu_utf8_continues(char byte)
{
	return ((unsigned char)byte & 0xC0) == 0x80;
}

/* Bytes of the character at TEXT, which END is behind; 0 where none stands. */
static inline size_t snafu_utf8_size(const char *text, const char *end)
{
	const unsigned char *at = (const unsigned char *)text;
	size_t left = (size_t)(end - text);

	if (at[0] < 0x80)
		return 1;
	if (at[0] < 0xE0)
		return at[0] >= 0xC2 && left >= 2 && snafu_utf8_continues(text[1]) ? 2 : 0;
	if (left < 3 || !snafu_utf8_continues(text[1]) || !snafu_utf8_continues(text[2]))
		return 0;
	if (at[0] < 0xF0) /* overlong; a surrogate */
		return (at[0] == 0xE0 && at[1] < 0xA0) || (at[0] == 0xED && at[1] > 0x9F) ? 0 : 3;
	if (left < 4 || at[0] > 0xF4 || !snafu_utf8_continues(text[3]))
		return 0; /* overlong; beyond the last character */
	return (at[0] == 0xF0 && at[1] < 0x90) || (at[0] == 0xF4 && at[1] > 0x8F) ? 0 : 4;
}

/* How many bytes at the start of TEXT are ASCII. */
size_t snafu_utf8_ascii(const char *text, size_t size);

/* Whether all of it is UTF-8. */
bool snafu_utf8_is_valid(const char *text, size_t size);

/* Writes CHARACTER (up to 0x1FFFFF) to TO, without a NUL; returns its 1 to 4 bytes. */
size_t snafu_utf8_put(char to[4], uint32_t character);

/* The most of the first SIZE bytes of TEXT that cuts no character in two. The byte
 * at SIZE is looked at. */
static inline size_t snafu_utf8_cut(const char *text, size_t size)
{
	while (size > 0 && snafu_utf8_continues(text[size]))
		size--;
	return size;
}

#endif
