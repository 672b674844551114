/* exporter/connectors/cli.h — what the parts of the interactive command line share:
 * its state, its words to the user, calling (cli_call.c) and commands
 * (cli_commands.c). All of it belongs to the connector's own thread. */
#ifndef SNAFU_EXPORTER_CONNECTORS_CLI_H
#define SNAFU_EXPORTER_CONNECTORS_CLI_H

#include <stdbool.h>

#include "base/buffer.h"
#include "exporter/ask.h"
#include "exporter/connector.h"

struct snafu_pool;

#define CLI_TEXT_CAP   (64u << 20) /* bytes of a listing or a result made pretty */
#define CLI_LINE_SLACK 4096 /* bytes of a line beside the arguments */

struct cli {
	struct snafu_connector_options options;
	const struct snafu_pool *pool; /* while a line is run */
	struct snafu_asker asker;
	bool ended; /* leave the loop */
	bool stopped; /* ...because of stop(): somebody else ends the program */
	bool pretty;
};

/* A line on stderr, with what would steer a terminal made visible. */
void cli_complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Writes TEXT to where results go, and frees it. What cannot be written ends the
 * loop. */
void cli_print(struct cli *cli, struct snafu_buffer *text);

/* Calls the function that NAME, or a tail of an id, says, with the arguments in REST,
 * and shows what comes of it. */
void cli_call(struct cli *cli, const char *name, const char *rest);

/* Takes a line: a command, or a call. */
void cli_run_line(struct cli *cli, const char *line);

/* What the lines may begin with besides functions; NULL-terminated, lives on. */
extern const char *const cli_command_names[];

#endif
