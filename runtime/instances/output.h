/* runtime/instances/output.h — reading what processes print. The pipe never blocks. */
#ifndef SNAFU_RUNTIME_INSTANCES_OUTPUT_H
#define SNAFU_RUNTIME_INSTANCES_OUTPUT_H

#include <stddef.h>
#include <stdint.h>

struct snafu_buffer;
struct snafu_result;

#define SNAFU_OUTPUT_CAP (1u << 20) /* bytes of one call that are looked at... */

/* Reads what is there into LOG and keeps the last CAP bytes. Returns how much came. */
size_t snafu_output_read(int fd, struct snafu_buffer *log, size_t cap);

/* Reads what is there into RESULT's log, or to nowhere (NULL). *SEEN counts over a call: past
 * SNAFU_OUTPUT_CAP all but the last piece goes to nowhere within the kernel, so that
 * a function that floods its output costs no time here. Returns how much came. */
size_t snafu_output_capture(int fd, struct snafu_result *result, uint64_t *seen);

#endif
