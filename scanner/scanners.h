/* scanner/scanners.h — which scanner reads a file: a built-in one, or a module
 * scan-<name>.so that somebody dropped into a directory of parts. Used by walk.c, and
 * by snafu-scan to tell what there is.
 *
 * The modules are looked for only when no built-in scanner knows a file, so that
 * nobody else pays for them. */
#ifndef SNAFU_SCANNER_SCANNERS_H
#define SNAFU_SCANNER_SCANNERS_H

#include <stdbool.h>
#include <stddef.h>

#include "scanner/scanner.h"

#define SNAFU_SCANNER_MODULES_CAP 64

/* Zeroed but for `functions`; owns nothing. One thread at a time. */
struct snafu_scanners {
	const struct snafu_scanner *modules[SNAFU_SCANNER_MODULES_CAP];
	size_t n_modules;
	bool looked; /* for modules */
	struct snafu_functions *functions; /* takes diagnostics: modules that cannot be opened */
};

/* The scanner that NAME's suffix belongs to, or NULL. */
const struct snafu_scanner *snafu_scanner_by_suffix(struct snafu_scanners *scanners,
                                                    const char *name);

/* The scanner that claims the file by its first bytes, or NULL. */
const struct snafu_scanner *snafu_scanner_by_head(struct snafu_scanners *scanners,
                                                  const char *path);

/* The suffix of NAME among the scanner's, or NULL. */
const char *snafu_scanner_suffix(const struct snafu_scanner *scanner, const char *name);

/* Looks for modules, unless that was done. */
void snafu_scanners_look(struct snafu_scanners *scanners);

/* Number INDEX of the scanners that are known by now, or NULL behind the last. */
const struct snafu_scanner *snafu_scanner_number(const struct snafu_scanners *scanners,
                                                 size_t index);

#endif
