/* exporter/connectors/cli.c — the interactive command line: a person types the
 * name of a function and its arguments. Also takes the same lines from a pipe.
 *
 * It has a thread of its own; calls run in the crew like everybody's, so that a
 * call that does not end can be left behind. Here are the connector and its loop;
 * cli_input.c reads the lines, cli_commands.c and cli_call.c do what they say. */
#include "exporter/connectors/cli.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "exporter/connectors/cli_input.h"
#include "exporter/show.h"
#include "runtime/settings/settings.h"

#define PROMPT "snafu> "

void cli_complain(const char *format, ...)
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
void cli_print(struct cli *cli, struct snafu_buffer *text)
{
	if (snafu_buffer_failed(text))
		cli_complain("no memory for all of the output");
	int code = snafu_write_all(cli->options.result_fd, text->data, text->size);
	if (code) {
		cli_complain("cannot write: %s", strerror(-code));
		cli->ended = true;
	}
	snafu_buffer_done(text);
}

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
	cli->asker = (struct snafu_asker){.read_line = ask_line, .say = ask_say, .state = cli};
	cli->pretty = isatty(options->result_fd);
	size_t line_cap = snafu_host_settings(options->host)->payload_size + CLI_LINE_SLACK;
	int code = cli_input_open(options->host, cli_command_names, line_cap, error);
	if (code) {
		free(cli);
		return code;
	}
	if (!options->quiet && cli_input_is_terminal())
		fprintf(stderr, "Type help for help; Ctrl-D or quit ends the program.\n");
	*ret_state = cli;
	return 0;
}

static void run_line(struct cli *cli, const char *line)
{
	cli->pool = snafu_host_pool_acquire(cli->options.host);
	cli_run_line(cli, line);
	snafu_host_pool_release(cli->pool);
	cli->pool = NULL;
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
			cli_complain("a line was longer than arguments may be and is left out");
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
