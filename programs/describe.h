/* programs/describe.h — snafu-export --target: deployment descriptors, and what is told of them. */
#ifndef SNAFU_PROGRAMS_DESCRIBE_H
#define SNAFU_PROGRAMS_DESCRIBE_H

#include <stdbool.h>
#include <stddef.h>

struct snafu_functions;
struct snafu_output;
struct snafu_scan_options;
struct snafu_settings_book;

struct describe_options {
	const char *target; /* NULL: print the model instead */
	const char *project, *image; /* NULL: made of the first path's name */
	unsigned port; /* 0: the default */
	const char *const *templates; /* further folders of targets */
	size_t n_templates;
	const struct snafu_scan_options *scan;
	bool quiet;
};

/* Writes what the target needs into OUTPUT's folder, deploy/TARGET when it has none. The exit
 * status; what went wrong was said. */
int describe(const struct describe_options *options, const struct snafu_functions *functions,
             const struct snafu_settings_book *book, struct snafu_output *output);

/* Prints the targets that there are. The exit status. */
int describe_list(const struct describe_options *options);

#endif
