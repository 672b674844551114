/* runtime/report.h — lines for whoever runs the host: diagnostics and warnings. */
#ifndef SNAFU_RUNTIME_REPORT_H
#define SNAFU_RUNTIME_REPORT_H

#include <stdarg.h>

#include "scanner/function.h"

struct snafu_reporter {
	/* Takes one line without a newline. Any thread. NULL: nobody wants them. */
	void (*report)(void *state, enum snafu_severity severity, const char *line);
	void *state;
};

/* Reports a line; what is beyond 2 KiB of it is cut off. */
void snafu_report(const struct snafu_reporter *reporter, enum snafu_severity severity,
                  const char *format, ...) __attribute__((format(printf, 3, 4)));
void snafu_report_list(const struct snafu_reporter *reporter, enum snafu_severity severity,
                       const char *format, va_list arguments) __attribute__((format(printf, 3, 0)));

#endif
