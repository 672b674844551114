/* langs/c_fresh.h — isolated calls of C functions: each finds its library's data as they were
 * when just loaded (c_copies.h). */
#ifndef SNAFU_LANGS_C_FRESH_H
#define SNAFU_LANGS_C_FRESH_H

#include <pthread.h>

#include "langs/c_call.h"

struct snafu_c_library_copies;

struct snafu_c_fresh {
	pthread_mutex_t lock; /* guards what follows */
	char *directory; /* for files that live for a moment; made when needed */
	struct snafu_c_library_copies *libraries; /* made by others */
};

/* CACHE_DIRECTORY exists. -ENOMEM. */
int snafu_c_fresh_init(struct snafu_c_fresh *fresh, const char *cache_directory);
/* Unloads the copies of libraries; builds have their own. */
void snafu_c_fresh_done(struct snafu_c_fresh *fresh);

/* As snafu_c_call(), on a copy. Any thread. */
void snafu_c_fresh_call(struct snafu_c_fresh *fresh, struct snafu_bound *bound, const char *payload,
                        size_t size, struct snafu_result *result);

#endif
