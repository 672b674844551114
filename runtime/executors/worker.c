/* runtime/executors/worker.c — warm processes for each function, one call at a time
 * each: more of them under load, fewer when they are idle. */
#include "runtime/executors/executor.h"
#include "runtime/instances/crowd.h"

static const struct snafu_policy policy = {.once = false};

static int open_station(const struct snafu_executor_options *options, void **ret_state,
                        struct snafu_error *error)
{
	struct snafu_station *station;
	int code = snafu_station_open(options, &policy, "worker", &station, error);

	if (!code)
		*ret_state = station;
	return code;
}

extern const struct snafu_executor snafu_executor_worker;
const struct snafu_executor snafu_executor_worker = {
	.version = SNAFU_EXECUTOR_VERSION,
	.name = "worker",
	.open = open_station,
	.supports = snafu_crowd_supports,
	.prepare = snafu_crowd_prepare,
	.begin = snafu_crowd_begin,
	.interrupt = snafu_crowd_interrupt,
	.forget = snafu_crowd_forget,
	.write_metrics = snafu_crowd_write_metrics,
	.close = snafu_crowd_close,
};
