/* runtime/report.c — see report.h. */
#include "runtime/report.h"

#include <stdio.h>

#define LINE_CAP 2048 /* bytes, with the NUL */

void snafu_report_list(const struct snafu_reporter *reporter, enum snafu_severity severity,
                       const char *format, va_list arguments)
{
	char line[LINE_CAP];

	if (!reporter->report)
		return;
	vsnprintf(line, sizeof line, format, arguments);
	reporter->report(reporter->state, severity, line);
}

void snafu_report(const struct snafu_reporter *reporter, enum snafu_severity severity,
                  const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	snafu_report_list(reporter, severity, format, arguments);
	va_end(arguments);
}
