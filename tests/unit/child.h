/* tests/unit/child.h — a part of a unit test that runs in a child process. Its checks are
 * remarks in the log; together they are one check of the parent's. */
#ifndef SNAFU_TESTS_UNIT_CHILD_H
#define SNAFU_TESTS_UNIT_CHILD_H

#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/tap.h"

/* fork(), with nothing in the buffers that both would print. The child may check, and ends
 * by tap_child_end(): what failed there fails in tap_wait(). */
static inline pid_t tap_fork(void)
{
	fflush(NULL);
	pid_t child = fork();

	if (child == 0) {
		tap_child = true;
		tap_failures = 0;
	}
	return child;
}

_Noreturn static inline void tap_child_end(void)
{
	fflush(stdout);
	_exit(tap_failures != 0);
}

/* Whether the child came to its end and nothing failed there. */
static inline bool tap_wait(pid_t child)
{
	int status;

	return child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status) &&
	       WEXITSTATUS(status) == 0;
}

#endif
