/* runtime/containers/places_state.h — what places.c and janitor.c share. */
#ifndef SNAFU_RUNTIME_CONTAINERS_PLACES_STATE_H
#define SNAFU_RUNTIME_CONTAINERS_PLACES_STATE_H

#include <pthread.h>
#include <stdatomic.h>

#include "base/error.h"
#include "runtime/containers/engine.h"
#include "runtime/containers/places.h"

/* One tenant's: there while it has a container, or somebody wants one. */
struct place {
	TAILQ_ENTRY(place) entry;
	struct running *running; /* NULL: there is none */
	bool starting; /* a thread is at it */
	unsigned attempt; /* starts that have ended */
	struct snafu_error failure; /* of the last one; code 0: it went well */
	size_t waiting; /* calls in places_acquire() */
	char tenant[];
};

struct places {
	const struct snafu_executor_options *options;
	struct engine engine;
	pthread_mutex_t lock; /* guards all below but what is atomic */
	pthread_cond_t changed; /* on the monotonic clock */
	TAILQ_HEAD(, place) all;
	size_t count;
	TAILQ_HEAD(, running) doomed; /* to be removed: no reference is left */
	size_t n_starting;
	uint64_t started, ended; /* how many containers */
	pthread_t janitor;
	uint64_t round; /* the janitor's */
	atomic_bool closing;
	atomic_bool asked; /* whether the engine is there */
	pthread_mutex_t cleaning; /* guards `cleaned` */
	bool cleaned; /* what dead hosts have left */
};

void places_tell(const struct places *places, const char *name, const char *tenant,
                 const char *detail);

/* The lock is held in these. Waits until something has changed, or until UNTIL_MS. */
void places_wait(struct places *places, uint64_t until_ms);
/* A reference ends. */
void places_let_go(struct places *places, struct running *running);
/* Takes it out of its place, whose reference ends; false: it was out already. The place may
 * be gone afterwards. */
bool places_take_out(struct places *places, struct running *running);

/* (janitor.c) The thread that removes what is idle, ill or doomed. */
void *places_keep_order(void *places);
/* (janitor.c) One that was not looked at in this round, with a reference, or NULL. The lock is
 * not held. */
struct running *places_next_to_look(struct places *places);
/* (janitor.c) Removes what is doomed; what the engine does not take away now stays in the
 * list, unless the host is closing. The lock is not held. */
void places_remove_doomed(struct places *places);

#endif
