/* scanner/c_includes.h — which C sources include a file that has changed. */
#ifndef SNAFU_SCANNER_C_INCLUDES_H
#define SNAFU_SCANNER_C_INCLUDES_H

#include <stdbool.h>
#include <stddef.h>

struct snafu_source;

/* What struct snafu_scanner calls `affected`. Includes are told by their base name, since
 * only the compiler knows its folders: rather a source too many than one too few. */
int snafu_c_affected(const struct snafu_source *sources, size_t count, const char *const *changed,
                     size_t n_changed, bool *ret_affected);

#endif
