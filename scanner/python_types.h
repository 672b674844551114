/* scanner/python_types.h — what values an annotation or a default means, as a
 * struct snafu_shape.
 *
 * Private to the Python scanner. */
#ifndef SNAFU_SCANNER_PYTHON_TYPES_H
#define SNAFU_SCANNER_PYTHON_TYPES_H

#include <stddef.h>

#include "scanner/python_names.h"

#define PYTHON_TYPE_DEPTH_CAP 24 /* types inside each other */

struct python_types {
	const struct python_names *names;
	struct snafu_arena *arena;
	const struct snafu_shape **classes; /* for each definition its shape, once it was asked for */
	uint32_t *first_field; /* for each definition 1 + its first field */
	uint32_t *next_field; /* for each field 1 + the next of the same class */
	size_t budget; /* type names still to be looked at: hostile files run out of it */
};

/* All arguments are borrowed. 0 or -ENOMEM; RET can be done with in any case. */
int snafu_python_types_begin(const struct python_names *names, struct snafu_arena *arena,
                             struct python_types *ret);

/* The shape of the annotation TEXT (NULL: none) as seen from SCOPE, an owner as
 * in a definition. Never NULL; what is not known is ANY. */
const struct snafu_shape *snafu_python_shape(struct python_types *types, uint32_t scope,
                                             const char *text, size_t size);

/* The shape that a literal default value suggests. Never NULL. */
const struct snafu_shape *snafu_python_literal_shape(const char *text);

void snafu_python_types_done(struct python_types *types);

#endif
