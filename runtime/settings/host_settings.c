/* runtime/settings/host_settings.c — the settings that hold for each function and tenant: see
 * host_settings.h. */
#include "runtime/settings/host_settings.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/host_state.h"
#include "runtime/service.h"

#define DEFAULT_EXECUTOR "inprocess"
#define NATIVE_EXECUTOR  "worker" /* default for what no process of ours can run */

/* ---- resolving --------------------------------------------------------------------------- */

/* What is equal is kept once. NULL: no memory. */
static const struct snafu_settings *keep(struct snafu_host_settings *all,
                                         const struct snafu_settings *settings)
{
	struct snafu_kept_settings *kept;

	for (kept = all->kept; kept; kept = kept->next)
		if (snafu_settings_equal(&kept->settings, settings))
			return &kept->settings;
	kept = malloc(sizeof *kept);
	if (!kept)
		return NULL;
	kept->settings = *settings;
	kept->next = all->kept;
	all->kept = kept;
	return &kept->settings;
}

static const char *keep_name(struct snafu_host_settings *all, const char *name)
{
	for (const struct snafu_kept_settings *at = all->kept; at; at = at->next)
		if (strcmp(at->settings.executor, name) == 0)
			return at->settings.executor;
	const char *kept = snafu_arena_string(&all->texts, name);
	return kept ? kept : DEFAULT_EXECUTOR;
}

/* What the command line says goes before all; of a list of executors, one name is left. */
static void apply_command_line(struct snafu_host *host, const char *language,
                               struct snafu_settings *settings)
{
	const struct snafu_host_options *options = &host->options;
	char name[SNAFU_EXECUTOR_NAME_CAP];

	if (options->python2)
		settings->python2 = options->python2;
	if (!(options->executors && snafu_executor_choose(options->executors, language, name)) &&
	    !snafu_executor_choose(settings->executor, language, name))
		settings->executor =
			strcmp(language, "python2") == 0 && strcmp(settings->python2, "native") == 0
				? NATIVE_EXECUTOR
				: DEFAULT_EXECUTOR;
	else
		settings->executor = keep_name(host->all_settings, name);
}

/* The lock is held, or ALL is new. */
static void note_payload(struct snafu_host_settings *all, const struct snafu_settings *settings)
{
	if (settings->payload_size > all->largest_payload)
		all->largest_payload = settings->payload_size;
}

uint64_t snafu_host_largest_payload(const struct snafu_host *host)
{
	return host->all_settings->largest_payload;
}

/* The lock is held. Never NULL: without memory, the instance's. */
const struct snafu_settings *snafu_settings_resolve(struct snafu_host *host, long tenant,
                                                    const struct snafu_function *function)
{
	struct snafu_host_settings *all = host->all_settings;
	const struct snafu_settings_book *book = atomic_load(&all->book);
	const struct snafu_configured *source =
		snafu_configured_find(host, snafu_function_source(function));
	const struct snafu_function_config *config = source ? source->config : NULL;
	bool plain = !config && !book->count && tenant < 0;
	struct snafu_settings settings;
	const struct snafu_settings *kept;

	if (plain && all->plain && strcmp(all->plain_language, function->language) == 0)
		return all->plain;
	if (snafu_book_resolve(book, tenant, config, function->id, &all->texts, &settings))
		settings = book->instance.values;
	apply_command_line(host, function->language, &settings);
	note_payload(all, &settings);
	kept = keep(all, &settings);
	if (plain && kept) {
		all->plain = kept;
		all->plain_language = snafu_arena_string(&all->texts, function->language);
		if (!all->plain_language)
			all->plain = NULL;
	}
	return kept ? kept : &book->instance.values;
}

const struct snafu_settings *snafu_host_settings_for(struct snafu_host *host,
                                                     const struct snafu_function *function)
{
	pthread_mutex_lock(&host->all_settings->lock);
	const struct snafu_settings *settings = snafu_settings_resolve(host, -1, function);
	pthread_mutex_unlock(&host->all_settings->lock);
	return settings;
}

const struct snafu_settings_book *snafu_host_book(const struct snafu_host *host)
{
	return atomic_load(&host->all_settings->book);
}

/* The lock is held. */
static struct snafu_tenant_settings *make_tenants(struct snafu_host_settings *all,
                                                  const struct snafu_settings_book *book,
                                                  struct snafu_service *service)
{
	struct snafu_tenant_settings *tenants = atomic_load(&service->tenants);

	if (tenants && tenants->book == book)
		return tenants;
	tenants = calloc(1, sizeof *tenants + book->n_tenants * sizeof tenants->by_tenant[0]);
	if (!tenants)
		return NULL;
	tenants->book = book;
	tenants->next = all->tenants;
	all->tenants = tenants;
	atomic_store(&service->tenants, tenants);
	return tenants;
}

const struct snafu_settings *snafu_host_settings_of(struct snafu_host *host,
                                                    struct snafu_service *service,
                                                    const char *tenant, atomic_uint **ret_running)
{
	struct snafu_host_settings *all = host->all_settings;
	const struct snafu_settings *settings = atomic_load(&service->settings);

	atomic_uint *none, **running = ret_running ? ret_running : &none;

	*running = NULL;
	if (!tenant || !*tenant)
		return settings;
	const struct snafu_settings_book *book = atomic_load(&all->book);
	struct snafu_tenant_settings *tenants = atomic_load(&service->tenants);
	long index = snafu_book_tenant(book, tenant);
	if (index < 0)
		return settings;
	if (tenants && tenants->book == book && atomic_load(&tenants->by_tenant[index].settings)) {
		*running = &tenants->by_tenant[index].running;
		return atomic_load(&tenants->by_tenant[index].settings);
	}
	pthread_mutex_lock(&all->lock);
	if (atomic_load(&all->book) == book && (tenants = make_tenants(all, book, service))) {
		settings = snafu_settings_resolve(host, index, service->function);
		atomic_store(&tenants->by_tenant[index].settings, settings);
		*running = &tenants->by_tenant[index].running;
	}
	pthread_mutex_unlock(&all->lock);
	return settings;
}

/* ---- beginning, end, change --------------------------------------------------------------- */

void snafu_settings_take_book(struct snafu_host_settings *all, struct snafu_settings_book *book)
{
	int payload = snafu_setting_find("limits", "payload-size");

	book->next = all->books;
	all->books = book;
	all->plain = NULL;
	all->largest_payload = book->instance.values.payload_size;
	for (size_t i = 0; i < book->count; i++)
		if (book->sections[i]->layer.set[payload])
			note_payload(all, &book->sections[i]->layer.values);
	atomic_store(&all->book, book);
}

int snafu_host_open_settings(struct snafu_host *host, struct snafu_error *error)
{
	struct snafu_host_settings *all = calloc(1, sizeof *all);
	const char *path = host->options.settings_path;
	struct snafu_settings_book *book;

	if (!all)
		return snafu_fail(error, -ENOMEM, "no memory for settings");
	pthread_mutex_init(&all->lock, NULL);
	host->all_settings = all;
	snafu_settings_stamp(path, &all->stamp);
	int code = snafu_book_read(path, &book, error);
	if (code)
		return code;
	snafu_settings_take_book(all, book);
	host->settings = book->instance.values;
	return snafu_settings_check_book(book, error);
}

void snafu_host_close_settings(struct snafu_host *host)
{
	struct snafu_host_settings *all = host->all_settings;

	if (!all)
		return;
	for (struct snafu_settings_book *at = all->books, *next; at; at = next) {
		next = at->next;
		snafu_book_free(at);
	}
	for (struct snafu_function_config *at = all->configs, *next; at; at = next) {
		next = at->next;
		snafu_function_config_free(at);
	}
	for (struct snafu_kept_settings *at = all->kept, *next; at; at = next) {
		next = at->next;
		free(at);
	}
	for (struct snafu_tenant_settings *at = all->tenants, *next; at; at = next) {
		next = at->next;
		free(at);
	}
	snafu_configured_free_all(all);
	snafu_arena_done(&all->texts);
	pthread_mutex_destroy(&all->lock);
	free(all);
	host->all_settings = NULL;
}
