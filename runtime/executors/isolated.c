/* runtime/executors/isolated.c — in-process as well, but each call finds the state of its
 * function's module as it was when just loaded. */
#include "runtime/executors/in_process.h"

#include "scanner/function.h"

static void run(void *state, struct snafu_job *job)
{
	if (snafu_in_process_bind(state, job->service, &job->result))
		return;
	const struct snafu_request request = {job->payload, job->payload_size, &job->context};
	if (!snafu_in_process_enter(job))
		return;
	if (job->language->call_fresh)
		job->language->call_fresh(job->language_state, job->service->bound, &request, &job->result);
	else
		snafu_result_fail(&job->result, SNAFU_LOAD_FAILED, "ExecutorError",
		                  "%s functions cannot run isolated: take worker, fork or spawn",
		                  job->function->language);
}

extern const struct snafu_executor snafu_executor_isolated;
const struct snafu_executor snafu_executor_isolated = {
	.version = SNAFU_EXECUTOR_VERSION,
	.name = "isolated",
	.open = snafu_in_process_open,
	.prepare = snafu_in_process_bind,
	.run = run,
	.interrupt = snafu_in_process_interrupt,
	.forget = snafu_in_process_forget,
	.close = snafu_in_process_close,
};
