/* convert/rendered.h — what templates/render.py returns, taken apart: private to templates.c.
 *
 *     {"sources": true, "notes": ["..."], "files": [{"path", "text", "executable"}]}
 *
 * Paths are relative and stay below the output's folder, whatever the templates say. */
#ifndef SNAFU_CONVERT_RENDERED_H
#define SNAFU_CONVERT_RENDERED_H

#include <stdbool.h>
#include <stddef.h>

#include "convert/templates.h"

struct rendered_teller {
	void (*tell)(void *state, const struct snafu_template_news *news);
	void *state;
};

/* Writes the files of SIZE bytes of JSON and tells of each; notes first. */
int rendered_write(const char *json, size_t size, struct snafu_output *output,
                   const struct rendered_teller *teller, bool *ret_wants_sources,
                   struct snafu_error *error);

/* [{"name", "title"}, ...] */
int rendered_targets(const char *json, size_t size,
                     void (*each)(void *state, const char *name, const char *title), void *state,
                     struct snafu_error *error);

#endif
