/* langs/c.c — being written. */
#include "langs/language.h"

#include <errno.h>

#include "base/error.h"

static int start(const struct snafu_language_options *options, void **ret_state,
                 struct snafu_error *error)
{
	(void)options;
	(void)ret_state;
	return snafu_fail(error, -ENOSYS, "the c gateway is not there yet");
}

extern const struct snafu_language snafu_language;
const struct snafu_language snafu_language = {
	.version = SNAFU_LANGUAGE_VERSION,
	.name = "c",
	.open = start,
};
