/* scanner/python_describe.h — puts together what is known of each function.
 *
 * Private to the Python scanner: python.c fills the struct and calls. */
#ifndef SNAFU_SCANNER_PYTHON_DESCRIBE_H
#define SNAFU_SCANNER_PYTHON_DESCRIBE_H

#include "scanner/python_names.h"
#include "scanner/python_signature.h"
#include "scanner/python_types.h"
#include "scanner/scanner.h"

struct python_description {
	const struct snafu_source *source;
	const struct python_outline *outline;
	struct python_signature *signatures; /* one for each definition */
	struct python_names names;
	struct python_types types;
	struct snafu_buffer *work; /* two of them, scratch */
	struct snafu_functions *ret;
	bool python2;
};

/* Appends a descriptor for each def of the outline, in the order of lines. 0 or
 * -ENOMEM. */
int snafu_python_describe(struct python_description *description);

#endif
