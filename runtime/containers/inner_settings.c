/* runtime/containers/inner_settings.c — the settings of the Snafu in a container: what the
 * host's say of calls, of functions and of the container's own tenant; nothing of others. */
#include <string.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/file.h"
#include "runtime/containers/container.h"
#include "runtime/executors/executor.h"
#include "runtime/host_state.h"
#include "runtime/settings/book.h"

#define TEXT_CAP (4u << 20)

/* Whether it means something in there: where calls run, and what becomes of those that are
 * asynchronous, is decided outside. */
static bool is_inner(const struct snafu_setting *setting)
{
	return strcmp(setting->section, "limits") == 0 ||
	       (strcmp(setting->section, "execution") == 0 && setting->narrowable &&
	        setting->offset != offsetof(struct snafu_settings, executor));
}

static void write_variables(const char *environment, struct snafu_buffer *into)
{
	struct snafu_variable variable;

	while (snafu_environment_next(&environment, &variable))
		snafu_buffer_format(into, "environment %.*s = \"%.*s\"\n", (int)variable.name_size,
		                    variable.name, (int)variable.value_size, variable.value);
}

/* One line. SECTION: in a section of its own. */
static void write_setting(const struct snafu_setting *setting, const struct snafu_settings *values,
                          bool section, struct snafu_buffer *into)
{
	struct snafu_settings *from = (struct snafu_settings *)values;

	if (section)
		snafu_buffer_format(into, "[%s]\n", setting->section);
	if (setting->offset == offsetof(struct snafu_settings, environment)) {
		write_variables(values->environment, into);
		return;
	}
	snafu_buffer_format(into, "%s = ", setting->name);
	if (setting->unit == SNAFU_UNIT_TEXT)
		snafu_buffer_format(into, "\"%s\"", *snafu_setting_text(from, setting));
	else
		snafu_setting_write(setting, *snafu_setting_number(from, setting), into);
	snafu_buffer_append_byte(into, '\n');
}

static void write_layer(const struct snafu_settings_layer *layer, bool sections,
                        struct snafu_buffer *into)
{
	for (int i = 0; snafu_setting_table[i].name; i++)
		if (layer->set[i] && is_inner(&snafu_setting_table[i]))
			write_setting(&snafu_setting_table[i], &layer->values, sections, into);
}

static void write_caps(const struct snafu_settings_book *book, struct snafu_buffer *into)
{
	snafu_buffer_append_text(into, "[caps]\n");
	for (int i = 0; snafu_setting_table[i].name; i++) {
		const struct snafu_setting *setting = &snafu_setting_table[i];

		if (!is_inner(setting) || !setting->narrowable || setting->unit == SNAFU_UNIT_TEXT)
			continue;
		snafu_buffer_format(into, "%s = ", setting->name);
		snafu_setting_write(setting, book->caps[i], into);
		snafu_buffer_append_byte(into, '\n');
	}
}

int container_write_settings(const char *path, const struct snafu_executor_options *options,
                             const char *tenant, struct snafu_error *error)
{
	const struct snafu_settings_book *book = snafu_host_book(options->host);
	struct snafu_buffer text = SNAFU_BUFFER(TEXT_CAP);

	/* Nothing here outlives the container. */
	snafu_buffer_append_text(&text, "[asynchronous]\nfile = none\n");
	write_caps(book, &text);
	write_layer(&book->instance, true, &text);
	for (size_t i = 0; i < book->count; i++) {
		const struct snafu_book_section *section = book->sections[i];

		if (section->tenant && strcmp(section->name, tenant) != 0)
			continue;
		snafu_buffer_format(&text, "[%s %s]\n", section->tenant ? "tenant" : "function",
		                    section->name);
		write_layer(&section->layer, false, &text);
	}
	int code = snafu_buffer_failed(&text);
	code = code ? snafu_fail_errno(error, code, "the settings are too much for a container")
	            : snafu_file_write(path, text.data, text.size, error);
	snafu_buffer_done(&text);
	return code;
}
