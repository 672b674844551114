/* runtime/settings/host_check.c — settings that cannot hold, and those for functions that are
 * not there: see host_settings.h. */
#include "runtime/settings/host_settings.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/generation.h"
#include "runtime/host_state.h"
#include "runtime/pool.h"

/* ---- checking ------------------------------------------------------------------------- */

static int check_executors(const char *list, struct snafu_error *error)
{
	const struct snafu_executor *executor;
	int code = 0;

	while (*list && !code) {
		size_t size = strcspn(list, ","), word = strcspn(list, "=,");
		const char *from = word < size ? list + word + 1 : list;
		char *name = strndup(from, (size_t)(list + size - from));

		code = name ? snafu_executor_find(name, &executor, error) : -ENOMEM;
		free(name);
		list += size + (list[size] == ',');
	}
	return code;
}

int snafu_settings_check_book(const struct snafu_settings_book *book, struct snafu_error *error)
{
	struct snafu_error inner;

	if (check_executors(book->instance.values.executor, &inner))
		return snafu_fail(error, inner.code, "%s: [execution] executor: %.800s", book->path,
		                  inner.message);
	for (size_t i = 0; i < book->count; i++)
		if (check_executors(book->sections[i]->layer.values.executor, &inner))
			return snafu_fail(error, inner.code, "%s: [%s %s] executor: %.800s", book->path,
			                  book->sections[i]->tenant ? "tenant" : "function",
			                  book->sections[i]->name, inner.message);
	return 0;
}

/* What a config's layer asks for and does not get. */
static void tell_cuts(const struct snafu_host *host, const struct snafu_settings_book *book,
                      const struct snafu_function_config *config, const char *function,
                      const struct snafu_settings_layer *layer)
{
	for (int i = 0; snafu_setting_table[i].name; i++) {
		const struct snafu_setting *setting = &snafu_setting_table[i];
		struct snafu_settings *values = (struct snafu_settings *)&layer->values;
		struct snafu_buffer most = SNAFU_BUFFER(64);

		if (!layer->set[i] || setting->unit == SNAFU_UNIT_TEXT ||
		    !snafu_setting_exceeds(setting, *snafu_setting_number(values, setting), book->caps[i]))
			continue;
		snafu_setting_write(setting, book->caps[i], &most);
		snafu_host_report(host, SNAFU_WARNING, "%s: %s%s%s is cut to %s, the most that %s allows",
		                  config->path, function, *function ? ": " : "", setting->name,
		                  most.data ? most.data : "its cap", book->path);
		snafu_buffer_done(&most);
	}
}

int snafu_settings_check_config(const struct snafu_host *host,
                                const struct snafu_settings_book *book,
                                const struct snafu_function_config *config,
                                struct snafu_error *error)
{
	const char *words = config->warnings.data;
	struct snafu_error inner;

	if (check_executors(config->file.values.executor, &inner))
		return snafu_fail(error, inner.code, "%s: Executor: %.800s", config->path, inner.message);
	for (const struct snafu_config_entry *at = config->functions; at; at = at->next)
		if (check_executors(at->layer.values.executor, &inner))
			return snafu_fail(error, inner.code, "%s: %s: Executor: %.800s", config->path, at->name,
			                  inner.message);
	while (words && *words) {
		size_t size = strcspn(words, "\n");

		snafu_host_report(host, SNAFU_WARNING, "%.*s", (int)size, words);
		words += size + 1;
	}
	tell_cuts(host, book, config, "", &config->file);
	for (const struct snafu_config_entry *at = config->functions; at; at = at->next)
		tell_cuts(host, book, config, at->name, &at->layer);
	return 0;
}

/* ---- triggers ------------------------------------------------------------------------------- */

bool snafu_host_opens(const struct snafu_settings *settings, const char *trigger,
                      const struct snafu_function *function, struct snafu_error *error)
{
	if (settings->http || !trigger || strcmp(trigger, "http") != 0)
		return true;
	snafu_fail(error, -EPERM, "%s takes no requests ([triggers] http = no)", function->id);
	return false;
}

static bool sets_trigger(const struct snafu_settings_layer *layer)
{
	return *layer->values.schedule || *layer->values.watch || *layer->values.topic;
}

static bool any_sets_trigger(const struct snafu_function_config *config)
{
	const struct snafu_config_entry *at = config->functions;

	while (at && !sets_trigger(&at->layer))
		at = at->next;
	return at || sets_trigger(&config->file);
}

/* Says once that there is nothing yet in a host that would call by the clock, for files or
 * for messages. The lock is held. */
static void tell_triggers(struct snafu_host *host)
{
	struct snafu_host_settings *all = host->all_settings;
	const struct snafu_settings_book *book = atomic_load(&all->book);
	const char *where = sets_trigger(&book->instance) ? book->path : NULL;

	for (size_t i = 0; i < book->count && !where; i++)
		if (sets_trigger(&book->sections[i]->layer))
			where = book->path;
	for (size_t i = 0; i < all->n_slots && !where; i++)
		for (const struct snafu_configured *at = all->sources[i]; at && !where; at = at->next)
			if (at->config && any_sets_trigger(at->config))
				where = at->config->path;
	if (!where || all->told_triggers)
		return;
	all->told_triggers = true;
	snafu_host_report(
		host, SNAFU_WARNING,
		"%s: this host does not serve schedule, watch and topic; snafu-export carries "
		"them to platforms that do",
		where);
}

/* ---- functions that are not there ------------------------------------------------------------ */

static void check_section(const struct snafu_host *host, const struct snafu_settings_book *book,
                          const struct snafu_book_section *section)
{
	const struct snafu_pool *pool = host->generation->pool;
	const struct snafu_functions *functions = snafu_pool_functions(pool);
	const struct snafu_function *function;
	struct snafu_error error;
	bool any = false;

	for (size_t i = 0; section->pattern && i < functions->count && !any; i++)
		any = snafu_book_is_about(section, functions->functions[i].id);
	if (section->pattern && !any)
		snafu_host_report(host, SNAFU_WARNING, "%s:%u: [function %s]: no function is like this",
		                  book->path, section->line, section->name);
	else if (!section->pattern && snafu_pool_find(pool, section->name, &function, &error))
		snafu_host_report(host, SNAFU_WARNING, "%s:%u: [function %s]: %s", book->path,
		                  section->line, section->name, error.message);
}

static bool sets_something(const struct snafu_settings_layer *layer)
{
	for (int i = 0; snafu_setting_table[i].name; i++)
		if (layer->set[i])
			return true;
	return false;
}

static void check_entries(const struct snafu_host *host, const struct snafu_function_config *config)
{
	const struct snafu_pool *pool = host->generation->pool;
	const struct snafu_function *function;
	struct snafu_error error;

	char *handler = config->handler ? snafu_handler_id(config->handler) : NULL;
	if (handler && snafu_pool_find(pool, handler, &function, &error) == -ENOENT)
		snafu_host_report(host, SNAFU_WARNING, "%s: Handler: %s", config->path, error.message);
	free(handler);
	for (const struct snafu_config_entry *at = config->functions; at; at = at->next)
		if (sets_something(&at->layer) &&
		    snafu_pool_find(pool, at->name, &function, &error) == -ENOENT)
			snafu_host_report(host, SNAFU_WARNING, "%s: Functions: %s", config->path,
			                  error.message);
}

void snafu_host_check_settings(struct snafu_host *host)
{
	struct snafu_host_settings *all = host->all_settings;
	const struct snafu_settings_book *book = atomic_load(&all->book);

	pthread_mutex_lock(&all->lock);
	for (size_t i = 0; i < book->count; i++)
		if (!book->sections[i]->tenant)
			check_section(host, book, book->sections[i]);
	for (size_t i = 0; i < all->n_slots; i++)
		for (const struct snafu_configured *at = all->sources[i]; at; at = at->next)
			if (at->config)
				check_entries(host, at->config);
	tell_triggers(host);
	pthread_mutex_unlock(&all->lock);
}
