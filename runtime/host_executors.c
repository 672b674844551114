/* runtime/host_executors.c — which executor a call gets; each is opened when it is
 * first wanted. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "runtime/host_state.h"
#include "runtime/service.h"
#include "scanner/function.h"

static const struct snafu_open_executor *find(struct snafu_host *host, const char *name)
{
	size_t count = host->n_executors;

	for (size_t i = 0; i < count; i++)
		if (strcmp(host->executors[i].name, name) == 0)
			return &host->executors[i];
	return NULL;
}

static void warn(void *state, const char *message)
{
	snafu_host_report(state, SNAFU_WARNING, "%s", message);
}

/* Opens NAME and enters it, also when that failed; the lock is held. */
static const struct snafu_open_executor *enter(struct snafu_host *host, const char *name)
{
	const struct snafu_open_executor *found = find(host, name);
	size_t index = host->n_executors;
	struct snafu_open_executor *entry = &host->executors[index];

	if (found || index == SNAFU_EXECUTORS_CAP)
		return found;
	*entry = (struct snafu_open_executor){.name = strdup(name)};
	if (!entry->name)
		return NULL;
	entry->options = (struct snafu_executor_options){
		.languages = host->languages,
		.language_options = &host->language_options,
		.reactor = host->reactor,
		.host = host,
		.settings = &host->settings,
		.number = (unsigned)index,
		.warn = warn,
		.warn_state = host,
	};
	const struct snafu_executor *executor;
	if (snafu_executor_find(name, &executor, &entry->error) == 0 &&
	    executor->open(&entry->options, &entry->state, &entry->error) == 0)
		entry->executor = executor;
	host->n_executors = index + 1;
	return entry;
}

int snafu_host_executor(struct snafu_host *host, const char *name,
                        const struct snafu_open_executor **ret_executor, struct snafu_error *error)
{
	const struct snafu_executor *known;
	const struct snafu_open_executor *entry = find(host, name);

	if (!entry) {
		/* A name that somebody made up takes no entry. */
		int code = snafu_executor_find(name, &known, error);
		if (code)
			return code;
		pthread_mutex_lock(&host->lock);
		entry = enter(host, name);
		pthread_mutex_unlock(&host->lock);
	}
	if (!entry)
		return snafu_fail(error, -ENOMEM, "no room to open the executor %s", name);
	if (!entry->executor) {
		if (error)
			*error = entry->error;
		return entry->error.code;
	}
	*ret_executor = entry;
	return 0;
}

bool snafu_executor_choose(const char *list, const char *language,
                           char name[SNAFU_EXECUTOR_NAME_CAP])
{
	bool found = false, by_language = false;

	while (*list) {
		size_t size = strcspn(list, ","), word = strcspn(list, "=,");
		bool plain = word == size;

		if (plain ? !by_language : word == strlen(language) && strncmp(list, language, word) == 0) {
			const char *from = plain ? list : list + word + 1;

			snprintf(name, SNAFU_EXECUTOR_NAME_CAP, "%.*s", (int)(list + size - from), from);
			found = true;
			by_language = !plain;
		}
		list += size + (list[size] == ',');
	}
	return found;
}

/* Python 2 functions that are to run in a real Python 2, which is a program of its own. */
static bool is_native(const struct snafu_service *service)
{
	const struct snafu_settings *settings = atomic_load(&service->settings);

	return strcmp(service->function->language, "python2") == 0 &&
	       strcmp(settings->python2, "native") == 0;
}

int snafu_host_executor_takes(const struct snafu_open_executor *open,
                              const struct snafu_service *service, struct snafu_error *error)
{
	if (open->executor->run && !open->executor->elsewhere && is_native(service))
		return snafu_fail(error, -ENOTSUP,
		                  "%s runs in a real Python 2 (python2 = native), which is outside of this "
		                  "process: take worker or spawn instead of %s",
		                  service->function->id, open->name);
	return open->executor->supports
	           ? open->executor->supports(open->state, service->function->language, error)
	           : 0;
}

void snafu_host_abandon_executors(struct snafu_host *host)
{
	for (size_t i = host->n_executors; i-- > 0;) {
		const struct snafu_open_executor *entry = &host->executors[i];

		if (entry->executor && entry->executor->abandon)
			entry->executor->abandon(entry->state);
	}
}

int snafu_host_wanted_executor(struct snafu_host *host, const char *wanted,
                               const struct snafu_service *service,
                               const struct snafu_open_executor **ret_executor,
                               struct snafu_error *error)
{
	const struct snafu_open_executor *open;

	if (!host->settings.choose_executor)
		return snafu_fail(error, -EPERM,
		                  "this host does not let callers choose the executor "
		                  "([execution] choose-executor)");
	int code = snafu_host_executor(host, wanted, &open, error);
	if (!code)
		code = snafu_host_executor_takes(open, service, error);
	if (!code)
		*ret_executor = open;
	return code;
}

void snafu_host_close_executors(struct snafu_host *host)
{
	for (size_t i = host->n_executors; i-- > 0;) {
		struct snafu_open_executor *entry = &host->executors[i];

		if (entry->executor)
			entry->executor->close(entry->state);
		free(entry->name);
	}
	host->n_executors = 0;
}
