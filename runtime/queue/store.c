/* runtime/queue/store.c — see store.h: the database as a whole. */
#include "runtime/queue/store.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "runtime/queue/store_state.h"

#define SCHEMA_VERSION 2
#define BUSY_MS        2000 /* how long another program may hold the file */
#define JOURNAL_CAP    "67108864" /* bytes that the log keeps when it is empty */

static const char *const state_names[SNAFU_STORED_STATES] = {
	[SNAFU_STORED_WAITING] = "waiting",     [SNAFU_STORED_RUNNING] = "running",
	[SNAFU_STORED_SUCCEEDED] = "succeeded", [SNAFU_STORED_FAILED] = "failed",
	[SNAFU_STORED_DEAD] = "dead",
};

const char *snafu_stored_state_name(int state)
{
	return state >= 0 && state < SNAFU_STORED_STATES ? state_names[state] : NULL;
}

int snafu_stored_state_find(const char *name)
{
	for (int state = 0; state < SNAFU_STORED_STATES; state++)
		if (strcmp(name, state_names[state]) == 0)
			return state;
	return -EINVAL;
}

/* Payloads and results lie apart, so that calls are passed over quickly. The values of
 * `state` are those of enum snafu_stored_state. */
static const char schema[] =
	"CREATE TABLE notes(name TEXT PRIMARY KEY, number INTEGER, text TEXT) WITHOUT ROWID;"
	"CREATE TABLE calls("
	" number INTEGER PRIMARY KEY AUTOINCREMENT,"
	" id TEXT NOT NULL UNIQUE,"
	" function TEXT NOT NULL, tenant TEXT NOT NULL, client_context TEXT NOT NULL,"
	" executor TEXT NOT NULL,"
	" depth INTEGER NOT NULL, attempts INTEGER NOT NULL, refusals INTEGER NOT NULL,"
	" interruptions INTEGER NOT NULL, state INTEGER NOT NULL, born INTEGER NOT NULL,"
	" due INTEGER NOT NULL, accepted INTEGER NOT NULL, ended INTEGER, ended_wall INTEGER,"
	" size INTEGER NOT NULL);"
	"CREATE TABLE payloads(number INTEGER PRIMARY KEY, payload BLOB);"
	"CREATE TABLE results(number INTEGER PRIMARY KEY, result BLOB);"
	"CREATE TABLE deliveries("
	" number INTEGER PRIMARY KEY, call INTEGER NOT NULL, destination TEXT NOT NULL,"
	" body BLOB, attempts INTEGER NOT NULL, born INTEGER NOT NULL, due INTEGER, error TEXT);"
	"CREATE INDEX calls_due ON calls(due, number) WHERE state = 0;"
	"CREATE INDEX calls_born ON calls(born) WHERE state < 2;"
	"CREATE INDEX calls_ended ON calls(ended, size) WHERE state IN (2, 3);"
	"CREATE INDEX calls_dead ON calls(ended, size) WHERE state = 4;"
	"CREATE INDEX calls_state ON calls(state, number);"
	"CREATE INDEX deliveries_due ON deliveries(due) WHERE due IS NOT NULL;"
	"CREATE INDEX deliveries_call ON deliveries(call);";

/* What makes a file of version N + 1 of one of version N; the schema above is version 1. */
static const char *const upgrades[SCHEMA_VERSION] = {
	schema,
	/* Few of many waiting calls have been interrupted. */
	"CREATE INDEX calls_interrupted ON calls(due, number) WHERE state = 0 AND interruptions > 0;",
};

#define COLUMNS                                                                 \
	"number, id, function, tenant, client_context, executor, depth, attempts, " \
	"refusals, interruptions, state, born, due, accepted, ended_wall"
#define UNENDED_SQL "ended = NULL, ended_wall = NULL"
#define LIST_SQL(WHICH)                                                                  \
	"SELECT " COLUMNS ", (SELECT CASE WHEN length(result) <= ?6 THEN result END FROM"    \
	" results WHERE results.number = calls.number) FROM calls WHERE " WHICH              \
	" AND number < ?2 AND (?3 IS NULL OR function = ?3) AND (?4 IS NULL OR tenant = ?4)" \
	" ORDER BY number DESC LIMIT ?5"

/* INDEXED BY: what is looked up for every turn must not depend on how many calls there are,
 * and left to itself SQLite prefers calls_state, which has nearly all of them. */
static const char *const texts[STORE_STATEMENTS] = {
	[STORE_BEGIN] = "BEGIN IMMEDIATE",
	[STORE_COMMIT] = "COMMIT",
	[STORE_ROLLBACK] = "ROLLBACK",
	[STORE_PAGES] = "PRAGMA page_count",
	[STORE_FREE_PAGES] = "PRAGMA freelist_count",
	[STORE_PAGE_SIZE] = "PRAGMA page_size",
	[STORE_NOTE] = "INSERT OR REPLACE INTO notes(name, number, text) VALUES(?, ?, ?)",
	[STORE_RECALL] = "SELECT number, text FROM notes WHERE name = ?",
	[STORE_COUNT] = "SELECT state, count(*) FROM calls GROUP BY state",
	[STORE_COUNT_DELIVERIES] = "SELECT count(*) FROM deliveries WHERE due IS NOT NULL",
	[STORE_KEPT] = "SELECT total(size) FROM calls INDEXED BY calls_ended WHERE state IN (2, 3)",
	[STORE_INSERT] = "INSERT INTO calls(id, function, tenant, client_context, executor, depth,"
					 " attempts, refusals, interruptions, state, born, due, accepted, size)"
					 " VALUES(?, ?, ?, ?, ?, ?, 0, 0, 0, 0, ?, ?, ?, ?)",
	[STORE_INSERT_PAYLOAD] = "INSERT INTO payloads(number, payload) VALUES(?, ?)",
	[STORE_FIND] = "SELECT number FROM calls WHERE id = ?",
	[STORE_LOAD] = "SELECT " COLUMNS " FROM calls WHERE number = ?",
	[STORE_PAYLOAD] = "SELECT payload FROM payloads WHERE number = ?",
	[STORE_RESULT] = "SELECT result FROM results WHERE number = ?",
	[STORE_DUE] = "SELECT number FROM calls INDEXED BY calls_due WHERE state = 0 AND due <= ?1 AND"
				  " interruptions < ?2 ORDER BY due, number LIMIT ?3",
	[STORE_DUE_SUSPECTS] = "SELECT number FROM calls INDEXED BY calls_interrupted WHERE state = 0"
						   " AND interruptions > 0 AND due <= ?1 AND interruptions >= ?2"
						   " ORDER BY due, number LIMIT ?3",
	[STORE_NEXT_DUE] = "SELECT min(due) FROM calls INDEXED BY calls_due WHERE state = 0",
	[STORE_OLDEST] = "SELECT min(born) FROM calls INDEXED BY calls_born WHERE state < 2",
	[STORE_UPDATE] = "UPDATE calls SET state = ?2, attempts = ?3, refusals = ?4,"
					 " interruptions = ?5, born = ?6, due = ?7, ended = ?8, ended_wall = ?9"
					 " WHERE number = ?1",
	[STORE_SET_RESULT] = "INSERT OR REPLACE INTO results(number, result) VALUES(?1, ?2)",
	[STORE_SET_SIZE] = "UPDATE calls SET size = ?2 WHERE number = ?1",
	[STORE_DROP_RESULT] = "DELETE FROM results WHERE number = ?1",
	[STORE_DROP_PAYLOAD] = "DELETE FROM payloads WHERE number = ?1",
	[STORE_REMOVE] = "DELETE FROM calls WHERE number = ?1",
	[STORE_REMOVE_DELIVERIES] = "DELETE FROM deliveries WHERE call = ?1 AND due IS NULL",
	[STORE_RECOVER] = "UPDATE calls SET state = 0, interruptions = interruptions + ?1,"
					  " attempts = max(attempts - 1, 0) WHERE state = 1",
	[STORE_SUSPECTS] = "SELECT count(*) FROM calls INDEXED BY calls_interrupted WHERE state = 0"
					   " AND interruptions > 0 AND interruptions >= ?1",
	[STORE_REDRIVE] =
		"UPDATE calls SET state = 0, attempts = 0, refusals = 0, interruptions = 0,"
		" born = ?1, due = ?1, " UNENDED_SQL " WHERE state = 4 AND (?2 IS NULL OR function = ?2)"
		" AND (?3 IS NULL OR tenant = ?3)",
	[STORE_PRUNE] = "SELECT number, state, size FROM calls INDEXED BY calls_ended WHERE"
					" state IN (2, 3) AND ended < ?1 ORDER BY ended LIMIT ?2",
	[STORE_PRUNE_DEAD] = "SELECT number, state, size FROM calls INDEXED BY calls_dead WHERE"
						 " state = 4 AND ended < ?1 ORDER BY ended LIMIT ?2",
	[STORE_SHOW] = "SELECT " COLUMNS ", (SELECT result FROM results WHERE"
				   " results.number = calls.number), (SELECT payload FROM payloads WHERE"
				   " payloads.number = calls.number) FROM calls WHERE number = ?1",
	[STORE_SHOW_DELIVERIES] = "SELECT destination, attempts, due, error FROM deliveries"
							  " WHERE call = ?1 ORDER BY number",
	[STORE_LIST] = LIST_SQL("number >= ?1"),
	[STORE_LIST_STATE] = LIST_SQL("state = ?7 AND number >= ?1"),
	[STORE_LIST_FLOOR] = "SELECT number FROM calls WHERE number < ?1 ORDER BY number DESC"
						 " LIMIT 1 OFFSET ?2",
	[STORE_LIST_STATE_FLOOR] = "SELECT number FROM calls WHERE state = ?3 AND number < ?1"
							   " ORDER BY number DESC LIMIT 1 OFFSET ?2",
	[STORE_DELIVER] = "INSERT INTO deliveries(call, destination, body, attempts, born, due, error)"
					  " VALUES(?1, ?2, ?3, 0, ?4, ?5, ?6)",
	[STORE_DUE_DELIVERY] = "SELECT number, call, destination, body, attempts, born, due"
						   " FROM deliveries WHERE due <= ?1 ORDER BY due",
	[STORE_NEXT_DELIVERY] = "SELECT min(due) FROM deliveries WHERE due IS NOT NULL",
	[STORE_DELIVERED] = "DELETE FROM deliveries WHERE number = ?1",
	[STORE_UNDELIVERED] = "UPDATE deliveries SET attempts = ?2, due = ?3, error = ?4"
						  " WHERE number = ?1",
};

/* ---- statements ------------------------------------------------------------------ */

static int code_of(int sqlite_code)
{
	switch (sqlite_code & 0xFF) {
	case SQLITE_FULL: return -ENOSPC;
	case SQLITE_IOERR: return -EIO;
	case SQLITE_BUSY:
	case SQLITE_LOCKED: return -EBUSY;
	case SQLITE_CONSTRAINT: return -EEXIST;
	case SQLITE_TOOBIG: return -EMSGSIZE;
	case SQLITE_NOMEM: return -ENOMEM;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
	case SQLITE_SCHEMA:
	case SQLITE_ERROR: return -EBADMSG;
	case SQLITE_READONLY:
	case SQLITE_PERM:
	case SQLITE_CANTOPEN: return -EACCES;
	default: return -EIO;
	}
}

/* Fills ERROR with what the database says, and DOING, which failed. */
static int fail(struct snafu_store *store, const char *doing, struct snafu_error *error)
{
	int code = code_of(sqlite3_extended_errcode(store->database));
	const char *path = sqlite3_db_filename(store->database, "main");

	return snafu_fail(error, code, "cannot %s the queue %s: %s%s", doing, path ? path : "",
	                  sqlite3_errmsg(store->database),
	                  code == -EBADMSG ? "; if the file is damaged, move it away" : "");
}

sqlite3_stmt *snafu_store_use(struct snafu_store *store, enum snafu_store_statement which)
{
	sqlite3_stmt **statement = &store->statements[which];

	if (!*statement)
		sqlite3_prepare_v3(store->database, texts[which], -1, SQLITE_PREPARE_PERSISTENT, statement,
		                   NULL);
	else
		sqlite3_reset(*statement);
	if (*statement)
		sqlite3_clear_bindings(*statement);
	return *statement;
}

int snafu_store_step(struct snafu_store *store, sqlite3_stmt *statement, const char *doing,
                     struct snafu_error *error)
{
	int code = statement ? sqlite3_step(statement) : SQLITE_ERROR;

	if (code == SQLITE_ROW)
		return 1;
	if (code == SQLITE_DONE) {
		sqlite3_reset(statement);
		return 0;
	}
	code = fail(store, doing, error);
	sqlite3_reset(statement);
	return code < 0 ? code : -EIO;
}

int snafu_store_run(struct snafu_store *store, sqlite3_stmt *statement, const char *doing,
                    struct snafu_error *error)
{
	int code;

	do
		code = snafu_store_step(store, statement, doing, error);
	while (code > 0);
	return code;
}

const char *snafu_store_text(sqlite3_stmt *statement, int column)
{
	const unsigned char *text = sqlite3_column_text(statement, column);

	return text ? (const char *)text : "";
}

int snafu_store_copy(sqlite3_stmt *statement, int column, struct snafu_stored_bytes *ret_bytes,
                     struct snafu_error *error)
{
	const void *bytes = sqlite3_column_blob(statement, column);
	size_t size = bytes ? (size_t)sqlite3_column_bytes(statement, column) : 0;
	char *copy = NULL;

	if (size) {
		copy = malloc(size + 1);
		if (!copy)
			return snafu_fail(error, -ENOMEM, "no memory for %zu bytes", size);
		memcpy(copy, bytes, size);
		copy[size] = '\0';
	}
	*ret_bytes = (struct snafu_stored_bytes){copy, size};
	return 0;
}

/* ---- opening --------------------------------------------------------------------- */

static int execute(struct snafu_store *store, const char *sql, const char *doing,
                   struct snafu_error *error)
{
	return sqlite3_exec(store->database, sql, NULL, NULL, NULL) == SQLITE_OK
	           ? 0
	           : fail(store, doing, error);
}

static int read_version(struct snafu_store *store, int *ret_version, struct snafu_error *error)
{
	sqlite3_stmt *statement = NULL;
	int code = sqlite3_prepare_v2(store->database, "PRAGMA user_version", -1, &statement, NULL);

	code = code == SQLITE_OK ? snafu_store_step(store, statement, "read", error)
	                         : fail(store, "read", error);
	if (code > 0)
		*ret_version = sqlite3_column_int(statement, 0);
	sqlite3_finalize(statement);
	return code > 0 ? 0 : code ? code : -EIO;
}

/* A new file is one of version 0. */
static int upgrade(struct snafu_store *store, int version, struct snafu_error *error)
{
	char mark[64];
	int code = execute(store, "BEGIN IMMEDIATE", "begin", error);

	for (; version < SCHEMA_VERSION && !code; version++)
		code = execute(store, upgrades[version], "begin", error);
	snprintf(mark, sizeof mark, "PRAGMA user_version = %d", SCHEMA_VERSION);
	if (!code)
		code = execute(store, mark, "begin", error);
	if (!code)
		code = execute(store, "COMMIT", "begin", error);
	return code;
}

static int set_up(struct snafu_store *store, struct snafu_error *error)
{
	int version = 0, code;

	sqlite3_busy_timeout(store->database, BUSY_MS);
	sqlite3_db_config(store->database, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	sqlite3_db_config(store->database, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	code = read_version(store, &version, error);
	if (!code && (version < 0 || version > SCHEMA_VERSION))
		return snafu_fail(error, -EPROTO,
		                  "the queue %s is of another version of Snafu (%d): move it away, or set "
		                  "file in [asynchronous]",
		                  sqlite3_db_filename(store->database, "main"), version);
	if (!code)
		code = execute(store,
		               "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
		               "PRAGMA journal_size_limit = " JOURNAL_CAP ";",
		               "open", error);
	store->durable = true;
	return code || version == SCHEMA_VERSION ? code : upgrade(store, version, error);
}

int snafu_store_open(const char *path, struct snafu_store **ret_store, struct snafu_error *error)
{
	struct snafu_store *store = calloc(1, sizeof *store);

	if (!store)
		return snafu_fail(error, -ENOMEM, "no memory");
	int opened =
		sqlite3_open_v2(path, &store->database,
	                    SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW, NULL);
	int code = opened == SQLITE_OK
	               ? set_up(store, error)
	               : snafu_fail(error, code_of(opened), "cannot open the queue %s: %s", path,
	                            sqlite3_errstr(opened));
	if (code) {
		snafu_store_close(store);
		return code;
	}
	*ret_store = store;
	return 0;
}

void snafu_store_close(struct snafu_store *store)
{
	if (!store)
		return;
	for (int i = 0; i < STORE_STATEMENTS; i++)
		sqlite3_finalize(store->statements[i]);
	sqlite3_close(store->database);
	free(store);
}

bool snafu_store_has_moved(struct snafu_store *store)
{
	int moved = 0;

	return sqlite3_file_control(store->database, "main", SQLITE_FCNTL_HAS_MOVED, &moved) ==
	           SQLITE_OK &&
	       moved;
}

/* ---- transactions ------------------------------------------------------------------ */

int snafu_store_begin(struct snafu_store *store, bool durable, struct snafu_error *error)
{
	int code = 0;

	if (durable != store->durable)
		code = execute(store, durable ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL",
		               "begin", error);
	if (code)
		return code;
	store->durable = durable;
	return snafu_store_run(store, snafu_store_use(store, STORE_BEGIN), "write to", error);
}

int snafu_store_commit(struct snafu_store *store, struct snafu_error *error)
{
	return snafu_store_run(store, snafu_store_use(store, STORE_COMMIT), "write to", error);
}

void snafu_store_rollback(struct snafu_store *store)
{
	if (!sqlite3_get_autocommit(store->database))
		snafu_store_run(store, snafu_store_use(store, STORE_ROLLBACK), "write to", NULL);
}

/* ---- numbers ------------------------------------------------------------------------ */

static int read_number(struct snafu_store *store, enum snafu_store_statement which,
                       uint64_t *ret_number, struct snafu_error *error)
{
	sqlite3_stmt *statement = snafu_store_use(store, which);
	int code = snafu_store_step(store, statement, "read", error);

	if (code > 0)
		*ret_number = (uint64_t)sqlite3_column_int64(statement, 0);
	sqlite3_reset(statement);
	return code < 0 ? code : 0;
}

int snafu_store_count(struct snafu_store *store, struct snafu_queue_counts *ret_counts,
                      uint64_t *ret_kept_bytes, struct snafu_error *error)
{
	uint64_t by_state[SNAFU_STORED_STATES] = {0}, deliveries = 0;
	sqlite3_stmt *statement = snafu_store_use(store, STORE_COUNT);
	int code;

	while ((code = snafu_store_step(store, statement, "read", error)) > 0) {
		int state = sqlite3_column_int(statement, 0);

		if (snafu_stored_state_name(state))
			by_state[state] = (uint64_t)sqlite3_column_int64(statement, 1);
	}
	if (!code)
		code = read_number(store, STORE_COUNT_DELIVERIES, &deliveries, error);
	if (!code)
		code = read_number(store, STORE_KEPT, ret_kept_bytes, error);
	if (code)
		return code;
	*ret_counts = (struct snafu_queue_counts){
		.waiting = by_state[SNAFU_STORED_WAITING],
		.running = by_state[SNAFU_STORED_RUNNING],
		.succeeded = by_state[SNAFU_STORED_SUCCEEDED],
		.failed = by_state[SNAFU_STORED_FAILED],
		.dead = by_state[SNAFU_STORED_DEAD],
		.deliveries = deliveries,
	};
	return 0;
}

int snafu_store_used(struct snafu_store *store, uint64_t *ret_bytes, struct snafu_error *error)
{
	uint64_t pages = 0, free_pages = 0, size = 0;
	int code = read_number(store, STORE_PAGES, &pages, error);

	if (!code)
		code = read_number(store, STORE_FREE_PAGES, &free_pages, error);
	if (!code)
		code = read_number(store, STORE_PAGE_SIZE, &size, error);
	if (!code)
		*ret_bytes = (pages - free_pages) * size;
	return code;
}

int snafu_store_note(struct snafu_store *store, const char *name, int64_t number, const char *text,
                     struct snafu_error *error)
{
	sqlite3_stmt *statement = snafu_store_use(store, STORE_NOTE);

	sqlite3_bind_text(statement, 1, name, -1, SQLITE_STATIC);
	sqlite3_bind_int64(statement, 2, number);
	sqlite3_bind_text(statement, 3, text, -1, SQLITE_STATIC);
	return snafu_store_run(store, statement, "write to", error);
}

int snafu_store_recall(struct snafu_store *store, const char *name, int64_t *ret_number,
                       char *ret_text, size_t capacity, struct snafu_error *error)
{
	sqlite3_stmt *statement = snafu_store_use(store, STORE_RECALL);

	sqlite3_bind_text(statement, 1, name, -1, SQLITE_STATIC);
	int code = snafu_store_step(store, statement, "read", error);
	if (code < 0)
		return code;
	*ret_number = code ? sqlite3_column_int64(statement, 0) : 0;
	if (capacity)
		snprintf(ret_text, capacity, "%s", code ? snafu_store_text(statement, 1) : "");
	sqlite3_reset(statement);
	return 0;
}
