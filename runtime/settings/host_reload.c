/* runtime/settings/host_reload.c — settings that change while the host runs: see
 * host_settings.h. */
#include "runtime/settings/host_settings.h"

#include <string.h>

#include "runtime/records/events.h"
#include "runtime/generation.h"
#include "runtime/host_state.h"
#include "runtime/service.h"

/* Settings that are the whole instance's are read where it starts. */
static void tell_of_restart(const struct snafu_host *host, const struct snafu_settings_book *book)
{
	for (const struct snafu_setting *setting = snafu_setting_table; setting->name; setting++) {
		struct snafu_settings *now = (struct snafu_settings *)&book->instance.values;
		struct snafu_settings *was = (struct snafu_settings *)&host->settings;
		bool text = setting->unit == SNAFU_UNIT_TEXT;

		if (setting->narrowable)
			continue;
		if (text ? strcmp(*snafu_setting_text(now, setting), *snafu_setting_text(was, setting)) != 0
		         : *snafu_setting_number(now, setting) != *snafu_setting_number(was, setting))
			snafu_host_report(host, SNAFU_WARNING,
			                  "%s: [%s] %s is the whole instance's: it takes effect at the next "
			                  "start",
			                  book->path, setting->section, setting->name);
	}
}

/* Whether there is a new book. */
static bool reload_book(struct snafu_host *host)
{
	struct snafu_host_settings *all = host->all_settings;
	const char *path = host->options.settings_path;
	struct snafu_settings_book *book;
	struct snafu_error error;
	struct snafu_stamp stamp;

	if (!path || !snafu_settings_stamp(path, &stamp) ||
	    snafu_settings_same_stamp(&stamp, &all->stamp))
		return false;
	all->stamp = stamp;
	int code = snafu_book_read(path, &book, &error);
	if (!code) {
		code = snafu_settings_check_book(book, &error);
		if (code)
			snafu_book_free(book);
	}
	if (code) {
		snafu_host_report(host, SNAFU_ERROR, "%s; the settings stay as they were", error.message);
		snafu_event(host, &(struct snafu_event){.event = "settings-broken",
		                                        .state = "broken",
		                                        .detail = path});
		return false;
	}
	snafu_settings_take_book(all, book);
	tell_of_restart(host, book);
	return true;
}

static bool reload_configs(struct snafu_host *host)
{
	struct snafu_host_settings *all = host->all_settings;
	bool changed = false;

	for (size_t i = 0; i < all->n_slots; i++)
		for (struct snafu_configured *at = all->sources[i]; at; at = at->next)
			changed |= snafu_configured_read(host, at);
	return changed;
}

void snafu_host_reload_settings(struct snafu_host *host)
{
	struct snafu_host_settings *all = host->all_settings;
	struct snafu_generation *generation = snafu_host_generation(host);

	pthread_mutex_lock(&all->lock);
	bool book = reload_book(host), configs = reload_configs(host);
	size_t changed = 0, conventions = 0;
	for (size_t i = 0; (book || configs) && i < generation->functions.count; i++) {
		struct snafu_service *service = generation->services[i];
		const struct snafu_settings *settings = snafu_settings_resolve(host, -1, service->function);

		const struct snafu_settings *before = atomic_exchange(&service->settings, settings);
		changed += before != settings;
		conventions += strcmp(before->convention, settings->convention) != 0;
		/* What was made for tenants may be of another config, or is of another book. */
		atomic_store(&service->tenants, NULL);
	}
	pthread_mutex_unlock(&all->lock);
	if (conventions) /* descriptors never change */
		snafu_host_report(host, SNAFU_WARNING,
		                  "another convention is set for %zu function%s: it takes effect when the "
		                  "source is read again",
		                  conventions, conventions == 1 ? "" : "s");
	if (book || configs) {
		snafu_host_news(host, "settings read again: other ones for %zu function%s", changed,
		                changed == 1 ? "" : "s");
		snafu_event(host, &(struct snafu_event){.event = "settings-changed", .state = "ok"});
		snafu_host_check_settings(host);
	}
	snafu_generation_unref(generation);
}
