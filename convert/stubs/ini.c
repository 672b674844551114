/* convert/stubs/ini.c — a snafu.ini to begin with: every setting and a section for each function,
 * commented. Written again, it keeps what is there and gets what is missing behind it. See
 * stubs.h. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/arena.h"
#include "base/error.h"
#include "convert/stubs/stubs.h"
#include "runtime/settings/book.h"
#include "scanner/function.h"

#define LINE_CAP    240 /* bytes of a function's signature and documentation */
#define BLANKS      " \t\r"
#define FUNCTION    "function "
#define TRIGGERS    "triggers" /* the section of what calls functions */
#define ENVIRONMENT "environment"

/* What the settings of one function usually are; triggers come on top. */
static const char *const usual[] = {"call-timeout", "memory", "concurrency", "retries", "executor"};

/* ---- what is there ---------------------------------------------------------------------- */

/* Sections and settings that a file names, commented or not: "section\nname", "section\n". */
struct present {
	struct snafu_arena texts;
	const char **keys; /* malloc'ed, sorted */
	size_t count, capacity;
};

static int compare_keys(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int add_key(struct present *present, const char *section, size_t section_size,
                   const char *name, size_t size)
{
	if (snafu_array_grow(&present->keys, &present->capacity, present->count, sizeof *present->keys))
		return -ENOMEM;
	const char *key = snafu_arena_format(&present->texts, "%.*s\n%.*s", (int)section_size, section,
	                                     (int)size, name);
	present->keys[present->count++] = key;
	return key ? 0 : -ENOMEM;
}

static bool has_key(const struct present *present, const char *section, const char *name)
{
	char *key;
	bool found;

	if (asprintf(&key, "%s\n%s", section, name) < 0)
		return true;
	const char *wanted = key;
	found = present->count && bsearch(&wanted, present->keys, present->count, sizeof *present->keys,
	                                  compare_keys) != NULL;
	free(key);
	return found;
}

/* TEXT is NULL or a whole file. */
static int read_present(const char *text, struct present *ret)
{
	const char *section = "";
	size_t section_size = 0;
	int code = 0;

	for (const char *line = text, *end; !code && line; line = end) {
		size_t size = strcspn(line, "\n");

		end = line[size] ? line + size + 1 : NULL;
		size_t skip = strspn(line, BLANKS ";#");
		line += skip < size ? skip : size;
		size -= skip < size ? skip : size;
		const char *close = *line == '[' ? memchr(line, ']', size) : NULL;
		const char *equals = close ? NULL : memchr(line, '=', size);
		if (close) {
			section = line + 1;
			section_size = (size_t)(close - section);
			code = add_key(ret, section, section_size, "", 0);
		} else if (equals) {
			for (size = (size_t)(equals - line); size && strchr(BLANKS, line[size - 1]);)
				size--;
			code = add_key(ret, section, section_size, line, size);
		}
	}
	if (ret->count)
		qsort(ret->keys, ret->count, sizeof *ret->keys, compare_keys);
	return code;
}

/* ---- settings of the instance ----------------------------------------------------------- */

static void write_value(const struct snafu_setting *setting, struct snafu_settings *settings,
                        struct snafu_buffer *into)
{
	snafu_buffer_format(into, ";%s = ", setting->name);
	if (setting->unit == SNAFU_UNIT_TEXT) {
		const char *text = *snafu_setting_text(settings, setting);

		snafu_buffer_append(into, text, strcspn(text, "\n"));
	} else {
		snafu_setting_write(setting, *snafu_setting_number(settings, setting), into);
	}
	snafu_buffer_append_byte(into, '\n');
}

static void explain(const struct snafu_setting *setting, struct snafu_buffer *into)
{
	snafu_buffer_format(into, "; %s", setting->help);
	if (setting->unit != SNAFU_UNIT_TEXT && setting->unit != SNAFU_UNIT_SWITCH) {
		snafu_buffer_append_text(into, " (");
		snafu_setting_write(setting, setting->least, into);
		snafu_buffer_append_text(into, " to ");
		snafu_setting_write(setting, setting->most, into);
		snafu_buffer_append_byte(into, ')');
	}
	snafu_buffer_append_byte(into, '\n');
}

/* All that are not there yet. Returns how many. */
static size_t write_instance(const struct snafu_settings_book *book, const struct present *present,
                             struct snafu_buffer *into)
{
	struct snafu_settings settings = book->instance.values;
	const char *section = "";
	size_t added = 0;

	for (const struct snafu_setting *at = snafu_setting_table; at->name; at++) {
		/* Whose calls trigger what is a matter of functions. */
		if (strcmp(at->section, TRIGGERS) == 0 || strcmp(at->name, ENVIRONMENT) == 0 ||
		    has_key(present, at->section, at->name))
			continue;
		if (strcmp(at->section, section) != 0)
			snafu_buffer_format(into, "\n[%s]\n", at->section);
		section = at->section;
		explain(at, into);
		write_value(at, &settings, into);
		added++;
	}
	return added;
}

/* ---- functions -------------------------------------------------------------------------- */

static bool is_usual(const struct snafu_setting *setting)
{
	for (size_t i = 0; i < sizeof usual / sizeof *usual; i++)
		if (strcmp(setting->name, usual[i]) == 0)
			return true;
	return strcmp(setting->section, TRIGGERS) == 0;
}

/* "; name(parameters) -> result: what it does", and a line for each parameter that has words of
 * its own. */
static void describe(const struct snafu_function *function, struct snafu_buffer *into)
{
	struct snafu_buffer text = SNAFU_BUFFER(64u << 10);

	snafu_function_signature(function, &text);
	if (function->doc) {
		const char *doc = function->doc + strspn(function->doc, " \t\r\n");

		if (*doc && !text.failed)
			snafu_buffer_format(&text, ": %.*s", (int)strcspn(doc, "\n"), doc);
	}
	for (char *at = text.data; at && *at; at++)
		if ((unsigned char)*at < 0x20)
			*at = ' ';
	snafu_buffer_format(into, "\n; %.*s\n", LINE_CAP,
	                    text.data && !text.failed ? text.data : function->name);
	snafu_buffer_done(&text);
	for (size_t i = 0; i < function->n_parameters; i++) {
		const struct snafu_parameter *parameter = &function->parameters[i];

		if (parameter->doc && *parameter->doc)
			snafu_buffer_format(into, ";   %s: %.*s\n", parameter->name,
			                    (int)strcspn(parameter->doc, "\r\n"), parameter->doc);
	}
}

static void write_function(const struct snafu_function *function,
                           const struct snafu_settings_book *book, struct snafu_buffer *into)
{
	struct snafu_settings settings;
	struct snafu_arena texts = {0};

	if (snafu_book_resolve(book, -1, NULL, function->id, &texts, &settings))
		settings = book->instance.values;
	describe(function, into);
	snafu_buffer_format(into, ";[" FUNCTION "%s]\n", function->id);
	for (const struct snafu_setting *at = snafu_setting_table; at->name; at++)
		if (at->narrowable && is_usual(at))
			write_value(at, &settings, into);
	snafu_buffer_append_text(into, ";" ENVIRONMENT " NAME = value\n");
	snafu_arena_done(&texts);
}

static size_t write_functions(const struct snafu_functions *functions,
                              const struct snafu_settings_book *book, const struct present *present,
                              struct snafu_buffer *into, size_t *ret_left_out)
{
	const char *last = "";
	size_t added = 0;

	for (size_t i = 0; i < functions->count; i++) {
		const struct snafu_function *function = &functions->functions[i];
		struct snafu_buffer entry = SNAFU_BUFFER(64u << 10);
		char *section;

		if (function->reason || strcmp(function->id, last) == 0 || strpbrk(function->id, "\n]"))
			continue;
		last = function->id;
		if (asprintf(&section, FUNCTION "%s", function->id) < 0)
			continue;
		bool known = has_key(present, section, "");
		free(section);
		if (known)
			continue;
		write_function(function, book, &entry);
		if (entry.failed || into->size + entry.size > SNAFU_STUB_INI_CAP) {
			++*ret_left_out;
		} else {
			snafu_buffer_append(into, entry.data, entry.size);
			added++;
		}
		snafu_buffer_done(&entry);
	}
	return added;
}

static bool is_there(const struct snafu_functions *functions, const char *name)
{
	size_t size = strlen(name);

	for (size_t i = 0; i < functions->count; i++) {
		const char *id = functions->functions[i].id;
		size_t length = strlen(id);

		if (size <= length && strcmp(id + length - size, name) == 0 &&
		    (size == length || id[length - size - 1] == '.'))
			return true;
	}
	return false;
}

static void find_gone(const struct snafu_functions *functions, const struct present *present,
                      struct snafu_buffer *into)
{
	for (size_t i = 0; i < present->count; i++) {
		const char *key = present->keys[i], *end = strchr(key, '\n');
		char name[1024];

		if (end[1] || strncmp(key, FUNCTION, strlen(FUNCTION)) != 0)
			continue;
		key += strlen(FUNCTION);
		snprintf(name, sizeof name, "%.*s", (int)(end - key), key);
		if (!strpbrk(name, "*?[") && !is_there(functions, name))
			snafu_buffer_format(into, "%s%s", into->size ? ", " : "", name);
	}
}

/* ---- the whole -------------------------------------------------------------------------- */

int snafu_stub_ini_write(const struct snafu_functions *functions,
                         const struct snafu_settings_book *book, const char *before,
                         struct snafu_buffer *into, struct snafu_stub_changes *ret_changes,
                         size_t *ret_left_out, struct snafu_error *error)
{
	struct present present = {0};
	int code = read_present(before, &present);

	*ret_changes = (struct snafu_stub_changes){.gone = SNAFU_BUFFER(4096)};
	*ret_left_out = 0;
	if (!code && before) {
		snafu_buffer_append_text(into, before);
		if (into->size && into->data[into->size - 1] != '\n')
			snafu_buffer_append_byte(into, '\n');
	} else if (!code) {
		snafu_buffer_append_text(
			into,
			"; Settings for snafu -s snafu.ini. All are comments: take the ; away in front of\n"
			"; one to set it; of a function, in front of its section's line as well. The\n"
			"; values are those that hold anyway. settings.md tells more.\n");
	}
	if (!code) {
		ret_changes->settings = write_instance(book, &present, into);
		ret_changes->functions = write_functions(functions, book, &present, into, ret_left_out);
		find_gone(functions, &present, &ret_changes->gone);
		code = snafu_buffer_failed(into);
	}
	free(present.keys);
	snafu_arena_done(&present.texts);
	return code ? snafu_fail_errno(error, code, "snafu.ini") : 0;
}
