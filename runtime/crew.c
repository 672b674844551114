/* runtime/crew.c — see crew.h.
 *
 * Every thread is at any time one of: the leader, the standby, a caller (inside
 * a function, having lost the lead), or idle. All of the crew's state is under
 * one lock, which nobody holds while waiting for events or running a function. */
#include "runtime/crew.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/condition.h"
#include "base/error.h"
#include "runtime/host.h"
#include "runtime/job.h"
#include "runtime/reactor.h"

#define TICK_NS        1000000u /* the standby's pulse while calls come */
#define PATIENCE_TICKS 2 /* how long the leader may be inside a function */
#define QUIET_TICKS    50 /* without a call: the standby goes to sleep */
#define OVERDUE_TICKS  8 /* how often deadlines are looked at while calls come */
#define SLOW_US        1000 /* a call expected to take this long is not run by the leader */
#define WORTH_HELP_US  50 /* calls shorter than this are not worth waking a thread for */
#define RESERVE        2 /* threads beside the callers: a leader and a standby */
#define STOP_POLL_MS   20 /* pulse of the leader while the crew drains */
#define FAREWELL_WAITS 5 /* turns of the event loop to send the last replies */
#define LEAVE_MS       2000 /* what idle threads get to leave, once the crew has ended */

struct member {
	struct snafu_crew *crew;
	pthread_t thread;
	pthread_cond_t wake;
	struct snafu_job *job; /* while inside a function */
	unsigned long started_tick;
	bool given_up; /* the job was ended by somebody else */
	bool being_given_up; /* ...who is still at it: the job must not be freed */
	bool idle;
	bool gone;
};

struct snafu_crew {
	struct snafu_crew_options options;
	/* Set once, by snafu_crew_run(); a signal handler may read it before. */
	_Atomic(const struct snafu_event_loop *) event_loop;
	pthread_mutex_t lock;
	pthread_cond_t over; /* `ended` was set */
	struct member *members;
	size_t n_members, n_calling;
	struct member *leader, *standby;
	struct snafu_job_queue queue;
	uint64_t queue_deadline; /* ms; none of the queue is due before */
	size_t n_ending; /* taken out of the queue to be given up */
	size_t helpers_wanted;
	unsigned long tick, calls;
	bool alert; /* the standby pulses */
	bool ended;
	atomic_uint stops;
	uint64_t drain_until; /* 0: not draining */
};

static void *serve(void *state);

static int start_member(struct snafu_crew *crew)
{
	struct member *member = &crew->members[crew->n_members];

	if (crew->n_members >= crew->options.threads + RESERVE)
		return -EAGAIN;
	*member = (struct member){.crew = crew};
	snafu_condition_init(&member->wake);
	if (pthread_create(&member->thread, NULL, serve, member)) {
		pthread_cond_destroy(&member->wake);
		return -EAGAIN;
	}
	crew->n_members++;
	return 0;
}

/* Wakes an idle member, or hires one, to see what is to be done. */
static void call_up(struct snafu_crew *crew)
{
	for (size_t i = 0; i < crew->n_members; i++)
		if (crew->members[i].idle) {
			crew->members[i].idle = false;
			pthread_cond_signal(&crew->members[i].wake);
			return;
		}
	start_member(crew);
}

static bool may_call(const struct snafu_crew *crew)
{
	return crew->queue.first && crew->n_calling < crew->options.threads;
}

/* Runs JOB on this thread; the lock is released meanwhile. */
static void run(struct member *member, struct snafu_job *job)
{
	struct snafu_crew *crew = member->crew;

	member->job = job;
	member->started_tick = crew->tick;
	member->given_up = false;
	crew->n_calling++;
	crew->calls++;
	if (!crew->alert && crew->standby) {
		crew->alert = true;
		pthread_cond_signal(&crew->standby->wake);
	}
	pthread_mutex_unlock(&crew->lock);
	crew->options.run(crew->options.state, job);
	pthread_mutex_lock(&crew->lock);
	while (member->being_given_up)
		pthread_cond_wait(&member->wake, &crew->lock);
	member->job = NULL;
	crew->n_calling--;
	snafu_job_free(job);
}

/* The leader is about to run a call while others wait: get help for them if
 * that is worth a thread switch. */
static void get_help(struct snafu_crew *crew, const struct snafu_job *job)
{
	const struct snafu_job *next = crew->queue.first;

	if (!next || !job->parallel || !next->parallel || next->expected_us < WORTH_HELP_US ||
	    crew->helpers_wanted >= crew->queue.count)
		return;
	crew->helpers_wanted++;
	call_up(crew);
}

/* Async-signal-safe. */
static void wake_loop(struct snafu_crew *crew)
{
	const struct snafu_event_loop *event_loop = crew->event_loop;

	if (event_loop)
		event_loop->wake(event_loop->state);
}

/* One turn of the event loop, without the lock. */
static void turn(struct snafu_crew *crew, int timeout_ms)
{
	const struct snafu_event_loop *event_loop = crew->event_loop;
	struct snafu_reactor *reactor = crew->options.reactor;

	if (reactor)
		timeout_ms = snafu_reactor_timeout(reactor, timeout_ms);
	event_loop->wait(event_loop->state, timeout_ms);
	if (reactor)
		snafu_reactor_run(reactor);
}

static size_t count_rest(const struct snafu_crew *crew)
{
	return crew->options.count_rest ? crew->options.count_rest(crew->options.state) : 0;
}

/* Ends everything that waits or runs, for a stop that takes no longer. */
static void give_up_all(struct snafu_crew *crew)
{
	while (crew->queue.first) {
		struct snafu_job *job = snafu_job_queue_pop(&crew->queue);

		pthread_mutex_unlock(&crew->lock);
		crew->options.give_up(crew->options.state, job, SNAFU_UNAVAILABLE, 0);
		snafu_job_free(job);
		pthread_mutex_lock(&crew->lock);
	}
	for (size_t i = 0; i < crew->n_members; i++) {
		struct member *member = &crew->members[i];

		if (!member->job || member->being_given_up || member->given_up)
			continue;
		member->being_given_up = member->given_up = true;
		pthread_mutex_unlock(&crew->lock);
		/* Not interrupted: that may block, and the process is about to end. */
		crew->options.give_up(crew->options.state, member->job, SNAFU_UNAVAILABLE, 0);
		pthread_mutex_lock(&crew->lock);
		member->being_given_up = false;
		pthread_cond_signal(&member->wake);
	}
	if (crew->options.give_up_rest) {
		pthread_mutex_unlock(&crew->lock);
		crew->options.give_up_rest(crew->options.state);
		pthread_mutex_lock(&crew->lock);
	}
}

/* After the stop: waits for the calls and sends their replies, within limits. */
static void drain(struct snafu_crew *crew)
{
	if (!crew->drain_until)
		crew->drain_until = snafu_now_ms() + crew->options.drain_timeout;
	bool over = crew->stops > 1 || snafu_now_ms() >= crew->drain_until;

	if (!over && (crew->queue.first || crew->n_calling || crew->n_ending || count_rest(crew)))
		return;
	give_up_all(crew);
	pthread_mutex_unlock(&crew->lock);
	for (int i = 0; i < FAREWELL_WAITS; i++)
		turn(crew, 1);
	pthread_mutex_lock(&crew->lock);
	crew->ended = true;
	for (size_t i = 0; i < crew->n_members; i++)
		pthread_cond_signal(&crew->members[i].wake);
	pthread_cond_signal(&crew->over);
}

static void lead(struct member *member)
{
	struct snafu_crew *crew = member->crew;

	crew->leader = member;
	if (!crew->standby)
		call_up(crew);
	while (crew->leader == member && !crew->ended) {
		if (!may_call(crew) || !crew->standby) {
			/* Without a standby a call could stall the loop for good. */
			int timeout = may_call(crew) ? 1 : crew->stops ? STOP_POLL_MS : -1;

			if (!crew->standby)
				call_up(crew);
			pthread_mutex_unlock(&crew->lock);
			turn(crew, timeout);
			pthread_mutex_lock(&crew->lock);
			if (crew->stops && crew->leader == member)
				drain(crew);
			continue;
		}
		struct snafu_job *job = snafu_job_queue_pop(&crew->queue);
		if (job->expected_us >= SLOW_US) {
			crew->leader = NULL;
			pthread_cond_signal(&crew->standby->wake);
		} else {
			get_help(crew, job);
		}
		run(member, job);
	}
}

/* The member whose deadline has passed, or NULL; RET_NEXT is the earliest deadline to come
 * (UINT64_MAX: none). */
static struct member *overdue(struct snafu_crew *crew, uint64_t now, uint64_t *ret_next)
{
	*ret_next = crew->queue.first ? crew->queue_deadline : UINT64_MAX;
	for (size_t i = 0; i < crew->n_members; i++) {
		struct member *member = &crew->members[i];

		if (!member->job || member->given_up)
			continue;
		if (member->job->deadline <= now)
			return member;
		if (member->job->deadline < *ret_next)
			*ret_next = member->job->deadline;
	}
	return NULL;
}

/* Ends the calls that have waited past their deadlines, which are in any order. */
static void end_late_ones(struct snafu_crew *crew, uint64_t now)
{
	struct snafu_job_queue late = {0}, rest = {0};

	if (crew->queue_deadline > now)
		return;
	crew->queue_deadline = UINT64_MAX;
	while (crew->queue.first) {
		struct snafu_job *job = snafu_job_queue_pop(&crew->queue);

		snafu_job_queue_append(job->deadline <= now ? &late : &rest, job);
		if (job->deadline > now && job->deadline < crew->queue_deadline)
			crew->queue_deadline = job->deadline;
	}
	crew->queue = rest;
	crew->n_ending += late.count;
	while (late.first) {
		struct snafu_job *job = snafu_job_queue_pop(&late);

		pthread_mutex_unlock(&crew->lock);
		crew->options.give_up(crew->options.state, job, SNAFU_DEADLINE, 0);
		snafu_job_free(job);
		pthread_mutex_lock(&crew->lock);
		crew->n_ending--;
	}
}

/* Ends calls that are past their deadline. The interrupt may block, so somebody
 * else stands by meanwhile. Returns whether the caller has lost that post. */
static bool keep_deadlines(struct member *self, uint64_t *ret_next)
{
	struct snafu_crew *crew = self->crew;
	uint64_t now = snafu_now_ms();

	end_late_ones(crew, now);
	struct member *late = overdue(crew, now, ret_next);
	if (!late)
		return false;
	struct snafu_job *job = late->job;
	late->given_up = late->being_given_up = true;
	crew->standby = NULL;
	call_up(crew);
	pthread_mutex_unlock(&crew->lock);
	crew->options.give_up(crew->options.state, job, SNAFU_DEADLINE, 1);
	pthread_mutex_lock(&crew->lock);
	late->being_given_up = false;
	pthread_cond_signal(&late->wake);
	return true;
}

static void sleep_until(struct member *member, uint64_t time_ns)
{
	snafu_condition_wait_ns(&member->wake, &member->crew->lock, time_ns);
}

static void stand_by(struct member *member)
{
	struct snafu_crew *crew = member->crew;
	unsigned long calls = crew->calls, quiet = 0;
	uint64_t next;

	crew->standby = member;
	while (crew->standby == member && !crew->ended) {
		struct member *leader = crew->leader;

		if (leader && leader->job && crew->tick - leader->started_tick >= PATIENCE_TICKS)
			leader = crew->leader = NULL;
		if (!leader) {
			crew->standby = NULL;
			return; /* serve() lets it lead */
		}
		if ((!crew->alert || crew->tick % OVERDUE_TICKS == 0) && keep_deadlines(member, &next))
			return;
		if (crew->alert) {
			sleep_until(member, snafu_now_ns() + TICK_NS);
			crew->tick++;
			bool busy = crew->calls != calls || (crew->leader && crew->leader->job);

			quiet = busy ? 0 : quiet + 1;
			calls = crew->calls;
			crew->alert = quiet < QUIET_TICKS;
		} else if (next != UINT64_MAX) {
			sleep_until(member, next * 1000000u);
		} else {
			pthread_cond_wait(&member->wake, &crew->lock);
		}
	}
}

static void *serve(void *state)
{
	struct member *member = state;
	struct snafu_crew *crew = member->crew;

	pthread_mutex_lock(&crew->lock);
	while (!crew->ended) {
		if (!crew->leader) {
			lead(member);
		} else if (crew->helpers_wanted && may_call(crew)) {
			crew->helpers_wanted--;
			run(member, snafu_job_queue_pop(&crew->queue));
			/* While it is at it: what else waits, the leader being busy. */
			while (may_call(crew) && crew->leader && crew->leader->job && !crew->ended)
				run(member, snafu_job_queue_pop(&crew->queue));
		} else if (may_call(crew) && crew->n_calling + 1 >= crew->options.threads) {
			run(member,
			    snafu_job_queue_pop(&crew->queue)); /* the leader has no thread to spare for it */
		} else if (!crew->standby) {
			stand_by(member);
		} else {
			crew->helpers_wanted = 0;
			member->idle = true;
			while (member->idle && !crew->ended)
				pthread_cond_wait(&member->wake, &crew->lock);
			member->idle = false;
		}
	}
	pthread_mutex_unlock(&crew->lock);
	crew->options.leave(crew->options.state);
	pthread_mutex_lock(&crew->lock);
	member->gone = true;
	pthread_cond_signal(&crew->over);
	pthread_mutex_unlock(&crew->lock);
	return NULL;
}

int snafu_crew_new(const struct snafu_crew_options *options, struct snafu_crew **ret_crew,
                   struct snafu_error *error)
{
	struct snafu_crew *crew = calloc(1, sizeof *crew);

	if (crew)
		crew->members = calloc(options->threads + RESERVE, sizeof *crew->members);
	if (!crew || !crew->members) {
		free(crew);
		return snafu_fail(error, -ENOMEM, "no memory for %zu threads", options->threads);
	}
	crew->options = *options;
	crew->queue_deadline = UINT64_MAX;
	pthread_mutex_init(&crew->lock, NULL);
	snafu_condition_init(&crew->over);
	*ret_crew = crew;
	return 0;
}

/* Whether all threads may be waiting for calls such as JOB, which a function makes: it would
 * never be its turn. Such calls stand at the front of the queue, however full that is. */
static bool may_lock_up(const struct snafu_crew *crew)
{
	size_t before = crew->n_calling;

	for (const struct snafu_job *other = crew->queue.first; other && other->context.depth;
	     other = other->next)
		before++;
	return before >= crew->options.threads;
}

/* Calls for which there is a thread do not count: many may come in one round of the event
 * loop, before the first of them runs. */
static bool is_full(const struct snafu_crew *crew)
{
	size_t threads = crew->options.threads;
	size_t idle = threads > crew->n_calling ? threads - crew->n_calling : 0;

	return crew->queue.count >= crew->options.queue_length + idle;
}

int snafu_crew_queue(struct snafu_crew *crew, struct snafu_job *job)
{
	bool wake = false;
	int code = 0;

	pthread_mutex_lock(&crew->lock);
	if (crew->stops || crew->ended) {
		code = -ESHUTDOWN;
	} else if (job->context.depth ? may_lock_up(crew) : is_full(crew)) {
		code = -EBUSY;
	} else {
		if (job->deadline < crew->queue_deadline)
			crew->queue_deadline = job->deadline;
		if (job->context.depth)
			snafu_job_queue_prepend(&crew->queue, job);
		else
			snafu_job_queue_append(&crew->queue, job);
		/* With every thread stuck nobody runs it, but its deadline is kept. */
		if (!crew->alert && crew->standby && !may_call(crew)) {
			crew->alert = true;
			pthread_cond_signal(&crew->standby->wake);
		}
		/* The leader queues from inside its event loop and needs no wake-up. */
		wake = crew->leader && !pthread_equal(crew->leader->thread, pthread_self());
	}
	pthread_mutex_unlock(&crew->lock);
	if (wake)
		wake_loop(crew);
	return code;
}

int snafu_crew_cancel(struct snafu_crew *crew, const struct snafu_call *call)
{
	pthread_mutex_lock(&crew->lock);
	struct snafu_job *queued = snafu_job_queue_take(&crew->queue, call);
	struct member *found = NULL;

	for (size_t i = 0; i < crew->n_members && !queued && !found; i++) {
		struct member *member = &crew->members[i];

		if (member->job && member->job->call == call && !member->given_up)
			found = member;
	}
	struct snafu_job *job = found ? found->job : queued;
	if (found)
		found->given_up = found->being_given_up = true;
	pthread_mutex_unlock(&crew->lock);
	if (!job)
		return -ESRCH;
	crew->options.give_up(crew->options.state, job, SNAFU_CANCELLED, found != NULL);
	if (queued) {
		snafu_job_free(job);
		return 0;
	}
	pthread_mutex_lock(&crew->lock);
	found->being_given_up = false;
	pthread_cond_signal(&found->wake);
	pthread_mutex_unlock(&crew->lock);
	return 0;
}

bool snafu_crew_step_aside(struct snafu_crew *crew)
{
	pthread_mutex_lock(&crew->lock);
	bool at_work = crew->event_loop && !crew->ended;
	if (at_work && crew->leader && pthread_equal(crew->leader->thread, pthread_self())) {
		crew->leader = NULL;
		if (crew->standby)
			pthread_cond_signal(&crew->standby->wake);
		else
			call_up(crew);
	}
	pthread_mutex_unlock(&crew->lock);
	return at_work;
}

/* Waits for the members that can still come back. Leaving may take for ever, too,
 * when a stuck call holds a lock of its interpreter. */
static int dismiss(struct snafu_crew *crew)
{
	uint64_t end = snafu_now_ms() + LEAVE_MS;
	int stuck = 0;

	pthread_mutex_lock(&crew->lock);
	for (size_t i = 0; i < crew->n_members; i++) {
		struct member *member = &crew->members[i];

		while (!member->gone && !member->job && snafu_now_ms() < end) {
			pthread_cond_signal(&member->wake);
			snafu_condition_wait_ms(&crew->over, &crew->lock, end);
		}
		if (member->gone) {
			pthread_mutex_unlock(&crew->lock);
			pthread_join(member->thread, NULL);
			pthread_mutex_lock(&crew->lock);
		} else {
			pthread_detach(member->thread);
			stuck++;
		}
	}
	pthread_mutex_unlock(&crew->lock);
	return stuck;
}

int snafu_crew_run(struct snafu_crew *crew, const struct snafu_event_loop *event_loop,
                   struct snafu_error *error)
{
	crew->event_loop = event_loop;
	pthread_mutex_lock(&crew->lock);
	int code = start_member(crew);
	while (!code && !crew->ended)
		pthread_cond_wait(&crew->over, &crew->lock);
	pthread_mutex_unlock(&crew->lock);
	code = code ? snafu_fail(error, code, "cannot start a thread") : dismiss(crew);
	crew->event_loop = NULL; /* it may be closed now, and snafu_crew_stop() called again */
	return code;
}

void snafu_crew_stop(struct snafu_crew *crew)
{
	atomic_fetch_add(&crew->stops, 1);
	wake_loop(crew);
}

void snafu_crew_free(struct snafu_crew *crew)
{
	if (!crew)
		return;
	for (size_t i = 0; i < crew->n_members; i++)
		if (!crew->members[i].gone)
			return; /* a stuck thread still uses all of this */
	for (size_t i = 0; i < crew->n_members; i++)
		pthread_cond_destroy(&crew->members[i].wake);
	pthread_mutex_destroy(&crew->lock);
	pthread_cond_destroy(&crew->over);
	free(crew->members);
	free(crew);
}
