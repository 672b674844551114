/* exporter/listing.h — functions as JSON for people's tools: GET /functions.
 *
 * Everything is appended to a capped buffer. Pure: any thread. */
#ifndef SNAFU_EXPORTER_LISTING_H
#define SNAFU_EXPORTER_LISTING_H

#include <stdbool.h>

#include "scanner/function.h"

struct snafu_buffer;

/* One function: id, language, kind, signature, doc, callable, reason, parameters
 * (name, kind, type, required, default, doc, schema), arguments and result
 * (schemas). */
void snafu_listing_function(const struct snafu_function *function, struct snafu_buffer *into);

/* An array of all functions of LANGUAGE (NULL: of every one), in the scan's
 * order. BRIEF leaves only id, language, signature, callable and the doc's first
 * line. */
void snafu_listing_write(const struct snafu_functions *functions, const char *language, bool brief,
                         struct snafu_buffer *into);

#endif
