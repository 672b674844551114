/* runtime/loggers/logger.h — where records of calls go.
 *
 * To add one: write runtime/loggers/<name>.c, and add the name to LOGGERS in Makefile.am;
 * or build a module logger-<name>.so that exports it as `snafu_logger`, and put it into a
 * directory of parts (base/parts.h).
 *
 * A logger is used by one thread, the host's writer, so it needs no locks, and may block:
 * calls do not wait for it. */
#ifndef SNAFU_RUNTIME_LOGGERS_LOGGER_H
#define SNAFU_RUNTIME_LOGGERS_LOGGER_H

#include <stddef.h>

#include "runtime/records/records.h"

struct snafu_error;

#define SNAFU_LOGGERS_CAP 8 /* at the same time */

struct snafu_logger {
	unsigned version; /* SNAFU_LOGGER_VERSION; a module with another one is refused */
	const char *name;
	const char *suffix; /* of the names of its files: ".csv" */

	/* Opens the file at PATH to add to it, or makes it, for the user's eyes only. What a
	 * host that was killed has left there half written is mended. */
	int (*open)(const char *path, void **ret_state, struct snafu_error *error);

	/* Writes all of them or none: a negative errno, and the same come again later.
	 * What was written outlives the process, whatever becomes of it. */
	int (*write)(void *state, const struct snafu_record *const *records, size_t count,
	             struct snafu_error *error);

	void (*close)(void *state);
};

#define SNAFU_LOGGER_VERSION 1
#define SNAFU_LOGGER_SYMBOL  "snafu_logger"

/* The logger NAME: built in, or a module. -ENOENT, with the names of those that there
 * are, when there is none. */
int snafu_logger_find(const char *name, const struct snafu_logger **ret_logger,
                      struct snafu_error *error);

#endif
