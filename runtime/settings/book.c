/* runtime/settings/book.c — see book.h: reading. */
#include "runtime/settings/book.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/buffer.h"
#include "base/error.h"
#include "base/ini.h"

#define VARIABLE "environment "

/* While a file is read. */
struct reading {
	struct snafu_settings_book *book;
	bool capped[SNAFU_SETTINGS_CAP]; /* [caps] says so */
};

/* ---- lines ------------------------------------------------------------------------- */

/* Adds VARIABLE (a whole NAME=VALUE) to the layer's environment. */
static int add_variable(struct snafu_settings_book *book, struct snafu_settings_layer *layer,
                        int index, const char *variable, struct snafu_error *error)
{
	struct snafu_buffer merged = SNAFU_BUFFER(SNAFU_ENVIRONMENT_CAP);

	snafu_environment_merge(layer->set[index] ? layer->values.environment : "", variable, &merged);
	int code = merged.failed;
	if (!code) {
		layer->values.environment =
			snafu_arena_string(&book->texts, merged.data ? merged.data : "");
		code = layer->values.environment ? 0 : -ENOMEM;
		layer->set[index] = !code;
	}
	snafu_buffer_done(&merged);
	return code ? snafu_fail(error, code, "the environment takes more than %u bytes",
	                         SNAFU_ENVIRONMENT_CAP)
	            : 0;
}

/* environment = A=1 B="two words" C='say "x"' */
static int read_list(struct snafu_settings_book *book, struct snafu_settings_layer *layer,
                     int index, const char *value, struct snafu_error *error)
{
	struct snafu_buffer word = SNAFU_BUFFER(SNAFU_ENVIRONMENT_CAP);
	int code = 0;

	while (*(value += strspn(value, " \t")) && !code) {
		char quote = '\0';

		snafu_buffer_clear(&word);
		for (; *value && (quote || (*value != ' ' && *value != '\t')); value++) {
			if (!quote && (*value == '"' || *value == '\''))
				quote = *value;
			else if (quote && *value == quote)
				quote = '\0';
			else
				snafu_buffer_append_byte(&word, *value);
		}
		const char *sign = word.data ? strchr(word.data, '=') : NULL;
		if (quote)
			code = snafu_fail(error, -EINVAL, "environment: a quote is not closed");
		else if (!sign || !snafu_environment_is_name(word.data, (size_t)(sign - word.data)))
			code = snafu_fail(error, -EINVAL, "environment takes NAME=VALUE, not '%.80s'",
			                  word.data ? word.data : "");
		else
			code = add_variable(book, layer, index, word.data, error);
	}
	snafu_buffer_done(&word);
	return code;
}

static int read_variable(struct snafu_settings_book *book, struct snafu_settings_layer *layer,
                         int index, const char *name, const char *value, struct snafu_error *error)
{
	name += strspn(name, " \t");
	if (!snafu_environment_is_name(name, strlen(name)))
		return snafu_fail(error, -EINVAL, "'%.80s' cannot be the name of a variable", name);
	char *variable = snafu_arena_format(&book->texts, "%s=%s", name, value);
	if (!variable)
		return snafu_fail(error, -ENOMEM, "no memory");
	return add_variable(book, layer, index, variable, error);
}

static int fail_unknown(const char *section, const char *name, struct snafu_error *error)
{
	const char *near = snafu_setting_near(section, name);

	for (int i = 0; !section && snafu_setting_table[i].name; i++)
		if (strcmp(snafu_setting_table[i].name, name) == 0)
			return snafu_fail(error, -EINVAL, "%s is set for the whole instance only, in [%s]",
			                  name, snafu_setting_table[i].section);
	if (section)
		snafu_fail(error, -EINVAL, "there is no setting %s in [%s]", name, section);
	else
		snafu_fail(error, -EINVAL, "there is no setting %s for tenants and functions", name);
	if (!near)
		return -EINVAL;
	char words[SNAFU_ERROR_MESSAGE_CAP];
	memcpy(words, error->message, sizeof words);
	return snafu_fail(error, -EINVAL, "%s; did you mean %s?", words, near);
}

static int set(struct snafu_settings_book *book, struct snafu_settings_layer *layer,
               const char *section, const char *name, const char *value, unsigned line,
               struct snafu_error *error)
{
	bool is_variable = strncmp(name, VARIABLE, strlen(VARIABLE)) == 0;
	int index = snafu_setting_find(section, is_variable ? "environment" : name);
	int code;

	if (index < 0)
		return fail_unknown(section, name, error);
	const struct snafu_setting *setting = &snafu_setting_table[index];
	if (is_variable) {
		code = read_variable(book, layer, index, name + strlen(VARIABLE), value, error);
	} else if (strcmp(name, "environment") == 0) {
		code = read_list(book, layer, index, value, error);
	} else {
		const char *kept = snafu_arena_string(&book->texts, value);

		code = kept ? snafu_setting_read(setting, kept, &layer->values, error)
		            : snafu_fail(error, -ENOMEM, "no memory");
	}
	if (code)
		return code;
	layer->set[index] = true;
	layer->lines[index] = line;
	return 0;
}

/* ---- sections ---------------------------------------------------------------------- */

static struct snafu_book_section *find_section(const struct snafu_settings_book *book, bool tenant,
                                               const char *name)
{
	for (size_t i = book->count; i-- > 0;)
		if (book->sections[i]->tenant == tenant && strcmp(book->sections[i]->name, name) == 0)
			return book->sections[i];
	return NULL;
}

static struct snafu_book_section *add_section(struct snafu_settings_book *book, bool tenant,
                                              const char *name, unsigned line,
                                              struct snafu_error *error)
{
	struct snafu_book_section *section = calloc(1, sizeof *section);

	if (book->count >= SNAFU_BOOK_SECTIONS_CAP) {
		free(section);
		snafu_fail(error, -E2BIG, "more than %d sections", SNAFU_BOOK_SECTIONS_CAP);
		return NULL;
	}
	if (!section ||
	    snafu_array_grow(&book->sections, &book->capacity, book->count, sizeof *book->sections) ||
	    !(section->name = snafu_arena_string(&book->texts, name))) {
		free(section);
		snafu_fail(error, -ENOMEM, "no memory");
		return NULL;
	}
	section->tenant = tenant;
	section->pattern = strpbrk(name, "*?[") != NULL;
	section->line = line;
	snafu_settings_init(&section->layer.values);
	book->sections[book->count++] = section;
	return section;
}

/* The name behind the word of [tenant NAME] or [function NAME]; NULL: another section. */
static const char *name_behind(const char *section, const char *word)
{
	size_t size = strlen(word);

	if (strncmp(section, word, size) != 0 || (section[size] != ' ' && section[size] != '\t'))
		return NULL;
	section += size;
	return section + strspn(section, " \t");
}

static int set_cap(struct reading *reading, const char *name, const char *value,
                   struct snafu_error *error)
{
	struct snafu_settings values;
	int index = snafu_setting_find(NULL, name);
	const struct snafu_setting *setting = &snafu_setting_table[index < 0 ? 0 : index];

	if (index < 0 || setting->unit == SNAFU_UNIT_TEXT)
		return snafu_fail(error, -EINVAL,
		                  "[caps] takes numbers that tenants and functions may set, not %s", name);
	int code = snafu_setting_read(setting, value, &values, error);
	if (code)
		return code;
	reading->book->caps[index] = *snafu_setting_number(&values, setting);
	reading->capped[index] = true;
	return 0;
}

static bool is_section(const char *section)
{
	for (const struct snafu_setting *at = snafu_setting_table; at->name; at++)
		if (strcmp(at->section, section) == 0)
			return true;
	return false;
}

static int take_line(void *state, const char *section, const char *name, const char *value,
                     unsigned line, struct snafu_error *error)
{
	struct reading *reading = state;
	struct snafu_settings_book *book = reading->book;
	const char *tenant = name_behind(section, "tenant"), *function;

	function = name_behind(section, "function");
	if (strcmp(section, "caps") == 0)
		return set_cap(reading, name, value, error);
	if (!tenant && !function && !is_section(section))
		return snafu_fail(error, -EINVAL,
		                  "there is no section [%s]; there are limits, execution, triggers, "
		                  "asynchronous, web, container, log, caps, tenant NAME and function NAME",
		                  section);
	if (!tenant && !function)
		return set(book, &book->instance, section, name, value, line, error);
	const char *whose = tenant ? tenant : function;
	struct snafu_book_section *found = find_section(book, tenant != NULL, whose);
	if (!found)
		found = add_section(book, tenant != NULL, whose, line, error);
	return found ? set(book, &found->layer, NULL, name, value, line, error) : error->code;
}

/* ---- the whole ----------------------------------------------------------------------- */

/* A limit that the instance sets is the most that others may set, unless [caps] says. */
static int settle_caps(struct reading *reading, struct snafu_error *error)
{
	struct snafu_settings_book *book = reading->book;

	for (int i = 0; snafu_setting_table[i].name; i++) {
		const struct snafu_setting *setting = &snafu_setting_table[i];
		uint64_t own;

		if (setting->unit == SNAFU_UNIT_TEXT)
			continue;
		own = *snafu_setting_number(&book->instance.values, setting);
		if (reading->capped[i] && book->instance.set[i] &&
		    snafu_setting_exceeds(setting, own, book->caps[i]))
			return snafu_fail(error, -EINVAL, "%s:%u: %s is over the cap that [caps] sets for it",
			                  book->path, book->instance.lines[i], setting->name);
		if (reading->capped[i] && snafu_setting_exceeds(setting, own, book->caps[i]))
			*snafu_setting_number(&book->instance.values, setting) = book->caps[i];
		else if (!reading->capped[i])
			book->caps[i] = book->instance.set[i] && strcmp(setting->section, "limits") == 0 ? own
			                : setting->endless                                               ? 0
			                                   : setting->most;
	}
	return 0;
}

static int check_section(const struct snafu_settings_book *book, struct snafu_book_section *section,
                         struct snafu_error *error)
{
	for (int i = 0; snafu_setting_table[i].name; i++) {
		const struct snafu_setting *setting = &snafu_setting_table[i];
		struct snafu_buffer most = SNAFU_BUFFER(64);

		if (!section->layer.set[i] || setting->unit == SNAFU_UNIT_TEXT ||
		    !snafu_setting_exceeds(setting, *snafu_setting_number(&section->layer.values, setting),
		                           book->caps[i]))
			continue;
		snafu_setting_write(setting, book->caps[i], &most);
		snafu_fail(error, -EINVAL,
		           "%s:%u: %s of [%s %s] is over the instance's %s; [caps] %s = ... allows more "
		           "than the default",
		           book->path, section->layer.lines[i], setting->name,
		           section->tenant ? "tenant" : "function", section->name,
		           most.data ? most.data : "limit", setting->name);
		snafu_buffer_done(&most);
		return -EINVAL;
	}
	return 0;
}

static int compare_names(const void *a, const void *b)
{
	const struct snafu_book_section *const *one = a, *const *other = b;

	return strcmp((*one)->name, (*other)->name);
}

static int sort_tenants(struct snafu_settings_book *book, struct snafu_error *error)
{
	book->tenants = calloc(book->count ? book->count : 1, sizeof *book->tenants);
	if (!book->tenants)
		return snafu_fail(error, -ENOMEM, "no memory for %zu tenants", book->count);
	for (size_t i = 0; i < book->count; i++)
		if (book->sections[i]->tenant)
			book->tenants[book->n_tenants++] = book->sections[i];
	if (book->n_tenants)
		qsort(book->tenants, book->n_tenants, sizeof *book->tenants, compare_names);
	return 0;
}

int snafu_book_read(const char *path, struct snafu_settings_book **ret_book,
                    struct snafu_error *error)
{
	struct reading reading = {.book = calloc(1, sizeof *reading.book)};
	struct snafu_settings_book *book = reading.book;
	int code = -ENOMEM;

	if (!book || !(book->path = strdup(path ? path : ""))) {
		free(book);
		return snafu_fail(error, code, "no memory for settings");
	}
	snafu_settings_init(&book->instance.values);
	code = path ? snafu_ini_read(path, take_line, &reading, error) : 0;
	if (!code)
		code = settle_caps(&reading, error);
	for (size_t i = 0; i < book->count && !code; i++)
		code = check_section(book, book->sections[i], error);
	if (!code)
		code = sort_tenants(book, error);
	if (code)
		snafu_book_free(book);
	else
		*ret_book = book;
	return code;
}

void snafu_book_free(struct snafu_settings_book *book)
{
	if (!book)
		return;
	for (size_t i = 0; i < book->count; i++)
		free(book->sections[i]);
	free(book->sections);
	free(book->tenants);
	snafu_arena_done(&book->texts);
	free(book->path);
	free(book);
}
