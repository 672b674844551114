/* runtime/queue/store.h — the queue's file: calls, their payloads and results, and
 * deliveries, in an SQLite database in WAL mode. The only files that know SQL are
 * store*.c.
 *
 * One thread. All that changes something happens between begin and commit. Errors are
 * -ENOSPC (the disk is full), -EBUSY (somebody else holds the database), -EEXIST (the
 * id is there already), -EMSGSIZE (too large for a row), -EBADMSG (the file is damaged),
 * -ENOMEM, -EIO. */
#ifndef SNAFU_RUNTIME_QUEUE_STORE_H
#define SNAFU_RUNTIME_QUEUE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "langs/request.h"
#include "runtime/queue/file.h"

struct snafu_buffer;
struct snafu_error;
struct snafu_store;

/* Values are in the file. */
enum snafu_stored_state {
	SNAFU_STORED_WAITING,
	SNAFU_STORED_RUNNING,
	SNAFU_STORED_SUCCEEDED,
	SNAFU_STORED_FAILED, /* by the caller's fault: it makes no sense to try again */
	SNAFU_STORED_DEAD, /* given up */
};
#define SNAFU_STORED_STATES (SNAFU_STORED_DEAD + 1)

/* "waiting", ...; NULL for what is none. */
const char *snafu_stored_state_name(int state);
int snafu_stored_state_find(const char *name); /* -EINVAL */

/* A call in the file. Times are of the queue's clock (clock.c) but `accepted`. */
struct snafu_stored {
	int64_t number; /* calls are numbered in the order in which they came */
	char id[SNAFU_REQUEST_ID_SIZE];
	const char *function, *tenant, *client_context, *executor; /* in `texts`, never NULL */
	char *texts; /* owned */
	unsigned depth;
	unsigned attempts; /* begun, the one that runs included */
	unsigned refusals; /* times that the host had no room for it, in a row */
	unsigned interruptions; /* hosts that died while it ran, in a row */
	int state;
	uint64_t born; /* ms: accepted or redriven */
	uint64_t due; /* ms: not to be run before */
	uint64_t accepted; /* snafu_wall_ms() */
};
void snafu_stored_done(struct snafu_stored *call);

/* Bytes that the caller owns. */
struct snafu_stored_bytes {
	char *bytes; /* NULL: none */
	size_t size;
};

int snafu_store_open(const char *path, struct snafu_store **ret_store, struct snafu_error *error);
void snafu_store_close(struct snafu_store *store);

/* Whether the file is not where it was: what is committed to it may be lost. */
bool snafu_store_has_moved(struct snafu_store *store);

/* DURABLE: what is committed survives the machine's power, not only the process. */
int snafu_store_begin(struct snafu_store *store, bool durable, struct snafu_error *error);
int snafu_store_commit(struct snafu_store *store, struct snafu_error *error);
void snafu_store_rollback(struct snafu_store *store);

int snafu_store_count(struct snafu_store *store, struct snafu_queue_counts *ret_counts,
                      uint64_t *ret_kept_bytes, struct snafu_error *error);
/* Bytes of the file that are in use. */
int snafu_store_used(struct snafu_store *store, uint64_t *ret_bytes, struct snafu_error *error);

/* Numbers under a name; 0 where none is. Texts likewise, "" and cut at CAPACITY. */
int snafu_store_note(struct snafu_store *store, const char *name, int64_t number, const char *text,
                     struct snafu_error *error);
int snafu_store_recall(struct snafu_store *store, const char *name, int64_t *ret_number,
                       char *ret_text, size_t capacity, struct snafu_error *error);

/* ---- calls (store_calls.c) ------------------------------------------------------- */

/* CALL->number is filled. */
int snafu_store_insert(struct snafu_store *store, struct snafu_stored *call, const char *payload,
                       size_t size, struct snafu_error *error);
/* -ENOENT. */
int snafu_store_find(struct snafu_store *store, const char *id, int64_t *ret_number,
                     struct snafu_error *error);
int snafu_store_load(struct snafu_store *store, int64_t number, struct snafu_stored *ret_call,
                     struct snafu_error *error);
int snafu_store_payload(struct snafu_store *store, int64_t number,
                        struct snafu_stored_bytes *ret_payload, struct snafu_error *error);
int snafu_store_result(struct snafu_store *store, int64_t number,
                       struct snafu_stored_bytes *ret_result, struct snafu_error *error);

/* Up to CAP calls that wait and are due by NOW, those due first at first; either those
 * with as many interruptions as SUSPECT or those with fewer. */
int snafu_store_due(struct snafu_store *store, uint64_t now, unsigned suspect, bool suspects,
                    int64_t *ret_numbers, size_t cap, size_t *ret_count, struct snafu_error *error);
/* When the next one is due; UINT64_MAX: none waits. */
int snafu_store_next_due(struct snafu_store *store, uint64_t *ret_due, struct snafu_error *error);
/* When the oldest call that has not ended was born; UINT64_MAX: there is none. */
int snafu_store_oldest(struct snafu_store *store, uint64_t *ret_born, struct snafu_error *error);

/* Writes state, attempts, refusals, interruptions, born and due of CALL; ENDED and
 * ENDED_WALL are kept when the state is an end. */
int snafu_store_update(struct snafu_store *store, const struct snafu_stored *call, uint64_t ended,
                       uint64_t ended_wall, struct snafu_error *error);
/* Replaces the result or error; NULL removes it. */
int snafu_store_set_result(struct snafu_store *store, int64_t number, const char *bytes,
                           size_t size, struct snafu_error *error);
int snafu_store_drop_payload(struct snafu_store *store, int64_t number, struct snafu_error *error);
int snafu_store_remove(struct snafu_store *store, int64_t number, struct snafu_error *error);

/* Those that run wait again, since nobody runs them: INTERRUPTED notes that a host died. */
int snafu_store_recover(struct snafu_store *store, bool interrupted, struct snafu_error *error);
/* How many wait that have at least so many interruptions. */
int snafu_store_suspects(struct snafu_store *store, unsigned suspect, size_t *ret_count,
                         struct snafu_error *error);
/* All dead ones (of FUNCTION and of TENANT, where they are not NULL) wait again, due at NOW. */
int snafu_store_redrive(struct snafu_store *store, const char *function, const char *tenant,
                        uint64_t now, uint64_t *ret_count, struct snafu_error *error);
/* Removes up to CAP calls that ended before BEFORE, dead ones or others; counts what is
 * removed by state, and its bytes. */
int snafu_store_prune(struct snafu_store *store, bool dead, uint64_t before, size_t cap,
                      struct snafu_queue_counts *counts, uint64_t *kept_bytes,
                      struct snafu_error *error);

/* ---- what people ask for (store_show.c) ------------------------------------------- */

/* Appends a payload or result, which ought to be JSON but comes from anybody: what is no JSON is
 * told as a string, nothing as null. */
void snafu_stored_write(const char *bytes, size_t size, struct snafu_buffer *into);
/* Appends a call as JSON. NOW is of the queue's clock. */
int snafu_store_show(struct snafu_store *store, int64_t number, uint64_t now,
                     struct snafu_buffer *into, struct snafu_error *error);
struct snafu_store_query {
	int state; /* -1: all */
	const char *function, *tenant; /* NULL: all */
	int64_t before; /* only calls with lower numbers; 0: all */
	size_t limit;
};
/* Appends a page of calls, the latest first. Few of many may be asked for: where
 * SNAFU_STORE_SCAN_CAP calls were looked at, the page ends, and may be empty. */
int snafu_store_list(struct snafu_store *store, const struct snafu_store_query *query, uint64_t now,
                     struct snafu_buffer *into, struct snafu_error *error);
#define SNAFU_STORE_SCAN_CAP 50000

/* ---- deliveries (store_deliveries.c) ----------------------------------------------- */

struct snafu_stored_delivery {
	int64_t number;
	int64_t call; /* its number */
	char *destination; /* owned */
	struct snafu_stored_bytes body; /* owned */
	unsigned attempts;
	uint64_t born, due;
};
void snafu_stored_delivery_done(struct snafu_stored_delivery *delivery);

/* ERROR_TEXT: it has failed for good already; else NULL. */
int snafu_store_deliver(struct snafu_store *store, int64_t call, const char *destination,
                        const char *body, size_t size, uint64_t now, const char *error_text,
                        struct snafu_error *error);
/* The next one that is due, not among the BUSY ones; -ENOENT: none. */
int snafu_store_due_delivery(struct snafu_store *store, uint64_t now, const int64_t *busy,
                             size_t n_busy, struct snafu_stored_delivery *ret_delivery,
                             struct snafu_error *error);
int snafu_store_next_delivery(struct snafu_store *store, uint64_t *ret_due,
                              struct snafu_error *error);
int snafu_store_delivered(struct snafu_store *store, int64_t number, struct snafu_error *error);
/* DUE UINT64_MAX: it has failed for good. */
int snafu_store_undelivered(struct snafu_store *store, int64_t number, unsigned attempts,
                            uint64_t due, const char *error_text, struct snafu_error *error);

#endif
