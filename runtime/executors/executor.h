/* runtime/executors/executor.h — where and how isolated a function runs.
 *
 * An executor does not know languages by name, and languages do not know
 * executors: the two axes meet in run(). To add one: write
 * runtime/executors/<name>.c, and add the name to EXECUTORS in Makefile.am. */
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

/* All built-in executors, NULL-terminated. */
extern const struct snafu_executor *const snafu_executors[];

/* The executor NAME, or NULL. */
const struct snafu_executor *snafu_executor_find(const char *name);

#endif
