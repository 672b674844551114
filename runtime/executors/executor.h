/* runtime/executors/executor.h — where and how isolated a function runs.
 *
 * An executor does not know languages by name, and languages do not know
 * executors: the two axes meet in run(). To add one: write
 * runtime/executors/<name>.c, and add the name to EXECUTORS in Makefile.am; or build
 * a module executor-<name>.so that exports it as `snafu_executor`, and put it into a
 * directory of parts (base/parts.h). */
#ifndef SNAFU_RUNTIME_EXECUTORS_EXECUTOR_H
#define SNAFU_RUNTIME_EXECUTORS_EXECUTOR_H

#include <stddef.h>

struct snafu_error;
struct snafu_function;
struct snafu_functions;
struct snafu_job;
struct snafu_languages;
struct snafu_result;

struct snafu_executor {
	unsigned version; /* SNAFU_EXECUTOR_VERSION; a module with another one is refused */
	const char *name; /* one of the names of the isolation ladder */

	/* Both arguments outlive the executor. */
	int (*open)(struct snafu_languages *languages, const struct snafu_functions *functions,
	            void **ret_state, struct snafu_error *error);

	/* Gets FUNCTION ready, so that the first call is quick. RESULT says why it
	 * failed (a negative errno is returned then). Any thread. */
	int (*prepare)(void *state, const struct snafu_function *function, struct snafu_result *result);

	/* Runs the job's function and fills job->result; any number of threads. */
	void (*run)(void *state, struct snafu_job *job);

	/* Asks a job that is running to end: best effort. The caller makes sure that
	 * the job is not freed meanwhile. */
	void (*interrupt)(void *state, struct snafu_job *job);

	void (*close)(void *state);
};

#define SNAFU_EXECUTOR_VERSION 1
#define SNAFU_EXECUTOR_SYMBOL  "snafu_executor"

/* The executor NAME: built in, or a module. -ENOENT, with the names of those that
 * there are, when there is none. */
int snafu_executor_find(const char *name, const struct snafu_executor **ret_executor,
                        struct snafu_error *error);

#endif
