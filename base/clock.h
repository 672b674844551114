/* base/clock.h — monotonic time: the same for every process of the machine, and
 * untouched by whoever sets the clock. */
#ifndef SNAFU_BASE_CLOCK_H
#define SNAFU_BASE_CLOCK_H

#include <stdint.h>

uint64_t snafu_now_ns(void);
uint64_t snafu_now_ms(void);

/* The time of day, for records that people read. */
uint64_t snafu_wall_ms(void); /* since 1970, UTC */
uint64_t snafu_wall_ns(void);

#endif
