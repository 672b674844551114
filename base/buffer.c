/* base/buffer.c — growable capped bytes; see buffer.h. */
#include "base/buffer.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_CAPACITY 256

char *snafu_buffer_grow(struct snafu_buffer *buffer, size_t size)
{
	if (buffer->failed)
		return NULL;
	if (size > buffer->cap || buffer->size > buffer->cap - size) {
		buffer->failed = -EMSGSIZE;
		return NULL;
	}
	size_t needed = buffer->size + size + 1;
	if (needed > buffer->capacity) {
		size_t capacity = buffer->capacity ? buffer->capacity : FIRST_CAPACITY;

		while (capacity < needed)
			capacity += capacity / 2 + 1;
		char *data = realloc(buffer->data, capacity);
		if (!data) {
			buffer->failed = -ENOMEM;
			return NULL;
		}
		buffer->data = data;
		buffer->capacity = capacity;
	}
	return buffer->data + buffer->size;
}

int snafu_buffer_format(struct snafu_buffer *buffer, const char *format, ...)
{
	va_list arguments, again;

	va_start(arguments, format);
	va_copy(again, arguments);
	int size = vsnprintf(NULL, 0, format, arguments);
	va_end(arguments);
	char *room = size < 0 ? NULL : snafu_buffer_reserve(buffer, (size_t)size);
	if (room) {
		vsnprintf(room, (size_t)size + 1, format, again);
		buffer->size += (size_t)size;
	}
	va_end(again);
	return buffer->failed;
}

void snafu_buffer_clear(struct snafu_buffer *buffer)
{
	buffer->size = 0;
	buffer->failed = 0;
	if (buffer->data)
		buffer->data[0] = '\0';
}

char *snafu_buffer_take(struct snafu_buffer *buffer)
{
	char *data = NULL;

	if (!buffer->failed && snafu_buffer_reserve(buffer, 0)) {
		data = buffer->data;
		data[buffer->size] = '\0';
		buffer->data = NULL;
		buffer->capacity = 0;
	}
	snafu_buffer_clear(buffer);
	return data;
}

void snafu_buffer_done(struct snafu_buffer *buffer)
{
	free(buffer->data);
	*buffer = (struct snafu_buffer){.cap = buffer->cap};
}
