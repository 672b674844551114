/* base/near.h — the known name that a mistyped one is nearest to, for "did you mean".
 * Pure; any thread. */
#ifndef SNAFU_BASE_NEAR_H
#define SNAFU_BASE_NEAR_H

#include <stddef.h>

#define SNAFU_NEAR_NAME_CAP 128 /* bytes; longer names are near none */

/* Levenshtein's distance of two names without regard to (ASCII) case; CAP + 1 where
 * it is larger than CAP. */
unsigned snafu_name_distance(const char *a, size_t a_size, const char *b, size_t b_size,
                             unsigned cap);

/* A search among names that come one by one. */
struct snafu_near {
	const char *typed;
	size_t typed_size;
	const char *name; /* the nearest so far, borrowed; NULL: none is near */
	unsigned distance; /* of it; else the least that is too far */
};

/* Names that differ by more than a third of TYPED and one are not near. */
struct snafu_near snafu_near_begin(const char *typed, size_t typed_size);
void snafu_near_offer(struct snafu_near *near, const char *name);

#endif
