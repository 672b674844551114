/* runtime/pool.h — the functions on offer, found by name.
 *
 * Read-only once made, so any thread may look things up. Java overloads share
 * an id; what is found is the group, and the language picks among them. */
#ifndef SNAFU_RUNTIME_POOL_H
#define SNAFU_RUNTIME_POOL_H

#include <stddef.h>

#include "scanner/function.h"

struct snafu_buffer;
struct snafu_error;
struct snafu_pool;

#define SNAFU_POOL_NEAR_CAP 5 /* how many near names are suggested */

/* FUNCTIONS is borrowed and must outlive the pool. */
int snafu_pool_new(const struct snafu_functions *functions, struct snafu_pool **ret_pool,
                   struct snafu_error *error);
void snafu_pool_free(struct snafu_pool *pool);

/* All entries, in the scan's order. */
const struct snafu_functions *snafu_pool_functions(const struct snafu_pool *pool);

/* Finds the function whose id is NAME, or of whose id NAME is a tail that
 * begins after a dot; entries with the same id (overloads) count as one, and
 * the first callable one is given. An exact id wins over tails, callable ones
 * over those that are not. -ENOENT: no such name; ERROR suggests near ones.
 * -EEXIST: several; ERROR lists them. */
int snafu_pool_find(const struct snafu_pool *pool, const char *name,
                    const struct snafu_function **ret_function, struct snafu_error *error);

/* The entries that share an id with FUNCTION, itself included: writes up to CAP
 * of them and returns how many there are. */
size_t snafu_pool_overloads(const struct snafu_pool *pool, const struct snafu_function *function,
                            const struct snafu_function **ret_functions, size_t cap);

/* Up to CAP ids nearest to NAME by edit distance and containment, nearest
 * first; returns how many were written. */
size_t snafu_pool_near(const struct snafu_pool *pool, const char *name, const char **ret_ids,
                       size_t cap);

#endif
