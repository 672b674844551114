/* runtime/languages.c — see languages.h. */
#include "runtime/languages.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/file.h"
#include "base/parts.h"

struct open_language {
	char *name;
	const struct snafu_language *language; /* NULL: it could not be opened */
	void *state;
	struct snafu_error error;
};

struct snafu_languages {
	struct snafu_language_options options;
	char *cache_directory;
	pthread_mutex_t lock; /* held while a language is being opened */
	struct open_language open[SNAFU_LANGUAGES_CAP];
	atomic_size_t count; /* entries below it never change again */
	const struct snafu_language *known[SNAFU_LANGUAGES_CAP];
	atomic_size_t n_known; /* the same */
};

int snafu_languages_new(const struct snafu_language_options *options,
                        struct snafu_languages **ret_languages, struct snafu_error *error)
{
	struct snafu_languages *languages = calloc(1, sizeof *languages);

	if (!languages)
		return snafu_fail(error, -ENOMEM, "no memory");
	languages->options = *options;
	pthread_mutex_init(&languages->lock, NULL);
	*ret_languages = languages;
	return 0;
}

static int find_module(const char *name, const struct snafu_language **ret_language,
                       struct snafu_error *error)
{
	void *address;

	/* Python's own extension modules look for its symbols globally. */
	int code = snafu_part_open("lang", name, SNAFU_LANGUAGE_SYMBOL, 1, &address, error);
	if (code)
		return code;
	const struct snafu_language *language = address;
	if (language->version != SNAFU_LANGUAGE_VERSION)
		return snafu_fail(error, -ELIBBAD, "lang-%s.so is made for another Snafu", name);
	*ret_language = language;
	return 0;
}

static int open_module(struct snafu_languages *languages, const char *name,
                       struct open_language *entry)
{
	const struct snafu_language *language;
	int code = find_module(name, &language, &entry->error);

	if (code)
		return code;
	if (!languages->options.cache_directory) {
		code = snafu_cache_directory(&languages->cache_directory, &entry->error);
		if (code)
			return code;
		languages->options.cache_directory = languages->cache_directory;
	}
	code = language->open(&languages->options, &entry->state, &entry->error);
	if (!code)
		entry->language = language;
	return code;
}

static const struct open_language *find(struct snafu_languages *languages, const char *name)
{
	size_t count = languages->count;

	for (size_t i = 0; i < count; i++)
		if (strcmp(languages->open[i].name, name) == 0)
			return &languages->open[i];
	return NULL;
}

/* Opens NAME and enters it, also when that failed. NULL when there is no room. */
static const struct open_language *enter(struct snafu_languages *languages, const char *name)
{
	const struct open_language *found = find(languages, name);
	size_t index = languages->count;

	if (found)
		return found;
	if (index == SNAFU_LANGUAGES_CAP)
		return NULL;
	struct open_language *entry = &languages->open[index];
	entry->name = strdup(name);
	if (!entry->name)
		return NULL;
	open_module(languages, name, entry);
	languages->count = index + 1;
	return entry;
}

int snafu_languages_get(struct snafu_languages *languages, const char *name,
                        const struct snafu_language **ret_language, void **ret_state,
                        struct snafu_error *error)
{
	const struct open_language *entry = find(languages, name);

	if (!entry) {
		pthread_mutex_lock(&languages->lock);
		entry = enter(languages, name);
		pthread_mutex_unlock(&languages->lock);
	}
	if (!entry)
		return snafu_fail(error, -ENOMEM, "no room to open the language %s", name);
	if (!entry->language) {
		if (error)
			*error = entry->error;
		return entry->error.code;
	}
	*ret_language = entry->language;
	*ret_state = entry->state;
	return 0;
}

size_t snafu_languages_changed(struct snafu_languages *languages,
                               const struct snafu_functions *functions, const char *const *files,
                               size_t n_files)
{
	size_t deaf = 0;

	pthread_mutex_lock(&languages->lock);
	languages->options.functions = functions;
	for (size_t i = 0; i < languages->count; i++) {
		const struct open_language *entry = &languages->open[i];

		if (entry->language && entry->language->changed)
			entry->language->changed(entry->state, functions, files, n_files);
		else
			deaf += entry->language != NULL;
	}
	pthread_mutex_unlock(&languages->lock);
	return deaf;
}

int snafu_languages_peek(struct snafu_languages *languages, const char *name,
                         const struct snafu_language **ret_language, struct snafu_error *error)
{
	size_t count = languages->n_known;

	for (size_t i = 0; i < count; i++)
		if (strcmp(languages->known[i]->name, name) == 0) {
			*ret_language = languages->known[i];
			return 0;
		}
	pthread_mutex_lock(&languages->lock);
	int code = find_module(name, ret_language, error);
	/* Entered twice by two threads, it does no harm; without room it is only slower. */
	if (!code && languages->n_known < SNAFU_LANGUAGES_CAP) {
		languages->known[languages->n_known] = *ret_language;
		languages->n_known++;
	}
	pthread_mutex_unlock(&languages->lock);
	return code;
}

void snafu_languages_leave(struct snafu_languages *languages)
{
	for (size_t i = 0; languages && i < languages->count; i++) {
		const struct open_language *entry = &languages->open[i];

		if (entry->language && entry->language->leave)
			entry->language->leave(entry->state);
	}
}

void snafu_languages_free(struct snafu_languages *languages)
{
	if (!languages)
		return;
	for (size_t i = languages->count; i-- > 0;) {
		struct open_language *entry = &languages->open[i];

		if (entry->language && entry->language->close)
			entry->language->close(entry->state);
		free(entry->name);
	}
	pthread_mutex_destroy(&languages->lock);
	free(languages->cache_directory);
	free(languages);
}
