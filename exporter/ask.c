/* exporter/ask.c — see ask.h. */
#include "exporter/ask.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/json.h"
#include "exporter/arguments.h"
#include "exporter/given.h"
#include "exporter/show.h"
#include "scanner/function.h"

#define LINE_CAP     4096 /* bytes of one line that is shown */
#define VALUE_CAP    (16u << 20) /* bytes of one answer as JSON */
#define QUESTION_CAP 500 /* bytes of a type or default within a prompt */

static void say(const struct snafu_asker *asker, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
static void say(const struct snafu_asker *asker, const char *format, ...)
{
	char line[LINE_CAP];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(line, sizeof line, format, arguments);
	va_end(arguments);
	snafu_show_tame(line, strlen(line));
	asker->say(asker->state, line);
}

/* Lets the person pick one of several overloads. */
static int choose(const struct snafu_asker *asker, struct snafu_overloads *overloads)
{
	struct snafu_buffer signature = SNAFU_BUFFER(LINE_CAP);
	int code = 0;

	for (size_t i = 0; i < overloads->count; i++) {
		snafu_buffer_clear(&signature);
		snafu_function_signature(overloads->entries[i], &signature);
		say(asker, "%3zu  %s", i + 1, signature.data && !signature.failed ? signature.data : "?");
	}
	snafu_buffer_done(&signature);
	while (!code && overloads->count > 1) {
		char *line, *end;

		code = asker->read_line(asker->state, "which one? [1]: ", &line);
		if (code)
			break;
		unsigned long number = *line ? strtoul(line, &end, 10) : 1;
		if ((!*line || !*end) && number >= 1 && number <= overloads->count) {
			overloads->entries[0] = overloads->entries[number - 1];
			overloads->count = 1;
		} else {
			say(asker, "  expected a number from 1 to %zu", overloads->count);
		}
		free(line);
	}
	return code;
}

static void describe_parameter(const struct snafu_asker *asker,
                               const struct snafu_parameter *parameter)
{
	struct snafu_buffer words = SNAFU_BUFFER(QUESTION_CAP);
	enum snafu_shape_kind kind = parameter->shape->kind;

	if (parameter->doc && *parameter->doc)
		say(asker, "  %s", parameter->doc);
	snafu_shape_describe(parameter->shape, &words);
	if (words.data && !words.failed &&
	    (kind == SNAFU_SHAPE_ARRAY || kind == SNAFU_SHAPE_MAP || kind == SNAFU_SHAPE_OBJECT ||
	     kind == SNAFU_SHAPE_ENUM || kind == SNAFU_SHAPE_BYTES || kind == SNAFU_SHAPE_HANDLE))
		say(asker, "  (%s)", words.data);
	snafu_buffer_done(&words);
}

/* `n (int) [10]: ` */
static void write_prompt(const struct snafu_parameter *parameter, struct snafu_buffer *into)
{
	const char *stars = parameter->kind == SNAFU_PARAMETER_VARIADIC   ? "*"
	                    : parameter->kind == SNAFU_PARAMETER_KEYWORDS ? "**"
	                                                                  : "";

	snafu_buffer_format(into, "%s%.200s", stars, parameter->name);
	if (parameter->type)
		snafu_buffer_format(into, " (%.500s)", parameter->type);
	else if (parameter->shape->kind != SNAFU_SHAPE_ANY) {
		struct snafu_buffer words = SNAFU_BUFFER(QUESTION_CAP);

		snafu_shape_describe(parameter->shape, &words);
		snafu_buffer_format(into, " (%s)", words.data && !words.failed ? words.data : "value");
		snafu_buffer_done(&words);
	}
	if (parameter->fallback)
		snafu_buffer_format(into, " [%.500s]", parameter->fallback);
	else if (!snafu_parameter_required(parameter))
		snafu_buffer_append_text(into, " []");
	snafu_buffer_append_text(into, ": ");
	if (into->data)
		snafu_show_tame(into->data, into->size);
}

/* Tries the answer as it will be used in the payload. */
static int check(const struct snafu_parameter *parameter, const char *line,
                 struct snafu_error *error)
{
	struct snafu_buffer value = SNAFU_BUFFER(VALUE_CAP);
	struct snafu_shape rest = {.kind = SNAFU_SHAPE_ARRAY, .items = parameter->shape};
	const struct snafu_shape *shape = parameter->shape;

	if (parameter->kind == SNAFU_PARAMETER_VARIADIC) {
		if (shape->kind == SNAFU_SHAPE_ARRAY)
			rest.items = shape->items;
		shape = &rest;
	}
	int code = snafu_argument_from_text(shape, line, strlen(line), &value, error);
	snafu_buffer_done(&value);
	return code;
}

/* The answer for **keywords: name=value, each an argument of its own. */
static int add_keywords(const char *line, struct snafu_given *given, struct snafu_error *error)
{
	static const struct snafu_shape map = {.kind = SNAFU_SHAPE_MAP};
	struct snafu_buffer object = SNAFU_BUFFER(VALUE_CAP), name = SNAFU_BUFFER(VALUE_CAP);
	struct snafu_json_reader reader;
	struct snafu_json_value key, value;
	int code = snafu_argument_from_text(&map, line, strlen(line), &object, error), more = 0;

	if (!code) {
		snafu_json_begin(&reader, object.data, object.size);
		code = snafu_json_read(&reader, &value, error);
	}
	while (!code && (more = snafu_json_next_member(&reader, &key, &value, error)) > 0) {
		snafu_buffer_clear(&name);
		snafu_json_unescape(&key, &name);
		code = snafu_json_skip(&reader, &value, error);
		if (!code)
			code = snafu_given_add(given, name.data ? name.data : "", value.text, value.size, true,
			                       error);
	}
	snafu_buffer_done(&object);
	snafu_buffer_done(&name);
	return code ? code : more < 0 ? more : 0;
}

/* One question, until the answer is good. */
static int ask_parameter(const struct snafu_asker *asker, const struct snafu_parameter *parameter,
                         struct snafu_given *given, struct snafu_error *error)
{
	struct snafu_buffer prompt = SNAFU_BUFFER(LINE_CAP);
	bool done = false;
	int code = 0;

	describe_parameter(asker, parameter);
	write_prompt(parameter, &prompt);
	while (!done && !code) {
		struct snafu_error problem = {0};
		char *line = NULL;

		code = asker->read_line(asker->state, prompt.data ? prompt.data : "? ", &line);
		if (code)
			break;
		const char *answer = strcmp(line, "\"\"") == 0 ? "" : line;
		if (!*line && !snafu_parameter_required(parameter)) {
			done = true;
		} else if (!*line) {
			say(asker, "  %s has no default (\"\" is the empty text)", parameter->name);
		} else if (parameter->kind == SNAFU_PARAMETER_KEYWORDS) {
			done = add_keywords(line, given, &problem) == 0;
			if (!done)
				say(asker, "  %s", problem.message);
		} else if (check(parameter, answer, &problem)) {
			say(asker, "  %s", problem.message);
		} else {
			code = snafu_given_add(given, parameter->name, answer, strlen(answer), false, error);
			done = true;
		}
		free(line);
	}
	snafu_buffer_done(&prompt);
	return code;
}

int snafu_ask(const struct snafu_asker *asker, struct snafu_overloads *overloads,
              struct snafu_given *given, struct snafu_error *error)
{
	int code = overloads->count > 1 ? choose(asker, overloads) : 0;

	if (!overloads->count)
		return snafu_fail(error, -ENOENT, "no function to call");
	const struct snafu_function *function = overloads->entries[0];
	for (size_t i = 0; i < function->n_parameters && !code; i++)
		if (function->parameters[i].kind != SNAFU_PARAMETER_OUT &&
		    !snafu_given_has(given, function, i))
			code = ask_parameter(asker, &function->parameters[i], given, error);
	if (code == -ECANCELED)
		snafu_fail(error, code, "cancelled");
	return code;
}
