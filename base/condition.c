/* base/condition.c — see condition.h. */
#include "base/condition.h"

#include <errno.h>
#include <time.h>

void snafu_condition_init(pthread_cond_t *condition)
{
	pthread_condattr_t attributes;

	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(condition, &attributes);
	pthread_condattr_destroy(&attributes);
}

static bool wait_until(pthread_cond_t *condition, pthread_mutex_t *lock, uint64_t seconds,
                       uint64_t nanoseconds)
{
	const struct timespec until = {.tv_sec = (time_t)seconds, .tv_nsec = (long)nanoseconds};

	return pthread_cond_timedwait(condition, lock, &until) != ETIMEDOUT;
}

bool snafu_condition_wait_ms(pthread_cond_t *condition, pthread_mutex_t *lock, uint64_t until)
{
	return wait_until(condition, lock, until / 1000, until % 1000 * 1000000);
}

bool snafu_condition_wait_ns(pthread_cond_t *condition, pthread_mutex_t *lock, uint64_t until)
{
	return wait_until(condition, lock, until / 1000000000u, until % 1000000000u);
}
