/* runtime/host.c — see host.h: wires scanner, pool, languages, executor and
 * crew together, and leads a call through them. */
#include "runtime/host.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/error.h"
#include "base/json.h"
#include "runtime/crew.h"
#include "runtime/executors/executor.h"
#include "runtime/job.h"
#include "runtime/languages.h"
#include "runtime/metrics.h"
#include "runtime/pool.h"
#include "runtime/settings.h"

#define DEFAULT_EXECUTOR "inprocess"
#define REPORT_CAP       2048
#define AVERAGE_WEIGHT   8 /* a new duration counts for one part in so many */

/* What the host learns about a function from its calls. Racy on purpose: these
 * are hints for the crew. */
struct habit {
	_Atomic uint32_t average_us;
	atomic_bool parallel;
};

struct snafu_host {
	struct snafu_host_options options;
	struct snafu_settings settings;
	struct snafu_functions functions;
	struct habit *habits; /* one a function */
	struct snafu_pool *pool;
	struct snafu_languages *languages;
	const struct snafu_executor *executor;
	void *executor_state;
	struct snafu_metrics *metrics;
	struct snafu_crew *crew;
};

static void report(const struct snafu_host *host, enum snafu_severity severity, const char *format,
                   ...) __attribute__((format(printf, 3, 4)));

static void report(const struct snafu_host *host, enum snafu_severity severity, const char *format,
                   ...)
{
	char line[REPORT_CAP];
	va_list arguments;

	if (!host->options.report)
		return;
	va_start(arguments, format);
	vsnprintf(line, sizeof line, format, arguments);
	va_end(arguments);
	host->options.report(host->options.report_state, severity, line);
}

static void report_diagnostics(const struct snafu_host *host)
{
	for (size_t i = 0; i < host->functions.n_diagnostics; i++) {
		const struct snafu_diagnostic *at = &host->functions.diagnostics[i];

		if (!at->file)
			report(host, at->severity, "%s", at->message);
		else if (at->line)
			report(host, at->severity, "%s:%u: %s", at->file, at->line, at->message);
		else
			report(host, at->severity, "%s: %s", at->file, at->message);
	}
}

/* Sources with the same name in two languages give the same ids; only one of two
 * such functions can be meant. Said once a file. */
static void report_hidden(const struct snafu_host *host)
{
	const char *said = NULL;

	for (size_t i = 0; i < host->functions.count; i++) {
		const struct snafu_function *function = &host->functions.functions[i], *first;
		struct snafu_error error;

		if (function->reason || (said && strcmp(said, function->file) == 0) ||
		    snafu_pool_find(host->pool, function->id, &first, &error) ||
		    strcmp(first->language, function->language) == 0)
			continue;
		said = function->file;
		report(host, SNAFU_WARNING, "%s: %s is in %s as well, and that one is called; rename one",
		       function->file, function->id, first->file);
	}
}

static void warn(void *state, const char *message)
{
	report(state, SNAFU_WARNING, "%s", message);
}

static int find_executor(struct snafu_host *host, struct snafu_error *error)
{
	const char *name = host->options.executors ? host->options.executors : DEFAULT_EXECUTOR;
	int code = snafu_executor_find(name, &host->executor, error);

	if (code)
		return code;
	return host->executor->open(host->languages, &host->functions, &host->executor_state, error);
}

/* Ends the job's call with RESULT unless somebody else was first. */
static void end_job(struct snafu_host *host, struct snafu_job *job, struct snafu_result *result)
{
	if (!snafu_job_claim(job))
		return;
	snafu_metrics_end(host->metrics, job->function, result->status, snafu_now_ns() - job->accepted);
	snafu_job_deliver(job, result);
}

/* Runs a job on this thread and ends it. */
static void run_job(void *state, struct snafu_job *job)
{
	struct snafu_host *host = state;
	struct habit *habit = &host->habits[job->function - host->functions.functions];
	uint64_t start = snafu_now_ns();

	host->executor->run(host->executor_state, job);
	int64_t took_us = (int64_t)((snafu_now_ns() - start) / 1000), average = habit->average_us;
	average = average ? average + (took_us - average) / AVERAGE_WEIGHT : took_us;
	habit->average_us = average < 1 ? 1 : average > UINT32_MAX ? UINT32_MAX : (uint32_t)average;
	if (job->language && job->language->parallel)
		habit->parallel = true;
	end_job(host, job, &job->result);
}

static void give_up_job(void *state, struct snafu_job *job, int status, int running)
{
	struct snafu_host *host = state;
	struct snafu_result result = {.payload = SNAFU_BUFFER(host->settings.result_size)};

	if (status == SNAFU_DEADLINE && running && !atomic_load(&job->loaded))
		snafu_result_fail(&result, SNAFU_DEADLINE, "DeadlineExceeded",
		                  "%s is still being compiled or loaded after %.3g s, and goes on: "
		                  "call it again later",
		                  job->function->file, (double)host->settings.call_timeout / 1000);
	else if (status == SNAFU_DEADLINE)
		snafu_result_fail(&result, SNAFU_DEADLINE, "DeadlineExceeded",
		                  "%s did not end within the call timeout of %.3g s", job->function->id,
		                  (double)host->settings.call_timeout / 1000);
	else if (status == SNAFU_CANCELLED)
		snafu_result_fail(&result, SNAFU_CANCELLED, "Cancelled", "%s was cancelled",
		                  job->function->id);
	else
		snafu_result_fail(&result, SNAFU_UNAVAILABLE, "Unavailable",
		                  "the host stopped before %s had ended", job->function->id);
	end_job(host, job, &result);
	snafu_buffer_done(&result.payload);
	if (running)
		host->executor->interrupt(host->executor_state, job);
}

static void leave(void *state)
{
	struct snafu_host *host = state;

	snafu_languages_leave(host->languages);
}

static int open_parts(struct snafu_host *host, struct snafu_error *error)
{
	const struct snafu_host_options *options = &host->options;
	struct snafu_language_options language_options = {
		.functions = &host->functions,
		.paths = options->paths,
		.n_paths = options->n_paths,
		.include_paths = options->scan.include_paths,
		.n_include_paths = options->scan.n_include_paths,
		.defines = options->scan.defines,
		.n_defines = options->scan.n_defines,
		.warn = warn,
		.warn_state = host,
		.working = options->working,
		.working_state = options->working_state,
	};
	struct snafu_crew_options crew_options = {
		.run = run_job,
		.give_up = give_up_job,
		.leave = leave,
		.state = host,
		.threads = host->settings.threads,
		.queue_length = host->settings.queue_length,
		.drain_timeout = host->settings.drain_timeout,
	};

	int code =
		snafu_scan(options->paths, options->n_paths, &options->scan, &host->functions, error);
	if (code)
		return code;
	report_diagnostics(host);
	host->habits = calloc(host->functions.count ? host->functions.count : 1, sizeof *host->habits);
	if (!host->habits)
		return snafu_fail(error, -ENOMEM, "no memory for %zu functions", host->functions.count);
	code = snafu_pool_new(&host->functions, &host->pool, error);
	if (!code)
		report_hidden(host);
	if (!code)
		code = snafu_languages_new(&language_options, &host->languages, error);
	if (!code)
		code = find_executor(host, error);
	if (!code)
		code = snafu_metrics_new(&host->functions, &host->metrics, error);
	if (!code)
		code = snafu_crew_new(&crew_options, &host->crew, error);
	return code;
}

int snafu_host_open(const struct snafu_host_options *options, struct snafu_host **ret_host,
                    struct snafu_error *error)
{
	struct snafu_host *host = calloc(1, sizeof *host);

	if (!host)
		return snafu_fail(error, -ENOMEM, "no memory");
	host->options = *options;
	snafu_settings_init(&host->settings);
	if (options->settings)
		host->settings = *options->settings;
	int code = open_parts(host, error);
	if (code)
		snafu_host_close(host, 0);
	else
		*ret_host = host;
	return code;
}

void snafu_host_close(struct snafu_host *host, int stuck)
{
	if (!host || stuck > 0)
		return;
	snafu_languages_leave(host->languages);
	snafu_crew_free(host->crew);
	if (host->executor_state)
		host->executor->close(host->executor_state);
	snafu_languages_free(host->languages);
	snafu_metrics_free(host->metrics);
	snafu_pool_free(host->pool);
	free(host->habits);
	snafu_functions_done(&host->functions);
	free(host);
}

/* Whether the file of FUNCTION was itself named on the command line. */
static bool is_named(const struct snafu_host *host, const struct snafu_function *function)
{
	for (size_t i = 0; i < host->options.n_paths; i++)
		if (strcmp(function->file, host->options.paths[i]) == 0)
			return true;
	return false;
}

/* Reads errorType and errorMessage out of a failed result, for a line of text. */
static void report_result(const struct snafu_host *host, const struct snafu_function *function,
                          const struct snafu_result *result)
{
	struct snafu_json_reader reader;
	struct snafu_json_value key, value;
	struct snafu_buffer message = SNAFU_BUFFER(REPORT_CAP);

	snafu_json_begin(&reader, result->payload.data, result->payload.size);
	if (snafu_json_read(&reader, &value, NULL) == 0 && value.type == SNAFU_JSON_OBJECT)
		while (snafu_json_next_member(&reader, &key, &value, NULL) > 0) {
			if (snafu_json_equals(&key, "errorMessage") && value.type == SNAFU_JSON_STRING)
				snafu_json_unescape(&value, &message);
			if (snafu_json_skip(&reader, &value, NULL))
				break;
		}
	report(host, SNAFU_ERROR, "%s: cannot be loaded: %s", function->file,
	       message.data ? message.data : "no reason was given");
	snafu_buffer_done(&message);
}

void snafu_host_preload(struct snafu_host *host)
{
	const char *file = NULL;

	for (size_t i = 0; i < host->functions.count; i++) {
		const struct snafu_function *function = &host->functions.functions[i];
		const struct snafu_language *language;
		struct snafu_error error;
		void *state;

		if (function->reason || (file && strcmp(function->file, file) == 0))
			continue;
		file = function->file;
		/* Interpreters start on this thread, whoever calls first. */
		if (snafu_languages_get(host->languages, function->language, &language, &state, &error)) {
			report(host, SNAFU_ERROR, "%s: %s", file, error.message);
			continue;
		}
		if (!is_named(host, function))
			continue;
		struct snafu_result result = {.payload = SNAFU_BUFFER(host->settings.result_size)};
		if (host->executor->prepare(host->executor_state, function, &result))
			report_result(host, function, &result);
		snafu_buffer_done(&result.payload);
	}
	snafu_languages_leave(host->languages);
}

const struct snafu_pool *snafu_host_pool(const struct snafu_host *host)
{
	return host->pool;
}

struct snafu_crew *snafu_host_crew(struct snafu_host *host)
{
	return host->crew;
}

const struct snafu_settings *snafu_host_settings(const struct snafu_host *host)
{
	return &host->settings;
}

struct snafu_metrics *snafu_host_metrics(struct snafu_host *host)
{
	return host->metrics;
}

/* Finds the function NAME; fills the job's result when it cannot be called. */
static int admit(struct snafu_host *host, struct snafu_job *job, const char *name,
                 const struct snafu_function **ret_function)
{
	struct snafu_result *result = &job->result;
	const struct snafu_function *function;
	struct snafu_error error;
	int code = snafu_pool_find(host->pool, name, &function, &error);

	if (code) {
		snafu_result_fail(result, SNAFU_UNKNOWN_FUNCTION, "UnknownFunction", "%s", error.message);
		return code;
	}
	if (function->reason) {
		snafu_result_fail(result, SNAFU_UNKNOWN_FUNCTION, "NotCallable", "%s cannot be called: %s",
		                  function->id, function->reason);
		return -ENOEXEC;
	}
	if (job->payload_size > host->settings.payload_size) {
		snafu_result_fail(result, SNAFU_TOO_LARGE, "PayloadTooLarge",
		                  "the arguments take %zu bytes, the limit is %zu", job->payload_size,
		                  (size_t)host->settings.payload_size);
		return -EMSGSIZE;
	}
	*ret_function = function;
	return 0;
}

/* Makes the job of a call, or ends the call at once and returns NULL. */
static struct snafu_job *make_job(struct snafu_host *host, struct snafu_call *call)
{
	struct snafu_job *job = calloc(1, sizeof *job), none = {0};
	const struct snafu_function *function;

	snafu_request_id(call->request_id);
	snafu_metrics_begin(host->metrics);
	if (!job)
		job = &none;
	job->call = call;
	job->accepted = snafu_now_ns();
	job->payload = call->payload;
	job->payload_size = call->payload_size;
	job->result.payload = SNAFU_BUFFER(host->settings.result_size);
	call->payload = NULL;
	if (job == &none) {
		snafu_result_fail(&none.result, SNAFU_INTERNAL, "OutOfMemory", "no memory for the call");
		free(none.payload);
		end_job(host, &none, &none.result);
		return NULL;
	}
	if (admit(host, job, call->function, &function)) {
		end_job(host, job, &job->result);
		snafu_job_free(job);
		return NULL;
	}
	struct habit *habit = &host->habits[function - host->functions.functions];
	job->function = function;
	job->expected_us = habit->average_us;
	job->parallel = habit->parallel;
	job->deadline = job->accepted / 1000000u + host->settings.call_timeout;
	return job;
}

void snafu_host_call(struct snafu_host *host, struct snafu_call *call)
{
	struct snafu_job *job = make_job(host, call);

	if (!job)
		return;
	run_job(host, job);
	snafu_job_free(job);
}

void snafu_host_submit(struct snafu_host *host, struct snafu_call *call)
{
	struct snafu_job *job = make_job(host, call);
	int code = job ? snafu_crew_queue(host->crew, job) : 0;

	if (!code)
		return;
	if (code == -EBUSY)
		snafu_result_fail(&job->result, SNAFU_OVER_LIMIT, "TooManyCalls",
		                  "%zu calls are waiting already; try again later",
		                  (size_t)host->settings.queue_length);
	else
		snafu_result_fail(&job->result, SNAFU_UNAVAILABLE, "Unavailable", "the host is stopping");
	end_job(host, job, &job->result);
	snafu_job_free(job);
}

bool snafu_host_cancel(struct snafu_host *host, const struct snafu_call *call)
{
	return snafu_crew_cancel(host->crew, call) == 0;
}

void snafu_request_id(char ret_id[SNAFU_REQUEST_ID_SIZE])
{
	static _Thread_local unsigned char pool[256];
	static _Thread_local size_t used = sizeof pool;
	static const char hex[] = "0123456789abcdef";

	if (used == sizeof pool) {
		/* Up to 256 bytes come whole once the kernel's generator is ready. */
		if (getrandom(pool, sizeof pool, 0) != sizeof pool)
			for (size_t i = 0; i < sizeof pool; i++)
				pool[i] = (unsigned char)(snafu_now_ns() >> (i % 8));
		used = 0;
	}
	unsigned char *bytes = pool + used;
	used += 16;
	bytes[6] = (unsigned char)((bytes[6] & 0x0F) | 0x40); /* version 4 */
	bytes[8] = (unsigned char)((bytes[8] & 0x3F) | 0x80);
	for (int i = 0, at = 0; i < 16; i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			ret_id[at++] = '-';
		ret_id[at++] = hex[bytes[i] >> 4];
		ret_id[at++] = hex[bytes[i] & 15];
	}
	ret_id[SNAFU_REQUEST_ID_SIZE - 1] = '\0';
}
