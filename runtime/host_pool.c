/* runtime/host_pool.c — the functions on offer, for whoever looks at them; and what
 * becomes of services that nobody needs any more. */
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>

#include "base/error.h"
#include "runtime/generation.h"
#include "runtime/host_state.h"
#include "runtime/records/metrics.h"
#include "runtime/pool.h"
#include "runtime/service.h"
#include "scanner/function.h"

/* ---- looking ------------------------------------------------------------------- */

struct snafu_generation *snafu_host_generation(struct snafu_host *host)
{
	/* Between reading the pointer and counting, nobody may let go of the last
	 * reference: hence the lock, held for two instructions. */
	pthread_mutex_lock(&host->generation_lock);
	struct snafu_generation *generation = snafu_generation_ref(host->generation);
	pthread_mutex_unlock(&host->generation_lock);
	return generation;
}

void snafu_host_publish(struct snafu_host *host, struct snafu_generation *generation)
{
	pthread_mutex_lock(&host->generation_lock);
	struct snafu_generation *before = host->generation;
	host->generation = generation;
	pthread_mutex_unlock(&host->generation_lock);
	if (host->metrics)
		snafu_metrics_set_functions(host->metrics, generation->functions.count);
	snafu_generation_unref(before);
}

/* A pool is always a generation's. */
static struct snafu_generation *generation_of(const struct snafu_pool *pool)
{
	const struct snafu_functions *functions = snafu_pool_functions(pool);

	return (struct snafu_generation *)((char *)functions -
	                                   offsetof(struct snafu_generation, functions));
}

const struct snafu_pool *snafu_host_pool_acquire(struct snafu_host *host)
{
	return snafu_host_generation(host)->pool;
}

void snafu_host_pool_release(const struct snafu_pool *pool)
{
	if (pool)
		snafu_generation_unref(generation_of(pool));
}

uint64_t snafu_host_pool_number(const struct snafu_pool *pool)
{
	return generation_of(pool)->number;
}

int snafu_host_meant(struct snafu_host *host, const struct snafu_pool *pool, const char *name,
                     const struct snafu_function **ret_function, struct snafu_error *error)
{
	int code = snafu_pool_find(pool, name, ret_function, error);
	char *handler = code == -ENOENT ? snafu_host_handler(host, name) : NULL;

	if (handler)
		code = snafu_pool_find(pool, handler, ret_function, error);
	free(handler);
	return code;
}

int snafu_host_find(struct snafu_host *host, const char *name, struct snafu_service **ret_service,
                    struct snafu_error *error)
{
	struct snafu_generation *generation = snafu_host_generation(host);
	const struct snafu_function *function;
	int code = snafu_host_meant(host, generation->pool, name, &function, error);

	if (!code)
		*ret_service =
			snafu_service_ref(generation->services[function - generation->functions.functions]);
	snafu_generation_unref(generation);
	return code;
}

/* ---- letting go ------------------------------------------------------------------ */

void snafu_host_retire(struct snafu_host *host, struct snafu_service *service)
{
	service->next_retired = atomic_load(&host->retired);
	while (!atomic_compare_exchange_weak(&host->retired, &service->next_retired, service))
		;
	if (host->wake_undertaker)
		host->wake_undertaker(host);
}

/* A language that cannot unbind may still look at the function. */
static bool is_kept(const struct snafu_service *service)
{
	return atomic_load(&service->bound) && !service->language->unbind;
}

void snafu_host_bury(struct snafu_host *host)
{
	struct snafu_service *next, *service = atomic_exchange(&host->retired, NULL);
	size_t n_executors = host->n_executors;

	for (; service; service = next) {
		bool kept = is_kept(service);

		next = service->next_retired;
		for (size_t i = 0; i < n_executors; i++) {
			const struct snafu_open_executor *open = &host->executors[i];

			if (open->executor && open->executor->forget)
				open->executor->forget(open->state, service);
		}
		if (kept) {
			service->next_retired = host->kept;
			host->kept = service;
		} else {
			snafu_service_free(service);
		}
	}
}

static void free_all(struct snafu_service *service)
{
	while (service) {
		struct snafu_service *next = service->next_retired;

		snafu_service_free(service);
		service = next;
	}
}

void snafu_host_keep_generation(struct snafu_host *host, struct snafu_generation *generation)
{
	if (generation->next_kept || host->kept_generations == generation)
		return;
	generation->next_kept = host->kept_generations;
	host->kept_generations = snafu_generation_ref(generation);
}

void snafu_host_close_pool(struct snafu_host *host)
{
	host->wake_undertaker = NULL;
	snafu_generation_unref(host->generation);
	snafu_generation_unref(host->told);
	while (host->kept_generations) {
		struct snafu_generation *next = host->kept_generations->next_kept;

		snafu_generation_unref(host->kept_generations);
		host->kept_generations = next;
	}
	snafu_scanned_unref(host->first);
	free_all(atomic_exchange(&host->retired, NULL));
	free_all(host->kept);
}
