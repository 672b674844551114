/* programs/debug.h — debug output on standard error. */
#ifndef SNAFU_PROGRAMS_DEBUG_H
#define SNAFU_PROGRAMS_DEBUG_H

#include <stddef.h>

#define DEBUG_PATIENCE_MS 1000

/* Writes whole lines. Where nobody reads standard error any more, this waits for so long
 * and then leaves lines out until somebody does, and says how many bytes that were. One
 * thread. */
void debug_write(void *unused, const char *lines, size_t size);

#endif
