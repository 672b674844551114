/* exporter/connectors/cli.c — the interactive command line: a person types the
 * name of a function and its arguments. Also takes the same lines from a pipe.
 *
 * It has a thread of its own; calls run in the crew like everybody's, so that a
 * call that does not end can be left behind. Commands are a table; to add one,
 * add a line. */
#include <errno.h>
#include <fnmatch.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/json.h"
#include "exporter/ask.h"
#include "exporter/connector.h"
#include "exporter/connectors/cli_input.h"
#include "exporter/given.h"
#include "exporter/show.h"
#include "runtime/pool.h"
#include "runtime/settings.h"

#define TEXT_CAP        (64u << 20) /* bytes of a listing or a result made pretty */
#define PROMPT          "snafu> "
#define LINE_SLACK      4096        /* bytes of a line beside the arguments */
#define DOC_COLUMNS_CAP 100         /* of a doc line in a list */

struct cli {
	struct snafu_connector_options options;
	const struct snafu_pool *pool;
	struct snafu_asker asker;
	bool ended;   /* leave the loop */
	bool stopped; /* ...because of stop(): somebody else ends the program */
	bool pretty;
};

struct command {
	const char *name, *usage, *text;
	void (*run)(struct cli *cli, const char *rest);
};

static const struct command commands[];

/* ---- output -------------------------------------------------------------------- */

static void complain(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void complain(const char *format, ...)
{
	char line[SNAFU_ERROR_MESSAGE_CAP + 256];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(line, sizeof line, format, arguments);
	va_end(arguments);
	snafu_show_tame(line, strlen(line));
	fprintf(stderr, "%s\n", line);
}

/* Writes and frees TEXT. */
static void print(struct cli *cli, struct snafu_buffer *text)
{
	const char *at = text->data;
	size_t left = text->size;

	if (snafu_buffer_failed(text))
		complain("no memory for all of the output");
	while (left) {
		ssize_t written = write(cli->options.result_fd, at, left);

		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0) {
			complain("cannot write: %s", strerror(errno));
			cli->ended = true;
			break;
		}
		at += written;
		left -= (size_t)written;
	}
	snafu_buffer_done(text);
}

/* ---- finding ------------------------------------------------------------------- */

/* The callable overloads of NAME, having complained when there are none. */
static bool find(struct cli *cli, const char *name, struct snafu_overloads *ret_overloads)
{
	const struct snafu_function *function, *all[SNAFU_OVERLOADS_CAP];
	struct snafu_error error;

	ret_overloads->count = 0;
	if (snafu_pool_find(cli->pool, name, &function, &error)) {
		complain("%s", error.message);
		return false;
	}
	if (function->reason) {
		complain("%s cannot be called: %s", function->id, function->reason);
		return false;
	}
	size_t count = snafu_pool_overloads(cli->pool, function, all, SNAFU_OVERLOADS_CAP);
	for (size_t i = 0; i < count && i < SNAFU_OVERLOADS_CAP; i++)
		if (!all[i]->reason)
			ret_overloads->entries[ret_overloads->count++] = all[i];
	return true;
}

/* ---- calling ------------------------------------------------------------------- */

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
	struct snafu_buffer text = SNAFU_BUFFER(TEXT_CAP);

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
	print(cli, &text);
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
	snafu_buffer_done(&one.result.payload);
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

static void call_by_name(struct cli *cli, const char *name, const char *rest)
{
	size_t cap = snafu_host_settings(cli->options.host)->payload_size + LINE_SLACK;
	struct snafu_buffer payload = SNAFU_BUFFER(cap);
	struct snafu_error error = {0};
	struct snafu_overloads overloads;

	if (!find(cli, name, &overloads)) {
		if (strchr(name, '('))
			complain("arguments stand behind the name, without brackets: fib 10");
		return;
	}
	const struct snafu_function *function = overloads.entries[0];
	int code = gather(cli, &overloads, rest, &payload, &error);
	if (!code) {
		call(cli, function, &payload);
	} else {
		snafu_buffer_done(&payload);
		if (code != -ECANCELED)
			complain("%s", error.message);
	}
}

/* ---- commands ------------------------------------------------------------------ */

static const char *skip_space(const char *at)
{
	return at + strspn(at, " \t\r");
}

/* The first word of *LINE, malloc'ed, and *LINE behind it. */
static char *take_word(const char **line)
{
	size_t size = strcspn(*line, " \t\r");
	char *word = strndup(*line, size);

	*line = skip_space(*line + size);
	return word;
}

static void run_call(struct cli *cli, const char *rest)
{
	char *name = take_word(&rest);

	if (name && *name)
		call_by_name(cli, name, rest);
	else
		complain("call what?");
	free(name);
}

static void append_indented(struct snafu_buffer *text, const char *lines)
{
	while (*lines) {
		size_t size = strcspn(lines, "\n");

		snafu_buffer_format(text, "    %.*s\n", (int)size, lines);
		lines += size + (lines[size] == '\n');
	}
}

static void describe(const struct snafu_function *function, struct snafu_buffer *text)
{
	size_t before = text->size;

	snafu_function_signature(function, text);
	snafu_buffer_format(text, "\n    %s, %s %s", function->id, function->language,
	                    snafu_function_kind_name(function->kind));
	if (function->line)
		snafu_buffer_format(text, ", %s:%u\n", function->file, function->line);
	else
		snafu_buffer_format(text, ", %s\n", function->file);
	if (function->reason)
		snafu_buffer_format(text, "    cannot be called: %s\n", function->reason);
	if (function->doc && *function->doc) {
		snafu_buffer_append_byte(text, '\n');
		append_indented(text, function->doc);
	}
	for (size_t i = 0; i < function->n_parameters; i++)
		if (function->parameters[i].doc && *function->parameters[i].doc)
			snafu_buffer_format(text, "%s    %s: %s\n", i ? "" : "\n",
			                    function->parameters[i].name, function->parameters[i].doc);
	if (text->data)
		snafu_show_tame(text->data + before, text->size - before);
}

static void help_function(struct cli *cli, const char *name)
{
	const struct snafu_function *function, *all[SNAFU_OVERLOADS_CAP];
	struct snafu_buffer text = SNAFU_BUFFER(TEXT_CAP);
	struct snafu_error error;

	if (snafu_pool_find(cli->pool, name, &function, &error)) {
		complain("%s", error.message);
		return;
	}
	size_t count = snafu_pool_overloads(cli->pool, function, all, SNAFU_OVERLOADS_CAP);
	for (size_t i = 0; i < count && i < SNAFU_OVERLOADS_CAP; i++) {
		if (i)
			snafu_buffer_append_byte(&text, '\n');
		describe(all[i], &text);
	}
	print(cli, &text);
}

static void run_help(struct cli *cli, const char *rest)
{
	struct snafu_buffer text = SNAFU_BUFFER(TEXT_CAP);
	char *name = take_word(&rest);

	if (name && *name) {
		help_function(cli, name);
	} else {
		for (const struct command *command = commands; command->name; command++)
			snafu_buffer_format(&text, "%-20s %s\n", command->usage, command->text);
		snafu_buffer_append_text(&text,
		                         "NAME [ARGUMENT]...   call a function: fib 10, fib n=10, fib "
		                         "{\"n\": 10};\n"
		                         "                     fib alone asks for each argument\n"
		                         "Tab completes, Ctrl-C gives up a line or a call, Ctrl-D ends.\n");
		print(cli, &text);
	}
	free(name);
}

static bool matches(const struct snafu_function *function, const char *pattern)
{
	if (!*pattern)
		return true;
	if (strpbrk(pattern, "*?["))
		return fnmatch(pattern, function->id, FNM_CASEFOLD) == 0 ||
		       fnmatch(pattern, function->name, FNM_CASEFOLD) == 0;
	return strcasestr(function->id, pattern) != NULL;
}

static void run_list(struct cli *cli, const char *rest)
{
	const struct snafu_functions *functions = snafu_pool_functions(cli->pool);
	struct snafu_buffer text = SNAFU_BUFFER(TEXT_CAP);
	char *pattern = take_word(&rest);
	size_t shown = 0;

	for (size_t i = 0; pattern && i < functions->count; i++) {
		const struct snafu_function *function = &functions->functions[i];
		const char *doc = function->doc ? function->doc : "";
		size_t before = text.size;

		if (function->reason || !matches(function, pattern))
			continue;
		snafu_buffer_format(&text, "%s  ", function->id);
		snafu_function_signature(function, &text);
		if (*doc)
			snafu_buffer_format(&text, "  # %.*s", (int)strcspn(doc, "\n"), doc);
		for (size_t at = before; text.data && at < text.size; at++)
			if (text.data[at] == '\n')
				text.data[at] = ' ';
		if (text.data)
			snafu_show_tame(text.data + before, text.size - before);
		snafu_buffer_append_byte(&text, '\n');
		shown++;
	}
	if (!shown)
		complain("no function matches '%s'", pattern ? pattern : "");
	print(cli, &text);
	free(pattern);
}

static void run_quit(struct cli *cli, const char *rest)
{
	(void)rest;
	cli->ended = true;
}

static const struct command commands[] = {
	{"help", "help [NAME]", "this, or a function's signature and doc (also: ? NAME)", run_help},
	{"?", "? [NAME]", "the same", run_help},
	{"list", "list [PATTERN]", "the functions whose id has PATTERN in it, or matches it", run_list},
	{"call", "call NAME ...", "for functions that are named like a command", run_call},
	{"quit", "quit", "end the program", run_quit},
	{"exit", "exit", "the same", run_quit},
	{0},
};
static const char *const command_names[] = {"help", "?", "list", "call", "quit", "exit", NULL};

static void run_line(struct cli *cli, const char *line)
{
	const char *rest = skip_space(line);

	if (!*rest || *rest == '#')
		return;
	if (*rest == '?' && rest[1] && !strchr(" \t", rest[1])) { /* ?name */
		run_help(cli, rest + 1);
		return;
	}
	char *word = take_word(&rest);
	const struct command *command = commands;
	while (word && command->name && strcmp(command->name, word) != 0)
		command++;
	if (word && command->name)
		command->run(cli, rest);
	else if (word)
		call_by_name(cli, word, rest);
	free(word);
}

/* ---- the connector ------------------------------------------------------------- */

/* Notes what ends the loop. */
static void take_event(struct cli *cli, enum cli_event event)
{
	cli->stopped |= event == CLI_STOPPED;
	cli->ended |= event == CLI_STOPPED || event == CLI_END;
}

static int ask_line(void *state, const char *prompt, char **ret_line)
{
	enum cli_event event = cli_input_read(prompt, true, ret_line);

	/* Ctrl-D at a question gives up the question, not the program. */
	if (event == CLI_STOPPED)
		take_event(state, event);
	return event == CLI_LINE ? 0 : -ECANCELED;
}

static void ask_say(void *state, const char *line)
{
	(void)state;
	fprintf(stderr, "%s\n", line);
}

static int start(const struct snafu_connector_options *options, void **ret_state,
                 struct snafu_error *error)
{
	struct cli *cli = calloc(1, sizeof *cli);

	if (!cli)
		return snafu_fail(error, -ENOMEM, "no memory");
	cli->options = *options;
	cli->pool = snafu_host_pool(options->host);
	cli->asker = (struct snafu_asker){.read_line = ask_line, .say = ask_say, .state = cli};
	cli->pretty = isatty(options->result_fd);
	int code = cli_input_open(cli->pool, command_names,
	                          snafu_host_settings(options->host)->payload_size + LINE_SLACK, error);
	if (code) {
		free(cli);
		return code;
	}
	if (!options->quiet && cli_input_is_terminal())
		fprintf(stderr, "Type help for help; Ctrl-D or quit ends the program.\n");
	*ret_state = cli;
	return 0;
}

static bool run(void *state)
{
	struct cli *cli = state;

	while (!cli->ended) {
		char *line = NULL;
		enum cli_event event = cli_input_read(PROMPT, false, &line);

		if (event == CLI_LINE)
			run_line(cli, line);
		else if (event == CLI_TOO_LONG)
			complain("a line was longer than arguments may be and is left out");
		else
			take_event(cli, event);
		free(line);
	}
	return !cli->stopped;
}

static void stop(void *state)
{
	(void)state;
	cli_input_stop();
}

static void finish(void *state)
{
	cli_input_close();
	free(state);
}

extern const struct snafu_connector snafu_connector;
const struct snafu_connector snafu_connector = {
	.version = SNAFU_CONNECTOR_VERSION,
	.name = "cli",
	.open = start,
	.run = run,
	.stop = stop,
	.close = finish,
};
