/* runtime/executors/spawn.c — a new interpreter for every call. */
#include "runtime/executors/processes.h"

SNAFU_PROCESS_EXECUTOR(spawn, {.once = true, .executes = true});
