/* runtime/instances/crowd.h — the processes of one function on one executor for one tenant, and
 * its calls that wait for them: who gets which call, when there are more processes and when
 * fewer. What one tenant's calls leave behind in a process, no other tenant's call finds.
 *
 * A crowd is made at the first call of its function. The station's lock is held everywhere
 * (station.h). */
#ifndef SNAFU_RUNTIME_INSTANCES_CROWD_H
#define SNAFU_RUNTIME_INSTANCES_CROWD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "runtime/instances/instance.h"
#include "runtime/instances/setup.h"
#include "runtime/instances/station.h"

struct snafu_language;
struct snafu_scanned;
struct snafu_service;
struct snafu_zygote;

#define SNAFU_CROWDS_CAP 1000 /* tenants that have processes of one function */
/* Processes of a function's zygote that may be leaving, for each that may live. */
#define SNAFU_CROWD_LEAVING 1

TAILQ_HEAD(snafu_instance_list, snafu_instance);

struct snafu_crowd {
	struct snafu_station *station;
	struct snafu_service *service; /* NULL: the function is not on offer any more */
	const struct snafu_function *function; /* the service's */
	struct snafu_scanned *scanned; /* what it is part of: a reference, since processes may end
	                                * later than the service */
	const struct snafu_settings *settings; /* that processes are started with */
	const struct snafu_language *language;
	char **argv; /* the language's own program, or NULL */
	bool executes; /* processes are executed, not forked */
	TAILQ_ENTRY(snafu_crowd) entry;
	struct snafu_crowd *next_tenant; /* of the same service, behind the first in its slot */

	struct snafu_instance_list members, idle; /* idle: who can be given a call at once */
	size_t n_members, n_live; /* n_live: those that are not leaving */
	size_t n_starting, n_idle; /* of these */

	struct snafu_job_queue waiting;
	struct snafu_job_queue nested; /* functions wait for these: each has a process starting */
	bool awaits_start; /* a place among those that start, for the whole station */

	struct snafu_timer scale; /* calls have been waiting for a while */
	struct snafu_timer recall; /* calls have been written behind others */
	struct snafu_timer reap; /* somebody may have been idle for too long */
	struct snafu_timer refill; /* the stock */
	uint64_t pressed_since; /* ms; 0: instances keep up */
	uint64_t last_call, last_start; /* ms */

	uint64_t run_ns; /* what calls took lately, inside the function; 0: not known */
	bool prints; /* its output must be told apart by calls */

	unsigned failures; /* processes in a row that died before they were ready... */
	unsigned losses; /* ...and not by their own doing */
	uint64_t not_before; /* ms: no other one is started until then */

	struct snafu_zygote *zygote; /* of the function, for a stock */
	uint32_t zygote_function; /* its index there */
	size_t stock; /* how many are to be forked ahead */
	bool spent; /* some of them have answered, and are still to be let go */

	uint64_t starts, deaths;
	char tenant[]; /* whose calls it takes; "": nobody's in particular */
};

/* (crowd.c) Slots of struct snafu_executor, with the station as state. No lock. */
int snafu_crowd_supports(void *state, const char *language, struct snafu_error *error);
int snafu_crowd_prepare(void *state, struct snafu_service *service, struct snafu_result *result);
void snafu_crowd_begin(void *state, struct snafu_job *job);
void snafu_crowd_interrupt(void *state, struct snafu_job *job);
void snafu_crowd_forget(void *state, struct snafu_service *service);
void snafu_crowd_close(void *state);
/* (crowd_metrics.c) */
void snafu_crowd_write_metrics(void *state, struct snafu_buffer *into);

/* (crowd_life.c) Making and ending crowds. TENANT "": nobody in particular. New ones start with
 * SETTINGS. */
int snafu_crowd_of(struct snafu_station *station, struct snafu_service *service, const char *tenant,
                   const struct snafu_settings *settings, struct snafu_crowd **ret_crowd,
                   struct snafu_result *result);
void snafu_crowds_sweep(struct snafu_station *station);
void snafu_crowds_close(struct snafu_station *station);
/* Its processes were started with other settings, or are not needed: those without a call
 * leave now, the others when they have answered. */
void snafu_crowd_disband(struct snafu_crowd *crowd);

/* (crowd_members.c) Its processes. */
int snafu_crowd_start(struct snafu_crowd *crowd, struct snafu_job *job, struct snafu_error *error);
struct snafu_instance *snafu_crowd_take_idle(struct snafu_crowd *crowd);
void snafu_crowd_put_idle(struct snafu_instance *instance);
void snafu_crowd_let_go(struct snafu_instance *instance);
bool snafu_crowd_may_start(const struct snafu_crowd *crowd);
/* So many are leaving that what is not urgent waits until some are gone: a zygote's control
 * group has room for so many. */
bool snafu_crowd_is_full(const struct snafu_crowd *crowd);
/* The stock (executors that have one): gets the zygote, and what is missing. */
int snafu_crowd_want_zygote(struct snafu_crowd *crowd, struct snafu_error *error);
void snafu_crowd_refill_later(struct snafu_crowd *crowd);
void snafu_crowd_drop_zygote(struct snafu_crowd *crowd);
/* It has answered its one call: is let go when the answer is on its way. */
void snafu_crowd_spend(struct snafu_instance *instance);
/* It is ready: what it has touched is still in the core's caches, unlike that of older ones. */
void snafu_crowd_prefer(struct snafu_instance *instance);

/* (crowd.c) Gives calls that wait to whoever can take them, and starts more where that is due. */
void snafu_crowd_dispatch(struct snafu_crowd *crowd);
/* One that was starting has gone, which calls by functions may have counted on: another one is
 * started for them, if there may be one. */
void snafu_crowd_replace(struct snafu_crowd *crowd);

/* JOB was with a process that ended before it had begun with it: it gets another one. */
void snafu_crowd_admit_again(struct snafu_crowd *crowd, struct snafu_job *job);

/* All of QUEUE was, and may be given to others at once. */
void snafu_crowd_admit_back(struct snafu_crowd *crowd, struct snafu_job_queue *queue);

/* (crowd_recall.c) A call was written behind another one. */
void snafu_crowd_watch_behind(struct snafu_crowd *crowd);

/* (crowd_events.c) What instances and zygotes tell. */
void snafu_crowd_ready(struct snafu_instance *instance);
void snafu_crowd_not_ready(struct snafu_instance *instance, const struct snafu_result *why);
void snafu_crowd_answered(struct snafu_instance *instance, const struct snafu_job *job);
void snafu_crowd_gone(struct snafu_instance *instance);
void snafu_crowd_zygote_ready(struct snafu_crowd *crowd, struct snafu_zygote *zygote,
                              const struct snafu_result *result);
void snafu_crowd_zygote_gone(struct snafu_crowd *crowd, struct snafu_zygote *zygote);

#endif
