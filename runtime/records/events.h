/* runtime/records/events.h — what happens in the host, as it happens, for whoever debugs
 * (--debug): one JSON object a line.
 *
 * The host tells of calls by itself. Whoever starts and ends processes, or changes what
 * is on offer, tells of that. An event is copied and written by another thread; telling
 * never blocks, and costs a function call when nobody wants to know. Threads: any. */
#ifndef SNAFU_RUNTIME_RECORDS_EVENTS_H
#define SNAFU_RUNTIME_RECORDS_EVENTS_H

#include <stdbool.h>
#include <stdint.h>

struct snafu_host;

struct snafu_event {
	const char *event; /* what: "instance-started", "source-changed" */
	/* All of these MAY be NULL or 0 and are left out then. */
	const char *request_id;
	const char *function; /* id */
	const char *executor;
	const char *state; /* in a word: "cold", "ok", "died", "broken" */
	const char *detail; /* in words: which file, why */
	int64_t process; /* pid */
};

/* HOST MAY be NULL: nobody wants to know. */
void snafu_event(const struct snafu_host *host, const struct snafu_event *event);

/* Whether anybody does, for events that are costly to describe. */
bool snafu_events_wanted(const struct snafu_host *host);

#endif
