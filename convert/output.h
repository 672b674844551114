/* convert/output.h — where generated files go: beside the sources that they are about, into
 * a folder of their own, or, to be looked at, to a stream. Nothing that is there already is
 * overwritten unless that is wanted. One thread at a time. */
#ifndef SNAFU_CONVERT_OUTPUT_H
#define SNAFU_CONVERT_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct snafu_error;

/* Zeroed but for what the caller fills in; snafu_output_done() in the end. */
struct snafu_output {
	const char *folder; /* made when it is needed; NULL: beside the sources */
	const char *const *paths; /* that were scanned: what lies below one of them keeps its place
	                           * below `folder` */
	size_t n_paths;
	bool force; /* overwrite */
	FILE *preview; /* NULL: write files */
	char **written; /* malloc'ed, sorted: two sources must not share a place */
	size_t n_written, capacity;
};

enum snafu_output_fate {
	SNAFU_OUTPUT_WRITTEN, /* or shown */
	SNAFU_OUTPUT_KEPT, /* there is one, and it stays */
};

/* Where the file goes that belongs to SOURCE and is named like it with SUFFIX behind: malloc'ed,
 * caller frees; NULL when memory is out. */
char *snafu_output_path(const struct snafu_output *output, const char *source, const char *suffix);

/* Writes PATH, and the folders above it below `folder`. A fate, or a negative errno: -EEXIST when
 * the same run has written it for another source. Errors name the path. */
int snafu_output_write(struct snafu_output *output, const char *path, const char *bytes,
                       size_t size, struct snafu_error *error);

/* The same over a file that is there, whether or not it is to be forced. */
int snafu_output_replace(struct snafu_output *output, const char *path, const char *bytes,
                         size_t size, struct snafu_error *error);

/* Whether this run has written PATH. */
bool snafu_output_has_written(const struct snafu_output *output, const char *path);

void snafu_output_done(struct snafu_output *output);

#endif
