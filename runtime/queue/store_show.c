/* runtime/queue/store_show.c — see store.h: calls as JSON, for people and programs. */
#include <errno.h>
#include <time.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/json.h"
#include "runtime/queue/store_state.h"

#define LISTED_ERROR_CAP 4096 /* bytes of an error that stands in a list; longer: null */

enum { /* columns, see COLUMNS in store.c */
	   ID = 1,
	   FUNCTION,
	   TENANT,
	   ATTEMPTS = 7,
	   INTERRUPTIONS = 9,
	   STATE,
	   BORN,
	   DUE,
	   ACCEPTED,
	   ENDED,
	   RESULT,
	   PAYLOAD,
};

/* A time of day as RFC 3339 has it. */
static void write_time(int64_t wall_ms, struct snafu_buffer *into)
{
	time_t seconds = (time_t)(wall_ms / 1000);
	struct tm parts;
	char text[64];

	if (wall_ms <= 0 || !gmtime_r(&seconds, &parts) ||
	    !strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts))
		snafu_buffer_append_text(into, "null");
	else
		snafu_buffer_format(into, "\"%s.%03dZ\"", text, (int)(wall_ms % 1000));
}

/* Bytes that ought to be JSON, but come from anybody. */
static void write_json(sqlite3_stmt *statement, int column, struct snafu_buffer *into)
{
	const char *bytes = sqlite3_column_blob(statement, column);
	size_t size = bytes ? (size_t)sqlite3_column_bytes(statement, column) : 0;

	if (!size)
		snafu_buffer_append_text(into, "null");
	else if (snafu_json_validate(bytes, size, NULL) == 0)
		snafu_buffer_append(into, bytes, size);
	else
		snafu_json_write_string(into, bytes, size);
}

static void write_head(sqlite3_stmt *statement, uint64_t now, struct snafu_buffer *into)
{
	int state = sqlite3_column_int(statement, STATE);
	const char *tenant;

	snafu_buffer_append_text(into, "{\"id\": ");
	snafu_json_write_text(into, snafu_store_text(statement, ID));
	snafu_buffer_append_text(into, ", \"function\": ");
	snafu_json_write_text(into, snafu_store_text(statement, FUNCTION));
	tenant = snafu_store_text(statement, TENANT);
	if (*tenant) {
		snafu_buffer_append_text(into, ", \"tenant\": ");
		snafu_json_write_text(into, tenant);
	}
	snafu_buffer_append_text(into, ", \"state\": ");
	snafu_json_write_text(into, snafu_stored_state_name(state));
	snafu_buffer_append_text(into, ", \"attempts\": ");
	snafu_json_write_int64(into, sqlite3_column_int64(statement, ATTEMPTS));
	if (sqlite3_column_int64(statement, INTERRUPTIONS)) {
		snafu_buffer_append_text(into, ", \"interruptions\": ");
		snafu_json_write_int64(into, sqlite3_column_int64(statement, INTERRUPTIONS));
	}
	snafu_buffer_append_text(into, ", \"accepted\": ");
	write_time(sqlite3_column_int64(statement, ACCEPTED), into);
	if (state >= SNAFU_STORED_SUCCEEDED) {
		snafu_buffer_append_text(into, ", \"ended\": ");
		write_time(sqlite3_column_int64(statement, ENDED), into);
	} else if (state == SNAFU_STORED_WAITING) {
		int64_t left = sqlite3_column_int64(statement, DUE) - (int64_t)now;

		if (left < 0)
			left = 0;
		/* By hand: a function may have set a locale that writes a comma. */
		snafu_buffer_format(into, ", \"due\": %lld.%03lld", (long long)left / 1000,
		                    (long long)left % 1000);
	}
}

static int write_deliveries(struct snafu_store *store, int64_t number, struct snafu_buffer *into,
                            struct snafu_error *error)
{
	sqlite3_stmt *statement = snafu_store_use(store, STORE_SHOW_DELIVERIES);
	size_t count = 0;
	int code;

	sqlite3_bind_int64(statement, 1, number);
	while ((code = snafu_store_step(store, statement, "read", error)) > 0) {
		bool failed = sqlite3_column_type(statement, 2) == SQLITE_NULL;

		snafu_buffer_append_text(into, count++ ? ", " : ", \"deliveries\": [");
		snafu_buffer_append_text(into, "{\"destination\": ");
		snafu_json_write_text(into, snafu_store_text(statement, 0));
		snafu_buffer_format(into, ", \"state\": \"%s\", \"attempts\": %d, \"error\": ",
		                    failed ? "failed" : "waiting", sqlite3_column_int(statement, 1));
		snafu_json_write_text(into, sqlite3_column_type(statement, 3) == SQLITE_NULL
		                                ? NULL
		                                : snafu_store_text(statement, 3));
		snafu_buffer_append_text(into, "}");
	}
	if (count)
		snafu_buffer_append_text(into, "]");
	return code;
}

int snafu_store_show(struct snafu_store *store, int64_t number, uint64_t now,
                     struct snafu_buffer *into, struct snafu_error *error)
{
	sqlite3_stmt *statement = snafu_store_use(store, STORE_SHOW);

	sqlite3_bind_int64(statement, 1, number);
	int code = snafu_store_step(store, statement, "read", error);
	if (code <= 0)
		return code ? code : snafu_fail(error, -ENOENT, "there is no such call");
	int state = sqlite3_column_int(statement, STATE);
	write_head(statement, now, into);
	if (state == SNAFU_STORED_SUCCEEDED || sqlite3_column_type(statement, RESULT) != SQLITE_NULL) {
		snafu_buffer_append_text(into, state == SNAFU_STORED_SUCCEEDED ? ", \"result\": "
		                                                               : ", \"error\": ");
		write_json(statement, RESULT, into);
	}
	if (state == SNAFU_STORED_FAILED || state == SNAFU_STORED_DEAD) {
		snafu_buffer_append_text(into, ", \"payload\": ");
		write_json(statement, PAYLOAD, into);
	}
	sqlite3_reset(statement);
	code = write_deliveries(store, number, into, error);
	snafu_buffer_append_text(into, "}\n");
	if (!code && snafu_buffer_failed(into))
		code = snafu_fail(error, into->failed, "no memory for the call");
	return code;
}

/* The number of the last call that is looked at for QUERY. */
static int find_floor(struct snafu_store *store, const struct snafu_store_query *query,
                      int64_t *ret_floor, struct snafu_error *error)
{
	sqlite3_stmt *statement;
	int code;

	*ret_floor = 0;
	if (!query->function && !query->tenant)
		return 0;
	statement =
		snafu_store_use(store, query->state < 0 ? STORE_LIST_FLOOR : STORE_LIST_STATE_FLOOR);
	sqlite3_bind_int64(statement, 1, query->before ? query->before : INT64_MAX);
	sqlite3_bind_int64(statement, 2, SNAFU_STORE_SCAN_CAP - 1);
	if (query->state >= 0)
		sqlite3_bind_int(statement, 3, query->state);
	code = snafu_store_step(store, statement, "read", error);
	if (code > 0)
		*ret_floor = sqlite3_column_int64(statement, 0);
	sqlite3_reset(statement);
	return code < 0 ? code : 0;
}

static sqlite3_stmt *begin_list(struct snafu_store *store, const struct snafu_store_query *query,
                                int64_t floor)
{
	sqlite3_stmt *statement =
		snafu_store_use(store, query->state < 0 ? STORE_LIST : STORE_LIST_STATE);

	sqlite3_bind_int64(statement, 1, floor);
	sqlite3_bind_int64(statement, 2, query->before ? query->before : INT64_MAX);
	sqlite3_bind_text(statement, 3, query->function, -1, SQLITE_STATIC);
	sqlite3_bind_text(statement, 4, query->tenant, -1, SQLITE_STATIC);
	sqlite3_bind_int64(statement, 5, (int64_t)query->limit + 1);
	sqlite3_bind_int64(statement, 6, LISTED_ERROR_CAP);
	if (query->state >= 0)
		sqlite3_bind_int(statement, 7, query->state);
	return statement;
}

int snafu_store_list(struct snafu_store *store, const struct snafu_store_query *query, uint64_t now,
                     struct snafu_buffer *into, struct snafu_error *error)
{
	int64_t floor, last = 0;
	size_t count = 0;
	int code = find_floor(store, query, &floor, error);

	if (code)
		return code;
	sqlite3_stmt *statement = begin_list(store, query, floor);
	snafu_buffer_append_text(into, "{\"calls\": [");
	while ((code = snafu_store_step(store, statement, "read", error)) > 0 && count < query->limit) {
		snafu_buffer_append_text(into, count++ ? ",\n" : "\n");
		last = sqlite3_column_int64(statement, 0);
		write_head(statement, now, into);
		if (sqlite3_column_int(statement, STATE) != SNAFU_STORED_SUCCEEDED) {
			snafu_buffer_append_text(into, ", \"error\": ");
			write_json(statement, RESULT, into);
		}
		snafu_buffer_append_text(into, "}");
	}
	sqlite3_reset(statement);
	if (code < 0)
		return code;
	if (!code)
		last = floor;
	if (last)
		snafu_buffer_format(into, "\n], \"next\": %lld}\n", (long long)last);
	else
		snafu_buffer_append_text(into, "\n], \"next\": null}\n");
	return snafu_buffer_failed(into) ? snafu_fail(error, into->failed, "no memory for the list")
	                                 : 0;
}
