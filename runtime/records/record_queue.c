/* runtime/records/record_queue.c — see record_queue.h. */
#include "runtime/records/record_queue.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/utf8.h"

#define EVENTS_CAP    (SNAFU_RECORDS_CAP / 4 * 3)
#define HURRY_AT      (SNAFU_RECORDS_CAP / 2) /* a nap ends when so many wait */
#define NS_PER_SECOND 1000000000u

void snafu_record_queue_init(struct snafu_record_queue *queue)
{
	memset(queue, 0, sizeof *queue);
	sem_init(&queue->wake, 0, 0);
}

void snafu_record_queue_done(struct snafu_record_queue *queue)
{
	for (struct snafu_message *at = snafu_record_take(queue), *next; at; at = next) {
		next = at->next;
		snafu_message_free(queue, at);
	}
	sem_destroy(&queue->wake);
}

/* ---- pushing ------------------------------------------------------------------- */

#define TEXT(FIELD) offsetof(struct snafu_record, FIELD)
static const size_t record_texts[] = {
	TEXT(log), /* the first: longer than others may be */
	TEXT(function), TEXT(status_name), TEXT(request_id), TEXT(tenant),
	TEXT(trigger),  TEXT(executor),    TEXT(start),      TEXT(error_type),
};
#undef TEXT
#define N_RECORD_TEXTS (sizeof record_texts / sizeof *record_texts)

#define TEXT(FIELD) offsetof(struct snafu_event, FIELD)
static const size_t event_texts[] = {
	TEXT(event), TEXT(request_id), TEXT(function), TEXT(executor), TEXT(state), TEXT(detail),
};
#undef TEXT
#define N_EVENT_TEXTS (sizeof event_texts / sizeof *event_texts)

static const char **text_at(const void *of, size_t offset)
{
	return (const char **)((uintptr_t)of + offset);
}

static size_t text_size(const char *text)
{
	size_t size = text ? strnlen(text, SNAFU_RECORD_TEXT_CAP + 1) : 0;

	return size > SNAFU_RECORD_TEXT_CAP ? snafu_utf8_cut(text, SNAFU_RECORD_TEXT_CAP) : size;
}

/* Copies a text of SIZE bytes to TO, which stands in for it from now on. */
static char *keep_text(const char **text, size_t size, char *to)
{
	if (!*text)
		return to;
	memcpy(to, *text, size);
	to[size] = '\0';
	*text = to;
	return to + size + 1;
}

/* Room for a message, counted; NULL when there is none. */
static struct snafu_message *reserve(struct snafu_record_queue *queue, size_t texts, size_t cap)
{
	size_t size = sizeof(struct snafu_message) + texts;
	struct snafu_message *message = NULL;
	size_t count = atomic_fetch_add_explicit(&queue->count, 1, memory_order_relaxed);
	size_t bytes = atomic_fetch_add_explicit(&queue->bytes, size, memory_order_relaxed);

	if (count < cap && bytes + size <= SNAFU_RECORDS_BYTES_CAP / SNAFU_RECORDS_CAP * cap)
		message = malloc(size);
	if (!message) {
		atomic_fetch_sub_explicit(&queue->count, 1, memory_order_relaxed);
		atomic_fetch_sub_explicit(&queue->bytes, size, memory_order_relaxed);
		return NULL;
	}
	message->size = size;
	if (count + 1 == HURRY_AT)
		snafu_record_hurry(queue);
	return message;
}

static void push(struct snafu_record_queue *queue, struct snafu_message *message)
{
	message->next = atomic_load_explicit(&queue->newest, memory_order_relaxed);
	while (!atomic_compare_exchange_weak(&queue->newest, &message->next, message))
		continue;
	/* The writer sets `asleep` and then looks at the stack; we do it the other way
	 * round; so one of us notices. */
	if (atomic_load(&queue->asleep) && atomic_exchange(&queue->asleep, false))
		sem_post(&queue->wake);
}

static int drop(_Atomic uint64_t *counter)
{
	atomic_fetch_add_explicit(counter, 1, memory_order_relaxed);
	return -ENOBUFS;
}

int snafu_record_push(struct snafu_record_queue *queue, const struct snafu_record *record)
{
	size_t sizes[N_RECORD_TEXTS] = {record->log_size}, total = N_RECORD_TEXTS + record->log_size;

	for (size_t i = 1; i < N_RECORD_TEXTS; i++)
		total += sizes[i] = text_size(*text_at(record, record_texts[i]));
	struct snafu_message *message = reserve(queue, total, SNAFU_RECORDS_CAP);
	if (!message)
		return drop(&queue->dropped_records);
	message->is_event = false;
	message->time = record->time;
	message->record = *record;
	char *to = (char *)(message + 1);
	for (size_t i = 0; i < N_RECORD_TEXTS; i++)
		to = keep_text(text_at(&message->record, record_texts[i]), sizes[i], to);
	push(queue, message);
	return 0;
}

int snafu_event_push(struct snafu_record_queue *queue, const struct snafu_event *event)
{
	size_t sizes[N_EVENT_TEXTS], total = N_EVENT_TEXTS;

	for (size_t i = 0; i < N_EVENT_TEXTS; i++)
		total += sizes[i] = text_size(*text_at(event, event_texts[i]));
	struct snafu_message *message = reserve(queue, total, EVENTS_CAP);
	if (!message)
		return drop(&queue->dropped_events);
	message->is_event = true;
	message->time = snafu_wall_ns();
	message->event = *event;
	char *to = (char *)(message + 1);
	for (size_t i = 0; i < N_EVENT_TEXTS; i++)
		to = keep_text(text_at(&message->event, event_texts[i]), sizes[i], to);
	push(queue, message);
	return 0;
}

/* ---- taking -------------------------------------------------------------------- */

/* At once for many, since those who push count in the same place. */
static void count_freed(struct snafu_record_queue *queue)
{
	atomic_fetch_sub_explicit(&queue->count, queue->freed_count, memory_order_relaxed);
	atomic_fetch_sub_explicit(&queue->bytes, queue->freed_bytes, memory_order_relaxed);
	queue->freed_count = queue->freed_bytes = 0;
}

struct snafu_message *snafu_record_take(struct snafu_record_queue *queue)
{
	count_freed(queue);
	struct snafu_message *at = atomic_exchange(&queue->newest, NULL), *next, *ordered = NULL;

	for (; at; at = next) {
		next = at->next;
		at->next = ordered;
		ordered = at;
	}
	return ordered;
}

void snafu_message_free(struct snafu_record_queue *queue, struct snafu_message *message)
{
	queue->freed_count++;
	queue->freed_bytes += message->size;
	free(message);
}

static void sleep_for(struct snafu_record_queue *queue, uint64_t ns)
{
	uint64_t until = snafu_now_ns() + ns;
	struct timespec at = {.tv_sec = (time_t)(until / NS_PER_SECOND),
	                      .tv_nsec = (long)(until % NS_PER_SECOND)};

	while (sem_clockwait(&queue->wake, CLOCK_MONOTONIC, &at) && errno == EINTR)
		continue;
}

void snafu_record_wait(struct snafu_record_queue *queue, int timeout_ms)
{
	count_freed(queue);
	atomic_store(&queue->asleep, true);
	if (!atomic_load(&queue->newest)) {
		if (timeout_ms >= 0)
			sleep_for(queue, (uint64_t)timeout_ms * 1000000u);
		else
			while (sem_wait(&queue->wake) && errno == EINTR)
				continue;
	}
	atomic_store(&queue->asleep, false);
}

void snafu_record_nap(struct snafu_record_queue *queue, uint64_t ns)
{
	count_freed(queue);
	sleep_for(queue, ns);
}

void snafu_record_hurry(struct snafu_record_queue *queue)
{
	sem_post(&queue->wake);
}
