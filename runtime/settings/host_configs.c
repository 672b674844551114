/* runtime/settings/host_configs.c — the config of each source file: see host_settings.h. */
#include "runtime/settings/host_settings.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "runtime/records/events.h"
#include "runtime/host_state.h"

#define FILES_LEAST 64 /* slots of the table of files */

/* ---- configs ---------------------------------------------------------------------------- */

bool snafu_settings_stamp(const char *path, struct snafu_stamp *ret_stamp)
{
	struct stat status;

	*ret_stamp = (struct snafu_stamp){0};
	if (!path || !*path || stat(path, &status))
		return false;
	snafu_stamp_take(&status, ret_stamp);
	return true;
}

bool snafu_settings_same_stamp(const struct snafu_stamp *one, const struct snafu_stamp *other)
{
	return one->inode == other->inode && one->size == other->size &&
	       one->modified == other->modified;
}

/* Reads the config of SOURCE; a bad one leaves what there was. Whether something changed. */
bool snafu_configured_read(struct snafu_host *host, struct snafu_configured *source)
{
	struct snafu_host_settings *all = host->all_settings;
	char *path = snafu_function_config_path(source->file);
	struct snafu_function_config *config;
	struct snafu_error error;
	struct snafu_stamp stamp;
	bool there = snafu_settings_stamp(path, &stamp);
	bool same = there && source->config_path && strcmp(path, source->config_path) == 0 &&
	            snafu_settings_same_stamp(&stamp, &source->stamp);

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
		code = snafu_settings_check_config(host, atomic_load(&all->book), config, &error);
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
	struct snafu_configured **sources = calloc(n_slots, sizeof(struct snafu_configured *));

	if (!sources)
		return -ENOMEM;
	for (size_t i = 0; i < all->n_slots; i++)
		for (struct snafu_configured *at = all->sources[i], *next; at; at = next) {
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
struct snafu_configured *snafu_configured_find(struct snafu_host *host, const char *file)
{
	struct snafu_host_settings *all = host->all_settings;
	unsigned long long hash = snafu_hash(SNAFU_HASH_START, file, strlen(file));

	for (struct snafu_configured *at = all->n_slots ? all->sources[hash & (all->n_slots - 1)]
	                                                : NULL;
	     at; at = at->next)
		if (strcmp(at->file, file) == 0)
			return at;
	if (all->n_sources >= all->n_slots && grow(all))
		return NULL;
	struct snafu_configured *source = calloc(1, sizeof *source);
	if (!source || !(source->file = strdup(file))) {
		free(source);
		return NULL;
	}
	source->next = all->sources[hash & (all->n_slots - 1)];
	all->sources[hash & (all->n_slots - 1)] = source;
	all->n_sources++;
	snafu_configured_read(host, source);
	return source;
}

void snafu_configured_free_all(struct snafu_host_settings *all)
{
	for (size_t i = 0; i < all->n_slots; i++)
		for (struct snafu_configured *at = all->sources[i], *next; at; at = next) {
			next = at->next;
			free(at->file);
			free(at->config_path);
			free(at);
		}
	free(all->sources);
	all->sources = NULL;
	all->n_slots = 0;
}

/* ---- other names ------------------------------------------------------------------- */

/* "src/app.handler" and "pkg.Class::method" as tails of ids. malloc'ed. */
char *snafu_handler_id(const char *handler)
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
		for (const struct snafu_configured *at = all->sources[i]; at && !id; at = at->next)
			if (at->config && at->config->handler && at->config->function_name &&
			    strcmp(at->config->function_name, name) == 0)
				id = snafu_handler_id(at->config->handler);
	pthread_mutex_unlock(&all->lock);
	return id;
}
