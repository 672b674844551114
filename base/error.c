/* base/error.c — filling a struct snafu_error; see error.h. */
#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Steps back over a UTF-8 sequence that vsnprintf cut in two. */
static void trim_cut_character(char *text)
{
	size_t size = strlen(text);

	if (size + 1 < SNAFU_ERROR_MESSAGE_CAP)
		return;
	size_t start = size;
	while (start > 0 && ((unsigned char)text[start - 1] & 0xC0) == 0x80)
		start--;
	if (start > 0 && (unsigned char)text[start - 1] >= 0xC0)
		text[start - 1] = '\0';
}

int snafu_fail(struct snafu_error *error, int code, const char *format, ...)
{
	if (error) {
		va_list arguments;

		va_start(arguments, format);
		vsnprintf(error->message, sizeof error->message, format, arguments);
		va_end(arguments);
		trim_cut_character(error->message);
		error->code = code;
	}
	return code;
}

int snafu_fail_errno(struct snafu_error *error, int code, const char *format, ...)
{
	if (error) {
		char text[SNAFU_ERROR_MESSAGE_CAP], reason[128];
		va_list arguments;

		va_start(arguments, format);
		vsnprintf(text, sizeof text, format, arguments);
		va_end(arguments);
		snafu_fail(error, code, "%.880s: %s", text, strerror_r(-code, reason, sizeof reason));
	}
	return code;
}
