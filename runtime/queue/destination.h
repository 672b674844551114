/* runtime/queue/destination.h — a way to tell somebody how an asynchronous call ended.
 *
 * A module destination-SCHEME.so, which exports `const struct snafu_destination
 * snafu_destination`, serves the destinations SCHEME:... It is opened when the first of
 * them is to be told. */
#ifndef SNAFU_RUNTIME_QUEUE_DESTINATION_H
#define SNAFU_RUNTIME_QUEUE_DESTINATION_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

struct snafu_error;

struct snafu_destination {
	unsigned version; /* SNAFU_DESTINATION_VERSION */
	/* Sends BODY, JSON, and waits until it was taken. -EPERM: another attempt makes no
	 * sense. -ECANCELED: *STOP was set, which MUST be looked at about once a second. Any
	 * number of threads. */
	int (*send)(const char *destination, const char *body, size_t size, uint64_t timeout_ms,
	            const atomic_bool *stop, struct snafu_error *error);
};

#define SNAFU_DESTINATION_VERSION 1
#define SNAFU_DESTINATION_SYMBOL  "snafu_destination"

#endif
