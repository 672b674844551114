/* base/environment.h — variables of this process's environment, which libraries and functions
 * read on any thread, without a lock, at any time. */
#ifndef SNAFU_BASE_ENVIRONMENT_H
#define SNAFU_BASE_ENVIRONMENT_H

/* The environment as it was when this was first called: what children get, and nothing of what
 * was set since. NULL ends it; for the life of the process. */
char *const *snafu_environment_first(void);

/* Sets NAME to VALUE. Unlike setenv(), it frees nothing that another thread may be looking at:
 * what it replaces stays in memory. Any thread. -ENOMEM, -EINVAL (no name). */
int snafu_environment_set(const char *name, const char *value);

#endif
