/* runtime/queue/file.h — where a queue's file is, and who has it.
 *
 * Beside the file stands FILE.lock. A host holds a POSIX lock on it while it works with
 * the queue: such a lock ends with the process and is not inherited by children. When
 * the queue is closed, the lock file notes what is left in it, so that the next host
 * knows without opening a database whether there is something to do. */
#ifndef SNAFU_RUNTIME_QUEUE_FILE_H
#define SNAFU_RUNTIME_QUEUE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct snafu_error;

/* What is in a queue. */
struct snafu_queue_counts {
	uint64_t waiting, running, succeeded, failed, dead;
	uint64_t deliveries; /* results on their way to destinations */
};

/* The file for a host of these sources: NAMED (the setting) when that is not empty, else
 * one in $XDG_STATE_HOME/snafu or ~/.local/state/snafu that is named after the sources. -ENOENT:
 * there is no place for one, or it is to be none.
 * Malloc'ed, caller frees. */
int snafu_queue_file_path(const char *named, const char *const *sources, size_t n_sources,
                          char **ret_path, struct snafu_error *error);

/* Whether there is a queue; RET_COUNTS is what was noted of it, with all fields at least
 * 1 where nothing was. */
bool snafu_queue_file_look(const char *path, struct snafu_queue_counts *ret_counts);

/* Makes folder and file (0600) where they are missing and locks it. -EBUSY: another
 * process has it, and ERROR names it. Once a process and file. */
int snafu_queue_file_lock(const char *path, int *ret_fd, struct snafu_error *error);

/* Whether FD, from snafu_queue_file_lock(), is what another host would try to lock. */
bool snafu_queue_file_is_locked(const char *path, int fd);

/* COUNTS is noted. */
void snafu_queue_file_unlock(int fd, const struct snafu_queue_counts *counts);

#endif
