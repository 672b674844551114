/* runtime/settings/resolve.c — what holds for one function, of all that was said: see
 * book.h. */
#include <errno.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "runtime/settings/function_config.h"
#include "runtime/settings/book.h"

static int compare_key(const void *key, const void *section)
{
	return strcmp(key, (*(struct snafu_book_section *const *)section)->name);
}

long snafu_book_tenant(const struct snafu_settings_book *book, const char *tenant)
{
	struct snafu_book_section **found = NULL;

	if (tenant && *tenant && book->n_tenants)
		found = bsearch(tenant, book->tenants, book->n_tenants, sizeof *found, compare_key);
	return found ? found - book->tenants : -1;
}

/* Whether NAME is all of ID, or what follows one of its dots. */
static bool is_tail(const char *id, const char *name)
{
	size_t size = strlen(id), length = strlen(name);

	return size >= length && strcmp(id + size - length, name) == 0 &&
	       (size == length || id[size - length - 1] == '.');
}

bool snafu_book_is_about(const struct snafu_book_section *section, const char *id)
{
	if (section->tenant)
		return false;
	return section->pattern ? fnmatch(section->name, id, 0) == 0 : is_tail(id, section->name);
}

struct resolution {
	struct snafu_settings_layer own; /* of file and function */
	struct snafu_arena *texts;
	int failed;
};

static const char *merge(struct resolution *resolution, const char *under, const char *over)
{
	struct snafu_buffer merged = SNAFU_BUFFER(2 * SNAFU_ENVIRONMENT_CAP);
	const char *text = NULL;

	if (!*under)
		return over;
	snafu_environment_merge(under, over, &merged);
	if (!merged.failed)
		text = snafu_arena_string(resolution->texts, merged.data ? merged.data : "");
	snafu_buffer_done(&merged);
	if (!text)
		resolution->failed = -ENOMEM;
	return text ? text : "";
}

/* Puts OVER on top of UNDER. */
static void lay(struct resolution *resolution, struct snafu_settings *under,
                const struct snafu_settings_layer *over, bool *ret_set)
{
	for (int i = 0; snafu_setting_table[i].name; i++) {
		const struct snafu_setting *setting = &snafu_setting_table[i];
		struct snafu_settings *from = (struct snafu_settings *)&over->values;

		if (!over->set[i])
			continue;
		if (ret_set)
			ret_set[i] = true;
		if (setting->offset == offsetof(struct snafu_settings, environment))
			under->environment = merge(resolution, under->environment, from->environment);
		else if (setting->unit == SNAFU_UNIT_TEXT)
			*snafu_setting_text(under, setting) = *snafu_setting_text(from, setting);
		else
			*snafu_setting_number(under, setting) = *snafu_setting_number(from, setting);
	}
}

/* What a tenant may use at most binds functions that ask for more. */
static void keep_tenant_limits(const struct snafu_settings_layer *tenant,
                               const struct resolution *resolution, struct snafu_settings *settings)
{
	for (int i = 0; snafu_setting_table[i].name; i++) {
		const struct snafu_setting *setting = &snafu_setting_table[i];
		uint64_t most;

		if (!tenant->set[i] || !resolution->own.set[i] || setting->unit == SNAFU_UNIT_TEXT ||
		    strcmp(setting->section, "limits") != 0)
			continue;
		most = *snafu_setting_number((struct snafu_settings *)&tenant->values, setting);
		if (snafu_setting_exceeds(setting, *snafu_setting_number(settings, setting), most))
			*snafu_setting_number(settings, setting) = most;
	}
}

/* A file asks for what its author knows; the instance's owner has the last word. */
static void keep_caps(const struct snafu_settings_book *book, struct snafu_settings *settings)
{
	for (int i = 0; snafu_setting_table[i].name; i++) {
		const struct snafu_setting *setting = &snafu_setting_table[i];

		if (setting->narrowable && setting->unit != SNAFU_UNIT_TEXT &&
		    snafu_setting_exceeds(setting, *snafu_setting_number(settings, setting), book->caps[i]))
			*snafu_setting_number(settings, setting) = book->caps[i];
	}
}

int snafu_book_resolve(const struct snafu_settings_book *book, long tenant,
                       const struct snafu_function_config *config, const char *id,
                       struct snafu_arena *texts, struct snafu_settings *ret_settings)
{
	struct resolution resolution = {.texts = texts};
	const struct snafu_settings_layer *own = config ? snafu_function_config_find(config, id) : NULL;

	snafu_settings_init(&resolution.own.values);
	*ret_settings = book->instance.values;
	if (config)
		lay(&resolution, &resolution.own.values, &config->file, resolution.own.set);
	if (own)
		lay(&resolution, &resolution.own.values, own, resolution.own.set);
	for (int pass = 0; pass < 2; pass++) /* patterns first: a name says more */
		for (size_t i = 0; i < book->count; i++)
			if (book->sections[i]->pattern == (pass == 0) &&
			    snafu_book_is_about(book->sections[i], id))
				lay(&resolution, &resolution.own.values, &book->sections[i]->layer,
				    resolution.own.set);
	if (tenant >= 0)
		lay(&resolution, ret_settings, &book->tenants[tenant]->layer, NULL);
	lay(&resolution, ret_settings, &resolution.own, NULL);
	if (tenant >= 0)
		keep_tenant_limits(&book->tenants[tenant]->layer, &resolution, ret_settings);
	keep_caps(book, ret_settings);
	return resolution.failed;
}
