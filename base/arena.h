/* base/arena.h — memory for many small things that die together.
 *
 * Not thread-safe: one arena, one thread at a time. */
#ifndef SNAFU_BASE_ARENA_H
#define SNAFU_BASE_ARENA_H

#include <stddef.h>

struct snafu_arena_block;

struct snafu_arena {
	struct snafu_arena_block *block; /* the one being filled; older ones hang behind it */
};

/* SIZE zeroed bytes, aligned for any type, that live until snafu_arena_done();
 * NULL when memory is out. */
void *snafu_arena_alloc(struct snafu_arena *arena, size_t size);

/* A NUL-terminated copy of SIZE bytes; NULL when memory is out. */
char *snafu_arena_copy(struct snafu_arena *arena, const char *text, size_t size);

/* A copy of a C string; NULL for NULL and when memory is out. */
char *snafu_arena_string(struct snafu_arena *arena, const char *text);

char *snafu_arena_format(struct snafu_arena *arena, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Moves everything OTHER holds into ARENA; OTHER is empty afterwards. */
void snafu_arena_absorb(struct snafu_arena *arena, struct snafu_arena *other);

void snafu_arena_done(struct snafu_arena *arena);

#endif
