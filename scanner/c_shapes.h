/* scanner/c_shapes.h — a C function in terms of JSON: kinds, shapes and defaults of
 * its parameters from the roles of c_pairs.h. */
#ifndef SNAFU_SCANNER_C_SHAPES_H
#define SNAFU_SCANNER_C_SHAPES_H

#include <stddef.h>

#include "scanner/function.h"

#define SNAFU_C_PARAMETERS_CAP 256 /* of one function; C guarantees 127 */

/* Fills in what follows from the native types of FUNCTION and of its COUNT
 * PARAMETERS (a VARIADIC one among them is left alone): kind, shape and fallback,
 * the result's shape, and the reason, if it has none yet and some type cannot cross
 * into JSON. What it makes lives in ARENA. Returns 0 or -ENOMEM. */
int snafu_c_describe(struct snafu_function *function, struct snafu_parameter *parameters,
                     size_t count, struct snafu_arena *arena);

#endif
