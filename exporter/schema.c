/* exporter/schema.c — see schema.h. */
#include "exporter/schema.h"

#include <string.h>

#include "base/buffer.h"
#include "base/json.h"

#define DEFAULT_CAP 4096 /* bytes of a default value that is shown as JSON */

/* One walk through a shape. Shapes may contain themselves (a tree's nodes), and
 * may fan out: the stack stops the first, the budget the second. */
struct walk {
	struct snafu_buffer *into;
	const struct snafu_shape *stack[SNAFU_SCHEMA_DEPTH_CAP];
	unsigned depth;
	unsigned budget;
	bool result; /* of what comes out, not of what goes in */
};

static void walk_shape(struct walk *walk, const struct snafu_shape *shape);

static void text(struct snafu_buffer *into, const char *bytes)
{
	snafu_buffer_append_text(into, bytes);
}

static void write_type(const struct snafu_shape *shape, const char *type, struct snafu_buffer *into)
{
	snafu_buffer_format(into, shape->nullable ? "\"type\":[\"%s\",\"null\"]" : "\"type\":\"%s\"",
	                    type);
}

static void write_fields(struct walk *walk, const struct snafu_shape *shape)
{
	struct snafu_buffer *into = walk->into;

	text(into, ",\"properties\":{");
	for (size_t i = 0; i < shape->n_fields; i++) {
		if (i > 0)
			snafu_buffer_append_byte(into, ',');
		snafu_json_write_text(into, shape->fields[i].name);
		snafu_buffer_append_byte(into, ':');
		walk_shape(walk, shape->fields[i].shape);
	}
	snafu_buffer_append_byte(into, '}');
}

static void write_enum(const struct snafu_shape *shape, struct snafu_buffer *into)
{
	text(into, "\"enum\":[");
	for (size_t i = 0; i < shape->n_values; i++) {
		if (i > 0)
			snafu_buffer_append_byte(into, ',');
		snafu_json_write_text(into, shape->values[i]);
	}
	if (shape->nullable)
		text(into, shape->n_values ? ",null" : "null");
	snafu_buffer_append_byte(into, ']');
}

/* The members of a schema object, without its braces. */
static void write_members(struct walk *walk, const struct snafu_shape *shape)
{
	struct snafu_buffer *into = walk->into;

	switch (shape->kind) {
	case SNAFU_SHAPE_ANY: return;
	case SNAFU_SHAPE_NOTHING: text(into, "\"type\":\"null\""); return;
	case SNAFU_SHAPE_BOOLEAN: write_type(shape, "boolean", into); break;
	case SNAFU_SHAPE_INTEGER: write_type(shape, "integer", into); break;
	case SNAFU_SHAPE_NUMBER: write_type(shape, "number", into); break;
	case SNAFU_SHAPE_STRING: write_type(shape, "string", into); break;
	case SNAFU_SHAPE_BYTES:
		write_type(shape, "string", into);
		text(into, ",\"contentEncoding\":\"base64\"");
		break;
	case SNAFU_SHAPE_HANDLE:
		write_type(shape, "string", into);
		text(into, ",\"title\":\"handle\"");
		break;
	case SNAFU_SHAPE_ARRAY:
		write_type(shape, "array", into);
		if (shape->items) {
			text(into, ",\"items\":");
			walk_shape(walk, shape->items);
		}
		break;
	case SNAFU_SHAPE_MAP:
		write_type(shape, "object", into);
		if (shape->items) {
			text(into, ",\"additionalProperties\":");
			walk_shape(walk, shape->items);
		}
		break;
	case SNAFU_SHAPE_OBJECT:
		write_type(shape, "object", into);
		write_fields(walk, shape);
		break;
	case SNAFU_SHAPE_ENUM:
		if (shape->named && walk->result)
			return;
		write_enum(shape, into);
		break;
	}
	if (shape->format) {
		text(into, ",\"format\":");
		snafu_json_write_text(into, shape->format);
	}
}

/* Whether there is room to go into SHAPE, which the caller then leaves again. */
static bool enter(struct walk *walk, const struct snafu_shape *shape)
{
	if (!shape || walk->depth == SNAFU_SCHEMA_DEPTH_CAP || walk->budget == 0)
		return false;
	for (unsigned i = 0; i < walk->depth; i++)
		if (walk->stack[i] == shape)
			return false;
	walk->stack[walk->depth++] = shape;
	walk->budget--;
	return true;
}

static void walk_shape(struct walk *walk, const struct snafu_shape *shape)
{
	snafu_buffer_append_byte(walk->into, '{');
	if (enter(walk, shape)) {
		write_members(walk, shape);
		walk->depth--;
	}
	snafu_buffer_append_byte(walk->into, '}');
}

void snafu_schema_shape(const struct snafu_shape *shape, struct snafu_buffer *into)
{
	struct walk walk = {.into = into, .budget = SNAFU_SCHEMA_SHAPES_CAP};

	walk_shape(&walk, shape);
}

/* 'text' without anything to undo inside: Python's other way of quoting. */
static bool single_quoted(const char *value, size_t size)
{
	return size >= 2 && value[0] == '\'' && value[size - 1] == '\'' &&
	       !memchr(value + 1, '\'', size - 2) && !memchr(value, '\\', size) &&
	       !memchr(value, '\n', size);
}

bool snafu_schema_default(const char *fallback, struct snafu_buffer *into)
{
	static const char *const words[][2] = {
		{"None", "null"}, {"True", "true"}, {"False", "false"}, {"()", "[]"}, {"NULL", "null"},
	};
	size_t size;

	if (!fallback || (size = strlen(fallback)) > DEFAULT_CAP)
		return false;
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (strcmp(fallback, words[i][0]) == 0) {
			text(into, words[i][1]);
			return true;
		}
	if (single_quoted(fallback, size)) {
		snafu_json_write_string(into, fallback + 1, size - 2);
		return true;
	}
	/* `\/` is two characters in Python and one in JSON; the other escapes that
	 * JSON knows mean the same everywhere. */
	if (strstr(fallback, "\\/") || snafu_json_validate(fallback, size, NULL) < 0)
		return false;
	text(into, fallback);
	return true;
}

/* Doc line, then what the schema itself does not say. */
static void write_description(const struct snafu_parameter *parameter, bool show_default,
                              struct snafu_buffer *into)
{
	struct snafu_buffer words = SNAFU_BUFFER(64u << 10);

	if (parameter->doc)
		text(&words, parameter->doc);
	if (parameter->type)
		snafu_buffer_format(&words, words.size ? " (%s)" : "%s", parameter->type);
	if (show_default)
		snafu_buffer_format(&words, words.size ? "; default %s" : "default %s",
		                    parameter->fallback);
	if (words.size > 0) {
		text(into, ",\"description\":");
		snafu_json_write_string(into, words.data, words.size);
	}
	snafu_buffer_done(&words);
}

void snafu_schema_parameter(const struct snafu_parameter *parameter, struct snafu_buffer *into)
{
	const struct snafu_shape *shape = parameter->shape;
	size_t start;

	snafu_buffer_append_byte(into, '{');
	start = into->size;
	if (parameter->kind == SNAFU_PARAMETER_VARIADIC) {
		text(into, "\"type\":\"array\",\"items\":");
		snafu_schema_shape(shape, into);
	} else if (parameter->kind == SNAFU_PARAMETER_KEYWORDS) {
		text(into, "\"type\":\"object\",\"additionalProperties\":");
		snafu_schema_shape(shape, into);
	} else {
		struct walk walk = {.into = into, .budget = SNAFU_SCHEMA_SHAPES_CAP};
		if (enter(&walk, shape))
			write_members(&walk, shape);
	}

	/* The members below begin with a comma, which an empty schema does not want. */
	struct snafu_buffer more = SNAFU_BUFFER(128u << 10), value = SNAFU_BUFFER(DEFAULT_CAP + 16);
	bool has_default = snafu_schema_default(parameter->fallback, &value);
	write_description(parameter, parameter->fallback && !has_default, &more);
	if (has_default) {
		text(&more, ",\"default\":");
		snafu_buffer_append(&more, value.data, value.size);
	}
	if (more.size > 0 && !snafu_buffer_failed(&more)) {
		size_t skip = into->size == start;
		snafu_buffer_append(into, more.data + skip, more.size - skip);
	}
	snafu_buffer_done(&more);
	snafu_buffer_done(&value);
	snafu_buffer_append_byte(into, '}');
}

/* The member by which a payload gives the object of a method. */
static const char *object_name(const struct snafu_function *function)
{
	if (function->kind != SNAFU_METHOD && function->kind != SNAFU_PROPERTY)
		return NULL;
	return strcmp(function->language, "java") == 0 ? "this" : "self";
}

static void write_required(const struct snafu_function *function, struct snafu_buffer *into)
{
	unsigned n = 0;

	for (size_t i = 0; i < function->n_parameters; i++)
		if (snafu_parameter_required(&function->parameters[i])) {
			text(into, n++ == 0 ? ",\"required\":[" : ",");
			snafu_json_write_text(into, function->parameters[i].name);
		}
	if (n > 0)
		snafu_buffer_append_byte(into, ']');
}

void snafu_schema_by_name(const struct snafu_function *function, struct snafu_buffer *into)
{
	const struct snafu_parameter *keywords = NULL;
	const char *object = object_name(function);
	bool first = true;

	text(into, "{\"type\":\"object\",\"properties\":{");
	for (size_t i = 0; i < function->n_parameters; i++) {
		const struct snafu_parameter *parameter = &function->parameters[i];
		if (parameter->kind == SNAFU_PARAMETER_KEYWORDS)
			keywords = parameter;
		if (parameter->kind == SNAFU_PARAMETER_KEYWORDS || parameter->kind == SNAFU_PARAMETER_OUT)
			continue;
		if (!first)
			snafu_buffer_append_byte(into, ',');
		first = false;
		snafu_json_write_text(into, parameter->name);
		snafu_buffer_append_byte(into, ':');
		snafu_schema_parameter(parameter, into);
	}
	if (object) {
		snafu_buffer_format(into, "%s\"%s\":", first ? "" : ",", object);
		text(into, "{\"type\":[\"object\",\"array\"],\"description\":"
		           "\"arguments of the constructor, by name or by position\"}");
	}
	snafu_buffer_append_byte(into, '}');
	write_required(function, into);
	text(into, ",\"additionalProperties\":");
	if (keywords)
		snafu_schema_shape(keywords->shape, into);
	else
		text(into, "false");
	snafu_buffer_append_byte(into, '}');
}

void snafu_schema_by_position(const struct snafu_function *function, struct snafu_buffer *into)
{
	const struct snafu_parameter *rest = NULL;
	size_t n = 0, required = 0;

	text(into, "{\"type\":\"array\"");
	for (size_t i = 0; i < function->n_parameters; i++) {
		const struct snafu_parameter *parameter = &function->parameters[i];
		if (parameter->kind == SNAFU_PARAMETER_VARIADIC)
			rest = parameter;
		if (parameter->kind != SNAFU_PARAMETER_NORMAL &&
		    parameter->kind != SNAFU_PARAMETER_POSITIONAL_ONLY)
			continue;
		text(into, n++ == 0 ? ",\"prefixItems\":[" : ",");
		snafu_schema_parameter(parameter, into);
		if (snafu_parameter_required(parameter))
			required = n;
	}
	if (n > 0)
		snafu_buffer_append_byte(into, ']');
	if (required > 0)
		snafu_buffer_format(into, ",\"minItems\":%zu", required);
	text(into, ",\"items\":");
	if (rest)
		snafu_schema_shape(rest->shape, into);
	else
		text(into, "false");
	snafu_buffer_append_byte(into, '}');
}

void snafu_schema_result(const struct snafu_function *function, struct snafu_buffer *into)
{
	/* Out-parameters and constructors change what comes back in ways that only
	 * the language knows. */
	for (size_t i = 0; i < function->n_parameters; i++)
		if (function->parameters[i].kind == SNAFU_PARAMETER_OUT) {
			text(into, "{}");
			return;
		}
	if (function->generator && function->returns_shape->kind == SNAFU_SHAPE_ANY) {
		text(into, "{\"type\":\"array\"}");
	} else {
		struct walk walk = {.into = into, .budget = SNAFU_SCHEMA_SHAPES_CAP, .result = true};

		walk_shape(&walk, function->returns_shape);
	}
}

bool snafu_schema_takes_positions(const struct snafu_function *function)
{
	for (size_t i = 0; i < function->n_parameters; i++)
		if (function->parameters[i].kind == SNAFU_PARAMETER_KEYWORD_ONLY &&
		    snafu_parameter_required(&function->parameters[i]))
			return false;
	return true;
}

bool snafu_schema_needs_nothing(const struct snafu_function *function)
{
	for (size_t i = 0; i < function->n_parameters; i++)
		if (snafu_parameter_required(&function->parameters[i]))
			return false;
	return true;
}
