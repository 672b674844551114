/* runtime/queue/runs.c — calls that run: which come next, and what becomes of them when
 * they have ended.
 *
 * That a call runs is in the file before it begins. So a host that finds running calls in
 * its file knows that another one died with them. A call that has been there several
 * times may be the reason: it is run again alone, and given up in the end. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/json.h"
#include "runtime/queue/work.h"

#define REASON_CAP 4096

uint64_t snafu_work_delay(struct snafu_work *work, uint64_t delay, unsigned count, uint64_t cap)
{
	if (cap < delay)
		cap = delay;
	while (count-- > 0 && delay < cap)
		delay *= 2;
	if (delay > cap)
		delay = cap;
	/* xorshift: so that calls that failed together do not come back together. */
	work->random ^= work->random << 13;
	work->random ^= work->random >> 7;
	work->random ^= work->random << 17;
	return delay - delay / 4 + work->random % (delay / 2 + 1);
}

static const struct snafu_settings *settings_of(const struct snafu_work *work,
                                                const struct snafu_stored *call)
{
	const struct snafu_queue_options *options = &work->queue->options;
	const struct snafu_settings *settings =
		options->settings_of(options->state, call->function, call->tenant);

	return settings ? settings : work->settings;
}

/* ---- the end --------------------------------------------------------------------- */

static uint64_t *count_of(struct snafu_work *work, int state)
{
	switch (state) {
	case SNAFU_STORED_WAITING: return &work->counts.waiting;
	case SNAFU_STORED_RUNNING: return &work->counts.running;
	case SNAFU_STORED_SUCCEEDED: return &work->counts.succeeded;
	case SNAFU_STORED_FAILED: return &work->counts.failed;
	default: return &work->counts.dead;
	}
}

static void move_count(struct snafu_work *work, int from, int to)
{
	uint64_t *count = count_of(work, from);

	*count -= *count > 0;
	++*count_of(work, to);
}

/* Writes the state that CALL has come to from FROM, and its result. */
static int write_end(struct snafu_work *work, int from, const struct snafu_ending *ending,
                     struct snafu_error *error)
{
	const struct snafu_stored *call = ending->call;
	bool over = call->state >= SNAFU_STORED_SUCCEEDED;
	int code = over ? snafu_work_deliver(work, ending, error) : 0;

	if (!code && call->state == SNAFU_STORED_SUCCEEDED)
		code = snafu_store_drop_payload(work->store, call->number, error);
	if (!code)
		code =
			snafu_store_set_result(work->store, call->number, ending->result, ending->size, error);
	if (code == -EMSGSIZE)
		code = snafu_store_set_result(work->store, call->number, "null", 4, error);
	if (!code)
		code = snafu_store_update(work->store, call, snafu_work_now(work), snafu_wall_ms(), error);
	if (code)
		return code;
	move_count(work, from, call->state);
	if (call->state == SNAFU_STORED_SUCCEEDED || call->state == SNAFU_STORED_FAILED)
		work->kept += ending->size;
	if (call->state == SNAFU_STORED_DEAD)
		snafu_report(&work->queue->options.reporter, SNAFU_WARNING,
		             "the asynchronous call %s of %s is given up (%s, attempts: %u)", call->id,
		             call->function, ending->condition, call->attempts);
	return 0;
}

/* Whether the caller is at fault, so that another attempt would end the same way. Not where
 * the function is gone: it was there when the call was accepted, and may come back. */
static bool callers_fault(enum snafu_status status)
{
	return status == SNAFU_BAD_ARGUMENTS || status == SNAFU_TOO_LARGE;
}

/* Whether it was not even begun, or was ended by a host that stops. */
static bool refused(enum snafu_status status)
{
	return status == SNAFU_OVER_LIMIT || status == SNAFU_UNAVAILABLE || status == SNAFU_CANCELLED;
}

/* What becomes of CALL: its state, and when it is due if that is waiting. */
static const char *decide(struct snafu_work *work, struct snafu_stored *call,
                          enum snafu_status status, const struct snafu_settings *settings)
{
	uint64_t now = snafu_work_now(work), delay;

	call->interruptions = 0;
	if (status == SNAFU_OK) {
		call->state = SNAFU_STORED_SUCCEEDED;
		return "Success";
	}
	if (callers_fault(status)) {
		call->state = SNAFU_STORED_FAILED;
		return "CallerError";
	}
	if (refused(status)) {
		delay = snafu_work_delay(work, WORK_REFUSAL_DELAY, call->refusals++, WORK_REFUSAL_CAP);
		call->attempts -= call->attempts > 0;
	} else {
		call->refusals = 0;
		call->state = SNAFU_STORED_DEAD;
		if (call->attempts > settings->retries)
			return "RetriesExhausted";
		delay = snafu_work_delay(work, settings->retry_delay, call->attempts - 1, WORK_DELAY_CAP);
	}
	call->state = SNAFU_STORED_DEAD;
	if (now + delay > call->born + settings->maximum_age)
		return "EventAgeExceeded";
	call->state = SNAFU_STORED_WAITING;
	call->due = now + delay;
	if (!refused(status))
		work->queue->retried++;
	return "Retry";
}

static int record(struct snafu_work *work, struct snafu_run *run, struct snafu_error *error)
{
	const struct snafu_result *result = &run->call.result;
	struct snafu_stored after = run->row; /* its texts are borrowed */
	struct snafu_ending ending = {
		.call = &after,
		.settings = settings_of(work, &after),
		.status = result->status,
		.result = result->payload.data ? result->payload.data : "null",
		.size = result->payload.data ? result->payload.size : 4,
	};

	if (run->forgotten)
		return 0;
	ending.condition = decide(work, &after, result->status, ending.settings);
	return write_end(work, SNAFU_STORED_RUNNING, &ending, error);
}

int snafu_work_record(struct snafu_work *work, struct snafu_error *error)
{
	int code = 0;

	for (size_t i = 0; i < work->n_runs && !code; i++)
		if (work->runs[i].phase == RUN_ENDED)
			code = record(work, &work->runs[i], error);
	return code;
}

/* ---- the beginning ----------------------------------------------------------------- */

/* Gives up a call without running it. */
static int give_up(struct snafu_work *work, struct snafu_stored *call, const char *condition,
                   const char *type, const char *reason, struct snafu_error *error)
{
	struct snafu_result result = {.payload = SNAFU_BUFFER(REASON_CAP)};
	struct snafu_stored_bytes last = {0};
	struct snafu_ending ending = {
		.call = call,
		.settings = settings_of(work, call),
		.condition = condition,
		.status = SNAFU_DEADLINE,
	};

	call->state = SNAFU_STORED_DEAD;
	snafu_result_fail(&result, SNAFU_DEADLINE, type, "%s", reason);
	/* What went wrong with it at last tells more. */
	int code = snafu_store_result(work->store, call->number, &last, error);
	ending.result = last.size ? last.bytes : result.payload.data;
	ending.size = last.size ? last.size : result.payload.size;
	if (!code)
		code = write_end(work, SNAFU_STORED_WAITING, &ending, error);
	free(last.bytes);
	snafu_result_done(&result);
	return code;
}

static struct snafu_run *free_run(struct snafu_work *work)
{
	for (size_t i = 0; i < work->n_runs; i++)
		if (work->runs[i].phase == RUN_FREE && !work->runs[i].cancelling)
			return &work->runs[i];
	return NULL;
}

static int pick_one(struct snafu_work *work, int64_t number, struct snafu_error *error)
{
	struct snafu_stored call;
	struct snafu_stored_bytes payload = {0};
	struct snafu_run *run = free_run(work);
	int code = run ? snafu_store_load(work->store, number, &call, error) : 0;

	if (code || !run)
		return code == -ENOENT ? 0 : code;
	const struct snafu_settings *settings = settings_of(work, &call);
	uint64_t now = snafu_work_now(work);
	if (now > call.born + settings->maximum_age)
		code = give_up(work, &call, "EventAgeExceeded", "MaximumAgeExceeded",
		               "the call waited for longer than its maximum age", error);
	else if (call.interruptions >= WORK_INTERRUPTIONS)
		code = give_up(work, &call, "HostDied", "HostDied",
		               "each time that this call ran its host died", error);
	if (code || call.state == SNAFU_STORED_DEAD) {
		snafu_stored_done(&call);
		return code;
	}
	call.state = SNAFU_STORED_RUNNING;
	call.attempts++;
	code = snafu_store_payload(work->store, number, &payload, error);
	if (!code)
		code = snafu_store_update(work->store, &call, 0, 0, error);
	if (code) {
		free(payload.bytes);
		snafu_stored_done(&call);
		return code;
	}
	move_count(work, SNAFU_STORED_WAITING, SNAFU_STORED_RUNNING);
	run->row = call;
	run->call = (struct snafu_call){.payload = payload.bytes, .payload_size = payload.size};
	run->phase = RUN_PICKED;
	run->forgotten = false;
	work->n_free--;
	return 0;
}

static bool suspect_runs(const struct snafu_work *work)
{
	for (size_t i = 0; i < work->n_runs; i++)
		if (work->runs[i].phase != RUN_FREE && work->runs[i].row.interruptions >= WORK_SUSPECT)
			return true;
	return false;
}

/* A suspect runs alone: what runs must end first, and nothing else is picked. */
static int pick_suspect(struct snafu_work *work, bool *ret_alone, struct snafu_error *error)
{
	int64_t number;
	size_t count = 0;
	int code = snafu_store_due(work->store, snafu_work_now(work), WORK_SUSPECT, true, &number, 1,
	                           &count, error);

	*ret_alone = count > 0;
	if (code || !count || work->n_free < work->n_runs)
		return code;
	code = pick_one(work, number, error);
	*ret_alone = suspect_runs(work); /* or it was given up */
	return code;
}

int snafu_work_pick(struct snafu_work *work, struct snafu_error *error)
{
	uint64_t now = snafu_work_now(work);
	bool alone = false;
	int64_t *numbers;
	size_t count;
	int code = 0;

	if (work->n_suspects)
		code = snafu_store_suspects(work->store, WORK_SUSPECT, &work->n_suspects, error);
	if (!code && suspect_runs(work))
		alone = true;
	else if (!code && work->n_suspects)
		code = pick_suspect(work, &alone, error);
	work->blocked = alone;
	if (code || alone || !work->n_free)
		return code;
	numbers = malloc(work->n_free * sizeof *numbers);
	if (!numbers)
		return snafu_fail(error, -ENOMEM, "no memory");
	code = snafu_store_due(work->store, now, WORK_SUSPECT, false, numbers, work->n_free, &count,
	                       error);
	for (size_t i = 0; i < count && !code; i++)
		code = pick_one(work, numbers[i], error);
	free(numbers);
	return code;
}

/* ---- after the transaction ----------------------------------------------------------- */

/* Any thread. */
static void finished(struct snafu_call *call)
{
	struct snafu_run *run = call->state;

	snafu_queue_post(run->work->queue, &run->item);
}

static void begin(struct snafu_work *work, struct snafu_run *run)
{
	const struct snafu_queue_options *options = &work->queue->options;
	const struct snafu_stored *row = &run->row;
	struct snafu_call *call = &run->call;

	run->phase = RUN_GONE;
	run->work = work;
	run->item.kind = SNAFU_QUEUE_ITEM_ENDED;
	/* The functions that called each other up to here count, as if they still waited. */
	run->caller = (struct snafu_context){
		.request_id = "",
		.function = "",
		.tenant = row->tenant,
		.trigger = "",
		.client_context = "",
		.deadline = UINT64_MAX,
		.depth = row->depth ? row->depth - 1 : 0,
	};
	call->function = row->function;
	call->tenant = row->tenant;
	call->client_context = row->client_context;
	call->executor = *row->executor ? row->executor : NULL;
	call->trigger = "queue";
	call->attempt = row->attempts;
	call->caller = row->depth ? &run->caller : NULL;
	call->finished = finished;
	call->state = run;
	memcpy(call->request_id, row->id, sizeof call->request_id);
	options->submit(options->state, call);
}

static void release(struct snafu_work *work, struct snafu_run *run)
{
	snafu_stored_done(&run->row);
	free(run->call.payload);
	snafu_result_done(&run->call.result);
	run->call = (struct snafu_call){.function = NULL};
	run->phase = RUN_FREE;
	work->n_free += !run->cancelling; /* else when that errand is done */
}

void snafu_work_committed(struct snafu_work *work)
{
	for (size_t i = 0; i < work->n_runs; i++) {
		struct snafu_run *run = &work->runs[i];

		if (run->phase == RUN_ENDED) {
			/* The host has no room just now, or stops. */
			if (run->call.result.status == SNAFU_UNAVAILABLE)
				work->pause_until = snafu_now_ms() + WORK_REFUSAL_DELAY;
			release(work, run);
		} else if (run->phase == RUN_PICKED) {
			begin(work, run);
		}
	}
}

void snafu_work_rolled_back(struct snafu_work *work)
{
	for (size_t i = 0; i < work->n_runs; i++)
		if (work->runs[i].phase == RUN_PICKED)
			release(work, &work->runs[i]);
}
