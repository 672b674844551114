/* base/child.c — see child.h. */
#include "base/child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/environment.h"
#include "base/error.h"
#include "base/keeper.h"
#include "base/parts.h"

#define READ_SIZE 65536
#define LOOK_NS   2000000 /* until it is looked again whether a child has ended */

/* The pipes between us and the child, -1 where there is none. */
struct pipes {
	int input[2], output[2], errors[2];
};

static void close_end(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static int open_pipes(const struct snafu_child_options *options, struct pipes *pipes)
{
	*pipes = (struct pipes){{-1, -1}, {-1, -1}, {-1, -1}};
	if (options->input && pipe2(pipes->input, O_CLOEXEC))
		return -errno;
	if (options->output && pipe2(pipes->output, O_CLOEXEC))
		return -errno;
	if (options->errors && pipe2(pipes->errors, O_CLOEXEC))
		return -errno;
	/* The child's ends block; ours do not. */
	int ours[] = {pipes->input[1], pipes->output[0], pipes->errors[0]};
	for (int i = 0; i < 3; i++)
		if (ours[i] >= 0)
			fcntl(ours[i], F_SETFL, O_NONBLOCK);
	return 0;
}

static void close_pipes(struct pipes *pipes)
{
	for (int i = 0; i < 2; i++) {
		close_end(&pipes->input[i]);
		close_end(&pipes->output[i]);
		close_end(&pipes->errors[i]);
	}
}

/* This process's environment with ADDED in front: the first of a name counts for
 * getenv(), and the caller's own of that name is left out. */
static char **merged_environment(const char *const *added)
{
	char *const *ours = snafu_environment_first();
	size_t count = 0, n_added = 0;

	while (ours[count])
		count++;
	while (added && added[n_added])
		n_added++;
	char **merged = calloc(count + n_added + 1, sizeof *merged);
	if (!merged)
		return NULL;
	size_t at = 0;
	for (size_t i = 0; i < n_added; i++)
		merged[at++] = (char *)added[i];
	for (size_t i = 0; i < count; i++) {
		bool replaced = false;

		for (size_t j = 0; j < n_added && !replaced; j++) {
			size_t name = strcspn(added[j], "=") + 1;

			replaced = strncmp(ours[i], added[j], name) == 0;
		}
		if (!replaced)
			merged[at++] = ours[i];
	}
	return merged;
}

static int spawn(const char *const *argv, const struct snafu_child_options *options,
                 const struct pipes *pipes, pid_t *ret_pid)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t all, none;
	char **merged = options->environment ? merged_environment(options->environment) : NULL;

	if (options->environment && !merged)
		return -ENOMEM;
	sigfillset(&all);
	sigemptyset(&none);
	posix_spawnattr_init(&attributes);
	posix_spawnattr_setsigdefault(&attributes, &all);
	posix_spawnattr_setsigmask(&attributes, &none);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
	posix_spawn_file_actions_init(&actions);
	if (options->input)
		posix_spawn_file_actions_adddup2(&actions, pipes->input[0], 0);
	else
		posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
	if (options->output)
		posix_spawn_file_actions_adddup2(&actions, pipes->output[1], 1);
	else
		posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
	if (options->errors)
		posix_spawn_file_actions_adddup2(&actions, pipes->errors[1], 2);
	posix_spawn_file_actions_addclosefrom_np(&actions, 3);
	if (options->directory)
		posix_spawn_file_actions_addchdir_np(&actions, options->directory);
	int code = -posix_spawnp(ret_pid, argv[0], &actions, &attributes, (char *const *)argv,
	                         merged ? merged : snafu_environment_first());
	posix_spawn_file_actions_destroy(&actions);
	posix_spawnattr_destroy(&attributes);
	free(merged);
	return code;
}

/* Runs it below a keeper, where that part can be found. */
static int spawn_kept(const struct snafu_child_options *options, const struct pipes *pipes,
                      pid_t *ret_pid, bool *ret_kept)
{
	char parent[24], *keeper;
	size_t count = 0;

	if (snafu_part_find(SNAFU_KEEPER, &keeper, NULL))
		return spawn(options->argv, options, pipes, ret_pid);
	while (options->argv[count])
		count++;
	const char **argv = calloc(count + 3, sizeof *argv);
	if (!argv) {
		free(keeper);
		return -ENOMEM;
	}
	snprintf(parent, sizeof parent, "%ld", (long)getpid());
	argv[0] = keeper;
	argv[1] = parent;
	memcpy(argv + 2, options->argv, count * sizeof *argv);
	int code = spawn(argv, options, pipes, ret_pid);
	*ret_kept = code == 0;
	free(argv);
	free(keeper);
	return code;
}

/* Whether DIRECTORY (SIZE bytes) has a program NAME. */
static bool has_program(const char *directory, size_t size, const char *name)
{
	char *path;

	if (asprintf(&path, "%.*s%s%s", (int)size, directory, size ? "/" : "", name) < 0)
		return true;
	bool there = access(path, X_OK) == 0;
	free(path);
	return there;
}

/* Says at once what a keeper could only say with its exit status. */
static int look_for(const struct snafu_child_options *options)
{
	const char *name = options->argv[0], *path = getenv("PATH");

	if (strchr(name, '/'))
		return (*name == '/' || !options->directory) && access(name, X_OK) ? -errno : 0;
	for (; path && *path; path += *path == ':') {
		size_t size = strcspn(path, ":");

		if (has_program(path, size, name))
			return 0;
		path += size;
	}
	return path ? -ENOENT : 0; /* without a PATH the system has one of its own */
}

static long long now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000ll + now.tv_nsec / 1000000;
}

/* Reads what is there into BUFFER (up to its cap). Closes FD at the end of the
 * stream. Returns -EMSGSIZE when the cap was reached and STRICT is set. */
static int drain(int *fd, struct snafu_buffer *buffer, bool strict)
{
	char bytes[READ_SIZE];
	ssize_t got = read(*fd, bytes, sizeof bytes);

	if (got < 0 && (errno == EINTR || errno == EAGAIN))
		return 0;
	if (got <= 0) {
		close_end(fd);
		return 0;
	}
	size_t room = buffer->cap - buffer->size;
	if ((size_t)got > room) {
		snafu_buffer_append(buffer, bytes, room);
		return strict ? -EMSGSIZE : 0;
	}
	return snafu_buffer_append(buffer, bytes, (size_t)got);
}

/* write() that takes a SIGPIPE of its own out of the queue: the process may
 * have a handler, or none, and either is the caller's. */
static ssize_t write_quietly(int fd, const void *bytes, size_t size)
{
	sigset_t pipe_signal, before, pending;

	sigemptyset(&pipe_signal);
	sigaddset(&pipe_signal, SIGPIPE);
	sigpending(&pending);
	pthread_sigmask(SIG_BLOCK, &pipe_signal, &before);
	ssize_t put = write(fd, bytes, size);
	int saved = errno;
	if (put < 0 && saved == EPIPE && !sigismember(&pending, SIGPIPE))
		sigtimedwait(&pipe_signal, NULL, &(struct timespec){0});
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	errno = saved;
	return put;
}

/* Feeds the child and listens to it until it has closed its ends. */
static int talk(const struct snafu_child_options *options, struct pipes *pipes)
{
	long long deadline = options->timeout_ms ? now_ms() + options->timeout_ms : 0;
	const char *input = options->input;
	size_t left = options->input_size;

	if (options->input && left == 0)
		close_end(&pipes->input[1]);
	while (pipes->input[1] >= 0 || pipes->output[0] >= 0 || pipes->errors[0] >= 0) {
		struct pollfd polled[] = {
			{.fd = pipes->input[1], .events = POLLOUT},
			{.fd = pipes->output[0], .events = POLLIN},
			{.fd = pipes->errors[0], .events = POLLIN},
		};
		long long wait = deadline ? deadline - now_ms() : -1;
		int code = 0;

		if (deadline && wait <= 0)
			return -ETIME;
		if (poll(polled, 3, (int)wait) < 0 && errno != EINTR)
			return -errno;
		if (polled[0].revents) {
			ssize_t put = write_quietly(pipes->input[1], input, left);

			if (put > 0) {
				input += put;
				left -= (size_t)put;
			}
			/* A child that does not want to hear it all is no failure. */
			if (left == 0 || (put < 0 && errno != EAGAIN && errno != EINTR))
				close_end(&pipes->input[1]);
		}
		if (polled[1].revents)
			code = drain(&pipes->output[0], options->output, true);
		if (!code && polled[2].revents)
			code = drain(&pipes->errors[0], options->errors, false);
		if (code)
			return code;
	}
	return 0;
}

/* Waits for the child's end, at most until DEADLINE (0: as long as it takes). */
static int reap(pid_t pid, long long deadline, int *ret_status)
{
	for (;;) {
		pid_t got = waitpid(pid, ret_status, deadline ? WNOHANG : 0);

		if (got == pid)
			return 0;
		if (got < 0 && errno != EINTR)
			return -errno;
		if (deadline && now_ms() >= deadline)
			return -ETIME;
		if (got == 0)
			nanosleep(&(struct timespec){.tv_nsec = LOOK_NS}, NULL);
	}
}

int snafu_child_run(const struct snafu_child_options *options, int *ret_status,
                    struct snafu_error *error)
{
	long long deadline = options->timeout_ms ? now_ms() + options->timeout_ms : 0;
	const char *program = options->argv[0];
	struct pipes pipes;
	bool kept = false;
	pid_t pid;

	int code = look_for(options);
	if (code)
		return snafu_fail_errno(error, code, "cannot run %s", program);
	code = open_pipes(options, &pipes);
	if (!code)
		code = spawn_kept(options, &pipes, &pid, &kept);
	if (code) {
		close_pipes(&pipes);
		return snafu_fail_errno(error, code, "cannot run %s", program);
	}
	close_end(&pipes.input[0]);
	close_end(&pipes.output[1]);
	close_end(&pipes.errors[1]);
	int status;
	code = talk(options, &pipes);
	if (!code)
		code = reap(pid, deadline, &status);
	close_pipes(&pipes);
	if (code) {
		kill(pid, kept ? SIGTERM : SIGKILL);
		reap(pid, 0, &status);
	}
	if (code == -ETIME)
		return snafu_fail(error, code, "%s took longer than %u ms and was ended", program,
		                  options->timeout_ms);
	if (code == -EMSGSIZE)
		return snafu_fail(error, code, "%s printed more than %zu bytes and was ended", program,
		                  options->output->cap);
	if (code)
		return snafu_fail_errno(error, code, "cannot talk to %s", program);
	*ret_status = status;
	return 0;
}
