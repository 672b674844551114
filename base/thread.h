/* base/thread.h — starting the threads of Snafu's own. */
#ifndef SNAFU_BASE_THREAD_H
#define SNAFU_BASE_THREAD_H

#include <pthread.h>
#include <stddef.h>

/* Starts a thread that runs RUN(STATE) with all signals blocked, and so all that it starts: they
 * are for the thread that awaits them. STACK_SIZE is in bytes, 0: the system's. Returns 0 or a
 * negative errno. */
int snafu_thread_start(pthread_t *ret_thread, size_t stack_size, void *(*run)(void *state),
                       void *state);

#endif
