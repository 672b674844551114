/* runtime/records/records.h — what is noted of a call that has ended: for loggers, metrics and
 * the debug output.
 *
 * The host fills a record where a call ends. Its columns stand in one table, from which
 * loggers make their header lines and tables. */
#ifndef SNAFU_RUNTIME_RECORDS_RECORDS_H
#define SNAFU_RUNTIME_RECORDS_RECORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "langs/result.h"

struct snafu_buffer;

#define SNAFU_RECORD_TEXT_CAP 512 /* bytes of one text; of longer ones the start is kept */
#define SNAFU_RECORD_LOG_CAP  4096 /* bytes of `log`; of a longer one the end is kept */

/* Texts are never NULL: "" where there is nothing. What a logger gets is valid UTF-8
 * without NUL bytes. */
struct snafu_record {
	uint64_t time; /* ns since 1970, UTC: when the call was accepted */
	const char *function; /* id; or what was asked for, when there is no such function */
	enum snafu_status status;
	const char *status_name;
	uint64_t duration; /* ns from acceptance to the end */
	const char *request_id;
	const char *tenant;
	const char *trigger;
	const char *executor; /* "": it came to none */
	const char *start; /* "cold", "warm"; "": the function was not begun */
	uint64_t queue; /* ns from acceptance until its executor began with it */
	uint64_t init; /* ns, loading what was not there yet */
	uint64_t run; /* ns, inside the function */
	uint64_t peak_memory; /* bytes, of a function's own process; 0: not known */
	uint64_t bytes_in, bytes_out; /* payload and result */
	uint64_t attempt; /* 1: the first */
	const char *error_type; /* "": none */
	const char *log; /* the end of what the function printed */
	size_t log_size; /* bytes of it */
};

struct snafu_record_column {
	const char *name;
	size_t offset; /* in struct snafu_record */
	enum {
		SNAFU_COLUMN_TEXT, /* a const char * */
		SNAFU_COLUMN_TIME, /* ns since 1970: snafu_record_time() */
		SNAFU_COLUMN_SPAN, /* ns: snafu_record_span() gives ms */
		SNAFU_COLUMN_COUNT, /* a plain number */
	} kind;
};

/* The last one's name is NULL. */
extern const struct snafu_record_column snafu_record_columns[];
#define SNAFU_RECORD_COLUMNS 18

const char *snafu_record_text(const struct snafu_record *record,
                              const struct snafu_record_column *column);
uint64_t snafu_record_number(const struct snafu_record *record,
                             const struct snafu_record_column *column);

#define SNAFU_RECORD_TIME_SIZE 28
/* "2026-11-23T11:07:29.123456Z" with a NUL. */
void snafu_record_time(uint64_t ns, char ret_text[SNAFU_RECORD_TIME_SIZE]);

/* Appends ns as milliseconds: "12.034". */
void snafu_record_span(uint64_t ns, struct snafu_buffer *into);

/* The errorType of a failed result's PAYLOAD, "" when it has none: into RET_TYPE, cut at
 * CAP bytes. */
void snafu_record_error_type(const char *payload, size_t size, char *ret_type, size_t cap);

#endif
