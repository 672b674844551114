/* scanner/c_answer.h — what the program scan-c answers, read into descriptors.
 * Called by scanner/c.c only. */
#ifndef SNAFU_SCANNER_C_ANSWER_H
#define SNAFU_SCANNER_C_ANSWER_H

#include <stddef.h>

#include "scanner/scanner.h"

/* Reads the lines of TEXT (see scanner/c_helper/helper.h), which are about SOURCES,
 * and adds functions and diagnostics to RET. RET_ENDED: how many of the sources were
 * read to their end, in order; of one that was not nothing is added. Returns 0,
 * -EINVAL when a line is not what it should be (what was read before counts), or
 * -ENOMEM. */
int snafu_c_answer_read(const char *text, size_t size, const struct snafu_source *const *sources,
                        size_t count, struct snafu_functions *ret, size_t *ret_ended);

#endif
