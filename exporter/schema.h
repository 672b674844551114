/* exporter/schema.h — JSON Schema (2020-12, the dialect of OpenAPI 3.1) of what a
 * function takes and gives, derived from its signature.
 *
 * Everything is appended to a capped buffer, whose sticky failure tells in the
 * end. Pure: any thread. */
#ifndef SNAFU_EXPORTER_SCHEMA_H
#define SNAFU_EXPORTER_SCHEMA_H

#include <stdbool.h>

#include "scanner/function.h"

struct snafu_buffer;

#define SNAFU_SCHEMA_DEPTH_CAP  12 /* shapes inside each other; deeper ones become "anything" */
#define SNAFU_SCHEMA_SHAPES_CAP 1000 /* shapes in one schema; the same beyond */

/* The schema of values of that shape. */
void snafu_schema_shape(const struct snafu_shape *shape, struct snafu_buffer *into);

/* One parameter, with its doc line, written type and default. */
void snafu_schema_parameter(const struct snafu_parameter *parameter, struct snafu_buffer *into);

/* The payload of a call as an object, arguments by name. */
void snafu_schema_by_name(const struct snafu_function *function, struct snafu_buffer *into);

/* The payload as an array, arguments by position. */
void snafu_schema_by_position(const struct snafu_function *function, struct snafu_buffer *into);

/* Whether a payload by position can be right: no keyword-only argument is missing. */
bool snafu_schema_takes_positions(const struct snafu_function *function);

/* What the call gives. */
void snafu_schema_result(const struct snafu_function *function, struct snafu_buffer *into);

/* Whether a call without any payload can be right. */
bool snafu_schema_needs_nothing(const struct snafu_function *function);

/* A default value as written in the source, turned into JSON: numbers, strings,
 * None/null, booleans, empty brackets. Returns false, having appended nothing,
 * for everything else (calls, names, expressions). */
bool snafu_schema_default(const char *fallback, struct snafu_buffer *into);

#endif
