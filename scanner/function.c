/* scanner/function.c — lists of function descriptors, and their words. */
#include "scanner/function.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/buffer.h"

#define DIAGNOSTICS_CAP        5000
#define DIAGNOSTIC_MESSAGE_CAP 512

static const struct snafu_shape plain_shapes[] = {
	[SNAFU_SHAPE_ANY] = {.kind = SNAFU_SHAPE_ANY},
	[SNAFU_SHAPE_NOTHING] = {.kind = SNAFU_SHAPE_NOTHING},
	[SNAFU_SHAPE_BOOLEAN] = {.kind = SNAFU_SHAPE_BOOLEAN},
	[SNAFU_SHAPE_INTEGER] = {.kind = SNAFU_SHAPE_INTEGER},
	[SNAFU_SHAPE_NUMBER] = {.kind = SNAFU_SHAPE_NUMBER},
	[SNAFU_SHAPE_STRING] = {.kind = SNAFU_SHAPE_STRING},
	[SNAFU_SHAPE_BYTES] = {.kind = SNAFU_SHAPE_BYTES},
	[SNAFU_SHAPE_ARRAY] = {.kind = SNAFU_SHAPE_ARRAY},
	[SNAFU_SHAPE_MAP] = {.kind = SNAFU_SHAPE_MAP},
	[SNAFU_SHAPE_OBJECT] = {.kind = SNAFU_SHAPE_OBJECT},
	[SNAFU_SHAPE_ENUM] = {.kind = SNAFU_SHAPE_ENUM},
	[SNAFU_SHAPE_HANDLE] = {.kind = SNAFU_SHAPE_HANDLE},
};

const struct snafu_shape *snafu_shape_plain(enum snafu_shape_kind kind)
{
	return &plain_shapes[kind];
}

const char *snafu_function_kind_name(enum snafu_function_kind kind)
{
	static const char *const names[] = {
		[SNAFU_FUNCTION] = "function",
		[SNAFU_METHOD] = "method",
		[SNAFU_CLASS_METHOD] = "class-method",
		[SNAFU_STATIC_METHOD] = "static-method",
		[SNAFU_CONSTRUCTOR] = "constructor",
		[SNAFU_PROPERTY] = "property",
		[SNAFU_NESTED_FUNCTION] = "nested-function",
	};
	return names[kind];
}

const char *snafu_parameter_kind_name(enum snafu_parameter_kind kind)
{
	static const char *const names[] = {
		[SNAFU_PARAMETER_POSITIONAL_ONLY] = "positional-only",
		[SNAFU_PARAMETER_NORMAL] = "normal",
		[SNAFU_PARAMETER_VARIADIC] = "variadic",
		[SNAFU_PARAMETER_KEYWORD_ONLY] = "keyword-only",
		[SNAFU_PARAMETER_KEYWORDS] = "keywords",
		[SNAFU_PARAMETER_OUT] = "out",
	};
	return names[kind];
}

bool snafu_parameter_required(const struct snafu_parameter *parameter)
{
	return !parameter->fallback && parameter->kind != SNAFU_PARAMETER_VARIADIC &&
	       parameter->kind != SNAFU_PARAMETER_KEYWORDS && parameter->kind != SNAFU_PARAMETER_OUT;
}

struct snafu_function *snafu_functions_add(struct snafu_functions *functions)
{
	if (snafu_array_grow(&functions->functions, &functions->capacity, functions->count,
	                     sizeof *functions->functions))
		return NULL;
	struct snafu_function *function = &functions->functions[functions->count++];
	*function = (struct snafu_function){
		.returns_shape = snafu_shape_plain(SNAFU_SHAPE_ANY),
	};
	return function;
}

void snafu_functions_diagnose(struct snafu_functions *functions, enum snafu_severity severity,
                              const char *file, unsigned line, const char *format, ...)
{
	if (functions->n_diagnostics >= DIAGNOSTICS_CAP ||
	    snafu_array_grow(&functions->diagnostics, &functions->diagnostics_capacity,
	                     functions->n_diagnostics, sizeof *functions->diagnostics))
		return;
	char text[DIAGNOSTIC_MESSAGE_CAP];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	const char *message = snafu_arena_string(&functions->arena, text);
	if (message)
		functions->diagnostics[functions->n_diagnostics++] = (struct snafu_diagnostic){
			.severity = severity,
			.file = snafu_arena_string(&functions->arena, file),
			.line = line,
			.message = message,
		};
}

int snafu_functions_absorb(struct snafu_functions *functions, struct snafu_functions *other)
{
	size_t count = functions->count + other->count;
	size_t n_diagnostics = functions->n_diagnostics + other->n_diagnostics;

	if (count > functions->capacity) {
		void *bigger = reallocarray(functions->functions, count, sizeof *functions->functions);
		if (!bigger)
			return -ENOMEM;
		functions->functions = bigger;
		functions->capacity = count;
	}
	if (n_diagnostics > functions->diagnostics_capacity) {
		void *bigger =
			reallocarray(functions->diagnostics, n_diagnostics, sizeof *functions->diagnostics);
		if (!bigger)
			return -ENOMEM;
		functions->diagnostics = bigger;
		functions->diagnostics_capacity = n_diagnostics;
	}
	if (other->count)
		memcpy(functions->functions + functions->count, other->functions,
		       other->count * sizeof *other->functions);
	if (other->n_diagnostics)
		memcpy(functions->diagnostics + functions->n_diagnostics, other->diagnostics,
		       other->n_diagnostics * sizeof *other->diagnostics);
	functions->count = count;
	functions->n_diagnostics = n_diagnostics;
	snafu_arena_absorb(&functions->arena, &other->arena);
	snafu_functions_done(other);
	return 0;
}

void snafu_functions_done(struct snafu_functions *functions)
{
	free(functions->functions);
	free(functions->diagnostics);
	snafu_arena_done(&functions->arena);
	*functions = (struct snafu_functions){0};
}

static void write_parameter(const struct snafu_function *function,
                            const struct snafu_parameter *parameter, struct snafu_buffer *into)
{
	bool type_first = strncmp(function->language, "python", 6) != 0;

	/* C's "..." is its own type. */
	if (type_first && parameter->type && strcmp(parameter->type, parameter->name) != 0)
		snafu_buffer_format(into, "%s ", parameter->type);
	if (!type_first && parameter->kind == SNAFU_PARAMETER_VARIADIC)
		snafu_buffer_append_byte(into, '*');
	if (!type_first && parameter->kind == SNAFU_PARAMETER_KEYWORDS)
		snafu_buffer_append_text(into, "**");
	snafu_buffer_append_text(into, parameter->name);
	if (!type_first && parameter->type)
		snafu_buffer_format(into, ": %s", parameter->type);
	if (parameter->fallback)
		snafu_buffer_format(into, parameter->type ? " = %s" : "=%s", parameter->fallback);
}

void snafu_function_signature(const struct snafu_function *function, struct snafu_buffer *into)
{
	bool type_first = strncmp(function->language, "python", 6) != 0;
	bool star = false;

	if (type_first && function->returns)
		snafu_buffer_format(into, "%s ", function->returns);
	snafu_buffer_append_text(into, function->name);
	snafu_buffer_append_byte(into, '(');
	for (size_t i = 0; i < function->n_parameters; i++) {
		const struct snafu_parameter *parameter = &function->parameters[i];
		bool after_slash = i > 0 && parameter->kind != SNAFU_PARAMETER_POSITIONAL_ONLY &&
		                   function->parameters[i - 1].kind == SNAFU_PARAMETER_POSITIONAL_ONLY;

		if (i > 0)
			snafu_buffer_append_text(into, ", ");
		if (after_slash)
			snafu_buffer_append_text(into, "/, ");
		if (parameter->kind == SNAFU_PARAMETER_VARIADIC)
			star = true;
		if (parameter->kind == SNAFU_PARAMETER_KEYWORD_ONLY && !star) {
			snafu_buffer_append_text(into, "*, ");
			star = true;
		}
		write_parameter(function, parameter, into);
	}
	snafu_buffer_append_byte(into, ')');
	if (!type_first && function->returns)
		snafu_buffer_format(into, " -> %s", function->returns);
}
