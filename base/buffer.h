/* base/buffer.h — growable bytes with a maximum size that is given at birth.
 *
 * A failure sticks: once an append did not fit or memory ran out, every later
 * append does nothing and returns the same code. So a writer may append many
 * times and look at snafu_buffer_failed() once, at the end. */
#ifndef SNAFU_BASE_BUFFER_H
#define SNAFU_BASE_BUFFER_H

#include <stddef.h>
#include <string.h>

struct snafu_buffer {
	char *data; /* owned; NUL-terminated whenever it is not NULL */
	size_t size; /* bytes in use, without the NUL */
	size_t capacity; /* bytes allocated */
	size_t cap; /* SIZE never grows past this */
	int failed; /* 0, -EMSGSIZE (cap reached) or -ENOMEM */
};

/* A buffer that may hold up to CAP bytes; nothing is allocated yet. */
#define SNAFU_BUFFER(CAP) ((struct snafu_buffer){.cap = (CAP)})

char *snafu_buffer_grow(struct snafu_buffer *buffer, size_t size); /* for reserve() alone */

/* Room for SIZE more bytes at data + size, for code that writes in place and
 * then adds to `size` itself; NULL on failure. */
static inline char *snafu_buffer_reserve(struct snafu_buffer *buffer, size_t size)
{
	if (!buffer->failed && size < buffer->capacity - buffer->size &&
	    buffer->size + size <= buffer->cap)
		return buffer->data + buffer->size;
	return snafu_buffer_grow(buffer, size);
}

/* Each returns 0, -EMSGSIZE or -ENOMEM. In line, since every door, log and reply is made of
 * them: most are a few bytes, of a size that the compiler knows. */
static inline int snafu_buffer_append(struct snafu_buffer *buffer, const void *bytes, size_t size)
{
	char *room = snafu_buffer_reserve(buffer, size);

	if (!room)
		return buffer->failed;
	if (size)
		memcpy(room, bytes, size);
	room[size] = '\0';
	buffer->size += size;
	return 0;
}

static inline int snafu_buffer_append_text(struct snafu_buffer *buffer, const char *text)
{
	return snafu_buffer_append(buffer, text, strlen(text));
}

static inline int snafu_buffer_append_byte(struct snafu_buffer *buffer, char byte)
{
	return snafu_buffer_append(buffer, &byte, 1);
}

int snafu_buffer_format(struct snafu_buffer *buffer, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static inline int snafu_buffer_failed(const struct snafu_buffer *buffer)
{
	return buffer->failed;
}

/* Empties the buffer and forgets a failure; keeps the memory for the next use. */
void snafu_buffer_clear(struct snafu_buffer *buffer);

/* The bytes as a malloc'ed C string that the caller frees, NULL after a
 * failure; the buffer is empty afterwards. */
char *snafu_buffer_take(struct snafu_buffer *buffer);

/* Frees the memory. Harmless on a zeroed or already freed buffer. */
void snafu_buffer_done(struct snafu_buffer *buffer);

#endif
