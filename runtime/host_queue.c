/* runtime/host_queue.c — how the host and the queue of asynchronous calls meet. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "runtime/host_state.h"
#include "runtime/queue.h"
#include "runtime/queue/file.h"
#include "runtime/service.h"
#include "scanner/function.h"

static void submit(void *state, struct snafu_call *call)
{
	snafu_host_submit(state, call);
}

static bool cancel(void *state, const struct snafu_call *call)
{
	return snafu_host_cancel(state, call);
}

static const struct snafu_settings *settings_of(void *state, const char *id, const char *tenant)
{
	struct snafu_service *service;

	if (snafu_host_find(state, id, &service, NULL))
		return NULL;
	/* They live as long as the host. */
	const struct snafu_settings *settings = snafu_host_settings_of(state, service, tenant, NULL);
	snafu_service_unref(service);
	return settings;
}

/* A host without a place for a queue serves all but asynchronous calls. */
int snafu_host_open_queue(struct snafu_host *host, struct snafu_error *error)
{
	if (snafu_queue_file_path(host->settings.asynchronous_file, host->options.paths,
	                          host->options.n_paths, &host->queue_file, &host->queue_error))
		return 0;
	const struct snafu_queue_options options = {
		.file = host->queue_file,
		.settings = &host->settings,
		.settings_of = settings_of,
		.submit = submit,
		.cancel = cancel,
		.reporter = host->options.reporter,
		.state = host,
	};
	return snafu_queue_new(&options, &host->queue, error);
}

void snafu_host_close_queue(struct snafu_host *host)
{
	snafu_queue_close(host->queue);
	host->queue = NULL;
	free(host->queue_file);
	host->queue_file = NULL;
}

static void refuse(struct snafu_call *call, enum snafu_status status, const char *type,
                   const char *message)
{
	free(call->payload);
	call->payload = NULL;
	if (!call->request_id[0])
		snafu_request_id(call->request_id);
	snafu_result_fail(&call->result, status, type, "%s", message);
	if (call->finished)
		call->finished(call);
}

static void queue_call(struct snafu_host *host, struct snafu_call *call,
                       struct snafu_service *service)
{
	unsigned depth = call->caller ? call->caller->depth + 1 : 0;
	if (!call->tenant && call->caller)
		call->tenant = call->caller->tenant;
	const struct snafu_settings *settings =
		snafu_host_settings_of(host, service, call->tenant, NULL);
	const struct snafu_function *function = service->function;
	const struct snafu_open_executor *open;
	struct snafu_error error;

	if (function->reason) {
		snafu_fail(&error, -ENOEXEC, "%s cannot be called: %s", function->id, function->reason);
		refuse(call, SNAFU_UNKNOWN_FUNCTION, "NotCallable", error.message);
	} else if (!snafu_host_opens(settings, call->trigger, function, &error)) {
		refuse(call, SNAFU_UNKNOWN_FUNCTION, "NotOffered", error.message);
	} else if (call->payload_size > settings->payload_size) {
		snafu_fail(&error, -EMSGSIZE,
		           "the arguments take %zu bytes, the limit is %zu ([limits] payload-size)",
		           call->payload_size, (size_t)settings->payload_size);
		refuse(call, SNAFU_TOO_LARGE, "PayloadTooLarge", error.message);
	} else if (depth > settings->call_depth) {
		refuse(call, SNAFU_OVER_LIMIT, "CallDepthExceeded",
		       "functions have called each other too deep already ([limits] call-depth)");
	} else if (call->executor && *call->executor &&
	           snafu_host_wanted_executor(host, call->executor, service, &open, &error)) {
		refuse(call, SNAFU_BAD_ARGUMENTS, "ExecutorError", error.message);
	} else if (!host->queue) {
		refuse(call, SNAFU_UNAVAILABLE, "QueueError", host->queue_error.message);
	} else {
		call->function = function->id;
		snafu_queue_submit(host->queue, call, depth);
	}
}

/* The function must be there now; its arguments are looked at when it runs. */
void snafu_host_queue_call(struct snafu_host *host, struct snafu_call *call)
{
	struct snafu_service *service;
	struct snafu_error error;

	if (snafu_host_find(host, call->function, &service, &error)) {
		refuse(call, SNAFU_UNKNOWN_FUNCTION, "UnknownFunction", error.message);
		return;
	}
	queue_call(host, call, service);
	snafu_service_unref(service);
}
