/* runtime/queue/store_deliveries.c — see store.h: results on their way to destinations. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "runtime/queue/store_state.h"

#define WRITE "write to"
#define READ  "read"

void snafu_stored_delivery_done(struct snafu_stored_delivery *delivery)
{
	free(delivery->destination);
	free(delivery->body.bytes);
	delivery->destination = NULL;
	delivery->body.bytes = NULL;
}

int snafu_store_deliver(struct snafu_store *store, int64_t call, const char *destination,
                        const char *body, size_t size, uint64_t now, const char *error_text,
                        struct snafu_error *error)
{
	sqlite3_stmt *statement = snafu_store_use(store, STORE_DELIVER);

	sqlite3_bind_int64(statement, 1, call);
	sqlite3_bind_text(statement, 2, destination, -1, SQLITE_STATIC);
	if (!error_text) {
		if (sqlite3_bind_blob64(statement, 3, body, size, SQLITE_STATIC) == SQLITE_TOOBIG)
			return snafu_fail(error, -EMSGSIZE, "%zu bytes are too many for the queue", size);
		sqlite3_bind_int64(statement, 5, (int64_t)now);
	}
	sqlite3_bind_int64(statement, 4, (int64_t)now);
	sqlite3_bind_text(statement, 6, error_text, -1, SQLITE_STATIC);
	return snafu_store_run(store, statement, WRITE, error);
}

static bool among(int64_t number, const int64_t *numbers, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (numbers[i] == number)
			return true;
	return false;
}

int snafu_store_due_delivery(struct snafu_store *store, uint64_t now, const int64_t *busy,
                             size_t n_busy, struct snafu_stored_delivery *ret_delivery,
                             struct snafu_error *error)
{
	sqlite3_stmt *statement = snafu_store_use(store, STORE_DUE_DELIVERY);
	struct snafu_stored_delivery delivery = {0};
	int code;

	sqlite3_bind_int64(statement, 1, (int64_t)now);
	do
		code = snafu_store_step(store, statement, READ, error);
	while (code > 0 && among(sqlite3_column_int64(statement, 0), busy, n_busy));
	if (code <= 0)
		return code ? code : -ENOENT;
	delivery.number = sqlite3_column_int64(statement, 0);
	delivery.call = sqlite3_column_int64(statement, 1);
	delivery.destination = strdup(snafu_store_text(statement, 2));
	delivery.attempts = (unsigned)sqlite3_column_int(statement, 4);
	delivery.born = (uint64_t)sqlite3_column_int64(statement, 5);
	delivery.due = (uint64_t)sqlite3_column_int64(statement, 6);
	code = delivery.destination ? snafu_store_copy(statement, 3, &delivery.body, error)
	                            : snafu_fail(error, -ENOMEM, "no memory");
	sqlite3_reset(statement);
	if (code) {
		snafu_stored_delivery_done(&delivery);
		return code;
	}
	*ret_delivery = delivery;
	return 0;
}

int snafu_store_delivered(struct snafu_store *store, int64_t number, struct snafu_error *error)
{
	sqlite3_stmt *statement = snafu_store_use(store, STORE_DELIVERED);

	sqlite3_bind_int64(statement, 1, number);
	return snafu_store_run(store, statement, WRITE, error);
}

int snafu_store_undelivered(struct snafu_store *store, int64_t number, unsigned attempts,
                            uint64_t due, const char *error_text, struct snafu_error *error)
{
	sqlite3_stmt *statement = snafu_store_use(store, STORE_UNDELIVERED);

	sqlite3_bind_int64(statement, 1, number);
	sqlite3_bind_int64(statement, 2, attempts);
	if (due != UINT64_MAX)
		sqlite3_bind_int64(statement, 3, (int64_t)due);
	sqlite3_bind_text(statement, 4, error_text, -1, SQLITE_STATIC);
	return snafu_store_run(store, statement, WRITE, error);
}
