/* base/file.h — whole files and the few paths that Snafu needs. */
#ifndef SNAFU_BASE_FILE_H
#define SNAFU_BASE_FILE_H

#include <stdbool.h>
#include <stddef.h>

struct snafu_error;

/* Reads a regular file of at most CAP bytes: malloc'ed, caller frees, with a NUL
 * behind the bytes that RET_SIZE does not count. -EFBIG over the cap, -EINVAL
 * when it is no regular file (never blocks on a FIFO or device). */
int snafu_file_read(const char *path, size_t cap, char **ret_text, size_t *ret_size,
                    struct snafu_error *error);

/* Writes a whole file through a temporary neighbour and rename(), so that a reader
 * or a crash sees the old or the new content and nothing between. */
int snafu_file_write(const char *path, const void *bytes, size_t size, struct snafu_error *error);

/* Writes to a descriptor until all is written, however often that takes. */
int snafu_write_all(int fd, const void *bytes, size_t size);

/* Makes PATH and its parents, each private to the user (0700) when new. */
int snafu_directory_make(const char *path, struct snafu_error *error);

/* $XDG_CACHE_HOME/snafu or ~/.cache/snafu, made when missing: malloc'ed, caller
 * frees. Where no home is known or writable: a private directory under $TMPDIR. */
int snafu_cache_directory(char **ret_path, struct snafu_error *error);

/* A and B with exactly one slash between: malloc'ed, caller frees; NULL when
 * memory is out. */
char *snafu_path_join(const char *a, const char *b);

/* The last component, borrowed from PATH; trailing slashes count as part of it. */
const char *snafu_path_base(const char *path);

/* The folder PATH is in ("." when it has no slash): malloc'ed, caller frees. */
char *snafu_path_folder(const char *path);

bool snafu_path_has_suffix(const char *path, const char *suffix);

/* Whether PATH is named like a shared library: libz.so, libm.so.6, ./plugin.so. */
bool snafu_path_is_library(const char *path);

/* FNV-1a, for cache keys and tables, not for secrets. Start with
 * SNAFU_HASH_START and feed pieces in turn. */
#define SNAFU_HASH_START 14695981039346656037ull
unsigned long long snafu_hash(unsigned long long hash, const void *bytes, size_t size);

#endif
