/* scanner/describe.c — one function as a JSON object, for snafu-scan and for
 * doors that list what they offer. */
#include "scanner/scanner.h"

#include "base/buffer.h"
#include "base/json.h"

static void write_member(struct snafu_buffer *into, const char *before, const char *text)
{
	snafu_buffer_append_text(into, before);
	snafu_json_write_text(into, text);
}

static void write_parameter(const struct snafu_parameter *parameter, struct snafu_buffer *into)
{
	write_member(into, "{\"name\":", parameter->name);
	write_member(into, ",\"type\":", parameter->type);
	write_member(into, ",\"default\":", parameter->fallback);
	write_member(into, ",\"kind\":", snafu_parameter_kind_name(parameter->kind));
	write_member(into, ",\"doc\":", parameter->doc);
	snafu_buffer_append_byte(into, '}');
}

void snafu_function_write_json(const struct snafu_function *function, struct snafu_buffer *into)
{
	write_member(into, "{\"id\":", function->id);
	write_member(into, ",\"language\":", function->language);
	write_member(into, ",\"file\":", function->file);
	snafu_buffer_append_text(into, ",\"line\":");
	snafu_json_write_uint64(into, function->line);
	write_member(into, ",\"kind\":", snafu_function_kind_name(function->kind));
	snafu_buffer_append_text(into, ",\"parameters\":[");
	for (size_t i = 0; i < function->n_parameters; i++) {
		if (i > 0)
			snafu_buffer_append_byte(into, ',');
		write_parameter(&function->parameters[i], into);
	}
	write_member(into, "],\"returns\":", function->returns);
	write_member(into, ",\"doc\":", function->doc);
	if (function->convention)
		write_member(into, ",\"convention\":", function->convention);
	snafu_buffer_append_text(into, function->reason ? ",\"callable\":false" : ",\"callable\":true");
	write_member(into, ",\"reason\":", function->reason);
	snafu_buffer_append_byte(into, '}');
}
