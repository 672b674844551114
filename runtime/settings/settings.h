/* runtime/settings/settings.h — what can be set, with defaults and bounds.
 *
 * Everything has a default; a snafu.ini changes it:
 *
 *     [limits]
 *     call-timeout = 30s
 *     payload-size = 2MiB
 *
 * What tenants, files and functions say for themselves is in book.h and
 * function_config.h. Settings are read-only once made; texts in them live as long as what
 * they were read from. */
#ifndef SNAFU_RUNTIME_SETTINGS_SETTINGS_H
#define SNAFU_RUNTIME_SETTINGS_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct snafu_buffer;
struct snafu_error;

/* What holds for the instance; and, narrowed by what the tenant's and the function's
 * own settings say, what holds for the calls of one function. Texts are never NULL:
 * "" where nothing is set. */
struct snafu_settings {
	/* Of calls: settable for the instance, a tenant and a function. */
	uint64_t call_timeout; /* ms from acceptance to reply */
	uint64_t concurrency; /* calls of one function at the same time, waiting ones included;
	                       * more are refused; 0: no limit */
	uint64_t instances; /* processes of one function */
	uint64_t all_instances; /* processes of all functions, of one executor; of the instance */
	uint64_t memory; /* bytes that a process of a function may use; 0: no limit */
	uint64_t open_files; /* descriptors of a process of a function */
	uint64_t processes; /* processes and threads that a function may have */
	uint64_t file_size; /* bytes of the largest file that a function may write */
	uint64_t payload_size; /* bytes of one call's arguments */
	uint64_t result_size; /* bytes of one call's result */
	uint64_t log_size; /* bytes kept of what one call prints */
	uint64_t queue_length; /* calls waiting for a thread or an instance */
	uint64_t call_depth; /* calls of functions by functions, inside each other */
	uint64_t instance_idle; /* ms after which an idle instance is ended */
	uint64_t instance_calls; /* calls after which an instance is replaced; 0: never */
	uint64_t retries; /* of an asynchronous call that failed */
	uint64_t retry_delay; /* ms before the first retry; doubled for each further one */
	uint64_t maximum_age; /* ms after which an asynchronous call is given up */
	const char *executor; /* "fork" or "python=fork,java=inprocess" */
	const char *on_success; /* destination of asynchronous calls: function:ID, file:PATH or a URL */
	const char *on_failure;
	const char *environment; /* NAME=VALUE lines that the function sees, "\n" between them */
	const char *directory; /* working directory of the function's processes */
	const char *python2; /* "upgrade" or "native" */
	const char *convention; /* "any", "none", or a provider's; taken when a source is scanned */
	uint64_t http; /* 1: requests may call the function */
	const char *schedule; /* when it is called by the clock: triggers.h says how it is written */
	const char *watch; /* path or pattern of files that it is called for */
	const char *topic; /* queue or topic whose messages it is called with */

	/* Of the instance only. */
	const char *asynchronous_file; /* the queue's file; "": one named after the sources */
	uint64_t asynchronous_sync; /* 1: 202 is sent when the disk has the call */
	uint64_t asynchronous_concurrency; /* asynchronous calls that run at the same time */
	uint64_t asynchronous_length; /* asynchronous calls that wait; more are refused */
	uint64_t asynchronous_space; /* bytes of the queue's file; new calls are refused then */
	uint64_t result_retention; /* ms that results of asynchronous calls are kept */
	uint64_t result_space; /* bytes of results that are kept, the latest ones */
	uint64_t dead_letter_retention; /* ms that dead letters are kept */
	const char *destinations; /* kinds that there may be: "function,file,http,https" */
	const char *destination_folder; /* where file: destinations are; "": anywhere */
	uint64_t destination_timeout; /* ms to tell a destination how a call ended */
	uint64_t choose_executor; /* 1: callers may choose one (X-Snafu-Executor) */
	uint64_t drain_timeout; /* ms that running calls get when the host stops */
	uint64_t threads; /* in-process calls at the same time */
	uint64_t connections; /* open at the same time, web connector */
	uint64_t idle_timeout; /* ms without traffic on a connection */
	uint64_t choose_tenant; /* 1: callers say whose call it is (X-Snafu-Tenant) */
	const char *container_image; /* ""; one made of the machine's own files */
	const char *container_executor; /* in the container */
	uint64_t containers; /* at the same time: tenants that have one */
	uint64_t container_memory; /* bytes of all that runs in one; 0: no limit */
	uint64_t container_processes; /* processes and threads in one */
	const char *logger; /* "csv,sqlite=PATH" */
	const char *log_file; /* of loggers without a PATH; their suffixes are added */
};

/* One line of the settings reference. */
struct snafu_setting {
	const char *section, *name;
	size_t offset; /* of the field in struct snafu_settings */
	enum {
		SNAFU_UNIT_COUNT,
		SNAFU_UNIT_TIME,
		SNAFU_UNIT_SIZE,
		SNAFU_UNIT_SWITCH, /* yes or no */
		SNAFU_UNIT_TEXT, /* a const char * */
	} unit;
	uint64_t fallback, least, most;
	const char *fallback_text; /* TEXT */
	const char *help;
	bool narrowable; /* tenants and functions may set it, too */
	bool endless; /* 0 stands for no limit */
};

#define SNAFU_SETTINGS_CAP 96 /* entries of the table */

/* Settings that somebody has set, and which. */
struct snafu_settings_layer {
	struct snafu_settings values;
	bool set[SNAFU_SETTINGS_CAP]; /* by the index in the table */
	unsigned lines[SNAFU_SETTINGS_CAP]; /* where; 0: nowhere in particular */
};

/* All settings; the last entry's name is NULL. */
extern const struct snafu_setting snafu_setting_table[];

/* The defaults. */
void snafu_settings_init(struct snafu_settings *settings);

/* Sets what VALUE says, as it is written in a snafu.ini. A text is borrowed, an environment
 * must be in its final form. Errors name the setting and what is allowed. */
int snafu_setting_read(const struct snafu_setting *setting, const char *value,
                       struct snafu_settings *settings, struct snafu_error *error);

/* The index in the table of the setting NAME: of SECTION, or, where that is NULL, of those
 * that tenants and functions may set. -1: there is none. */
int snafu_setting_find(const char *section, const char *name);
/* The name in the table that NAME is nearest to, or NULL. */
const char *snafu_setting_near(const char *section, const char *name);

uint64_t *snafu_setting_number(struct snafu_settings *settings,
                               const struct snafu_setting *setting);
const char **snafu_setting_text(struct snafu_settings *settings,
                                const struct snafu_setting *setting);

/* Whether VALUE allows more than MOST: 0 may stand for no limit. */
bool snafu_setting_exceeds(const struct snafu_setting *setting, uint64_t value, uint64_t most);

/* Whether all is the same. */
bool snafu_settings_equal(const struct snafu_settings *one, const struct snafu_settings *other);
/* Whether a process that was started with the one will do for the other. */
bool snafu_settings_same_process(const struct snafu_settings *one,
                                 const struct snafu_settings *other);

/* Appends VALUE as a person would write it: "30s", "2MiB", "64". */
void snafu_setting_write(const struct snafu_setting *setting, uint64_t value,
                         struct snafu_buffer *into);

/* One variable of an environment ("NAME=VALUE", "\n" between them). */
struct snafu_variable {
	const char *name, *value; /* borrowed, not NUL-terminated */
	size_t name_size, value_size;
};
/* The variable at *AT, and moves on; false at the end. */
bool snafu_environment_next(const char **at, struct snafu_variable *ret_variable);
/* Appends OVER's variables, and those of UNDER that OVER does not name. */
void snafu_environment_merge(const char *under, const char *over, struct snafu_buffer *into);
/* Whether NAME (SIZE bytes) may name a variable. */
bool snafu_environment_is_name(const char *name, size_t size);

#endif
