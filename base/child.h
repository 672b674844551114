/* base/child.h — running another program to its end with an argument vector:
 * compilers, scanner helpers. No shell is involved. */
#ifndef SNAFU_BASE_CHILD_H
#define SNAFU_BASE_CHILD_H

#include <stddef.h>

struct snafu_buffer;
struct snafu_error;

struct snafu_child_options {
	const char *const *argv; /* NULL-terminated; argv[0] is looked up in PATH */
	const char *directory; /* working directory, or NULL: the caller's */
	const char *const *environment; /* NULL-terminated NAME=VALUE added to the caller's, or NULL */
	const char *input; /* given on stdin; NULL: stdin is /dev/null */
	size_t input_size;
	unsigned timeout_ms; /* it is killed then, with all that it has started; 0: none */
	struct snafu_buffer *output; /* stdout goes here, up to its cap; NULL: /dev/null */
	struct snafu_buffer
		*errors; /* stderr goes here, the rest is dropped; NULL: the caller's stderr */
};

/* Runs it and waits. RET_STATUS as from waitpid(). Returns 0 when it ran at all,
 * whatever its exit status; -ENOENT when there is no such program; -ETIME when
 * it was killed at the timeout, -EMSGSIZE when OUTPUT's cap was reached (killed
 * too). The child gets default signal handlers, no descriptors but 0, 1 and 2, and the hard
 * limits where the soft ones of this process are lower.
 * When this process is killed meanwhile, so is the child, with all that it has started
 * (keeper.h). Safe to call from any thread, also beside a JVM: posix_spawn, no bare fork. */
int snafu_child_run(const struct snafu_child_options *options, int *ret_status,
                    struct snafu_error *error);

#endif
