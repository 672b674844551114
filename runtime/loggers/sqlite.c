/* runtime/loggers/sqlite.c — records in the table `calls` of an SQLite database, a
 * transaction a batch. Others may read it meanwhile, and other hosts add to it. */
#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/error.h"
#include "runtime/loggers/logger.h"

#define STATEMENT_CAP 4096 /* bytes */
#define BUSY_MS       2000 /* how long a transaction of another host is waited for */

struct database {
	sqlite3 *handle;
	sqlite3_stmt *insert, *begin, *commit, *rollback;
	char *path;
};

static int fail(const struct database *database, const char *what, struct snafu_error *error)
{
	int code = sqlite3_errcode(database->handle);

	return snafu_fail(error, code == SQLITE_NOMEM ? -ENOMEM : -EIO, "cannot %s %s: %s", what,
	                  database->path, sqlite3_errmsg(database->handle));
}

/* ---- writing --------------------------------------------------------------------- */

/* Runs a statement that gives no rows. */
static int step(sqlite3_stmt *statement)
{
	int code = sqlite3_step(statement);

	sqlite3_reset(statement);
	return code == SQLITE_DONE ? 0 : -EIO;
}

/* Texts are borrowed until the statement is reset. */
static int bind(sqlite3_stmt *insert, int place, const struct snafu_record *record,
                const struct snafu_record_column *column)
{
	char time[SNAFU_RECORD_TIME_SIZE];

	switch (column->kind) {
	case SNAFU_COLUMN_TEXT:
		return sqlite3_bind_text(insert, place, snafu_record_text(record, column), -1,
		                         SQLITE_STATIC);
	case SNAFU_COLUMN_TIME:
		snafu_record_time(snafu_record_number(record, column), time);
		return sqlite3_bind_text(insert, place, time, -1, SQLITE_TRANSIENT);
	case SNAFU_COLUMN_SPAN:
		return sqlite3_bind_double(insert, place,
		                           (double)(snafu_record_number(record, column) / 1000) / 1000);
	case SNAFU_COLUMN_COUNT:
		return sqlite3_bind_int64(insert, place,
		                          (sqlite3_int64)snafu_record_number(record, column));
	}
	return SQLITE_MISUSE;
}

static int add(const struct database *database, const struct snafu_record *record)
{
	int place = 1, code = SQLITE_OK;

	for (const struct snafu_record_column *at = snafu_record_columns; at->name; at++, place++)
		if (code == SQLITE_OK)
			code = bind(database->insert, place, record, at);
	return code == SQLITE_OK ? step(database->insert) : -EIO;
}

/* A database that works cannot be renamed under way: its side files would stay behind, and
 * would be taken for those of the next one. So all goes into the main file, wherever that
 * is, and records wait until it is back. */
static int check_place(const struct database *database, struct snafu_error *error)
{
	int moved = 0;

	sqlite3_file_control(database->handle, "main", SQLITE_FCNTL_HAS_MOVED, &moved);
	if (!moved)
		return 0;
	sqlite3_wal_checkpoint_v2(database->handle, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
	return snafu_fail(error, -ESTALE,
	                  "%s was moved or removed while the host works with it: put it back, or start "
	                  "the host again",
	                  database->path);
}

static int write_batch(void *state, const struct snafu_record *const *records, size_t count,
                       struct snafu_error *error)
{
	const struct database *database = state;
	int code = check_place(database, error);

	if (code)
		return code;
	code = step(database->begin);
	for (size_t i = 0; i < count && !code; i++)
		code = add(database, records[i]);
	if (!code)
		code = step(database->commit);
	if (code) {
		code = fail(database, "write to", error);
		if (!sqlite3_get_autocommit(database->handle))
			step(database->rollback);
	}
	return code;
}

/* ---- opening --------------------------------------------------------------------- */

static const char *type_of(const struct snafu_record_column *column)
{
	return column->kind == SNAFU_COLUMN_SPAN    ? "REAL"
	       : column->kind == SNAFU_COLUMN_COUNT ? "INTEGER"
	                                            : "TEXT";
}

static int make_table(const struct database *database, struct snafu_error *error)
{
	struct snafu_buffer text = SNAFU_BUFFER(STATEMENT_CAP);

	snafu_buffer_append_text(&text, "PRAGMA journal_mode=WAL;PRAGMA synchronous=NORMAL;"
	                                "CREATE TABLE IF NOT EXISTS calls (");
	for (const struct snafu_record_column *at = snafu_record_columns; at->name; at++)
		snafu_buffer_format(&text, "%s\"%s\" %s", at == snafu_record_columns ? "" : ", ", at->name,
		                    type_of(at));
	snafu_buffer_append_text(&text, ")");
	int code = 0;
	if (sqlite3_exec(database->handle, text.data, NULL, NULL, NULL) != SQLITE_OK)
		code = fail(database, "make the table in", error);
	snafu_buffer_done(&text);
	return code;
}

static int prepare(const struct database *database, const char *text, sqlite3_stmt **ret_statement,
                   struct snafu_error *error)
{
	if (sqlite3_prepare_v3(database->handle, text, -1, SQLITE_PREPARE_PERSISTENT, ret_statement,
	                       NULL) == SQLITE_OK)
		return 0;
	return fail(database, "add records to", error);
}

static int prepare_insert(struct database *database, struct snafu_error *error)
{
	struct snafu_buffer text = SNAFU_BUFFER(STATEMENT_CAP);

	snafu_buffer_append_text(&text, "INSERT INTO calls (");
	for (const struct snafu_record_column *at = snafu_record_columns; at->name; at++)
		snafu_buffer_format(&text, "%s\"%s\"", at == snafu_record_columns ? "" : ", ", at->name);
	snafu_buffer_append_text(&text, ") VALUES (?");
	for (int i = 1; i < SNAFU_RECORD_COLUMNS; i++)
		snafu_buffer_append_text(&text, ", ?");
	snafu_buffer_append_text(&text, ")");
	int code = prepare(database, text.data, &database->insert, error);
	snafu_buffer_done(&text);
	return code;
}

static void close_database(void *state)
{
	struct database *database = state;

	sqlite3_finalize(database->insert);
	sqlite3_finalize(database->begin);
	sqlite3_finalize(database->commit);
	sqlite3_finalize(database->rollback);
	sqlite3_close(database->handle);
	free(database->path);
	free(database);
}

/* SQLite would make the file readable for others; its side files are like it. */
static int make_file(const char *path, struct snafu_error *error)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0600);

	if (fd < 0)
		return snafu_fail_errno(error, -errno, "cannot open the log %s", path);
	close(fd);
	return 0;
}

static int open_database(const char *path, void **ret_state, struct snafu_error *error)
{
	struct database *database = calloc(1, sizeof *database);

	if (!database || !(database->path = strdup(path))) {
		free(database);
		return snafu_fail(error, -ENOMEM, "no memory");
	}
	int code = make_file(path, error);
	if (!code && sqlite3_open_v2(path, &database->handle,
	                             SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK)
		code = fail(database, "open", error);
	if (!code) {
		sqlite3_busy_timeout(database->handle, BUSY_MS);
		code = make_table(database, error);
	}
	if (!code)
		code = prepare_insert(database, error);
	if (!code)
		code = prepare(database, "BEGIN IMMEDIATE", &database->begin, error);
	if (!code)
		code = prepare(database, "COMMIT", &database->commit, error);
	if (!code)
		code = prepare(database, "ROLLBACK", &database->rollback, error);
	if (code)
		close_database(database);
	else
		*ret_state = database;
	return code;
}

extern const struct snafu_logger snafu_logger;
const struct snafu_logger snafu_logger = {
	.version = SNAFU_LOGGER_VERSION,
	.name = "sqlite",
	.suffix = ".sqlite",
	.open = open_database,
	.write = write_batch,
	.close = close_database,
};
