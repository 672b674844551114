/* runtime/instances/launcher.h — the ends of a process's socket and output pipe, and
 * executing a program with them. Threads: any. */
#ifndef SNAFU_RUNTIME_INSTANCES_LAUNCHER_H
#define SNAFU_RUNTIME_INSTANCES_LAUNCHER_H

#include <stdbool.h>
#include <sys/types.h>

struct snafu_error;

#define SNAFU_HELPER "snafu-instance" /* the part that is executed */

/* The host's ends never block, the process's do. All are closed on exec. */
struct snafu_ends {
	int socket, output; /* the host's; -1: closed */
	int theirs[2]; /* the process's: socket and output */
};

int snafu_ends_open(struct snafu_ends *ret_ends, struct snafu_error *error);
void snafu_ends_close(struct snafu_ends *ends);
void snafu_ends_close_theirs(struct snafu_ends *ends);

/* Executes ARGV (NULL-terminated, argv[0] a path or looked up in PATH) in a session of its
 * own, with their ends where runtime/instances/frame.h says: for the helper program,
 * or, FOREIGN, for a language's own. Safe beside threads and a JVM. The ends stay the
 * caller's. RET_PIDFD is -1 where the kernel has none. */
int snafu_launch(const char *const *argv, bool foreign, const struct snafu_ends *ends,
                 pid_t *ret_pid, int *ret_pidfd, struct snafu_error *error);

#endif
