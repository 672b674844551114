/* runtime/records/recorder.c — see recorder.h. */
#include "runtime/records/recorder.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/file.h"
#include "base/thread.h"
#include "base/utf8.h"
#include "runtime/records/debug_output.h"
#include "runtime/loggers/logger.h"
#include "runtime/records/record_queue.h"

#define NAP_NS   5000000u /* pushes gather for so long, to be written together */
#define RETRY_MS 1000 /* a logger that could not write is tried again */
#define BATCH    512 /* records that a logger gets at once */
#define NAME_CAP 64 /* bytes of a logger's name */
#define STUCK_MS 20 /* debug output that nobody takes is tried again */

struct open_logger {
	const struct snafu_logger *logger;
	void *state;
	char *path;
	uint64_t next; /* number of the first record that it has not written */
	bool failing; /* the last write failed, and that was told */
	uint64_t retry; /* snafu_now_ms(), when it is tried again */
	_Atomic uint64_t written;
};

struct snafu_recorder {
	struct snafu_recorder_options options;
	struct snafu_record_queue queue;
	struct open_logger loggers[SNAFU_LOGGERS_CAP];
	size_t n_loggers;
	pthread_t thread;
	bool running;
	atomic_bool stopping;

	/* The writer's. Records that some logger has not yet written: number N is at
	 * N % SNAFU_RECORDS_CAP; there are never more, since the queue counts them too. */
	struct snafu_message **kept;
	uint64_t first, end;
	struct snafu_debug_output debug;
	uint64_t told_records; /* losses that were told */
};

/* ---- loggers --------------------------------------------------------------------- */

/* Functions print what they like, and names come from anybody. */
static void clean(const char *constant, size_t size)
{
	char *text = (char *)(uintptr_t)constant, *end = text + size;

	if (!memchr(text, '\0', size) && snafu_utf8_is_valid(text, size))
		return;
	while (text < end) {
		size_t length = *text ? snafu_utf8_size(text, end) : 0;

		if (!length)
			*text = '?';
		text += length ? length : 1;
	}
}

static void clean_record(struct snafu_record *record)
{
	clean(record->log, record->log_size);
	clean(record->function, strlen(record->function));
	clean(record->request_id, strlen(record->request_id));
	clean(record->tenant, strlen(record->tenant));
	clean(record->trigger, strlen(record->trigger));
	clean(record->error_type, strlen(record->error_type));
}

/* Writes what there is for one logger; stops at a failure. */
static void write_logger(struct snafu_recorder *recorder, struct open_logger *open)
{
	const struct snafu_record *batch[BATCH];
	struct snafu_error error;

	if (open->failing && snafu_now_ms() < open->retry && !atomic_load(&recorder->stopping))
		return;
	while (open->next < recorder->end) {
		size_t count = 0;

		for (uint64_t at = open->next; at < recorder->end && count < BATCH; at++)
			batch[count++] = &recorder->kept[at % SNAFU_RECORDS_CAP]->record;
		if (open->logger->write(open->state, batch, count, &error)) {
			if (!open->failing)
				snafu_report(&recorder->options.reporter, SNAFU_ERROR,
				             "records of calls cannot be written, and wait (%d at most): %s",
				             SNAFU_RECORDS_CAP, error.message);
			open->failing = true;
			open->retry = snafu_now_ms() + RETRY_MS;
			return;
		}
		if (open->failing)
			snafu_report(&recorder->options.reporter, SNAFU_WARNING,
			             "records of calls are written to %s again", open->path);
		open->failing = false;
		open->next += count;
		atomic_fetch_add_explicit(&open->written, count, memory_order_relaxed);
	}
}

static void free_written(struct snafu_recorder *recorder)
{
	uint64_t written = recorder->end;

	for (size_t i = 0; i < recorder->n_loggers; i++)
		if (recorder->loggers[i].next < written)
			written = recorder->loggers[i].next;
	for (; recorder->first < written; recorder->first++)
		snafu_message_free(&recorder->queue, recorder->kept[recorder->first % SNAFU_RECORDS_CAP]);
}

/* Said at the first loss; the sum at the end. */
static void tell_losses(struct snafu_recorder *recorder, bool last)
{
	uint64_t records = atomic_load(&recorder->queue.dropped_records);

	if (records == recorder->told_records || (recorder->told_records && !last))
		return;
	recorder->told_records = records;
	snafu_report(&recorder->options.reporter, SNAFU_ERROR,
	             "%" PRIu64 " record%s of calls %s dropped%s", records, records == 1 ? "" : "s",
	             records == 1 ? "was" : "were",
	             last ? "" : ": writing them is too slow; snafu_records_dropped_total counts on");
}

/* ---- the writer ------------------------------------------------------------------ */

/* Events become lines, records are kept for the loggers. */
static void sort_out(struct snafu_recorder *recorder, struct snafu_message *message)
{
	for (struct snafu_message *next; message; message = next) {
		next = message->next;
		if (recorder->options.debug && !snafu_debug_output_add(&recorder->debug, message))
			atomic_fetch_add(&recorder->queue.dropped_events, 1);
		if (message->is_event || !recorder->n_loggers) {
			snafu_message_free(&recorder->queue, message);
			continue;
		}
		clean_record(&message->record);
		recorder->kept[recorder->end++ % SNAFU_RECORDS_CAP] = message;
	}
}

static void write_loggers(struct snafu_recorder *recorder)
{
	for (size_t i = 0; i < recorder->n_loggers; i++)
		write_logger(recorder, &recorder->loggers[i]);
	free_written(recorder);
}

/* What no logger will get any more. */
static void give_up_rest(struct snafu_recorder *recorder)
{
	uint64_t lost = recorder->end - recorder->first;

	for (size_t i = 0; i < recorder->n_loggers; i++)
		recorder->loggers[i].next = recorder->end;
	free_written(recorder);
	atomic_fetch_add(&recorder->queue.dropped_records, lost);
	tell_losses(recorder, true);
}

/* Until something comes. What could not be written is tried again. */
static void rest(struct snafu_recorder *recorder, bool busy)
{
	bool waiting = recorder->first < recorder->end;

	if (busy)
		snafu_record_nap(&recorder->queue, NAP_NS);
	else if (recorder->debug.stuck)
		snafu_record_wait(&recorder->queue, STUCK_MS);
	else
		snafu_record_wait(&recorder->queue, waiting ? RETRY_MS : -1);
}

static void *run(void *state)
{
	struct snafu_recorder *recorder = state;

	for (;;) {
		bool stopping = atomic_load(&recorder->stopping);
		struct snafu_message *messages = snafu_record_take(&recorder->queue);

		sort_out(recorder, messages);
		/* First what must not be lost. */
		if (recorder->first < recorder->end)
			write_loggers(recorder);
		tell_losses(recorder, false);
		if (stopping)
			break;
		snafu_debug_output_flush(&recorder->debug);
		rest(recorder, messages != NULL);
	}
	give_up_rest(recorder);
	snafu_debug_output_finish(&recorder->debug);
	return NULL;
}

/* ---- start and end --------------------------------------------------------------- */

/* Opens "NAME" or "NAME=PATH", the SIZE bytes at WORD. */
static int open_logger(struct snafu_recorder *recorder, const char *word, size_t size,
                       struct snafu_error *error)
{
	struct open_logger *open = &recorder->loggers[recorder->n_loggers];
	const char *equals = memchr(word, '=', size), *file = recorder->options.file;
	size_t name_size = equals ? (size_t)(equals - word) : size;
	char name[NAME_CAP];

	snprintf(name, sizeof name, "%.*s", (int)name_size, word);
	if (strcmp(name, "none") == 0)
		return 0;
	if (recorder->n_loggers == SNAFU_LOGGERS_CAP)
		return snafu_fail(error, -E2BIG, "more than %d loggers", SNAFU_LOGGERS_CAP);
	int code = snafu_logger_find(name, &open->logger, error);
	if (code)
		return code;
	if (equals)
		open->path = strndup(equals + 1, size - name_size - 1);
	else if (asprintf(&open->path, "%s%s", file,
	                  snafu_path_has_suffix(file, open->logger->suffix) ? ""
	                                                                    : open->logger->suffix) < 0)
		open->path = NULL;
	if (!open->path)
		return snafu_fail(error, -ENOMEM, "no memory");
	code = open->logger->open(open->path, &open->state, error);
	if (code)
		free(open->path);
	else
		recorder->n_loggers++;
	return code;
}

static int open_loggers(struct snafu_recorder *recorder, struct snafu_error *error)
{
	const char *list = recorder->options.loggers ? recorder->options.loggers : "";
	int code = 0;

	while (*list && !code) {
		size_t size = strcspn(list, ",");

		if (size)
			code = open_logger(recorder, list, size, error);
		list += size + (list[size] == ',');
	}
	return code;
}

static int start(struct snafu_recorder *recorder, struct snafu_error *error)
{
	snafu_debug_output_init(&recorder->debug);
	recorder->kept = calloc(SNAFU_RECORDS_CAP, sizeof(struct snafu_message *));
	if (!recorder->kept)
		return snafu_fail(error, -ENOMEM, "no memory");
	int code = snafu_thread_start(&recorder->thread, 0, run, recorder);
	recorder->running = !code;
	return code ? snafu_fail_errno(error, code, "cannot start a thread") : 0;
}

int snafu_recorder_new(const struct snafu_recorder_options *options,
                       struct snafu_recorder **ret_recorder, struct snafu_error *error)
{
	struct snafu_recorder *recorder = calloc(1, sizeof *recorder);

	if (!recorder)
		return snafu_fail(error, -ENOMEM, "no memory");
	recorder->options = *options;
	recorder->debug.write = options->debug;
	recorder->debug.state = options->debug_state;
	snafu_record_queue_init(&recorder->queue);
	int code = open_loggers(recorder, error);
	bool wanted = recorder->n_loggers || options->debug;
	if (!code && wanted)
		code = start(recorder, error);
	if (code || !wanted) {
		snafu_recorder_free(recorder);
		recorder = NULL;
	}
	if (!code)
		*ret_recorder = recorder;
	return code;
}

void snafu_recorder_stop(struct snafu_recorder *recorder)
{
	if (!recorder)
		return;
	if (recorder->running) {
		atomic_store(&recorder->stopping, true);
		snafu_record_hurry(&recorder->queue);
		pthread_join(recorder->thread, NULL);
		recorder->running = false;
	}
	for (size_t i = 0; i < recorder->n_loggers; i++) {
		recorder->loggers[i].logger->close(recorder->loggers[i].state);
		free(recorder->loggers[i].path);
	}
	recorder->n_loggers = 0;
}

void snafu_recorder_free(struct snafu_recorder *recorder)
{
	if (!recorder)
		return;
	snafu_recorder_stop(recorder);
	snafu_record_queue_done(&recorder->queue);
	snafu_debug_output_done(&recorder->debug);
	free(recorder->kept);
	free(recorder);
}

/* ---- from any thread ------------------------------------------------------------- */

void snafu_recorder_add(struct snafu_recorder *recorder, const struct snafu_record *record)
{
	if (recorder)
		snafu_record_push(&recorder->queue, record);
}

void snafu_recorder_tell(struct snafu_recorder *recorder, const struct snafu_event *event)
{
	if (snafu_recorder_debugs(recorder))
		snafu_event_push(&recorder->queue, event);
}

bool snafu_recorder_logs(const struct snafu_recorder *recorder)
{
	return recorder && recorder->kept && recorder->n_loggers;
}

bool snafu_recorder_debugs(const struct snafu_recorder *recorder)
{
	return recorder && recorder->options.debug;
}

void snafu_recorder_write_metrics(struct snafu_recorder *recorder, struct snafu_buffer *into)
{
	if (!recorder)
		return;
	snafu_buffer_append_text(into, "# HELP snafu_records_written_total Records of calls.\n"
	                               "# TYPE snafu_records_written_total counter\n");
	for (size_t i = 0; i < recorder->n_loggers; i++)
		snafu_buffer_format(into, "snafu_records_written_total{logger=\"%s\"} %" PRIu64 "\n",
		                    recorder->loggers[i].logger->name,
		                    atomic_load(&recorder->loggers[i].written));
	snafu_buffer_format(into,
	                    "# HELP snafu_records_dropped_total Records that were not written.\n"
	                    "# TYPE snafu_records_dropped_total counter\n"
	                    "snafu_records_dropped_total %" PRIu64 "\n"
	                    "# HELP snafu_events_dropped_total Debug output that was not written.\n"
	                    "# TYPE snafu_events_dropped_total counter\n"
	                    "snafu_events_dropped_total %" PRIu64 "\n",
	                    atomic_load(&recorder->queue.dropped_records),
	                    atomic_load(&recorder->queue.dropped_events));
}
