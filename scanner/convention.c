/* scanner/convention.c — see convention.h. */
#include "scanner/convention.h"

#include <errno.h>
#include <string.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "scanner/look.h"
#include "scanner/scanner.h"

#define FAMILY(NAME) extern const struct snafu_convention snafu_conventions_##NAME[];
#include "scanner/conventions.inc"
#undef FAMILY

static const struct {
	const char *name;
	const struct snafu_convention *members;
} families[] = {
#define FAMILY(NAME) {#NAME, snafu_conventions_##NAME},
#include "scanner/conventions.inc"
#undef FAMILY
};
#define N_FAMILIES (sizeof families / sizeof *families)

const struct snafu_convention *snafu_convention_find(const char *name)
{
	for (size_t i = 0; name && i < N_FAMILIES; i++)
		for (const struct snafu_convention *at = families[i].members; at->name; at++)
			if (strcmp(at->name, name) == 0)
				return at;
	return NULL;
}

/* Whether CONVENTION is what NAME names, or of the family. */
static bool is_of(const struct snafu_convention *convention, const char *name)
{
	size_t size = strlen(name);

	return strncmp(convention->name, name, size) == 0 &&
	       (!convention->name[size] || convention->name[size] == '-');
}

bool snafu_convention_is_known(const char *name)
{
	for (size_t i = 0; i < N_FAMILIES; i++)
		if (strcmp(families[i].name, name) == 0)
			return true;
	return snafu_convention_find(name) != NULL;
}

void snafu_convention_names(struct snafu_buffer *into)
{
	for (size_t i = 0; i < N_FAMILIES; i++)
		snafu_buffer_format(into, "%s%s", i ? ", " : "", families[i].name);
}

const struct snafu_convention *snafu_convention_for(const struct snafu_function *function,
                                                    const char *name)
{
	const struct snafu_convention *known = snafu_convention_find(function->convention);

	if (known && is_of(known, name))
		return known;
	for (size_t i = 0; i < N_FAMILIES; i++)
		for (const struct snafu_convention *at = families[i].members; at->name; at++)
			if (is_of(at, name) && at->fits(function))
				return at;
	return NULL;
}

const struct snafu_convention *snafu_convention_declared(const struct snafu_function *function,
                                                         const char *name)
{
	const struct snafu_convention *fitting = snafu_convention_for(function, name);
	const struct snafu_convention *exact = snafu_convention_find(name);
	size_t count = snafu_look_positional(function);

	if (fitting)
		return fitting;
	if (!snafu_look_is_python(function))
		return NULL; /* Java's are known by their types */
	if (exact && count >= exact->least && count <= exact->most)
		return exact;
	for (size_t i = 0; i < N_FAMILIES; i++)
		for (const struct snafu_convention *at = families[i].members; at->name; at++)
			if (is_of(at, name) && count >= at->least && count <= at->most)
				return at;
	return NULL;
}

void snafu_convention_recognise(const struct snafu_source *source,
                                struct snafu_functions *functions, size_t first, size_t end)
{
	struct snafu_look look = {.source = source};

	for (size_t n = first; n < end; n++) {
		struct snafu_function *function = &functions->functions[n];
		const char *known = NULL;

		look.function = function;
		for (size_t i = 0; i < N_FAMILIES && !known; i++)
			for (const struct snafu_convention *at = families[i].members; at->name && !known; at++)
				if ((at->may ? at->may : at->fits)(function) && at->recognise(&look))
					known = at->name;
		function->convention = known;
	}
}

int snafu_convention_apply(struct snafu_function *function,
                           const struct snafu_convention *convention, struct snafu_arena *arena)
{
	if (convention->whole) {
		struct snafu_parameter *any = snafu_arena_alloc(arena, sizeof *any);

		if (!any)
			return -ENOMEM;
		*any = (struct snafu_parameter){.name = "data"};
		if (function->n_parameters)
			*any = function->parameters[0];
		any->kind = SNAFU_PARAMETER_KEYWORDS;
		any->shape = snafu_shape_plain(SNAFU_SHAPE_ANY);
		any->fallback = NULL;
		function->parameters = any;
		function->n_parameters = 1;
		function->returns_shape = snafu_shape_plain(SNAFU_SHAPE_ANY);
	} else if (!function->context_hidden && function->n_parameters == 2 &&
	           snafu_look_is_python(function)) {
		function->n_parameters = 1; /* lambda, whatever the two are called */
		function->context_hidden = true;
	}
	function->convention = convention->name;
	return 0;
}

bool snafu_convention_is_http(const struct snafu_function *function)
{
	const struct snafu_convention *convention = snafu_convention_find(function->convention);

	return convention && convention->http;
}
