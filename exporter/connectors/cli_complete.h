/* exporter/connectors/cli_complete.h — what the Tab key offers: commands, functions
 * by any tail of their ids, and the names of their parameters. For readline. */
#ifndef SNAFU_EXPORTER_CONNECTORS_CLI_COMPLETE_H
#define SNAFU_EXPORTER_CONNECTORS_CLI_COMPLETE_H

struct snafu_host;

/* Where the names come from; both must live on. */
void cli_complete_from(struct snafu_host *host, const char *const *commands);

/* Of the type of rl_attempted_completion_function. */
char **cli_complete(const char *text, int start, int end);
char **cli_complete_nothing(const char *text, int start, int end);

#endif
