/* runtime/settings/triggers.c — see triggers.h. */
#include "runtime/settings/triggers.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>

#include "base/error.h"

#define FIELDS    5
#define TOPIC_CAP 255
#define RATE_MOST 1000000

/* ---- cron ---------------------------------------------------------------------------- */

struct field {
	const char *name;
	long least, most;
	const char *const *words; /* for LEAST and what follows; NULL: none */
};

static const char *const months[] = {"JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL",
                                     "AUG", "SEP", "OCT", "NOV", "DEC", NULL};
static const char *const days[] = {"SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT", NULL};

static const struct field fields[FIELDS] = {
	{"the minute", 0, 59, NULL},           {"the hour", 0, 23, NULL},
	{"the day of the month", 1, 31, NULL}, {"the month", 1, 12, months},
	{"the day of the week", 0, 7, days},
};

static bool is_digit(char letter)
{
	return letter >= '0' && letter <= '9';
}

/* A number or a word at *AT, and moves on; -1: neither, or out of bounds. */
static long read_number(const struct field *field, const char **at)
{
	long number = 0;

	for (size_t i = 0; field->words && field->words[i]; i++)
		if (strncasecmp(*at, field->words[i], 3) == 0) {
			*at += 3;
			return field->least + (long)i;
		}
	if (!is_digit(**at))
		return -1;
	for (; is_digit(**at) && number < 1000; ++*at)
		number = number * 10 + (**at - '0');
	return number < field->least || number > field->most ? -1 : number;
}

/* One of a list: "*", "5", "1-5", with a step or not. */
static bool is_range(const struct field *field, const char **at)
{
	bool is_span = **at == '*';
	long first = 0, last, step = 0;

	if (is_span) {
		++*at;
	} else if ((first = read_number(field, at)) < 0) {
		return false;
	} else if (**at == '-') {
		++*at;
		is_span = true;
		last = read_number(field, at);
		if (last < first)
			return false;
	}
	if (**at != '/')
		return true;
	for (++*at; is_digit(**at) && step < 1000; ++*at)
		step = step * 10 + (**at - '0');
	return is_span && step > 0 && step <= field->most;
}

static bool is_field(const struct field *field, const char *at, const char *end)
{
	for (;; at++) {
		if (!is_range(field, &at))
			return false;
		if (at == end)
			return true;
		if (*at != ',')
			return false;
	}
}

static int check_cron(const char *text, struct snafu_error *error)
{
	const char *at = text;

	for (size_t i = 0; i < FIELDS; i++) {
		at += strspn(at, " \t");
		size_t size = strcspn(at, " \t");

		if (!size)
			return snafu_fail(error, -EINVAL,
			                  "schedule takes five fields (minute hour day month weekday) or "
			                  "rate(5 minutes), not '%.80s'",
			                  text);
		if (!is_field(&fields[i], at, at + size))
			return snafu_fail(error, -EINVAL,
			                  "schedule: %s takes %ld to %ld, lists, ranges and */steps, not "
			                  "'%.*s'",
			                  fields[i].name, fields[i].least, fields[i].most,
			                  (int)(size > 80 ? 80 : size), at);
		at += size;
	}
	at += strspn(at, " \t");
	return *at ? snafu_fail(error, -EINVAL, "schedule has more than five fields: '%.80s'", text)
	           : 0;
}

/* ---- rates --------------------------------------------------------------------------- */

/* rate(5 minutes) */
static int check_rate(const char *text, struct snafu_error *error)
{
	static const char *const units[] = {"minute", "hour", "day"};
	const char *at = text + strlen("rate(");
	long number = 0;

	for (; is_digit(*at) && number <= RATE_MOST; at++)
		number = number * 10 + (*at - '0');
	for (size_t i = 0; *at == ' ' && i < sizeof units / sizeof *units; i++) {
		size_t size = strlen(units[i]);

		if (number > 0 && number <= RATE_MOST && strncmp(at + 1, units[i], size) == 0 &&
		    strcmp(at + 1 + size + (at[1 + size] == 's'), ")") == 0)
			return 0;
	}
	return snafu_fail(error, -EINVAL,
	                  "schedule: rate takes a number of minutes, hours or days, as in "
	                  "rate(5 minutes), not '%.80s'",
	                  text);
}

int snafu_schedule_check(const char *text, struct snafu_error *error)
{
	if (!*text)
		return 0;
	return strncmp(text, "rate(", 5) == 0 ? check_rate(text, error) : check_cron(text, error);
}

/* ---- names --------------------------------------------------------------------------- */

int snafu_watch_check(const char *text, struct snafu_error *error)
{
	if (strlen(text) > SNAFU_TRIGGER_CAP)
		return snafu_fail(error, -EINVAL, "watch takes a path of at most %d bytes",
		                  SNAFU_TRIGGER_CAP);
	for (const char *at = text; *at; at++)
		if ((unsigned char)*at < ' ' || *at == 0x7f)
			return snafu_fail(error, -EINVAL, "watch takes a path without control characters");
	return 0;
}

int snafu_topic_check(const char *text, struct snafu_error *error)
{
	size_t good = strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
	                           "._-/");

	if (text[good] || good > TOPIC_CAP)
		return snafu_fail(error, -EINVAL,
		                  "topic takes a name of at most %d letters, digits and ._-/, not '%.80s'",
		                  TOPIC_CAP, text);
	return 0;
}
