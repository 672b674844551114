/* exporter/given_line.c — the words of a line typed by a person. */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/json.h"
#include "exporter/given.h"
#include "scanner/function.h"

#define LINE_CAP (4u << 20) /* bytes of one value */

static bool takes_name(const struct snafu_overloads *overloads, const char *name, size_t size)
{
	for (size_t i = 0; i < overloads->count; i++) {
		const struct snafu_function *function = overloads->entries[i];

		for (size_t j = 0; j < function->n_parameters; j++) {
			const struct snafu_parameter *parameter = &function->parameters[j];

			if (parameter->kind == SNAFU_PARAMETER_KEYWORDS ||
			    (strlen(parameter->name) == size && memcmp(parameter->name, name, size) == 0))
				return true;
		}
	}
	/* What a method's object is made from. */
	return (size == 4 && (memcmp(name, "self", 4) == 0 || memcmp(name, "this", 4) == 0));
}

static size_t name_size(const char *at)
{
	size_t size = 0;

	while (isalnum((unsigned char)at[size]) || at[size] == '_' || at[size] == '$' ||
	       (unsigned char)at[size] >= 0x80)
		size++;
	return size;
}

/* The end of the JSON array or object that begins at AT, or NULL. */
static const char *bracket_end(const char *at)
{
	size_t open = 0;
	bool quoted = false;

	for (; *at; at++) {
		if (quoted && *at == '\\' && at[1])
			at++;
		else if (*at == '"')
			quoted = !quoted;
		else if (!quoted && (*at == '[' || *at == '{'))
			open++;
		else if (!quoted && (*at == ']' || *at == '}') && --open == 0)
			return at + 1;
	}
	return NULL;
}

/* Appends the value at *AT without its quotes and moves *AT behind it. */
static int read_value(const char **at, struct snafu_buffer *value, bool *ret_quoted,
                      struct snafu_error *error)
{
	const char *from = *at;

	*ret_quoted = *from == '"' || *from == '\'';
	if (*from == '[' || *from == '{') {
		const char *end = bracket_end(from);

		if (!end)
			return snafu_fail(error, -EINVAL, "'%c' is never closed", *from);
		snafu_buffer_append(value, from, (size_t)(end - from));
		from = end;
	}
	for (char quote = 0; *from && (quote || !isspace((unsigned char)*from)); from++) {
		if (quote == '"' && *from == '\\' && from[1])
			snafu_buffer_append_byte(value, *++from);
		else if (*from == quote)
			quote = 0;
		else if (!quote && (*from == '"' || (*from == '\'' && *ret_quoted)))
			quote = *from;
		else
			snafu_buffer_append_byte(value, *from);
		if (quote && !from[1])
			return snafu_fail(error, -EINVAL, "the quote %c is never closed", quote);
	}
	*at = from;
	return snafu_buffer_failed(value);
}

/* The same for JSON: all of it, up to a space outside quotes and brackets. */
static int read_json(const char **at, struct snafu_buffer *value, struct snafu_error *error)
{
	const char *from = *at, *end = from;

	if (*from == '[' || *from == '{')
		end = bracket_end(from);
	for (bool quoted = false; end && *end && (quoted || !isspace((unsigned char)*end)); end++) {
		if (quoted && *end == '\\' && end[1])
			end++;
		else if (*end == '"')
			quoted = !quoted;
	}
	if (!end)
		return snafu_fail(error, -EINVAL, "'%c' is never closed", *from);
	*at = end;
	return snafu_buffer_append(value, from, (size_t)(end - from));
}

static int add_word(struct snafu_given *given, const struct snafu_overloads *overloads,
                    const char **at, struct snafu_error *error)
{
	struct snafu_buffer value = SNAFU_BUFFER(LINE_CAP);
	size_t size = name_size(*at);
	bool json = size && (*at)[size] == ':' && (*at)[size + 1] == '=';
	bool named = size && (json || (*at)[size] == '=') && takes_name(overloads, *at, size);
	char *name = named ? strndup(*at, size) : NULL;
	bool quoted = false;

	if (named)
		*at += size + 1 + json;
	int code = named && !name ? -ENOMEM : 0;
	if (!code)
		code =
			named && json ? read_json(at, &value, error) : read_value(at, &value, &quoted, error);
	if (!code)
		code = snafu_given_add(given, name, value.data ? value.data : "", value.size, named && json,
		                       error);
	if (!code)
		given->arguments[given->count - 1].quoted = quoted;
	free(name);
	snafu_buffer_done(&value);
	return code;
}

int snafu_given_add_line(struct snafu_given *given, const struct snafu_overloads *overloads,
                         const char *line, struct snafu_error *error)
{
	int code = 0;

	for (const char *at = line; !code;) {
		while (isspace((unsigned char)*at))
			at++;
		if (!*at)
			break;
		code = add_word(given, overloads, &at, error);
	}
	return code;
}
