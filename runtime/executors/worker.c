/* runtime/executors/worker.c — warm processes for each function, one call at a time
 * each: more of them under load, fewer when they are idle. */
#include "runtime/executors/processes.h"

SNAFU_PROCESS_EXECUTOR(worker, {.once = false});
