/* runtime/queue/module.h — between the queue's door (queue.c, in every program) and the
 * module that works with its file: private to runtime/.
 *
 * The queue has one thread. What is asked of it comes as items into an inbox; the
 * module, on that thread, takes whatever is there, does it in one transaction, and
 * answers. */
#ifndef SNAFU_RUNTIME_QUEUE_MODULE_H
#define SNAFU_RUNTIME_QUEUE_MODULE_H

#include <pthread.h>
#include <stdatomic.h>

#include "base/error.h"
#include "runtime/queue.h"
#include "runtime/queue/file.h"

#define SNAFU_QUEUE_MODULE_VERSION 1
#define SNAFU_QUEUE_NO_OLDEST      INT64_MAX
#define SNAFU_QUEUE_MODULE_SYMBOL  "snafu_queue_module"

enum snafu_queue_item_kind {
	SNAFU_QUEUE_ITEM_SUBMISSION, /* struct snafu_queue_submission */
	SNAFU_QUEUE_ITEM_ORDER, /* struct snafu_queue_asked */
	SNAFU_QUEUE_ITEM_ENDED, /* the module's: a call has ended */
	SNAFU_QUEUE_ITEM_ERRAND, /* the module's: an errand is done */
};

struct snafu_queue_item {
	struct snafu_queue_item *next;
	enum snafu_queue_item_kind kind;
};

/* A call to be accepted. Owned by whoever has it; snafu_queue_answer() frees it. */
struct snafu_queue_submission {
	struct snafu_queue_item item; /* first */
	struct snafu_call *call; /* whose texts may be gone already */
	const char *function, *tenant, *client_context, *executor; /* copies, never NULL */
	unsigned depth;
};

struct snafu_queue_asked {
	struct snafu_queue_item item; /* first */
	struct snafu_queue_order *order;
};

struct snafu_queue {
	struct snafu_queue_options options;

	pthread_mutex_t lock; /* guards what follows */
	pthread_cond_t wake; /* of the thread: something has changed; monotonic clock */
	pthread_cond_t idle; /* `unanswered` is 0 */
	struct snafu_queue_item *first, *last; /* the inbox */
	size_t unanswered; /* submissions and orders */
	bool started; /* there is a thread */
	bool refusing; /* nothing new is accepted */
	bool closing; /* the thread is to end */
	bool nudged; /* there is something to do that is not in the inbox */
	pthread_t thread;
	int file_lock; /* the thread's: see file.h */

	atomic_bool dispatching; /* calls may be run */

	/* For the metrics. */
	_Atomic uint64_t waiting, running, succeeded, failed, dead, deliveries;
	_Atomic int64_t oldest; /* as snafu_now_ms(): when the oldest unended call came */
	_Atomic uint64_t accepted, retried; /* since the start */
};

/* For the module. Takes all items, first come first; waits for them until UNTIL
 * (snafu_now_ms(); UINT64_MAX: as long as it takes). NULL: time is over, calls may be
 * run now, or the queue is to close. */
struct snafu_queue_item *snafu_queue_take(struct snafu_queue *queue, uint64_t until);
/* The thread is to end, and the inbox is empty. */
bool snafu_queue_closing(struct snafu_queue *queue);

/* Puts an item into the inbox; any thread. */
void snafu_queue_post(struct snafu_queue *queue, struct snafu_queue_item *item);

/* Ends the call of a submission: well when ERROR is NULL. Frees the submission. */
void snafu_queue_answer(struct snafu_queue *queue, struct snafu_queue_submission *submission,
                        const struct snafu_error *error);
/* order->code, ->error and ->reply are filled. Frees ASKED. */
void snafu_queue_answer_order(struct snafu_queue *queue, struct snafu_queue_asked *asked);

/* Whether the lock that the host holds is still the one that others would find. */
bool snafu_queue_file_is_held(const struct snafu_queue *queue);

void snafu_queue_note_counts(struct snafu_queue *queue, const struct snafu_queue_counts *counts);

struct snafu_queue_module {
	unsigned version;
	/* The file is locked and there. */
	int (*open)(struct snafu_queue *queue, void **ret_state, struct snafu_error *error);
	/* Works until the queue is to close. */
	void (*run)(void *state);
	void (*close)(void *state, struct snafu_queue_counts *ret_counts);
};

#endif
