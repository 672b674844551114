/* runtime/service.c — see service.h. */
#include "runtime/service.h"

#include <stdlib.h>

#include "runtime/generation.h"
#include "runtime/host_state.h"

struct snafu_service *snafu_service_new(const struct snafu_function *function,
                                        struct snafu_scanned *scanned,
                                        const struct snafu_settings *settings, void *host)
{
	struct snafu_service *service = calloc(1, sizeof *service);

	if (!service)
		return NULL;
	service->function = function;
	service->scanned = snafu_scanned_ref(scanned);
	service->settings = settings;
	service->host = host;
	service->references = 1;
	return service;
}

struct snafu_service *snafu_service_ref(struct snafu_service *service)
{
	atomic_fetch_add_explicit(&service->references, 1, memory_order_relaxed);
	return service;
}

void snafu_service_unref(struct snafu_service *service)
{
	if (service && atomic_fetch_sub(&service->references, 1) == 1)
		snafu_host_retire(service->host, service);
}

void snafu_service_free(struct snafu_service *service)
{
	if (!service)
		return;
	snafu_scanned_unref(service->scanned);
	free(service);
}
