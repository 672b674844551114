/* runtime/queue/sqlite.c — the module queue-sqlite.so: what the queue's thread does.
 *
 * Each turn takes all that has come meanwhile and does it in one transaction: ends of
 * calls, new calls, changes; then it picks the calls that are due. Only after the commit
 * is anybody answered and any call begun. What comes while the disk writes waits for the
 * next turn, so that the busier the queue is the more calls share a commit.
 *
 * Only turns that accept something wait for the disk itself: should the machine lose its
 * power, a call whose end was not yet there is run again. */
#include <errno.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/error.h"
#include "runtime/queue/work.h"

/* ---- the transaction -------------------------------------------------------------- */

static int prune(struct snafu_work *work, struct snafu_error *error)
{
	const struct snafu_settings *settings = work->settings;
	uint64_t now = snafu_work_now(work), kept = work->kept;
	struct snafu_queue_counts unused;
	int code = 0;

	if (snafu_now_ms() < work->prune_at && kept <= settings->result_space)
		return 0;
	if (now > settings->result_retention)
		code = snafu_store_prune(work->store, false, now - settings->result_retention,
		                         WORK_PRUNE_COUNT, &work->counts, &work->kept, error);
	if (!code && now > settings->dead_letter_retention)
		code = snafu_store_prune(work->store, true, now - settings->dead_letter_retention,
		                         WORK_PRUNE_COUNT, &work->counts, &work->kept, error);
	/* `kept` is an upper bound: looked up before anything is thrown away for it. */
	if (!code && work->kept > settings->result_space)
		code = snafu_store_count(work->store, &unused, &work->kept, error);
	while (!code && work->kept > settings->result_space) {
		kept = work->kept;
		code = snafu_store_prune(work->store, false, UINT64_MAX, WORK_PRUNE_COUNT / 10,
		                         &work->counts, &work->kept, error);
		if (work->kept == kept)
			break;
	}
	work->prune_at = snafu_now_ms() + WORK_PRUNE_MS;
	return code;
}

static bool may_pick(const struct snafu_work *work)
{
	return work->queue->dispatching && work->n_free > 0 && snafu_now_ms() >= work->pause_until;
}

/* ALL: else only what has happened is recorded, and nothing new is taken up. */
static int write_all(struct snafu_work *work, bool all, struct snafu_error *error)
{
	bool durable =
		work->settings->asynchronous_sync && (work->submissions.first || work->changes.first);
	struct snafu_queue_counts counts = work->counts;
	uint64_t kept = work->kept;
	int code = snafu_store_begin(work->store, durable, error);

	if (!code)
		code = snafu_work_record(work, error);
	if (!code)
		code = snafu_work_record_deliveries(work, error);
	if (!code && all)
		code = snafu_work_change(work, error);
	if (!code && all)
		code = snafu_work_submit(work, error);
	if (!code && all)
		code = prune(work, error);
	if (!code && all && may_pick(work))
		code = snafu_work_pick(work, error);
	if (!code && snafu_now_ms() - work->clock_noted > 1000)
		code = snafu_work_clock_note(work, error);
	if (!code)
		code = snafu_store_commit(work->store, error);
	if (!code)
		return 0;
	error->code = code;
	snafu_store_rollback(work->store);
	snafu_work_rolled_back(work);
	work->counts = counts;
	work->kept = kept;
	return code;
}

/* Whether there is anything to write. */
static bool has_changed(const struct snafu_work *work)
{
	for (size_t i = 0; i < work->n_runs; i++)
		if (work->runs[i].phase == RUN_ENDED)
			return true;
	return work->submissions.first || work->changes.first || work->done ||
	       snafu_now_ms() >= work->prune_at;
}

static void say_full(struct snafu_work *work, const struct snafu_error *error)
{
	if (!work->said_full)
		snafu_report(&work->queue->options.reporter, SNAFU_WARNING, "%s", error->message);
	work->said_full = true;
}

/* Writes what there is to write, and answers. When new calls do not fit, ends of calls
 * may; what cannot be written is kept, and tried again. */
static void write_turn(struct snafu_work *work)
{
	struct snafu_error error, again;
	int code = write_all(work, true, &error);

	if (!code) {
		if (work->said_full)
			snafu_report(&work->queue->options.reporter, SNAFU_WARNING,
			             "the queue %s can be written to again", work->queue->options.file);
		work->said_full = false;
		work->hold_until = 0;
	} else {
		say_full(work, &error);
		work->hold_until = snafu_now_ms() + WORK_HOLD_MS;
		code = write_all(work, false, &again);
	}
	/* Who is answered finds the metrics as they are. */
	snafu_queue_note_counts(work->queue, &work->counts);
	snafu_work_answer(work, work->hold_until ? &error : NULL);
	if (!code) {
		snafu_work_committed(work);
		snafu_work_forget_done(work);
	}
}

/* ---- the loop ---------------------------------------------------------------------- */

static void sort(struct snafu_work *work, struct snafu_queue_item *items)
{
	struct snafu_queue_item *next;

	for (struct snafu_queue_item *item = items; item; item = next) {
		next = item->next;
		switch (item->kind) {
		case SNAFU_QUEUE_ITEM_SUBMISSION: snafu_items_add(&work->submissions, item); break;
		case SNAFU_QUEUE_ITEM_ORDER: {
			enum snafu_queue_verb verb = ((struct snafu_queue_asked *)item)->order->verb;
			bool question = verb == SNAFU_QUEUE_SHOW || verb == SNAFU_QUEUE_LIST;

			snafu_items_add(question ? &work->questions : &work->changes, item);
			break;
		}
		case SNAFU_QUEUE_ITEM_ENDED: ((struct snafu_run *)item)->phase = RUN_ENDED; break;
		case SNAFU_QUEUE_ITEM_ERRAND:
			snafu_work_errand_done(work, (struct snafu_errand *)item);
			break;
		}
	}
}

/* Looks up when the next call and the next delivery are due. What cannot be read is
 * tried again soon. */
static void look_ahead(struct snafu_work *work)
{
	uint64_t oldest = UINT64_MAX, now = snafu_work_now(work);

	if (snafu_store_next_due(work->store, &work->next_due, NULL))
		work->next_due = now + WORK_HOLD_MS;
	if (snafu_store_next_delivery(work->store, &work->next_delivery, NULL))
		work->next_delivery = now + WORK_HOLD_MS;
	snafu_store_oldest(work->store, &oldest, NULL);
	work->queue->oldest =
		oldest == UINT64_MAX ? SNAFU_QUEUE_NO_OLDEST : (int64_t)oldest - work->clock_offset;
	snafu_queue_note_counts(work->queue, &work->counts);
}

/* A time of the queue's clock as snafu_now_ms(). */
static uint64_t monotonic(const struct snafu_work *work, uint64_t time)
{
	int64_t at = (int64_t)time - work->clock_offset;

	return time == UINT64_MAX ? UINT64_MAX : at < 0 ? 0 : (uint64_t)at;
}

static uint64_t later(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* A suspect that waits to be alone holds up the others only while there are some. */
static bool is_blocked(const struct snafu_work *work)
{
	return work->blocked && work->n_free < work->n_runs;
}

/* When the next turn is needed, if nothing comes. */
static uint64_t next_turn(const struct snafu_work *work)
{
	uint64_t at = UINT64_MAX;

	if (work->queue->dispatching && work->n_free > 0 && !is_blocked(work))
		at = later(monotonic(work, work->next_due), later(work->pause_until, work->hold_until));
	if (work->queue->dispatching && work->n_deliveries < WORK_DELIVERIES_CAP)
		at = earlier(at, monotonic(work, work->next_delivery));
	if (work->counts.succeeded || work->counts.failed || work->counts.dead)
		at = earlier(at, work->prune_at);
	for (size_t i = 0; i < work->n_runs; i++)
		if (work->runs[i].phase == RUN_ENDED)
			at = earlier(at, work->hold_until);
	if (work->done)
		at = earlier(at, work->hold_until);
	return at;
}

static void turn(struct snafu_work *work)
{
	bool due = may_pick(work) && !is_blocked(work) && snafu_work_now(work) >= work->next_due &&
	           snafu_now_ms() >= work->hold_until;

	if (has_changed(work) || due) {
		write_turn(work);
		look_ahead(work);
	}
	if (work->queue->dispatching)
		snafu_work_begin_deliveries(work);
	snafu_work_show(work);
}

static void run(void *state)
{
	struct snafu_work *work = state;

	look_ahead(work);
	do {
		sort(work, snafu_queue_take(work->queue, next_turn(work)));
		turn(work);
	} while (!snafu_queue_closing(work->queue));
}

/* ---- beginning and end -------------------------------------------------------------- */

static void close_work(void *state, struct snafu_queue_counts *ret_counts)
{
	struct snafu_work *work = state;

	snafu_work_join_errands(work);
	sort(work, snafu_queue_take(work->queue, 0));
	turn(work);
	/* Running ones have not ended now only if that could not be written. */
	if (snafu_store_begin(work->store, true, NULL) == 0 &&
	    (snafu_store_recover(work->store, false, NULL) || snafu_work_clock_note(work, NULL) ||
	     snafu_store_commit(work->store, NULL)))
		snafu_store_rollback(work->store);
	if (ret_counts) {
		*ret_counts = work->counts;
		ret_counts->waiting += ret_counts->running;
		ret_counts->running = 0;
	}
	snafu_work_forget_done(work);
	for (size_t i = 0; i < work->n_runs; i++) {
		snafu_stored_done(&work->runs[i].row);
		free(work->runs[i].call.payload);
		snafu_result_done(&work->runs[i].call.result);
	}
	snafu_store_close(work->store);
	free(work->runs);
	free(work);
}

/* Takes up what the last host has left. */
static int recover(struct snafu_work *work, struct snafu_error *error)
{
	int code = snafu_work_clock_open(work, error);

	if (!code)
		code = snafu_store_begin(work->store, true, error);
	if (code)
		return code;
	code = snafu_store_recover(work->store, true, error);
	if (!code)
		code = snafu_work_clock_note(work, error);
	if (!code)
		code = snafu_store_commit(work->store, error);
	if (!code)
		code = snafu_store_count(work->store, &work->counts, &work->kept, error);
	if (!code)
		code = snafu_store_suspects(work->store, WORK_SUSPECT, &work->n_suspects, error);
	if (code)
		snafu_store_rollback(work->store);
	return code;
}

static int open_work(struct snafu_queue *queue, void **ret_state, struct snafu_error *error)
{
	struct snafu_work *work = calloc(1, sizeof *work);

	if (!work)
		return snafu_fail(error, -ENOMEM, "no memory");
	work->queue = queue;
	work->settings = queue->options.settings;
	work->n_runs = work->n_free = work->settings->asynchronous_concurrency;
	work->random = snafu_now_ns() | 1;
	work->prune_at = snafu_now_ms();
	snafu_items_init(&work->submissions);
	snafu_items_init(&work->changes);
	snafu_items_init(&work->questions);
	work->runs = calloc(work->n_runs, sizeof *work->runs);
	int code = work->runs ? snafu_store_open(queue->options.file, &work->store, error)
	                      : snafu_fail(error, -ENOMEM, "no memory");
	if (!code)
		code = recover(work, error);
	if (code) {
		snafu_store_close(work->store);
		free(work->runs);
		free(work);
		return code;
	}
	*ret_state = work;
	return 0;
}

extern const struct snafu_queue_module snafu_queue_module;
const struct snafu_queue_module snafu_queue_module = {
	.version = SNAFU_QUEUE_MODULE_VERSION,
	.open = open_work,
	.run = run,
	.close = close_work,
};
