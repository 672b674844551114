/* runtime/queue/orders.c — what is asked of the queue: new calls, looks at calls, and
 * changes of them. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/error.h"
#include "runtime/queue/work.h"

#define DEFAULT_LIMIT 100

void snafu_items_init(struct snafu_items *items)
{
	*items = (struct snafu_items){.first = NULL};
	items->end = &items->first;
}

void snafu_items_add(struct snafu_items *items, struct snafu_queue_item *item)
{
	item->next = NULL;
	*items->end = item;
	items->end = &item->next;
	items->count++;
}

static struct snafu_queue_order *order_of(struct snafu_queue_item *item)
{
	return ((struct snafu_queue_asked *)item)->order;
}

/* ---- new calls --------------------------------------------------------------------- */

/* Nothing is accepted into a file that the next host will not find. */
static int check_place(struct snafu_work *work, struct snafu_error *error)
{
	if (!snafu_store_has_moved(work->store) && snafu_queue_file_is_held(work->queue)) {
		work->said_moved = false;
		return 0;
	}
	int code =
		snafu_fail(error, -ESTALE,
	               "the queue %s or its .lock was moved or removed while this host works "
	               "with it, so no asynchronous call is accepted: put it back, or start this "
	               "host again",
	               work->queue->options.file);
	if (!work->said_moved)
		snafu_report(&work->queue->options.reporter, SNAFU_WARNING, "%s", error->message);
	work->said_moved = true;
	return code;
}

/* 0, or why this one is not accepted; what is wrong with the database, too. */
static int insert(struct snafu_work *work, const struct snafu_queue_submission *submission,
                  uint64_t used, struct snafu_error *error)
{
	const struct snafu_settings *settings = work->settings;
	const struct snafu_call *call = submission->call;
	uint64_t now = snafu_work_now(work);
	struct snafu_stored row = {
		.function = submission->function,
		.tenant = submission->tenant,
		.client_context = submission->client_context,
		.executor = submission->executor,
		.depth = submission->depth,
		.born = now,
		.due = now,
		.accepted = snafu_wall_ms(),
	};

	memcpy(row.id, call->request_id, sizeof row.id);
	if (work->counts.waiting >= settings->asynchronous_length)
		return snafu_fail(error, -EAGAIN,
		                  "%" PRIu64 " asynchronous calls are waiting already; try again later",
		                  work->counts.waiting);
	if (used + call->payload_size > settings->asynchronous_space)
		return snafu_fail(error, -EDQUOT,
		                  "the queue of asynchronous calls has reached its size ([asynchronous] "
		                  "space); try again later");
	return snafu_store_insert(work->store, &row, call->payload, call->payload_size, error);
}

/* What is wrong with one call, and not with the database. */
static bool own_fault(int code)
{
	return code == -EAGAIN || code == -EDQUOT || code == -EEXIST || code == -EMSGSIZE ||
	       code == -ESTALE;
}

int snafu_work_submit(struct snafu_work *work, struct snafu_error *error)
{
	struct snafu_queue_item *item = work->submissions.first, *next;
	struct snafu_items accepted;
	uint64_t used = 0;
	int code = item ? snafu_store_used(work->store, &used, error) : 0;
	struct snafu_error moved;

	if (code || !item)
		return code;
	bool in_place = check_place(work, &moved) == 0;
	snafu_items_init(&accepted);
	for (; item && !code; item = next) {
		struct snafu_queue_submission *submission = (struct snafu_queue_submission *)item;
		size_t size = submission->call->payload_size;

		next = item->next;
		if (!in_place)
			*error = moved;
		code = in_place ? insert(work, submission, used, error) : -ESTALE;
		if (own_fault(code)) {
			error->code = code;
			snafu_queue_answer(work->queue, submission, error);
			code = 0;
			continue;
		}
		snafu_items_add(&accepted, item);
		used += size;
		work->counts.waiting += !code;
	}
	for (; item; item = next) {
		next = item->next;
		snafu_items_add(&accepted, item);
	}
	work->submissions = accepted;
	if (!accepted.first)
		work->submissions.end = &work->submissions.first;
	if (!code && accepted.first)
		work->next_due = 0;
	return code;
}

/* ---- changes ------------------------------------------------------------------------ */

static void answer_state(struct snafu_queue_order *order, const char *state)
{
	snafu_buffer_format(&order->reply, "{\"id\": \"%s\", \"state\": \"%s\"}\n", order->id, state);
}

static int redrive_all(struct snafu_work *work, struct snafu_queue_order *order,
                       struct snafu_error *error)
{
	uint64_t count = 0;
	int code = snafu_store_redrive(work->store, order->function, order->tenant,
	                               snafu_work_now(work), &count, error);

	if (code)
		return code;
	work->counts.dead -= count < work->counts.dead ? count : work->counts.dead;
	work->counts.waiting += count;
	snafu_buffer_format(&order->reply, "{\"redriven\": %" PRIu64 "}\n", count);
	return 0;
}

static int redrive(struct snafu_work *work, struct snafu_queue_order *order,
                   struct snafu_stored *call, struct snafu_error *error)
{
	uint64_t *count = call->state == SNAFU_STORED_DEAD ? &work->counts.dead : &work->counts.failed;

	if (call->state != SNAFU_STORED_DEAD && call->state != SNAFU_STORED_FAILED) {
		order->code = snafu_fail(&order->error, -EBUSY,
		                         "the call is %s: only those that are dead or failed are redriven",
		                         snafu_stored_state_name(call->state));
		return 0;
	}
	call->state = SNAFU_STORED_WAITING;
	call->attempts = call->refusals = call->interruptions = 0;
	call->born = call->due = snafu_work_now(work);
	int code = snafu_store_update(work->store, call, 0, 0, error);
	if (code)
		return code;
	*count -= *count > 0;
	work->counts.waiting++;
	answer_state(order, "waiting");
	return 0;
}

static int forget(struct snafu_work *work, const struct snafu_stored *call,
                  struct snafu_error *error)
{
	uint64_t *counts[] = {&work->counts.waiting, &work->counts.running, &work->counts.succeeded,
	                      &work->counts.failed, &work->counts.dead};
	int code = snafu_store_remove(work->store, call->number, error);

	if (!code && snafu_stored_state_name(call->state))
		*counts[call->state] -= *counts[call->state] > 0;
	return code;
}

/* The call that an order is about; another tenant's is not there. */
static int load(struct snafu_work *work, struct snafu_queue_order *order, int64_t number,
                struct snafu_stored *ret_call)
{
	int code = snafu_store_load(work->store, number, ret_call, &order->error);

	if (code || !order->tenant || strcmp(order->tenant, ret_call->tenant) == 0)
		return code;
	snafu_stored_done(ret_call);
	return snafu_fail(&order->error, -ENOENT, "there is no call %.60s", order->id);
}

static int change(struct snafu_work *work, struct snafu_queue_order *order,
                  struct snafu_error *error)
{
	struct snafu_stored call;
	int64_t number;

	if (order->verb == SNAFU_QUEUE_REDRIVE && !order->id)
		return redrive_all(work, order, error);
	int code = snafu_store_find(work->store, order->id, &number, &order->error);
	if (!code)
		code = load(work, order, number, &call);
	if (code == -ENOENT) {
		order->code = code;
		return 0;
	}
	if (code) {
		*error = order->error;
		return code;
	}
	if (order->verb == SNAFU_QUEUE_REDRIVE)
		code = redrive(work, order, &call, error);
	else
		code = forget(work, &call, error);
	snafu_stored_done(&call);
	return code;
}

int snafu_work_change(struct snafu_work *work, struct snafu_error *error)
{
	int code = 0;

	for (struct snafu_queue_item *item = work->changes.first; item && !code; item = item->next) {
		struct snafu_queue_order *order = order_of(item);

		order->code = 0;
		snafu_buffer_clear(&order->reply);
		code = change(work, order, error);
		work->next_due = 0;
	}
	return code;
}

/* The call that was forgotten may run: its end is not noted, and it is asked to stop. The
 * row is gone, so the running ones are looked through by id. */
static void stop_forgotten(struct snafu_work *work, const char *id)
{
	for (size_t i = 0; i < work->n_runs; i++) {
		struct snafu_run *run = &work->runs[i];

		if (run->phase != RUN_GONE && run->phase != RUN_ENDED)
			continue;
		if (run->forgotten || strcmp(run->row.id, id) != 0)
			continue;
		run->forgotten = true;
		if (run->phase == RUN_GONE)
			snafu_work_cancel(work, run);
	}
}

void snafu_work_answer(struct snafu_work *work, const struct snafu_error *failure)
{
	struct snafu_queue_item *item, *next;

	if (!failure)
		work->queue->accepted += work->submissions.count;
	for (item = work->submissions.first; item; item = next) {
		next = item->next;
		snafu_queue_answer(work->queue, (struct snafu_queue_submission *)item, failure);
	}
	for (item = work->changes.first; item; item = next) {
		struct snafu_queue_order *order = order_of(item);

		next = item->next;
		if (failure) {
			order->error = *failure;
			order->code = failure->code == -EBUSY ? -EAGAIN : failure->code;
		} else if (order->verb == SNAFU_QUEUE_FORGET && !order->code) {
			stop_forgotten(work, order->id);
		}
		snafu_queue_answer_order(work->queue, (struct snafu_queue_asked *)item);
	}
	snafu_items_init(&work->submissions);
	snafu_items_init(&work->changes);
}

/* ---- questions ----------------------------------------------------------------------- */

static int show(struct snafu_work *work, struct snafu_queue_order *order)
{
	struct snafu_stored call;
	int64_t number;
	int code = snafu_store_find(work->store, order->id, &number, &order->error);

	if (!code)
		code = load(work, order, number, &call);
	if (code)
		return code;
	uint64_t now = snafu_work_now(work);
	if (call.state == SNAFU_STORED_RUNNING)
		order->retry_after = 1;
	else if (call.state == SNAFU_STORED_WAITING)
		order->retry_after = call.due > now ? (unsigned)((call.due - now + 999) / 1000) : 1;
	snafu_stored_done(&call);
	return snafu_store_show(work->store, number, now, &order->reply, &order->error);
}

static int list(struct snafu_work *work, struct snafu_queue_order *order)
{
	const struct snafu_store_query query = {
		.state = order->state_name ? snafu_stored_state_find(order->state_name) : -1,
		.function = order->function,
		.tenant = order->tenant,
		.before = (int64_t)order->before,
		.limit = (size_t)(order->limit ? order->limit : DEFAULT_LIMIT),
	};

	if (order->state_name && query.state < 0)
		return snafu_fail(&order->error, -EINVAL,
		                  "state is waiting, running, succeeded, failed or dead, not '%.40s'",
		                  order->state_name);
	if (query.limit > SNAFU_QUEUE_LIST_CAP || order->before > INT64_MAX)
		return snafu_fail(&order->error, -EINVAL, "limit is at most %d", SNAFU_QUEUE_LIST_CAP);
	return snafu_store_list(work->store, &query, snafu_work_now(work), &order->reply,
	                        &order->error);
}

void snafu_work_show(struct snafu_work *work)
{
	struct snafu_queue_item *item, *next;

	for (item = work->questions.first; item; item = next) {
		struct snafu_queue_order *order = order_of(item);

		next = item->next;
		order->code = order->verb == SNAFU_QUEUE_SHOW ? show(work, order) : list(work, order);
		if (order->code)
			snafu_buffer_done(&order->reply);
		snafu_queue_answer_order(work->queue, (struct snafu_queue_asked *)item);
	}
	snafu_items_init(&work->questions);
}
