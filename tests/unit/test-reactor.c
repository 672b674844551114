/* tests/unit/test-reactor.c — files and times that the runtime waits for. Nothing measures
 * time: what must happen is waited for, and the alarm ends a test in which it does not. */
#include "runtime/reactor.h"

#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/clock.h"
#include "tests/unit/tap.h"

#define FAR_AWAY (snafu_now_ms() + 3600 * 1000)
#define N_TIMERS 500

static struct snafu_reactor *reactor;

static bool is_readable(int timeout_ms)
{
	struct pollfd polled = {.fd = snafu_reactor_fd(reactor), .events = POLLIN};

	return poll(&polled, 1, timeout_ms) == 1;
}

/* ---- files ---------------------------------------------------------------------- */

struct pipe_watch {
	struct snafu_watch watch;
	int write_fd;
	int n_ready;
	uint32_t events;
	struct pipe_watch *other; /* to be unwatched from inside the callback */
};

static void note_ready(struct snafu_watch *watch, uint32_t events)
{
	struct pipe_watch *mine = (struct pipe_watch *)watch;

	mine->n_ready++;
	mine->events = events;
	if (mine->other) {
		snafu_reactor_unwatch(reactor, &mine->other->watch);
		mine->other = NULL;
	}
}

static void open_pipe(struct pipe_watch *mine)
{
	int fds[2];

	*mine = (struct pipe_watch){.watch.ready = note_ready};
	if (pipe(fds))
		abort();
	mine->watch.fd = fds[0];
	mine->write_fd = fds[1];
	CHECK(snafu_reactor_watch(reactor, &mine->watch, EPOLLIN) == 0);
}

static void close_pipe(struct pipe_watch *mine)
{
	snafu_reactor_unwatch(reactor, &mine->watch); /* also for the second time */
	close(mine->watch.fd);
	close(mine->write_fd);
}

static void say(const struct pipe_watch *mine)
{
	if (write(mine->write_fd, "x", 1) != 1)
		abort();
}

static void hear(const struct pipe_watch *mine)
{
	char byte;

	if (read(mine->watch.fd, &byte, 1) != 1)
		abort();
}

static void check_files(void)
{
	struct pipe_watch one, two;

	open_pipe(&one);
	open_pipe(&two);
	CHECK(snafu_reactor_watch(reactor, &one.watch, EPOLLIN) < 0); /* it is there already */
	snafu_reactor_run(reactor);
	CHECK(one.n_ready == 0 && two.n_ready == 0);
	say(&one);
	CHECK(is_readable(-1));
	snafu_reactor_run(reactor);
	snafu_reactor_run(reactor); /* it was not read, and is still there */
	CHECK(one.n_ready == 2 && one.events == EPOLLIN && two.n_ready == 0);
	hear(&one);
	snafu_reactor_run(reactor);
	CHECK(one.n_ready == 2);
	CHECK(snafu_reactor_change(reactor, &one.watch, 0) == 0);
	say(&one);
	snafu_reactor_run(reactor);
	CHECK(one.n_ready == 2);
	CHECK(snafu_reactor_change(reactor, &one.watch, EPOLLIN) == 0);
	snafu_reactor_run(reactor);
	CHECK(one.n_ready == 3);
	close_pipe(&one);
	CHECK(snafu_reactor_change(reactor, &one.watch, EPOLLIN) < 0);
	close(two.write_fd);
	two.write_fd = dup(0);
	snafu_reactor_run(reactor);
	CHECK(two.n_ready == 1 && two.events & EPOLLHUP);
	close_pipe(&two);
	CHECK(!is_readable(0));
}

/* Whoever is unwatched in a callback is not called any more, though its event was there. */
static void check_unwatched_meanwhile(void)
{
	struct pipe_watch one, two, self;

	open_pipe(&one);
	open_pipe(&two);
	open_pipe(&self);
	one.other = &two;
	two.other = &one;
	self.other = &self;
	say(&one);
	say(&two);
	say(&self);
	snafu_reactor_run(reactor);
	CHECK(one.n_ready + two.n_ready == 1);
	CHECK(self.n_ready == 1);
	snafu_reactor_run(reactor);
	CHECK(self.n_ready == 1);
	close_pipe(&one);
	close_pipe(&two);
	close_pipe(&self);
}

/* ---- callbacks that are under way ------------------------------------------------- */

struct slow {
	struct snafu_watch watch; /* one of the two is used */
	struct snafu_timer timer;
	sem_t begun;
	atomic_bool is_over;
};

static void take_time(struct slow *slow)
{
	sem_post(&slow->begun);
	usleep(20000); /* so that the other thread comes to wait */
	slow->is_over = true;
}

static void slow_ready(struct snafu_watch *watch, uint32_t events)
{
	(void)events;
	take_time((struct slow *)watch);
}

static void slow_expired(struct snafu_timer *timer)
{
	take_time((struct slow *)((char *)timer - offsetof(struct slow, timer)));
}

static void *run_thread(void *state)
{
	(void)state;
	snafu_reactor_run(reactor);
	return NULL;
}

/* Taken away by another thread: afterwards, the callback has ended. */
static void check_taken_away_by_others(void)
{
	struct slow slow = {.watch.ready = slow_ready, .timer.expired = slow_expired};
	pthread_t runner;
	int fds[2];

	if (pipe(fds) || write(fds[1], "x", 1) != 1)
		abort();
	sem_init(&slow.begun, 0, 0);
	slow.watch.fd = fds[0];
	snafu_reactor_watch(reactor, &slow.watch, EPOLLIN);
	pthread_create(&runner, NULL, run_thread, NULL);
	sem_wait(&slow.begun);
	snafu_reactor_run(reactor); /* somebody else is at it */
	CHECK(!slow.is_over);
	snafu_reactor_unwatch(reactor, &slow.watch);
	CHECK(slow.is_over);
	pthread_join(runner, NULL);
	close(fds[0]);
	close(fds[1]);

	slow.is_over = false;
	snafu_reactor_set_timer(reactor, &slow.timer, snafu_now_ms());
	pthread_create(&runner, NULL, run_thread, NULL);
	sem_wait(&slow.begun);
	snafu_reactor_clear_timer(reactor, &slow.timer);
	CHECK(slow.is_over);
	pthread_join(runner, NULL);
	sem_destroy(&slow.begun);
}

/* ---- times ------------------------------------------------------------------------ */

struct note {
	struct snafu_timer timer;
	int n_expired;
	uint64_t again; /* set once more */
	struct note *other; /* to be cleared */
};

static uint64_t last_at; /* of the timer that has expired last */
static bool in_order;

static void note_expired(struct snafu_timer *timer)
{
	struct note *note = (struct note *)timer;

	in_order &= timer->at >= last_at && timer->at <= snafu_now_ms();
	last_at = timer->at;
	note->n_expired++;
	if (note->other)
		snafu_reactor_clear_timer(reactor, &note->other->timer);
	if (note->again)
		snafu_reactor_set_timer(reactor, timer, note->again);
	note->again = 0;
}

static void run_until(uint64_t time)
{
	last_at = 0;
	in_order = true;
	while (snafu_now_ms() < time) {
		is_readable(snafu_reactor_timeout(reactor, 5));
		snafu_reactor_run(reactor);
	}
	snafu_reactor_run(reactor);
}

static void check_times(void)
{
	struct note one = {.timer.expired = note_expired}, two = one, three = one;
	uint64_t now = snafu_now_ms();

	CHECK(snafu_reactor_timeout(reactor, -1) == -1);
	CHECK(snafu_reactor_timeout(reactor, 70) == 70);
	CHECK(snafu_reactor_set_timer(reactor, &one.timer, now + 5) == 0);
	CHECK(snafu_reactor_set_timer(reactor, &two.timer, now + 3) == 0);
	CHECK(snafu_reactor_set_timer(reactor, &three.timer, FAR_AWAY) == 0);
	CHECK(snafu_reactor_timeout(reactor, -1) <= 5 && snafu_reactor_timeout(reactor, 0) == 0);
	one.again = now + 6;
	run_until(now + 10);
	CHECK(in_order && one.n_expired == 2 && two.n_expired == 1 && three.n_expired == 0);
	CHECK(!one.timer.place && !two.timer.place && three.timer.place);
	int timeout = snafu_reactor_timeout(reactor, -1);
	CHECK(timeout > 1000 * 1000 && timeout <= 3600 * 1000);
	snafu_reactor_set_timer(reactor, &three.timer, snafu_now_ms()); /* moves it */
	snafu_reactor_run(reactor);
	CHECK(three.n_expired == 1);

	/* The first clears the second, though both are due. */
	one.other = &two;
	two.other = &one;
	snafu_reactor_set_timer(reactor, &one.timer, snafu_now_ms());
	snafu_reactor_set_timer(reactor, &two.timer, snafu_now_ms());
	snafu_reactor_run(reactor);
	CHECK(one.n_expired + two.n_expired == 4);
	snafu_reactor_clear_timer(reactor, &one.timer); /* not set: no harm */
	CHECK(snafu_reactor_timeout(reactor, -1) == -1);
}

static void check_many_times(void)
{
	static struct note notes[N_TIMERS];
	uint64_t now = snafu_now_ms();
	int wrong = 0;

	srand(7);
	for (int i = 0; i < N_TIMERS; i++) {
		notes[i].timer.expired = note_expired;
		snafu_reactor_set_timer(reactor, &notes[i].timer, now + (uint64_t)(rand() % 30));
	}
	for (int i = 0; i < N_TIMERS; i += 3) /* some move */
		snafu_reactor_set_timer(reactor, &notes[i].timer, now + (uint64_t)(rand() % 30));
	for (int i = 0; i < N_TIMERS; i += 7) /* others go */
		snafu_reactor_clear_timer(reactor, &notes[i].timer);
	run_until(now + 31);
	CHECK(in_order);
	for (int i = 0; i < N_TIMERS; i++)
		wrong += notes[i].n_expired != (i % 7 != 0) || notes[i].timer.place;
	CHECK(wrong == 0);
}

/* ---- waking up -------------------------------------------------------------------- */

static void *set_soon(void *state)
{
	struct note *note = state;

	snafu_reactor_set_timer(reactor, &note->timer, snafu_now_ms());
	return NULL;
}

/* Whoever waits hears of a timer that another thread sets, once. */
static void check_waking(void)
{
	struct note far = {.timer.expired = note_expired}, soon = far;
	pthread_t thread;

	snafu_reactor_set_timer(reactor, &far.timer, FAR_AWAY);
	CHECK(is_readable(0));
	snafu_reactor_run(reactor); /* with no file, and nothing due */
	CHECK(!is_readable(0)); /* else the event loop would turn without end */
	pthread_create(&thread, NULL, set_soon, &soon);
	CHECK(is_readable(-1));
	while (!soon.n_expired)
		snafu_reactor_run(reactor);
	pthread_join(thread, NULL);
	snafu_reactor_run(reactor);
	CHECK(!is_readable(0));
	soon.again = 0;
	snafu_reactor_set_timer(reactor, &soon.timer, FAR_AWAY + 1000); /* later than the first */
	CHECK(!is_readable(0));
	snafu_reactor_clear_timer(reactor, &soon.timer);
	snafu_reactor_clear_timer(reactor, &far.timer);
}

/* ---- all at once ------------------------------------------------------------------- */

static atomic_bool over;
static atomic_int n_fired;

static void count_fired(struct snafu_timer *timer)
{
	(void)timer;
	n_fired++;
}

static void *set_and_clear(void *state)
{
	struct snafu_timer timer = {.expired = count_fired};
	int before;

	(void)state;
	for (int i = 0; i < 2000; i++) {
		snafu_reactor_set_timer(reactor, &timer, snafu_now_ms() + (uint64_t)(i % 2));
		if (i % 3 == 0)
			snafu_reactor_clear_timer(reactor, &timer);
	}
	before = n_fired;
	snafu_reactor_set_timer(reactor, &timer, snafu_now_ms());
	while (n_fired == before && timer.expired) /* somebody runs the reactor */
		sched_yield();
	snafu_reactor_clear_timer(reactor, &timer);
	return NULL;
}

static void *run_all_the_time(void *state)
{
	while (!over) {
		is_readable(snafu_reactor_timeout(reactor, 1));
		snafu_reactor_run(reactor);
	}
	return state;
}

static void check_threads(void)
{
	pthread_t setters[4], runners[2];

	for (int i = 0; i < 2; i++)
		pthread_create(&runners[i], NULL, run_all_the_time, NULL);
	for (int i = 0; i < 4; i++)
		pthread_create(&setters[i], NULL, set_and_clear, NULL);
	for (int i = 0; i < 4; i++)
		pthread_join(setters[i], NULL);
	over = true;
	for (int i = 0; i < 2; i++)
		pthread_join(runners[i], NULL);
	CHECK(snafu_reactor_timeout(reactor, -1) == -1);
}

int main(void)
{
	alarm(60);
	CHECK(snafu_reactor_new(&reactor, NULL) == 0);
	check_files();
	check_unwatched_meanwhile();
	check_taken_away_by_others();
	check_times();
	check_many_times();
	check_waking();
	check_threads();
	snafu_reactor_free(reactor);
	snafu_reactor_free(NULL);
	return tap_done();
}
