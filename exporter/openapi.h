/* exporter/openapi.h — the OpenAPI 3.1 document of the functions on offer: what
 * the web connector serves as /openapi.json.
 *
 * One path a function, `/invoke/<id>`, with a POST operation. Functions that
 * cannot be called are left out; overloads share one operation whose payload is
 * any of theirs (`anyOf`: a 3 fits f(int) as well as f(long)). */
#ifndef SNAFU_EXPORTER_OPENAPI_H
#define SNAFU_EXPORTER_OPENAPI_H

#include <stdbool.h>

#include "scanner/function.h"

struct snafu_buffer;
struct snafu_error;

struct snafu_openapi_options {
	const char *title; /* NULL: a general one */
	bool calls; /* there are asynchronous calls, and /calls */
	const char *server; /* base URL; NULL: "/", the place the document came from */
};

/* Appends the document. -ENOMEM; -EMSGSIZE when INTO's cap is too small. */
int snafu_openapi_write(const struct snafu_functions *functions,
                        const struct snafu_openapi_options *options, struct snafu_buffer *into,
                        struct snafu_error *error);

#endif
