/* runtime/away.c — see away.h. */
#include "runtime/away.h"

#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/error.h"
#include "runtime/job.h"
#include "runtime/reactor.h"

struct snafu_away {
	struct snafu_reactor *reactor;
	void (*give_up)(void *state, struct snafu_job *job, int status);
	void *state;
	pthread_mutex_t lock;
	pthread_cond_t let_go; /* somebody is through with giving up a job */
	struct snafu_job *first;
	size_t count, n_leaving;
	struct snafu_timer timer; /* at the earliest deadline, or before it */
	uint64_t armed; /* ms; UINT64_MAX: not set */
};

#define OF_TIMER(POINTER) \
	((struct snafu_away *)((char *)(POINTER)-offsetof(struct snafu_away, timer)))

/* The first that WANTED says yes to, its reference taken, marked as given up. The lock is
 * held. */
static struct snafu_job *pick(struct snafu_away *away,
                              bool (*wanted)(const struct snafu_job *, const void *),
                              const void *what)
{
	for (struct snafu_job *job = away->first; job; job = job->away_next)
		if (!job->given_up && wanted(job, what)) {
			job->given_up = job->being_given_up = true;
			return snafu_job_ref(job);
		}
	return NULL;
}

/* Gives up every job that is WANTED; returns how many. */
static size_t give_up_each(struct snafu_away *away, int status,
                           bool (*wanted)(const struct snafu_job *, const void *), const void *what)
{
	size_t count = 0;

	for (;; count++) {
		pthread_mutex_lock(&away->lock);
		struct snafu_job *job = pick(away, wanted, what);
		pthread_mutex_unlock(&away->lock);
		if (!job)
			return count;
		away->give_up(away->state, job, status);
		pthread_mutex_lock(&away->lock);
		job->being_given_up = false;
		if (away->n_leaving)
			pthread_cond_broadcast(&away->let_go);
		pthread_mutex_unlock(&away->lock);
		snafu_job_free(job);
	}
}

static bool is_late(const struct snafu_job *job, const void *now)
{
	return job->deadline <= *(const uint64_t *)now;
}

static bool is_any(const struct snafu_job *job, const void *nothing)
{
	(void)job;
	(void)nothing;
	return true;
}

static bool is_of_call(const struct snafu_job *job, const void *call)
{
	return job->call == call;
}

/* The lock is held. */
static void arm(struct snafu_away *away, uint64_t at)
{
	/* Without memory for it, the next one that is added tries again. */
	away->armed = at != UINT64_MAX && snafu_reactor_set_timer(away->reactor, &away->timer, at)
	                  ? UINT64_MAX
	                  : at;
}

static void expired(struct snafu_timer *timer)
{
	struct snafu_away *away = OF_TIMER(timer);
	uint64_t now = snafu_now_ms(), next = UINT64_MAX;

	give_up_each(away, SNAFU_DEADLINE, is_late, &now);
	pthread_mutex_lock(&away->lock);
	for (struct snafu_job *job = away->first; job; job = job->away_next)
		if (!job->given_up && job->deadline < next)
			next = job->deadline;
	arm(away, next);
	pthread_mutex_unlock(&away->lock);
}

int snafu_away_new(struct snafu_reactor *reactor,
                   void (*give_up)(void *state, struct snafu_job *job, int status), void *state,
                   struct snafu_away **ret_away, struct snafu_error *error)
{
	struct snafu_away *away = calloc(1, sizeof *away);

	if (!away)
		return snafu_fail(error, -ENOMEM, "no memory");
	away->reactor = reactor;
	away->give_up = give_up;
	away->state = state;
	away->timer.expired = expired;
	away->armed = UINT64_MAX;
	pthread_mutex_init(&away->lock, NULL);
	pthread_cond_init(&away->let_go, NULL);
	*ret_away = away;
	return 0;
}

void snafu_away_free(struct snafu_away *away)
{
	if (!away)
		return;
	snafu_reactor_clear_timer(away->reactor, &away->timer);
	pthread_mutex_destroy(&away->lock);
	pthread_cond_destroy(&away->let_go);
	free(away);
}

void snafu_away_add(struct snafu_away *away, struct snafu_job *job)
{
	pthread_mutex_lock(&away->lock);
	job->away_before = NULL;
	job->away_next = away->first;
	if (away->first)
		away->first->away_before = job;
	away->first = job;
	away->count++;
	if (job->deadline < away->armed)
		arm(away, job->deadline);
	pthread_mutex_unlock(&away->lock);
}

/* The lock is held. */
static void take_out(struct snafu_away *away, struct snafu_job *job)
{
	if (job->away_next)
		job->away_next->away_before = job->away_before;
	*(job->away_before ? &job->away_before->away_next : &away->first) = job->away_next;
	away->count--;
}

void snafu_away_remove(struct snafu_away *away, struct snafu_job *job)
{
	pthread_mutex_lock(&away->lock);
	take_out(away, job);
	pthread_mutex_unlock(&away->lock);
}

bool snafu_away_leave(struct snafu_away *away, struct snafu_job *job)
{
	pthread_mutex_lock(&away->lock);
	take_out(away, job);
	away->n_leaving++;
	while (job->being_given_up)
		pthread_cond_wait(&away->let_go, &away->lock);
	away->n_leaving--;
	bool given_up = job->given_up;
	pthread_mutex_unlock(&away->lock);
	return given_up;
}

size_t snafu_away_count(struct snafu_away *away)
{
	pthread_mutex_lock(&away->lock);
	size_t count = away->count;
	pthread_mutex_unlock(&away->lock);
	return count;
}

int snafu_away_cancel(struct snafu_away *away, const struct snafu_call *call)
{
	return give_up_each(away, SNAFU_CANCELLED, is_of_call, call) ? 0 : -ESRCH;
}

void snafu_away_give_up_all(struct snafu_away *away)
{
	give_up_each(away, SNAFU_UNAVAILABLE, is_any, NULL);
}
