/* runtime/service.c — see service.h. */
#include "runtime/service.h"

struct snafu_service *snafu_service_ref(struct snafu_service *service)
{
	atomic_fetch_add_explicit(&service->references, 1, memory_order_relaxed);
	return service;
}

void snafu_service_unref(struct snafu_service *service)
{
	if (service && atomic_fetch_sub(&service->references, 1) == 1 && service->released)
		service->released(service);
}
