/* runtime/instances/station.h — what one executor that sends calls to processes has: its
 * lock, its processes, and what is to be done once the lock is let go.
 *
 * Threading of all of runtime/instances/: the station's lock is held in every function
 * that has not another comment. Processes are ended and freed in callbacks of the reactor
 * only (and at the close), so a callback never finds its process gone. Jobs
 * end, and calls of functions begin, when the lock is let go: snafu_station_leave(). */
#ifndef SNAFU_RUNTIME_INSTANCES_STATION_H
#define SNAFU_RUNTIME_INSTANCES_STATION_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "base/buffer.h"
#include "runtime/executors/executor.h"
#include "runtime/job.h"
#include "runtime/languages.h"
#include "runtime/reactor.h"

struct snafu_control_groups;
struct snafu_crowd;
struct snafu_invoked;
struct snafu_process;
struct snafu_zygote;

/* How an executor differs from the others. */
struct snafu_policy {
	bool once; /* a process serves one call */
	bool stock; /* ...and processes for the next calls are forked ahead, from a zygote of the
	             * function's own */
	bool executes; /* every process is executed, none is forked from a zygote */
};

TAILQ_HEAD(snafu_process_list, snafu_process);
TAILQ_HEAD(snafu_crowd_list, snafu_crowd);

struct snafu_station {
	const struct snafu_executor_options *options;
	const struct snafu_policy *policy;
	const char *name; /* of the executor */
	pthread_mutex_t lock;
	char *helper; /* path of the helper program; NULL until it is needed */
	struct snafu_process_list processes; /* all */
	size_t n_processes, n_leaving; /* of `processes` and of `leaving` */
	size_t most; /* processes that there may be */
	struct snafu_process_list leaving; /* told to end, the one with the least patience first */
	struct snafu_crowd_list crowds;
	struct snafu_zygote *zygotes[SNAFU_LANGUAGES_CAP]; /* one a language, in use from the front */
	struct snafu_control_groups *control_groups; /* NULL: not permitted here */
	struct snafu_timer later; /* for what interrupt() and forget() may not do themselves */
	struct snafu_timer waker; /* for zygotes that do not answer */
	struct snafu_timer undertaker; /* for those that leave too slowly */
	uint64_t last_number; /* of a process */
	size_t cores;
	uint64_t memory; /* bytes that the machine has */
	size_t n_starting; /* executed processes that are not ready yet */
	bool closing;
	char *scratch; /* SNAFU_WIRE_SCRATCH + 1 bytes to read into; the reactor's thread */
	size_t n_hearing; /* processes that are being read from, inside each other */
	struct snafu_buffer frame; /* to pack into */

	/* For when the lock is let go. */
	struct snafu_job_queue ended;
	struct snafu_invoked *invoked;
};

/* Opens a station; slot `open` of struct snafu_executor. No lock. */
int snafu_station_open(const struct snafu_executor_options *options,
                       const struct snafu_policy *policy, const char *name,
                       struct snafu_station **ret_station, struct snafu_error *error);
/* No job is under way: ends every process. No lock. */
void snafu_station_close(struct snafu_station *station);

void snafu_station_enter(struct snafu_station *station);
/* Lets the lock go, and then ends jobs and begins calls. */
void snafu_station_leave(struct snafu_station *station);
/* Lets the lock go; the reactor sees to the rest soon. */
void snafu_station_leave_for_later(struct snafu_station *station);

/* JOB's result is filled: its call ends when the lock is let go. */
void snafu_station_end(struct snafu_station *station, struct snafu_job *job);

/* An empty buffer to pack one frame or several into. */
struct snafu_buffer *snafu_station_frame(struct snafu_station *station);

/* (room.c) Sets station->most. No lock. */
void snafu_station_limit(struct snafu_station *station);
/* How many processes functions have. Those that start a language's do not count: they stay. */
size_t snafu_station_used(const struct snafu_station *station);
bool snafu_station_has_room(const struct snafu_station *station);
/* Ends somebody who is idle where there is no room for one more process of WANTED; false: nobody
 * is. */
bool snafu_station_make_room(struct snafu_station *station, const struct snafu_crowd *wanted);

void snafu_station_warn(const struct snafu_station *station, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif
