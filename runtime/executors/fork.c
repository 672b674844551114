/* runtime/executors/fork.c — a fresh copy of a process that has loaded the function, for
 * every call; forked ahead, so that calls do not wait for it. */
#include "runtime/executors/executor.h"
#include "runtime/instances/crowd.h"

static const struct snafu_policy policy = {.once = true, .stock = true};

static int open_station(const struct snafu_executor_options *options, void **ret_state,
                        struct snafu_error *error)
{
	struct snafu_station *station;
	int code = snafu_station_open(options, &policy, "fork", &station, error);

	if (!code)
		*ret_state = station;
	return code;
}

extern const struct snafu_executor snafu_executor_fork;
const struct snafu_executor snafu_executor_fork = {
	.version = SNAFU_EXECUTOR_VERSION,
	.name = "fork",
	.open = open_station,
	.supports = snafu_crowd_supports,
	.prepare = snafu_crowd_prepare,
	.begin = snafu_crowd_begin,
	.interrupt = snafu_crowd_interrupt,
	.forget = snafu_crowd_forget,
	.write_metrics = snafu_crowd_write_metrics,
	.close = snafu_crowd_close,
};
