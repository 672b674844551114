/* scanner/c_answer.c — see c_answer.h. */
#include "scanner/c_answer.h"

#include <errno.h>
#include <string.h>

#include "base/buffer.h"
#include "base/json.h"
#include "scanner/c_shapes.h"

#define STRING_CAP (1u << 20) /* bytes of one string */

/* One file's share of the answer: it counts once the file's end was seen. */
struct answer {
	const struct snafu_source *const *sources;
	size_t count, at; /* sources; the one that is being read */
	struct snafu_functions file;
	struct snafu_json_reader reader;
};

/* A function as its line says it. */
struct line {
	struct snafu_function function;
	struct snafu_parameter parameters[SNAFU_C_PARAMETERS_CAP + 1];
	size_t count;
	bool variadic;
};

static int read_text(struct answer *answer, const struct snafu_json_value *value,
                     const char **ret_text)
{
	struct snafu_buffer plain = SNAFU_BUFFER(STRING_CAP);
	int code = value->type == SNAFU_JSON_STRING ? snafu_json_unescape(value, &plain) : -EINVAL;

	if (!code) {
		*ret_text = snafu_arena_copy(&answer->file.arena, plain.data ? plain.data : "", plain.size);
		code = *ret_text ? 0 : -ENOMEM;
	}
	snafu_buffer_done(&plain);
	return code;
}

static int read_parameter(struct answer *answer, struct snafu_parameter *parameter, size_t index)
{
	struct snafu_json_value key, value;
	bool invalid = false;
	int more;

	while ((more = snafu_json_next_member(&answer->reader, &key, &value, NULL)) > 0) {
		int code = 0;

		if (snafu_json_equals(&key, "name"))
			code = read_text(answer, &value, &parameter->name);
		else if (snafu_json_equals(&key, "type"))
			code = read_text(answer, &value, &parameter->type);
		else if (snafu_json_equals(&key, "native"))
			code = read_text(answer, &value, &parameter->native);
		else if (snafu_json_equals(&key, "doc"))
			code = read_text(answer, &value, &parameter->doc);
		else if (snafu_json_equals(&key, "invalid"))
			invalid = value.type == SNAFU_JSON_TRUE;
		else
			code = snafu_json_skip(&answer->reader, &value, NULL);
		if (code)
			return code;
	}
	/* Of a type that is missing, libclang makes int. */
	if (invalid)
		parameter->native = parameter->type = NULL;
	if (!parameter->name)
		parameter->name = snafu_arena_format(&answer->file.arena, "arg%zu", index);
	parameter->kind = SNAFU_PARAMETER_NORMAL;
	parameter->shape = snafu_shape_plain(SNAFU_SHAPE_ANY);
	return parameter->name ? more : -ENOMEM;
}

static int read_parameters(struct answer *answer, struct line *line)
{
	struct snafu_json_value value;
	int more;

	while ((more = snafu_json_next_element(&answer->reader, &value, NULL)) > 0) {
		if (value.type != SNAFU_JSON_OBJECT || line->count == SNAFU_C_PARAMETERS_CAP)
			return -EINVAL;
		int code = read_parameter(answer, &line->parameters[line->count], line->count);
		if (code)
			return code;
		line->count++;
	}
	return more;
}

static int read_member(struct answer *answer, const struct snafu_json_value *key,
                       struct snafu_json_value *value, struct line *line)
{
	struct snafu_function *function = &line->function;
	int64_t number = 0;

	if (snafu_json_equals(key, "name"))
		return read_text(answer, value, &function->name);
	if (snafu_json_equals(key, "file"))
		return read_text(answer, value, &function->file);
	if (snafu_json_equals(key, "returns"))
		return read_text(answer, value, &function->returns);
	if (snafu_json_equals(key, "native"))
		return read_text(answer, value, &function->returns_native);
	if (snafu_json_equals(key, "doc"))
		return read_text(answer, value, &function->doc);
	if (snafu_json_equals(key, "reason"))
		return read_text(answer, value, &function->reason);
	if (snafu_json_equals(key, "parameters") && value->type == SNAFU_JSON_ARRAY)
		return read_parameters(answer, line);
	if (snafu_json_equals(key, "variadic")) {
		line->variadic = value->type == SNAFU_JSON_TRUE;
	} else if (snafu_json_equals(key, "line") && value->type == SNAFU_JSON_INTEGER) {
		if (snafu_json_int64(value, &number) == 0 && number > 0 && number <= UINT32_MAX)
			function->line = (unsigned)number;
	} else {
		return snafu_json_skip(&answer->reader, value, NULL);
	}
	return 0;
}

static int add_function(struct answer *answer, struct line *line)
{
	const struct snafu_source *source = answer->sources[answer->at];
	struct snafu_arena *arena = &answer->file.arena;
	struct snafu_function *function = &line->function;

	if (!function->name || !*function->name)
		return -EINVAL;
	if (line->variadic)
		line->parameters[line->count++] = (struct snafu_parameter){
			.name = "...",
			.type = "...",
			.kind = SNAFU_PARAMETER_VARIADIC,
			.shape = snafu_shape_plain(SNAFU_SHAPE_ANY),
		};
	function->id = snafu_arena_format(arena, "%s.%s", source->module, function->name);
	const char *path = snafu_arena_string(arena, source->path);
	if (!function->file)
		function->file = path;
	else if (path && strcmp(function->file, path) != 0)
		function->source = path;
	function->root = snafu_arena_string(arena, source->root);
	struct snafu_parameter *parameters =
		snafu_arena_alloc(arena, (line->count + 1) * sizeof *parameters);
	if (!path || !function->id || !parameters || (source->root && !function->root))
		return -ENOMEM;
	memcpy(parameters, line->parameters, line->count * sizeof *parameters);
	function->name = function->id + strlen(source->module) + 1;
	function->language = "c";
	function->kind = SNAFU_FUNCTION;
	function->parameters = parameters;
	function->n_parameters = line->count;
	int code = snafu_c_describe(function, parameters, line->count, arena);
	if (code)
		return code;
	struct snafu_function *added = snafu_functions_add(&answer->file);
	if (!added)
		return -ENOMEM;
	*added = *function;
	return 0;
}

static int read_function(struct answer *answer)
{
	struct line line = {.count = 0};
	struct snafu_json_value key, value;
	int more;

	while ((more = snafu_json_next_member(&answer->reader, &key, &value, NULL)) > 0) {
		int code = read_member(answer, &key, &value, &line);

		if (code)
			return code;
	}
	return more ? more : add_function(answer, &line);
}

static int read_diagnostic(struct answer *answer)
{
	const char *file = NULL, *message = NULL;
	struct snafu_json_value key, value;
	enum snafu_severity severity = SNAFU_WARNING;
	int64_t line = 0;
	int more;

	while ((more = snafu_json_next_member(&answer->reader, &key, &value, NULL)) > 0) {
		int code = 0;

		if (snafu_json_equals(&key, "severity"))
			severity = snafu_json_equals(&value, "error") ? SNAFU_ERROR : SNAFU_WARNING;
		else if (snafu_json_equals(&key, "file"))
			code = read_text(answer, &value, &file);
		else if (snafu_json_equals(&key, "message"))
			code = read_text(answer, &value, &message);
		else if (snafu_json_equals(&key, "line") && value.type == SNAFU_JSON_INTEGER)
			code = snafu_json_int64(&value, &line);
		else
			code = snafu_json_skip(&answer->reader, &value, NULL);
		if (code)
			return code;
	}
	if (!more && message)
		snafu_functions_diagnose(&answer->file, severity,
		                         file ? file : answer->sources[answer->at]->path,
		                         line > 0 && line < UINT32_MAX ? (unsigned)line : 0, "%s", message);
	return more;
}

/* The line in the reader, of which the object has been entered. */
static int read_line(struct answer *answer, struct snafu_functions *ret)
{
	struct snafu_json_value key, value;
	int more = snafu_json_next_member(&answer->reader, &key, &value, NULL);

	if (more <= 0)
		return more;
	if (snafu_json_equals(&key, "begin")) {
		snafu_functions_done(&answer->file);
		return 0;
	}
	if (answer->at >= answer->count)
		return -EINVAL;
	if (snafu_json_equals(&key, "end")) {
		answer->at++;
		return snafu_functions_absorb(ret, &answer->file);
	}
	if (value.type != SNAFU_JSON_OBJECT)
		return -EINVAL;
	if (snafu_json_equals(&key, "function"))
		return read_function(answer);
	return snafu_json_equals(&key, "diagnostic") ? read_diagnostic(answer) : -EINVAL;
}

int snafu_c_answer_read(const char *text, size_t size, const struct snafu_source *const *sources,
                        size_t count, struct snafu_functions *ret, size_t *ret_ended)
{
	struct answer answer = {.sources = sources, .count = count};
	const char *end = text + size, *newline;
	int code = 0;

	for (; !code && (newline = memchr(text, '\n', (size_t)(end - text))); text = newline + 1) {
		struct snafu_json_value value;

		snafu_json_begin(&answer.reader, text, (size_t)(newline - text));
		code = snafu_json_read(&answer.reader, &value, NULL);
		if (!code)
			code = value.type == SNAFU_JSON_OBJECT ? read_line(&answer, ret) : -EINVAL;
	}
	snafu_functions_done(&answer.file);
	*ret_ended = answer.at;
	return code;
}
