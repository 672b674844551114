/* runtime/instances/launcher.c — see launcher.h. */
#include "runtime/instances/launcher.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/environment.h"
#include "base/error.h"
#include "runtime/instances/frame.h"

int snafu_ends_open(struct snafu_ends *ret_ends, struct snafu_error *error)
{
	int sockets[2], pipes[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets) < 0)
		return snafu_fail_errno(error, -errno, "no socket for a process of a function");
	if (pipe2(pipes, O_CLOEXEC) < 0) {
		int code = -errno;

		close(sockets[0]);
		close(sockets[1]);
		return snafu_fail_errno(error, code, "no pipe for a process of a function");
	}
	/* The host's socket is used with MSG_DONTWAIT. */
	fcntl(pipes[0], F_SETFL, O_NONBLOCK);
	*ret_ends = (struct snafu_ends){.socket = sockets[0],
	                                .output = pipes[0],
	                                .theirs = {sockets[1], pipes[1]}};
	return 0;
}

static void close_one(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

void snafu_ends_close_theirs(struct snafu_ends *ends)
{
	close_one(&ends->theirs[0]);
	close_one(&ends->theirs[1]);
}

void snafu_ends_close(struct snafu_ends *ends)
{
	snafu_ends_close_theirs(ends);
	close_one(&ends->socket);
	close_one(&ends->output);
}

static int arrange(posix_spawn_file_actions_t *actions, bool foreign, const struct snafu_ends *ends)
{
	int socket = ends->theirs[0], output = ends->theirs[1], code;

	if (foreign) {
		code = posix_spawn_file_actions_adddup2(actions, socket, STDIN_FILENO);
		if (!code)
			code = posix_spawn_file_actions_adddup2(actions, socket, STDOUT_FILENO);
		if (!code)
			code = posix_spawn_file_actions_adddup2(actions, output, STDERR_FILENO);
		return code ? code : posix_spawn_file_actions_addclosefrom_np(actions, STDERR_FILENO + 1);
	}
	code = posix_spawn_file_actions_addopen(actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	if (!code)
		code = posix_spawn_file_actions_adddup2(actions, output, STDOUT_FILENO);
	if (!code)
		code = posix_spawn_file_actions_adddup2(actions, output, STDERR_FILENO);
	if (!code)
		code = posix_spawn_file_actions_adddup2(actions, socket, SNAFU_FRAME_SOCKET);
	return code ? code : posix_spawn_file_actions_addclosefrom_np(actions, SNAFU_FRAME_SOCKET + 1);
}

/* Signals as a fresh program expects them, and out of the reach of the terminal's Ctrl-C:
 * calls may go on while the host drains. */
static void set_attributes(posix_spawnattr_t *attributes)
{
	sigset_t none, all;

	sigemptyset(&none);
	sigfillset(&all);
	posix_spawnattr_setsigmask(attributes, &none);
	posix_spawnattr_setsigdefault(attributes, &all);
	posix_spawnattr_setflags(attributes,
	                         POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSID);
}

int snafu_launch(const char *const *argv, bool foreign, const struct snafu_ends *ends,
                 pid_t *ret_pid, int *ret_pidfd, struct snafu_error *error)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	pid_t pid;

	posix_spawn_file_actions_init(&actions);
	posix_spawnattr_init(&attributes);
	set_attributes(&attributes);
	int code = arrange(&actions, foreign, ends);
	if (!code)
		code = posix_spawnp(&pid, argv[0], &actions, &attributes, (char *const *)argv,
		                    snafu_environment_first());
	posix_spawn_file_actions_destroy(&actions);
	posix_spawnattr_destroy(&attributes);
	if (code)
		return snafu_fail_errno(error, -code, "cannot start %s", argv[0]);
	*ret_pid = pid;
	*ret_pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	return 0;
}
