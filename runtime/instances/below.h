/* runtime/instances/below.h — the processes below a zygote or guardian: those that it has
 * forked, and strangers, that is what these have started and left behind.
 *
 * Linux hands orphans to the nearest subreaper above them. That is the child while it
 * lives, and then this process: so strangers turn up among the own children when a child has
 * ended; they are killed, and what these leave behind turns up next. One thread. */
#ifndef SNAFU_RUNTIME_INSTANCES_BELOW_H
#define SNAFU_RUNTIME_INSTANCES_BELOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>

#define SNAFU_BELOW_GRACE_MS 1000 /* that a child has to end by itself when the host hangs up */
#define SNAFU_BELOW_END_MS   5000 /* that the end of all is waited for */

struct snafu_below_child {
	pid_t pid;
	uint64_t number; /* of its START */
	int socket; /* its socket, to see when the host hangs up; -1: it has */
	uint64_t kill_at; /* snafu_now_ms(); 0: not yet */
};

struct snafu_below {
	struct snafu_below_child *children;
	size_t count, capacity;
	int signals; /* signalfd for SIGCHLD and SIGTERM, which are blocked */
	bool stop; /* SIGTERM has come: the end is wanted */
	int list; /* the kernel's list of our children */
	struct pollfd *polled;
	size_t polled_capacity;
};

/* Makes this process the one that orphans come to. -errno. */
int snafu_below_begin(struct snafu_below *below);

/* In a child that was just forked: undoes that. */
void snafu_below_forget(struct snafu_below *below);

/* Takes SOCKET. -ENOMEM: the child is killed. */
int snafu_below_add(struct snafu_below *below, pid_t pid, uint64_t number, int socket);

/* Waits until FD (-1: none) is readable, whose poll events are returned, or something has
 * happened below; children whose time is over are killed. */
short snafu_below_wait(struct snafu_below *below, int fd);

/* Tells ENDED of children that have ended, and kills strangers. */
void snafu_below_reap(struct snafu_below *below,
                      void (*ended)(void *state, const struct snafu_below_child *child, int status,
                                    const struct rusage *usage),
                      void *state);

/* Kills all and waits for their end. */
void snafu_below_end(struct snafu_below *below);

#endif
