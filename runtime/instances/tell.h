/* runtime/instances/tell.h — events of processes, for whoever debugs (runtime/records/events.h). */
#ifndef SNAFU_RUNTIME_INSTANCES_TELL_H
#define SNAFU_RUNTIME_INSTANCES_TELL_H

struct snafu_instance;
struct snafu_job;

/* JOB is the call that it runs now. */
void snafu_tell_call(const struct snafu_instance *instance, const struct snafu_job *job);

void snafu_tell_started(const struct snafu_instance *instance);
void snafu_tell_ended(const struct snafu_instance *instance);

#endif
