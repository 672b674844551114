/* runtime/instances/setup.c — see setup.h. */
#include "runtime/instances/setup.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "langs/language.h"
#include "runtime/generation.h"
#include "runtime/host_state.h"
#include "runtime/instances/wire.h"
#include "runtime/instances/station.h"
#include "runtime/settings/settings.h"
#include "scanner/function.h"

/* Functions for one setup: what hangs on them is borrowed from the generation. */
struct chosen {
	struct snafu_functions functions;
	struct snafu_generation *generation; /* a reference; NULL: there is no host */
	long index; /* of the one that it is about */
};

static bool is_same(const struct snafu_function *one, const struct snafu_function *other)
{
	/* Generations copy functions, but not what hangs on them. */
	return one->id == other->id && one->line == other->line;
}

static bool overloads(const struct snafu_function *function, const struct snafu_function *other)
{
	return strcmp(function->id, other->id) == 0 && strcmp(function->file, other->file) == 0;
}

static void chosen_done(struct chosen *chosen)
{
	free(chosen->functions.functions);
	snafu_generation_unref(chosen->generation);
}

static int add(struct chosen *chosen, const struct snafu_function *function)
{
	struct snafu_functions *into = &chosen->functions;
	int code =
		snafu_array_grow(&into->functions, &into->capacity, into->count, sizeof *into->functions);

	if (!code)
		into->functions[into->count++] = *function;
	return code;
}

/* All of FUNCTION's language for which NEEDS says yes (NULL: all), and FUNCTION. */
static int choose(const struct snafu_station *station, const struct snafu_function *function,
                  bool (*needs)(const struct snafu_function *, const struct snafu_function *),
                  struct chosen *chosen)
{
	struct snafu_host *host = station->options->host;
	const struct snafu_functions *all = station->options->language_options->functions;
	int code = 0;

	*chosen = (struct chosen){.index = -1};
	if (host) {
		chosen->generation = snafu_host_generation(host);
		all = &chosen->generation->functions;
	}
	for (size_t i = 0; !code && i < all->count; i++) {
		const struct snafu_function *other = &all->functions[i];

		if (is_same(function, other))
			chosen->index = (long)chosen->functions.count;
		else if (strcmp(other->language, function->language) != 0 ||
		         (needs && !needs(function, other)))
			continue;
		code = add(chosen, other);
	}
	if (!code && chosen->index < 0) { /* it was replaced, but a call of it is still on its way */
		chosen->index = (long)chosen->functions.count;
		code = add(chosen, function);
	}
	return code;
}

static int write_setup(struct snafu_buffer *into, const struct snafu_station *station,
                       const char *language, bool zygote, const struct snafu_functions *functions)
{
	const struct snafu_language_options *options = station->options->language_options;
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
		.functions = functions,
	};

	size_t begin = snafu_frame_begin(into, SNAFU_FRAME_SETUP, 0);
	snafu_pack_setup(into, &setup);
	snafu_frame_end(into, begin, 0);
	return snafu_buffer_failed(into);
}

long snafu_setup_for_function(struct snafu_buffer *into, const struct snafu_station *station,
                              const struct snafu_language *language,
                              const struct snafu_function *function)
{
	struct chosen chosen;
	int code = choose(station, function, language->needs ? language->needs : overloads, &chosen);

	if (!code)
		code = write_setup(into, station, function->language, false, &chosen.functions);
	chosen_done(&chosen);
	return code ? code : chosen.index;
}

int snafu_setup_for_language(struct snafu_buffer *into, const struct snafu_station *station,
                             const struct snafu_function *function, struct snafu_known *ret_known)
{
	struct chosen chosen;
	struct snafu_known known = {0};
	int code = choose(station, function, NULL, &chosen);

	if (!code)
		code = write_setup(into, station, function->language, true, &chosen.functions);
	if (!code) {
		known.functions = calloc(chosen.functions.count, sizeof *known.functions);
		code = known.functions ? 0 : -ENOMEM;
	}
	for (; !code && known.count < chosen.functions.count; known.count++)
		known.functions[known.count] =
			(struct snafu_known_function){chosen.functions.functions[known.count].id,
		                                  chosen.functions.functions[known.count].line};
	chosen_done(&chosen);
	if (!code)
		*ret_known = known;
	return code;
}

long snafu_known_find(const struct snafu_known *known, const struct snafu_function *function)
{
	for (size_t i = 0; i < known->count; i++)
		if (known->functions[i].id == function->id && known->functions[i].line == function->line)
			return (long)i;
	return -1;
}

void snafu_known_done(struct snafu_known *known)
{
	free(known->functions);
	*known = (struct snafu_known){0};
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
