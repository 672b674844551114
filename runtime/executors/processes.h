/* runtime/executors/processes.h — an executor whose calls run in processes (runtime/instances/):
 * worker, fork and spawn are the same crowd with different policies.
 *
 *     SNAFU_PROCESS_EXECUTOR(fork, {.once = true, .stock = true});
 *
 * defines snafu_executor_fork. */
#ifndef SNAFU_RUNTIME_EXECUTORS_PROCESSES_H
#define SNAFU_RUNTIME_EXECUTORS_PROCESSES_H

#include "runtime/executors/executor.h"
#include "runtime/instances/crowd.h"

#define SNAFU_PROCESS_EXECUTOR(NAME, ...)                                                   \
	static int open_station(const struct snafu_executor_options *options, void **ret_state, \
	                        struct snafu_error *error)                                      \
	{                                                                                       \
		static const struct snafu_policy policy = __VA_ARGS__;                              \
		struct snafu_station *station;                                                      \
		int code = snafu_station_open(options, &policy, #NAME, &station, error);            \
                                                                                            \
		if (!code)                                                                          \
			*ret_state = station;                                                           \
		return code;                                                                        \
	}                                                                                       \
                                                                                            \
	extern const struct snafu_executor snafu_executor_##NAME;                               \
	const struct snafu_executor snafu_executor_##NAME = {                                   \
		.version = SNAFU_EXECUTOR_VERSION,                                                  \
		.name = #NAME,                                                                      \
		.open = open_station,                                                               \
		.supports = snafu_crowd_supports,                                                   \
		.prepare = snafu_crowd_prepare,                                                     \
		.begin = snafu_crowd_begin,                                                         \
		.interrupt = snafu_crowd_interrupt,                                                 \
		.forget = snafu_crowd_forget,                                                       \
		.write_metrics = snafu_crowd_write_metrics,                                         \
		.close = snafu_crowd_close,                                                         \
	}

#endif
