/* runtime/instances/setup.c — see setup.h. */
#include "runtime/instances/setup.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "langs/language.h"
#include "runtime/instances/wire.h"
#include "runtime/instances/station.h"
#include "runtime/settings.h"
#include "scanner/function.h"

static int add(struct snafu_known *known, const struct snafu_function *function)
{
	int code = snafu_array_grow(&known->functions, &known->capacity, known->count,
	                            sizeof(const struct snafu_function *));

	if (!code)
		known->functions[known->count++] = function;
	return code;
}

static bool overloads(const struct snafu_function *function, const struct snafu_function *other)
{
	return strcmp(function->id, other->id) == 0 && strcmp(function->file, other->file) == 0;
}

int snafu_known_for_function(const struct snafu_station *station,
                             const struct snafu_language *language,
                             const struct snafu_function *function, struct snafu_known *ret_known)
{
	const struct snafu_functions *all = station->options->language_options->functions;
	bool (*needs)(const struct snafu_function *, const struct snafu_function *) =
		language->needs ? language->needs : overloads;
	struct snafu_known known = {0};
	int code = 0;

	for (size_t i = 0; !code && i < all->count; i++) {
		const struct snafu_function *other = &all->functions[i];

		if (other == function ||
		    (strcmp(other->language, function->language) == 0 && needs(function, other)))
			code = add(&known, other);
	}
	if (!code && snafu_known_find(&known, function) < 0)
		code = add(&known, function);
	if (code)
		snafu_known_done(&known);
	else
		*ret_known = known;
	return code;
}

int snafu_known_for_language(const struct snafu_station *station, const char *language,
                             const struct snafu_function *function, struct snafu_known *ret_known)
{
	const struct snafu_functions *all = station->options->language_options->functions;
	struct snafu_known known = {0};
	int code = 0;

	for (size_t i = 0; !code && i < all->count; i++)
		if (strcmp(all->functions[i].language, language) == 0)
			code = add(&known, &all->functions[i]);
	if (!code && snafu_known_find(&known, function) < 0)
		code = add(&known, function);
	if (code)
		snafu_known_done(&known);
	else
		*ret_known = known;
	return code;
}

long snafu_known_find(const struct snafu_known *known, const struct snafu_function *function)
{
	for (size_t i = 0; i < known->count; i++)
		if (known->functions[i] == function)
			return (long)i;
	return -1;
}

void snafu_known_done(struct snafu_known *known)
{
	free(known->functions);
	*known = (struct snafu_known){0};
}

int snafu_setup_write(struct snafu_buffer *into, const struct snafu_station *station,
                      const char *language, bool zygote, const struct snafu_known *known)
{
	const struct snafu_language_options *options = station->options->language_options;
	struct snafu_functions functions = {.count = known->count};
	struct snafu_setup setup = {
		.language = language,
		.paths = options->paths,
		.n_paths = options->n_paths,
		.include_paths = options->include_paths,
		.n_include_paths = options->n_include_paths,
		.defines = options->defines,
		.n_defines = options->n_defines,
		.parts = getenv("SNAFU_PARTS"),
		.zygote = zygote,
		.functions = &functions,
	};

	functions.functions = calloc(known->count + 1, sizeof *functions.functions);
	if (!functions.functions)
		return -ENOMEM;
	for (size_t i = 0; i < known->count; i++)
		functions.functions[i] = *known->functions[i]; /* what hangs on it is only read */
	size_t begin = snafu_frame_begin(into, SNAFU_FRAME_SETUP, 0);
	snafu_pack_setup(into, &setup);
	snafu_frame_end(into, begin, 0);
	free(functions.functions);
	return snafu_buffer_failed(into);
}

struct snafu_start snafu_start_from(const struct snafu_settings *settings)
{
	return (struct snafu_start){
		.memory = settings->memory,
		.open_files = settings->open_files,
		.processes = settings->processes,
		.file_size = settings->file_size,
		.result_size = settings->result_size,
		.log_size = settings->log_size,
		.environment = settings->environment,
		.directory = settings->directory,
		.control_groups = "",
	};
}

void snafu_start_write(struct snafu_buffer *into, const struct snafu_start *start,
                       unsigned long long number)
{
	size_t begin = snafu_frame_begin(into, SNAFU_FRAME_START, number);

	snafu_pack_start(into, start);
	snafu_frame_end(into, begin, 0);
}
