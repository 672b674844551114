/* exporter/connectors/cli_commands.c — the commands of the prompt. They are a table;
 * to add one, add a line to it and its name to the list below it. */
#include "exporter/connectors/cli.h"

#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "exporter/given.h"
#include "exporter/show.h"
#include "runtime/pool.h"

struct command {
	const char *name, *usage, *text;
	void (*run)(struct cli *cli, const char *rest);
};

static const struct command commands[];

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
		cli_call(cli, name, rest);
	else
		cli_complain("call what?");
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
			snafu_buffer_format(text, "%s    %s: %s\n", i ? "" : "\n", function->parameters[i].name,
			                    function->parameters[i].doc);
	if (text->data)
		snafu_show_tame(text->data + before, text->size - before);
}

static void help_function(struct cli *cli, const char *name)
{
	const struct snafu_function *function, *all[SNAFU_OVERLOADS_CAP];
	struct snafu_buffer text = SNAFU_BUFFER(CLI_TEXT_CAP);
	struct snafu_error error;

	if (snafu_host_meant(cli->options.host, cli->pool, name, &function, &error)) {
		cli_complain("%s", error.message);
		return;
	}
	size_t count = snafu_pool_overloads(cli->pool, function, all, SNAFU_OVERLOADS_CAP);
	for (size_t i = 0; i < count && i < SNAFU_OVERLOADS_CAP; i++) {
		if (i)
			snafu_buffer_append_byte(&text, '\n');
		describe(all[i], &text);
	}
	cli_print(cli, &text);
}

static void run_help(struct cli *cli, const char *rest)
{
	struct snafu_buffer text = SNAFU_BUFFER(CLI_TEXT_CAP);
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
		cli_print(cli, &text);
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
	struct snafu_buffer text = SNAFU_BUFFER(CLI_TEXT_CAP);
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
		cli_complain("no function matches '%s'", pattern ? pattern : "");
	cli_print(cli, &text);
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

const char *const cli_command_names[] = {"help", "?", "list", "call", "quit", "exit", NULL};

void cli_run_line(struct cli *cli, const char *line)
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
		cli_call(cli, word, rest);
	free(word);
}
