/* programs/debug.h — standard error, which somebody reads or nobody: a pipe may be full, a
 * terminal stopped. The host must go on. */
#ifndef SNAFU_PROGRAMS_DEBUG_H
#define SNAFU_PROGRAMS_DEBUG_H

#include <stdbool.h>
#include <stddef.h>

/* Before the first of the others, on the first thread. */
void debug_prepare(void);

/* Debug output, whole lines, as struct snafu_host_options has it: what there is room for
 * within PATIENCE_MS; returns its size. What is written at once is not mixed with what
 * other threads say. One thread. */
size_t debug_write(void *unused, const char *lines, size_t size, int patience_ms);

/* Says a line, with its newline. When nobody has read for a second, lines are left out
 * until somebody does. Any thread. */
void debug_say(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
