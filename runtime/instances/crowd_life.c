/* runtime/instances/crowd_life.c — crowds are made at a function's first call, and end with
 * the function or the host. */
#include <errno.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/error.h"
#include "langs/language.h"
#include "runtime/instances/crowd.h"
#include "runtime/instances/zygote.h"
#include "runtime/service.h"
#include "runtime/settings.h"
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

int snafu_crowd_of(struct snafu_station *station, struct snafu_service *service,
                   struct snafu_crowd **ret_crowd, struct snafu_result *result)
{
	_Atomic(void *) *slot = &service->slots[station->options->number];
	struct snafu_crowd *crowd = atomic_load(slot);
	struct snafu_error error = {0};

	if (crowd) {
		*ret_crowd = crowd;
		return 0;
	}
	crowd = calloc(1, sizeof *crowd);
	if (!crowd) {
		snafu_fail(&error, -ENOMEM, "no memory");
		return refuse(result, &error);
	}
	crowd->station = station;
	crowd->service = service;
	crowd->function = service->function;
	crowd->settings = atomic_load(&service->settings);
	TAILQ_INIT(&crowd->members);
	TAILQ_INIT(&crowd->idle);
	if (choose(crowd, &error)) {
		free_crowd(crowd);
		return refuse(result, &error);
	}
	TAILQ_INSERT_TAIL(&station->crowds, crowd, entry);
	atomic_store(slot, crowd);
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
	if (crowd)
		crowd->service = NULL;
	snafu_zygotes_forget(station, service->function);
	snafu_station_leave_for_later(station); /* the reactor's thread sees to the rest */
}
