/* scanner/c_flags.h — with which flags a C file is to be read: what the user said,
 * what a compile_commands.json near it says, or what is usual.
 *
 * Not thread-safe: one struct snafu_c_databases, one thread at a time. */
#ifndef SNAFU_SCANNER_C_FLAGS_H
#define SNAFU_SCANNER_C_FLAGS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"

#define SNAFU_C_DATABASES_CAP     16 /* compilation databases in one scan of a batch */
#define SNAFU_C_DATABASE_SIZE_CAP (64u << 20) /* bytes of one */
#define SNAFU_C_DATABASE_LEVELS   6 /* folders above a file in which one is looked for */
#define SNAFU_C_FLAGS_CAP         2000 /* flags of one file; more are left out */

struct snafu_c_database;

/* The databases that were read so far, so that each is read once. Start zeroed. */
struct snafu_c_databases {
	struct snafu_arena arena;
	struct snafu_c_database *loaded[SNAFU_C_DATABASES_CAP];
	size_t count;
	bool looked; /* for Snafu's own header */
	const char *own; /* the flag that leads to it, or NULL */
};

struct snafu_c_flags_options {
	const char *const *include_paths; /* -I */
	size_t n_include_paths;
	const char *const *defines; /* -D */
	size_t n_defines;
};

/* The flags for PATH, a source or header below ROOT, as one argument each, in an
 * array that lives in DATABASES' arena: -I, -D, -U, -isystem, -iquote, -include,
 * -std=... and such -f flags as change what the source means; paths absolute or
 * relative to the current directory. Never one that names an output or makes a
 * compiler run something. Of a database, the entry of PATH itself; for a header that
 * of a neighbour. Without one: -I for PATH's folder, ROOT, and ROOT/include. In any case,
 * last, the folder of Snafu's own header, snafu.h (langs/include). A
 * database that cannot be read counts as none. Returns 0 or -ENOMEM. */
int snafu_c_source_flags(const char *path, const char *root,
                         const struct snafu_c_flags_options *options,
                         struct snafu_c_databases *databases, const char *const **ret_flags,
                         size_t *ret_count);

void snafu_c_databases_done(struct snafu_c_databases *databases);

#endif
