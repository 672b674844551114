/* programs/progress.h — a line on the terminal for a person who waits: what is being
 * done, and for how long. It shows once something takes over a second, and is erased
 * when that ends. Where standard error is no terminal, nothing of this does anything.
 *
 * There is one such line in a process. */
#ifndef SNAFU_PROGRAMS_PROGRESS_H
#define SNAFU_PROGRAMS_PROGRESS_H

#include "scanner/scanner.h"

/* Begins to watch. PROGRAM stands in front of the line and outlives progress_stop(). Returns
 * what snafu_scan() is to count in, or NULL when nobody looks. */
struct snafu_scan_progress *progress_start(const char *program);

/* What is being done now ("compiling x.c"); NULL: nothing. WHAT is copied. Any thread. */
void progress_say(void *unused, const char *what);

/* Between these two nothing is shown: around what else is written to standard error. Any
 * thread. */
void progress_pause(void);
void progress_resume(void);

/* Erases the line for good. Harmless when it was never started. */
void progress_stop(void);

#endif
