/* langs/c_compile.h — one C source into one object file, or the object that an
 * earlier run made of the same bytes.
 *
 * Objects lie in the cache directory under a key of everything that goes into
 * them: compiler, flags, the source and each header that it included. A header
 * that appears later in a place searched before the one used is not noticed.
 *
 * CC, CPPFLAGS and CFLAGS of the environment are honoured, as make does. */
#ifndef SNAFU_LANGS_C_COMPILE_H
#define SNAFU_LANGS_C_COMPILE_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"

struct snafu_error;

#define SNAFU_C_COMPILE_TIME_CAP (600u * 1000) /* ms for one compiler run */
#define SNAFU_C_WORDS_CAP        1024 /* words of one compiler command */
#define SNAFU_C_CACHE_AGE_CAP    (30 * 24 * 3600) /* seconds that an unused file is kept */

struct snafu_c_compiler {
	struct snafu_arena arena;
	const char *words[64]; /* $CC and its options */
	size_t n_words;
	unsigned long long identity; /* hash of the words and of what --version says */
	char *cache_directory; /* owned */
	pthread_mutex_t lock; /* guards what follows */
	void *hashes; /* tsearch tree: the headers' contents seen so far */
	unsigned made; /* number of files made, for temporary names */
};

/* Finds the compiler and asks its version. -ENOENT when there is none: ERROR says
 * what to install. CACHE_DIRECTORY exists. */
int snafu_c_compiler_init(struct snafu_c_compiler *compiler, const char *cache_directory,
                          struct snafu_error *error);
void snafu_c_compiler_done(struct snafu_c_compiler *compiler);

/* Forgets the headers' contents, before sources are looked at anew. */
void snafu_c_compiler_forget(struct snafu_c_compiler *compiler);

/* Compiles SOURCE with FLAGS (NULL-terminated, besides the compiler's own) in
 * DIRECTORY (NULL: here). RET_OBJECT: malloc'ed path, caller frees; RET_NEW says
 * whether the compiler ran. On failure ERROR has the compiler's first message.
 * Any thread. */
int snafu_c_compile(struct snafu_c_compiler *compiler, const char *source, const char *const *flags,
                    const char *directory, char **ret_object, bool *ret_new,
                    struct snafu_error *error);

/* The path of a cache file KEY + SUFFIX, malloc'ed; and a name of this process
 * alone that is renamed to it when complete. NULL when memory is out. */
char *snafu_c_cache_path(const struct snafu_c_compiler *compiler, unsigned long long key,
                         const char *suffix);
char *snafu_c_cache_temporary(struct snafu_c_compiler *compiler, unsigned long long key,
                              const char *suffix);

/* Notes that a cache file is in use; false when it is not there. */
bool snafu_c_cache_use(const char *path);

/* Removes what nobody used for a month. */
void snafu_c_cache_prune(const struct snafu_c_compiler *compiler);

#endif
