/* runtime/instances/setup.h — what a process is told before it can load anything: which
 * functions it must know, its limits and surroundings. The station's lock is held. */
#ifndef SNAFU_RUNTIME_INSTANCES_SETUP_H
#define SNAFU_RUNTIME_INSTANCES_SETUP_H

#include <stddef.h>

#include "runtime/instances/frame.h"

struct snafu_buffer;
struct snafu_function;
struct snafu_language;
struct snafu_settings;
struct snafu_station;

/* Which functions a zygote knows, by their place in its setup. The functions themselves may be
 * gone: nothing is looked at behind these pointers. */
struct snafu_known_function {
	const char *id; /* NULL: gone */
	unsigned line;
};
struct snafu_known {
	struct snafu_known_function *functions; /* malloc'ed */
	size_t count;
};

/* Appends a SETUP frame with what a process must know that calls FUNCTION only, whose index
 * there is returned; or -ENOMEM. */
long snafu_setup_for_function(struct snafu_buffer *into, const struct snafu_station *station,
                              const struct snafu_language *language,
                              const struct snafu_function *function);
/* Appends a SETUP frame for a zygote of FUNCTION's language: all functions of that language
 * that are on offer now, and FUNCTION. -ENOMEM. */
int snafu_setup_for_language(struct snafu_buffer *into, const struct snafu_station *station,
                             const struct snafu_function *function, struct snafu_known *ret_known);
/* The index of FUNCTION, or -1. */
long snafu_known_find(const struct snafu_known *known, const struct snafu_function *function);
void snafu_known_done(struct snafu_known *known);

/* What SETTINGS say for a process. */
struct snafu_start snafu_start_from(const struct snafu_settings *settings);
/* Appends a START frame. */
void snafu_start_write(struct snafu_buffer *into, const struct snafu_start *start,
                       unsigned long long number);

#endif
