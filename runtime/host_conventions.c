/* runtime/host_conventions.c — by which provider's rules functions are called: what the scanner
 * has recognised, what -c and the settings say. Descriptors get it once, before they are on
 * offer. */
#include <string.h>

#include "runtime/host_state.h"
#include "runtime/settings/book.h"
#include "scanner/convention.h"

#define ANY  "any" /* as recognised */
#define NONE "none" /* by their parameters, all of them */

bool snafu_host_convention_known(const char *name)
{
	return strcmp(name, ANY) == 0 || strcmp(name, NONE) == 0 || snafu_convention_is_known(name);
}

struct choice {
	const struct snafu_convention *convention; /* NULL: none */
	bool left_out; /* somebody wants functions of another one only */
};

static struct choice choose(struct snafu_host *host, const struct snafu_function *function,
                            const char *all)
{
	const char *whole = snafu_host_book(host)->instance.values.convention;
	const char *own = snafu_host_settings_for(host, function)->convention;
	bool named = strcmp(own, whole) != 0;
	const char *word = named ? own : all;
	struct choice choice = {.convention = snafu_convention_find(function->convention)};

	if (strcmp(word, ANY) == 0)
		return choice;
	if (strcmp(word, NONE) == 0)
		return (struct choice){.convention = NULL};
	if (!named) {
		choice.convention = snafu_convention_for(function, word);
		choice.left_out = !choice.convention;
		return choice;
	}
	choice.convention = snafu_convention_declared(function, word);
	/* A whole file's word is not about its helpers. */
	if (!choice.convention && !function->reason)
		snafu_host_report(host, SNAFU_NOTE, "%s cannot be called by the convention %s",
		                  function->id, word);
	return choice;
}

int snafu_host_take_conventions(struct snafu_host *host, struct snafu_functions *functions)
{
	const char *all = host->options.convention ? host->options.convention
	                                           : snafu_host_book(host)->instance.values.convention;
	size_t kept = 0;

	for (size_t i = 0; i < functions->count; i++) {
		struct snafu_function function = functions->functions[i];
		struct choice choice = choose(host, &function, all);
		int code = 0;

		if (choice.left_out)
			continue;
		function.convention = NULL;
		if (choice.convention)
			code = snafu_convention_apply(&function, choice.convention, &functions->arena);
		if (code)
			return code;
		if (choice.convention && choice.convention->http)
			atomic_store(&host->speaks_http, true);
		functions->functions[kept++] = function;
	}
	functions->count = kept;
	return 0;
}

bool snafu_host_speaks_http(const struct snafu_host *host)
{
	return atomic_load_explicit(&host->speaks_http, memory_order_relaxed);
}
