/* runtime/instances/crowd_life.c — crowds are made at a function's first call, and end with
 * the function or the host. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "langs/language.h"
#include "runtime/generation.h"
#include "runtime/instances/crowd.h"
#include "runtime/instances/zygote.h"
#include "runtime/service.h"
#include "runtime/settings/settings.h"
#include "scanner/function.h"

static int refuse(struct snafu_result *result, const struct snafu_error *error)
{
	snafu_result_fail(result, SNAFU_LOAD_FAILED, "ExecutorError", "%s", error->message);
	return error->code ? error->code : -EINVAL;
}

static void free_crowd(struct snafu_crowd *crowd)
{
	for (char **word = crowd->argv; word && *word; word++)
		free(*word);
	free(crowd->argv);
	snafu_scanned_unref(crowd->scanned);
	free(crowd);
}

/* How processes of this function are made. */
static int choose(struct snafu_crowd *crowd, struct snafu_error *error)
{
	const struct snafu_station *station = crowd->station;
	const struct snafu_function *function = crowd->function;
	int code = snafu_languages_peek(station->options->languages, function->language,
	                                &crowd->language, error);

	if (code)
		return code;
	if (crowd->language->command) {
		code = crowd->language->command(function, crowd->settings->python2, &crowd->argv, error);
		if (code < 0)
			return code;
	}
	crowd->executes = station->policy->executes || crowd->argv || !crowd->language->forkable;
	if (crowd->executes && station->policy->stock)
		return snafu_fail(error, -ENOTSUP,
		                  "%s cannot run as %s, since its interpreter cannot be forked: take "
		                  "worker or spawn",
		                  function->id, station->name);
	return 0;
}

/* Tenants that have not called for long and have no process left make room. The reactor's
 * thread frees them. */
static void drop_idle(struct snafu_station *station, _Atomic(void *) *slot)
{
	struct snafu_crowd *crowd, *next, *kept = NULL;

	for (crowd = atomic_load(slot); crowd; crowd = next) {
		next = crowd->next_tenant;
		if (*crowd->tenant && TAILQ_EMPTY(&crowd->members) && !crowd->waiting.first &&
		    !crowd->nested.first && !crowd->zygote) {
			crowd->service = NULL;
			continue;
		}
		crowd->next_tenant = kept;
		kept = crowd;
	}
	atomic_store(slot, kept);
	snafu_reactor_set_timer(station->options->reactor, &station->later, snafu_now_ms());
}

static struct snafu_crowd *find(const struct snafu_service *service, size_t number,
                                const char *tenant, size_t *ret_count)
{
	struct snafu_crowd *crowd = atomic_load(&service->slots[number]);

	for (*ret_count = 0; crowd && strcmp(crowd->tenant, tenant) != 0; ++*ret_count)
		crowd = crowd->next_tenant;
	return crowd;
}

static int make(struct snafu_station *station, struct snafu_service *service, const char *tenant,
                const struct snafu_settings *settings, struct snafu_crowd **ret_crowd,
                struct snafu_error *error)
{
	struct snafu_crowd *crowd = calloc(1, sizeof *crowd + strlen(tenant) + 1);

	if (!crowd)
		return snafu_fail(error, -ENOMEM, "no memory");
	memcpy(crowd->tenant, tenant, strlen(tenant) + 1);
	crowd->station = station;
	crowd->service = service;
	crowd->function = service->function;
	crowd->scanned = snafu_scanned_ref(service->scanned);
	crowd->settings = settings;
	TAILQ_INIT(&crowd->members);
	TAILQ_INIT(&crowd->idle);
	int code = choose(crowd, error);
	if (code)
		free_crowd(crowd);
	else
		*ret_crowd = crowd;
	return code;
}

int snafu_crowd_of(struct snafu_station *station, struct snafu_service *service, const char *tenant,
                   const struct snafu_settings *settings, struct snafu_crowd **ret_crowd,
                   struct snafu_result *result)
{
	_Atomic(void *) *slot = &service->slots[station->options->number];
	struct snafu_error error = {0};
	size_t count;
	struct snafu_crowd *crowd = find(service, station->options->number, tenant, &count);

	if (!crowd && count >= SNAFU_CROWDS_CAP) {
		drop_idle(station, slot);
		find(service, station->options->number, tenant, &count);
		if (count >= SNAFU_CROWDS_CAP) {
			snafu_result_fail(result, SNAFU_OVER_LIMIT, "TooManyTenants",
			                  "%zu tenants have processes of %s already; try again later", count,
			                  service->function->id);
			return -EBUSY;
		}
	}
	if (!crowd) {
		if (make(station, service, tenant, settings, &crowd, &error))
			return refuse(result, &error);
		TAILQ_INSERT_TAIL(&station->crowds, crowd, entry);
		crowd->next_tenant = atomic_load(slot);
		atomic_store(slot, crowd);
	}
	*ret_crowd = crowd;
	return 0;
}

void snafu_crowd_disband(struct snafu_crowd *crowd)
{
	struct snafu_instance *instance, *next;

	for (instance = TAILQ_FIRST(&crowd->members); instance; instance = next) {
		next = TAILQ_NEXT(instance, entry);
		if (instance->state != SNAFU_INSTANCE_LEAVING && !instance->jobs.first)
			snafu_crowd_let_go(instance);
	}
	snafu_crowd_drop_zygote(crowd);
}

static void clear_timers(struct snafu_crowd *crowd)
{
	struct snafu_reactor *reactor = crowd->station->options->reactor;

	snafu_reactor_clear_timer(reactor, &crowd->scale);
	snafu_reactor_clear_timer(reactor, &crowd->recall);
	snafu_reactor_clear_timer(reactor, &crowd->reap);
	snafu_reactor_clear_timer(reactor, &crowd->refill);
}

void snafu_crowds_sweep(struct snafu_station *station)
{
	struct snafu_crowd *crowd, *next;

	for (crowd = TAILQ_FIRST(&station->crowds); crowd; crowd = next) {
		next = TAILQ_NEXT(crowd, entry);
		if (crowd->service)
			continue;
		snafu_crowd_disband(crowd);
		if (!TAILQ_EMPTY(&crowd->members))
			continue;
		clear_timers(crowd);
		TAILQ_REMOVE(&station->crowds, crowd, entry);
		free_crowd(crowd);
	}
}

void snafu_crowds_close(struct snafu_station *station)
{
	struct snafu_crowd *crowd;

	TAILQ_FOREACH(crowd, &station->crowds, entry)
	{
		if (crowd->service)
			atomic_store(&crowd->service->slots[station->options->number], NULL);
		crowd->service = NULL;
		snafu_crowd_disband(crowd);
	}
}

void snafu_crowd_forget(void *state, struct snafu_service *service)
{
	struct snafu_station *station = state;

	snafu_station_enter(station);
	struct snafu_crowd *crowd = atomic_exchange(&service->slots[station->options->number], NULL);
	for (; crowd; crowd = crowd->next_tenant)
		crowd->service = NULL;
	snafu_zygotes_forget(station, service->function);
	snafu_station_leave_for_later(station); /* the reactor's thread sees to the rest */
}
