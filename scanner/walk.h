/* scanner/walk.h — from the paths a person names to the list of source files.
 * Used by scan.c alone. */
#ifndef SNAFU_SCANNER_WALK_H
#define SNAFU_SCANNER_WALK_H

#include "scanner/scanners.h"

/* A source and who reads it. Strings live in the arena of `functions`. */
struct snafu_walked {
	struct snafu_source source;
	const struct snafu_scanner *scanner;
	size_t number; /* in the order of the walk */
};

struct snafu_walk {
	struct snafu_walked *found; /* malloc'ed */
	size_t count, capacity;
	struct snafu_functions *functions; /* takes strings and diagnostics */
	struct snafu_scanners scanners;
};

/* Lists the sources below COUNT paths. -ENOENT and the like when a path cannot be
 * opened at all; what is wrong inside a directory becomes a diagnostic. */
int snafu_walk(struct snafu_walk *walk, const char *const *paths, size_t count,
               struct snafu_error *error);

void snafu_walk_done(struct snafu_walk *walk);

#endif
