/* runtime/generation.h — what is on offer at one time: private to runtime/.
 *
 * The host has one current generation. Hot deployment makes another one and puts it in
 * the first one's place; services of functions that did not change are in both. Whoever
 * looks at a generation holds a reference, and sees it unchanged until he lets go. */
#ifndef SNAFU_RUNTIME_GENERATION_H
#define SNAFU_RUNTIME_GENERATION_H

#include <stdatomic.h>
#include <stdint.h>

#include "scanner/function.h"

struct snafu_error;
struct snafu_host;
struct snafu_pool;
struct snafu_service;

/* What one scan has found: kept as long as a service of one of its functions is. */
struct snafu_scanned {
	struct snafu_functions functions;
	atomic_uint references;
};

/* Takes what FUNCTIONS holds, and empties it. NULL when memory is out. One reference. */
struct snafu_scanned *snafu_scanned_new(struct snafu_functions *functions);
struct snafu_scanned *snafu_scanned_ref(struct snafu_scanned *scanned);
void snafu_scanned_unref(struct snafu_scanned *scanned); /* NULL is welcome */

struct snafu_generation {
	atomic_uint references;
	uint64_t number; /* each has another one */
	struct snafu_functions functions; /* in the scan's order; their texts belong to the
	                                   * services' scans */
	struct snafu_service **services; /* one a function, in the same order; a reference each */
	struct snafu_pool *pool; /* of `functions` */
	struct snafu_generation *next_kept;
	struct snafu_scanned *whole; /* whose arrays `functions` borrows; NULL: they are its own */
};

/* A generation of CAPACITY functions at most, none of them there yet. One reference. */
struct snafu_generation *snafu_generation_new(size_t capacity);

/* The one that is made of the first scan: services for all. SCANNED gets
 * references. */
int snafu_generation_first(struct snafu_scanned *scanned, struct snafu_host *host,
                           struct snafu_generation **ret_generation, struct snafu_error *error);

/* Adds SERVICE (a new reference). There must be room. */
void snafu_generation_add(struct snafu_generation *generation, struct snafu_service *service);

/* All were added: makes the pool. -ENOMEM. */
int snafu_generation_finish(struct snafu_generation *generation, struct snafu_error *error);

struct snafu_generation *snafu_generation_ref(struct snafu_generation *generation);
void snafu_generation_unref(struct snafu_generation *generation); /* NULL is welcome */

#endif
