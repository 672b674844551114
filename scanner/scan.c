/* scanner/scan.c — being written. */
#include "scanner/scanner.h"

#define SCANNER(NAME) extern const struct snafu_scanner snafu_scanner_##NAME;
#include "scanner/builtin.inc"
#undef SCANNER

const struct snafu_scanner *const snafu_scanners[] = {
#define SCANNER(NAME) &snafu_scanner_##NAME,
#include "scanner/builtin.inc"
#undef SCANNER
	NULL,
};
