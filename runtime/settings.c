/* runtime/settings.c — see settings.h. */
#include "runtime/settings.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/ini.h"

#define SECOND 1000ull
#define KIB    1024ull
#define MIB    (1024ull * KIB)

#define ENTRY(SECTION, NAME, FIELD, UNIT, FALLBACK, LEAST, MOST, HELP)                      \
	{                                                                                       \
		.section = SECTION, .name = NAME, .offset = offsetof(struct snafu_settings, FIELD), \
		.unit = UNIT, .fallback = FALLBACK, .least = LEAST, .most = MOST, .help = HELP      \
	}

const struct snafu_setting snafu_setting_table[] = {
	ENTRY("limits", "call-timeout", call_timeout, SNAFU_UNIT_TIME, 60 * SECOND, 1, 86400 * SECOND,
          "time from a call's acceptance to its reply"),
	ENTRY("limits", "drain-timeout", drain_timeout, SNAFU_UNIT_TIME, 5 * SECOND, 0, 3600 * SECOND,
          "time that running calls get when the host stops"),
	ENTRY("limits", "threads", threads, SNAFU_UNIT_COUNT, 64, 1, 1000,
          "in-process calls at the same time"),
	ENTRY("limits", "queue-length", queue_length, SNAFU_UNIT_COUNT, 10000, 1, 1000000,
          "calls that wait for a thread"),
	ENTRY("limits", "payload-size", payload_size, SNAFU_UNIT_SIZE, 6 * MIB, 1, 1024 * MIB,
          "arguments of one call"),
	ENTRY("limits", "result-size", result_size, SNAFU_UNIT_SIZE, 32 * MIB, 1 * KIB, 1024 * MIB,
          "result of one call"),
	ENTRY("web", "connections", connections, SNAFU_UNIT_COUNT, 4096, 1, 65536,
          "connections open at the same time"),
	ENTRY("web", "idle-timeout", idle_timeout, SNAFU_UNIT_TIME, 60 * SECOND, SECOND, 3600 * SECOND,
          "time without traffic before a connection is closed"),
	{.name = NULL},
};

struct unit {
	const char *suffix;
	uint64_t factor;
};

static const struct unit time_units[] = {
	{"ms", 1}, {"s", SECOND}, {"min", 60 * SECOND}, {"h", 3600 * SECOND}, {NULL, 0},
};
static const struct unit size_units[] = {
	{"B", 1}, {"KiB", KIB}, {"MiB", MIB}, {"GiB", 1024 * MIB}, {NULL, 0},
};
static const struct unit counts[] = {{"", 1}, {NULL, 0}};

static const struct unit *units_of(const struct snafu_setting *setting)
{
	return setting->unit == SNAFU_UNIT_TIME   ? time_units
	       : setting->unit == SNAFU_UNIT_SIZE ? size_units
	                                          : counts;
}

static uint64_t *field_of(struct snafu_settings *settings, const struct snafu_setting *setting)
{
	return (uint64_t *)((char *)settings + setting->offset);
}

void snafu_settings_init(struct snafu_settings *settings)
{
	for (const struct snafu_setting *setting = snafu_setting_table; setting->name; setting++)
		*field_of(settings, setting) = setting->fallback;
}

void snafu_setting_write(const struct snafu_setting *setting, uint64_t value,
                         struct snafu_buffer *into)
{
	const struct unit *best = units_of(setting);

	for (const struct unit *unit = best; unit->suffix; unit++)
		if (value >= unit->factor && value % unit->factor == 0)
			best = unit;
	snafu_buffer_format(into, "%" PRIu64 "%s", value / best->factor, best->suffix);
}

static int parse_value(const struct snafu_setting *setting, const char *text, uint64_t *ret_value)
{
	char *rest;

	if (*text < '0' || *text > '9')
		return -EINVAL;
	errno = 0;
	unsigned long long number = strtoull(text, &rest, 10);
	if (errno)
		return -ERANGE;
	while (*rest == ' ')
		rest++;
	for (const struct unit *unit = units_of(setting); unit->suffix; unit++)
		if (strcmp(rest, unit->suffix) == 0) {
			if (number > UINT64_MAX / unit->factor)
				return -ERANGE;
			*ret_value = number * unit->factor;
			return 0;
		}
	return -EINVAL;
}

static int bad_value(const struct snafu_setting *setting, const char *text,
                     struct snafu_error *error)
{
	struct snafu_buffer words = SNAFU_BUFFER(512);

	snafu_setting_write(setting, setting->least, &words);
	snafu_buffer_append_text(&words, " to ");
	snafu_setting_write(setting, setting->most, &words);
	snafu_fail(error, -EINVAL, "%s takes %s%s, not '%s'", setting->name,
	           words.data ? words.data : "another value",
	           setting->unit == SNAFU_UNIT_COUNT ? "" : " (a number with its unit)", text);
	snafu_buffer_done(&words);
	return -EINVAL;
}

static int set(void *state, const char *section, const char *name, const char *value, unsigned line,
               struct snafu_error *error)
{
	struct snafu_settings *settings = state;
	uint64_t number;

	(void)line;
	for (const struct snafu_setting *setting = snafu_setting_table; setting->name; setting++) {
		if (strcmp(section, setting->section) != 0 || strcmp(name, setting->name) != 0)
			continue;
		if (parse_value(setting, value, &number) || number < setting->least ||
		    number > setting->most)
			return bad_value(setting, value, error);
		*field_of(settings, setting) = number;
		return 0;
	}
	return snafu_fail(error, -EINVAL, "there is no setting %s in [%s]; snafu(1) lists them", name,
	                  section);
}

int snafu_settings_load(struct snafu_settings *settings, const char *path,
                        struct snafu_error *error)
{
	return snafu_ini_read(path, set, settings, error);
}
