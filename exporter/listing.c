/* exporter/listing.c — see listing.h. */
#include "exporter/listing.h"

#include <string.h>

#include "base/buffer.h"
#include "base/json.h"
#include "exporter/schema.h"

#define SIGNATURE_CAP (64u << 10)

static void text(struct snafu_buffer *into, const char *bytes)
{
	snafu_buffer_append_text(into, bytes);
}

static void member(struct snafu_buffer *into, const char *key, const char *value)
{
	snafu_buffer_format(into, ",\"%s\":", key);
	snafu_json_write_text(into, value);
}

static void flag(struct snafu_buffer *into, const char *key, bool value)
{
	snafu_buffer_format(into, ",\"%s\":%s", key, value ? "true" : "false");
}

static void write_signature(const struct snafu_function *function, struct snafu_buffer *into)
{
	struct snafu_buffer signature = SNAFU_BUFFER(SIGNATURE_CAP);

	snafu_function_signature(function, &signature);
	bool whole = signature.data && !signature.failed;
	member(into, "signature", whole ? signature.data : function->name);
	snafu_buffer_done(&signature);
}

static void write_head(const struct snafu_function *function, struct snafu_buffer *into)
{
	text(into, "{\"id\":");
	snafu_json_write_text(into, function->id);
	member(into, "language", function->language);
	write_signature(function, into);
	flag(into, "callable", !function->reason);
	if (function->convention)
		member(into, "convention", function->convention);
	if (function->outdated)
		member(into, "outdated", function->outdated);
}

static void write_parameter(const struct snafu_parameter *parameter, struct snafu_buffer *into)
{
	text(into, "{\"name\":");
	snafu_json_write_text(into, parameter->name);
	member(into, "kind", snafu_parameter_kind_name(parameter->kind));
	member(into, "type", parameter->type);
	flag(into, "required", snafu_parameter_required(parameter));
	member(into, "default", parameter->fallback);
	member(into, "doc", parameter->doc);
	text(into, ",\"schema\":");
	snafu_schema_parameter(parameter, into);
	snafu_buffer_append_byte(into, '}');
}

void snafu_listing_function(const struct snafu_function *function, struct snafu_buffer *into)
{
	write_head(function, into);
	member(into, "kind", snafu_function_kind_name(function->kind));
	member(into, "reason", function->reason);
	member(into, "doc", function->doc);
	text(into, ",\"parameters\":[");
	for (size_t i = 0; i < function->n_parameters; i++) {
		if (i > 0)
			snafu_buffer_append_byte(into, ',');
		write_parameter(&function->parameters[i], into);
	}
	text(into, "],\"arguments\":");
	snafu_schema_by_name(function, into);
	member(into, "returns", function->returns);
	text(into, ",\"result\":");
	snafu_schema_result(function, into);
	snafu_buffer_append_byte(into, '}');
}

static void write_brief(const struct snafu_function *function, struct snafu_buffer *into)
{
	write_head(function, into);
	text(into, ",\"doc\":");
	if (function->doc)
		snafu_json_write_string(into, function->doc, strcspn(function->doc, "\n"));
	else
		text(into, "null");
	snafu_buffer_append_byte(into, '}');
}

void snafu_listing_write(const struct snafu_functions *functions, const char *language, bool brief,
                         struct snafu_buffer *into)
{
	bool first = true;

	snafu_buffer_append_byte(into, '[');
	for (size_t i = 0; i < functions->count && !snafu_buffer_failed(into); i++) {
		const struct snafu_function *function = &functions->functions[i];
		if (language && strcmp(function->language, language) != 0)
			continue;
		text(into, first ? "\n" : ",\n");
		first = false;
		if (brief)
			write_brief(function, into);
		else
			snafu_listing_function(function, into);
	}
	text(into, "\n]\n");
}
