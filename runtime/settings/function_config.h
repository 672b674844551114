/* runtime/settings/function_config.h — <source>.config: settings of the functions of one file, as
 * AWS Lambda's configuration has them, in JSON beside the source.
 *
 *     {
 *       "Timeout": 30,                                seconds
 *       "MemorySize": 256,                            MiB
 *       "Environment": {"Variables": {"STAGE": "test"}},
 *       "Functions": {"slow": {"Timeout": 300}}
 *     }
 *
 * Any setting that functions may have stands there by its name in capitals (instance-idle:
 * "InstanceIdle"), with a value as in a snafu.ini; a count may be a number, a time a number
 * of seconds. Members that start with "//" are comments. Members of Lambda's that mean
 * nothing here are passed over, others are warned of. Read-only once read. */
#ifndef SNAFU_RUNTIME_SETTINGS_FUNCTION_CONFIG_H
#define SNAFU_RUNTIME_SETTINGS_FUNCTION_CONFIG_H

#include "base/arena.h"
#include "base/buffer.h"
#include "runtime/settings/settings.h"

struct snafu_error;

#define SNAFU_CONFIG_FILE_CAP  (1u << 20) /* bytes */
#define SNAFU_CONFIG_WORDS_CAP (64u << 10) /* bytes of warnings */

/* Of one function, or of a handler. */
struct snafu_config_entry {
	struct snafu_config_entry *next;
	const char *name; /* id, or a tail of one */
	const char *description; /* NULL: none */
	struct snafu_settings_layer layer;
};

struct snafu_function_config {
	struct snafu_arena texts;
	const char *path;
	struct snafu_settings_layer file;
	const char *description, *handler, *function_name; /* NULL: not said */
	struct snafu_config_entry *functions;
	struct snafu_buffer warnings; /* lines */
	struct snafu_function_config *next; /* the owner's */
};

/* The file that belongs to SOURCE: x.py.config, or else x.config. malloc'ed; NULL: none. */
char *snafu_function_config_path(const char *source);

/* Bad values are errors that name file, member and what is allowed. */
int snafu_function_config_read(const char *path, struct snafu_function_config **ret_config,
                               struct snafu_error *error);
void snafu_function_config_free(struct snafu_function_config *config); /* NULL is welcome */

/* What it says of the function ID alone, by the longest of the names that are a tail of it; or
 * NULL. */
const struct snafu_settings_layer *
snafu_function_config_find(const struct snafu_function_config *config, const char *id);

/* The member's name of a setting: "instance-idle" is "InstanceIdle". */
void snafu_function_config_member(const char *setting, struct snafu_buffer *into);

#endif
