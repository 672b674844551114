/* runtime/settings/triggers.h — what calls a function besides requests: settings of [triggers],
 * checked when they are read. "" is none, for each. Any thread. */
#ifndef SNAFU_RUNTIME_SETTINGS_TRIGGERS_H
#define SNAFU_RUNTIME_SETTINGS_TRIGGERS_H

struct snafu_error;

#define SNAFU_TRIGGER_CAP 4096 /* bytes */

/* Five fields of cron (POSIX crontab, with names, steps, and 7 for Sunday), or
 * rate(NUMBER minutes|hours|days). Errors say which field is wrong, and what it takes. */
int snafu_schedule_check(const char *text, struct snafu_error *error);

/* A path, or a pattern of paths. */
int snafu_watch_check(const char *text, struct snafu_error *error);

/* The name of a queue or topic: letters, digits and ._-/ */
int snafu_topic_check(const char *text, struct snafu_error *error);

#endif
