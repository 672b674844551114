/* runtime/instances/inside_zygote.c — processes that fork: zygotes for a host that wants
 * more instances, guardians for the one instance below them. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/pack.h"
#include "base/parts.h"
#include "runtime/instances/huge_text.h"
#include "runtime/instances/inside.h"

/* Descriptors among which a process's socket is put: out of the way of a function that
 * closes those it knows, or counts on the next one to be free. */
#define SOCKET_FROM 640
#define SOCKET_TO   1000

#define STARTS_A_TURN 4 /* forks before those that have ended are looked for */

/* A number for the socket that nobody counts on; SOCKET itself when there is no other. */
static int hide_socket(int socket)
{
	unsigned any = (unsigned)getpid() * 40503u >> 8;
	int fd = fcntl(socket, F_DUPFD_CLOEXEC, (int)(SOCKET_FROM + any % (SOCKET_TO - SOCKET_FROM)));

	if (fd < 0)
		return socket;
	close(socket);
	return fd;
}

/* What is first in a child that was forked by PARENT: a session of its own, and an end
 * when whoever looks after it is killed. Processes that a function's zygote forks for single calls
 * stay in its session: so all of them are scheduled as one, beside the host and other
 * functions, and not each with a share like theirs. Orphans stay with it while it lives, so
 * that those which come to the parent are known to be left behind. */
static void become_child(struct snafu_inside *inside, pid_t parent)
{
	snafu_below_forget(&inside->below);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	if (getppid() != parent)
		_exit(EXIT_FAILURE);
	if (inside->bound)
		setpgid(0, 0);
	else
		setsid();
}

/* ---- zygotes ------------------------------------------------------------------------- */

static void tell_started(struct snafu_inside *inside, pid_t pid)
{
	struct snafu_buffer body = SNAFU_BUFFER(SNAFU_INSIDE_BODY_CAP);
	int file = (int)syscall(SYS_pidfd_open, pid, 0);

	snafu_pack_u32(&body, (uint32_t)pid);
	snafu_channel_write(&inside->channel, SNAFU_FRAME_STARTED, inside->start_number, &body, NULL, 0,
	                    file);
	snafu_buffer_done(&body);
	if (file >= 0)
		close(file);
}

static uint64_t microseconds(const struct timeval *time)
{
	return (uint64_t)time->tv_sec * 1000000u + (uint64_t)time->tv_usec;
}

static void tell_ended(void *state, const struct snafu_below_child *child, int status,
                       const struct rusage *usage)
{
	struct snafu_inside *inside = state;
	struct snafu_buffer body = SNAFU_BUFFER(SNAFU_INSIDE_BODY_CAP);

	snafu_pack_u32(&body, (uint32_t)status);
	snafu_pack_u64(&body, (uint64_t)usage->ru_maxrss * 1024);
	snafu_pack_u64(&body, microseconds(&usage->ru_utime));
	snafu_pack_u64(&body, microseconds(&usage->ru_stime));
	snafu_channel_write(&inside->channel, SNAFU_FRAME_EXITED, child->number, &body, NULL, 0, -1);
	snafu_buffer_done(&body);
}

/* Tells whoever waits for the instance why there will be none. FILES are closed. */
static void refuse(struct snafu_inside *inside, int files[2], enum snafu_status status,
                   const char *words)
{
	struct snafu_result result = {.payload = SNAFU_BUFFER(SNAFU_RESULT_ERROR_CAP)};
	struct snafu_below_child none = {.number = inside->start_number};
	struct snafu_channel channel = {.fd = files[0]};
	struct rusage usage;

	memset(&usage, 0, sizeof usage);
	pthread_mutex_init(&channel.writing, NULL);
	snafu_result_fail(&result, status, "LoadError", "%s", words);
	snafu_inside_ready(&channel, inside->start_number, &result);
	snafu_result_done(&result);
	pthread_mutex_destroy(&channel.writing);
	close(files[0]);
	close(files[1]);
	tell_ended(inside, &none, W_EXITCODE(EXIT_FAILURE, 0), &usage);
}

/* Forks, and takes the child's socket. True in the child. */
static bool fork_child(struct snafu_inside *inside, int files[2])
{
	const struct snafu_language *language = inside->language;
	pid_t self = getpid();

	if (language->before_fork)
		language->before_fork(inside->language_state);
	pid_t pid = fork();
	int code = errno;
	if (language->after_fork)
		language->after_fork(inside->language_state, pid == 0);
	if (pid == 0) {
		dup2(files[1], STDOUT_FILENO);
		dup2(files[1], STDERR_FILENO);
		close(files[1]);
		become_child(inside, self);
		close(inside->channel.fd); /* what the zygote tells the host is not for functions */
		snafu_channel_reset(&inside->channel, hide_socket(files[0]));
		return true;
	}
	if (pid < 0) {
		struct snafu_error error;

		snafu_fail_errno(&error, -code, "cannot start a process");
		refuse(inside, files, SNAFU_OVER_LIMIT, error.message);
		return false;
	}
	close(files[1]);
	tell_started(inside, pid);
	snafu_below_add(&inside->below, pid, inside->start_number, files[0]);
	return false;
}

/* Does what inside->start says. True in a child. -EBADMSG. */
static int start(struct snafu_inside *inside)
{
	int files[2];

	if (inside->start.here || !snafu_channel_take_files(&inside->channel, files, 2))
		return -EBADMSG;
	if (!snafu_inside_open(inside)) {
		refuse(inside, files, SNAFU_LOAD_FAILED, inside->language_error.message);
		return 0;
	}
	if (!inside->language->forkable) {
		refuse(inside, files, SNAFU_LOAD_FAILED,
		       "processes of this language cannot be forked: this is a bug of the host");
		return 0;
	}
	return fork_child(inside, files);
}

/* Takes the frames that are there, not more than a few: those that have ended wait, too.
 * RET_MORE: there may be others. 1 in a child. */
static int start_some(struct snafu_inside *inside, bool *ret_more)
{
	*ret_more = false;
	for (int i = 0; i < STARTS_A_TURN; i++) {
		struct snafu_incoming *incoming;
		int code = snafu_channel_read(&inside->channel, false, &incoming);

		if (code || !incoming)
			return code;
		code = snafu_inside_take_start(inside, incoming);
		if (!code)
			code = start(inside);
		if (code)
			return code;
	}
	*ret_more = true;
	return 0;
}

void snafu_inside_zygote(struct snafu_inside *inside, bool first)
{
	int code = snafu_below_begin(&inside->below);

	if (!code)
		code = fcntl(inside->channel.fd, F_GETFD) < 0 ? -errno : 0;
	if (!code && !inside->opened)
		snafu_parts_bind_at_once();
	if (!code && snafu_inside_open(inside) && inside->language->settle)
		inside->language->settle(inside->language_state, false);
	if (!code && !inside->bound) /* others were forked from one that has done it */
		snafu_huge_text();
	if (!code && first)
		code = start(inside);
	bool readable = true; /* frames may have been read together with the first one */
	while (!code) {
		bool more = false;

		if (readable)
			code = start_some(inside, &more);
		if (!code && !more)
			readable = snafu_below_wait(&inside->below, inside->channel.fd) != 0;
		if (!code)
			snafu_below_reap(&inside->below, tell_ended, inside);
		if (!code && inside->below.stop)
			code = -EPIPE;
	}
	if (code == 1)
		return;
	snafu_below_end(&inside->below);
	_exit(code == -EPIPE ? EXIT_SUCCESS : EXIT_FAILURE);
}

/* ---- guardians ----------------------------------------------------------------------- */

/* How the process that is guarded ended. */
struct guarded {
	bool ended;
	int status;
};

static void note_end(void *state, const struct snafu_below_child *child, int status,
                     const struct rusage *usage)
{
	struct guarded *guarded = state;
	(void)child;
	(void)usage;

	guarded->ended = true;
	guarded->status = status;
}

/* Ends as the guarded process did, so that its parent sees no difference. */
static void __attribute__((noreturn)) end_like(int status)
{
	if (WIFSIGNALED(status)) {
		sigset_t none;

		setrlimit(RLIMIT_CORE, &(struct rlimit){0});
		signal(WTERMSIG(status), SIG_DFL);
		kill(getpid(), WTERMSIG(status));
		sigemptyset(&none); /* SIGTERM has been blocked */
		sigprocmask(SIG_SETMASK, &none, NULL);
	}
	_exit(WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_FAILURE);
}

void snafu_inside_guard(struct snafu_inside *inside)
{
	struct guarded guarded = {.status = SIGKILL};
	pid_t self = getpid();

	if (snafu_below_begin(&inside->below))
		_exit(EXIT_FAILURE);
	pid_t pid = fork();
	if (pid == 0) {
		become_child(inside, self);
		inside->channel.fd = hide_socket(inside->channel.fd); /* frames may be in the buffer */
		return;
	}
	if (pid < 0 || snafu_below_add(&inside->below, pid, 0, inside->channel.fd))
		_exit(EXIT_FAILURE);
	/* The pipe is the function's alone. */
	dup2(STDIN_FILENO, STDOUT_FILENO);
	dup2(STDIN_FILENO, STDERR_FILENO);
	while (!guarded.ended && !inside->below.stop) {
		snafu_below_wait(&inside->below, -1);
		snafu_below_reap(&inside->below, note_end, &guarded);
	}
	snafu_below_end(&inside->below);
	end_like(guarded.status);
}
