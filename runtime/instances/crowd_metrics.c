/* runtime/instances/crowd_metrics.c — processes by function and state, for Prometheus. */
#include <string.h>

#include "base/buffer.h"
#include "runtime/instances/crowd.h"
#include "runtime/records/metrics.h"
#include "scanner/function.h"

static const char comments[] = "# HELP snafu_instances Processes of functions, by state.\n"
							   "# TYPE snafu_instances gauge\n"
							   "# HELP snafu_instance_starts_total Processes that were started.\n"
							   "# TYPE snafu_instance_starts_total counter\n"
							   "# HELP snafu_instance_deaths_total Processes that have died.\n"
							   "# TYPE snafu_instance_deaths_total counter\n"
							   "# HELP snafu_calls_waiting Calls that wait for a process.\n"
							   "# TYPE snafu_calls_waiting gauge\n";

static void write_sample(const struct snafu_crowd *crowd, const char *name, const char *state,
                         uint64_t value, struct snafu_buffer *into)
{
	snafu_buffer_format(into, "%s{executor=\"%s\",function=\"", name, crowd->station->name);
	snafu_metrics_write_label(crowd->function->id, into);
	if (*crowd->tenant) {
		snafu_buffer_append_text(into, "\",tenant=\"");
		snafu_metrics_write_label(crowd->tenant, into);
	}
	if (state)
		snafu_buffer_format(into, "\",state=\"%s", state);
	snafu_buffer_format(into, "\"} %llu\n", (unsigned long long)value);
}

static void write_instances(const struct snafu_crowd *crowd, struct snafu_buffer *into)
{
	static const char *const names[SNAFU_INSTANCE_STATES] = {
		[SNAFU_INSTANCE_STARTING] = "starting",
		[SNAFU_INSTANCE_IDLE] = "idle",
		[SNAFU_INSTANCE_BUSY] = "busy",
		[SNAFU_INSTANCE_LEAVING] = "leaving",
	};
	uint64_t counts[SNAFU_INSTANCE_STATES] = {0};
	const struct snafu_instance *instance;

	TAILQ_FOREACH(instance, &crowd->members, entry)
	counts[instance->state]++;
	for (size_t i = 0; i < SNAFU_INSTANCE_STATES; i++)
		write_sample(crowd, "snafu_instances", names[i], counts[i], into);
}

void snafu_crowd_write_metrics(void *state, struct snafu_buffer *into)
{
	struct snafu_station *station = state;
	const struct snafu_crowd *crowd;

	snafu_buffer_append_text(into, comments);
	snafu_station_enter(station);
	TAILQ_FOREACH(crowd, &station->crowds, entry)
	if (crowd->service) {
		write_instances(crowd, into);
		write_sample(crowd, "snafu_instance_starts_total", NULL, crowd->starts, into);
		write_sample(crowd, "snafu_instance_deaths_total", NULL, crowd->deaths, into);
		write_sample(crowd, "snafu_calls_waiting", NULL, crowd->waiting.count + crowd->nested.count,
		             into);
	}
	snafu_station_leave(station);
}
