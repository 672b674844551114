/* convert/model_settings.c — see model_settings.h. */
#include "convert/model_settings.h"

#include <string.h>

#include "base/buffer.h"
#include "base/json.h"
#include "runtime/settings/book.h"

void model_element(struct snafu_buffer *into)
{
	char last = into->size ? into->data[into->size - 1] : '{';

	if (last != '{' && last != '[')
		snafu_buffer_append_text(into, ", ");
}

void model_member(struct snafu_buffer *into, const char *name)
{
	model_element(into);
	snafu_json_write_text(into, name);
	snafu_buffer_append_text(into, ": ");
}

static const char *unit_name(const struct snafu_setting *setting)
{
	return setting->unit == SNAFU_UNIT_COUNT    ? "count"
	       : setting->unit == SNAFU_UNIT_TIME   ? "ms"
	       : setting->unit == SNAFU_UNIT_SIZE   ? "bytes"
	       : setting->unit == SNAFU_UNIT_SWITCH ? "switch"
	                                            : "text";
}

/* "value": 60000, "text": "1min" */
static void write_value(const struct snafu_settings *settings, const struct snafu_setting *setting,
                        struct snafu_buffer *into)
{
	struct snafu_settings *from = (struct snafu_settings *)settings;
	struct snafu_buffer text = SNAFU_BUFFER(64);

	model_member(into, "value");
	if (setting->unit == SNAFU_UNIT_TEXT) {
		snafu_json_write_text(into, *snafu_setting_text(from, setting));
		model_member(into, "text");
		snafu_json_write_text(into, *snafu_setting_text(from, setting));
		return;
	}
	uint64_t value = *snafu_setting_number(from, setting);
	if (setting->unit == SNAFU_UNIT_SWITCH)
		snafu_buffer_append_text(into, value ? "true" : "false");
	else
		snafu_json_write_uint64(into, value);
	snafu_setting_write(setting, value, &text);
	model_member(into, "text");
	snafu_json_write_text(into, text.data);
	snafu_buffer_done(&text);
}

static bool is_default(const struct snafu_settings *settings, const struct snafu_setting *setting)
{
	struct snafu_settings *from = (struct snafu_settings *)settings;

	if (setting->unit == SNAFU_UNIT_TEXT)
		return strcmp(*snafu_setting_text(from, setting), setting->fallback_text) == 0;
	return *snafu_setting_number(from, setting) == setting->fallback;
}

static void write_one(const struct snafu_settings *settings, const struct snafu_setting *setting,
                      struct snafu_buffer *into)
{
	model_member(into, setting->name);
	snafu_buffer_append_byte(into, '{');
	write_value(settings, setting, into);
	snafu_buffer_append_byte(into, '}');
}

void model_write_settings(const struct snafu_settings *settings, struct snafu_buffer *into)
{
	model_member(into, "settings");
	snafu_buffer_append_byte(into, '{');
	for (const struct snafu_setting *at = snafu_setting_table; at->name; at++)
		if (at->narrowable && at->offset != offsetof(struct snafu_settings, environment) &&
		    !is_default(settings, at))
			write_one(settings, at, into);
	snafu_buffer_append_byte(into, '}');
}

void model_write_environment(const char *environment, struct snafu_buffer *into)
{
	struct snafu_variable variable;

	model_member(into, "environment");
	snafu_buffer_append_byte(into, '{');
	while (snafu_environment_next(&environment, &variable)) {
		model_element(into);
		snafu_json_write_string(into, variable.name, variable.name_size);
		snafu_buffer_append_text(into, ": ");
		snafu_json_write_string(into, variable.value, variable.value_size);
	}
	snafu_buffer_append_byte(into, '}');
}

void model_write_table(const struct snafu_settings_book *book, struct snafu_buffer *into)
{
	struct snafu_settings defaults;

	snafu_settings_init(&defaults);
	model_member(into, "settings");
	snafu_buffer_append_byte(into, '[');
	for (const struct snafu_setting *at = snafu_setting_table; at->name; at++) {
		model_element(into);
		snafu_buffer_append_byte(into, '{');
		model_member(into, "section");
		snafu_json_write_text(into, at->section);
		model_member(into, "name");
		snafu_json_write_text(into, at->name);
		model_member(into, "unit");
		snafu_json_write_text(into, unit_name(at));
		model_member(into, "help");
		snafu_json_write_text(into, at->help);
		model_member(into, "by");
		snafu_json_write_text(into, at->narrowable ? "all" : "instance");
		write_value(&book->instance.values, at, into);
		model_member(into, "default");
		snafu_buffer_append_byte(into, '{');
		write_value(&defaults, at, into);
		snafu_buffer_append_text(into, "}}");
	}
	snafu_buffer_append_byte(into, ']');
}

void model_write_tenants(const struct snafu_settings_book *book, struct snafu_buffer *into)
{
	model_member(into, "tenants");
	snafu_buffer_append_byte(into, '{');
	for (size_t i = 0; i < book->n_tenants; i++) {
		const struct snafu_settings_layer *layer = &book->tenants[i]->layer;

		model_member(into, book->tenants[i]->name);
		snafu_buffer_append_byte(into, '{');
		for (int j = 0; snafu_setting_table[j].name; j++)
			if (layer->set[j])
				write_one(&layer->values, &snafu_setting_table[j], into);
		snafu_buffer_append_byte(into, '}');
	}
	snafu_buffer_append_byte(into, '}');
}
