/* scanner/java.c — being written. */
#include "scanner/scanner.h"

static int scan(const struct snafu_source *sources, size_t count,
                const struct snafu_scan_options *options, struct snafu_functions *ret,
                struct snafu_error *error)
{
	(void)sources;
	(void)count;
	(void)options;
	(void)ret;
	(void)error;
	return 0;
}

extern const struct snafu_scanner snafu_scanner_java;
static const char *const suffixes[] = {NULL};
const struct snafu_scanner snafu_scanner_java = {.name = "java", .suffixes = suffixes, .scan = scan};
