/* runtime/generation.c — see generation.h. */
#include "runtime/generation.h"

#include <errno.h>
#include <stdlib.h>

#include "base/error.h"
#include "runtime/host_state.h"
#include "runtime/pool.h"
#include "runtime/service.h"

static atomic_uint_fast64_t last_number;

struct snafu_scanned *snafu_scanned_new(struct snafu_functions *functions)
{
	struct snafu_scanned *scanned = calloc(1, sizeof *scanned);

	if (!scanned)
		return NULL;
	scanned->functions = *functions;
	scanned->references = 1;
	*functions = (struct snafu_functions){0};
	return scanned;
}

struct snafu_scanned *snafu_scanned_ref(struct snafu_scanned *scanned)
{
	atomic_fetch_add_explicit(&scanned->references, 1, memory_order_relaxed);
	return scanned;
}

void snafu_scanned_unref(struct snafu_scanned *scanned)
{
	if (!scanned || atomic_fetch_sub(&scanned->references, 1) != 1)
		return;
	snafu_functions_done(&scanned->functions);
	free(scanned);
}

struct snafu_generation *snafu_generation_new(size_t capacity)
{
	struct snafu_generation *generation = calloc(1, sizeof *generation);

	if (!generation)
		return NULL;
	generation->references = 1;
	generation->number = atomic_fetch_add(&last_number, 1) + 1;
	generation->functions.functions =
		calloc(capacity ? capacity : 1, sizeof *generation->functions.functions);
	generation->functions.capacity = capacity;
	generation->services = calloc(capacity ? capacity : 1, sizeof *generation->services);
	if (generation->functions.functions && generation->services)
		return generation;
	snafu_generation_unref(generation);
	return NULL;
}

void snafu_generation_add(struct snafu_generation *generation, struct snafu_service *service)
{
	size_t index = generation->functions.count++;

	generation->functions.functions[index] = *service->function;
	generation->services[index] = snafu_service_ref(service);
}

int snafu_generation_finish(struct snafu_generation *generation, struct snafu_error *error)
{
	return snafu_pool_new(&generation->functions, &generation->pool, error);
}

/* Most hosts never see a second generation: this one shares the scan's own list. */
int snafu_generation_first(struct snafu_scanned *scanned, struct snafu_host *host,
                           struct snafu_generation **ret_generation, struct snafu_error *error)
{
	struct snafu_generation *generation = calloc(1, sizeof *generation);
	size_t count = scanned->functions.count;
	int code = -ENOMEM;

	if (generation) {
		generation->references = 1;
		generation->number = atomic_fetch_add(&last_number, 1) + 1;
		generation->services = calloc(count ? count : 1, sizeof *generation->services);
	}
	if (generation && generation->services) {
		generation->whole = snafu_scanned_ref(scanned);
		generation->functions = scanned->functions;
		for (size_t i = 0; i < count; i++) {
			const struct snafu_function *function = &scanned->functions.functions[i];

			generation->services[i] =
				snafu_service_new(function, scanned, snafu_host_settings_for(host, function), host);
			if (!generation->services[i])
				goto out;
		}
		code = snafu_pool_new(&generation->functions, &generation->pool, error);
	}
out:
	if (code) {
		snafu_generation_unref(generation);
		return snafu_fail(error, code, "no memory for %zu functions", count);
	}
	*ret_generation = generation;
	return 0;
}

struct snafu_generation *snafu_generation_ref(struct snafu_generation *generation)
{
	atomic_fetch_add_explicit(&generation->references, 1, memory_order_relaxed);
	return generation;
}

void snafu_generation_unref(struct snafu_generation *generation)
{
	if (!generation || atomic_fetch_sub(&generation->references, 1) != 1)
		return;
	for (size_t i = 0; generation->services && i < generation->functions.count; i++)
		snafu_service_unref(generation->services[i]);
	free(generation->services);
	snafu_pool_free(generation->pool);
	if (!generation->whole)
		snafu_functions_done(&generation->functions);
	snafu_scanned_unref(generation->whole);
	free(generation);
}
