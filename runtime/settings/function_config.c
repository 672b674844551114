/* runtime/settings/function_config.c — see function_config.h. */
#include "runtime/settings/function_config.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/near.h"
#include "runtime/settings/function_config_members.h"
#include "runtime/settings/book.h"

#define VALUE_CAP (64u << 10)

struct reading {
	struct snafu_function_config *config;
	struct snafu_json_reader json;
	struct snafu_config_entry *entry; /* the function that is read; NULL: the file */
	struct snafu_error *error;
};

static int read_members(struct reading *reading, struct snafu_settings_layer *layer);

/* ---- words ------------------------------------------------------------------------- */

static void warn_unknown(struct reading *reading, const char *name, const char *near)
{
	struct snafu_buffer *words = &reading->config->warnings;

	snafu_buffer_format(words, "%s: %s is no setting and is passed over", reading->config->path,
	                    name);
	if (near)
		snafu_buffer_format(words, "; did you mean %s?", near);
	snafu_buffer_append_byte(words, '\n');
}

static int bad(struct reading *reading, const char *name, const char *what)
{
	return snafu_fail(reading->error, -EINVAL, "%s: %s%s%s takes %s", reading->config->path,
	                  reading->entry ? reading->entry->name : "", reading->entry ? ": " : "", name,
	                  what);
}

/* A string's characters, or a number's digits, in the config's arena. NULL: no memory, or a
 * NUL in it. */
static const char *keep(struct reading *reading, const struct snafu_json_value *value)
{
	struct snafu_buffer text = SNAFU_BUFFER(VALUE_CAP);
	const char *kept = NULL;

	if (value->type == SNAFU_JSON_STRING)
		snafu_json_unescape(value, &text);
	else
		snafu_buffer_append(&text, value->text, value->size);
	if (!text.failed && (!text.data || !memchr(text.data, '\0', text.size)))
		kept = snafu_arena_string(&reading->config->texts, text.data ? text.data : "");
	snafu_buffer_done(&text);
	return kept;
}

/* ---- values ------------------------------------------------------------------------- */

static bool is_number(const struct snafu_json_value *value)
{
	return value->type == SNAFU_JSON_INTEGER || value->type == SNAFU_JSON_REAL;
}

/* The value as a snafu.ini would have it; NULL when it cannot be. */
static const char *as_text(struct reading *reading, const struct snafu_setting *setting,
                           const char *unit, const struct snafu_json_value *value)
{
	struct snafu_arena *texts = &reading->config->texts;
	double number;

	if (value->type == SNAFU_JSON_STRING)
		return keep(reading, value);
	if (value->type == SNAFU_JSON_TRUE || value->type == SNAFU_JSON_FALSE)
		return setting->unit == SNAFU_UNIT_SWITCH ? (value->type == SNAFU_JSON_TRUE ? "yes" : "no")
		                                          : NULL;
	if (!is_number(value) || snafu_json_double(value, &number) || number < 0 || number > 1e15)
		return NULL;
	if (setting->unit == SNAFU_UNIT_TIME)
		return snafu_arena_format(texts, "%" PRIu64 "ms", (uint64_t)(number * 1000 + 0.5));
	if (value->type != SNAFU_JSON_INTEGER)
		return NULL;
	if (setting->unit == SNAFU_UNIT_COUNT)
		return keep(reading, value);
	return setting->unit == SNAFU_UNIT_SIZE && unit
	           ? snafu_arena_format(texts, "%.0f%s", number, unit)
	           : NULL;
}

static const char *what_it_takes(const struct snafu_setting *setting, const char *unit)
{
	switch (setting->unit) {
	case SNAFU_UNIT_TIME: return "a number of seconds, or one with its unit, in quotes: \"500ms\"";
	case SNAFU_UNIT_SIZE:
		return unit ? "a whole number of MiB, or one with its unit, in quotes: \"16MiB\""
		            : "a number with its unit, in quotes: \"16MiB\"";
	case SNAFU_UNIT_COUNT: return "a whole number";
	case SNAFU_UNIT_SWITCH: return "true or false";
	default: return "a text";
	}
}

/* UNIT: what a number counts when it is a size; NULL: it must say so itself. */
static int set(struct reading *reading, struct snafu_settings_layer *layer, const char *member,
               const char *name, const char *unit, struct snafu_json_value *value)
{
	int index = snafu_setting_find(NULL, name);
	const struct snafu_setting *setting = &snafu_setting_table[index];
	struct snafu_error error;
	const char *text = as_text(reading, setting, unit, value);

	if (!text)
		return bad(reading, member, what_it_takes(setting, unit));
	if (snafu_setting_read(setting, text, &layer->values, &error))
		return snafu_fail(reading->error, -EINVAL, "%s: %s: %.800s", reading->config->path, member,
		                  error.message);
	layer->set[index] = true;
	return 0;
}

/* ---- members that are objects --------------------------------------------------------- */

static int read_variables(struct reading *reading, struct snafu_settings_layer *layer)
{
	struct snafu_buffer list = SNAFU_BUFFER(SNAFU_ENVIRONMENT_CAP);
	struct snafu_json_value key, value;
	int index = snafu_setting_find(NULL, "environment"), more, code = 0;

	while (!code &&
	       (more = snafu_json_next_member(&reading->json, &key, &value, reading->error)) > 0) {
		const char *name = keep(reading, &key), *text = NULL;

		if (value.type == SNAFU_JSON_STRING || is_number(&value))
			text = keep(reading, &value);
		if (!name || !snafu_environment_is_name(name, strlen(name)))
			code = bad(reading, "Environment", "names of letters, digits and _");
		else if (!text || strchr(text, '\n'))
			code = bad(reading, name, "a text of one line");
		else
			snafu_buffer_format(&list, "%s%s=%s", list.size ? "\n" : "", name, text);
	}
	if (!code && more < 0)
		code = more;
	if (!code && list.failed)
		code = bad(reading, "Environment", "less");
	if (!code) {
		layer->values.environment =
			snafu_arena_string(&reading->config->texts, list.data ? list.data : "");
		layer->set[index] = true;
	}
	snafu_buffer_done(&list);
	return code;
}

static int read_environment(struct reading *reading, struct snafu_settings_layer *layer)
{
	struct snafu_json_value key, value;
	int more, code = 0;

	while (!code &&
	       (more = snafu_json_next_member(&reading->json, &key, &value, reading->error)) > 0) {
		if (snafu_json_equals(&key, "Variables") && value.type == SNAFU_JSON_OBJECT)
			code = read_variables(reading, layer);
		else if (snafu_json_equals(&key, "Variables"))
			code = bad(reading, "Environment.Variables", "an object of texts");
		else
			code = snafu_json_skip(&reading->json, &value, reading->error);
	}
	return code ? code : more;
}

/* {"OnSuccess": {"Destination": "..."}, "OnFailure": ...} */
static int read_destinations(struct reading *reading, struct snafu_settings_layer *layer)
{
	struct snafu_json_value key, value;
	int more, code = 0;

	while (!code &&
	       (more = snafu_json_next_member(&reading->json, &key, &value, reading->error)) > 0) {
		bool success = snafu_json_equals(&key, "OnSuccess");
		struct snafu_json_value inner;
		int inside;

		if (value.type != SNAFU_JSON_OBJECT ||
		    (!success && !snafu_json_equals(&key, "OnFailure"))) {
			code = snafu_json_skip(&reading->json, &value, reading->error);
			continue;
		}
		while (!code &&
		       (inside = snafu_json_next_member(&reading->json, &key, &inner, reading->error)) > 0)
			code = snafu_json_equals(&key, "Destination") && inner.type == SNAFU_JSON_STRING
			           ? set(reading, layer, "Destination", success ? "on-success" : "on-failure",
			                 NULL, &inner)
			           : snafu_json_skip(&reading->json, &inner, reading->error);
		if (!code && inside < 0)
			code = inside;
	}
	return code ? code : more;
}

static int read_functions(struct reading *reading)
{
	struct snafu_json_value key, value;
	int more, code = 0;

	while (!code &&
	       (more = snafu_json_next_member(&reading->json, &key, &value, reading->error)) > 0) {
		struct snafu_config_entry *entry =
			snafu_arena_alloc(&reading->config->texts, sizeof *entry);
		const char *name = keep(reading, &key);

		if (!entry || !name)
			return snafu_fail(reading->error, -ENOMEM, "no memory for %s", reading->config->path);
		if (strncmp(name, "//", 2) == 0) {
			code = snafu_json_skip(&reading->json, &value, reading->error);
			continue;
		}
		if (value.type != SNAFU_JSON_OBJECT)
			return bad(reading, name, "an object of settings");
		entry->name = name;
		snafu_settings_init(&entry->layer.values);
		entry->next = reading->config->functions;
		reading->config->functions = entry;
		reading->entry = entry;
		code = read_members(reading, &entry->layer);
		reading->entry = NULL;
	}
	return code ? code : more;
}

/* ---- members --------------------------------------------------------------------------- */

/* The setting that a member names by itself: "InstanceIdle" is instance-idle. -1: none. */
static int find_by_member(const char *member)
{
	char name[64];
	size_t size = 0;

	for (const char *at = member; *at; at++) {
		if (size + 3 > sizeof name)
			return -1;
		if (isupper((unsigned char)*at) && at > member)
			name[size++] = '-';
		name[size++] = (char)tolower((unsigned char)*at);
	}
	name[size] = '\0';
	return isupper((unsigned char)*member) ? snafu_setting_find(NULL, name) : -1;
}

void snafu_function_config_member(const char *setting, struct snafu_buffer *into)
{
	bool up = true;

	for (; *setting; setting++) {
		if (*setting != '-')
			snafu_buffer_append_byte(into, up ? (char)toupper((unsigned char)*setting) : *setting);
		up = *setting == '-';
	}
}

static const char *near_member(const char *member)
{
	struct snafu_near near = snafu_near_begin(member, strlen(member));

	for (const struct snafu_config_member *at = snafu_config_members; at->name; at++)
		if (at->meaning != SNAFU_MEMBER_NOTHING)
			snafu_near_offer(&near, at->name);
	return near.name;
}

static int read_text(struct reading *reading, const char *member, struct snafu_json_value *value,
                     const char **ret_text)
{
	if (value->type != SNAFU_JSON_STRING || !(*ret_text = keep(reading, value)))
		return bad(reading, member, "a text");
	return 0;
}

/* Members that tell of the file, or of a function, and set nothing. */
static int read_saying(struct reading *reading, const struct snafu_config_member *member,
                       struct snafu_json_value *value)
{
	struct snafu_function_config *config = reading->config;
	const char **into = member->meaning == SNAFU_MEMBER_HANDLER         ? &config->handler
	                    : member->meaning == SNAFU_MEMBER_FUNCTION_NAME ? &config->function_name
	                    : reading->entry ? &reading->entry->description
	                                     : &config->description;

	return read_text(reading, member->name, value, into);
}

static int read_known(struct reading *reading, struct snafu_settings_layer *layer,
                      const struct snafu_config_member *member, struct snafu_json_value *value)
{
	bool object = value->type == SNAFU_JSON_OBJECT;

	switch (member->meaning) {
	case SNAFU_MEMBER_SETTING:
		return set(reading, layer, member->name, member->setting, member->unit, value);
	case SNAFU_MEMBER_ENVIRONMENT:
		return object ? read_environment(reading, layer) : bad(reading, member->name, "an object");
	case SNAFU_MEMBER_DESTINATIONS:
		return object ? read_destinations(reading, layer) : bad(reading, member->name, "an object");
	case SNAFU_MEMBER_FUNCTIONS:
		if (reading->entry || !object)
			return bad(reading, member->name, "an object, and stands at the top only");
		return read_functions(reading);
	case SNAFU_MEMBER_NOTHING: return snafu_json_skip(&reading->json, value, reading->error);
	default: return read_saying(reading, member, value);
	}
}

static int read_member(struct reading *reading, struct snafu_settings_layer *layer,
                       const char *name, struct snafu_json_value *value)
{
	if (strncmp(name, "//", 2) == 0)
		return snafu_json_skip(&reading->json, value, reading->error);
	for (const struct snafu_config_member *at = snafu_config_members; at->name; at++)
		if (strcmp(at->name, name) == 0)
			return read_known(reading, layer, at, value);
	int index = find_by_member(name);
	if (index >= 0)
		return set(reading, layer, name, snafu_setting_table[index].name, NULL, value);
	warn_unknown(reading, name, near_member(name));
	return snafu_json_skip(&reading->json, value, reading->error);
}

static int read_members(struct reading *reading, struct snafu_settings_layer *layer)
{
	struct snafu_json_value key, value;
	int more, code = 0;

	while (!code &&
	       (more = snafu_json_next_member(&reading->json, &key, &value, reading->error)) > 0) {
		const char *name = keep(reading, &key);

		code = name ? read_member(reading, layer, name, &value)
		            : snafu_fail(reading->error, -EINVAL, "%s: a name is too long",
		                         reading->config->path);
	}
	return code ? code : more;
}

/* ---- files ------------------------------------------------------------------------------- */

static int read_json(struct snafu_function_config *config, const char *text, size_t size,
                     struct snafu_error *error)
{
	struct snafu_error inner = {0};
	struct reading reading = {.config = config, .error = &inner};
	struct snafu_json_value value;

	snafu_json_begin(&reading.json, text, size);
	int code = snafu_json_read(&reading.json, &value, &inner);
	if (!code && value.type != SNAFU_JSON_OBJECT)
		code = snafu_fail(&inner, -EINVAL, "expected an object: {\"Timeout\": 30}");
	if (!code)
		code = read_members(&reading, &config->file);
	if (!code)
		code = snafu_json_end(&reading.json, &inner);
	if (!code)
		return 0;
	if (strncmp(inner.message, config->path, strlen(config->path)) == 0)
		return snafu_fail(error, code, "%s", inner.message);
	return snafu_fail(error, code, "%s: %.900s", config->path, inner.message);
}

int snafu_function_config_read(const char *path, struct snafu_function_config **ret_config,
                               struct snafu_error *error)
{
	struct snafu_function_config *config = calloc(1, sizeof *config);
	char *text = NULL;
	size_t size;

	if (config) {
		config->warnings = SNAFU_BUFFER(SNAFU_CONFIG_WORDS_CAP);
		config->path = snafu_arena_string(&config->texts, path);
		snafu_settings_init(&config->file.values);
	}
	if (!config || !config->path) {
		snafu_function_config_free(config);
		return snafu_fail(error, -ENOMEM, "no memory for %s", path);
	}
	int code = snafu_file_read(path, SNAFU_CONFIG_FILE_CAP, &text, &size, error);
	if (!code)
		code = read_json(config, text, size, error);
	free(text);
	if (code)
		snafu_function_config_free(config);
	else
		*ret_config = config;
	return code;
}

void snafu_function_config_free(struct snafu_function_config *config)
{
	if (!config)
		return;
	snafu_buffer_done(&config->warnings);
	snafu_arena_done(&config->texts);
	free(config);
}

char *snafu_function_config_path(const char *source)
{
	const char *base = snafu_path_base(source), *dot = strrchr(base, '.');
	size_t stem = dot && dot > base ? (size_t)(dot - source) : strlen(source);
	struct snafu_buffer path = SNAFU_BUFFER(strlen(source) + 16);

	snafu_buffer_format(&path, "%s.config", source);
	if (!path.failed && access(path.data, F_OK) != 0) {
		snafu_buffer_clear(&path);
		snafu_buffer_format(&path, "%.*s.config", (int)stem, source);
	}
	if (!path.failed && access(path.data, F_OK) == 0)
		return snafu_buffer_take(&path);
	snafu_buffer_done(&path);
	return NULL;
}

const struct snafu_settings_layer *
snafu_function_config_find(const struct snafu_function_config *config, const char *id)
{
	size_t size = strlen(id), longest = 0;
	const struct snafu_settings_layer *found = NULL;

	for (const struct snafu_config_entry *at = config->functions; at; at = at->next) {
		size_t length = strlen(at->name);

		if (length <= longest || length > size || strcmp(id + size - length, at->name) != 0 ||
		    (size > length && id[size - length - 1] != '.'))
			continue;
		found = &at->layer;
		longest = length;
	}
	return found;
}
