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

#include "langs/result.h"

struct snafu_call;
struct snafu_function;
struct snafu_language;

struct snafu_job {
	struct snafu_job *next; /* in the crew's queue */
	struct snafu_call *call; /* the door's; not to be touched by who has not claimed it */
	atomic_bool claimed;
	const struct snafu_function *function;
	char *payload; /* owned */
	size_t payload_size;
	struct snafu_result result; /* of the thread that runs the function */
	uint64_t deadline; /* snafu_now_ms() */
	uint64_t accepted; /* snafu_now_ns() */
	uint32_t expected_us; /* what this function's calls took lately; 0: not known */
	bool parallel; /* such calls really run at the same time on several threads */

	/* Set by the executor. */
	const struct snafu_language *language;
	void *language_state;
	/* For the one who gives up: how to interrupt the function. Set before
	 * `interruptible`. */
	unsigned long thread_mark;
	atomic_bool interruptible;
	atomic_bool loaded; /* the function's source is, and the function runs */
};

/* Jobs in the order in which they came. Not locked: the owner's lock is held. */
struct snafu_job_queue {
	struct snafu_job *first, *last;
	size_t count;
};

void snafu_job_queue_append(struct snafu_job_queue *queue, struct snafu_job *job);

/* Takes the first job out; there must be one. */
struct snafu_job *snafu_job_queue_pop(struct snafu_job_queue *queue);

/* Takes the job of CALL out; NULL when it is not there. */
struct snafu_job *snafu_job_queue_take(struct snafu_job_queue *queue,
                                       const struct snafu_call *call);

/* Monotonic time. */
uint64_t snafu_now_ns(void);
uint64_t snafu_now_ms(void);

/* Whether the caller is the first who wants to end the call: exactly one is, and
 * that one must deliver. */
bool snafu_job_claim(struct snafu_job *job);

/* Ends the call with RESULT, whose payload is moved out. Calls the door's
 * `finished`. */
void snafu_job_deliver(struct snafu_job *job, struct snafu_result *result);

void snafu_job_free(struct snafu_job *job);

#endif
