/* tests/unit/test-crew.c — the crew under an event loop that is an eventfd: no
 * call stalls the others, deadlines end calls on time, stopping drains. Nothing
 * here measures time: calls wait for each other by semaphores, so a crew that
 * stalls makes the test hang (and the test's alarm ends it). */
#include "runtime/crew.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "langs/result.h"
#include "runtime/host.h"
#include "runtime/job.h"
#include "tests/unit/tap.h"

#define THREADS  8
#define FAR_AWAY (UINT64_MAX / 2000000)

static int event_fd;
static struct snafu_crew *volatile left_to_the_stuck[2]; /* not freed, and no leak */
static sem_t gate, passed, ended;
static atomic_int n_run, n_deadline, n_unavailable, n_cancelled, n_interrupted, n_left, n_waiting;

static void loop_wait(void *state, int timeout_ms)
{
	struct pollfd polled = {.fd = event_fd, .events = POLLIN};
	uint64_t count;

	(void)state;
	if (poll(&polled, 1, timeout_ms) > 0 && read(event_fd, &count, sizeof count) < 0)
		abort();
}

static void loop_wake(void *state)
{
	uint64_t one = 1;

	(void)state;
	if (write(event_fd, &one, sizeof one) < 0)
		abort();
}

static const struct snafu_event_loop event_loop = {.wait = loop_wait, .wake = loop_wake};

/* What a job does is in its payload. */
static void run(void *state, struct snafu_job *job)
{
	(void)state;
	if (strcmp(job->payload, "wait") == 0) {
		atomic_fetch_add(&n_waiting, 1);
		sem_wait(&gate);
	} else if (strcmp(job->payload, "open") == 0)
		sem_post(&gate);
	else if (strcmp(job->payload, "stuck") == 0)
		while (!job->interruptible)
			sched_yield();
	atomic_fetch_add(&n_run, 1);
	sem_post(&passed);
	if (snafu_job_claim(job))
		sem_post(&ended);
}

static void give_up(void *state, struct snafu_job *job, int status, int running)
{
	(void)state;
	if (!snafu_job_claim(job))
		return;
	atomic_fetch_add(status == SNAFU_DEADLINE    ? &n_deadline
	                 : status == SNAFU_CANCELLED ? &n_cancelled
	                                             : &n_unavailable,
	                 1);
	if (running) {
		atomic_fetch_add(&n_interrupted, 1);
		job->interruptible = true; /* what a language's interrupt would do */
	}
	sem_post(&ended);
}

static atomic_bool leave_blocks;

static void leave(void *state)
{
	(void)state;
	atomic_fetch_add(&n_left, 1);
	while (leave_blocks)
		usleep(1000);
}

static struct snafu_crew *make_crew(size_t queue_length, uint64_t drain_timeout)
{
	struct snafu_crew_options options = {
		.run = run,
		.give_up = give_up,
		.leave = leave,
		.threads = THREADS,
		.queue_length = queue_length,
		.drain_timeout = drain_timeout,
	};
	struct snafu_crew *crew = NULL;

	sem_init(&gate, 0, 0);
	sem_init(&passed, 0, 0);
	sem_init(&ended, 0, 0);
	n_run = n_deadline = n_unavailable = n_cancelled = n_interrupted = n_left = n_waiting = 0;
	CHECK(snafu_crew_new(&options, &crew, NULL) == 0);
	return crew;
}

static int queue_nested(struct snafu_crew *crew, const char *what, uint64_t deadline,
                        struct snafu_call *call, unsigned depth)
{
	struct snafu_job *job = calloc(1, sizeof *job);

	job->context.depth = depth;

	job->call = call;
	job->payload = strdup(what);
	job->deadline = deadline;
	int code = snafu_crew_queue(crew, job);
	if (code)
		snafu_job_free(job);
	return code;
}

static int queue_call(struct snafu_crew *crew, const char *what, uint64_t deadline,
                      struct snafu_call *call)
{
	return queue_nested(crew, what, deadline, call, 0);
}

static int queue(struct snafu_crew *crew, const char *what, uint64_t deadline)
{
	return queue_call(crew, what, deadline, NULL);
}

static void *crew_thread(void *state)
{
	return (void *)(intptr_t)snafu_crew_run(state, &event_loop, NULL);
}

static void wait_for(sem_t *semaphore, int count)
{
	for (int i = 0; i < count; i++)
		while (sem_wait(semaphore) && errno == EINTR)
			;
}

static void check_calls_do_not_stall_each_other(void)
{
	struct snafu_crew *crew = make_crew(1000, 60000);
	pthread_t thread;
	void *stuck;

	pthread_create(&thread, NULL, crew_thread, crew);
	/* All but one thread wait for a call that comes after them. */
	for (int i = 0; i < THREADS - 1; i++)
		queue(crew, "wait", FAR_AWAY);
	for (int i = 0; i < THREADS - 1; i++)
		queue(crew, "open", FAR_AWAY);
	for (int i = 0; i < 500; i++)
		queue(crew, "quick", FAR_AWAY);
	wait_for(&ended, 2 * (THREADS - 1) + 500);
	CHECK(n_run == 2 * (THREADS - 1) + 500);

	/* With every thread stuck the loop still turns, so deadlines are kept, and
	 * the calls behind go on when a thread comes free. */
	for (int i = 0; i < THREADS; i++)
		queue(crew, "stuck", snafu_now_ms() + 30);
	for (int i = 0; i < 20; i++)
		queue(crew, "quick", FAR_AWAY);
	wait_for(&ended, THREADS + 20);
	CHECK(n_deadline == THREADS);
	CHECK(n_interrupted >= 1 && n_interrupted <= THREADS); /* the others never ran */
	CHECK(n_unavailable == 0);
	snafu_crew_stop(crew);
	pthread_join(thread, &stuck);
	CHECK((intptr_t)stuck == 0);
	CHECK(n_left >= 2 && n_left <= THREADS + 2);
	CHECK(queue(crew, "quick", FAR_AWAY) == -ESHUTDOWN);
	snafu_crew_free(crew);
}

static void check_drain(void)
{
	struct snafu_crew *crew = make_crew(100, 60000);
	pthread_t thread;
	void *stuck;

	pthread_create(&thread, NULL, crew_thread, crew);
	queue(crew, "wait", FAR_AWAY);
	queue(crew, "quick", FAR_AWAY);
	wait_for(&passed, 1);
	snafu_crew_stop(crew); /* the waiting call gets its time */
	sem_post(&gate);
	pthread_join(thread, &stuck);
	CHECK((intptr_t)stuck == 0 && n_run == 2 && n_unavailable == 0);
	snafu_crew_free(crew);
}

static void check_second_stop(void)
{
	struct snafu_crew *crew = make_crew(THREADS + 5, 60000);
	pthread_t thread;
	void *stuck;

	pthread_create(&thread, NULL, crew_thread, crew);
	for (int i = 0; i < THREADS + 5; i++)
		CHECK(queue(crew, "wait", FAR_AWAY) == 0);
	snafu_crew_stop(crew);
	snafu_crew_stop(crew);
	pthread_join(thread, &stuck);
	CHECK(n_unavailable == THREADS + 5 && n_run == 0);
	CHECK((intptr_t)stuck >= 0 && (intptr_t)stuck <= THREADS);
	/* Let the stuck ones go, so that nothing is left when the process ends. */
	for (int i = 0; i < (intptr_t)stuck; i++)
		sem_post(&gate);
	wait_for(&passed, (int)(intptr_t)stuck);
	left_to_the_stuck[0] = crew;
}

/* Every thread is in a function that nothing interrupts, and all is quiet: a call
 * that comes then still ends at its deadline. */
static void check_deadline_without_threads(void)
{
	struct snafu_crew *crew = make_crew(100, 60000);
	pthread_t thread;
	void *stuck;

	pthread_create(&thread, NULL, crew_thread, crew);
	for (int i = 0; i < THREADS; i++)
		queue(crew, "wait", FAR_AWAY);
	while (n_waiting < THREADS)
		usleep(1000);
	usleep(300000); /* until nobody watches any more */
	queue(crew, "quick", snafu_now_ms() + 30);
	wait_for(&ended, 1);
	CHECK(n_deadline == 1 && n_run == 0);
	/* Not only of the first in the queue. */
	queue(crew, "quick", FAR_AWAY);
	queue(crew, "quick", snafu_now_ms() + 20);
	queue(crew, "quick", FAR_AWAY);
	queue(crew, "quick", snafu_now_ms() + 10);
	wait_for(&ended, 2);
	CHECK(n_deadline == 3 && n_run == 0);
	for (int i = 0; i < THREADS; i++)
		sem_post(&gate);
	snafu_crew_stop(crew);
	pthread_join(thread, &stuck);
	CHECK((intptr_t)stuck == 0);
	snafu_crew_free(crew);
}

/* A thread that cannot take leave of its interpreter does not keep the host. */
static void check_stuck_leave(void)
{
	struct snafu_crew *crew = make_crew(100, 0);
	pthread_t thread;
	void *stuck;

	leave_blocks = true;
	pthread_create(&thread, NULL, crew_thread, crew);
	queue(crew, "quick", FAR_AWAY);
	wait_for(&ended, 1);
	snafu_crew_stop(crew);
	pthread_join(thread, &stuck);
	CHECK((intptr_t)stuck >= 1 && (intptr_t)stuck <= THREADS + 2);
	leave_blocks = false;
	left_to_the_stuck[1] = crew;
}

/* Calls that wait, run, are over: each thread is taken, so the last one waits. */
static void check_cancel(void)
{
	struct snafu_crew *crew = make_crew(100, 60000);
	struct snafu_call calls[THREADS + 1] = {0};
	pthread_t thread;
	void *stuck;

	pthread_create(&thread, NULL, crew_thread, crew);
	for (int i = 0; i <= THREADS; i++)
		queue_call(crew, "stuck", FAR_AWAY, &calls[i]);
	CHECK(snafu_crew_cancel(crew, &calls[THREADS]) == 0);
	for (int i = 0; i < THREADS; i++)
		CHECK(snafu_crew_cancel(crew, &calls[i]) == 0);
	wait_for(&ended, THREADS + 1);
	CHECK(n_cancelled == THREADS + 1);
	CHECK(snafu_crew_cancel(crew, &calls[0]) == -ESRCH);
	queue(crew, "quick", FAR_AWAY);
	wait_for(&ended, 1);
	snafu_crew_stop(crew);
	pthread_join(thread, &stuck);
	CHECK((intptr_t)stuck == 0);
	snafu_crew_free(crew);
}

static void check_full_queue(void)
{
	struct snafu_crew *crew = make_crew(3, 0);

	/* Those for whom there is a thread do not count. */
	for (int i = 0; i < THREADS + 3; i++)
		CHECK(queue(crew, "quick", FAR_AWAY) == 0);
	CHECK(queue(crew, "quick", FAR_AWAY) == -EBUSY);
	snafu_crew_stop(crew);
	CHECK(snafu_crew_run(crew, &event_loop, NULL) == 0);
	CHECK(n_run + n_unavailable == THREADS + 3);
	snafu_crew_free(crew);
}

/* Calls that functions wait for get a thread, or none, at once; and come before others. */
static void check_calls_by_functions(void)
{
	struct snafu_crew *crew = make_crew(2, 60000);
	pthread_t thread;
	void *stuck;

	pthread_create(&thread, NULL, crew_thread, crew);
	for (int i = 0; i < THREADS - 1; i++) {
		while (queue(crew, "wait", FAR_AWAY)) /* the queue is short */
			usleep(1000);
		while (n_waiting < i + 1)
			usleep(1000);
	}
	CHECK(queue_nested(crew, "wait", FAR_AWAY, NULL, 1) == 0); /* the last thread */
	while (n_waiting < THREADS)
		usleep(1000);
	CHECK(queue_nested(crew, "quick", FAR_AWAY, NULL, 1) == -EBUSY);
	CHECK(queue(crew, "quick", FAR_AWAY) == 0); /* others may wait */
	CHECK(queue(crew, "quick", FAR_AWAY) == 0);
	CHECK(queue(crew, "quick", FAR_AWAY) == -EBUSY);
	sem_post(&gate);
	wait_for(&ended, 3);
	for (int i = 0; i < THREADS - 1; i++)
		sem_post(&gate);
	wait_for(&ended, THREADS - 1);
	snafu_crew_stop(crew);
	pthread_join(thread, &stuck);
	CHECK((intptr_t)stuck == 0 && n_run == THREADS + 2);
	snafu_crew_free(crew);

	/* However full the queue is. */
	crew = make_crew(2, 0);
	for (int i = 0; i < THREADS + 2; i++)
		CHECK(queue(crew, "quick", FAR_AWAY) == 0);
	CHECK(queue(crew, "quick", FAR_AWAY) == -EBUSY);
	for (int i = 0; i < THREADS; i++)
		CHECK(queue_nested(crew, "quick", FAR_AWAY, NULL, 1) == 0);
	CHECK(queue_nested(crew, "quick", FAR_AWAY, NULL, 1) == -EBUSY);
	snafu_crew_stop(crew);
	CHECK(snafu_crew_run(crew, &event_loop, NULL) == 0);
	CHECK(n_run + n_unavailable == 2 * THREADS + 2);
	snafu_crew_free(crew);
}

int main(void)
{
	alarm(60);
	event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	check_calls_do_not_stall_each_other();
	check_drain();
	check_second_stop();
	check_deadline_without_threads();
	check_stuck_leave();
	check_cancel();
	check_full_queue();
	check_calls_by_functions();
	return tap_done();
}
