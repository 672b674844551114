/* exporter/connectors/cli_input.c — see cli_input.h.
 *
 * Readline's callback interface leaves the waiting to us, so that a stop from
 * another thread ends it. Its own signal handlers stay off: Ctrl-C is a flag and
 * a wake-up here, for the line as for a running call. */
#include "exporter/connectors/cli_input.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <readline/history.h>
#include <readline/readline.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/file.h"
#include "exporter/connectors/cli_complete.h"

#define READ_SIZE (64u << 10)

static struct {
	bool terminal;
	int wake_fd; /* eventfd */
	atomic_bool interrupted, stopped;
	struct sigaction old_interrupt;
	char *history_path; /* NULL: none is kept */
	/* The terminal's line, from readline's callback. */
	char *line;
	bool have_line;
	/* The pipe. */
	struct snafu_buffer pending;
	size_t taken; /* bytes of `pending` that were lines already */
	bool at_end, skipping;
	size_t line_cap;
} input = {.wake_fd = -1};

void cli_input_wake(void)
{
	uint64_t one = 1;
	int saved = errno;

	if (write(input.wake_fd, &one, sizeof one) < 0)
		errno = saved; /* it is full: the reader wakes up anyway */
}

void cli_input_stop(void)
{
	input.stopped = true;
	cli_input_wake();
}

static void on_interrupt(int number)
{
	(void)number;
	input.interrupted = true;
	cli_input_wake();
}

/* Whether Ctrl-C was pressed since the last look. */
static bool take_interrupt(void)
{
	return atomic_exchange(&input.interrupted, false);
}

bool cli_input_is_terminal(void)
{
	return input.terminal;
}

/* ---- history ------------------------------------------------------------------- */

/* $XDG_STATE_HOME/snafu/history, or NULL where there is no home. */
static char *history_file(void)
{
	const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
	char *folder = NULL, *path = NULL;

	if (state && state[0] == '/')
		folder = snafu_path_join(state, "snafu");
	else if (home && home[0] == '/')
		folder = snafu_path_join(home, ".local/state/snafu");
	if (folder && snafu_directory_make(folder, NULL) == 0)
		path = snafu_path_join(folder, "history");
	free(folder);
	return path;
}

static void open_history(void)
{
	using_history();
	stifle_history(CLI_HISTORY_CAP);
	input.history_path = history_file();
	if (!input.history_path)
		return;
	/* Made here, so that it is private from the start. */
	int fd = open(input.history_path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0 || fchmod(fd, 0600) < 0 || read_history(input.history_path)) {
		free(input.history_path);
		input.history_path = NULL;
	}
	if (fd >= 0)
		close(fd);
}

/* Every line is written at once, so that none is lost and two sessions do not
 * overwrite each other. A line that begins with a space is not remembered. */
static void remember(const char *line)
{
	HIST_ENTRY *last = history_length ? history_get(history_base + history_length - 1) : NULL;

	if (!*line || *line == ' ' || (last && strcmp(last->line, line) == 0))
		return;
	add_history(line);
	if (input.history_path)
		append_history(1, input.history_path);
}

/* ---- the terminal -------------------------------------------------------------- */

static void on_line(char *line)
{
	/* At once, so that the terminal is as it was while the call runs. */
	rl_callback_handler_remove();
	input.line = line;
	input.have_line = true;
}

static enum cli_event give_up_line(enum cli_event event)
{
	rl_free_line_state();
	rl_callback_sigcleanup();
	rl_replace_line("", 0);
	fputs(event == CLI_CANCELLED ? "^C\n" : "\n", rl_outstream);
	fflush(rl_outstream);
	rl_callback_handler_remove();
	return event;
}

static void drain_wake(void)
{
	uint64_t count;

	while (read(input.wake_fd, &count, sizeof count) > 0)
		;
}

static enum cli_event read_terminal(const char *prompt, bool question, char **ret_line)
{
	rl_attempted_completion_function = question ? cli_complete_nothing : cli_complete;
	input.have_line = false;
	rl_callback_handler_install(prompt, on_line);
	while (!input.have_line) {
		struct pollfd polled[] = {
			{.fd = STDIN_FILENO, .events = POLLIN},
			{.fd = input.wake_fd, .events = POLLIN},
		};

		if (input.stopped)
			return give_up_line(CLI_STOPPED);
		if (take_interrupt())
			return give_up_line(CLI_CANCELLED);
		if (poll(polled, 2, -1) < 0)
			continue;
		if (polled[1].revents)
			drain_wake();
		else if (polled[0].revents)
			rl_callback_read_char();
	}
	if (!input.line) {
		fputc('\n', rl_outstream);
		fflush(rl_outstream);
		return CLI_END;
	}
	if (!question)
		remember(input.line);
	*ret_line = input.line;
	return CLI_LINE;
}

/* ---- the pipe ------------------------------------------------------------------ */

/* The next line of what was read, or NULL; RET_EVENT says what became of it. */
static char *pending_line(enum cli_event *ret_event)
{
	struct snafu_buffer *pending = &input.pending;
	char *begin = pending->data ? pending->data + input.taken : NULL;
	size_t left = pending->size - input.taken;
	char *newline = left ? memchr(begin, '\n', left) : NULL;
	bool whole = newline || (input.at_end && left);
	bool too_long = input.skipping || (newline ? (size_t)(newline - begin) : left) > input.line_cap;

	if (too_long && !whole) { /* forget it and go on to its end */
		snafu_buffer_clear(pending);
		input.taken = 0;
		input.skipping = true;
	}
	if (!whole)
		return NULL;
	size_t size = newline ? (size_t)(newline - begin) : left;
	input.taken += size + (newline != NULL);
	input.skipping = false;
	*ret_event = too_long ? CLI_TOO_LONG : CLI_LINE;
	return too_long ? NULL : strndup(begin, size);
}

static void read_more(void)
{
	struct snafu_buffer *pending = &input.pending;

	if (input.taken) {
		memmove(pending->data, pending->data + input.taken, pending->size - input.taken);
		pending->size -= input.taken;
		input.taken = 0;
	}
	char *at = snafu_buffer_reserve(pending, READ_SIZE);
	ssize_t got = at ? read(STDIN_FILENO, at, READ_SIZE) : 0;
	if (got > 0)
		pending->size += (size_t)got;
	else if (got == 0 || (errno != EINTR && errno != EAGAIN))
		input.at_end = true;
}

static enum cli_event read_pipe(char **ret_line)
{
	for (;;) {
		struct pollfd polled[] = {
			{.fd = STDIN_FILENO, .events = POLLIN},
			{.fd = input.wake_fd, .events = POLLIN},
		};
		enum cli_event event = CLI_END;

		if (input.stopped)
			return CLI_STOPPED;
		*ret_line = pending_line(&event);
		if (event != CLI_END)
			return event == CLI_LINE && !*ret_line ? CLI_END : event;
		if (input.at_end)
			return CLI_END;
		if (poll(polled, 2, -1) < 0)
			continue;
		if (polled[1].revents)
			drain_wake();
		else if (polled[0].revents)
			read_more();
	}
}

/* ---- the door's side ------------------------------------------------------------- */

enum cli_event cli_input_read(const char *prompt, bool question, char **ret_line)
{
	return input.terminal ? read_terminal(prompt, question, ret_line) : read_pipe(ret_line);
}

enum cli_event cli_input_wait(void)
{
	struct pollfd polled = {.fd = input.wake_fd, .events = POLLIN};

	if (poll(&polled, 1, -1) > 0)
		drain_wake();
	return take_interrupt() ? CLI_CANCELLED : CLI_WOKEN;
}

static void open_terminal(void)
{
	struct sigaction action = {.sa_handler = on_interrupt, .sa_flags = SA_RESTART};

	rl_readline_name = "snafu";
	rl_instream = stdin;
	rl_outstream = stderr;
	if (!isatty(STDERR_FILENO)) {
		FILE *terminal = fopen("/dev/tty", "we");

		if (terminal)
			rl_outstream = terminal;
	}
	rl_catch_signals = 0;
	rl_completion_query_items = -1; /* asking would block */
	rl_variable_bind("page-completions", "off");
	rl_variable_bind("enable-bracketed-paste", "off");
	open_history();
	sigaction(SIGINT, &action, &input.old_interrupt);
}

int cli_input_open(struct snafu_host *host, const char *const *commands, size_t line_cap,
                   struct snafu_error *error)
{
	input.wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (input.wake_fd < 0)
		return snafu_fail_errno(error, -errno, "cannot wait for lines");
	input.terminal = isatty(STDIN_FILENO);
	input.line_cap = line_cap;
	input.pending = SNAFU_BUFFER(line_cap + 2 * READ_SIZE);
	cli_complete_from(host, commands);
	if (input.terminal)
		open_terminal();
	return 0;
}

void cli_input_close(void)
{
	if (input.terminal) {
		sigaction(SIGINT, &input.old_interrupt, NULL);
		if (input.history_path)
			history_truncate_file(input.history_path, CLI_HISTORY_CAP);
		clear_history();
		if (rl_outstream != stderr)
			fclose(rl_outstream);
	}
	free(input.history_path);
	input.history_path = NULL;
	snafu_buffer_done(&input.pending);
	close(input.wake_fd);
	input.wake_fd = -1;
}
