/* tests/modules/logger-lines.c — a logger as somebody else would write it: a line a call,
 * made of the columns that the records have. */
#include <errno.h>
#include <stdio.h>

#include "base/error.h"
#include "runtime/loggers/logger.h"

static int start(const char *path, void **ret_state, struct snafu_error *error)
{
	*ret_state = fopen(path, "a");
	return *ret_state ? 0 : snafu_fail_errno(error, -errno, "cannot open %s", path);
}

static int put(void *state, const struct snafu_record *const *records, size_t count,
               struct snafu_error *error)
{
	FILE *file = state;

	for (size_t i = 0; i < count; i++) {
		for (const struct snafu_record_column *at = snafu_record_columns; at->name; at++)
			if (at->kind == SNAFU_COLUMN_TEXT)
				fprintf(file, "%s=%s ", at->name, snafu_record_text(records[i], at));
		fputc('\n', file);
	}
	return fflush(file) ? snafu_fail_errno(error, -errno, "cannot write lines") : 0;
}

static void end(void *state)
{
	fclose(state);
}

extern const struct snafu_logger snafu_logger;
const struct snafu_logger snafu_logger = {
	.version = SNAFU_LOGGER_VERSION,
	.name = "lines",
	.suffix = ".lines",
	.open = start,
	.write = put,
	.close = end,
};
