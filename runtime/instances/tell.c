/* runtime/instances/tell.c — see tell.h. */
#include "runtime/instances/tell.h"

#include "runtime/records/events.h"
#include "runtime/instances/crowd.h"
#include "runtime/instances/instance.h"
#include "runtime/instances/station.h"
#include "scanner/function.h"

#define WORDS_CAP 2048

static const struct snafu_host *host_of(const struct snafu_instance *instance)
{
	return instance->process.station->options->host;
}

static struct snafu_event event_of(const struct snafu_instance *instance, const char *name)
{
	return (struct snafu_event){
		.event = name,
		.function = instance->crowd->function->id,
		.executor = instance->process.station->name,
		.process = instance->process.pid,
	};
}

void snafu_tell_call(const struct snafu_instance *instance, const struct snafu_job *job)
{
	struct snafu_event event;

	if (!snafu_events_wanted(host_of(instance)))
		return;
	event = event_of(instance, "call-started");
	event.request_id = job->request_id;
	event.state = job->cold ? "cold" : "warm";
	snafu_event(host_of(instance), &event);
}

void snafu_tell_started(const struct snafu_instance *instance)
{
	struct snafu_event event;

	if (!snafu_events_wanted(host_of(instance)))
		return;
	event = event_of(instance, "instance-started");
	snafu_event(host_of(instance), &event);
}

void snafu_tell_ended(const struct snafu_instance *instance)
{
	struct snafu_buffer words = SNAFU_BUFFER(WORDS_CAP);
	const struct snafu_process *process = &instance->process;
	struct snafu_event event;

	if (!snafu_events_wanted(host_of(instance)))
		return;
	snafu_instance_say_end(instance, &words);
	event = event_of(instance, "instance-ended");
	event.state =
		process->kill_wanted || instance->state == SNAFU_INSTANCE_LEAVING ? "ended" : "died";
	event.detail = words.data;
	snafu_event(host_of(instance), &event);
	snafu_buffer_done(&words);
}
