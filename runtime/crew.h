/* runtime/crew.h — the threads that serve doors and run in-process calls.
 *
 * One thread is the leader: it alone runs the event loop of the door
 * (`wait`), which queues calls. The same thread then runs these calls itself,
 * so a quick call changes no thread. A standby thread watches: when a call has
 * taken longer than a moment, the standby takes the lead, and the thread that
 * is stuck in the function finishes it, delivers its result, and rejoins. So no
 * function, however slow, stalls the event loop for longer than a moment, and
 * the number of threads follows the number of slow calls up to a cap. When
 * several calls wait that could really run at the same time, followers are
 * woken to take them.
 *
 * Deadlines are kept here too: the standby ends a call that is past its
 * deadline by the door's `finished`, with SNAFU_DEADLINE, on time, whatever the
 * function does. */
#ifndef SNAFU_RUNTIME_CREW_H
#define SNAFU_RUNTIME_CREW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct snafu_call;
struct snafu_crew;
struct snafu_error;
struct snafu_job;
struct snafu_reactor;

struct snafu_crew_options {
	/* Runs the job's function and ends the job. Any thread of the crew. */
	void (*run)(void *state, struct snafu_job *job);
	/* Ends a job that is not over yet: STATUS is SNAFU_DEADLINE,
	 * SNAFU_UNAVAILABLE or SNAFU_CANCELLED. RUNNING: the function is at
	 * work and is to be interrupted too, which may block. */
	void (*give_up)(void *state, struct snafu_job *job, int status, int running);
	/* The calling thread leaves the crew. */
	void (*leave)(void *state);
	/* Calls that are under way without a thread: how many, and their end when the crew
	 * stops. Both MAY be NULL. */
	size_t (*count_rest)(void *state);
	void (*give_up_rest)(void *state);
	struct snafu_reactor *reactor; /* run by the leader; MAY be NULL */
	void *state;
	size_t threads; /* calls at the same time */
	size_t queue_length;
	uint64_t drain_timeout; /* ms */
};

int snafu_crew_new(const struct snafu_crew_options *options, struct snafu_crew **ret_crew,
                   struct snafu_error *error);

/* After snafu_crew_run() has returned, or was never called. Does not wait for
 * threads that are stuck in a function: their memory is left to them. */
void snafu_crew_free(struct snafu_crew *crew);

/* Queues a job: the crew takes it. -EBUSY when the queue is full, -ESHUTDOWN when
 * the crew has stopped; the job stays the caller's then. */
int snafu_crew_queue(struct snafu_crew *crew, struct snafu_job *job);

/* Ends the job of CALL, wherever it is, with SNAFU_CANCELLED; -ESRCH when it is over
 * already. Any thread; may block as give_up() does. */
int snafu_crew_cancel(struct snafu_crew *crew, const struct snafu_call *call);

/* The calling thread is going to wait for another call: if it is the leader, somebody
 * else takes the lead at once. False: the crew is not at work. */
bool snafu_crew_step_aside(struct snafu_crew *crew);

/* What the leader does when no call is waiting. */
struct snafu_event_loop {
	/* Waits for events up to TIMEOUT_MS (-1: as long as it takes), handles them,
	 * returns; also when snafu_host_wake_fd() is readable. Calls are made from in
	 * here with snafu_host_submit(). Never run by two threads at once, but by
	 * different ones in turn. */
	void (*wait)(void *state, int timeout_ms);
	/* Makes a wait() that is under way return soon, or the next one return at
	 * once. Any thread; async-signal-safe. */
	void (*wake)(void *state);
	void *state;
};

/* Starts the crew's threads and waits until snafu_crew_stop() was called and
 * every call has ended, or the drain time is over. Returns the number of threads
 * that are still stuck in a function (the process must then end by _exit()), or a
 * negative errno. */
int snafu_crew_run(struct snafu_crew *crew, const struct snafu_event_loop *event_loop,
                   struct snafu_error *error);

/* Async-signal-safe; any thread. The second call cuts the drain time short. */
void snafu_crew_stop(struct snafu_crew *crew);

#endif
