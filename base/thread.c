/* base/thread.c — see thread.h. */
#include "base/thread.h"

#include <signal.h>

int snafu_thread_start(pthread_t *ret_thread, size_t stack_size, void *(*run)(void *state),
                       void *state)
{
	pthread_attr_t attributes;
	sigset_t all, before;

	pthread_attr_init(&attributes);
	if (stack_size)
		pthread_attr_setstacksize(&attributes, stack_size);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	int code = -pthread_create(ret_thread, &attributes, run, state);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attributes);
	return code;
}
