/* exporter/connectors/cli_complete.c — see cli_complete.h. */
#include "exporter/connectors/cli_complete.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <readline/readline.h>

#include "base/buffer.h"
#include "exporter/connectors/cli_input.h"
#include "runtime/host.h"
#include "runtime/pool.h"

#define NAME_CAP 4096

static struct {
	struct snafu_host *host;
	const struct snafu_pool *pool; /* while a completion is under way */
	const char *const *commands;
	/* Between two calls of a generator. */
	size_t next, given;
	const char *tail;
	const struct snafu_function *function;
} names;

void cli_complete_from(struct snafu_host *host, const char *const *commands)
{
	names.host = host;
	names.commands = commands;
}

static char *offer(const char *name)
{
	return names.given++ < CLI_COMPLETIONS_CAP ? strdup(name) : NULL;
}

/* One more tail of an id that begins with TEXT: whole ids first to last, and of
 * each the parts behind its dots. */
static char *next_function(const char *text, int again)
{
	const struct snafu_functions *functions = snafu_pool_functions(names.pool);
	size_t size = strlen(text);

	if (!again) {
		names.next = names.given = 0;
		names.tail = NULL;
	}
	while (names.next < functions->count) {
		const struct snafu_function *function = &functions->functions[names.next];
		const char *at = names.tail ? names.tail : function->id;
		const char *dot = strchr(at, '.');

		names.tail = dot ? dot + 1 : NULL;
		names.next += dot == NULL;
		if (!function->reason && strncmp(at, text, size) == 0)
			return offer(at);
	}
	return NULL;
}

static char *next_command(const char *text, int again)
{
	static size_t at;

	if (!again)
		at = 0;
	while (names.commands[at])
		if (strncmp(names.commands[at++], text, strlen(text)) == 0)
			return strdup(names.commands[at - 1]);
	return NULL;
}

static char *next_first_word(const char *text, int again)
{
	static bool commands;
	char *found = NULL;

	if (!again)
		commands = true;
	if (commands)
		found = next_command(text, again);
	if (!found) {
		found = next_function(text, !commands);
		commands = false;
	}
	return found;
}

/* `name=` for each parameter of the function that the line begins with. */
static char *next_parameter(const char *text, int again)
{
	char name[NAME_CAP];

	if (!again)
		names.next = 0;
	while (names.function && names.next < names.function->n_parameters) {
		const struct snafu_parameter *parameter = &names.function->parameters[names.next++];

		snprintf(name, sizeof name, "%s=", parameter->name);
		if (parameter->kind != SNAFU_PARAMETER_OUT && strncmp(name, text, strlen(text)) == 0)
			return strdup(name);
	}
	return NULL;
}

static bool first_word_is(const char *line, size_t size, const char *word)
{
	return strlen(word) == size && memcmp(line, word, size) == 0;
}

static char **complete(const char *text, int start)
{
	const char *line = rl_line_buffer + strspn(rl_line_buffer, " \t");
	size_t size = strcspn(line, " \t");

	rl_attempted_completion_over = 1; /* never file names */
	rl_completion_append_character = ' ';
	if (rl_line_buffer + start == line)
		return rl_completion_matches(text, next_first_word);
	if (first_word_is(line, size, "help") || first_word_is(line, size, "?") ||
	    first_word_is(line, size, "list") || first_word_is(line, size, "call"))
		return rl_completion_matches(text, next_function);
	char *name = strndup(line, size);
	names.function = NULL;
	if (name)
		snafu_pool_find(names.pool, name, &names.function, NULL);
	free(name);
	rl_completion_append_character = '\0';
	return rl_completion_matches(text, next_parameter);
}

char **cli_complete(const char *text, int start, int end)
{
	(void)end;
	names.pool = snafu_host_pool_acquire(names.host);
	char **matches = complete(text, start);
	snafu_host_pool_release(names.pool);
	names.pool = NULL;
	return matches;
}

char **cli_complete_nothing(const char *text, int start, int end)
{
	(void)text;
	(void)start;
	(void)end;
	rl_attempted_completion_over = 1;
	return NULL;
}
