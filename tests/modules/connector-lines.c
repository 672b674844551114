/* tests/modules/connector-lines.c — a door that somebody else might write: each line of
 * standard input is a function's name and its arguments as JSON; each result is a line. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exporter/connector.h"

struct state {
	struct snafu_host *host;
	int result_fd;
};

static int start(const struct snafu_connector_options *options, void **ret_state,
                 struct snafu_error *error)
{
	struct state *state = calloc(1, sizeof *state);

	(void)error;
	if (!state)
		return -12;
	*state = (struct state){options->host, options->result_fd};
	*ret_state = state;
	return 0;
}

static bool run(void *opaque)
{
	struct state *state = opaque;
	char *line = NULL;
	size_t capacity = 0;
	ssize_t size;

	while ((size = getline(&line, &capacity, stdin)) > 0) {
		line[size - 1] = '\0';
		char *blank = strchr(line, ' ');
		struct snafu_call call = {.function = line};

		if (blank) {
			*blank = '\0';
			call.payload = strdup(blank + 1);
			call.payload_size = strlen(blank + 1);
		}
		snafu_host_call(state->host, &call);
		dprintf(state->result_fd, "%s %.*s\n", snafu_status_name(call.result.status),
		        (int)call.result.payload.size, call.result.payload.data);
		snafu_buffer_done(&call.result.payload);
	}
	free(line);
	return true;
}

static void stop(void *state)
{
	(void)state;
}

extern const struct snafu_connector snafu_connector;
const struct snafu_connector snafu_connector = {
	.version = SNAFU_CONNECTOR_VERSION,
	.name = "lines",
	.open = start,
	.run = run,
	.stop = stop,
	.close = free,
};
