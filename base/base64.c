/* base/base64.c — see base64.h. */
#include "base/base64.h"

#include <errno.h>
#include <stdint.h>

#include "base/buffer.h"

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void snafu_base64_write(struct snafu_buffer *into, const void *bytes, size_t size)
{
	const unsigned char *at = bytes;
	size_t length = (size + 2) / 3 * 4;
	char *to = snafu_buffer_reserve(into, length);

	if (!to)
		return;
	for (; size >= 3; size -= 3, at += 3) {
		uint32_t group = (uint32_t)at[0] << 16 | (uint32_t)at[1] << 8 | at[2];

		*to++ = alphabet[group >> 18];
		*to++ = alphabet[group >> 12 & 63];
		*to++ = alphabet[group >> 6 & 63];
		*to++ = alphabet[group & 63];
	}
	if (size > 0) {
		uint32_t group = (uint32_t)at[0] << 16 | (size > 1 ? (uint32_t)at[1] << 8 : 0);

		*to++ = alphabet[group >> 18];
		*to++ = alphabet[group >> 12 & 63];
		*to++ = size > 1 ? alphabet[group >> 6 & 63] : '=';
		*to++ = '=';
	}
	into->size += length;
	into->data[into->size] = '\0';
}

void snafu_base64_write_string(struct snafu_buffer *into, const void *bytes, size_t size)
{
	snafu_buffer_append_byte(into, '"');
	snafu_base64_write(into, bytes, size);
	snafu_buffer_append_byte(into, '"');
}

static int digit(char character)
{
	if (character >= 'A' && character <= 'Z')
		return character - 'A';
	if (character >= 'a' && character <= 'z')
		return character - 'a' + 26;
	if (character >= '0' && character <= '9')
		return character - '0' + 52;
	if (character == '+' || character == '-')
		return 62;
	return character == '/' || character == '_' ? 63 : -1;
}

int snafu_base64_read(const char *text, size_t size, unsigned char *to, size_t *ret_size)
{
	const unsigned char *begin = to;
	uint32_t group = 0;
	unsigned bits = 0;

	if (size > 0 && size % 4 == 0 && text[size - 1] == '=') {
		size--;
		if (text[size - 1] == '=')
			size--;
	}
	if (size % 4 == 1)
		return -EINVAL;
	for (size_t i = 0; i < size; i++) {
		int value = digit(text[i]);

		if (value < 0)
			return -EINVAL;
		group = group << 6 | (uint32_t)value;
		bits += 6;
		if (bits >= 8) {
			bits -= 8;
			*to++ = (unsigned char)(group >> bits);
		}
	}
	if (bits && (group & ((1u << bits) - 1)))
		return -EINVAL; /* bits that mean nothing: cut off or no base64 at all */
	*ret_size = (size_t)(to - begin);
	return 0;
}
