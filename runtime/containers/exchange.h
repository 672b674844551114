/* runtime/containers/exchange.h — one call to the Snafu in a container: over HTTP, on a
 * connection that is kept for the next. */
#ifndef SNAFU_RUNTIME_CONTAINERS_EXCHANGE_H
#define SNAFU_RUNTIME_CONTAINERS_EXCHANGE_H

#include <stdatomic.h>
#include <stdbool.h>

struct container;
struct exchange;
struct snafu_job;

/* NULL: no memory. For calls to CONTAINER, one after the other. */
struct exchange *exchange_new(const struct container *container);
void exchange_free(struct exchange *exchange); /* NULL is welcome */

enum exchange_end {
	EXCHANGE_DONE, /* job->result is filled */
	EXCHANGE_UNREACHABLE, /* nothing was sent: the container is gone */
	EXCHANGE_BROKEN, /* it has ended, or talks nonsense; the function may have run */
	EXCHANGE_CANCELLED,
};

/* Runs JOB there and waits for its end. */
enum exchange_end exchange_run(struct exchange *exchange, struct snafu_job *job);

/* Makes a run() that is under way end soon, with EXCHANGE_CANCELLED. Any thread. */
void exchange_cancel(struct exchange *exchange);
/* Whether it is of no use for another call: it may have been cancelled too late for its own. */
bool exchange_is_cancelled(const struct exchange *exchange);

#endif
