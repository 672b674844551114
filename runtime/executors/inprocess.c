/* runtime/executors/inprocess.c — the host's own interpreter, JVM or loaded
 * library, on the calling thread; state is kept from call to call. */
#include "runtime/executors/in_process.h"

static void run(void *state, struct snafu_job *job)
{
	if (snafu_in_process_bind(state, job->service, &job->result))
		return;
	const struct snafu_request request = {job->payload, job->payload_size, &job->context};
	if (!snafu_in_process_enter(job))
		return;
	job->language->call(job->language_state, job->service->bound, &request, &job->result);
}

extern const struct snafu_executor snafu_executor_inprocess;
const struct snafu_executor snafu_executor_inprocess = {
	.version = SNAFU_EXECUTOR_VERSION,
	.name = "inprocess",
	.open = snafu_in_process_open,
	.prepare = snafu_in_process_bind,
	.run = run,
	.interrupt = snafu_in_process_interrupt,
	.forget = snafu_in_process_forget,
	.close = snafu_in_process_close,
};
