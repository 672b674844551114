/* scanner/listing.h — whole scans as text: the formats of snafu-scan.
 *
 * Written function by function, so that a hundred thousand need no more memory
 * than the longest one. A format is one struct; to add one, fill it in and put
 * it in the table of listing.c. */
#ifndef SNAFU_SCANNER_LISTING_H
#define SNAFU_SCANNER_LISTING_H

#include <stdio.h>

struct snafu_error;
struct snafu_functions;

#define SNAFU_LISTING_ENTRY_CAP (256u << 20) /* bytes of one function, its doc escaped */

struct snafu_listing {
	const char *name; /* "table", "json", "ctags" */

	/* Writes all of FUNCTIONS to OUT and flushes it. A negative errno when
	 * writing failed or memory is out. */
	int (*write)(const struct snafu_functions *functions, FILE *out, struct snafu_error *error);
};

/* The format of that name, or NULL. */
const struct snafu_listing *snafu_listing_find(const char *name);

extern const struct snafu_listing snafu_listing_ctags;

#endif
