/* runtime/instances/crowd_recall.c — calls that were written behind one which takes longer
 * than it should are taken back, and given to others. */
#include "base/clock.h"
#include "runtime/instances/crowd.h"

#define PATIENCE_MS 5 /* that a call may last with others behind it */

static void watch(struct snafu_crowd *crowd)
{
	if (!snafu_timer_is_set(&crowd->recall))
		snafu_reactor_set_timer(crowd->station->options->reactor, &crowd->recall,
		                        snafu_now_ms() + PATIENCE_MS);
}

static void recall(struct snafu_timer *timer)
{
	struct snafu_crowd *crowd =
		(struct snafu_crowd *)((char *)timer - offsetof(struct snafu_crowd, recall));
	struct snafu_job_queue back = {0};
	struct snafu_instance *instance;
	uint64_t now = snafu_now_ns();
	bool more = false;

	snafu_station_enter(crowd->station);
	TAILQ_FOREACH(instance, &crowd->members, entry)
	{
		if (instance->jobs.count > 1 &&
		    now > instance->jobs.first->started + PATIENCE_MS * UINT64_C(1000000))
			snafu_instance_take_back(instance, &back);
		more |= instance->jobs.count > 1;
	}
	if (more)
		watch(crowd);
	snafu_crowd_admit_back(crowd, &back);
	snafu_station_leave(crowd->station);
}

void snafu_crowd_watch_behind(struct snafu_crowd *crowd)
{
	crowd->recall.expired = recall;
	watch(crowd);
}
