/* runtime/loggers/loggers.c — the loggers: those built in, and modules. */
#include <errno.h>
#include <string.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/parts.h"
#include "runtime/loggers/logger.h"

#define NAMES_CAP 4096

#define LOGGER(NAME) extern const struct snafu_logger snafu_logger_##NAME;
#include "runtime/loggers/builtin.inc"
#undef LOGGER

static const struct snafu_logger *const built_in[] = {
#define LOGGER(NAME) &snafu_logger_##NAME,
#include "runtime/loggers/builtin.inc"
#undef LOGGER
};
#define N_BUILT_IN (sizeof built_in / sizeof *built_in)

static int unknown(const char *name, struct snafu_error *error)
{
	struct snafu_buffer names = SNAFU_BUFFER(NAMES_CAP), modules = SNAFU_BUFFER(NAMES_CAP);

	for (size_t i = 0; i < N_BUILT_IN; i++)
		snafu_buffer_format(&names, "%s%s", i ? ", " : "", built_in[i]->name);
	if (snafu_part_names("logger", &modules) == 0 && modules.size)
		snafu_buffer_format(&names, ", %s", modules.data);
	int code = snafu_fail(error, -ENOENT, "there is no logger '%.80s'; there is: none, %s", name,
	                      names.data ? names.data : "");
	snafu_buffer_done(&names);
	snafu_buffer_done(&modules);
	return code;
}

int snafu_logger_find(const char *name, const struct snafu_logger **ret_logger,
                      struct snafu_error *error)
{
	void *address;

	for (size_t i = 0; i < N_BUILT_IN; i++)
		if (strcmp(built_in[i]->name, name) == 0) {
			*ret_logger = built_in[i];
			return 0;
		}
	int code = snafu_part_open("logger", name, SNAFU_LOGGER_SYMBOL, 0, &address, error);
	if (code == -ENOENT || code == -EINVAL)
		return unknown(name, error);
	if (code)
		return code;
	const struct snafu_logger *logger = address;
	if (logger->version != SNAFU_LOGGER_VERSION)
		return snafu_fail(error, -ELIBBAD, "logger-%.80s.so is made for another Snafu", name);
	*ret_logger = logger;
	return 0;
}
