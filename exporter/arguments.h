/* exporter/arguments.h — text into JSON by a parameter's shape.
 *
 * Doors that get strings (a prompt, -a NAME=VALUE, a query string, a form)
 * turn them into the payload that the language expects. */
#ifndef SNAFU_EXPORTER_ARGUMENTS_H
#define SNAFU_EXPORTER_ARGUMENTS_H

#include <stddef.h>

#include "scanner/function.h"

struct snafu_buffer;
struct snafu_error;

/* Appends TEXT (SIZE bytes) as a JSON value of that shape: "10" for an integer
 * is 10, for a string "10". What has no declared shape is taken as JSON when it
 * is JSON (10, true, [1,2], {"a":1}, "quoted"), else as a string. Arrays also take
 * comma-separated items. -EINVAL when the text does not fit; ERROR says what
 * is expected ("an integer"), without the parameter's name. */
int snafu_argument_from_text(const struct snafu_shape *shape, const char *text, size_t size,
                             struct snafu_buffer *into, struct snafu_error *error);

/* Words for a person: "integer", "array of numbers", "one of RED, BLUE". */
void snafu_shape_describe(const struct snafu_shape *shape, struct snafu_buffer *into);

#endif
