/* runtime/instances/room.c — room for one more process: of all functions together there may be
 * so many ([limits] all-instances, and what the host's descriptors allow). When they are
 * there, whoever has been idle for the longest leaves for the one that is wanted. */
#include <sys/resource.h>

#include "runtime/instances/crowd.h"
#include "runtime/instances/process.h"
#include "runtime/instances/zygote.h"
#include "runtime/settings/settings.h"

/* A process takes three; there are three such executors, and connections. */
#define DESCRIPTORS_EACH 20
/* For calls one by one: a process, what it is forked from, and the last call's, which may not be
 * gone yet. */
#define STOCK_LEAST 3

void snafu_station_limit(struct snafu_station *station)
{
	struct rlimit limit;

	station->most = station->options->settings->all_instances;
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && station->most > limit.rlim_cur / DESCRIPTORS_EACH)
		station->most = (size_t)(limit.rlim_cur / DESCRIPTORS_EACH);
	if (station->policy->stock && station->most < STOCK_LEAST)
		station->most = STOCK_LEAST;
}

size_t snafu_station_used(const struct snafu_station *station)
{
	size_t used = station->n_processes - station->n_leaving;

	for (size_t i = 0; i < SNAFU_LANGUAGES_CAP && station->zygotes[i]; i++) {
		const struct snafu_process *process = &station->zygotes[i]->process;

		used -= !process->leaving && !process->resigned;
	}
	return used;
}

bool snafu_station_has_room(const struct snafu_station *station)
{
	return snafu_station_used(station) < station->most;
}

/* Of a crowd with a stock all are idle, and be it only its zygote, or it stays. */
static bool is_at_rest(const struct snafu_crowd *crowd)
{
	if (!crowd->station->policy->stock)
		return crowd->n_idle > 0;
	return crowd->zygote && crowd->n_live == crowd->n_idle && !crowd->waiting.first &&
	       !crowd->nested.first;
}

static uint64_t at_rest_since(const struct snafu_crowd *crowd)
{
	if (crowd->station->policy->stock)
		return crowd->last_call;
	return TAILQ_LAST(&crowd->idle, snafu_instance_list)->idle_since;
}

bool snafu_station_make_room(struct snafu_station *station, const struct snafu_crowd *wanted)
{
	struct snafu_crowd *crowd, *best = NULL;

	if (snafu_station_has_room(station))
		return true;
	TAILQ_FOREACH(crowd, &station->crowds, entry)
	if (crowd != wanted && is_at_rest(crowd) &&
	    (!best || at_rest_since(crowd) < at_rest_since(best)))
		best = crowd;
	if (!best)
		return false;
	if (station->policy->stock) {
		snafu_crowd_disband(best);
		best->stock = 0;
	} else {
		snafu_crowd_let_go(TAILQ_LAST(&best->idle, snafu_instance_list));
	}
	return true;
}
