/* runtime/instances/setup.h — what a process is told before it can load anything: which
 * functions it must know, its limits and surroundings. The station's lock is held. */
#ifndef SNAFU_RUNTIME_INSTANCES_SETUP_H
#define SNAFU_RUNTIME_INSTANCES_SETUP_H

#include <stdbool.h>
#include <stddef.h>

#include "runtime/instances/frame.h"

struct snafu_buffer;
struct snafu_function;
struct snafu_language;
struct snafu_settings;
struct snafu_station;

/* Functions that one process knows, in the order of its setup. */
struct snafu_known {
	const struct snafu_function **functions; /* malloc'ed */
	size_t count, capacity;
};

/* Those that a process must know that calls FUNCTION only. -ENOMEM. */
int snafu_known_for_function(const struct snafu_station *station,
                             const struct snafu_language *language,
                             const struct snafu_function *function, struct snafu_known *ret_known);
/* All of LANGUAGE, and FUNCTION. -ENOMEM. */
int snafu_known_for_language(const struct snafu_station *station, const char *language,
                             const struct snafu_function *function, struct snafu_known *ret_known);
/* The index of FUNCTION, or -1. */
long snafu_known_find(const struct snafu_known *known, const struct snafu_function *function);
void snafu_known_done(struct snafu_known *known);

/* Appends a SETUP frame. */
int snafu_setup_write(struct snafu_buffer *into, const struct snafu_station *station,
                      const char *language, bool zygote, const struct snafu_known *known);

/* What SETTINGS say for a process. */
struct snafu_start snafu_start_from(const struct snafu_settings *settings);
/* Appends a START frame. */
void snafu_start_write(struct snafu_buffer *into, const struct snafu_start *start,
                       unsigned long long number);

#endif
