/* runtime/settings/settings.c — see settings.h. */
#include "runtime/settings/settings.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/near.h"
#include "runtime/host.h"
#include "runtime/settings/triggers.h"
#include "scanner/convention.h"

#define SECOND 1000ull
#define KIB    1024ull
#define MIB    (1024ull * KIB)

#define NUMBER(SECTION, NAME, FIELD, UNIT, FALLBACK, LEAST, MOST, NARROWABLE, HELP)         \
	{                                                                                       \
		.section = SECTION, .name = NAME, .offset = offsetof(struct snafu_settings, FIELD), \
		.unit = UNIT, .fallback = FALLBACK, .least = LEAST, .most = MOST,                   \
		.narrowable = NARROWABLE, .help = HELP                                              \
	}
/* The same, where 0 stands for no limit. */
#define ENDLESS(SECTION, NAME, FIELD, UNIT, FALLBACK, MOST, HELP)                           \
	{                                                                                       \
		.section = SECTION, .name = NAME, .offset = offsetof(struct snafu_settings, FIELD), \
		.unit = UNIT, .fallback = FALLBACK, .least = 0, .most = MOST, .narrowable = true,   \
		.help = HELP, .endless = true                                                       \
	}
#define TEXT(SECTION, NAME, FIELD, FALLBACK, HELP)                                           \
	{                                                                                        \
		.section = SECTION, .name = NAME, .offset = offsetof(struct snafu_settings, FIELD),  \
		.unit = SNAFU_UNIT_TEXT, .fallback_text = FALLBACK, .narrowable = true, .help = HELP \
	}

#define INSTANCE_TEXT(SECTION, NAME, FIELD, FALLBACK, HELP)                                 \
	{                                                                                       \
		.section = SECTION, .name = NAME, .offset = offsetof(struct snafu_settings, FIELD), \
		.unit = SNAFU_UNIT_TEXT, .fallback_text = FALLBACK, .help = HELP                    \
	}

const struct snafu_setting snafu_setting_table[] = {
	NUMBER("limits", "call-timeout", call_timeout, SNAFU_UNIT_TIME, 60 * SECOND, 1, 86400 * SECOND,
           true, "time from a call's acceptance to its reply"),
	ENDLESS("limits", "concurrency", concurrency, SNAFU_UNIT_COUNT, 0, 100000,
            "calls of one function at the same time, waiting ones included; 0: no limit"),
	NUMBER("limits", "instances", instances, SNAFU_UNIT_COUNT, 64, 1, 1000, true,
           "processes of one function"),
	NUMBER(
		"limits", "all-instances", all_instances, SNAFU_UNIT_COUNT, 512, 1, 100000, false,
		"processes of all functions together, on one executor; fewer where few files may be open"),
	ENDLESS("limits", "memory", memory, SNAFU_UNIT_SIZE, 512 * MIB, 1024 * 1024 * MIB,
            "memory of a process of a function; 0: no limit"),
	NUMBER("limits", "open-files", open_files, SNAFU_UNIT_COUNT, 256, 16, 1000000, true,
           "open files of a process of a function"),
	NUMBER("limits", "processes", processes, SNAFU_UNIT_COUNT, 64, 1, 100000, true,
           "processes and threads that a function may start"),
	ENDLESS("limits", "file-size", file_size, SNAFU_UNIT_SIZE, 512 * MIB, 1024 * 1024 * MIB,
            "largest file that a process of a function may write; 0: no limit"),
	NUMBER("limits", "payload-size", payload_size, SNAFU_UNIT_SIZE, 6 * MIB, 1, 1024 * MIB, true,
           "arguments of one call"),
	NUMBER("limits", "result-size", result_size, SNAFU_UNIT_SIZE, 32 * MIB, 1 * KIB, 1024 * MIB,
           true, "result of one call"),
	NUMBER("limits", "log-size", log_size, SNAFU_UNIT_SIZE, 16 * KIB, 0, 64 * MIB, true,
           "what is kept of the output of one call"),
	NUMBER("limits", "queue-length", queue_length, SNAFU_UNIT_COUNT, 10000, 1, 1000000, true,
           "calls that wait for a thread or a process"),
	NUMBER("limits", "call-depth", call_depth, SNAFU_UNIT_COUNT, 100, 1, 1000, true,
           "calls of functions by functions, inside each other"),
	NUMBER("limits", "threads", threads, SNAFU_UNIT_COUNT, 64, 1, 1000, false,
           "in-process calls at the same time"),
	NUMBER("limits", "drain-timeout", drain_timeout, SNAFU_UNIT_TIME, 5 * SECOND, 0, 3600 * SECOND,
           false, "time that running calls get when the host stops"),
	TEXT("execution", "executor", executor, "", "an executor, or LANGUAGE=EXECUTOR and commas"),
	NUMBER("execution", "choose-executor", choose_executor, SNAFU_UNIT_SWITCH, 1, 0, 1, false,
           "whether a call may name its executor (X-Snafu-Executor)"),
	NUMBER("execution", "instance-idle", instance_idle, SNAFU_UNIT_TIME, 600 * SECOND, 1,
           86400 * SECOND, true, "time after which an idle process of a function is ended"),
	NUMBER("execution", "instance-calls", instance_calls, SNAFU_UNIT_COUNT, 0, 0, 1000000000, true,
           "calls after which a process of a function is replaced; 0: never"),
	TEXT("execution", "environment", environment, "", "NAME=VALUE, which functions see"),
	TEXT("execution", "directory", directory, "", "working directory of functions' processes"),
	TEXT("execution", "python2", python2, "upgrade",
         "Python 2 sources: upgrade (with 2to3), or native (in a Python 2)"),
	TEXT("execution", "convention", convention, "any",
         "provider by whose rules functions are called; any: as recognised; none"),
	NUMBER("triggers", "http", http, SNAFU_UNIT_SWITCH, 1, 0, 1, true,
           "whether requests may call functions (POST /invoke/FUNCTION)"),
	TEXT("triggers", "schedule", schedule, "",
         "when to call: five fields of cron, or rate(5 minutes)"),
	TEXT("triggers", "watch", watch, "", "path or pattern of files to be called for"),
	TEXT("triggers", "topic", topic, "", "queue or topic to be called with the messages of"),
	NUMBER("asynchronous", "retries", retries, SNAFU_UNIT_COUNT, 2, 0, 1000, true,
           "how often a failed asynchronous call is tried again"),
	NUMBER("asynchronous", "retry-delay", retry_delay, SNAFU_UNIT_TIME, 1 * SECOND, 1,
           86400 * SECOND, true, "time before the first retry; doubled for each further one"),
	NUMBER("asynchronous", "maximum-age", maximum_age, SNAFU_UNIT_TIME, 21600 * SECOND, SECOND,
           30 * 86400 * SECOND, true, "time after which an asynchronous call is given up"),
	TEXT("asynchronous", "on-success", on_success, "",
         "where results go: function:ID, file:PATH or a URL"),
	TEXT("asynchronous", "on-failure", on_failure, "", "where calls go that have failed for good"),
	{.section = "asynchronous",
     .name = "file",
     .offset = offsetof(struct snafu_settings, asynchronous_file),
     .unit = SNAFU_UNIT_TEXT,
     .fallback_text = "",
     .help = "file of the queue of asynchronous calls, or none; else one named after the sources"},
	NUMBER("asynchronous", "sync", asynchronous_sync, SNAFU_UNIT_SWITCH, 1, 0, 1, false,
           "whether a call is on the disk, and not only safe from a crash, when it is accepted"),
	NUMBER("asynchronous", "concurrency", asynchronous_concurrency, SNAFU_UNIT_COUNT, 16, 1, 1000,
           false, "asynchronous calls that run at the same time"),
	NUMBER("asynchronous", "length", asynchronous_length, SNAFU_UNIT_COUNT, 1000000, 1, 100000000,
           false, "asynchronous calls that wait; more are refused"),
	NUMBER("asynchronous", "space", asynchronous_space, SNAFU_UNIT_SIZE, 4096 * MIB, 1 * MIB,
           1024 * 1024 * MIB, false, "size of the queue's file after which calls are refused"),
	NUMBER("asynchronous", "result-retention", result_retention, SNAFU_UNIT_TIME, 86400 * SECOND,
           SECOND, 365 * 86400 * SECOND, false, "time that results are kept"),
	NUMBER("asynchronous", "result-space", result_space, SNAFU_UNIT_SIZE, 256 * MIB, 0,
           1024 * 1024 * MIB, false, "size of all results that are kept, the latest ones"),
	NUMBER("asynchronous", "dead-letter-retention", dead_letter_retention, SNAFU_UNIT_TIME,
           14 * 86400 * SECOND, SECOND, 3650 * 86400 * SECOND, false,
           "time that calls are kept that have failed for good"),
	INSTANCE_TEXT("asynchronous", "destinations", destinations, "function,file,http,https",
                  "kinds of destinations that there may be"),
	INSTANCE_TEXT("asynchronous", "destination-folder", destination_folder, "",
                  "folder that file: destinations are in; empty: anywhere"),
	NUMBER("asynchronous", "destination-timeout", destination_timeout, SNAFU_UNIT_TIME, 30 * SECOND,
           1, 3600 * SECOND, false, "time that a destination gets to take a result"),
	NUMBER("web", "connections", connections, SNAFU_UNIT_COUNT, 4096, 1, 65536, false,
           "connections open at the same time"),
	NUMBER("web", "idle-timeout", idle_timeout, SNAFU_UNIT_TIME, 60 * SECOND, SECOND, 3600 * SECOND,
           false, "time without traffic before a connection is closed"),
	NUMBER("web", "choose-tenant", choose_tenant, SNAFU_UNIT_SWITCH, 0, 0, 1, false,
           "whether callers say whose call it is (X-Snafu-Tenant), as where a proxy checks that"),
	INSTANCE_TEXT("container", "image", container_image, "",
                  "image that has Snafu installed; empty: one of the machine's own files"),
	INSTANCE_TEXT("container", "executor", container_executor, "worker",
                  "where calls run inside their container"),
	NUMBER("container", "containers", containers, SNAFU_UNIT_COUNT, 64, 1, 1000, false,
           "containers at the same time, one for each tenant"),
	{.section = "container",
     .name = "memory",
     .offset = offsetof(struct snafu_settings, container_memory),
     .unit = SNAFU_UNIT_SIZE,
     .fallback = 1024 * MIB,
     .most = 1024 * 1024 * MIB,
     .help = "memory of a container, /tmp included; 0: no limit",
     .endless = true},
	NUMBER("container", "processes", container_processes, SNAFU_UNIT_COUNT, 512, 64, 100000, false,
           "processes and threads in a container"),
	INSTANCE_TEXT("log", "logger", logger, "none",
                  "where calls are noted: csv, sqlite, with =PATH or without"),
	INSTANCE_TEXT("log", "file", log_file, "snafu-log",
                  "file of loggers that have no =PATH; their suffix is added"),
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
static const char *const switch_words[] = {"no", "yes"};

static const struct unit *units_of(const struct snafu_setting *setting)
{
	return setting->unit == SNAFU_UNIT_TIME   ? time_units
	       : setting->unit == SNAFU_UNIT_SIZE ? size_units
	                                          : counts;
}

uint64_t *snafu_setting_number(struct snafu_settings *settings, const struct snafu_setting *setting)
{
	return (uint64_t *)((char *)settings + setting->offset);
}

const char **snafu_setting_text(struct snafu_settings *settings,
                                const struct snafu_setting *setting)
{
	return (const char **)((char *)settings + setting->offset);
}

void snafu_settings_init(struct snafu_settings *settings)
{
	for (const struct snafu_setting *setting = snafu_setting_table; setting->name; setting++)
		if (setting->unit == SNAFU_UNIT_TEXT)
			*snafu_setting_text(settings, setting) = setting->fallback_text;
		else
			*snafu_setting_number(settings, setting) = setting->fallback;
}

void snafu_setting_write(const struct snafu_setting *setting, uint64_t value,
                         struct snafu_buffer *into)
{
	const struct unit *best = units_of(setting);

	if (setting->unit == SNAFU_UNIT_SWITCH) {
		snafu_buffer_append_text(into, switch_words[value != 0]);
		return;
	}
	for (const struct unit *unit = best; unit->suffix; unit++)
		if (value >= unit->factor && value % unit->factor == 0)
			best = unit;
	snafu_buffer_format(into, "%" PRIu64 "%s", value / best->factor, best->suffix);
}

static int parse_value(const struct snafu_setting *setting, const char *text, uint64_t *ret_value)
{
	char *rest;

	if (setting->unit == SNAFU_UNIT_SWITCH)
		for (size_t i = 0; i < 2; i++)
			if (strcmp(text, switch_words[i]) == 0) {
				*ret_value = i;
				return 0;
			}
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
	snafu_buffer_append_text(&words, setting->unit == SNAFU_UNIT_SWITCH ? " or " : " to ");
	snafu_setting_write(setting, setting->most, &words);
	snafu_fail(error, -EINVAL, "%s takes %s%s, not '%s'", setting->name,
	           words.data ? words.data : "another value",
	           setting->unit == SNAFU_UNIT_TIME || setting->unit == SNAFU_UNIT_SIZE
	               ? " (a number with its unit)"
	               : "",
	           text);
	snafu_buffer_done(&words);
	return -EINVAL;
}

static int check_convention(const char *value, struct snafu_error *error)
{
	struct snafu_buffer names = SNAFU_BUFFER(1024);

	if (snafu_host_convention_known(value))
		return 0;
	snafu_convention_names(&names);
	snafu_fail(error, -EINVAL, "convention takes any, none, %s, not '%.80s'",
	           names.data ? names.data : "or a name", value);
	snafu_buffer_done(&names);
	return -EINVAL;
}

/* Texts that are no free ones. */
static int check_text(const struct snafu_setting *setting, const char *value,
                      struct snafu_error *error)
{
	if (setting->offset == offsetof(struct snafu_settings, schedule))
		return snafu_schedule_check(value, error);
	if (setting->offset == offsetof(struct snafu_settings, watch))
		return snafu_watch_check(value, error);
	if (setting->offset == offsetof(struct snafu_settings, topic))
		return snafu_topic_check(value, error);
	if (setting->offset == offsetof(struct snafu_settings, python2) &&
	    strcmp(value, "upgrade") != 0 && strcmp(value, "native") != 0)
		return snafu_fail(error, -EINVAL, "python2 takes upgrade or native, not '%.80s'", value);
	if (setting->offset == offsetof(struct snafu_settings, convention))
		return check_convention(value, error);
	if (setting->offset == offsetof(struct snafu_settings, container_executor) &&
	    strcmp(value, "container") == 0)
		return snafu_fail(
			error, -EINVAL,
			"there is no container in a container: [container] executor takes worker, "
			"fork, spawn, inprocess or isolated");
	return 0;
}

int snafu_setting_read(const struct snafu_setting *setting, const char *value,
                       struct snafu_settings *settings, struct snafu_error *error)
{
	uint64_t number;

	if (setting->unit == SNAFU_UNIT_TEXT) {
		int code = check_text(setting, value, error);

		if (!code)
			*snafu_setting_text(settings, setting) = value;
		return code;
	}
	if (parse_value(setting, value, &number) || number < setting->least || number > setting->most)
		return bad_value(setting, value, error);
	*snafu_setting_number(settings, setting) = number;
	return 0;
}

static bool is_meant(const struct snafu_setting *setting, const char *section)
{
	return section ? strcmp(setting->section, section) == 0 : setting->narrowable;
}

int snafu_setting_find(const char *section, const char *name)
{
	for (int i = 0; snafu_setting_table[i].name; i++)
		if (is_meant(&snafu_setting_table[i], section) &&
		    strcmp(snafu_setting_table[i].name, name) == 0)
			return i;
	return -1;
}

const char *snafu_setting_near(const char *section, const char *name)
{
	struct snafu_near near = snafu_near_begin(name, strlen(name));

	for (int i = 0; snafu_setting_table[i].name; i++)
		if (is_meant(&snafu_setting_table[i], section))
			snafu_near_offer(&near, snafu_setting_table[i].name);
	return near.name;
}

bool snafu_setting_exceeds(const struct snafu_setting *setting, uint64_t value, uint64_t most)
{
	if (setting->endless && most == 0)
		return false;
	return (setting->endless && value == 0) || value > most;
}

static bool equal(const struct snafu_setting *setting, const struct snafu_settings *one,
                  const struct snafu_settings *other)
{
	const char *a = (const char *)one + setting->offset, *b = (const char *)other + setting->offset;

	if (setting->unit != SNAFU_UNIT_TEXT)
		return memcmp(a, b, sizeof(uint64_t)) == 0;
	return strcmp(*(const char *const *)a, *(const char *const *)b) == 0;
}

bool snafu_settings_equal(const struct snafu_settings *one, const struct snafu_settings *other)
{
	for (const struct snafu_setting *setting = snafu_setting_table; setting->name; setting++)
		if (!equal(setting, one, other))
			return false;
	return true;
}

bool snafu_settings_same_process(const struct snafu_settings *one,
                                 const struct snafu_settings *other)
{
	return one == other ||
	       (one->memory == other->memory && one->open_files == other->open_files &&
	        one->processes == other->processes && one->file_size == other->file_size &&
	        one->result_size == other->result_size && one->log_size == other->log_size &&
	        strcmp(one->environment, other->environment) == 0 &&
	        strcmp(one->directory, other->directory) == 0 &&
	        strcmp(one->python2, other->python2) == 0);
}
