/* runtime/executors/executors.c — the list of built-in executors. */
#include <string.h>

#include "runtime/executors/executor.h"

#define EXECUTOR(NAME) extern const struct snafu_executor snafu_executor_##NAME;
#include "runtime/executors/builtin.inc"
#undef EXECUTOR

const struct snafu_executor *const snafu_executors[] = {
#define EXECUTOR(NAME) &snafu_executor_##NAME,
#include "runtime/executors/builtin.inc"
#undef EXECUTOR
	NULL,
};

const struct snafu_executor *snafu_executor_find(const char *name)
{
	for (const struct snafu_executor *const *executor = snafu_executors; *executor; executor++)
		if (strcmp((*executor)->name, name) == 0)
			return *executor;
	return NULL;
}
