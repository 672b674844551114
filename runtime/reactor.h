/* runtime/reactor.h — files and times that the runtime waits for: sockets of
 * functions' processes, deadlines, idle instances.
 *
 * One thread at a time runs it: the crew's leader between two turns of its event
 * loop, or, where no crew is at work, a thread that waits for a call. Callbacks run on
 * that thread, without the reactor's lock, and must not block. Everything else may be
 * called from any thread, also from inside callbacks. */
#ifndef SNAFU_RUNTIME_REACTOR_H
#define SNAFU_RUNTIME_REACTOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct snafu_error;
struct snafu_reactor;

int snafu_reactor_new(struct snafu_reactor **ret_reactor, struct snafu_error *error);
void snafu_reactor_free(struct snafu_reactor *reactor);

/* Readable when there is something to run. */
int snafu_reactor_fd(const struct snafu_reactor *reactor);

/* Runs what is due; never blocks. Nothing happens when another thread is at it. */
void snafu_reactor_run(struct snafu_reactor *reactor);

/* Ms until the next timer, at most CAP_MS (-1: no cap; -1 is returned when there is none). */
int snafu_reactor_timeout(struct snafu_reactor *reactor, int cap_ms);

/* A file that is waited for. The struct is the caller's, and stays where it is until
 * the watch was removed; level-triggered. */
struct snafu_watch {
	int fd;
	void (*ready)(struct snafu_watch *watch, uint32_t events); /* EPOLLIN, ... */
};
int snafu_reactor_watch(struct snafu_reactor *reactor, struct snafu_watch *watch, uint32_t events);
int snafu_reactor_change(struct snafu_reactor *reactor, struct snafu_watch *watch, uint32_t events);
/* Before the fd is closed. `ready` is not called any more when this returns: on another
 * thread than the running one it waits for a callback that is under way. */
void snafu_reactor_unwatch(struct snafu_reactor *reactor, struct snafu_watch *watch);

/* A time. The struct is the caller's, zeroed at first, and stays where it is while set. */
struct snafu_timer {
	void (*expired)(struct snafu_timer *timer);
	uint64_t at; /* snafu_now_ms() */
	_Atomic size_t place; /* 1 + index in the heap; 0: not set */
};
/* Whether it is set now; when it is not, `expired` is being called or has been. */
bool snafu_timer_is_set(const struct snafu_timer *timer);
/* Sets or moves it; expires once. -ENOMEM. */
int snafu_reactor_set_timer(struct snafu_reactor *reactor, struct snafu_timer *timer, uint64_t at);
/* As snafu_reactor_unwatch(). */
void snafu_reactor_clear_timer(struct snafu_reactor *reactor, struct snafu_timer *timer);

#endif
