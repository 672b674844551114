/* scanner/python_names.h — which definition a name means, in a file where names
 * may be defined more than once.
 *
 * Private to the Python scanner. */
#ifndef SNAFU_SCANNER_PYTHON_NAMES_H
#define SNAFU_SCANNER_PYTHON_NAMES_H

#include <stddef.h>
#include <stdint.h>

#include "scanner/function.h"
#include "scanner/python_signature.h"
#include "scanner/python_skim.h"

/* Everything that has a name: first the definitions, then the fields, in one
 * count. A name is looked up in its scope, an owner as in a definition. */
struct python_names {
	const struct python_outline *outline;
	const struct python_signature *signatures;
	uint32_t *table; /* 1 + the last entry of a name */
	size_t mask;
	uint32_t *earlier; /* for each entry 1 + the one before it with the same name and scope */
	const char **reasons; /* for each definition: why it is not the one that is used, or NULL */
};

/* Indexes OUTLINE and decides which definition wins; reasons are in ARENA. Both
 * arguments are borrowed. 0 or -ENOMEM; RET can be done with in any case. */
int snafu_python_names_begin(const struct python_outline *outline,
                             const struct python_signature *signatures, struct snafu_arena *arena,
                             struct python_names *ret);

/* The last definition or field of that name: its number, or -1. */
long snafu_python_find(const struct python_names *names, uint32_t owner, const char *name,
                       size_t size);

void snafu_python_names_done(struct python_names *names);

#endif
