/* runtime/host_calls.c — a call on its way: found in the pool, admitted, run by its
 * executor, ended exactly once. */
#include <errno.h>
#include <poll.h>
#include <semaphore.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/json.h"
#include "runtime/away.h"
#include "runtime/crew.h"
#include "runtime/host_state.h"
#include "runtime/job.h"
#include "runtime/records/events.h"
#include "runtime/records/metrics.h"
#include "runtime/reactor.h"
#include "runtime/service.h"

#define AVERAGE_WEIGHT 8 /* a new duration counts for one part in so many */

/* ---- the end ------------------------------------------------------------------- */

/* Ends the job's call with RESULT unless somebody else was first. */
static void end_job(struct snafu_host *host, struct snafu_job *job, struct snafu_result *result)
{
	if (!snafu_job_claim(job))
		return;
	snafu_host_record(host, job, result);
	snafu_job_deliver(job, result);
}

/* Nobody waits longer for JOB. */
static void fail_late(const struct snafu_job *job, bool loading, struct snafu_result *result)
{
	uint64_t accepted = job->accepted / 1000000u;
	double seconds = (double)(job->deadline > accepted ? job->deadline - accepted : 0) / 1000;
	bool less = job->deadline < accepted + job->settings->call_timeout;

	if (loading)
		snafu_result_fail(result, SNAFU_DEADLINE, "DeadlineExceeded",
		                  "%s is still being compiled or loaded after %.3g s, and goes on: "
		                  "call it again later",
		                  job->function->file, seconds);
	else if (less)
		snafu_result_fail(result, SNAFU_DEADLINE, "DeadlineExceeded",
		                  "%s did not end within the %.3g s that its caller had left for it",
		                  job->function->id, seconds);
	else
		snafu_result_fail(result, SNAFU_DEADLINE, "DeadlineExceeded",
		                  "%s did not end within the call timeout of %.3g s", job->function->id,
		                  seconds);
}

/* A call that fails when its time is over has most likely failed for that reason: so have the
 * calls that it waited for, whose time was over then as well. */
static void end_late(struct snafu_job *job)
{
	if (job->result.status == SNAFU_RAISED && snafu_now_ms() >= job->deadline)
		fail_late(job, false, &job->result);
}

/* JOB is under way no more. */
static void leave(const struct snafu_job *job)
{
	atomic_fetch_sub_explicit(&job->service->running, 1, memory_order_relaxed);
	if (job->tenant_running)
		atomic_fetch_sub_explicit(job->tenant_running, 1, memory_order_relaxed);
}

/* The function has let go of the job. */
static void note_duration(struct snafu_job *job)
{
	struct snafu_service *service = job->service;
	uint64_t started = job->started ? job->started : job->accepted;
	int64_t took_us = (int64_t)((snafu_now_ns() - started) / 1000);
	int64_t average = service->average_us;

	average = average ? average + (took_us - average) / AVERAGE_WEIGHT : took_us;
	service->average_us = average < 1 ? 1 : average > UINT32_MAX ? UINT32_MAX : (uint32_t)average;
	leave(job);
}

/* Runs a job on this thread. */
static void run(struct snafu_job *job)
{
	job->started = snafu_now_ns();
	job->executor->run(job->executor_state, job);
	uint64_t took = snafu_now_ns() - job->started;
	if (!job->result.run_ns && took > job->result.init_ns)
		job->result.run_ns = took - job->result.init_ns;
	end_late(job);
	note_duration(job);
	if (job->language && job->language->parallel)
		job->service->parallel = true;
}

/* Runs a job on this thread and ends it. */
void snafu_host_run_job(void *state, struct snafu_job *job)
{
	run(job);
	end_job(state, job, &job->result);
}

/* An executor has ended a job that it had begun. */
static void job_ended(void *state, struct snafu_job *job)
{
	struct snafu_host *host = state;

	snafu_away_remove(host->away, job);
	end_late(job);
	note_duration(job);
	end_job(host, job, &job->result);
	snafu_job_free(job);
}

static void give_up(struct snafu_host *host, struct snafu_job *job, int status, bool loading)
{
	struct snafu_result result = {.payload = SNAFU_BUFFER(job->settings->result_size)};

	if (status == SNAFU_DEADLINE)
		fail_late(job, loading, &result);
	else if (status == SNAFU_CANCELLED)
		snafu_result_fail(&result, SNAFU_CANCELLED, "Cancelled", "%s was cancelled",
		                  job->function->id);
	else
		snafu_result_fail(&result, SNAFU_UNAVAILABLE, "Unavailable",
		                  "the host stopped before %s had ended", job->function->id);
	end_job(host, job, &result);
	snafu_result_done(&result);
}

void snafu_host_give_up_running(void *state, struct snafu_job *job, int status, int running)
{
	give_up(state, job, status, running && !atomic_load(&job->loaded));
	if (running)
		job->executor->interrupt(job->executor_state, job);
	else
		leave(job);
}

void snafu_host_give_up_away(void *state, struct snafu_job *job, int status)
{
	/* The thread that runs it says how it ends; at the host's end it is left alone. */
	if (!job->is_inner)
		give_up(state, job, status, false);
	if (!job->is_inner || status == SNAFU_DEADLINE)
		job->executor->interrupt(job->executor_state, job);
}

/* ---- the beginning --------------------------------------------------------------- */

/* A function calls on behalf of whoever has called it. */
static const char *tenant_of(const struct snafu_call *call)
{
	return call->tenant ? call->tenant : call->caller ? call->caller->tenant : NULL;
}

/* Finds the function; fills the job's result when it cannot be called. */
static int find(struct snafu_host *host, struct snafu_job *job, const struct snafu_call *call)
{
	struct snafu_result *result = &job->result;
	struct snafu_error error;
	int code = snafu_host_find(host, call->function, &job->service, &error);

	if (code) {
		snafu_result_fail(result, SNAFU_UNKNOWN_FUNCTION, "UnknownFunction", "%s", error.message);
		return code;
	}
	job->function = job->service->function;
	if (job->function->reason) {
		snafu_result_fail(result, SNAFU_UNKNOWN_FUNCTION, "NotCallable", "%s cannot be called: %s",
		                  job->function->id, job->function->reason);
		return -ENOEXEC;
	}
	job->settings =
		snafu_host_settings_of(host, job->service, tenant_of(call), &job->tenant_running);
	if (!snafu_host_opens(job->settings, call->trigger, job->function, &error)) {
		snafu_result_fail(result, SNAFU_UNKNOWN_FUNCTION, "NotOffered", "%s", error.message);
		return -EPERM;
	}
	job->result.payload.cap = job->settings->result_size;
	job->result.log.cap = job->settings->log_size;
	return 0;
}

/* Finds where the job is to run. */
static int find_executor(struct snafu_host *host, struct snafu_job *job, const char *wanted)
{
	const struct snafu_open_executor *open;
	struct snafu_error error;
	int code;

	if (wanted && *wanted) {
		code = snafu_host_wanted_executor(host, wanted, job->service, &open, &error);
	} else {
		code = snafu_host_executor(host, job->settings->executor, &open, &error);
		if (!code)
			code = snafu_host_executor_takes(open, job->service, &error);
	}
	if (code) {
		snafu_result_fail(&job->result, wanted && *wanted ? SNAFU_BAD_ARGUMENTS : SNAFU_LOAD_FAILED,
		                  "ExecutorError", "%s", error.message);
		return code;
	}
	job->executor = open->executor;
	job->executor_state = open->state;
	return 0;
}

static int fail_busy(struct snafu_job *job, unsigned running, const char *whose)
{
	snafu_result_fail(&job->result, SNAFU_OVER_LIMIT, "TooManyCalls",
	                  "%u calls of %s are under way already%s ([limits] concurrency); try again "
	                  "later",
	                  running, job->function->id, whose);
	return -EBUSY;
}

/* Keeps to the limits that hold before anything runs. A function's concurrency is that of all
 * its callers; a tenant's is that of its own calls. */
static int admit(struct snafu_job *job, const struct snafu_context *caller)
{
	const struct snafu_settings *settings = job->settings;
	const struct snafu_settings *plain = atomic_load(&job->service->settings);
	unsigned running = atomic_fetch_add_explicit(&job->service->running, 1, memory_order_relaxed);
	unsigned own = job->tenant_running
	                   ? atomic_fetch_add_explicit(job->tenant_running, 1, memory_order_relaxed)
	                   : 0;
	int code = 0;

	if (job->payload_size > settings->payload_size) {
		snafu_result_fail(&job->result, SNAFU_TOO_LARGE, "PayloadTooLarge",
		                  "the arguments take %zu bytes, the limit is %zu ([limits] payload-size)",
		                  job->payload_size, (size_t)settings->payload_size);
		code = -EMSGSIZE;
	} else if (plain->concurrency && running >= plain->concurrency) {
		code = fail_busy(job, running, "");
	} else if (job->tenant_running && settings->concurrency && own >= settings->concurrency) {
		code = fail_busy(job, own, " for this tenant");
	} else if (caller && caller->depth + 1 > settings->call_depth) {
		snafu_result_fail(&job->result, SNAFU_OVER_LIMIT, "CallDepthExceeded",
		                  "functions call functions %u deep already ([limits] call-depth)",
		                  caller->depth);
		code = -EBUSY;
	}
	if (code)
		leave(job);
	return code;
}

/* Copies TEXT to *AT and moves on; "" for NULL. */
static const char *keep_text(char **at, const char *text)
{
	size_t size = text ? strlen(text) : 0;
	char *copy = *at;

	memcpy(copy, text ? text : "", size + 1);
	*at += size + 1;
	return copy;
}

static size_t text_size(const char *text)
{
	return text ? strlen(text) + 1 : 1;
}

/* What the function may know about its call. */
static int describe(struct snafu_job *job, const struct snafu_call *call)
{
	const struct snafu_context *caller = call->caller;
	const char *tenant = tenant_of(call);
	bool plain = !(tenant && *tenant) && !(call->client_context && *call->client_context);
	char *at = NULL;

	if (!plain || call->trigger) {
		at = job->texts =
			malloc(text_size(tenant) + text_size(call->client_context) + text_size(call->trigger));
		if (!at)
			return -ENOMEM;
	}
	memcpy(job->request_id, call->request_id, sizeof job->request_id);
	job->context = (struct snafu_context){
		.request_id = job->request_id,
		.function = job->function->id,
		.tenant = at ? keep_text(&at, tenant) : "",
		.trigger = at ? keep_text(&at, call->trigger) : "",
		.client_context = at ? keep_text(&at, call->client_context) : "",
		.memory = job->settings->memory,
		.depth = caller ? caller->depth + 1 : 0,
	};
	job->deadline = job->accepted / 1000000u + job->settings->call_timeout;
	if (call->deadline && call->deadline < job->deadline)
		job->deadline = call->deadline;
	if (caller && caller->deadline < job->deadline)
		job->deadline = caller->deadline;
	job->context.deadline = job->deadline;
	return 0;
}

static void end_early(struct snafu_host *host, struct snafu_job *job)
{
	end_job(host, job, &job->result);
	snafu_job_free(job);
}

/* Makes the job of a call, or ends the call at once and returns NULL. */
static struct snafu_job *make_job(struct snafu_host *host, struct snafu_call *call)
{
	struct snafu_job *job = calloc(1, sizeof *job), none = {0};

	if (!call->request_id[0])
		snafu_request_id(call->request_id);
	snafu_metrics_begin(host->metrics);
	if (!job)
		job = &none;
	job->call = call;
	job->accepted = snafu_now_ns();
	job->attempt = call->attempt ? call->attempt : 1;
	job->payload = call->payload;
	job->payload_size = call->payload_size;
	job->result.payload = SNAFU_BUFFER(host->settings.result_size);
	call->payload = NULL;
	if (job == &none) {
		snafu_result_fail(&none.result, SNAFU_INTERNAL, "OutOfMemory", "no memory for the call");
		free(none.payload);
		end_job(host, &none, &none.result);
		return NULL;
	}
	job->ended = job_ended;
	job->ended_state = host;
	if (find(host, job, call) || find_executor(host, job, call->executor)) {
		end_early(host, job);
		return NULL;
	}
	if (describe(job, call)) {
		snafu_result_fail(&job->result, SNAFU_INTERNAL, "OutOfMemory", "no memory for the call");
		end_early(host, job);
		return NULL;
	}
	if (admit(job, call->caller)) {
		end_early(host, job);
		return NULL;
	}
	job->expected_us = job->service->average_us;
	job->parallel = job->service->parallel;
	if (snafu_events_wanted(host))
		snafu_event(host, &(struct snafu_event){
							  .event = "call-accepted",
							  .request_id = job->request_id,
							  .function = job->function->id,
							  .executor = job->executor->name,
							  .detail = job->context.trigger,
						  });
	return job;
}

/* Hands the job to an executor that sends it away. */
static void begin_job(struct snafu_host *host, struct snafu_job *job)
{
	snafu_away_add(host->away, job);
	job->executor->begin(job->executor_state, job);
}

/* ---- waiting for one's own call --------------------------------------------------- */

/* Stands in for the door while snafu_host_call() waits. */
struct waiter {
	struct snafu_call *call;
	void (*finished)(struct snafu_call *call);
	void *state;
	sem_t over;
};

static void note_finished(struct snafu_call *call)
{
	struct waiter *waiter = call->state;

	call->finished = waiter->finished;
	call->state = waiter->state;
	if (call->finished)
		call->finished(call);
	sem_post(&waiter->over);
}

/* Without a crew at work, whoever waits runs the reactor. */
static void wait_and_react(struct snafu_host *host, struct waiter *waiter)
{
	struct pollfd due = {.fd = snafu_reactor_fd(host->reactor), .events = POLLIN};

	while (sem_trywait(&waiter->over)) {
		poll(&due, 1, snafu_reactor_timeout(host->reactor, 10));
		snafu_reactor_run(host->reactor);
	}
}

/* JOB NULL: into the queue. */
static void begin_and_wait(struct snafu_host *host, struct snafu_call *call, struct snafu_job *job)
{
	struct waiter waiter = {.call = call, .finished = call->finished, .state = call->state};

	sem_init(&waiter.over, 0, 0);
	call->finished = note_finished;
	call->state = &waiter;
	if (job)
		begin_job(host, job);
	else
		snafu_host_queue_call(host, call);
	if (snafu_crew_step_aside(host->crew))
		while (sem_wait(&waiter.over) && errno == EINTR)
			;
	else
		wait_and_react(host, &waiter);
	sem_destroy(&waiter.over);
}

/* A function waits for JOB, which runs on the function's thread. Nobody can answer for it, but
 * it is interrupted when its time is over, which may be before that of whoever called. */
static void run_inner(struct snafu_host *host, struct snafu_job *job)
{
	job->is_inner = true;
	snafu_away_add(host->away, job);
	run(job);
	if (snafu_away_leave(host->away, job) && snafu_now_ms() >= job->deadline)
		fail_late(job, false, &job->result);
	end_job(host, job, &job->result);
}

void snafu_host_call(struct snafu_host *host, struct snafu_call *call)
{
	if (call->asynchronous) {
		begin_and_wait(host, call, NULL);
		return;
	}
	struct snafu_job *job = make_job(host, call);
	if (!job)
		return;
	if (job->executor->begin) {
		begin_and_wait(host, call, job);
		return;
	}
	if (job->context.depth)
		run_inner(host, job);
	else
		snafu_host_run_job(host, job);
	snafu_job_free(job);
}

void snafu_host_submit(struct snafu_host *host, struct snafu_call *call)
{
	if (call->asynchronous) {
		snafu_host_queue_call(host, call);
		return;
	}
	struct snafu_job *job = make_job(host, call);

	if (job && job->executor->begin) {
		begin_job(host, job);
		return;
	}
	int code = job ? snafu_crew_queue(host->crew, job) : 0;
	if (!code)
		return;
	leave(job);
	if (code == -EBUSY)
		snafu_result_fail(&job->result, SNAFU_OVER_LIMIT, "TooManyCalls",
		                  "%zu calls are waiting already ([limits] queue-length); try again later",
		                  (size_t)host->settings.queue_length);
	else
		snafu_result_fail(&job->result, SNAFU_UNAVAILABLE, "Unavailable", "the host is stopping");
	end_early(host, job);
}

bool snafu_host_cancel(struct snafu_host *host, const struct snafu_call *call)
{
	return snafu_away_cancel(host->away, call) == 0 || snafu_crew_cancel(host->crew, call) == 0;
}

/* ---- calls that functions make ----------------------------------------------------- */

void snafu_host_invoke(void *state, const struct snafu_context *caller,
                       const struct snafu_invocation *invocation, struct snafu_result *result)
{
	static const struct snafu_context nobody = {.tenant = "", .deadline = UINT64_MAX};
	struct snafu_host *host = state;
	struct snafu_call call = {
		.function = invocation->function,
		.payload_size = invocation->size,
		.trigger = "function",
		/* Outside of any call as well, somebody waits who may be in others' way. */
		.caller = caller ? caller : &nobody,
		.asynchronous = invocation->asynchronous,
	};

	call.result.payload.cap = result->payload.cap;
	if (invocation->size) {
		call.payload = malloc(invocation->size);
		if (!call.payload) {
			snafu_result_fail(result, SNAFU_INTERNAL, "OutOfMemory", "no memory for the call");
			return;
		}
		memcpy(call.payload, invocation->payload, invocation->size);
	}
	snafu_host_call(host, &call);
	snafu_result_done(result);
	*result = call.result;
}
