/* runtime/job.c — see job.h. */
#include "runtime/job.h"

#include <stdlib.h>
#include <time.h>

#include "runtime/host.h"

uint64_t snafu_now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

uint64_t snafu_now_ms(void)
{
	return snafu_now_ns() / 1000000u;
}

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

struct snafu_job *snafu_job_queue_pop(struct snafu_job_queue *queue)
{
	struct snafu_job *job = queue->first;

	queue->first = job->next;
	if (!queue->first)
		queue->last = NULL;
	queue->count--;
	return job;
}

struct snafu_job *snafu_job_queue_take(struct snafu_job_queue *queue, const struct snafu_call *call)
{
	struct snafu_job *before = NULL;

	for (struct snafu_job *job = queue->first; job; before = job, job = job->next) {
		if (job->call != call)
			continue;
		*(before ? &before->next : &queue->first) = job->next;
		if (queue->last == job)
			queue->last = before;
		queue->count--;
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

	snafu_buffer_done(&call->result.payload);
	call->result = *result;
	*result = (struct snafu_result){.payload = SNAFU_BUFFER(result->payload.cap)};
	if (call->finished)
		call->finished(call);
}

void snafu_job_free(struct snafu_job *job)
{
	if (!job)
		return;
	free(job->payload);
	snafu_buffer_done(&job->result.payload);
	free(job);
}
