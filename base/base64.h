/* base/base64.h — bytes in JSON (RFC 4648, section 4). */
#ifndef SNAFU_BASE_BASE64_H
#define SNAFU_BASE_BASE64_H

#include <stddef.h>

struct snafu_buffer;

/* Appends SIZE bytes as base64 with padding, without quotes. */
void snafu_base64_write(struct snafu_buffer *into, const void *bytes, size_t size);

/* The same as a JSON string, with its quotes. */
void snafu_base64_write_string(struct snafu_buffer *into, const void *bytes, size_t size);

/* The most bytes that SIZE characters can stand for. */
static inline size_t snafu_base64_room(size_t size)
{
	return size / 4 * 3 + 3;
}

/* Decodes into TO, which has that room. Takes the usual and the URL-safe alphabet,
 * with padding or without. -EINVAL when it is no base64. */
int snafu_base64_read(const char *text, size_t size, unsigned char *to, size_t *ret_size);

#endif
