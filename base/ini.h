/* base/ini.h — reading settings files: `[section]`, `name = value`, comments that
 * start a line with # or ;, values optionally in double quotes. */
#ifndef SNAFU_BASE_INI_H
#define SNAFU_BASE_INI_H

struct snafu_error;

#define SNAFU_INI_FILE_CAP (4u << 20) /* bytes */

/* Called for each setting, in order; strings live for the call only. A negative
 * errno ends the reading. */
typedef int (*snafu_ini_setting)(void *state, const char *section, const char *name,
                                 const char *value, unsigned line, struct snafu_error *error);

/* Reads PATH. Errors name the file and the line. */
int snafu_ini_read(const char *path, snafu_ini_setting setting, void *state,
                   struct snafu_error *error);

#endif
