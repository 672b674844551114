/* runtime/job.h — a call on its way through the host: private to runtime/.
 *
 * The job outlives the door's call: when the deadline or the shutdown ends a call,
 * the thread that is still inside the function keeps the job and its payload,
 * and frees both when the function lets go. */
#ifndef SNAFU_RUNTIME_JOB_H
#define SNAFU_RUNTIME_JOB_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "langs/request.h"
#include "langs/result.h"

struct snafu_call;
struct snafu_executor;
struct snafu_function;
struct snafu_language;
struct snafu_service;
struct snafu_settings;

struct snafu_job {
	struct snafu_job *next; /* in the queue of whoever has it: the crew, an executor */
	struct snafu_call *call; /* the door's; not to be touched by who has not claimed it */
	atomic_bool claimed;
	atomic_uint references; /* 0 at first: one owner */
	struct snafu_service *service; /* a reference */
	const struct snafu_function *function; /* the service's */
	const struct snafu_settings *settings; /* the service's, as they were at the start */
	atomic_uint *tenant_running; /* counts this one, too; NULL: nobody counts */
	char *payload; /* owned */
	size_t payload_size;
	struct snafu_context context; /* its strings belong to the job */
	char request_id[SNAFU_REQUEST_ID_SIZE];
	char *texts; /* owned: where the other strings of the context are */
	struct snafu_result result; /* of the thread that runs the function */
	uint64_t deadline; /* snafu_now_ms() */
	uint64_t accepted; /* snafu_now_ns() */
	_Atomic uint64_t started; /* snafu_now_ns(), when the executor began with it; 0: not yet */
	atomic_bool cold; /* something had to be started for it: a process, an interpreter, a module */
	unsigned attempt; /* 1: the first */
	uint32_t expected_us; /* what this function's calls took lately; 0: not known */
	bool parallel; /* such calls really run at the same time on several threads */
	const struct snafu_executor *executor;
	void *executor_state;

	/* For the executor that has begun it. */
	void *place; /* where it is: an instance; NULL: in a queue, or ended */
	uint64_t number; /* that it has there */
	atomic_bool unwanted; /* it was interrupted, maybe before its function was begun */
	void (*ended)(void *state, struct snafu_job *job); /* the host's; see snafu_job_ended() */
	void *ended_state;
	struct snafu_job *away_next, *away_before; /* the host's list of those begun */
	bool given_up, being_given_up; /* guarded by the same */
	bool is_inner; /* made by a function, on its own thread */

	/* Set by the executors that run in-process. */
	const struct snafu_language *language;
	void *language_state;
	/* For the one who gives up: how to interrupt the function. Set before
	 * `interruptible`. */
	unsigned long thread_mark;
	atomic_bool interruptible;
	atomic_bool loaded; /* the function's source is, and the function runs */
};

/* An executor begins with the function itself: notes when, unless that was noted before,
 * and whether something had to be started for it; and tells (events.h). */
void snafu_job_started(struct snafu_job *job, bool cold);

/* The executor that has begun JOB has filled job->result: this ends the call, unless
 * somebody has already given it up, and frees the job. */
void snafu_job_ended(struct snafu_job *job);

/* Jobs in the order in which they came. Not locked: the owner's lock is held. */
struct snafu_job_queue {
	struct snafu_job *first, *last;
	size_t count;
};

void snafu_job_queue_append(struct snafu_job_queue *queue, struct snafu_job *job);
void snafu_job_queue_prepend(struct snafu_job_queue *queue, struct snafu_job *job);

/* Takes the first job out; there must be one. */
struct snafu_job *snafu_job_queue_pop(struct snafu_job_queue *queue);

/* Takes JOB out; false when it is not there. */
bool snafu_job_queue_remove(struct snafu_job_queue *queue, const struct snafu_job *job);

/* Takes the job of CALL out; NULL when it is not there. */
struct snafu_job *snafu_job_queue_take(struct snafu_job_queue *queue,
                                       const struct snafu_call *call);

/* Whether the caller is the first who wants to end the call: exactly one is, and
 * that one must deliver. */
bool snafu_job_claim(struct snafu_job *job);

/* Ends the call with RESULT, whose payload is moved out. Calls the door's
 * `finished`. */
void snafu_job_deliver(struct snafu_job *job, struct snafu_result *result);

/* One more owner. */
struct snafu_job *snafu_job_ref(struct snafu_job *job);

/* The caller's reference ends; the last one frees it. NULL is welcome. */
void snafu_job_free(struct snafu_job *job);

#endif
