/* exporter/connectors/cli_input.h — where the command line gets its lines from: a
 * person at a terminal (GNU readline, with completion and history), or a pipe.
 *
 * Readline's state is global, so there is one input a process. All but the two
 * functions at the end belong to the one thread that reads. */
#ifndef SNAFU_EXPORTER_CONNECTORS_CLI_INPUT_H
#define SNAFU_EXPORTER_CONNECTORS_CLI_INPUT_H

#include <stdbool.h>
#include <stddef.h>

struct snafu_error;
struct snafu_host;

#define CLI_HISTORY_CAP     1000 /* lines kept */
#define CLI_COMPLETIONS_CAP 200 /* names that one Tab shows */

enum cli_event {
	CLI_LINE,
	CLI_END, /* Ctrl-D, the end of the pipe, the terminal is gone */
	CLI_CANCELLED, /* Ctrl-C */
	CLI_STOPPED, /* cli_input_stop() */
	CLI_TOO_LONG, /* a line of a pipe over the cap; it was passed over */
	CLI_WOKEN, /* cli_input_wake(), for cli_input_wait() only */
};

/* Takes over SIGINT when standard input is a terminal. COMMANDS (NULL-terminated)
 * and the names of HOST's functions are completed; both must live on. */
int cli_input_open(struct snafu_host *host, const char *const *commands, size_t line_cap,
                   struct snafu_error *error);
void cli_input_close(void);

bool cli_input_is_terminal(void);

/* Reads a line: malloc'ed, the caller frees; only with CLI_LINE. Lines that answer a
 * QUESTION are neither completed nor remembered. No prompt without a terminal. */
enum cli_event cli_input_read(const char *prompt, bool question, char **ret_line);

/* Waits, while a call runs, for anything but a line. */
enum cli_event cli_input_wait(void);

/* Any thread, async-signal-safe. */
void cli_input_wake(void);
void cli_input_stop(void);

#endif
