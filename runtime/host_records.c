/* runtime/host_records.c — what is noted of a call that ends: numbers for the metrics, and,
 * where somebody wants them, records. */
#include <string.h>

#include "base/utf8.h"
#include "runtime/host_state.h"
#include "runtime/job.h"
#include "runtime/records/metrics.h"
#include "runtime/records/recorder.h"
#include "runtime/records/records.h"
#include "runtime/service.h"
#include "scanner/function.h"

#define ERROR_TYPE_CAP 256

static const char *text_or(const char *text, const char *other)
{
	return text ? text : other ? other : "";
}

/* Whoever ends a call may not be the one who runs its function, which goes on. */
static void fill_times(const struct snafu_job *job, const struct snafu_result *result,
                       struct snafu_record *record)
{
	uint64_t now = snafu_now_ns(), started = job->started;

	record->duration = now - job->accepted;
	record->queue = started > job->accepted ? started - job->accepted : 0;
	record->init = result->init_ns;
	record->run = result->run_ns;
	record->start = !started ? "" : job->cold ? "cold" : "warm";
}

/* A job that was refused early knows little; its call is still the door's then, with all
 * its texts. */
static void fill_texts(const struct snafu_job *job, struct snafu_record *record)
{
	const struct snafu_call *call = job->call;
	bool early = !job->context.request_id;

	record->request_id = call->request_id;
	record->function = job->function ? job->function->id : text_or(call->function, "");
	record->trigger = text_or(early ? call->trigger : job->context.trigger, NULL);
	record->tenant = text_or(early ? call->tenant : job->context.tenant, NULL);
	record->executor = job->executor ? job->executor->name : "";
	record->log = "";
}

/* The end of what the function printed. */
static void fill_log(const struct snafu_buffer *log, struct snafu_record *record)
{
	size_t skip = log->size > SNAFU_RECORD_LOG_CAP ? log->size - SNAFU_RECORD_LOG_CAP : 0;

	while (skip && skip < log->size && snafu_utf8_continues(log->data[skip]))
		skip++;
	if (log->size > skip) {
		record->log = log->data + skip;
		record->log_size = log->size - skip;
	}
}

void snafu_host_record(struct snafu_host *host, struct snafu_job *job,
                       const struct snafu_result *result)
{
	struct snafu_record record = {
		.status = result->status,
		.status_name = snafu_status_name(result->status),
		.peak_memory = result->peak_memory,
		.bytes_in = job->payload_size,
		.bytes_out = result->payload.size,
		.attempt = job->attempt,
		.error_type = "",
	};
	char error_type[ERROR_TYPE_CAP];

	fill_times(job, result, &record);
	fill_texts(job, &record);
	snafu_metrics_end(host->metrics, job->function, &record);
	if (!host->recorder)
		return;
	record.time = snafu_wall_ns() - record.duration;
	if (snafu_recorder_logs(host->recorder))
		fill_log(&result->log, &record);
	if (result->status != SNAFU_OK) {
		snafu_record_error_type(result->payload.data, result->payload.size, error_type,
		                        sizeof error_type);
		record.error_type = error_type;
	}
	snafu_recorder_add(host->recorder, &record);
}
