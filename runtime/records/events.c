/* runtime/records/events.c — see events.h and event_text.h. */
#include "runtime/records/events.h"

#include <string.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/json.h"
#include "runtime/records/event_text.h"
#include "runtime/host_state.h"
#include "runtime/records/record_queue.h"
#include "runtime/records/recorder.h"

void snafu_event(const struct snafu_host *host, const struct snafu_event *event)
{
	if (host && host->recorder)
		snafu_recorder_tell(host->recorder, event);
}

bool snafu_events_wanted(const struct snafu_host *host)
{
	return host && snafu_recorder_debugs(host->recorder);
}

/* ---- as text ------------------------------------------------------------------- */

/* The comma, the name and the colon; NAME needs no escapes. */
static void write_name(const char *name, struct snafu_buffer *into)
{
	snafu_buffer_append(into, ",\"", 2);
	snafu_buffer_append_text(into, name);
	snafu_buffer_append(into, "\":", 2);
}

static void write_text(const char *name, const char *text, struct snafu_buffer *into)
{
	if (!text || !*text)
		return;
	write_name(name, into);
	snafu_json_write_text(into, text);
}

static void write_span(const char *name, uint64_t ns, struct snafu_buffer *into)
{
	if (!ns)
		return;
	write_name(name, into);
	snafu_record_span(ns, into);
}

static void write_count(const char *name, uint64_t count, struct snafu_buffer *into)
{
	if (!count)
		return;
	write_name(name, into);
	snafu_json_write_uint64(into, count);
}

static void write_record(const struct snafu_record *record, struct snafu_buffer *into)
{
	write_text("event", "call-ended", into);
	write_text("request_id", record->request_id, into);
	write_text("function", record->function, into);
	write_text("executor", record->executor, into);
	write_text("status", record->status_name, into);
	write_text("start", record->start, into);
	write_text("error_type", record->error_type, into);
	write_text("tenant", record->tenant, into);
	write_span("duration_ms", record->duration, into);
	write_span("queue_ms", record->queue, into);
	write_span("init_ms", record->init, into);
	write_span("run_ms", record->run, into);
	write_count("peak_memory", record->peak_memory, into);
}

static void write_event(const struct snafu_event *event, struct snafu_buffer *into)
{
	write_text("event", event->event, into);
	write_text("request_id", event->request_id, into);
	write_text("function", event->function, into);
	write_text("executor", event->executor, into);
	write_text("state", event->state, into);
	if (event->process) {
		write_name("process", into);
		snafu_json_write_int64(into, event->process);
	}
	write_text("detail", event->detail, into);
}

void snafu_event_text(const struct snafu_message *message, struct snafu_buffer *into)
{
	const struct snafu_record *record = &message->record;
	char time[SNAFU_RECORD_TIME_SIZE];

	/* A record's own time is when the call began. */
	snafu_record_time(message->is_event ? message->time : record->time + record->duration, time);
	snafu_buffer_append_text(into, "{\"time\":\"");
	snafu_buffer_append_text(into, time);
	snafu_buffer_append_byte(into, '"');
	if (message->is_event)
		write_event(&message->event, into);
	else
		write_record(record, into);
	snafu_buffer_append(into, "}\n", 2);
}

void snafu_event_text_lost(uint64_t lines, struct snafu_buffer *into)
{
	char time[SNAFU_RECORD_TIME_SIZE];

	snafu_record_time(snafu_wall_ns(), time);
	snafu_buffer_append_text(into, "{\"time\":\"");
	snafu_buffer_append_text(into, time);
	snafu_buffer_append_text(into, "\",\"event\":\"debug-output-lost\",\"lines\":");
	snafu_json_write_uint64(into, lines);
	snafu_buffer_append(into, "}\n", 2);
}
