/* runtime/queue/work.h — what the files of the queue's module share. All of it belongs to
 * the queue's thread, but where it says otherwise. */
#ifndef SNAFU_RUNTIME_QUEUE_WORK_H
#define SNAFU_RUNTIME_QUEUE_WORK_H

#include "runtime/host.h"
#include "runtime/queue/module.h"
#include "runtime/queue/store.h"
#include "runtime/settings/settings.h"

#define WORK_SUSPECT        3 /* interruptions after which a call is run alone */
#define WORK_INTERRUPTIONS  10 /* ...and after which it is given up: it ends its host */
#define WORK_DELAY_CAP      (3600u * 1000) /* ms between two attempts; retry-delay may be more */
#define WORK_REFUSAL_DELAY  100 /* ms before a call is offered again that there was no room for */
#define WORK_REFUSAL_CAP    (30u * 1000) /* ms; doubled up to here */
#define WORK_DELIVERIES_CAP 8 /* deliveries at the same time */
#define WORK_DELIVERY_TRIES 10 /* attempts before a delivery is given up */
#define WORK_ENVELOPE_CAP   (256u << 20) /* bytes */
#define WORK_PRUNE_MS       5000 /* how often old results are looked for */
#define WORK_PRUNE_COUNT    500 /* ...and how many are removed in one transaction */
#define WORK_HOLD_MS        250 /* after the file could not be written to */

enum snafu_run_phase {
	RUN_FREE,
	RUN_PICKED, /* in the transaction that is under way */
	RUN_GONE, /* to the host */
	RUN_ENDED, /* not yet recorded */
};

/* A place for a call that runs. */
struct snafu_run {
	struct snafu_queue_item item; /* first: of its end */
	struct snafu_work *work;
	enum snafu_run_phase phase;
	struct snafu_call call;
	struct snafu_context caller; /* of `call`, for the depth */
	struct snafu_stored row; /* as it is in the file */
	bool forgotten; /* it is not in the file any more */
	bool cancelling; /* an errand is about it */
};

/* What a thread of its own does. */
struct snafu_errand {
	struct snafu_queue_item item; /* first: of its end */
	struct snafu_errand *next; /* among those under way, or done */
	struct snafu_work *work;
	pthread_t thread;
	bool joined;
	struct snafu_run *run; /* to be cancelled; NULL: a delivery */
	struct snafu_stored_delivery delivery;
	int code; /* 0: delivered; -EPERM: it makes no sense to try again */
	struct snafu_error error;
};

/* Items in order. */
struct snafu_items {
	struct snafu_queue_item *first, **end;
	size_t count;
};
void snafu_items_init(struct snafu_items *items);
void snafu_items_add(struct snafu_items *items, struct snafu_queue_item *item);

struct snafu_work {
	struct snafu_queue *queue;
	const struct snafu_settings *settings; /* of the instance */
	struct snafu_store *store;
	int64_t clock_offset; /* queue's clock - snafu_now_ms() */
	uint64_t clock_noted; /* snafu_now_ms() */
	uint64_t random;

	struct snafu_run *runs;
	size_t n_runs, n_free;
	size_t n_suspects; /* waiting calls that may have ended hosts */

	struct snafu_items submissions, changes, questions; /* taken, not yet answered */
	struct snafu_errand *errands; /* under way */
	struct snafu_errand *done; /* deliveries to be recorded */
	size_t n_deliveries; /* under way or done */
	atomic_bool stop; /* errands are to end; any thread reads it */

	struct snafu_queue_counts counts;
	uint64_t kept; /* bytes of results, at most */
	uint64_t prune_at, hold_until; /* snafu_now_ms() */
	uint64_t next_due; /* queue's clock; 0: to be looked up */
	uint64_t next_delivery;
	uint64_t pause_until; /* snafu_now_ms(): the host has no room or stops */
	bool blocked; /* a suspect runs, or waits to be alone: nothing else is picked */
	bool said_moved; /* that the file is not where it was */
	bool said_full; /* the disk's being full was reported */
};

/* The queue's clock, ms: goes on between runs of the host as the machine's clocks say,
 * and neither jumps within a run nor goes back (clock.c). */
int snafu_work_clock_open(struct snafu_work *work, struct snafu_error *error);
int snafu_work_clock_note(struct snafu_work *work, struct snafu_error *error);
uint64_t snafu_work_now(const struct snafu_work *work);

/* Each of these is part of a transaction: what they return is the database's failure, and
 * the caller rolls back. */

/* runs.c */
int snafu_work_pick(struct snafu_work *work, struct snafu_error *error);
int snafu_work_record(struct snafu_work *work, struct snafu_error *error);
/* After the transaction: begins what was picked, frees what was recorded. */
void snafu_work_committed(struct snafu_work *work);
void snafu_work_rolled_back(struct snafu_work *work);

/* orders.c */
int snafu_work_submit(struct snafu_work *work, struct snafu_error *error);
int snafu_work_change(struct snafu_work *work, struct snafu_error *error);
/* Outside of transactions. */
void snafu_work_answer(struct snafu_work *work, const struct snafu_error *failure);
void snafu_work_show(struct snafu_work *work);

/* deliver.c: where a call's end is told. CONDITION as in AWS' records. */
struct snafu_ending {
	const struct snafu_stored *call;
	const struct snafu_settings *settings;
	const char *condition; /* "Success", "RetriesExhausted", "EventAgeExceeded", ... */
	enum snafu_status status;
	const char *result; /* JSON */
	size_t size;
};
int snafu_work_deliver(struct snafu_work *work, const struct snafu_ending *ending,
                       struct snafu_error *error);
int snafu_work_record_deliveries(struct snafu_work *work, struct snafu_error *error);
void snafu_work_forget_done(struct snafu_work *work); /* after the transaction */
void snafu_work_begin_deliveries(struct snafu_work *work);

/* errands.c */
/* Ends in an item in the inbox; the thread then calls snafu_work_errand_done(). */
void snafu_work_cancel(struct snafu_work *work, struct snafu_run *run);
int snafu_work_send(struct snafu_work *work, struct snafu_stored_delivery *delivery);
void snafu_work_errand_done(struct snafu_work *work, struct snafu_errand *errand);
void snafu_work_join_errands(struct snafu_work *work);
/* destinations.c: to "file:PATH" or a URL; on an errand's thread. -EPERM as above. */
int snafu_work_transport(const struct snafu_settings *settings, const char *destination,
                         const char *body, size_t size, const atomic_bool *stop,
                         struct snafu_error *error);
/* Whether the instance's settings let functions have such destinations; -EPERM. Any
 * thread. */
int snafu_work_allows(const struct snafu_settings *settings, const char *destination,
                      struct snafu_error *error);

/* DELAY doubled COUNT times, up to CAP, give or take a quarter. */
uint64_t snafu_work_delay(struct snafu_work *work, uint64_t delay, unsigned count, uint64_t cap);

#endif
