/* langs/c_library.h — existing shared objects that the user named beside headers. */
#ifndef SNAFU_LANGS_C_LIBRARY_H
#define SNAFU_LANGS_C_LIBRARY_H

#include <stdbool.h>
#include <stddef.h>

#include "langs/language.h"

#define SNAFU_C_LIBRARIES_CAP 256

struct snafu_c_libraries {
	const char **paths; /* whole paths of what was loaded; owned, also the texts */
	void **handles;
	size_t count;
};

/* Opens the libraries among the paths that the user named: files, or bare names that
 * the dynamic linker knows (libm.so.6). A text for the linker in the place of a library
 * (Debian's libm.so) leads to the libraries that it names. */
int snafu_c_libraries_init(struct snafu_c_libraries *libraries,
                           const struct snafu_language_options *options, struct snafu_error *error);
void snafu_c_libraries_done(struct snafu_c_libraries *libraries);

/* Looks in each of them, in the order given. */
bool snafu_c_libraries_find(const struct snafu_c_libraries *libraries, const char *name,
                            void **ret_address);

#endif
