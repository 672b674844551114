/* runtime/instances/crowd_events.c — what processes of a crowd tell: ready, not ready,
 * answered, gone. All on the reactor's thread. */
#include <string.h>

#include "base/clock.h"
#include "runtime/instances/crowd.h"
#include "runtime/instances/zygote.h"
#include "runtime/service.h"
#include "runtime/settings/settings.h"
#include "scanner/function.h"

#define REST_MS        100 /* after the second process that died at once; doubled for each more */
#define REST_CAP_MS    10000
#define AVERAGE_WEIGHT 8 /* a new duration counts for one part in so many */
#define SURPRISE       4 /* ...and for at most so many times what was known: it may be noise */
#define LEAST_NS       1000
#define LOSSES_CAP     8 /* processes in a row that are replaced at once */

/* What was started before there were calls has failed; callers hear for themselves. */
static void warn(const struct snafu_crowd *crowd, const struct snafu_result *why)
{
	struct snafu_buffer line = SNAFU_BUFFER(SNAFU_RESULT_ERROR_CAP);

	if (crowd->last_call || !crowd->service || crowd->station->closing)
		return;
	snafu_result_say_load(why, crowd->function->file, &line);
	snafu_station_warn(crowd->station, "%s", line.data ? line.data : "no memory");
	snafu_buffer_done(&line);
}

static void copy_result(const struct snafu_result *from, struct snafu_job *job)
{
	struct snafu_result *into = &job->result;

	snafu_buffer_clear(&into->payload);
	if (from->status != SNAFU_OK && into->payload.cap < SNAFU_RESULT_ERROR_CAP)
		into->payload.cap = SNAFU_RESULT_ERROR_CAP;
	into->status = from->status;
	if (snafu_buffer_append(&into->payload, from->payload.data, from->payload.size))
		snafu_result_fail(into, from->status, "LoadError", "%s could not be loaded",
		                  job->function->id);
}

/* Ends all calls that wait, with a copy of WHY. */
static void fail_waiting(struct snafu_crowd *crowd, const struct snafu_result *why)
{
	struct snafu_job_queue *queues[] = {&crowd->nested, &crowd->waiting};

	for (size_t i = 0; i < 2; i++)
		while (queues[i]->first) {
			struct snafu_job *job = snafu_job_queue_pop(queues[i]);

			job->started = crowd->last_call ? snafu_now_ns() : 0;
			copy_result(why, job);
			snafu_station_end(crowd->station, job);
		}
}

/* One that was being started will not be there. Those that had counted on it hear why. */
static void start_failed(struct snafu_crowd *crowd, const struct snafu_result *why)
{
	if (!crowd->waiting.first && !crowd->nested.first) {
		if (!crowd->n_live)
			warn(crowd, why);
		return;
	}
	if (!crowd->n_live) {
		fail_waiting(crowd, why);
		return;
	}
	while (crowd->nested.count > crowd->n_starting) {
		struct snafu_job *job = snafu_job_queue_pop(&crowd->nested);

		copy_result(why, job);
		snafu_station_end(crowd->station, job);
	}
}

/* A place among those that start is free. */
static void let_others_start(struct snafu_station *station)
{
	struct snafu_crowd *crowd;

	TAILQ_FOREACH(crowd, &station->crowds, entry)
	if (crowd->awaits_start) {
		crowd->awaits_start = false;
		snafu_crowd_dispatch(crowd);
	}
}

static void no_longer_starting(struct snafu_instance *instance)
{
	struct snafu_crowd *crowd = instance->crowd;

	if (instance->state != SNAFU_INSTANCE_STARTING)
		return;
	crowd->n_starting--;
	if (crowd->executes)
		crowd->station->n_starting--;
	instance->state = SNAFU_INSTANCE_BUSY;
}

void snafu_crowd_ready(struct snafu_instance *instance)
{
	struct snafu_crowd *crowd = instance->crowd;
	struct snafu_job *job = instance->jobs.first;

	crowd->failures = crowd->losses = 0;
	crowd->not_before = 0;
	if (instance->state == SNAFU_INSTANCE_LEAVING)
		return;
	no_longer_starting(instance);
	if (job) { /* it was started for it, or forked ahead and got it early */
		if (job->cold)
			job->result.init_ns = snafu_now_ns() - job->started;
	} else if (instance->in_stock) {
		instance->state = SNAFU_INSTANCE_IDLE;
		snafu_crowd_prefer(instance);
	} else {
		struct snafu_job *next = crowd->nested.first ? crowd->nested.first : crowd->waiting.first;
		if (next) {
			uint64_t since = instance->begun > next->accepted ? instance->begun : next->accepted;
			next->cold = true;
			next->result.init_ns = snafu_now_ns() - since;
		}
		snafu_crowd_put_idle(instance);
		snafu_crowd_dispatch(crowd);
	}
	if (crowd->executes)
		let_others_start(crowd->station);
}

void snafu_crowd_not_ready(struct snafu_instance *instance, const struct snafu_result *why)
{
	struct snafu_crowd *crowd = instance->crowd;

	while (instance->jobs.first) {
		struct snafu_job *job = snafu_job_queue_pop(&instance->jobs);

		copy_result(why, job);
		snafu_station_end(crowd->station, job);
	}
	no_longer_starting(instance);
	snafu_crowd_let_go(instance);
	start_failed(crowd, why);
	if (crowd->executes)
		let_others_start(crowd->station);
}

static void note_duration(struct snafu_crowd *crowd, const struct snafu_job *job)
{
	uint64_t took = job->result.run_ns, known = crowd->run_ns;

	if (took < LEAST_NS)
		took = LEAST_NS;
	if (known && took > known * SURPRISE)
		took = known * SURPRISE;
	crowd->run_ns = known ? (known * (AVERAGE_WEIGHT - 1) + took) / AVERAGE_WEIGHT : took;
}

void snafu_crowd_answered(struct snafu_instance *instance, const struct snafu_job *job)
{
	struct snafu_crowd *crowd = instance->crowd;
	uint64_t most = instance->settings->instance_calls;

	note_duration(crowd, job);
	if (instance->state == SNAFU_INSTANCE_LEAVING) {
		if (!instance->jobs.first)
			snafu_crowd_let_go(instance);
		return;
	}
	if (instance->jobs.first) {
		if (crowd->waiting.first)
			snafu_crowd_dispatch(crowd);
		return;
	}
	if (crowd->station->policy->stock && crowd->service) {
		snafu_crowd_spend(instance);
	} else if (crowd->station->policy->once || (most && instance->sent >= most) ||
	           !snafu_settings_same_process(instance->settings, crowd->settings) ||
	           !crowd->service) {
		snafu_crowd_let_go(instance);
	} else {
		/* Without a rest for the clock: most calls find nobody waiting. */
		snafu_crowd_put_idle(instance);
	}
	if (crowd->nested.first || crowd->waiting.first)
		snafu_crowd_dispatch(crowd);
}

static void rest(struct snafu_crowd *crowd)
{
	uint64_t time = REST_MS;

	if (++crowd->failures < 2)
		return;
	for (unsigned i = 2; i < crowd->failures && time < REST_CAP_MS; i++)
		time *= 2;
	crowd->not_before = snafu_now_ms() + (time < REST_CAP_MS ? time : REST_CAP_MS);
}

/* The calls that it had. The first one was running, unless it was LOST, and is not repeated. */
static void end_calls(struct snafu_instance *instance, bool starting, bool lost)
{
	struct snafu_crowd *crowd = instance->crowd;
	struct snafu_job *job = instance->jobs.first;
	struct snafu_job_queue back = {0};

	if (!job)
		return;
	if (!lost) {
		snafu_job_queue_pop(&instance->jobs);
		snafu_instance_obituary(instance, starting, &job->result);
		snafu_station_end(crowd->station, job);
	}
	while (instance->jobs.first)
		snafu_job_queue_prepend(&back, snafu_job_queue_pop(&instance->jobs));
	while (back.first)
		snafu_crowd_admit_again(crowd, snafu_job_queue_pop(&back));
}

/* The calls that counted on a process which cannot be started. */
static void fail_nested(struct snafu_crowd *crowd)
{
	struct snafu_job_queue missed = {0};

	while (crowd->nested.count > crowd->n_starting)
		snafu_job_queue_append(&missed, snafu_job_queue_pop(&crowd->nested));
	while (missed.first) {
		struct snafu_job *job = snafu_job_queue_pop(&missed);

		snafu_result_fail(&job->result, SNAFU_DIED, "ProcessDied",
		                  "%s: the process that was being started for this call has ended",
		                  crowd->function->id);
		snafu_station_end(crowd->station, job);
	}
}

static void start_has_failed(struct snafu_instance *instance)
{
	struct snafu_result why = {.payload = SNAFU_BUFFER(SNAFU_RESULT_ERROR_CAP)};

	rest(instance->crowd);
	snafu_instance_obituary(instance, true, &why);
	start_failed(instance->crowd, &why);
	snafu_result_done(&why);
}

void snafu_crowd_gone(struct snafu_instance *instance)
{
	struct snafu_crowd *crowd = instance->crowd;
	struct snafu_station *station = crowd->station;
	bool wanted = instance->state != SNAFU_INSTANCE_LEAVING;
	bool starting = wanted && !instance->ready;
	bool lost = starting && !station->closing && crowd->service && crowd->losses < LOSSES_CAP &&
	            snafu_process_was_lost(&instance->process); /* and its calls had not begun */

	no_longer_starting(instance);
	snafu_crowd_let_go(instance);
	if (wanted)
		crowd->deaths++;
	if (lost)
		crowd->losses++;
	end_calls(instance, starting, lost);
	bool failed = starting && !lost && !station->closing && !instance->interrupted;
	if (failed)
		start_has_failed(instance);
	TAILQ_REMOVE(&crowd->members, instance, entry);
	crowd->n_members--;
	if (!crowd->service) {
		snafu_reactor_set_timer(station->options->reactor, &station->later, snafu_now_ms());
	} else if (!station->closing) {
		snafu_crowd_dispatch(crowd);
		if (failed)
			fail_nested(crowd);
		snafu_crowd_replace(crowd);
	}
	if (starting && crowd->executes)
		let_others_start(station);
}

/* ---- the function's zygote -------------------------------------------------------- */

void snafu_crowd_zygote_ready(struct snafu_crowd *crowd, struct snafu_zygote *zygote,
                              const struct snafu_result *result)
{
	struct snafu_instance *instance, *next;

	(void)zygote;
	if (result->status == SNAFU_OK) {
		crowd->failures = 0;
		snafu_crowd_refill_later(crowd);
		return;
	}
	bool somebody = crowd->waiting.first || crowd->nested.first;
	for (instance = TAILQ_FIRST(&crowd->members); instance; instance = next) {
		next = TAILQ_NEXT(instance, entry);
		somebody |= instance->jobs.first != NULL;
		if (!instance->ready)
			snafu_crowd_not_ready(instance, result);
	}
	if (!somebody)
		warn(crowd, result);
	fail_waiting(crowd, result);
	snafu_crowd_drop_zygote(crowd);
}

void snafu_crowd_zygote_gone(struct snafu_crowd *crowd, struct snafu_zygote *zygote)
{
	if (crowd->zygote != zygote)
		return;
	crowd->zygote = NULL;
	if (!zygote->ready && !snafu_process_was_lost(&zygote->process))
		rest(crowd);
}
