/* runtime/executors/executors.c — the executors: those built in, and modules. */
#include <errno.h>
#include <string.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/parts.h"
#include "runtime/executors/executor.h"

#define NAMES_CAP 4096

#define EXECUTOR(NAME) extern const struct snafu_executor snafu_executor_##NAME;
#include "runtime/executors/builtin.inc"
#undef EXECUTOR

static const struct snafu_executor *const built_in[] = {
#define EXECUTOR(NAME) &snafu_executor_##NAME,
#include "runtime/executors/builtin.inc"
#undef EXECUTOR
};
#define N_BUILT_IN (sizeof built_in / sizeof *built_in)

static int unknown(const char *name, struct snafu_error *error)
{
	struct snafu_buffer names = SNAFU_BUFFER(NAMES_CAP), modules = SNAFU_BUFFER(NAMES_CAP);

	for (size_t i = 0; i < N_BUILT_IN; i++)
		snafu_buffer_format(&names, "%s%s", i ? ", " : "", built_in[i]->name);
	if (snafu_part_names("executor", &modules) == 0 && modules.size)
		snafu_buffer_format(&names, ", %s", modules.data);
	int code = snafu_fail(error, -ENOENT, "there is no executor '%.80s'; there is: %s", name,
	                      names.data ? names.data : "none");
	snafu_buffer_done(&names);
	snafu_buffer_done(&modules);
	return code;
}

int snafu_executor_find(const char *name, const struct snafu_executor **ret_executor,
                        struct snafu_error *error)
{
	void *address;

	for (size_t i = 0; i < N_BUILT_IN; i++)
		if (strcmp(built_in[i]->name, name) == 0) {
			*ret_executor = built_in[i];
			return 0;
		}
	int code = snafu_part_open("executor", name, SNAFU_EXECUTOR_SYMBOL, 0, &address, error);
	if (code == -ENOENT || code == -EINVAL)
		return unknown(name, error);
	if (code)
		return code;
	const struct snafu_executor *executor = address;
	if (executor->version != SNAFU_EXECUTOR_VERSION)
		return snafu_fail(error, -ELIBBAD, "executor-%.80s.so is made for another Snafu", name);
	*ret_executor = executor;
	return 0;
}
