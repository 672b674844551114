/* programs/snafu-keeper.c — see base/keeper.h. Executed by base/child.c only. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/keeper.h"

#define LIST_SIZE  16384 /* bytes of pids that are looked at at a time */
#define ROUND_NS   2000000 /* between two rounds of the end */
#define ROUNDS_CAP 1000

#define PLENTY_OF_FILES 1024 /* everybody has a lower soft limit of them, which is fine */

/* The hard limits where the soft ones are lower: those are a function's, and a compiler is not
 * the function. */
static void lift_limits(void)
{
	static const int all[] = {RLIMIT_DATA, RLIMIT_NOFILE, RLIMIT_FSIZE, RLIMIT_NPROC};

	for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
		__rlimit_resource_t which = (__rlimit_resource_t)all[i];
		struct rlimit limit;

		if (getrlimit(which, &limit) || limit.rlim_cur == limit.rlim_max ||
		    (which == RLIMIT_NOFILE && limit.rlim_cur >= PLENTY_OF_FILES))
			continue;
		limit.rlim_cur = limit.rlim_max;
		if (which == RLIMIT_NOFILE && limit.rlim_cur > PLENTY_OF_FILES)
			limit.rlim_cur = PLENTY_OF_FILES;
		setrlimit(which, &limit);
	}
}

static void kill_children(void)
{
	char text[LIST_SIZE];
	int list = open("/proc/thread-self/children", O_RDONLY | O_CLOEXEC);
	ssize_t size = list >= 0 ? read(list, text, sizeof text - 1) : 0;

	if (list >= 0)
		close(list);
	text[size > 0 ? size : 0] = '\0';
	for (char *at = text;;) {
		long pid = strtol(at, &at, 10);

		if (pid <= 1 || *at != ' ') /* it may be half a number */
			return;
		kill((pid_t)pid, SIGKILL);
	}
}

/* What is below a child that has ended comes to us, and is killed in the next round. */
static void kill_all(void)
{
	for (int round = 0; round < ROUNDS_CAP; round++) {
		pid_t pid;

		kill_children();
		while ((pid = waitpid(-1, NULL, WNOHANG)) > 0)
			;
		if (pid < 0 && errno == ECHILD)
			return;
		nanosleep(&(struct timespec){.tv_nsec = ROUND_NS}, NULL);
	}
}

/* Ends as the program did, so that nobody sees a difference. */
static int end_like(int status)
{
	if (WIFSIGNALED(status)) {
		sigset_t none;

		setrlimit(RLIMIT_CORE, &(struct rlimit){0});
		signal(WTERMSIG(status), SIG_DFL);
		kill(getpid(), WTERMSIG(status));
		sigemptyset(&none);
		sigprocmask(SIG_SETMASK, &none, NULL);
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_FAILURE;
}

static pid_t start(char **argv, const sigset_t *before)
{
	pid_t pid = fork();

	if (pid == 0) {
		sigprocmask(SIG_SETMASK, before, NULL);
		execvp(argv[0], argv);
		perror(argv[0]);
		_exit(SNAFU_KEEPER_CANNOT_RUN);
	}
	if (pid < 0)
		perror(argv[0]);
	return pid;
}

/* Until the program has ended or we are to end; false: the latter. */
static bool keep(pid_t program, const sigset_t *signals, int *ret_status)
{
	for (;;) {
		int status, number = sigwaitinfo(signals, NULL);
		pid_t pid;

		if (number > 0 && number != SIGCHLD)
			return false;
		while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
			if (pid == program) {
				*ret_status = status;
				return true;
			}
	}
}

int main(int argc, char **argv)
{
	sigset_t signals, before;
	int status = 0;

	if (argc < 3) {
		fprintf(stderr, "snafu-keeper: this is a part of snafu\n");
		return 2;
	}
	sigemptyset(&signals);
	sigaddset(&signals, SIGCHLD);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGHUP);
	sigprocmask(SIG_BLOCK, &signals, &before);
	lift_limits();
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != (pid_t)strtol(argv[1], NULL, 10))
		return EXIT_FAILURE; /* it has ended meanwhile */
	pid_t program = start(argv + 2, &before);
	if (program < 0)
		return SNAFU_KEEPER_CANNOT_RUN;
	/* Pipes are the program's alone. */
	int nowhere = open("/dev/null", O_RDWR | O_CLOEXEC);
	for (int fd = 0; fd < 3; fd++)
		dup2(nowhere, fd);
	bool ended = keep(program, &signals, &status);
	kill_all();
	return ended ? end_like(status) : EXIT_FAILURE;
}
