/* runtime/queue/store_state.h — what the store's files share. */
#ifndef SNAFU_RUNTIME_QUEUE_STORE_STATE_H
#define SNAFU_RUNTIME_QUEUE_STORE_STATE_H

#include <sqlite3.h>

#include "runtime/queue/store.h"

enum snafu_store_statement {
	STORE_BEGIN,
	STORE_COMMIT,
	STORE_ROLLBACK,
	STORE_PAGES,
	STORE_FREE_PAGES,
	STORE_PAGE_SIZE,
	STORE_NOTE,
	STORE_RECALL,
	STORE_COUNT,
	STORE_COUNT_DELIVERIES,
	STORE_KEPT,
	STORE_INSERT,
	STORE_INSERT_PAYLOAD,
	STORE_FIND,
	STORE_LOAD,
	STORE_PAYLOAD,
	STORE_RESULT,
	STORE_DUE,
	STORE_DUE_SUSPECTS,
	STORE_NEXT_DUE,
	STORE_OLDEST,
	STORE_UPDATE,
	STORE_SET_RESULT,
	STORE_SET_SIZE,
	STORE_DROP_RESULT,
	STORE_DROP_PAYLOAD,
	STORE_REMOVE,
	STORE_REMOVE_DELIVERIES,
	STORE_RECOVER,
	STORE_SUSPECTS,
	STORE_REDRIVE,
	STORE_PRUNE,
	STORE_PRUNE_DEAD,
	STORE_SHOW,
	STORE_SHOW_DELIVERIES,
	STORE_LIST,
	STORE_LIST_STATE,
	STORE_LIST_FLOOR,
	STORE_LIST_STATE_FLOOR,
	STORE_DELIVER,
	STORE_DUE_DELIVERY,
	STORE_NEXT_DELIVERY,
	STORE_DELIVERED,
	STORE_UNDELIVERED,
	STORE_STATEMENTS,
};

struct snafu_store {
	sqlite3 *database;
	sqlite3_stmt *statements[STORE_STATEMENTS]; /* prepared when first used */
	bool durable; /* as the database is set */
};

/* The statement, ready to be bound; NULL, and the database says why. */
sqlite3_stmt *snafu_store_use(struct snafu_store *store, enum snafu_store_statement which);

/* Runs a statement that was bound: 1 when there is a row, which lasts until the next use,
 * 0 when not, or a negative errno with what the database says and DOING, which failed.
 * NULL is a failure. */
int snafu_store_step(struct snafu_store *store, sqlite3_stmt *statement, const char *doing,
                     struct snafu_error *error);

/* Runs it to its end and lets go of it: 0, or a negative errno likewise. */
int snafu_store_run(struct snafu_store *store, sqlite3_stmt *statement, const char *doing,
                    struct snafu_error *error);

/* A text column, never NULL; cut at the first NUL. Lasts until the next step. */
const char *snafu_store_text(sqlite3_stmt *statement, int column);

/* A column's bytes, copied. -ENOMEM. */
int snafu_store_copy(sqlite3_stmt *statement, int column, struct snafu_stored_bytes *ret_bytes,
                     struct snafu_error *error);

#endif
