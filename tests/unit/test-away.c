/* tests/unit/test-away.c — calls that are under way elsewhere: their deadlines, and who else
 * ends them. The reactor is run here, as the crew's leader would. */
#include "runtime/away.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "runtime/host.h"
#include "runtime/job.h"
#include "runtime/reactor.h"
#include "tests/unit/tap.h"

#define FAR_AWAY (snafu_now_ms() + 3600 * 1000)
#define N_JOBS   8
#define N_ROUNDS 300

static struct snafu_reactor *reactor;
static struct snafu_away *away;
static int statuses[N_JOBS]; /* that each was given up with; 0: it was not */
static int n_given_up;
static bool remove_at_once; /* as if it ended in that moment */

static void give_up(void *state, struct snafu_job *job, int status)
{
	CHECK(state == &statuses);
	statuses[job->attempt] = status;
	n_given_up++;
	if (remove_at_once) {
		snafu_away_remove(away, job);
		snafu_job_free(job);
	}
	CHECK(job->payload_size == 17); /* it is still there */
}

static struct snafu_job *add(unsigned number, uint64_t deadline, struct snafu_call *call)
{
	struct snafu_job *job = calloc(1, sizeof *job);

	*job = (struct snafu_job){.attempt = number,
	                          .deadline = deadline,
	                          .call = call,
	                          .payload_size = 17};
	snafu_away_add(away, job);
	return job;
}

static void end(struct snafu_job *job)
{
	snafu_away_remove(away, job);
	snafu_job_free(job);
}

static void run_until_given_up(int count)
{
	struct pollfd polled = {.fd = snafu_reactor_fd(reactor), .events = POLLIN};

	while (n_given_up < count) {
		poll(&polled, 1, snafu_reactor_timeout(reactor, -1));
		snafu_reactor_run(reactor);
	}
}

static void check_deadlines(void)
{
	struct snafu_job *jobs[N_JOBS];
	uint64_t now = snafu_now_ms();

	jobs[0] = add(0, FAR_AWAY, NULL);
	jobs[1] = add(1, now + 20, NULL);
	jobs[2] = add(2, now + 10, NULL); /* sooner than what was there */
	jobs[3] = add(3, now + 5, NULL);
	jobs[4] = add(4, now, NULL);
	end(jobs[3]); /* its time does not matter any more */
	CHECK(snafu_away_count(away) == 4);
	run_until_given_up(3);
	CHECK(statuses[1] == SNAFU_DEADLINE && statuses[2] == SNAFU_DEADLINE);
	CHECK(statuses[4] == SNAFU_DEADLINE && statuses[0] == 0 && statuses[3] == 0);
	snafu_reactor_run(reactor);
	CHECK(n_given_up == 3); /* nobody twice */
	CHECK(snafu_reactor_timeout(reactor, -1) > 1000 * 1000); /* only the first one's is left */
	jobs[5] = add(5, snafu_now_ms() + 1, NULL); /* the clock is set again */
	run_until_given_up(4);
	CHECK(statuses[5] == SNAFU_DEADLINE);
	for (int i = 0; i < 6; i++)
		if (i != 3)
			end(jobs[i]);
	CHECK(snafu_away_count(away) == 0);
}

static void check_others_who_end_calls(void)
{
	struct snafu_call calls[3] = {0};
	struct snafu_job *jobs[3];

	for (unsigned i = 0; i < 3; i++)
		jobs[i] = add(i, FAR_AWAY, &calls[i]);
	CHECK(snafu_away_cancel(away, &calls[1]) == 0);
	CHECK(n_given_up == 1 && statuses[1] == SNAFU_CANCELLED);
	CHECK(snafu_away_cancel(away, &calls[1]) == -ESRCH);
	end(jobs[0]);
	CHECK(snafu_away_cancel(away, &calls[0]) == -ESRCH);
	snafu_away_give_up_all(away);
	CHECK(n_given_up == 2 && statuses[2] == SNAFU_UNAVAILABLE && statuses[0] == 0);
	snafu_away_give_up_all(away);
	CHECK(n_given_up == 2);
	end(jobs[1]);
	end(jobs[2]);
}

/* The job ends while it is given up, and has been freed by its owner. */
static void check_the_end_meanwhile(void)
{
	struct snafu_call call = {0};

	remove_at_once = true;
	add(0, FAR_AWAY, &call);
	CHECK(snafu_away_cancel(away, &call) == 0);
	add(1, snafu_now_ms(), NULL);
	run_until_given_up(2);
	CHECK(statuses[1] == SNAFU_DEADLINE && snafu_away_count(away) == 0);
	remove_at_once = false;
}

/* ---- jobs on the thread of a function ---------------------------------------------- */

static atomic_bool is_given_up, is_over;

static void take_time(void *state, struct snafu_job *job, int status)
{
	(void)state, (void)job;
	CHECK(status == SNAFU_DEADLINE);
	is_given_up = true;
	usleep(20000); /* so that the other thread comes to wait */
	is_over = true;
}

static void *run_once(void *state)
{
	struct pollfd polled = {.fd = snafu_reactor_fd(reactor), .events = POLLIN};

	while (!is_given_up) {
		poll(&polled, 1, snafu_reactor_timeout(reactor, -1));
		snafu_reactor_run(reactor);
	}
	return state;
}

/* Whoever leaves waits for who is at it. */
static void check_leaving(void)
{
	struct snafu_job *job = add(0, FAR_AWAY, NULL);
	pthread_t thread;

	CHECK(!snafu_away_leave(away, job));
	snafu_job_free(job);
	job = add(0, snafu_now_ms() + 5, NULL);
	pthread_create(&thread, NULL, run_once, NULL);
	while (!is_given_up)
		usleep(100);
	CHECK(snafu_away_leave(away, job));
	CHECK(is_over);
	snafu_job_free(job);
	pthread_join(thread, NULL);
	CHECK(snafu_away_count(away) == 0);
}

/* ---- all at once ------------------------------------------------------------------- */

static void forget(void *state, struct snafu_job *job, int status)
{
	(void)state, (void)status;
	atomic_store(&job->cold, true);
}

static void *begin_and_end(void *state)
{
	struct snafu_call *call = state;

	for (int i = 0; i < N_ROUNDS; i++) {
		end(add(0, snafu_now_ms() + (unsigned)i % 2, call));
		struct snafu_job *job = add(0, snafu_now_ms() + (unsigned)i % 2, call);
		snafu_away_leave(away, job);
		snafu_job_free(job);
	}
	return NULL;
}

static void *cancel(void *state)
{
	for (int i = 0; i < N_ROUNDS; i++) {
		snafu_away_cancel(away, state);
		snafu_reactor_run(reactor);
	}
	return NULL;
}

static void check_threads(void)
{
	struct snafu_call calls[2] = {0};
	pthread_t threads[4];

	for (int i = 0; i < 2; i++) {
		pthread_create(&threads[i], NULL, begin_and_end, &calls[i]);
		pthread_create(&threads[2 + i], NULL, cancel, &calls[i]);
	}
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	CHECK(snafu_away_count(away) == 0);
}

static void with(void (*check)(void), void (*by)(void *state, struct snafu_job *job, int status))
{
	memset(statuses, 0, sizeof statuses);
	n_given_up = 0;
	CHECK(snafu_away_new(reactor, by, &statuses, &away, NULL) == 0);
	check();
	snafu_away_free(away);
}

int main(void)
{
	alarm(60);
	CHECK(snafu_reactor_new(&reactor, NULL) == 0);
	with(check_deadlines, give_up);
	with(check_others_who_end_calls, give_up);
	with(check_the_end_meanwhile, give_up);
	with(check_leaving, take_time);
	with(check_threads, forget);
	snafu_away_free(NULL);
	snafu_reactor_free(reactor);
	return tap_done();
}
