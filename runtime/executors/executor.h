/* runtime/executors/executor.h — where and how isolated a function runs.
 *
 * An executor does not know languages by name, and languages do not know
 * executors. To add one: write runtime/executors/<name>.c, and add the name to
 * EXECUTORS in Makefile.am; or build a module executor-<name>.so that exports it as
 * `snafu_executor`, and put it into a directory of parts (base/parts.h).
 *
 * An executor is opened when the first call wants it. There are two kinds: one
 * runs a job on the thread that it is given (run), the other sends it away, to a
 * process, and ends it when the answer is there (begin). */
#ifndef SNAFU_RUNTIME_EXECUTORS_EXECUTOR_H
#define SNAFU_RUNTIME_EXECUTORS_EXECUTOR_H

#include <stdbool.h>
#include <stddef.h>

struct snafu_buffer;
struct snafu_error;
struct snafu_host;
struct snafu_job;
struct snafu_language_options;
struct snafu_languages;
struct snafu_reactor;
struct snafu_result;
struct snafu_service;
struct snafu_settings;

#define SNAFU_EXECUTORS_CAP 8 /* open at the same time */

/* Everything here outlives the executor. */
struct snafu_executor_options {
	struct snafu_languages *languages; /* of this process */
	/* With which languages are opened in this process; processes of an executor open
	 * theirs with the same paths, include paths and defines. */
	const struct snafu_language_options *language_options;
	struct snafu_reactor *reactor; /* for what waits for files and times */
	struct snafu_host *host; /* for calls that functions make: snafu_host_submit() */
	const struct snafu_settings *settings; /* of the instance */
	unsigned number; /* of this executor: its slot in struct snafu_service */
	/* Things worth a warning that are no failure of a call; any thread. */
	void (*warn)(void *state, const char *message);
	void *warn_state;
};

struct snafu_executor {
	unsigned version; /* SNAFU_EXECUTOR_VERSION; a module with another one is refused */
	const char *name; /* one of the names of the isolation ladder */
	bool elsewhere; /* run() only waits: nothing of a language is needed in this process */

	int (*open)(const struct snafu_executor_options *options, void **ret_state,
	            struct snafu_error *error);

	/* MAY be NULL: everything makes sense. Whether functions of LANGUAGE can run here;
	 * -ENOTSUP, and ERROR says why not and what to take instead. */
	int (*supports)(void *state, const char *language, struct snafu_error *error);

	/* Gets the service ready, so that the first call is quick. RESULT says why it
	 * failed (a negative errno is returned then). May only begin it. Any thread. */
	int (*prepare)(void *state, struct snafu_service *service, struct snafu_result *result);

	/* Exactly one of these two.
	 * run() runs the job's function on this thread and fills job->result; any number
	 * of threads. begin() takes the job, never blocks, and later, or before it
	 * returns, fills job->result and calls snafu_job_ended() once, on any thread
	 * and holding no lock. It queues what has to wait; job->context.depth > 0 means
	 * that a function waits for this call: it must not wait for an instance that may
	 * be waiting itself, so it gets one or is refused (SNAFU_OVER_LIMIT). */
	void (*run)(void *state, struct snafu_job *job);
	void (*begin)(void *state, struct snafu_job *job);

	/* Ends a job that was begun, best effort (a process of its own is killed); the
	 * caller holds a reference to it. It may just have ended by itself. MUST NOT
	 * call snafu_job_ended() before it returns. Any thread. */
	void (*interrupt)(void *state, struct snafu_job *job);

	/* MAY be NULL. The service is not on offer any more, and no call of it is under way:
	 * frees what its slot holds. */
	void (*forget)(void *state, struct snafu_service *service);

	/* MAY be NULL. Appends samples in Prometheus' text format. Where several
	 * executors have the same ones, each writes their HELP and TYPE. */
	void (*write_metrics)(void *state, struct snafu_buffer *into);

	void (*close)(void *state); /* no job is under way; ends every process */

	/* MAY be NULL. Instead of close(), where threads are stuck inside functions and the
	 * process is about to end: only gives back what would outlive it. Jobs may be under
	 * way; frees nothing. */
	void (*abandon)(void *state);
};

#define SNAFU_EXECUTOR_VERSION 3
#define SNAFU_EXECUTOR_SYMBOL  "snafu_executor"

/* The executor NAME: built in, or a module. -ENOENT, with the names of those that
 * there are, when there is none. */
int snafu_executor_find(const char *name, const struct snafu_executor **ret_executor,
                        struct snafu_error *error);

#endif
