/* convert/stubs/stubs.h — <source>.config stubs: for every function of a file what could be set,
 * ready to be edited (runtime/settings/function_config.h reads them; docs/settings.md tells of
 * each).
 *
 * JSON has no comments; members whose names begin with "//" are none of ours. So each
 * setting stands there as "//Timeout": 60, beside a "// Timeout" that says what it is. A
 * fresh stub changes nothing; nor does taking the // away, since the values are those that
 * hold anyway; changing one then does. Any thread. */
#ifndef SNAFU_CONVERT_STUBS_STUBS_H
#define SNAFU_CONVERT_STUBS_STUBS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"

struct snafu_error;
struct snafu_function;
struct snafu_functions;
struct snafu_output;
struct snafu_settings_book;

/* Stubs stay below what is read of a config (SNAFU_CONFIG_FILE_CAP). */
#define SNAFU_STUB_CAP     (1000u << 10) /* bytes */
#define SNAFU_STUB_INI_CAP (3u << 20) /* the same of a snafu.ini (SNAFU_INI_FILE_CAP) */
#define SNAFU_STUB_DOC_CAP 160 /* characters of a function's documentation */

/* Appends the stub of one file, whose COUNT functions these are, in the order of a scan. Values
 * are those of BOOK. Functions that cannot be called are left out, and so is what does not
 * fit: RET_LEFT_OUT counts the latter. Returns how many functions stand in it: 0, and nothing
 * is written, when none can be called; -ENOMEM and -EMSGSIZE (INTO has a smaller cap). */
long snafu_stub_write(const struct snafu_function *functions, size_t count,
                      const struct snafu_settings_book *book, struct snafu_buffer *into,
                      size_t *ret_left_out, struct snafu_error *error);

/* What a config that was there lacked, and what it has too much of. */
struct snafu_stub_changes {
	size_t settings, functions; /* that were added */
	struct snafu_buffer gone; /* names of functions that are not there any more: "f, A.g" */
};

/* (merge.c) Appends the config CONFIG (SIZE bytes) as it stands, with those members of STUB
 * that it has neither as they are nor behind //; what has gone from the source is only told of. So
 * values, order and members of people's own stay. -EINVAL when CONFIG is no JSON object;
 * -EMSGSIZE when it would be too long to be read. RET_CHANGES->gone is freed by the caller. */
int snafu_stub_merge(const char *config, size_t size, const struct snafu_buffer *stub,
                     const struct snafu_function *functions, size_t count,
                     struct snafu_buffer *into, struct snafu_stub_changes *ret_changes,
                     struct snafu_error *error);

/* What became of the stub of one source. */
struct snafu_stub_news {
	const char *source;
	const char *path; /* the stub; or the config that is there already */
	int fate; /* enum snafu_output_fate, or a negative errno */
	bool updated; /* it was there, and has more in it now */
	long functions; /* that stand in it; of an updated one: that came */
	size_t left_out;
	const char *gone; /* functions that stand in it and are not there any more: "f, g"; "" */
	const char *problem; /* of a negative fate; NULL: none */
};

/* (export.c) Writes a stub for each file of FUNCTIONS, a scan's result, to OUTPUT, and
 * TELLS of each; one that fails does not keep the others from being written. A config that is
 * there already, by either name (x.config), is completed. 0, or -ENOMEM. */
int snafu_stubs_export(const struct snafu_functions *functions,
                       const struct snafu_settings_book *book, struct snafu_output *output,
                       void (*tell)(void *state, const struct snafu_stub_news *news), void *state,
                       struct snafu_error *error);

/* (ini.c) Appends a snafu.ini in which everything that BOOK's instance and FUNCTIONS can have
 * set stands commented. BEFORE, the text of one that is there (or NULL), comes first, as it is;
 * then what it has neither set nor commented. RET_LEFT_OUT: functions for which there was no
 * room. RET_CHANGES->gone is freed by the caller. -ENOMEM, -EMSGSIZE. */
int snafu_stub_ini_write(const struct snafu_functions *functions,
                         const struct snafu_settings_book *book, const char *before,
                         struct snafu_buffer *into, struct snafu_stub_changes *ret_changes,
                         size_t *ret_left_out, struct snafu_error *error);

/* (export.c) Writes it to OUTPUT: into its folder, or beside the first of the sources, where
 * one that is there is completed; and TELLS of it. 0, or -ENOMEM. */
int snafu_stub_ini_export(const struct snafu_functions *functions,
                          const struct snafu_settings_book *book, struct snafu_output *output,
                          void (*tell)(void *state, const struct snafu_stub_news *news),
                          void *state, struct snafu_error *error);

#endif
