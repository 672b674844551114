/* exporter/connectors/cli_call.c — a call that was typed: the function is found, its
 * arguments are gathered (asked for, if need be), and the result is shown. The call
 * itself runs in the crew; this thread waits, and gives it up at Ctrl-C. */
#include "exporter/connectors/cli.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/error.h"
#include "base/json.h"
#include "exporter/connectors/cli_input.h"
#include "exporter/given.h"
#include "exporter/show.h"
#include "runtime/pool.h"
#include "runtime/settings/settings.h"

/* The callable overloads of NAME, having complained when there are none. */
static bool find(struct cli *cli, const char *name, struct snafu_overloads *ret_overloads)
{
	const struct snafu_function *function, *all[SNAFU_OVERLOADS_CAP];
	struct snafu_error error;

	ret_overloads->count = 0;
	if (snafu_host_meant(cli->options.host, cli->pool, name, &function, &error)) {
		cli_complain("%s", error.message);
		return false;
	}
	if (function->reason) {
		cli_complain("%s cannot be called: %s", function->id, function->reason);
		return false;
	}
	size_t count = snafu_pool_overloads(cli->pool, function, all, SNAFU_OVERLOADS_CAP);
	for (size_t i = 0; i < count && i < SNAFU_OVERLOADS_CAP; i++)
		if (!all[i]->reason)
			ret_overloads->entries[ret_overloads->count++] = all[i];
	return true;
}

struct running {
	atomic_bool over;
};

static void on_finished(struct snafu_call *call)
{
	struct running *running = call->state;

	running->over = true;
	cli_input_wake();
}

static void show_result(struct cli *cli, const struct snafu_call *call)
{
	const struct snafu_buffer *payload = &call->result.payload;
	const char *json = payload->data ? payload->data : "";
	struct snafu_buffer text = SNAFU_BUFFER(CLI_TEXT_CAP);

	if (call->result.status != SNAFU_OK) {
		snafu_show_error(json, payload->size, cli->options.verbose, &text);
		fprintf(stderr, "%s\n", text.data ? text.data : snafu_status_name(call->result.status));
		snafu_buffer_done(&text);
		return;
	}
	if (cli->pretty)
		snafu_show_json(json, payload->size, &text);
	else
		snafu_buffer_append(&text, json, payload->size);
	snafu_buffer_append_byte(&text, '\n');
	cli_print(cli, &text);
}

/* Runs the call in the crew and waits. Takes PAYLOAD's bytes. */
static void call(struct cli *cli, const struct snafu_function *function,
                 struct snafu_buffer *payload)
{
	struct running running = {.over = false};
	struct snafu_call one = {
		.function = function->id,
		.payload_size = payload->size,
		.finished = on_finished,
		.state = &running,
	};
	struct timespec begin, end;

	one.payload = one.payload_size ? snafu_buffer_take(payload) : NULL;
	snafu_buffer_done(payload);
	clock_gettime(CLOCK_MONOTONIC, &begin);
	snafu_host_submit(cli->options.host, &one);
	while (!running.over)
		if (cli_input_wait() == CLI_CANCELLED && !running.over &&
		    snafu_host_cancel(cli->options.host, &one))
			fputc('\n', stderr);
	clock_gettime(CLOCK_MONOTONIC, &end);
	show_result(cli, &one);
	if (cli->options.verbose)
		fprintf(stderr, "(%.3f ms)\n",
		        (double)(end.tv_sec - begin.tv_sec) * 1e3 +
		            (double)(end.tv_nsec - begin.tv_nsec) / 1e6);
	snafu_result_done(&one.result);
}

/* Whether FUNCTION has a parameter of that name or takes any. */
static bool has_parameter(const struct snafu_function *function,
                          const struct snafu_json_value *name)
{
	for (size_t i = 0; i < function->n_parameters; i++)
		if (function->parameters[i].kind == SNAFU_PARAMETER_KEYWORDS ||
		    snafu_json_equals(name, function->parameters[i].name))
			return true;
	return snafu_json_equals(name, "self") || snafu_json_equals(name, "this");
}

/* A lone {...} holds the arguments by name, unless the function takes an object
 * first and none of the names is a parameter's. */
static bool is_payload(const struct snafu_function *function, const char *json)
{
	struct snafu_json_reader reader;
	struct snafu_json_value key, value;
	bool known = false;
	size_t count = 0;

	if (!function->n_parameters || (function->parameters[0].shape->kind != SNAFU_SHAPE_OBJECT &&
	                                function->parameters[0].shape->kind != SNAFU_SHAPE_MAP))
		return true;
	snafu_json_begin(&reader, json, strlen(json));
	if (snafu_json_read(&reader, &value, NULL))
		return true;
	for (; snafu_json_next_member(&reader, &key, &value, NULL) > 0; count++) {
		known |= has_parameter(function, &key);
		if (snafu_json_skip(&reader, &value, NULL))
			return true;
	}
	return known || !count;
}

/* Makes the payload out of what stands behind the name. */
static int gather(struct cli *cli, struct snafu_overloads *overloads, const char *rest,
                  struct snafu_buffer *payload, struct snafu_error *error)
{
	struct snafu_given given = {0};
	bool object = rest[0] == '{';
	int code = object ? snafu_json_validate(rest, strlen(rest), error) : 0;

	if (!code && object && is_payload(overloads->entries[0], rest))
		return snafu_buffer_append_text(payload, rest);
	if (!code)
		code = snafu_given_add_line(&given, overloads, rest, error);
	if (!code && !*rest && cli_input_is_terminal())
		code = snafu_ask(&cli->asker, overloads, &given, error);
	if (!code)
		code = snafu_given_payload(&given, overloads, NULL, 0, payload, error);
	snafu_given_done(&given);
	return code;
}

void cli_call(struct cli *cli, const char *name, const char *rest)
{
	size_t cap = snafu_host_settings(cli->options.host)->payload_size + CLI_LINE_SLACK;
	struct snafu_buffer payload = SNAFU_BUFFER(cap);
	struct snafu_error error = {0};
	struct snafu_overloads overloads;

	if (!find(cli, name, &overloads)) {
		if (strchr(name, '('))
			cli_complain("arguments stand behind the name, without brackets: fib 10");
		return;
	}
	const struct snafu_function *function = overloads.entries[0];
	int code = gather(cli, &overloads, rest, &payload, &error);
	if (!code) {
		call(cli, function, &payload);
	} else {
		snafu_buffer_done(&payload);
		if (code != -ECANCELED)
			cli_complain("%s", error.message);
	}
}
