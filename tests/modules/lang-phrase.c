/* tests/modules/lang-phrase.c — how the functions that scan-phrase.c finds are called:
 * the text behind the colon, with every {name} replaced by that argument. */
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "langs/language.h"
#include "langs/result.h"
#include "scanner/function.h"

#define FILE_CAP      (1u << 20)
#define TEXT_CAP      (64u << 10)
#define ARGUMENTS_CAP 16

struct snafu_bound {
	const struct snafu_function *function;
	char *text;
	struct snafu_bound *next;
};

struct state {
	struct snafu_bound *all; /* guarded by whoever binds: the test has one at a time */
};

static int start(const struct snafu_language_options *options, void **ret_state,
                 struct snafu_error *error)
{
	struct state *state = calloc(1, sizeof *state);

	(void)options;
	if (!state)
		return snafu_fail(error, -12, "no memory");
	*ret_state = state;
	return 0;
}

static int bind(void *opaque, const struct snafu_function *function, struct snafu_bound **ret_bound,
                struct snafu_result *result)
{
	struct state *state = opaque;
	struct snafu_bound *bound = calloc(1, sizeof *bound);
	struct snafu_error error;
	char *text;
	size_t size;
	int code = snafu_file_read(function->file, FILE_CAP, &text, &size, &error);

	if (code || !bound) {
		snafu_result_fail(result, SNAFU_LOAD_FAILED, "LoadError", "%s", error.message);
		free(bound);
		return code ? code : -12;
	}
	const char *line = text;
	for (unsigned i = 1; i < function->line; i++)
		line = strchr(line, '\n') + 1;
	line = strstr(line, "):") + 2;
	bound->function = function;
	bound->text = strndup(line + strspn(line, " "), strcspn(line + strspn(line, " "), "\n"));
	bound->next = state->all;
	state->all = bound;
	free(text);
	*ret_bound = bound;
	return 0;
}

static size_t find_parameter(const struct snafu_function *function, const char *name, size_t size)
{
	size_t i = 0;

	while (i < function->n_parameters && (strlen(function->parameters[i].name) != size ||
	                                      memcmp(function->parameters[i].name, name, size) != 0))
		i++;
	return i;
}

/* Arguments by name; a real language takes positions, too. */
static void read_arguments(const struct snafu_function *function, const char *payload, size_t size,
                           struct snafu_buffer *values, struct snafu_argument_problems *problems)
{
	struct snafu_json_reader reader;
	struct snafu_json_value key, value;

	snafu_json_begin(&reader, payload, size);
	if (!size)
		return;
	if (snafu_json_read(&reader, &value, NULL) || value.type != SNAFU_JSON_OBJECT) {
		snafu_argument_problem(problems, "payload", "not an object");
		return;
	}
	while (snafu_json_next_member(&reader, &key, &value, NULL) > 0) {
		size_t index = find_parameter(function, key.text, key.size);

		if (index == function->n_parameters)
			snafu_argument_problem(problems, "payload", "unknown: %.*s", (int)key.size, key.text);
		else if (value.type != SNAFU_JSON_STRING)
			snafu_argument_problem(problems, function->parameters[index].name, "not a string");
		else
			snafu_json_unescape(&value, &values[index]);
	}
}

static void render(const struct snafu_bound *bound, const struct snafu_buffer *values,
                   struct snafu_result *result)
{
	struct snafu_buffer text = SNAFU_BUFFER(TEXT_CAP);

	for (const char *at = bound->text; *at;) {
		const char *end = *at == '{' ? strchr(at, '}') : NULL;
		size_t index = end ? find_parameter(bound->function, at + 1, (size_t)(end - at - 1)) : 0;

		if (end && index < bound->function->n_parameters) {
			snafu_buffer_append(&text, values[index].data, values[index].size);
			at = end + 1;
		} else {
			snafu_buffer_append_byte(&text, *at++);
		}
	}
	snafu_json_write_string(&result->payload, text.data ? text.data : "", text.size);
	result->status = SNAFU_OK;
	snafu_buffer_done(&text);
}

static void call(void *state, struct snafu_bound *bound, const struct snafu_request *request,
                 struct snafu_result *result)
{
	const char *payload = request->payload;
	size_t size = request->size;
	const struct snafu_function *function = bound->function;
	struct snafu_argument_problems problems = {0};
	struct snafu_buffer values[ARGUMENTS_CAP];

	(void)state;
	for (size_t i = 0; i < ARGUMENTS_CAP; i++)
		values[i] = SNAFU_BUFFER(TEXT_CAP);
	read_arguments(function, payload, size, values, &problems);
	for (size_t i = 0; i < function->n_parameters; i++) {
		const struct snafu_parameter *parameter = &function->parameters[i];

		if (!values[i].data && parameter->fallback)
			snafu_buffer_append_text(&values[i], parameter->fallback);
		else if (!values[i].data && !problems.count)
			snafu_argument_problem(&problems, parameter->name, "missing");
	}
	if (problems.count)
		snafu_argument_problems_fail(&problems, function, result);
	else
		render(bound, values, result);
	for (size_t i = 0; i < ARGUMENTS_CAP; i++)
		snafu_buffer_done(&values[i]);
}

static void stop(void *opaque)
{
	struct state *state = opaque;

	while (state->all) {
		struct snafu_bound *bound = state->all;

		state->all = bound->next;
		free(bound->text);
		free(bound);
	}
	free(state);
}

extern const struct snafu_language snafu_language;
const struct snafu_language snafu_language = {
	.version = SNAFU_LANGUAGE_VERSION,
	.name = "phrase",
	.open = start,
	.bind = bind,
	.call = call,
	.close = stop,
	.parallel = true,
};
