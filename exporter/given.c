/* exporter/given.c — see given.h. The words of a line are in given_line.c. */
#include "exporter/given.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/json.h"
#include "exporter/arguments.h"
#include "scanner/function.h"

int snafu_given_add(struct snafu_given *given, const char *name, const char *text, size_t size,
                    bool json, struct snafu_error *error)
{
	if (given->count == SNAFU_GIVEN_CAP)
		return snafu_fail(error, -E2BIG, "more than %d arguments", SNAFU_GIVEN_CAP);
	struct snafu_given_argument *more =
		reallocarray(given->arguments, given->count + 1, sizeof *more);
	if (!more)
		return snafu_fail(error, -ENOMEM, "no memory for the arguments");
	given->arguments = more;
	struct snafu_given_argument argument = {.size = size, .json = json};
	argument.name = name ? strdup(name) : NULL;
	argument.text = malloc(size + 1);
	if (!argument.text || (name && !argument.name)) {
		free(argument.name);
		free(argument.text);
		return snafu_fail(error, -ENOMEM, "no memory for the arguments");
	}
	memcpy(argument.text, text, size);
	argument.text[size] = '\0';
	given->arguments[given->count++] = argument;
	return 0;
}

int snafu_given_add_word(struct snafu_given *given, const char *word, struct snafu_error *error)
{
	const char *equals = strchr(word, '=');
	bool json = equals && equals > word && equals[-1] == ':';
	size_t name_size = equals ? (size_t)(equals - word) - json : 0;

	if (!name_size)
		return snafu_fail(error, -EINVAL, "'%.80s' is not NAME=VALUE or NAME:=JSON", word);
	char *name = strndup(word, name_size);
	int code = name ? snafu_given_add(given, name, equals + 1, strlen(equals + 1), json, error)
	                : snafu_fail(error, -ENOMEM, "no memory for the arguments");
	free(name);
	return code;
}

void snafu_given_done(struct snafu_given *given)
{
	for (size_t i = 0; i < given->count; i++) {
		free(given->arguments[i].name);
		free(given->arguments[i].text);
	}
	free(given->arguments);
	*given = (struct snafu_given){0};
}

/* ---- which parameter an argument is for --------------------------------------- */

static bool takes_position(const struct snafu_parameter *parameter)
{
	return parameter->kind == SNAFU_PARAMETER_POSITIONAL_ONLY ||
	       parameter->kind == SNAFU_PARAMETER_NORMAL || parameter->kind == SNAFU_PARAMETER_VARIADIC;
}

/* The parameter that takes position POSITION (from 0), or NULL when there are
 * not so many. */
static const struct snafu_parameter *parameter_at(const struct snafu_function *function,
                                                  size_t position)
{
	for (size_t i = 0; i < function->n_parameters; i++) {
		const struct snafu_parameter *parameter = &function->parameters[i];

		if (!takes_position(parameter))
			continue;
		if (position == 0 || parameter->kind == SNAFU_PARAMETER_VARIADIC)
			return parameter;
		position--;
	}
	return NULL;
}

static const struct snafu_parameter *parameter_named(const struct snafu_function *function,
                                                     const char *name)
{
	for (size_t i = 0; i < function->n_parameters; i++)
		if (strcmp(function->parameters[i].name, name) == 0 &&
		    function->parameters[i].kind != SNAFU_PARAMETER_KEYWORDS)
			return &function->parameters[i];
	return NULL;
}

/* Which parameter each argument is for; NULL: none, and the language will say so
 * or take it into its keywords. */
struct binding {
	const struct snafu_given *given;
	const struct snafu_function *function;
	const struct snafu_parameter *targets[SNAFU_GIVEN_CAP];
};

static void bind(struct binding *binding, const struct snafu_given *given,
                 const struct snafu_function *function)
{
	size_t position = 0;

	binding->given = given;
	binding->function = function;
	for (size_t i = 0; i < given->count; i++) {
		const char *name = given->arguments[i].name;

		binding->targets[i] =
			name ? parameter_named(function, name) : parameter_at(function, position++);
	}
}

bool snafu_given_has(const struct snafu_given *given, const struct snafu_function *function,
                     size_t index)
{
	struct binding binding;

	bind(&binding, given, function);
	for (size_t i = 0; i < given->count; i++)
		if (binding.targets[i] == &function->parameters[index])
			return true;
	return false;
}

/* ---- the payload ------------------------------------------------------------- */

/* The shape of one value for PARAMETER, when several are given or when it
 * takes "the rest". */
static const struct snafu_shape *item_shape(const struct snafu_parameter *parameter)
{
	const struct snafu_shape *shape = parameter->shape;

	if (shape->kind == SNAFU_SHAPE_ARRAY)
		return shape->items ? shape->items : snafu_shape_plain(SNAFU_SHAPE_ANY);
	return shape;
}

static int append_value(const struct snafu_given_argument *argument, const char *name,
                        const struct snafu_shape *shape, struct snafu_buffer *into,
                        struct snafu_error *error)
{
	struct snafu_error detail = {0};
	int code;

	if (argument->json) {
		code = snafu_json_validate(argument->text, argument->size, &detail);
		if (!code)
			code = snafu_buffer_append(into, argument->text, argument->size);
	} else {
		if (argument->quoted && shape->kind == SNAFU_SHAPE_ANY)
			shape = snafu_shape_plain(SNAFU_SHAPE_STRING);
		code = snafu_argument_from_text(shape, argument->text, argument->size, into, &detail);
	}
	return code ? snafu_fail(error, code, "%s: %s", name, detail.message) : 0;
}

static const char *name_of(const struct binding *binding, size_t index)
{
	const struct snafu_parameter *parameter = binding->targets[index];

	return parameter ? parameter->name : binding->given->arguments[index].name;
}

/* Whether two arguments are for the same parameter or keyword. */
static bool same_name(const struct binding *binding, size_t a, size_t b)
{
	const char *name = name_of(binding, a), *other = name_of(binding, b);

	return name && other && strcmp(name, other) == 0;
}

static bool given_before(const struct binding *binding, size_t index)
{
	for (size_t i = 0; i < index; i++)
		if (same_name(binding, i, index))
			return true;
	return false;
}

/* One value, given once. */
static int append_single(const struct binding *binding, size_t index, struct snafu_buffer *into,
                         struct snafu_error *error)
{
	const struct snafu_parameter *parameter = binding->targets[index];
	struct snafu_shape rest = {.kind = SNAFU_SHAPE_ARRAY};
	const struct snafu_shape *shape =
		parameter ? parameter->shape : snafu_shape_plain(SNAFU_SHAPE_ANY);

	if (parameter && parameter->kind == SNAFU_PARAMETER_VARIADIC) {
		rest.items = item_shape(parameter);
		shape = &rest;
	}
	return append_value(&binding->given->arguments[index], name_of(binding, index), shape, into,
	                    error);
}

/* Appends "name":value for argument INDEX. Several for one list become an array,
 * and so do positions that a variadic parameter takes. */
static int append_member(const struct binding *binding, size_t index, struct snafu_buffer *into,
                         struct snafu_error *error)
{
	const struct snafu_given *given = binding->given;
	const struct snafu_parameter *parameter = binding->targets[index];
	const char *name = name_of(binding, index), *before = "[";
	bool variadic = parameter && parameter->kind == SNAFU_PARAMETER_VARIADIC;
	bool list = variadic || (parameter && (parameter->shape->kind == SNAFU_SHAPE_ARRAY ||
	                                       parameter->shape->kind == SNAFU_SHAPE_ANY));
	size_t same = 0;
	int code = 0;

	for (size_t i = index; i < given->count; i++)
		same += same_name(binding, index, i);
	if (same > 1 && !list)
		return snafu_fail(error, -EINVAL, "%s: given %zu times", name, same);
	snafu_json_write_text(into, name);
	snafu_buffer_append_byte(into, ':');
	if (same == 1 && (!variadic || given->arguments[index].name))
		return append_single(binding, index, into, error);
	for (size_t i = index; i < given->count && !code; i++) {
		if (!same_name(binding, index, i))
			continue;
		snafu_buffer_append_text(into, before);
		before = ",";
		code = append_value(&given->arguments[i], name, item_shape(parameter), into, error);
	}
	snafu_buffer_append_byte(into, ']');
	return code;
}

static bool among_given(const struct binding *binding, const struct snafu_json_value *key)
{
	for (size_t i = 0; i < binding->given->count; i++) {
		const char *name = name_of(binding, i);

		if (name && snafu_json_equals(key, name))
			return true;
	}
	return false;
}

/* Copies the members of the object JSON that were not given otherwise. */
static int append_rest(const struct binding *binding, const char *json, size_t size,
                       struct snafu_buffer *into, struct snafu_error *error)
{
	struct snafu_json_reader reader;
	struct snafu_json_value key, value;
	int more;

	snafu_json_begin(&reader, json, size);
	int code = snafu_json_read(&reader, &value, error);
	if (code)
		return code;
	if (value.type != SNAFU_JSON_OBJECT)
		return snafu_fail(error, -EINVAL,
		                  "arguments by name and other JSON than an object do not go together");
	while ((more = snafu_json_next_member(&reader, &key, &value, error)) > 0) {
		code = snafu_json_skip(&reader, &value, error);
		if (code)
			return code;
		if (among_given(binding, &key))
			continue;
		if (into->size && into->data[into->size - 1] != '{')
			snafu_buffer_append_byte(into, ',');
		snafu_buffer_append_byte(into, '"');
		snafu_buffer_append(into, key.text, key.size);
		snafu_buffer_append_text(into, "\":");
		snafu_buffer_append(into, value.text, value.size);
	}
	return more < 0 ? more : snafu_json_end(&reader, error);
}

/* The same for a name that no parameter has. */
static int append_keyword(const struct binding *binding, size_t index, struct snafu_buffer *into,
                          struct snafu_error *error)
{
	snafu_json_write_text(into, name_of(binding, index));
	snafu_buffer_append_byte(into, ':');
	return append_single(binding, index, into, error);
}

/* Several overloads, and only positions to tell them apart: the language chooses by
 * the types of an array's values. */
static int append_positions(const struct binding *binding, struct snafu_buffer *into,
                            struct snafu_error *error)
{
	const struct snafu_given *given = binding->given;
	int code = 0;

	snafu_buffer_append_byte(into, '[');
	for (size_t i = 0; i < given->count && !code; i++) {
		const struct snafu_parameter *parameter = binding->targets[i];
		const struct snafu_shape *shape = snafu_shape_plain(SNAFU_SHAPE_ANY);

		if (parameter)
			shape = parameter->kind == SNAFU_PARAMETER_VARIADIC ? item_shape(parameter)
			                                                    : parameter->shape;
		if (i > 0)
			snafu_buffer_append_byte(into, ',');
		code = append_value(&given->arguments[i], parameter ? parameter->name : "argument", shape,
		                    into, error);
	}
	snafu_buffer_append_byte(into, ']');
	return code;
}

static int payload_for(const struct binding *binding, const char *json, size_t json_size,
                       struct snafu_buffer *into, struct snafu_error *error)
{
	const struct snafu_given *given = binding->given;
	int code = 0;

	snafu_buffer_append_byte(into, '{');
	for (size_t i = 0; i < given->count && !code; i++) {
		if (!name_of(binding, i))
			return snafu_fail(error, -EINVAL, "'%.80s' is one argument too many",
			                  given->arguments[i].text);
		if (given_before(binding, i)) {
			if (binding->targets[i])
				continue;
			return snafu_fail(error, -EINVAL, "%s: given twice", name_of(binding, i));
		}
		if (into->size && into->data[into->size - 1] != '{')
			snafu_buffer_append_byte(into, ',');
		code = binding->targets[i] ? append_member(binding, i, into, error)
		                           : append_keyword(binding, i, into, error);
	}
	if (!code && json_size)
		code = append_rest(binding, json, json_size, into, error);
	snafu_buffer_append_byte(into, '}');
	if (!code && snafu_buffer_failed(into))
		code = snafu_fail_errno(error, into->failed, "the arguments are too large");
	return code;
}

/* How badly the function fits what was given: unknown names weigh more than
 * missing ones. */
static size_t misfit(const struct binding *binding)
{
	const struct snafu_function *function = binding->function;
	size_t missing = 0, unknown = 0;

	for (size_t i = 0; i < function->n_parameters; i++)
		missing += snafu_parameter_required(&function->parameters[i]) &&
		           !snafu_given_has(binding->given, function, i);
	for (size_t i = 0; i < binding->given->count; i++)
		unknown += !binding->targets[i];
	return unknown * SNAFU_GIVEN_CAP + missing;
}

static void cut(struct snafu_buffer *buffer, size_t size)
{
	buffer->size = size;
	if (buffer->data)
		buffer->data[size] = '\0';
}

int snafu_given_payload(const struct snafu_given *given, const struct snafu_overloads *overloads,
                        const char *json, size_t json_size, struct snafu_buffer *into,
                        struct snafu_error *error)
{
	const struct snafu_function *best = NULL;
	size_t best_misfit = 0, before = into->size;
	struct binding binding;

	if (!given->count)
		return snafu_buffer_append(into, json, json_size);
	for (size_t i = 0; i < overloads->count; i++) {
		bind(&binding, given, overloads->entries[i]);
		size_t bad = misfit(&binding);

		if (best && bad >= best_misfit)
			continue;
		/* An overload into which the values do not go counts only when none fits. */
		if (overloads->count > 1 && payload_for(&binding, json, json_size, into, NULL) == -EINVAL)
			bad += SNAFU_GIVEN_CAP * SNAFU_GIVEN_CAP;
		cut(into, before);
		if (!best || bad < best_misfit) {
			best = overloads->entries[i];
			best_misfit = bad;
		}
	}
	if (!best)
		return snafu_fail(error, -ENOENT, "no function to call");
	bind(&binding, given, best);
	bool by_position = overloads->count > 1 && !json_size;
	for (size_t i = 0; i < given->count; i++)
		by_position &= !given->arguments[i].name;
	int code = by_position ? append_positions(&binding, into, error)
	                       : payload_for(&binding, json, json_size, into, error);
	if (code)
		cut(into, before);
	return code;
}
