/* runtime/service.h — a function on offer, with all that the host knows about it
 * besides its descriptor.
 *
 * A service lives as long as somebody has a reference: the pool has one while the
 * function is on offer, and every job has one until it is freed. So a function that
 * was replaced or removed (hot deployment) ends when its last call has ended. */
#ifndef SNAFU_RUNTIME_SERVICE_H
#define SNAFU_RUNTIME_SERVICE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "runtime/executors/executor.h"

struct snafu_bound;
struct snafu_function;
struct snafu_language;
struct snafu_scanned;
struct snafu_settings;
struct snafu_tenant_settings;

struct snafu_service {
	const struct snafu_function *function; /* lives as long as the service */
	_Atomic(const struct snafu_settings *) settings; /* the function's own; replaced, never freed
	                                                  * while the host runs */
	/* The same for tenants that have settings of their own, made when they first call. */
	_Atomic(struct snafu_tenant_settings *) tenants;
	atomic_uint references;

	/* In-process: the function bound in this process; all set before `bound`. */
	_Atomic(const struct snafu_language *) language;
	_Atomic(void *) language_state;
	_Atomic(struct snafu_bound *) bound;

	/* What an executor keeps about it, by the executor's number; the executor's
	 * forget() frees it. */
	_Atomic(void *) slots[SNAFU_EXECUTORS_CAP];

	/* What the host learns from its calls. Racy on purpose: hints for the crew. */
	_Atomic uint32_t average_us;
	atomic_bool parallel;
	atomic_uint running; /* calls under way */

	void *host; /* whom to tell when the last reference is gone */
	struct snafu_scanned *scanned; /* what `function` is part of: a reference */
	struct snafu_service *next_retired;
};

/* With one reference, and none to a function's process or module yet. NULL: no memory. */
struct snafu_service *snafu_service_new(const struct snafu_function *function,
                                        struct snafu_scanned *scanned,
                                        const struct snafu_settings *settings, void *host);

struct snafu_service *snafu_service_ref(struct snafu_service *service);
/* NULL is welcome. Whoever lets go last leaves the service to the host, which tells the
 * executors on a thread that may take its time. */
void snafu_service_unref(struct snafu_service *service);
void snafu_service_free(struct snafu_service *service); /* by the host */

#endif
