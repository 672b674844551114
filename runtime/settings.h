/* runtime/settings.h — what can be set, with defaults and bounds.
 *
 * Everything has a default; a snafu.ini changes it:
 *
 *     [limits]
 *     call-timeout = 30s
 *     payload-size = 2MiB
 *
 * Read-only once loaded. */
#ifndef SNAFU_RUNTIME_SETTINGS_H
#define SNAFU_RUNTIME_SETTINGS_H

#include <stddef.h>
#include <stdint.h>

struct snafu_buffer;
struct snafu_error;

struct snafu_settings {
	uint64_t call_timeout; /* ms from acceptance to reply */
	uint64_t drain_timeout; /* ms that running calls get when the host stops */
	uint64_t threads; /* in-process calls at the same time */
	uint64_t queue_length; /* calls waiting for a thread */
	uint64_t payload_size; /* bytes of one call's arguments */
	uint64_t result_size; /* bytes of one call's result */
	uint64_t connections; /* open at the same time, web connector */
	uint64_t idle_timeout; /* ms without traffic on a connection */
};

/* One line of the settings reference. */
struct snafu_setting {
	const char *section, *name;
	size_t offset; /* of the uint64_t in struct snafu_settings */
	enum { SNAFU_UNIT_COUNT, SNAFU_UNIT_TIME, SNAFU_UNIT_SIZE } unit;
	uint64_t fallback, least, most;
	const char *help;
};

/* All settings; the last entry's name is NULL. */
extern const struct snafu_setting snafu_setting_table[];

/* The defaults. */
void snafu_settings_init(struct snafu_settings *settings);

/* Reads a snafu.ini over what SETTINGS holds. Unknown names, bad values and
 * values out of bounds are errors that name file, line and what is allowed. */
int snafu_settings_load(struct snafu_settings *settings, const char *path,
                        struct snafu_error *error);

/* Appends VALUE as a person would write it: "30s", "2MiB", "64". */
void snafu_setting_write(const struct snafu_setting *setting, uint64_t value,
                         struct snafu_buffer *into);

#endif
