/* runtime/languages.h — the languages that are open, each once a process.
 *
 * A language's module is opened when its first function is wanted. Threads: any. */
#ifndef SNAFU_RUNTIME_LANGUAGES_H
#define SNAFU_RUNTIME_LANGUAGES_H

#include "langs/language.h"

struct snafu_languages;

#define SNAFU_LANGUAGES_CAP 16 /* open at the same time */

/* OPTIONS are copied; what they point to is borrowed. */
int snafu_languages_new(const struct snafu_language_options *options,
                        struct snafu_languages **ret_languages, struct snafu_error *error);

/* The language NAME, opened if it is not yet. A failure to open is kept and told
 * again to whoever asks next. */
int snafu_languages_get(struct snafu_languages *languages, const char *name,
                        const struct snafu_language **ret_language, void **ret_state,
                        struct snafu_error *error);

/* Tells the open languages, and those that are opened later, that FUNCTIONS are on offer
 * now, and that FILES have changed. What was told last must live until the next time; how
 * many languages cannot be told and may look at what they were opened with for ever. */
size_t snafu_languages_changed(struct snafu_languages *languages,
                               const struct snafu_functions *functions, const char *const *files,
                               size_t n_files);

/* What the language NAME can do, without starting its interpreter: for needs(), command()
 * and `forkable`. */
int snafu_languages_peek(struct snafu_languages *languages, const char *name,
                         const struct snafu_language **ret_language, struct snafu_error *error);

/* The calling thread will make no more calls. */
void snafu_languages_leave(struct snafu_languages *languages);

/* Closes all and frees; every thread must have left. */
void snafu_languages_free(struct snafu_languages *languages);

#endif
