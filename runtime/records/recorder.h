/* runtime/records/recorder.h — the writer of records and events: a queue, and one thread that
 * feeds loggers and the debug output: private to runtime/.
 *
 * A logger that cannot write (a full disk) is tried again every second; what waits for it
 * is bounded (record_queue.h), and what is over the bound is dropped and counted. */
#ifndef SNAFU_RUNTIME_RECORDS_RECORDER_H
#define SNAFU_RUNTIME_RECORDS_RECORDER_H

#include <stdbool.h>
#include <stddef.h>

#include "runtime/report.h"

struct snafu_buffer;
struct snafu_error;
struct snafu_event;
struct snafu_record;
struct snafu_recorder;

struct snafu_recorder_options {
	const char *loggers; /* "csv,sqlite=PATH"; NULL, "" and "none": none */
	const char *file; /* of loggers without a PATH, to which their suffix is added */
	/* Takes whole lines of debug output, as many as there is room for within PATIENCE_MS,
	 * and returns their size. NULL: no debug output is wanted. On the writer's thread. */
	size_t (*debug)(void *state, const char *lines, size_t size, int patience_ms);
	void *debug_state;
	struct snafu_reporter reporter; /* called on the writer's thread */
};

/* Opens the loggers and starts the thread. What OPTIONS point to is borrowed until
 * snafu_recorder_stop(). RET_RECORDER is NULL when nothing is wanted. */
int snafu_recorder_new(const struct snafu_recorder_options *options,
                       struct snafu_recorder **ret_recorder, struct snafu_error *error);

/* Each takes a NULL recorder and does nothing then. */

/* Any thread, never blocks. */
void snafu_recorder_add(struct snafu_recorder *recorder, const struct snafu_record *record);
void snafu_recorder_tell(struct snafu_recorder *recorder, const struct snafu_event *event);

bool snafu_recorder_logs(const struct snafu_recorder *recorder);
bool snafu_recorder_debugs(const struct snafu_recorder *recorder);

/* Writes what there is, closes the loggers, ends the thread. What is added later is
 * lost. */
void snafu_recorder_stop(struct snafu_recorder *recorder);
void snafu_recorder_free(struct snafu_recorder *recorder); /* stops it, too */

/* Appends samples in Prometheus' text format. Any thread. */
void snafu_recorder_write_metrics(struct snafu_recorder *recorder, struct snafu_buffer *into);

#endif
