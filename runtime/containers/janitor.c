/* runtime/containers/janitor.c — the thread that looks after containers: those that have ended
 * or answer no more are discarded, idle ones too; and what is discarded is removed. */
#include <stdlib.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "runtime/containers/exchange.h"
#include "runtime/containers/places_state.h"
#include "runtime/executors/executor.h"
#include "runtime/settings/settings.h"

#define LOOK_MS   1000 /* between two rounds */
#define SICK_MS   10000 /* that one may run without an answer */
#define WORDS_CAP 4096

/* ---- removing ---------------------------------------------------------------------------- */

static void free_running(struct running *running)
{
	while (running->n_spare)
		exchange_free(running->spare[--running->n_spare]);
	free(running->tenant);
	free(running);
}

void places_remove_doomed(struct places *places)
{
	TAILQ_HEAD(, running) left = TAILQ_HEAD_INITIALIZER(left);
	struct running *running;
	bool away = false;

	places_lock(places);
	while ((running = TAILQ_FIRST(&places->doomed))) {
		TAILQ_REMOVE(&places->doomed, running, entry);
		places_unlock(places);
		bool removed = !away && container_remove(&running->container) == 0;
		away = away || !removed; /* one that is away is not waited for again and again */
		if (!removed && atomic_load(&places->closing)) {
			/* The next host finds it by its label. */
			container_forget(&running->container);
			removed = true;
		}
		if (removed)
			free_running(running);
		places_lock(places);
		if (!removed)
			TAILQ_INSERT_TAIL(&left, running, entry);
	}
	TAILQ_CONCAT(&places->doomed, &left, entry);
	places_unlock(places);
}

/* ---- idle ---------------------------------------------------------------------------------- */

/* One that nobody has used for long; the lock is held. */
static struct running *find_idle(const struct places *places)
{
	uint64_t now = snafu_now_ms(), idle = places->options->settings->instance_idle;
	struct place *place;

	TAILQ_FOREACH(place, &places->all, entry)
	{
		struct running *running = place->running;

		if (running && running->references == 1 && !place->waiting && now - running->used >= idle)
			return running;
	}
	return NULL;
}

static void end_idle(struct places *places)
{
	struct running *running;

	places_lock(places);
	while ((running = find_idle(places))) {
		places_tell(places, "instance-ended", running->tenant, "it was idle");
		places_take_out(places, running);
	}
	places_unlock(places);
}

/* ---- health --------------------------------------------------------------------------------- */

struct running *places_next_to_look(struct places *places)
{
	struct running *found = NULL;
	struct place *place;

	places_lock(places);
	TAILQ_FOREACH(place, &places->all, entry)
	if (!found && place->running && place->running->round != places->round)
		found = place->running;
	if (found) {
		found->round = places->round;
		found->references++;
	}
	places_unlock(places);
	return found;
}

/* Whether it is to be discarded; WORDS say why. */
static bool is_lost(struct running *running, struct snafu_buffer *words)
{
	uint64_t now = snafu_now_ms();

	if (container_answers(&running->container)) {
		running->sick_since = 0;
		return false;
	}
	if (!running->sick_since)
		running->sick_since = now;
	if (container_look(&running->container, words, NULL) == CONTAINER_ENDED)
		return true;
	if (now - running->sick_since < SICK_MS)
		return false;
	snafu_buffer_clear(words);
	snafu_buffer_format(words, "it has not answered for %d s", SICK_MS / 1000);
	return true;
}

static void look_after(struct places *places)
{
	struct snafu_buffer words = SNAFU_BUFFER(WORDS_CAP);
	struct running *running;

	places->round++;
	while (!atomic_load(&places->closing) && (running = places_next_to_look(places))) {
		snafu_buffer_clear(&words);
		if (is_lost(running, &words))
			places_discard(places, running, words.size ? words.data : "it has ended");
		places_lock(places);
		places_let_go(places, running);
		places_unlock(places);
	}
	snafu_buffer_done(&words);
}

void *places_keep_order(void *state)
{
	struct places *places = state;
	uint64_t due = snafu_now_ms() + LOOK_MS;

	while (!atomic_load(&places->closing)) {
		places_lock(places);
		while (!atomic_load(&places->closing) && snafu_now_ms() < due)
			places_wait(places, due);
		places_unlock(places);
		due = snafu_now_ms() + LOOK_MS;
		if (atomic_load(&places->closing))
			break;
		end_idle(places);
		look_after(places);
		places_remove_doomed(places);
	}
	return NULL;
}
