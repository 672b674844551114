/* runtime/job.c — see job.h. */
#include "runtime/job.h"

#include <stdlib.h>

#include "base/clock.h"
#include "runtime/records/events.h"
#include "runtime/executors/executor.h"
#include "runtime/host.h"
#include "runtime/service.h"

void snafu_job_queue_append(struct snafu_job_queue *queue, struct snafu_job *job)
{
	job->next = NULL;
	if (queue->last)
		queue->last->next = job;
	else
		queue->first = job;
	queue->last = job;
	queue->count++;
}

void snafu_job_queue_prepend(struct snafu_job_queue *queue, struct snafu_job *job)
{
	job->next = queue->first;
	queue->first = job;
	if (!queue->last)
		queue->last = job;
	queue->count++;
}

struct snafu_job *snafu_job_queue_pop(struct snafu_job_queue *queue)
{
	struct snafu_job *job = queue->first;

	queue->first = job->next;
	if (!queue->first)
		queue->last = NULL;
	queue->count--;
	return job;
}

static void unlink_job(struct snafu_job_queue *queue, struct snafu_job *before,
                       const struct snafu_job *job)
{
	*(before ? &before->next : &queue->first) = job->next;
	if (queue->last == job)
		queue->last = before;
	queue->count--;
}

bool snafu_job_queue_remove(struct snafu_job_queue *queue, const struct snafu_job *wanted)
{
	struct snafu_job *before = NULL;

	for (struct snafu_job *job = queue->first; job; before = job, job = job->next)
		if (job == wanted) {
			unlink_job(queue, before, job);
			return true;
		}
	return false;
}

struct snafu_job *snafu_job_queue_take(struct snafu_job_queue *queue, const struct snafu_call *call)
{
	struct snafu_job *before = NULL;

	for (struct snafu_job *job = queue->first; job; before = job, job = job->next)
		if (job->call == call) {
			unlink_job(queue, before, job);
			return job;
		}
	return NULL;
}

bool snafu_job_claim(struct snafu_job *job)
{
	return !atomic_exchange(&job->claimed, true);
}

void snafu_job_deliver(struct snafu_job *job, struct snafu_result *result)
{
	struct snafu_call *call = job->call;

	snafu_result_done(&call->result);
	call->result = *result;
	*result = (struct snafu_result){
		.payload = SNAFU_BUFFER(result->payload.cap),
		.log = SNAFU_BUFFER(result->log.cap),
	};
	if (call->finished)
		call->finished(call);
}

void snafu_job_started(struct snafu_job *job, bool cold)
{
	const struct snafu_host *host = job->ended_state;

	if (!atomic_load_explicit(&job->started, memory_order_relaxed))
		atomic_store_explicit(&job->started, snafu_now_ns(), memory_order_relaxed);
	atomic_store_explicit(&job->cold, cold, memory_order_relaxed);
	if (snafu_events_wanted(host))
		snafu_event(host, &(struct snafu_event){
							  .event = "call-started",
							  .request_id = job->request_id,
							  .function = job->context.function,
							  .executor = job->executor->name,
							  .state = cold ? "cold" : "warm",
						  });
}

void snafu_job_ended(struct snafu_job *job)
{
	job->ended(job->ended_state, job);
}

struct snafu_job *snafu_job_ref(struct snafu_job *job)
{
	atomic_fetch_add(&job->references, 1);
	return job;
}

void snafu_job_free(struct snafu_job *job)
{
	if (!job || atomic_fetch_sub(&job->references, 1) != 0)
		return;
	snafu_service_unref(job->service);
	free(job->payload);
	free(job->texts);
	snafu_result_done(&job->result);
	free(job);
}
