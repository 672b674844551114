/* runtime/queue/store_calls.c — see store.h: calls, their payloads and results. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "runtime/queue/store_state.h"

#define WRITE "write to"
#define READ  "read"

void snafu_stored_done(struct snafu_stored *call)
{
	free(call->texts);
	call->texts = NULL;
}

int snafu_store_insert(struct snafu_store *store, struct snafu_stored *call, const char *payload,
                       size_t size, struct snafu_error *error)
{
	sqlite3_stmt *statement = snafu_store_use(store, STORE_INSERT);

	sqlite3_bind_text(statement, 1, call->id, -1, SQLITE_STATIC);
	sqlite3_bind_text(statement, 2, call->function, -1, SQLITE_STATIC);
	sqlite3_bind_text(statement, 3, call->tenant, -1, SQLITE_STATIC);
	sqlite3_bind_text(statement, 4, call->client_context, -1, SQLITE_STATIC);
	sqlite3_bind_text(statement, 5, call->executor, -1, SQLITE_STATIC);
	sqlite3_bind_int64(statement, 6, call->depth);
	sqlite3_bind_int64(statement, 7, (int64_t)call->born);
	sqlite3_bind_int64(statement, 8, (int64_t)call->due);
	sqlite3_bind_int64(statement, 9, (int64_t)call->accepted);
	sqlite3_bind_int64(statement, 10, (int64_t)size);
	int code = snafu_store_run(store, statement, WRITE, error);
	if (code)
		return code;
	call->number = sqlite3_last_insert_rowid(store->database);
	call->state = SNAFU_STORED_WAITING;
	if (!payload)
		return 0;
	statement = snafu_store_use(store, STORE_INSERT_PAYLOAD);
	sqlite3_bind_int64(statement, 1, call->number);
	if (sqlite3_bind_blob64(statement, 2, payload, size, SQLITE_STATIC) == SQLITE_TOOBIG) {
		snafu_store_remove(store, call->number, NULL);
		return snafu_fail(error, -EMSGSIZE, "%zu bytes are too many for the queue", size);
	}
	return snafu_store_run(store, statement, WRITE, error);
}

/* ---- one call -------------------------------------------------------------------- */

/* A statement about call NUMBER. */
static sqlite3_stmt *about(struct snafu_store *store, enum snafu_store_statement which,
                           int64_t number)
{
	sqlite3_stmt *statement = snafu_store_use(store, which);

	sqlite3_bind_int64(statement, 1, number);
	return statement;
}

int snafu_store_find(struct snafu_store *store, const char *id, int64_t *ret_number,
                     struct snafu_error *error)
{
	sqlite3_stmt *statement = snafu_store_use(store, STORE_FIND);

	sqlite3_bind_text(statement, 1, id, -1, SQLITE_STATIC);
	int code = snafu_store_step(store, statement, READ, error);
	if (code < 0)
		return code;
	if (!code)
		return snafu_fail(error, -ENOENT, "there is no call %.60s", id);
	*ret_number = sqlite3_column_int64(statement, 0);
	sqlite3_reset(statement);
	return 0;
}

/* Copies the four texts of a row into one block. */
static int copy_texts(sqlite3_stmt *statement, struct snafu_stored *call)
{
	const char **texts[] = {&call->function, &call->tenant, &call->client_context, &call->executor};
	size_t size = 0;

	for (int i = 0; i < 4; i++)
		size += strlen(snafu_store_text(statement, 2 + i)) + 1;
	char *at = call->texts = malloc(size);
	if (!at)
		return -ENOMEM;
	for (int i = 0; i < 4; i++) {
		const char *text = snafu_store_text(statement, 2 + i);
		size_t length = strlen(text) + 1;

		memcpy(at, text, length);
		*texts[i] = at;
		at += length;
	}
	return 0;
}

int snafu_store_load(struct snafu_store *store, int64_t number, struct snafu_stored *ret_call,
                     struct snafu_error *error)
{
	sqlite3_stmt *statement = about(store, STORE_LOAD, number);
	struct snafu_stored call = {.number = number};
	int code = snafu_store_step(store, statement, READ, error);

	if (code <= 0)
		return code ? code : snafu_fail(error, -ENOENT, "the call is not in the queue any more");
	snprintf(call.id, sizeof call.id, "%s", snafu_store_text(statement, 1));
	call.depth = (unsigned)sqlite3_column_int(statement, 6);
	call.attempts = (unsigned)sqlite3_column_int(statement, 7);
	call.refusals = (unsigned)sqlite3_column_int(statement, 8);
	call.interruptions = (unsigned)sqlite3_column_int(statement, 9);
	call.state = sqlite3_column_int(statement, 10);
	call.born = (uint64_t)sqlite3_column_int64(statement, 11);
	call.due = (uint64_t)sqlite3_column_int64(statement, 12);
	call.accepted = (uint64_t)sqlite3_column_int64(statement, 13);
	code = copy_texts(statement, &call);
	sqlite3_reset(statement);
	if (code)
		return snafu_fail(error, code, "no memory for a call");
	*ret_call = call;
	return 0;
}

static int read_bytes(struct snafu_store *store, enum snafu_store_statement which, int64_t number,
                      struct snafu_stored_bytes *ret_bytes, struct snafu_error *error)
{
	sqlite3_stmt *statement = about(store, which, number);
	int code = snafu_store_step(store, statement, READ, error);

	*ret_bytes = (struct snafu_stored_bytes){NULL, 0};
	if (code > 0)
		code = snafu_store_copy(statement, 0, ret_bytes, error);
	sqlite3_reset(statement);
	return code;
}

int snafu_store_payload(struct snafu_store *store, int64_t number,
                        struct snafu_stored_bytes *ret_payload, struct snafu_error *error)
{
	return read_bytes(store, STORE_PAYLOAD, number, ret_payload, error);
}

int snafu_store_result(struct snafu_store *store, int64_t number,
                       struct snafu_stored_bytes *ret_result, struct snafu_error *error)
{
	return read_bytes(store, STORE_RESULT, number, ret_result, error);
}

int snafu_store_update(struct snafu_store *store, const struct snafu_stored *call, uint64_t ended,
                       uint64_t ended_wall, struct snafu_error *error)
{
	sqlite3_stmt *statement = about(store, STORE_UPDATE, call->number);

	sqlite3_bind_int(statement, 2, call->state);
	sqlite3_bind_int64(statement, 3, call->attempts);
	sqlite3_bind_int64(statement, 4, call->refusals);
	sqlite3_bind_int64(statement, 5, call->interruptions);
	sqlite3_bind_int64(statement, 6, (int64_t)call->born);
	sqlite3_bind_int64(statement, 7, (int64_t)call->due);
	if (call->state >= SNAFU_STORED_SUCCEEDED) {
		sqlite3_bind_int64(statement, 8, (int64_t)ended);
		sqlite3_bind_int64(statement, 9, (int64_t)ended_wall);
	}
	return snafu_store_run(store, statement, WRITE, error);
}

int snafu_store_set_result(struct snafu_store *store, int64_t number, const char *bytes,
                           size_t size, struct snafu_error *error)
{
	sqlite3_stmt *statement;
	int code;

	if (!bytes)
		return snafu_store_run(store, about(store, STORE_DROP_RESULT, number), WRITE, error);
	statement = about(store, STORE_SET_RESULT, number);
	if (sqlite3_bind_blob64(statement, 2, bytes, size, SQLITE_STATIC) == SQLITE_TOOBIG)
		return snafu_fail(error, -EMSGSIZE, "%zu bytes are too many for the queue", size);
	code = snafu_store_run(store, statement, WRITE, error);
	if (code)
		return code;
	statement = about(store, STORE_SET_SIZE, number);
	sqlite3_bind_int64(statement, 2, (int64_t)size);
	return snafu_store_run(store, statement, WRITE, error);
}

int snafu_store_drop_payload(struct snafu_store *store, int64_t number, struct snafu_error *error)
{
	return snafu_store_run(store, about(store, STORE_DROP_PAYLOAD, number), WRITE, error);
}

/* Deliveries that are under way go on without their call. */
int snafu_store_remove(struct snafu_store *store, int64_t number, struct snafu_error *error)
{
	static const enum snafu_store_statement parts[] = {STORE_DROP_PAYLOAD, STORE_DROP_RESULT,
	                                                   STORE_REMOVE_DELIVERIES, STORE_REMOVE};
	int code = 0;

	for (size_t i = 0; i < sizeof parts / sizeof *parts && !code; i++)
		code = snafu_store_run(store, about(store, parts[i], number), WRITE, error);
	return code;
}

/* ---- many calls -------------------------------------------------------------------- */

int snafu_store_due(struct snafu_store *store, uint64_t now, unsigned suspect, bool suspects,
                    int64_t *ret_numbers, size_t cap, size_t *ret_count, struct snafu_error *error)
{
	sqlite3_stmt *statement = snafu_store_use(store, suspects ? STORE_DUE_SUSPECTS : STORE_DUE);
	size_t count = 0;
	int code = 0;

	sqlite3_bind_int64(statement, 1, (int64_t)now);
	sqlite3_bind_int64(statement, 2, suspect);
	sqlite3_bind_int64(statement, 3, (int64_t)cap);
	while (count < cap && (code = snafu_store_step(store, statement, READ, error)) > 0)
		ret_numbers[count++] = sqlite3_column_int64(statement, 0);
	sqlite3_reset(statement);
	*ret_count = count;
	return code < 0 ? code : 0;
}

static int read_time(struct snafu_store *store, enum snafu_store_statement which,
                     uint64_t *ret_time, struct snafu_error *error)
{
	sqlite3_stmt *statement = snafu_store_use(store, which);
	int code = snafu_store_step(store, statement, READ, error);

	if (code > 0)
		*ret_time = sqlite3_column_type(statement, 0) == SQLITE_NULL
		                ? UINT64_MAX
		                : (uint64_t)sqlite3_column_int64(statement, 0);
	sqlite3_reset(statement);
	return code < 0 ? code : 0;
}

int snafu_store_next_due(struct snafu_store *store, uint64_t *ret_due, struct snafu_error *error)
{
	return read_time(store, STORE_NEXT_DUE, ret_due, error);
}

int snafu_store_oldest(struct snafu_store *store, uint64_t *ret_born, struct snafu_error *error)
{
	return read_time(store, STORE_OLDEST, ret_born, error);
}

int snafu_store_next_delivery(struct snafu_store *store, uint64_t *ret_due,
                              struct snafu_error *error)
{
	return read_time(store, STORE_NEXT_DELIVERY, ret_due, error);
}

int snafu_store_recover(struct snafu_store *store, bool interrupted, struct snafu_error *error)
{
	sqlite3_stmt *statement = snafu_store_use(store, STORE_RECOVER);

	sqlite3_bind_int(statement, 1, interrupted);
	return snafu_store_run(store, statement, WRITE, error);
}

int snafu_store_suspects(struct snafu_store *store, unsigned suspect, size_t *ret_count,
                         struct snafu_error *error)
{
	sqlite3_stmt *statement = snafu_store_use(store, STORE_SUSPECTS);

	sqlite3_bind_int64(statement, 1, suspect);
	int code = snafu_store_step(store, statement, READ, error);
	if (code > 0)
		*ret_count = (size_t)sqlite3_column_int64(statement, 0);
	sqlite3_reset(statement);
	return code < 0 ? code : 0;
}

int snafu_store_redrive(struct snafu_store *store, const char *function, const char *tenant,
                        uint64_t now, uint64_t *ret_count, struct snafu_error *error)
{
	sqlite3_stmt *statement = snafu_store_use(store, STORE_REDRIVE);

	sqlite3_bind_int64(statement, 1, (int64_t)now);
	sqlite3_bind_text(statement, 2, function, -1, SQLITE_STATIC);
	sqlite3_bind_text(statement, 3, tenant, -1, SQLITE_STATIC);
	int code = snafu_store_run(store, statement, WRITE, error);
	if (!code)
		*ret_count = (uint64_t)sqlite3_changes(store->database);
	return code;
}

struct pruned {
	int64_t number;
	int state;
	uint64_t size;
};

int snafu_store_prune(struct snafu_store *store, bool dead, uint64_t before, size_t cap,
                      struct snafu_queue_counts *counts, uint64_t *kept_bytes,
                      struct snafu_error *error)
{
	sqlite3_stmt *statement = snafu_store_use(store, dead ? STORE_PRUNE_DEAD : STORE_PRUNE);
	struct pruned *pruned = malloc(cap * sizeof *pruned);
	size_t count = 0;
	int code = 0;

	if (!pruned)
		return snafu_fail(error, -ENOMEM, "no memory");
	sqlite3_bind_int64(statement, 1, before > INT64_MAX ? INT64_MAX : (int64_t)before);
	sqlite3_bind_int64(statement, 2, (int64_t)cap);
	while (count < cap && (code = snafu_store_step(store, statement, READ, error)) > 0)
		pruned[count++] = (struct pruned){
			.number = sqlite3_column_int64(statement, 0),
			.state = sqlite3_column_int(statement, 1),
			.size = (uint64_t)sqlite3_column_int64(statement, 2),
		};
	sqlite3_reset(statement);
	for (size_t i = 0; i < count && code >= 0; i++) {
		code = snafu_store_remove(store, pruned[i].number, error);
		if (code)
			break;
		if (dead)
			counts->dead--;
		else if (pruned[i].state == SNAFU_STORED_SUCCEEDED)
			counts->succeeded--;
		else
			counts->failed--;
		if (!dead)
			*kept_bytes -= pruned[i].size < *kept_bytes ? pruned[i].size : *kept_bytes;
	}
	free(pruned);
	return code < 0 ? code : 0;
}
