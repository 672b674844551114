/* runtime/records/record_queue.h — records and events on their way from the threads
 * that make them to the one that writes them: private to runtime/.
 *
 * A push takes no lock and never waits: it copies the record, with its texts, and puts it
 * onto a stack that the writer takes whole. What was pushed and is not yet freed is
 * counted against two caps; what is over them is refused and counted. Events are refused
 * first, so that there is room for records. */
#ifndef SNAFU_RUNTIME_RECORDS_RECORD_QUEUE_H
#define SNAFU_RUNTIME_RECORDS_RECORD_QUEUE_H

#include <semaphore.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runtime/records/events.h"
#include "runtime/records/records.h"

#define SNAFU_RECORDS_CAP       65536 /* records and events that wait to be written */
#define SNAFU_RECORDS_BYTES_CAP (64u << 20)

/* Lives until snafu_message_free(); texts are its own. */
struct snafu_message {
	struct snafu_message *next;
	size_t size; /* bytes */
	uint64_t time; /* ns since 1970 */
	bool is_event;
	union {
		struct snafu_record record;
		struct snafu_event event;
	};
};

struct snafu_record_queue {
	_Atomic(struct snafu_message *) newest;
	atomic_size_t count, bytes; /* pushed and not yet freed */
	_Atomic uint64_t dropped_records, dropped_events;
	atomic_bool asleep; /* the writer waits for `wake` */
	sem_t wake;
	char apart[64]; /* from what threads write to that push: another line of the caches */
	size_t freed_count, freed_bytes; /* the writer's: freed, and still in `count` and `bytes` */
};

void snafu_record_queue_init(struct snafu_record_queue *queue);
/* Frees what is left in it; nobody pushes any more. */
void snafu_record_queue_done(struct snafu_record_queue *queue);

/* Copies. 0, or -ENOBUFS (-ENOMEM), counted as dropped. Any thread. */
int snafu_record_push(struct snafu_record_queue *queue, const struct snafu_record *record);
int snafu_event_push(struct snafu_record_queue *queue, const struct snafu_event *event);

/* The writer's: all that there is, oldest first. */
struct snafu_message *snafu_record_take(struct snafu_record_queue *queue);
void snafu_message_free(struct snafu_record_queue *queue, struct snafu_message *message);

/* The writer's: waits for a push, or TIMEOUT_MS (-1: for ever). */
void snafu_record_wait(struct snafu_record_queue *queue, int timeout_ms);
/* The writer's: lets pushes gather for NS, but less when the queue gets full. */
void snafu_record_nap(struct snafu_record_queue *queue, uint64_t ns);
/* Ends a wait or a nap. Any thread. */
void snafu_record_hurry(struct snafu_record_queue *queue);

#endif
