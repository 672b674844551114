/* runtime/instances/instance.h — a process that serves calls of one function, one after the
 * other.
 *
 * The station's lock is held everywhere (station.h). */
#ifndef SNAFU_RUNTIME_INSTANCES_INSTANCE_H
#define SNAFU_RUNTIME_INSTANCES_INSTANCE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "base/buffer.h"
#include "runtime/instances/invoked.h"
#include "runtime/instances/process.h"
#include "runtime/job.h"

struct snafu_board;
struct snafu_crowd;
struct snafu_settings;

enum snafu_instance_state {
	SNAFU_INSTANCE_STARTING, /* not ready yet; may have its call already */
	SNAFU_INSTANCE_IDLE,
	SNAFU_INSTANCE_BUSY,
	SNAFU_INSTANCE_LEAVING, /* gets no more calls */
	SNAFU_INSTANCE_STATES
};

struct snafu_instance {
	struct snafu_process process; /* the first member */
	struct snafu_crowd *crowd;
	const struct snafu_settings *settings; /* that it was started with */
	TAILQ_ENTRY(snafu_instance) entry, idle_entry; /* crowd.c's */
	enum snafu_instance_state state;
	bool in_stock; /* crowd.c's: it is in the list of those that can be given a call */
	bool ready;
	bool interrupted; /* killed for the sake of its call */
	struct snafu_job_queue jobs; /* written to it: the first one runs, the others wait there */
	uint64_t sent; /* calls */
	struct snafu_board *board; /* NULL: no call was ever written behind another one */
	uint64_t seen; /* bytes that the call has printed */
	struct snafu_invoked_list invoked;
	size_t n_invoked;
	struct snafu_buffer log; /* what it printed outside of calls */
	uint64_t begun; /* snafu_now_ns() */
	uint64_t idle_since; /* snafu_now_ms() */
};

/* Starts one for CROWD. JOB: its call, or NULL. -EPIPE: its zygote has just ended; another one
 * will do. */
int snafu_instance_start(struct snafu_crowd *crowd, bool ahead, struct snafu_job *job,
                         struct snafu_instance **ret_instance, struct snafu_error *error);

/* Writes JOB's call to it, behind those that it has. An error: the job is not its, and unless
 * that is -EMFILE, -ENFILE or -ENOMEM it is about to be gone. */
int snafu_instance_call(struct snafu_instance *instance, struct snafu_job *job);

/* Moves the calls that it has, but has not begun with, to the end of RET_BACK. */
void snafu_instance_take_back(struct snafu_instance *instance, struct snafu_job_queue *ret_back);

/* Ends the call that runs by killing it. */
void snafu_instance_interrupt(struct snafu_instance *instance);

/* (death.c) Appends how it has ended: "was killed by SIGKILL". */
void snafu_instance_say_end(const struct snafu_instance *instance, struct snafu_buffer *words);

/* (death.c) Why it has ended, as the result of a call that it had. STARTING: of one that it had
 * not yet begun with. */
void snafu_instance_obituary(const struct snafu_instance *instance, bool starting,
                             struct snafu_result *result);

#endif
