/* runtime/containers/places.h — which tenant has which container: started for the first call
 * that wants it, shared by all of them, looked after, removed when nobody has wanted it for a
 * while.
 *
 * Starting and removing are done on threads of this part's own; a call only waits, and no
 * longer than its deadline. Any thread. */
#ifndef SNAFU_RUNTIME_CONTAINERS_PLACES_H
#define SNAFU_RUNTIME_CONTAINERS_PLACES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "runtime/containers/container.h"

struct exchange;
struct place;
struct places;
struct snafu_buffer;
struct snafu_error;
struct snafu_executor_options;
struct snafu_job;
struct snafu_result;

#define PLACES_EXCHANGES_CAP 64 /* connections that are kept for one container */

/* A container that runs. Those who use it have a reference; its place has one. */
struct running {
	struct container container; /* does not change */
	char *tenant;
	uint64_t pool; /* number of the functions that were on offer when it was started */

	/* Guarded by places_lock(). */
	struct exchange *spare[PLACES_EXCHANGES_CAP];
	size_t n_spare;

	/* The rest is private to places.c, and guarded likewise. */
	const void *book; /* of the settings that it was started with */
	struct place *place; /* NULL: discarded */
	size_t references;
	uint64_t used; /* snafu_now_ms(), last */
	uint64_t sick_since; /* ms; 0: it answered the last time */
	uint64_t round; /* of the last look at it */
	TAILQ_ENTRY(running) entry; /* of those to be removed */
};

/* Does not need the engine yet. */
int places_open(const struct snafu_executor_options *options, struct places **ret_places,
                struct snafu_error *error);
/* Removes every container. No call is under way. */
void places_close(struct places *places);
/* The same where threads may still be at work: nothing is freed, the process ends now. */
void places_abandon(struct places *places);

/* Whether the engine answers; the first time that it does not, ERROR says why. */
int places_prepare(struct places *places, struct snafu_error *error);

/* A reference to the container of the job's tenant. -EBUSY: too many tenants have one;
 * -ECANCELED: the host is stopping, or the call is over; -ETIME: its deadline has passed;
 * -ETIMEDOUT, -ECONNREFUSED: the engine is away (engine_is_away()); others: it could not be
 * started. */
int places_acquire(struct places *places, struct snafu_job *job, struct running **ret_running,
                   struct snafu_error *error);
void places_release(struct places *places, struct running *running);

/* RUNNING is of no use any more: the next who wants one gets another. */
void places_discard(struct places *places, struct running *running, const char *why);

/* Calls that wait in places_acquire() look whether they are over. */
void places_wake(struct places *places);

/* Guards `spare`, and job->place of calls under way. */
void places_lock(struct places *places);
void places_unlock(struct places *places);

/* Whether other functions are on offer than when RUNNING was started. */
bool places_has_other_functions(const struct places *places, const struct running *running);

void places_write_metrics(struct places *places, struct snafu_buffer *into);

#endif
