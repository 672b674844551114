/* runtime/records/records.c — see records.h. */
#include "runtime/records/records.h"

#include <string.h>
#include <time.h>

#include "base/buffer.h"
#include "base/json.h"
#include "base/utf8.h"

#define NS_PER_SECOND 1000000000u
#define SECONDS_SIZE  20 /* of "YYYY-MM-DDTHH:MM:SS." */
#define ESCAPED_CAP   1024 /* bytes of an error type before escapes are undone */

#define COLUMN(NAME, FIELD, KIND)                                                                 \
	{                                                                                             \
		.name = NAME, .offset = offsetof(struct snafu_record, FIELD), .kind = SNAFU_COLUMN_##KIND \
	}

const struct snafu_record_column snafu_record_columns[] = {
	COLUMN("time", time, TIME),
	COLUMN("function", function, TEXT),
	COLUMN("status", status_name, TEXT),
	COLUMN("duration_ms", duration, SPAN),
	COLUMN("request_id", request_id, TEXT),
	COLUMN("tenant", tenant, TEXT),
	COLUMN("trigger", trigger, TEXT),
	COLUMN("executor", executor, TEXT),
	COLUMN("start", start, TEXT),
	COLUMN("queue_ms", queue, SPAN),
	COLUMN("init_ms", init, SPAN),
	COLUMN("run_ms", run, SPAN),
	COLUMN("peak_memory", peak_memory, COUNT),
	COLUMN("bytes_in", bytes_in, COUNT),
	COLUMN("bytes_out", bytes_out, COUNT),
	COLUMN("attempt", attempt, COUNT),
	COLUMN("error_type", error_type, TEXT),
	COLUMN("log", log, TEXT),
	{.name = NULL},
};
_Static_assert(sizeof snafu_record_columns / sizeof *snafu_record_columns ==
                   SNAFU_RECORD_COLUMNS + 1,
               "SNAFU_RECORD_COLUMNS counts them");

const char *snafu_record_text(const struct snafu_record *record,
                              const struct snafu_record_column *column)
{
	return *(const char *const *)(const void *)((const char *)record + column->offset);
}

uint64_t snafu_record_number(const struct snafu_record *record,
                             const struct snafu_record_column *column)
{
	return *(const uint64_t *)(const void *)((const char *)record + column->offset);
}

static char *put_digits(char *at, uint64_t number, int digits, char after)
{
	for (int i = digits; i-- > 0; number /= 10)
		at[i] = (char)('0' + number % 10);
	at[digits] = after;
	return at + digits + 1;
}

static void write_seconds(time_t seconds, char at[SECONDS_SIZE])
{
	struct tm parts;

	gmtime_r(&seconds, &parts);
	at = put_digits(at, (uint64_t)parts.tm_year + 1900, 4, '-');
	at = put_digits(at, (uint64_t)parts.tm_mon + 1, 2, '-');
	at = put_digits(at, (uint64_t)parts.tm_mday, 2, 'T');
	at = put_digits(at, (uint64_t)parts.tm_hour, 2, ':');
	at = put_digits(at, (uint64_t)parts.tm_min, 2, ':');
	put_digits(at, (uint64_t)parts.tm_sec, 2, '.');
}

/* By hand, since it comes with every line: strftime takes ten times as long. Most lines are of
 * the same second as the one before. */
void snafu_record_time(uint64_t ns, char ret_text[SNAFU_RECORD_TIME_SIZE])
{
	static _Thread_local struct {
		time_t seconds;
		char text[SECONDS_SIZE];
	} last;
	time_t seconds = (time_t)(ns / NS_PER_SECOND);

	if (seconds != last.seconds || !*last.text) {
		write_seconds(seconds, last.text);
		last.seconds = seconds;
	}
	memcpy(ret_text, last.text, SECONDS_SIZE);
	*put_digits(ret_text + SECONDS_SIZE, ns % NS_PER_SECOND / 1000, 6, 'Z') = '\0';
}

void snafu_record_span(uint64_t ns, struct snafu_buffer *into)
{
	uint64_t us = ns / 1000;
	char fraction[5] = ".";

	snafu_json_write_uint64(into, us / 1000);
	put_digits(fraction + 1, us % 1000, 3, '\0');
	snafu_buffer_append(into, fraction, 4);
}

void snafu_record_error_type(const char *payload, size_t size, char *ret_type, size_t cap)
{
	struct snafu_buffer type = SNAFU_BUFFER(ESCAPED_CAP);

	snafu_result_read_error(payload, size, "errorType", &type);
	size_t length = type.data ? type.size : 0;
	if (length > cap - 1)
		length = snafu_utf8_cut(type.data, cap - 1);
	if (length)
		memcpy(ret_type, type.data, length);
	ret_type[length] = '\0';
	snafu_buffer_done(&type);
}
