/* base/arena.c — see arena.h. */
#include "base/arena.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_BLOCK_SIZE   4096
#define LARGEST_BLOCK_SIZE (256 * 1024)
#define ALIGNMENT          _Alignof(max_align_t)

struct snafu_arena_block {
	struct snafu_arena_block *older;
	size_t used, size;
	max_align_t bytes[];
};

void *snafu_arena_alloc(struct snafu_arena *arena, size_t size)
{
	struct snafu_arena_block *block = arena->block;

	if (size > SIZE_MAX / 2)
		return NULL;
	size = (size + ALIGNMENT - 1) & ~(ALIGNMENT - 1);
	if (!block || block->size - block->used < size) {
		size_t room = block ? block->size * 2 : FIRST_BLOCK_SIZE;

		if (room > LARGEST_BLOCK_SIZE)
			room = LARGEST_BLOCK_SIZE;
		if (room < size)
			room = size;
		block = calloc(1, sizeof *block + room);
		if (!block)
			return NULL;
		block->size = room;
		block->older = arena->block;
		arena->block = block;
	}
	void *start = (char *)block->bytes + block->used;
	block->used += size;
	return start;
}

char *snafu_arena_copy(struct snafu_arena *arena, const char *text, size_t size)
{
	char *copy = snafu_arena_alloc(arena, size + 1);

	if (copy && size)
		memcpy(copy, text, size);
	return copy;
}

char *snafu_arena_string(struct snafu_arena *arena, const char *text)
{
	return text ? snafu_arena_copy(arena, text, strlen(text)) : NULL;
}

char *snafu_arena_format(struct snafu_arena *arena, const char *format, ...)
{
	va_list arguments, again;
	char *text = NULL;

	va_start(arguments, format);
	va_copy(again, arguments);
	int size = vsnprintf(NULL, 0, format, arguments);
	va_end(arguments);
	if (size >= 0)
		text = snafu_arena_alloc(arena, (size_t)size + 1);
	if (text)
		vsnprintf(text, (size_t)size + 1, format, again);
	va_end(again);
	return text;
}

void snafu_arena_absorb(struct snafu_arena *arena, struct snafu_arena *other)
{
	struct snafu_arena_block *last = other->block;

	if (!last)
		return;
	while (last->older)
		last = last->older;
	/* Behind the block being filled, so that its free room is not lost. */
	if (arena->block) {
		last->older = arena->block->older;
		arena->block->older = other->block;
	} else {
		arena->block = other->block;
	}
	other->block = NULL;
}

void snafu_arena_done(struct snafu_arena *arena)
{
	while (arena->block) {
		struct snafu_arena_block *older = arena->block->older;

		free(arena->block);
		arena->block = older;
	}
}
