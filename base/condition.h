/* base/condition.h — condition variables whose waits end by the clock of snafu_now_ms(), so that
 * nobody who sets the time of day ends or lengthens them. */
#ifndef SNAFU_BASE_CONDITION_H
#define SNAFU_BASE_CONDITION_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

/* pthread_cond_destroy() is its end. */
void snafu_condition_init(pthread_cond_t *condition);

/* Waits once, which may end for no reason; false: it is UNTIL, in the unit of the name. LOCK is
 * held. */
bool snafu_condition_wait_ms(pthread_cond_t *condition, pthread_mutex_t *lock, uint64_t until);
bool snafu_condition_wait_ns(pthread_cond_t *condition, pthread_mutex_t *lock, uint64_t until);

#endif
