/* programs/execute.c — see execute.h. */
#include "programs/execute.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/file.h"
#include "exporter/ask.h"
#include "exporter/given.h"
#include "exporter/show.h"
#include "runtime/host.h"
#include "runtime/pool.h"
#include "runtime/settings/settings.h"

#define ERROR_TEXT_CAP (256u << 10)
#define READ_SIZE      (64u << 10)

struct execution {
	const struct execute_options *options;
	struct snafu_host *host;
	const struct snafu_pool *pool;
	const struct snafu_function *function;
	struct snafu_overloads overloads;
	struct snafu_given given;
	struct snafu_buffer json; /* what came on standard input */
	bool stdin_wanted; /* -a - */
};

static int find(struct execution *execution, struct snafu_error *error)
{
	const struct snafu_pool *pool = execution->pool;
	const struct snafu_function *all[SNAFU_OVERLOADS_CAP];
	const struct snafu_function *function;
	int code =
		snafu_host_meant(execution->host, pool, execution->options->function, &function, error);

	if (code)
		return code;
	if (function->reason)
		return snafu_fail(error, -ENOEXEC, "%s cannot be called: %s", function->id,
		                  function->reason);
	size_t count = snafu_pool_overloads(pool, function, all, SNAFU_OVERLOADS_CAP);
	for (size_t i = 0; i < count && i < SNAFU_OVERLOADS_CAP; i++)
		if (!all[i]->reason)
			execution->overloads.entries[execution->overloads.count++] = all[i];
	execution->function = function;
	return 0;
}

static int take_arguments(struct execution *execution, struct snafu_error *error)
{
	for (size_t i = 0; i < execution->options->n_arguments; i++) {
		const char *word = execution->options->arguments[i];

		if (strcmp(word, "-") == 0) {
			execution->stdin_wanted = true;
			continue;
		}
		int code = snafu_given_add_word(&execution->given, word, error);
		if (code)
			return code;
	}
	return 0;
}

/* ---- standard input ------------------------------------------------------------ */

static bool satisfied(const struct execution *execution, const struct snafu_function *function)
{
	for (size_t i = 0; i < function->n_parameters; i++)
		if (snafu_parameter_required(&function->parameters[i]) &&
		    !snafu_given_has(&execution->given, function, i))
			return false;
	return true;
}

/* Whether standard input is to be read; RET_IMPATIENT: it must not be waited for. */
static bool reads_stdin(const struct execution *execution, bool *ret_impatient)
{
	bool complete = false, takes_any = false;

	for (size_t i = 0; i < execution->overloads.count; i++) {
		const struct snafu_function *function = execution->overloads.entries[i];

		complete |= satisfied(execution, function);
		takes_any |= function->n_parameters > 0 || function->kind == SNAFU_METHOD;
	}
	*ret_impatient = complete && !execution->stdin_wanted;
	return execution->stdin_wanted || !complete || (takes_any && !execution->given.count);
}

static bool something_comes(void)
{
	struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};

	return poll(&input, 1, EXECUTE_STDIN_PATIENCE_MS) > 0;
}

static int read_stdin(struct execution *execution, struct snafu_error *error)
{
	struct snafu_buffer *json = &execution->json;
	size_t cap = json->cap;
	bool blank = true;

	for (;;) {
		char *at =
			snafu_buffer_reserve(json, cap - json->size < READ_SIZE ? cap - json->size : READ_SIZE);
		if (!at)
			return snafu_fail(error, -ENOMEM, "no memory for standard input");
		size_t room = cap - json->size < READ_SIZE ? cap - json->size : READ_SIZE;
		ssize_t got = room ? read(STDIN_FILENO, at, room) : 0;
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0 && errno != EBADF)
			return snafu_fail_errno(error, -errno, "cannot read standard input");
		if (room == 0)
			return snafu_fail(error, -EMSGSIZE,
			                  "the arguments on standard input take more than %zu bytes "
			                  "([limits] payload-size in snafu.ini)",
			                  cap - 1);
		if (got <= 0)
			break;
		json->size += (size_t)got;
	}
	for (size_t i = 0; i < json->size && blank; i++)
		blank = strchr(" \t\r\n", json->data[i]) && json->data[i];
	if (blank)
		snafu_buffer_clear(json);
	return 0;
}

/* ---- questions ----------------------------------------------------------------- */

static int read_answer(void *state, const char *prompt, char **ret_line)
{
	char *line = NULL;
	size_t capacity = 0;

	(void)state;
	fputs(prompt, stderr);
	fflush(stderr);
	ssize_t size = getline(&line, &capacity, stdin);
	if (size < 0) {
		free(line);
		fputc('\n', stderr);
		return -ECANCELED;
	}
	if (size > 0 && line[size - 1] == '\n')
		line[size - 1] = '\0';
	*ret_line = line;
	return 0;
}

static void say(void *state, const char *line)
{
	(void)state;
	fprintf(stderr, "%s\n", line);
}

static int complete(struct execution *execution, struct snafu_error *error)
{
	const struct snafu_asker asker = {.read_line = read_answer, .say = say};
	bool impatient;

	if (isatty(STDIN_FILENO))
		return snafu_ask(&asker, &execution->overloads, &execution->given, error);
	if (!reads_stdin(execution, &impatient))
		return 0;
	if (impatient && !something_comes()) {
		if (!execution->options->quiet)
			fprintf(stderr, "snafu: nothing came on standard input: going on without it "
			                "('-a -' waits for it)\n");
		return 0;
	}
	return read_stdin(execution, error);
}

/* ---- the call ------------------------------------------------------------------ */

static int print_result(const struct execution *execution, struct snafu_call *call,
                        struct snafu_error *error)
{
	struct snafu_buffer *payload = &call->result.payload;

	if (call->result.status == SNAFU_OK) {
		payload->cap++;
		int code = snafu_buffer_append_byte(payload, '\n');

		if (!code)
			code = snafu_write_all(execution->options->result_fd, payload->data, payload->size);
		return code ? snafu_fail_errno(error, code, "cannot write the result") : 0;
	}
	struct snafu_buffer text = SNAFU_BUFFER(ERROR_TEXT_CAP);
	snafu_show_error(payload->data ? payload->data : "", payload->size, execution->options->verbose,
	                 &text);
	fprintf(stderr, "snafu: %s\n", text.data ? text.data : snafu_status_name(call->result.status));
	snafu_buffer_done(&text);
	return snafu_fail(error, -EIO, "%s", "");
}

static int call(struct execution *execution, struct snafu_error *error)
{
	const struct snafu_settings *settings = snafu_host_settings(execution->host);
	struct snafu_buffer payload = SNAFU_BUFFER(settings->payload_size + 1);
	struct snafu_call one = {.function = execution->function->id, .trigger = "cli"};
	struct timespec begin, end;

	int code = snafu_given_payload(&execution->given, &execution->overloads, execution->json.data,
	                               execution->json.size, &payload, error);
	if (code) {
		snafu_buffer_done(&payload);
		return code;
	}
	one.payload_size = payload.size;
	one.payload = payload.size ? snafu_buffer_take(&payload) : NULL;
	snafu_buffer_done(&payload);
	clock_gettime(CLOCK_MONOTONIC, &begin);
	snafu_host_call(execution->host, &one);
	clock_gettime(CLOCK_MONOTONIC, &end);
	code = print_result(execution, &one, error);
	if (execution->options->verbose)
		fprintf(stderr, "snafu: %s took %.3f ms\n", execution->function->id,
		        (double)(end.tv_sec - begin.tv_sec) * 1e3 +
		            (double)(end.tv_nsec - begin.tv_nsec) / 1e6);
	snafu_result_done(&one.result);
	return code;
}

int execute(struct snafu_host *host, const struct execute_options *options)
{
	size_t cap = snafu_host_settings(host)->payload_size + 1;
	struct execution execution = {
		.options = options,
		.host = host,
		.pool = snafu_host_pool_acquire(host),
		.json = SNAFU_BUFFER(cap),
	};
	struct snafu_error error = {0};
	int code = take_arguments(&execution, &error), status = code ? 2 : 1;

	if (!code)
		code = find(&execution, &error);
	if (!code)
		code = complete(&execution, &error);
	if (!code)
		code = call(&execution, &error);
	if (!code)
		status = 0;
	else if (error.message[0])
		fprintf(stderr, "snafu: %s\n", error.message);
	snafu_given_done(&execution.given);
	snafu_buffer_done(&execution.json);
	snafu_host_pool_release(execution.pool);
	return status;
}
