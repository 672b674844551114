/* runtime/host_environment.c — variables of the environment for functions that run in this
 * process. There is one environment in a process: a variable is set when the first function
 * that wants it is loaded, and others that want another value are told of. */
#include <stdlib.h>
#include <string.h>

#include "base/environment.h"
#include "langs/language.h"
#include "runtime/host_state.h"
#include "runtime/service.h"
#include "runtime/settings/settings.h"
#include "scanner/function.h"

struct snafu_host_variable {
	struct snafu_host_variable *next;
	char *name, *value;
	char *function; /* whose settings it comes from */
	bool told; /* that somebody wants another value */
};

static struct snafu_host_variable *find(struct snafu_host *host, const char *name)
{
	for (struct snafu_host_variable *at = host->variables; at; at = at->next)
		if (strcmp(at->name, name) == 0)
			return at;
	return NULL;
}

static void free_variable(struct snafu_host_variable *variable)
{
	free(variable->name);
	free(variable->value);
	free(variable->function);
	free(variable);
}

static void publish(const struct snafu_host_variable *variable,
                    const struct snafu_language *language, void *language_state)
{
	snafu_environment_set(variable->name, variable->value);
	if (language->set_environment)
		language->set_environment(language_state, variable->name, variable->value);
}

/* Makes a variable of NAME and VALUE, which it takes. */
static void add(struct snafu_host *host, char *name, char *value, const char *function,
                const struct snafu_language *language, void *language_state)
{
	struct snafu_host_variable *variable = calloc(1, sizeof *variable);

	if (variable) {
		*variable = (struct snafu_host_variable){
			.next = host->variables,
			.name = name,
			.value = value,
			.function = strdup(function),
		};
		host->variables = variable;
		publish(variable, language, language_state);
	} else {
		free(name);
		free(value);
	}
}

static void set(struct snafu_host *host, const struct snafu_function *function, char *name,
                char *value, const struct snafu_language *language, void *language_state)
{
	struct snafu_host_variable *there = find(host, name);
	bool same = there && strcmp(there->value, value) == 0;

	if (!there) {
		add(host, name, value, function->id, language, language_state);
		return;
	}
	free(name);
	if (!same && there->function && strcmp(there->function, function->id) == 0) {
		free(there->value); /* its settings have changed */
		there->value = value;
		publish(there, language, language_state);
		return;
	}
	if (!same && !there->told)
		snafu_host_report(host, SNAFU_WARNING,
		                  "%s is set to '%s' for %s and to '%s' for %s: in one process, all see "
		                  "the first; take the executor worker for one of them",
		                  there->name, there->value, there->function ? there->function : "another",
		                  value, function->id);
	there->told |= !same;
	free(value);
}

void snafu_host_set_environment(const struct snafu_service *service,
                                const struct snafu_language *language, void *language_state)
{
	const struct snafu_settings *settings = atomic_load(&service->settings);
	const char *at = settings->environment;
	struct snafu_host *host = service->host;
	struct snafu_variable variable;

	if (!*at)
		return;
	pthread_mutex_lock(&host->variables_lock);
	while (snafu_environment_next(&at, &variable)) {
		char *name = strndup(variable.name, variable.name_size);
		char *value = strndup(variable.value, variable.value_size);

		if (name && value) {
			set(host, service->function, name, value, language, language_state);
		} else {
			free(name);
			free(value);
		}
	}
	pthread_mutex_unlock(&host->variables_lock);
}

void snafu_host_close_environment(struct snafu_host *host)
{
	while (host->variables) {
		struct snafu_host_variable *next = host->variables->next;

		free_variable(host->variables);
		host->variables = next;
	}
}
