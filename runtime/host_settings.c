/* runtime/host_settings.c — the settings that hold for each function and tenant, and what
 * becomes of them when their files change.
 *
 * Calls hold plain pointers to settings; so nothing that was ever handed out is freed while
 * the host runs. Equal settings are kept once. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/array.h"
#include "base/file.h"
#include "base/near.h"
#include "runtime/events.h"
#include "runtime/function_config.h"
#include "runtime/generation.h"
#include "runtime/host_state.h"
#include "runtime/pool.h"
#include "runtime/service.h"
#include "runtime/settings_book.h"
#include "scanner/walk.h"

#define DEFAULT_EXECUTOR "inprocess"
#define NATIVE_EXECUTOR  "worker" /* default for what no process of ours can run */
#define FILES_LEAST      64 /* slots of the table of files */

/* A source file and its config. */
struct source {
	struct source *next; /* in the same slot */
	char *file, *config_path; /* NULL: it has none */
	struct snafu_stamp stamp; /* of the config */
	const struct snafu_function_config *config; /* NULL: none, or it is bad */
};

/* Settings that were handed out. */
struct kept {
	struct kept *next;
	struct snafu_settings settings;
};

struct snafu_tenant_settings {
	struct snafu_tenant_settings *next; /* of all */
	const struct snafu_settings_book *book; /* for which they hold */
	_Atomic(const struct snafu_settings *) by_tenant[];
};

struct snafu_host_settings {
	pthread_mutex_t lock; /* guards all but what is atomic */
	_Atomic(const struct snafu_settings_book *) book; /* the current one */
	struct snafu_settings_book *books; /* all */
	struct snafu_stamp stamp; /* of its file */
	struct snafu_function_config *configs; /* all, old ones too */
	struct source **sources; /* a hash table by file */
	size_t n_slots, n_sources;
	struct kept *kept;
	struct snafu_arena texts;
	struct snafu_tenant_settings *tenants; /* all, old ones too */
	/* Where nobody says anything of a function: the last answer. */
	const struct snafu_settings *plain;
	const char *plain_language;
};

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

static int check_book(const struct snafu_settings_book *book, struct snafu_error *error)
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

static int check_config(const struct snafu_host *host, const struct snafu_settings_book *book,
                        const struct snafu_function_config *config, struct snafu_error *error)
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

/* ---- configs ---------------------------------------------------------------------------- */

static bool take_stamp(const char *path, struct snafu_stamp *ret_stamp)
{
	struct stat status;

	*ret_stamp = (struct snafu_stamp){0};
	if (!path || !*path || stat(path, &status))
		return false;
	snafu_stamp_take(&status, ret_stamp);
	return true;
}

static bool same_stamp(const struct snafu_stamp *one, const struct snafu_stamp *other)
{
	return one->inode == other->inode && one->size == other->size &&
	       one->modified == other->modified;
}

/* Reads the config of SOURCE; a bad one leaves what there was. Whether something changed. */
static bool read_config(struct snafu_host *host, struct source *source)
{
	struct snafu_host_settings *all = host->all_settings;
	char *path = snafu_function_config_path(source->file);
	struct snafu_function_config *config;
	struct snafu_error error;
	struct snafu_stamp stamp;
	bool there = take_stamp(path, &stamp);
	bool same = there && source->config_path && strcmp(path, source->config_path) == 0 &&
	            same_stamp(&stamp, &source->stamp);

	if (same || (!there && !source->config_path)) {
		free(path);
		return false;
	}
	free(source->config_path);
	source->config_path = there ? path : NULL;
	source->stamp = stamp;
	if (!there) {
		free(path);
		source->config = NULL;
		return true;
	}
	int code = snafu_function_config_read(path, &config, &error);
	if (!code) {
		config->next = all->configs;
		all->configs = config;
		code = check_config(host, atomic_load(&all->book), config, &error);
	}
	if (code) {
		snafu_host_report(host, SNAFU_ERROR, "%s%s", error.message,
		                  source->config ? "; the settings stay as they were" : "");
		snafu_event(host, &(struct snafu_event){.event = "settings-broken",
		                                        .state = "broken",
		                                        .detail = path});
		return false;
	}
	source->config = config;
	return true;
}

static int grow(struct snafu_host_settings *all)
{
	size_t n_slots = all->n_slots ? all->n_slots * 4 : FILES_LEAST;
	struct source **sources = calloc(n_slots, sizeof(struct source *));

	if (!sources)
		return -ENOMEM;
	for (size_t i = 0; i < all->n_slots; i++)
		for (struct source *at = all->sources[i], *next; at; at = next) {
			size_t slot = snafu_hash(SNAFU_HASH_START, at->file, strlen(at->file)) & (n_slots - 1);

			next = at->next;
			at->next = sources[slot];
			sources[slot] = at;
		}
	free(all->sources);
	all->sources = sources;
	all->n_slots = n_slots;
	return 0;
}

/* The entry of FILE, whose config is read when it is new. NULL: no memory. */
static struct source *find_source(struct snafu_host *host, const char *file)
{
	struct snafu_host_settings *all = host->all_settings;
	unsigned long long hash = snafu_hash(SNAFU_HASH_START, file, strlen(file));

	for (struct source *at = all->n_slots ? all->sources[hash & (all->n_slots - 1)] : NULL; at;
	     at = at->next)
		if (strcmp(at->file, file) == 0)
			return at;
	if (all->n_sources >= all->n_slots && grow(all))
		return NULL;
	struct source *source = calloc(1, sizeof *source);
	if (!source || !(source->file = strdup(file))) {
		free(source);
		return NULL;
	}
	source->next = all->sources[hash & (all->n_slots - 1)];
	all->sources[hash & (all->n_slots - 1)] = source;
	all->n_sources++;
	read_config(host, source);
	return source;
}

/* ---- resolving --------------------------------------------------------------------------- */

/* What is equal is kept once. NULL: no memory. */
static const struct snafu_settings *keep(struct snafu_host_settings *all,
                                         const struct snafu_settings *settings)
{
	struct kept *kept;

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
	for (const struct kept *at = all->kept; at; at = at->next)
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

/* The lock is held. Never NULL: without memory, the instance's. */
static const struct snafu_settings *resolve(struct snafu_host *host, long tenant,
                                            const struct snafu_function *function)
{
	struct snafu_host_settings *all = host->all_settings;
	const struct snafu_settings_book *book = atomic_load(&all->book);
	const struct source *source = find_source(host, function->file);
	const struct snafu_function_config *config = source ? source->config : NULL;
	bool plain = !config && !book->count && tenant < 0;
	struct snafu_settings settings;
	const struct snafu_settings *kept;

	if (plain && all->plain && strcmp(all->plain_language, function->language) == 0)
		return all->plain;
	if (snafu_book_resolve(book, tenant, config, function->id, &all->texts, &settings))
		settings = book->instance.values;
	apply_command_line(host, function->language, &settings);
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
	const struct snafu_settings *settings = resolve(host, -1, function);
	pthread_mutex_unlock(&host->all_settings->lock);
	return settings;
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

const struct snafu_settings *
snafu_host_settings_of(struct snafu_host *host, struct snafu_service *service, const char *tenant)
{
	struct snafu_host_settings *all = host->all_settings;
	const struct snafu_settings *settings = atomic_load(&service->settings);

	if (!tenant || !*tenant)
		return settings;
	const struct snafu_settings_book *book = atomic_load(&all->book);
	struct snafu_tenant_settings *tenants = atomic_load(&service->tenants);
	long index = snafu_book_tenant(book, tenant);
	if (index < 0)
		return settings;
	if (tenants && tenants->book == book && atomic_load(&tenants->by_tenant[index]))
		return atomic_load(&tenants->by_tenant[index]);
	pthread_mutex_lock(&all->lock);
	if (atomic_load(&all->book) == book && (tenants = make_tenants(all, book, service))) {
		settings = resolve(host, index, service->function);
		atomic_store(&tenants->by_tenant[index], settings);
	}
	pthread_mutex_unlock(&all->lock);
	return settings;
}

/* ---- other names ------------------------------------------------------------------------------ */

/* "src/app.handler" and "pkg.Class::method" as tails of ids. malloc'ed. */
static char *handler_id(const char *handler)
{
	char *id = strdup(handler), *put = id;

	for (const char *at = handler; id && *at; at++)
		if (at[0] != ':' || at[1] != ':')
			*put++ = *at == '/' || *at == ':' ? '.' : *at;
	if (id)
		*put = '\0';
	return id;
}

char *snafu_host_handler(struct snafu_host *host, const char *name)
{
	struct snafu_host_settings *all = host->all_settings;
	char *id = NULL;

	pthread_mutex_lock(&all->lock);
	for (size_t i = 0; i < all->n_slots && !id; i++)
		for (const struct source *at = all->sources[i]; at && !id; at = at->next)
			if (at->config && at->config->handler && at->config->function_name &&
			    strcmp(at->config->function_name, name) == 0)
				id = handler_id(at->config->handler);
	pthread_mutex_unlock(&all->lock);
	return id;
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

static void check_entries(const struct snafu_host *host, const struct snafu_function_config *config)
{
	const struct snafu_pool *pool = host->generation->pool;
	const struct snafu_function *function;
	struct snafu_error error;

	char *handler = config->handler ? handler_id(config->handler) : NULL;
	if (handler && snafu_pool_find(pool, handler, &function, &error) == -ENOENT)
		snafu_host_report(host, SNAFU_WARNING, "%s: Handler: %s", config->path, error.message);
	free(handler);
	for (const struct snafu_config_entry *at = config->functions; at; at = at->next)
		if (snafu_pool_find(pool, at->name, &function, &error) == -ENOENT)
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
		for (const struct source *at = all->sources[i]; at; at = at->next)
			if (at->config)
				check_entries(host, at->config);
	pthread_mutex_unlock(&all->lock);
}

/* ---- beginning, end, change --------------------------------------------------------------- */

static void take_book(struct snafu_host_settings *all, struct snafu_settings_book *book)
{
	book->next = all->books;
	all->books = book;
	all->plain = NULL;
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
	take_stamp(path, &all->stamp);
	int code = snafu_book_read(path, &book, error);
	if (code)
		return code;
	take_book(all, book);
	host->settings = book->instance.values;
	return check_book(book, error);
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
	for (struct kept *at = all->kept, *next; at; at = next) {
		next = at->next;
		free(at);
	}
	for (struct snafu_tenant_settings *at = all->tenants, *next; at; at = next) {
		next = at->next;
		free(at);
	}
	for (size_t i = 0; i < all->n_slots; i++)
		for (struct source *at = all->sources[i], *next; at; at = next) {
			next = at->next;
			free(at->file);
			free(at->config_path);
			free(at);
		}
	free(all->sources);
	snafu_arena_done(&all->texts);
	pthread_mutex_destroy(&all->lock);
	free(all);
	host->all_settings = NULL;
}

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

	if (!path || !take_stamp(path, &stamp) || same_stamp(&stamp, &all->stamp))
		return false;
	all->stamp = stamp;
	int code = snafu_book_read(path, &book, &error);
	if (!code) {
		code = check_book(book, &error);
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
	take_book(all, book);
	tell_of_restart(host, book);
	return true;
}

static bool reload_configs(struct snafu_host *host)
{
	struct snafu_host_settings *all = host->all_settings;
	bool changed = false;

	for (size_t i = 0; i < all->n_slots; i++)
		for (struct source *at = all->sources[i]; at; at = at->next)
			changed |= read_config(host, at);
	return changed;
}

void snafu_host_reload_settings(struct snafu_host *host)
{
	struct snafu_host_settings *all = host->all_settings;
	struct snafu_generation *generation = snafu_host_generation(host);

	pthread_mutex_lock(&all->lock);
	bool book = reload_book(host), configs = reload_configs(host);
	size_t changed = 0;
	for (size_t i = 0; (book || configs) && i < generation->functions.count; i++) {
		struct snafu_service *service = generation->services[i];
		const struct snafu_settings *settings = resolve(host, -1, service->function);

		changed += atomic_exchange(&service->settings, settings) != settings;
		/* What was made for tenants may be of another config, or is of another book. */
		atomic_store(&service->tenants, NULL);
	}
	pthread_mutex_unlock(&all->lock);
	if (book || configs) {
		snafu_host_news(host, "settings read again: other ones for %zu function%s", changed,
		                changed == 1 ? "" : "s");
		snafu_event(host, &(struct snafu_event){.event = "settings-changed", .state = "ok"});
		snafu_host_check_settings(host);
	}
	snafu_generation_unref(generation);
}
