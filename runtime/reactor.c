/* runtime/reactor.c — see reactor.h: an epoll set and a heap of timers. */
#include "runtime/reactor.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/array.h"
#include "base/clock.h"
#include "base/error.h"

#define BATCH      64 /* events taken at once */
#define LONGEST_MS (3600 * 1000) /* of a wait without a cap that has a timer to look to */

struct snafu_reactor {
	int epoll_fd, wake_fd;
	atomic_size_t n_watches; /* without any, nothing needs to be asked of the kernel... */
	atomic_bool woken; /* ...but for this: what woke somebody up must not do so again */
	pthread_mutex_t lock;
	pthread_cond_t idle; /* a callback has ended while somebody waited for that */
	bool running;
	pthread_t runner;
	const void *current; /* the watch or timer whose callback is under way */
	size_t n_waiting;
	struct epoll_event batch[BATCH];
	int n_batch;
	struct snafu_timer **timers; /* a heap: the earliest is the first */
	size_t n_timers, timers_capacity;
	atomic_uint_fast64_t earliest; /* ms; UINT64_MAX: none */
};

int snafu_reactor_new(struct snafu_reactor **ret_reactor, struct snafu_error *error)
{
	struct snafu_reactor *reactor = calloc(1, sizeof *reactor);
	struct epoll_event wake = {.events = EPOLLIN | EPOLLET, .data.ptr = NULL};

	if (!reactor)
		return snafu_fail(error, -ENOMEM, "no memory");
	reactor->earliest = UINT64_MAX;
	pthread_mutex_init(&reactor->lock, NULL);
	pthread_cond_init(&reactor->idle, NULL);
	reactor->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	reactor->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (reactor->epoll_fd < 0 || reactor->wake_fd < 0 ||
	    epoll_ctl(reactor->epoll_fd, EPOLL_CTL_ADD, reactor->wake_fd, &wake) < 0) {
		int code = -errno;

		snafu_reactor_free(reactor);
		return snafu_fail_errno(error, code, "cannot wait for files");
	}
	*ret_reactor = reactor;
	return 0;
}

void snafu_reactor_free(struct snafu_reactor *reactor)
{
	if (!reactor)
		return;
	if (reactor->epoll_fd >= 0)
		close(reactor->epoll_fd);
	if (reactor->wake_fd >= 0)
		close(reactor->wake_fd);
	pthread_mutex_destroy(&reactor->lock);
	pthread_cond_destroy(&reactor->idle);
	free(reactor->timers);
	free(reactor);
}

int snafu_reactor_fd(const struct snafu_reactor *reactor)
{
	return reactor->epoll_fd;
}

/* ---- running; the lock is held but in callbacks ------------------------------- */

static void begin_callback(struct snafu_reactor *reactor, const void *what)
{
	reactor->current = what;
	pthread_mutex_unlock(&reactor->lock);
}

static void end_callback(struct snafu_reactor *reactor)
{
	pthread_mutex_lock(&reactor->lock);
	reactor->current = NULL;
	if (reactor->n_waiting)
		pthread_cond_broadcast(&reactor->idle);
}

/* Whoever takes something away must not do so under a callback's feet. */
static void wait_for_callback(struct snafu_reactor *reactor, const void *what)
{
	reactor->n_waiting++;
	while (reactor->current == what && !pthread_equal(reactor->runner, pthread_self()))
		pthread_cond_wait(&reactor->idle, &reactor->lock);
	reactor->n_waiting--;
}

static void run_events(struct snafu_reactor *reactor)
{
	int count;

	atomic_store(&reactor->woken, false);
	do {
		count = epoll_wait(reactor->epoll_fd, reactor->batch, BATCH, 0);
		reactor->n_batch = count;
		for (int i = 0; i < count; i++) {
			struct snafu_watch *watch = reactor->batch[i].data.ptr;

			if (!watch)
				continue;
			begin_callback(reactor, watch);
			watch->ready(watch, reactor->batch[i].events);
			end_callback(reactor);
		}
		reactor->n_batch = 0;
	} while (count == BATCH);
}

static void take_out(struct snafu_reactor *reactor, struct snafu_timer *timer);

static void run_timers(struct snafu_reactor *reactor)
{
	uint64_t now = snafu_now_ms();

	while (reactor->n_timers && reactor->timers[0]->at <= now) {
		struct snafu_timer *timer = reactor->timers[0];

		take_out(reactor, timer);
		begin_callback(reactor, timer);
		timer->expired(timer);
		end_callback(reactor);
	}
}

void snafu_reactor_run(struct snafu_reactor *reactor)
{
	uint64_t earliest = atomic_load_explicit(&reactor->earliest, memory_order_relaxed);
	bool due = earliest != UINT64_MAX && earliest <= snafu_now_ms();

	if (!due && !atomic_load_explicit(&reactor->n_watches, memory_order_relaxed) &&
	    !atomic_load(&reactor->woken))
		return;
	pthread_mutex_lock(&reactor->lock);
	if (!reactor->running) {
		reactor->running = true;
		reactor->runner = pthread_self();
		run_events(reactor);
		run_timers(reactor);
		reactor->running = false;
	}
	pthread_mutex_unlock(&reactor->lock);
}

int snafu_reactor_timeout(struct snafu_reactor *reactor, int cap_ms)
{
	uint64_t earliest = atomic_load_explicit(&reactor->earliest, memory_order_relaxed);

	if (earliest == UINT64_MAX)
		return cap_ms;
	uint64_t now = snafu_now_ms(), left = earliest > now ? earliest - now : 0;
	int most = cap_ms < 0 ? LONGEST_MS : cap_ms;
	return left < (uint64_t)most ? (int)left : most;
}

/* Who waits is woken, also one who waits for edges. The word comes first: it is found then. */
static void wake(struct snafu_reactor *reactor)
{
	uint64_t one = 1;

	atomic_store(&reactor->woken, true);
	if (write(reactor->wake_fd, &one, sizeof one) < 0)
		return; /* the counter is full, so it has woken everybody */
}

/* ---- files ---------------------------------------------------------------------- */

int snafu_reactor_watch(struct snafu_reactor *reactor, struct snafu_watch *watch, uint32_t events)
{
	struct epoll_event event = {.events = events, .data.ptr = watch};

	if (epoll_ctl(reactor->epoll_fd, EPOLL_CTL_ADD, watch->fd, &event) < 0)
		return -errno;
	atomic_fetch_add(&reactor->n_watches, 1);
	return 0;
}

int snafu_reactor_change(struct snafu_reactor *reactor, struct snafu_watch *watch, uint32_t events)
{
	struct epoll_event event = {.events = events, .data.ptr = watch};

	if (epoll_ctl(reactor->epoll_fd, EPOLL_CTL_MOD, watch->fd, &event) < 0)
		return -errno;
	/* A file that the kernel still has among those that were ready makes no new edge, though
	 * it may be ready for what is asked now. */
	wake(reactor);
	return 0;
}

void snafu_reactor_unwatch(struct snafu_reactor *reactor, struct snafu_watch *watch)
{
	if (epoll_ctl(reactor->epoll_fd, EPOLL_CTL_DEL, watch->fd, NULL) < 0)
		return;
	atomic_fetch_sub(&reactor->n_watches, 1);
	pthread_mutex_lock(&reactor->lock);
	for (int i = 0; i < reactor->n_batch; i++)
		if (reactor->batch[i].data.ptr == watch)
			reactor->batch[i].data.ptr = NULL;
	wait_for_callback(reactor, watch);
	pthread_mutex_unlock(&reactor->lock);
}

/* ---- timers --------------------------------------------------------------------- */

static void put(struct snafu_reactor *reactor, size_t index, struct snafu_timer *timer)
{
	reactor->timers[index] = timer;
	atomic_store_explicit(&timer->place, index + 1, memory_order_relaxed);
}

bool snafu_timer_is_set(const struct snafu_timer *timer)
{
	return atomic_load_explicit(&timer->place, memory_order_relaxed) != 0;
}

static void sift_up(struct snafu_reactor *reactor, size_t index, struct snafu_timer *timer)
{
	while (index > 0 && reactor->timers[(index - 1) / 2]->at > timer->at) {
		put(reactor, index, reactor->timers[(index - 1) / 2]);
		index = (index - 1) / 2;
	}
	put(reactor, index, timer);
}

static void sift_down(struct snafu_reactor *reactor, size_t index, struct snafu_timer *timer)
{
	for (;;) {
		size_t child = 2 * index + 1;

		if (child >= reactor->n_timers)
			break;
		if (child + 1 < reactor->n_timers &&
		    reactor->timers[child + 1]->at < reactor->timers[child]->at)
			child++;
		if (reactor->timers[child]->at >= timer->at)
			break;
		put(reactor, index, reactor->timers[child]);
		index = child;
	}
	put(reactor, index, timer);
}

static void note_earliest(struct snafu_reactor *reactor)
{
	reactor->earliest = reactor->n_timers ? reactor->timers[0]->at : UINT64_MAX;
}

static void take_out(struct snafu_reactor *reactor, struct snafu_timer *timer)
{
	size_t index = timer->place - 1;
	struct snafu_timer *last = reactor->timers[--reactor->n_timers];

	timer->place = 0;
	if (last != timer) {
		if (index > 0 && reactor->timers[(index - 1) / 2]->at > last->at)
			sift_up(reactor, index, last);
		else
			sift_down(reactor, index, last);
	}
	note_earliest(reactor);
}

int snafu_reactor_set_timer(struct snafu_reactor *reactor, struct snafu_timer *timer, uint64_t at)
{
	int code = 0;

	pthread_mutex_lock(&reactor->lock);
	uint64_t before = reactor->earliest;
	if (timer->place)
		take_out(reactor, timer);
	code = snafu_array_grow(&reactor->timers, &reactor->timers_capacity, reactor->n_timers,
	                        sizeof *reactor->timers);
	if (!code) {
		timer->at = at;
		sift_up(reactor, reactor->n_timers++, timer);
		note_earliest(reactor);
	}
	bool sooner = reactor->earliest < before && !reactor->running;
	pthread_mutex_unlock(&reactor->lock);
	if (sooner) /* whoever waits does so for too long now */
		wake(reactor);
	return code;
}

void snafu_reactor_clear_timer(struct snafu_reactor *reactor, struct snafu_timer *timer)
{
	pthread_mutex_lock(&reactor->lock);
	if (timer->place)
		take_out(reactor, timer);
	wait_for_callback(reactor, timer);
	pthread_mutex_unlock(&reactor->lock);
}
