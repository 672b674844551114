/* runtime/executors/fork.c — a fresh copy of a process that has loaded the function, for
 * every call; forked ahead, so that calls do not wait for it. */
#include "runtime/executors/processes.h"

SNAFU_PROCESS_EXECUTOR(fork, {.once = true, .stock = true});
