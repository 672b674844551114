/* runtime/instances/below.c — see below.h. */
#include "runtime/instances/below.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/array.h"
#include "base/clock.h"

#define LIST_SIZE 16384 /* bytes of pids that are looked at at a time */
#define DEPTH_CAP 32 /* generations that are killed at once; more come in later rounds */
#define RETRY_MS  5 /* between two rounds of the end */

static void our_signals(sigset_t *set)
{
	sigemptyset(set);
	sigaddset(set, SIGCHLD);
	sigaddset(set, SIGTERM);
}

int snafu_below_begin(struct snafu_below *below)
{
	sigset_t set;

	our_signals(&set);
	*below = (struct snafu_below){.signals = -1, .list = -1};
	if (prctl(PR_SET_CHILD_SUBREAPER, 1) || sigprocmask(SIG_BLOCK, &set, NULL))
		return -errno;
	below->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (below->signals < 0)
		return -errno;
	/* Without it, only what the host's end closes on is left over. */
	below->list = open("/proc/thread-self/children", O_RDONLY | O_CLOEXEC);
	return 0;
}

void snafu_below_forget(struct snafu_below *below)
{
	sigset_t set;

	for (size_t i = 0; i < below->count; i++)
		if (below->children[i].socket >= 0)
			close(below->children[i].socket);
	close(below->signals);
	if (below->list >= 0)
		close(below->list);
	free(below->children);
	free(below->polled);
	*below = (struct snafu_below){.signals = -1, .list = -1};
	our_signals(&set);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
}

int snafu_below_add(struct snafu_below *below, pid_t pid, uint64_t number, int socket)
{
	if (snafu_array_grow(&below->children, &below->capacity, below->count,
	                     sizeof *below->children)) {
		kill(pid, SIGKILL); /* reaped as a stranger */
		close(socket);
		return -ENOMEM;
	}
	below->children[below->count++] =
		(struct snafu_below_child){.pid = pid, .number = number, .socket = socket};
	return 0;
}

static struct snafu_below_child *find(struct snafu_below *below, pid_t pid)
{
	for (size_t i = 0; i < below->count; i++)
		if (below->children[i].pid == pid)
			return &below->children[i];
	return NULL;
}

/* ---- strangers ----------------------------------------------------------------------- */

/* Calls EACH for every pid in the list that FD is open on. */
static void each_pid(int fd, void (*each)(void *state, pid_t pid), void *state)
{
	char text[LIST_SIZE];
	ssize_t size = fd >= 0 ? pread(fd, text, sizeof text - 1, 0) : 0;

	if (size <= 0)
		return;
	text[size] = '\0';
	char *last = strrchr(text, ' '); /* what is behind may be half a number */
	for (char *at = text; last && at < last;) {
		long pid = strtol(at, &at, 10);

		at += *at == ' ';
		if (pid <= 1)
			return;
		each(state, (pid_t)pid);
	}
}

struct killing {
	struct snafu_below *below; /* whose own children are spared; NULL: nobody is */
	unsigned depth;
};

/* Kills PID and what is below it. Its children are looked up while it still has them. */
static void kill_tree(void *state, pid_t pid)
{
	const struct killing *killing = state;
	char path[64];

	if (killing->below && find(killing->below, pid))
		return;
	snprintf(path, sizeof path, "/proc/%ld/task/%ld/children", (long)pid, (long)pid);
	kill(pid, SIGSTOP); /* so that it cannot go on forking */
	int fd = killing->depth < DEPTH_CAP ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	if (fd >= 0) {
		struct killing deeper = {.depth = killing->depth + 1};

		each_pid(fd, kill_tree, &deeper);
		close(fd);
	}
	kill(pid, SIGKILL);
}

static void kill_strangers(struct snafu_below *below)
{
	each_pid(below->list, kill_tree, &(struct killing){.below = below});
}

/* Takes the signals that have come. */
static void drain(struct snafu_below *below)
{
	struct signalfd_siginfo information;

	while (read(below->signals, &information, sizeof information) == sizeof information)
		if (information.ssi_signo == SIGTERM)
			below->stop = true;
}

/* ---- waiting ------------------------------------------------------------------------- */

/* Fills below->polled: FD, the signals, then the sockets. The number of entries. */
static size_t prepare_poll(struct snafu_below *below, int fd)
{
	if (below->polled_capacity < below->count + 2) {
		size_t capacity = below->capacity + 2;
		void *bigger = reallocarray(below->polled, capacity, sizeof *below->polled);

		if (!bigger)
			return 0;
		below->polled = bigger;
		below->polled_capacity = capacity;
	}
	below->polled[0] = (struct pollfd){.fd = fd, .events = POLLIN};
	below->polled[1] = (struct pollfd){.fd = below->signals, .events = POLLIN};
	for (size_t i = 0; i < below->count; i++) /* only POLLHUP */
		below->polled[i + 2] = (struct pollfd){.fd = below->children[i].socket};
	return below->count + 2;
}

/* Ms until the first child is to be killed; kills those that are due. */
static int kill_due(struct snafu_below *below)
{
	uint64_t now = 0, next = UINT64_MAX;

	for (size_t i = 0; i < below->count; i++) {
		struct snafu_below_child *child = &below->children[i];

		if (!child->kill_at)
			continue;
		if (!now)
			now = snafu_now_ms();
		if (child->kill_at <= now) {
			kill_tree(&(struct killing){.below = NULL}, child->pid);
			child->kill_at = 0;
		} else if (child->kill_at < next) {
			next = child->kill_at;
		}
	}
	return next == UINT64_MAX ? -1 : (int)(next - now);
}

short snafu_below_wait(struct snafu_below *below, int fd)
{
	int timeout = kill_due(below);
	size_t count = prepare_poll(below, fd);

	if (count == 0) { /* no memory: later, perhaps */
		struct pollfd alone = {.fd = fd, .events = POLLIN};

		poll(&alone, 1, RETRY_MS);
		return alone.revents;
	}
	if (poll(below->polled, count, timeout) <= 0)
		return 0;
	if (below->polled[1].revents)
		drain(below);
	for (size_t i = 0; i < below->count; i++) {
		struct snafu_below_child *child = &below->children[i];

		if (!below->polled[i + 2].revents)
			continue;
		close(child->socket);
		child->socket = -1;
		child->kill_at = snafu_now_ms() + SNAFU_BELOW_GRACE_MS;
	}
	return below->polled[0].revents;
}

void snafu_below_reap(struct snafu_below *below,
                      void (*ended)(void *state, const struct snafu_below_child *child, int status,
                                    const struct rusage *usage),
                      void *state)
{
	struct rusage usage;
	bool any = false;
	pid_t pid;
	int status;

	while ((pid = wait4(-1, &status, WNOHANG, &usage)) > 0) {
		struct snafu_below_child *child = find(below, pid), gone;

		any = true;
		if (!child)
			continue;
		gone = *child;
		*child = below->children[--below->count];
		if (gone.socket >= 0)
			close(gone.socket);
		ended(state, &gone, status, &usage);
	}
	if (any)
		kill_strangers(below);
}

/* ---- the end ------------------------------------------------------------------------- */

void snafu_below_end(struct snafu_below *below)
{
	uint64_t until = snafu_now_ms() + SNAFU_BELOW_END_MS;

	for (size_t i = 0; i < below->count; i++)
		kill_tree(&(struct killing){.below = NULL}, below->children[i].pid);
	for (;;) {
		pid_t pid;

		each_pid(below->list, kill_tree, &(struct killing){.below = NULL});
		while ((pid = waitpid(-1, NULL, WNOHANG)) > 0)
			;
		if ((pid < 0 && errno != EINTR) || snafu_now_ms() >= until)
			return;
		poll(&(struct pollfd){.fd = below->signals, .events = POLLIN}, 1, RETRY_MS);
		drain(below);
	}
}
