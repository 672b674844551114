/* runtime/loggers/csv.c — records in a file of comma-separated values (RFC 4180): a header
 * line, then a line a call.
 *
 * Inside a value a line ends with LF alone, so CRLF is always the end of a record: what a
 * host that was killed has left behind the last one is half a record. Several hosts may
 * add to one file, a batch at a time. */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "runtime/loggers/logger.h"

#define BATCH_CAP        (16u << 20) /* bytes written at once */
#define HEADER_CAP       1024
#define LOCK_PATIENCE_MS 2000
#define LOCK_PAUSE_NS    5000000
#define RECORD_CAP       (64u << 10) /* bytes of one record: more is never written */

struct csv {
	int fd;
	char *path;
	struct snafu_buffer header, text;
};

/* ---- writing --------------------------------------------------------------------- */

/* Functions print what they like, and anybody may ask for a function of any name: what a
 * spreadsheet would take for a formula gets an apostrophe in front, which keeps it text. */
static bool is_formula(const char *value)
{
	return *value && strchr("=+-@\t\r", *value);
}

static void write_value(const char *value, struct snafu_buffer *into)
{
	bool formula = is_formula(value);

	if (!formula && !value[strcspn(value, ",\"\r\n")]) {
		snafu_buffer_append_text(into, value);
		return;
	}
	snafu_buffer_append_text(into, formula ? "\"'" : "\"");
	while (*value) {
		size_t plain = strcspn(value, "\"\r");
		size_t returns = strspn(value + plain, "\r");

		snafu_buffer_append(into, value, plain);
		value += plain;
		if (*value == '"') {
			snafu_buffer_append(into, "\"\"", 2);
			value++;
		} else if (value[returns] != '\n') {
			snafu_buffer_append(into, value, returns);
		}
		value += returns;
	}
	snafu_buffer_append_byte(into, '"');
}

static void write_record(const struct snafu_record *record, struct snafu_buffer *into)
{
	char time[SNAFU_RECORD_TIME_SIZE];

	for (const struct snafu_record_column *at = snafu_record_columns; at->name; at++) {
		if (at != snafu_record_columns)
			snafu_buffer_append_byte(into, ',');
		switch (at->kind) {
		case SNAFU_COLUMN_TEXT: write_value(snafu_record_text(record, at), into); break;
		case SNAFU_COLUMN_TIME:
			snafu_record_time(snafu_record_number(record, at), time);
			snafu_buffer_append_text(into, time);
			break;
		case SNAFU_COLUMN_SPAN: snafu_record_span(snafu_record_number(record, at), into); break;
		case SNAFU_COLUMN_COUNT:
			snafu_json_write_uint64(into, snafu_record_number(record, at));
			break;
		}
	}
	snafu_buffer_append(into, "\r\n", 2);
}

/* All or nothing; the lock is held. */
static int append(const struct csv *csv, const char *bytes, size_t size)
{
	off_t end = lseek(csv->fd, 0, SEEK_END);
	int code = end < 0 ? -errno : snafu_write_all(csv->fd, bytes, size);

	if (code && end >= 0 && ftruncate(csv->fd, end))
		return code; /* what was written of it is mended at the next start */
	return code;
}

/* Other hosts hold the lock for a moment. Somebody who does not let go of it must not hold up
 * the writer, and with it the end of the host. */
static int lock(const struct csv *csv)
{
	const struct timespec pause = {.tv_nsec = LOCK_PAUSE_NS};
	uint64_t end = snafu_now_ms() + LOCK_PATIENCE_MS;

	while (flock(csv->fd, LOCK_EX | LOCK_NB)) {
		if (errno != EINTR && errno != EWOULDBLOCK)
			return -errno;
		if (snafu_now_ms() >= end)
			return -EBUSY;
		nanosleep(&pause, NULL);
	}
	return 0;
}

static int fail_lock(const struct csv *csv, int code, struct snafu_error *error)
{
	if (code == -EBUSY)
		return snafu_fail(error, code, "another process holds the lock of %s", csv->path);
	return snafu_fail_errno(error, code, "cannot lock %s", csv->path);
}

static int make_ready(const struct csv *csv, struct snafu_error *error);
static int follow(struct csv *csv, struct snafu_error *error);

static int write_batch(void *state, const struct snafu_record *const *records, size_t count,
                       struct snafu_error *error)
{
	struct csv *csv = state;

	snafu_buffer_clear(&csv->text);
	for (size_t i = 0; i < count; i++)
		write_record(records[i], &csv->text);
	int code = snafu_buffer_failed(&csv->text);
	if (code)
		return snafu_fail_errno(error, code, "cannot write to %s", csv->path);
	code = follow(csv, error);
	if (code)
		return code;
	code = lock(csv);
	if (code)
		return fail_lock(csv, code, error);
	code = make_ready(csv, error);
	if (!code) {
		code = append(csv, csv->text.data, csv->text.size);
		if (code)
			snafu_fail_errno(error, code, "cannot write to %s", csv->path);
	}
	flock(csv->fd, LOCK_UN);
	return code;
}

/* ---- the file as others have left it ---------------------------------------------- */

static void write_header(struct snafu_buffer *into)
{
	for (const struct snafu_record_column *at = snafu_record_columns; at->name; at++)
		snafu_buffer_format(into, "%s%s", at == snafu_record_columns ? "" : ",", at->name);
	snafu_buffer_append(into, "\r\n", 2);
}

/* Half a record: how much of it are whole values, and what is missing behind them. */
static size_t whole_values(const char *text, size_t size, struct snafu_buffer *missing)
{
	size_t whole = 0, commas = 0;
	bool quoted = false;

	for (size_t i = 0; i < size; i++) {
		quoted ^= text[i] == '"';
		if (text[i] == ',' && !quoted) {
			whole = i + 1;
			commas++;
		}
	}
	if (commas + 1 == SNAFU_RECORD_COLUMNS && size && text[size - 1] == '\r' && !quoted) {
		snafu_buffer_append_byte(missing, '\n');
		return size;
	}
	if (commas == 0)
		return 0;
	for (; commas + 1 < SNAFU_RECORD_COLUMNS; commas++)
		snafu_buffer_append_byte(missing, ',');
	snafu_buffer_append(missing, "\r\n", 2);
	return whole;
}

/* Completes the half record TEXT, SIZE bytes at AT: whole values are kept, the others are
 * empty. */
static int complete(const struct csv *csv, off_t at, const char *text, size_t size,
                    struct snafu_error *error)
{
	struct snafu_buffer missing = SNAFU_BUFFER(SNAFU_RECORD_COLUMNS + 2);
	size_t whole = whole_values(text, size, &missing);
	int code = ftruncate(csv->fd, at + (off_t)whole) ? -errno : 0;

	if (!code && missing.size)
		code = append(csv, missing.data, missing.size);
	snafu_buffer_done(&missing);
	return code ? snafu_fail_errno(error, code, "cannot mend %s", csv->path) : 0;
}

/* Looks for half a record at the end of the file, which has SIZE bytes. */
static int mend(const struct csv *csv, off_t size, struct snafu_error *error)
{
	size_t room = size < (off_t)RECORD_CAP ? (size_t)size : RECORD_CAP;
	char *tail = malloc(room);
	int code = 0;

	if (!tail)
		return snafu_fail(error, -ENOMEM, "no memory");
	ssize_t got = pread(csv->fd, tail, room, size - (off_t)room);
	if (got != (ssize_t)room) {
		free(tail);
		return snafu_fail_errno(error, got < 0 ? -errno : -EIO, "cannot read %s", csv->path);
	}
	size_t start = room;
	while (start >= 2 && (tail[start - 2] != '\r' || tail[start - 1] != '\n'))
		start--;
	if (start < 2)
		code = snafu_fail(error, -EINVAL, "%s is no file of records: name another one", csv->path);
	else if (start < room)
		code = complete(csv, size - (off_t)(room - start), tail + start, room - start, error);
	free(tail);
	return code;
}

/* A new file gets its header, and half a record is completed. The lock is held. */
static int make_ready(const struct csv *csv, struct snafu_error *error)
{
	const struct snafu_buffer *header = &csv->header;
	struct stat status;
	char end[2];

	if (fstat(csv->fd, &status))
		return snafu_fail_errno(error, -errno, "cannot look at %s", csv->path);
	size_t size = (size_t)status.st_size;
	if (size < header->size) { /* new; or the first host was killed at once */
		int code = append(csv, header->data + size, header->size - size);

		return code ? snafu_fail_errno(error, code, "cannot write to %s", csv->path) : 0;
	}
	if (pread(csv->fd, end, 2, (off_t)size - 2) == 2 && end[0] == '\r' && end[1] == '\n')
		return 0;
	return mend(csv, (off_t)size, error);
}

/* ---- opening --------------------------------------------------------------------- */

/* Nothing is added to what is no file of such records. */
static int check(const struct csv *csv, struct snafu_error *error)
{
	char there[HEADER_CAP];
	struct stat status;

	if (fstat(csv->fd, &status))
		return snafu_fail_errno(error, -errno, "cannot look at %s", csv->path);
	if (!S_ISREG(status.st_mode))
		return snafu_fail(error, -EINVAL, "%s is not a regular file", csv->path);
	size_t common = csv->header.size;
	if ((size_t)status.st_size < common)
		common = (size_t)status.st_size;
	if (pread(csv->fd, there, common, 0) != (ssize_t)common ||
	    memcmp(there, csv->header.data, common) != 0)
		return snafu_fail(error, -EINVAL,
		                  "%s has other columns than these records: name another file", csv->path);
	return 0;
}

static void close_file(void *state)
{
	struct csv *csv = state;

	if (csv->fd >= 0)
		close(csv->fd);
	free(csv->path);
	snafu_buffer_done(&csv->header);
	snafu_buffer_done(&csv->text);
	free(csv);
}

/* Opens the file at the path, in place of the one that is open. */
static int open_path(struct csv *csv, struct snafu_error *error)
{
	struct csv next = *csv;

	next.fd =
		open(csv->path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0600);
	if (next.fd < 0)
		return snafu_fail_errno(error, -errno, "cannot open the log %s", csv->path);
	int code = lock(&next);
	if (code) {
		fail_lock(&next, code, error);
	} else {
		code = check(&next, error);
		if (!code)
			code = make_ready(&next, error);
		flock(next.fd, LOCK_UN);
	}
	if (code) {
		close(next.fd);
		return code;
	}
	if (csv->fd >= 0)
		close(csv->fd);
	csv->fd = next.fd;
	return 0;
}

/* Where the file was renamed or removed (logrotate does that), records go to a new one. */
static int follow(struct csv *csv, struct snafu_error *error)
{
	struct stat there, ours;

	if (stat(csv->path, &there) == 0 && fstat(csv->fd, &ours) == 0 && there.st_ino == ours.st_ino &&
	    there.st_dev == ours.st_dev)
		return 0;
	return open_path(csv, error);
}

static int open_file(const char *path, void **ret_state, struct snafu_error *error)
{
	struct csv *csv = calloc(1, sizeof *csv);

	if (!csv || !(csv->path = strdup(path))) {
		free(csv);
		return snafu_fail(error, -ENOMEM, "no memory");
	}
	csv->fd = -1;
	csv->text = SNAFU_BUFFER(BATCH_CAP);
	csv->header = SNAFU_BUFFER(HEADER_CAP);
	write_header(&csv->header);
	int code = open_path(csv, error);
	if (code)
		close_file(csv);
	else
		*ret_state = csv;
	return code;
}

extern const struct snafu_logger snafu_logger_csv;
const struct snafu_logger snafu_logger_csv = {
	.version = SNAFU_LOGGER_VERSION,
	.name = "csv",
	.suffix = ".csv",
	.open = open_file,
	.write = write_batch,
	.close = close_file,
};
