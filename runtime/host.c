/* runtime/host.c — see host.h: wires scanner, pool, languages, executors and crew
 * together. How a call goes through them is in host_calls.c. */
#include "runtime/host.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/environment.h"
#include "base/error.h"
#include "runtime/away.h"
#include "runtime/crew.h"
#include "runtime/generation.h"
#include "runtime/host_state.h"
#include "runtime/languages.h"
#include "runtime/records/metrics.h"
#include "runtime/pool.h"
#include "runtime/queue.h"
#include "runtime/reactor.h"
#include "runtime/records/recorder.h"
#include "runtime/service.h"

#define NEWS_CAP 2048 /* bytes of a line, with the NUL */

void snafu_host_report(const struct snafu_host *host, enum snafu_severity severity,
                       const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	snafu_report_list(&host->options.reporter, severity, format, arguments);
	va_end(arguments);
}

void snafu_host_news(const struct snafu_host *host, const char *format, ...)
{
	char line[NEWS_CAP];
	va_list arguments;

	if (!host->options.news)
		return;
	va_start(arguments, format);
	vsnprintf(line, sizeof line, format, arguments);
	va_end(arguments);
	host->options.news(host->options.reporter.state, line);
}

static void report_diagnostics(const struct snafu_host *host)
{
	const struct snafu_functions *functions = &host->generation->functions;

	for (size_t i = 0; i < functions->n_diagnostics; i++) {
		const struct snafu_diagnostic *at = &functions->diagnostics[i];

		if (!at->file)
			snafu_host_report(host, at->severity, "%s", at->message);
		else if (at->line)
			snafu_host_report(host, at->severity, "%s:%u: %s", at->file, at->line, at->message);
		else
			snafu_host_report(host, at->severity, "%s: %s", at->file, at->message);
	}
}

/* Sources with the same name in two languages give the same ids; only one of two
 * such functions can be meant. Said once a file. */
static void report_hidden(const struct snafu_host *host)
{
	const struct snafu_generation *generation = host->generation;
	const char *said = NULL;

	for (size_t i = 0; i < generation->functions.count; i++) {
		const struct snafu_function *function = &generation->functions.functions[i], *first;
		struct snafu_error error;

		if (function->reason || (said && strcmp(said, function->file) == 0) ||
		    snafu_pool_find(generation->pool, function->id, &first, &error) ||
		    strcmp(first->language, function->language) == 0)
			continue;
		said = function->file;
		snafu_host_report(host, SNAFU_WARNING,
		                  "%s: %s is in %s as well, and that one is called; rename one",
		                  function->file, function->id, first->file);
	}
}

static void warn(void *state, const char *message)
{
	snafu_host_report(state, SNAFU_WARNING, "%s", message);
}

static void leave(void *state)
{
	struct snafu_host *host = state;

	snafu_languages_leave(host->languages);
}

static void give_up_rest(void *state)
{
	struct snafu_host *host = state;

	snafu_away_give_up_all(host->away);
	if (host->queue)
		snafu_queue_stop(host->queue);
}

static size_t count_rest(void *state)
{
	struct snafu_host *host = state;

	if (!host->queue)
		return snafu_away_count(host->away);
	snafu_queue_pause(host->queue);
	return snafu_away_count(host->away) + snafu_queue_busy(host->queue);
}

/* Scans, and makes the first generation. */
static int open_pool(struct snafu_host *host, struct snafu_error *error)
{
	const struct snafu_host_options *options = &host->options;
	struct snafu_functions functions = {0};
	struct snafu_scanned *scanned;

	host->scanned_at = (int64_t)snafu_wall_ns();
	host->rescan_options = options->scan;
	host->rescan_options.progress = NULL;
	int code = snafu_scan(options->paths, options->n_paths, &options->scan, &functions, error);
	if (code)
		return code;
	scanned = snafu_host_take_conventions(host, &functions) ? NULL : snafu_scanned_new(&functions);
	if (!scanned) {
		snafu_functions_done(&functions);
		return snafu_fail(error, -ENOMEM, "no memory");
	}
	host->first = scanned;
	code = snafu_generation_first(scanned, host, &host->generation, error);
	if (code)
		return code;
	report_diagnostics(host);
	report_hidden(host);
	snafu_host_check_settings(host);
	return 0;
}

static int open_crew(struct snafu_host *host, struct snafu_error *error)
{
	struct snafu_crew_options options = {
		.run = snafu_host_run_job,
		.give_up = snafu_host_give_up_running,
		.leave = leave,
		.count_rest = count_rest,
		.give_up_rest = give_up_rest,
		.state = host,
		.threads = host->settings.threads,
		.queue_length = host->settings.queue_length,
		.drain_timeout = host->settings.drain_timeout,
	};
	int code = snafu_reactor_new(&host->reactor, error);

	options.reactor = host->reactor;
	if (!code)
		code = snafu_away_new(host->reactor, snafu_host_give_up_away, host, &host->away, error);
	if (!code)
		code = snafu_crew_new(&options, &host->crew, error);
	return code;
}

static int open_recorder(struct snafu_host *host, struct snafu_error *error)
{
	const struct snafu_recorder_options options = {
		.loggers = host->options.loggers ? host->options.loggers : host->settings.logger,
		.file = host->settings.log_file,
		.debug = host->options.debug,
		.debug_state = host->options.debug_state,
		.reporter = host->options.reporter,
	};

	return snafu_recorder_new(&options, &host->recorder, error);
}

static int open_parts(struct snafu_host *host, struct snafu_error *error)
{
	const struct snafu_host_options *options = &host->options;

	int code = snafu_host_open_settings(host, error);

	if (!code)
		code = open_recorder(host, error);
	if (!code)
		code = open_pool(host, error);
	if (code)
		return code;
	host->language_options = (struct snafu_language_options){
		.functions = &host->first->functions,
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
		.invoke = snafu_host_invoke,
		.invoke_state = host,
	};
	code = snafu_languages_new(&host->language_options, &host->languages, error);
	if (!code)
		code = snafu_metrics_new(host->generation->functions.count, &host->metrics, error);
	if (!code)
		code = open_crew(host, error);
	if (!code)
		code = snafu_host_open_queue(host, error);
	return code;
}

int snafu_host_open(const struct snafu_host_options *options, struct snafu_host **ret_host,
                    struct snafu_error *error)
{
	struct snafu_host *host = calloc(1, sizeof *host);

	if (!host)
		return snafu_fail(error, -ENOMEM, "no memory");
	host->options = *options;
	pthread_mutex_init(&host->lock, NULL);
	pthread_mutex_init(&host->generation_lock, NULL);
	pthread_mutex_init(&host->variables_lock, NULL);
	snafu_environment_first(); /* before anybody changes it */
	int code = open_parts(host, error);
	if (code)
		snafu_host_close(host, 0);
	else
		*ret_host = host;
	return code;
}

void snafu_host_close(struct snafu_host *host, int stuck)
{
	if (!host)
		return;
	snafu_host_close_queue(host);
	if (stuck > 0) {
		snafu_recorder_stop(host->recorder);
		snafu_host_abandon_executors(host);
		return;
	}
	snafu_languages_leave(host->languages);
	snafu_crew_free(host->crew);
	snafu_host_close_executors(host);
	snafu_away_free(host->away);
	snafu_reactor_free(host->reactor);
	snafu_languages_free(host->languages);
	snafu_recorder_free(host->recorder);
	snafu_metrics_free(host->metrics);
	snafu_host_close_pool(host);
	snafu_host_close_settings(host);
	snafu_host_close_environment(host);
	pthread_mutex_destroy(&host->variables_lock);
	pthread_mutex_destroy(&host->generation_lock);
	pthread_mutex_destroy(&host->lock);
	free(host);
}

/* Whether the file of FUNCTION was itself named on the command line. */
static bool is_named(const struct snafu_host *host, const struct snafu_function *function)
{
	for (size_t i = 0; i < host->options.n_paths; i++)
		if (strcmp(snafu_function_source(function), host->options.paths[i]) == 0)
			return true;
	return false;
}

static void report_result(const struct snafu_host *host, const struct snafu_function *function,
                          const struct snafu_result *result)
{
	struct snafu_buffer line = SNAFU_BUFFER(SNAFU_RESULT_ERROR_CAP);

	snafu_result_say_load(result, function->file, &line);
	snafu_host_report(host, SNAFU_ERROR, "%s", line.data ? line.data : "no memory");
	snafu_buffer_done(&line);
}

/* Gets the file of SERVICE ready. Interpreters of this process start on this thread,
 * whoever calls first. */
static void preload(struct snafu_host *host, struct snafu_service *service)
{
	const struct snafu_function *function = service->function;
	struct snafu_result result = {.payload = SNAFU_BUFFER(host->settings.result_size)};
	const struct snafu_open_executor *executor;
	const struct snafu_language *language;
	struct snafu_error error;
	void *state;

	int code =
		snafu_host_executor(host, atomic_load(&service->settings)->executor, &executor, &error);
	if (!code)
		code = snafu_host_executor_takes(executor, service, &error);
	if (!code && executor->executor->run && !executor->executor->elsewhere)
		code = snafu_languages_get(host->languages, function->language, &language, &state, &error);
	if (code)
		snafu_host_report(host, SNAFU_ERROR, "%s: %s", function->file, error.message);
	else if (is_named(host, function) &&
	         executor->executor->prepare(executor->state, service, &result))
		report_result(host, function, &result);
	snafu_result_done(&result);
}

void snafu_host_preload(struct snafu_host *host)
{
	struct snafu_generation *generation = snafu_host_generation(host);
	const char *file = NULL;

	for (size_t i = 0; i < generation->functions.count; i++) {
		const struct snafu_function *function = &generation->functions.functions[i];

		if (function->reason || (file && strcmp(function->file, file) == 0))
			continue;
		file = function->file;
		preload(host, generation->services[i]);
	}
	snafu_generation_unref(generation);
	snafu_languages_leave(host->languages);
}

struct snafu_crew *snafu_host_crew(struct snafu_host *host)
{
	return host->crew;
}

const struct snafu_settings *snafu_host_settings(const struct snafu_host *host)
{
	return &host->settings;
}

void snafu_host_write_metrics(struct snafu_host *host, struct snafu_buffer *into)
{
	struct snafu_buffer samples = SNAFU_BUFFER(into->cap);
	size_t n_executors = host->n_executors;

	snafu_metrics_write(host->metrics, into);
	snafu_recorder_write_metrics(host->recorder, into);
	if (host->queue)
		snafu_queue_write_metrics(host->queue, into);
	for (size_t i = 0; i < n_executors; i++) {
		const struct snafu_open_executor *open = &host->executors[i];

		if (open->executor && open->executor->write_metrics)
			open->executor->write_metrics(open->state, &samples);
	}
	snafu_metrics_write_grouped(&samples, into);
	snafu_buffer_done(&samples);
}

struct snafu_queue *snafu_host_queue(struct snafu_host *host)
{
	return host->queue;
}

int snafu_host_wake_fd(const struct snafu_host *host)
{
	return snafu_reactor_fd(host->reactor);
}
