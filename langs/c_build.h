/* langs/c_build.h — the C sources of one root as loaded code.
 *
 * All sources of a root (a directory given, or the files named in one folder) are
 * compiled and linked into one shared object. Files that define a name which is taken
 * go into a shared object of their own beside it, linked against the first. A file
 * that does not compile, or needs what nobody defines, is left out with a warning;
 * the rest works. What did not change since the last time is not made again. */
#ifndef SNAFU_LANGS_C_BUILD_H
#define SNAFU_LANGS_C_BUILD_H

#include <stdbool.h>
#include <stddef.h>

#include "langs/c_compile.h"
#include "langs/c_elf.h"
#include "langs/language.h"

#define SNAFU_C_SOURCES_CAP 20000 /* C files of one root */

struct snafu_c_copies;
struct snafu_c_databases;

struct snafu_c_source {
	char *path; /* as given, or below the directory given */
	char *object; /* NULL: left out */
	char *reason; /* why it is left out, in words */
	const char *const *flags; /* while it is compiled */
	struct snafu_c_symbols symbols;
	size_t set; /* index of its shared object */
};

struct snafu_c_build {
	char *root;
	struct snafu_c_source *sources;
	size_t count, capacity;
	void **sets; /* handles of the shared objects; the first has most */
	size_t n_sets;
	bool done; /* it was tried */
	struct snafu_c_copies *copies; /* of the sets, once an isolated call wanted one */
};

/* The sources of ROOT among what was scanned and named; nothing is compiled yet. */
int snafu_c_build_new(const struct snafu_language_options *options, const char *root,
                      struct snafu_c_build **ret_build, struct snafu_error *error);
void snafu_c_build_free(struct snafu_c_build *build);

/* Compiles, links and loads. LIBRARIES: paths of shared objects that the sources may
 * use. Not from two threads at once. Fails only when nothing at all could be made;
 * what was left out, and why, is in the sources. */
int snafu_c_build_run(struct snafu_c_build *build, struct snafu_c_compiler *compiler,
                      const struct snafu_language_options *options, const char *const *libraries,
                      size_t n_libraries, struct snafu_error *error);

/* The address of NAME, defined in FILE (NULL: in any of them). -ENOENT: ERROR says
 * why it is not there. */
int snafu_c_build_find(const struct snafu_c_build *build, const char *name, const char *file,
                       void **ret_address, struct snafu_error *error);

/* ---- c_link.c --------------------------------------------------------------------- */

/* Links the objects of BUILD's sources, with LIBRARIES, into shared objects and loads them. */
int snafu_c_link(struct snafu_c_build *build, struct snafu_c_compiler *compiler,
                 const char *const *libraries, size_t n_libraries,
                 const struct snafu_language_options *options, struct snafu_error *error);

/* Tells loaded code where the host's functions are that it may call. */
void snafu_c_connect(void *handle);

void snafu_c_leave_out(struct snafu_c_source *source, const struct snafu_language_options *options,
                       const char *format, ...) __attribute__((format(printf, 3, 4)));

/* ---- c_flags.c -------------------------------------------------------------------- */

/* The compiler's flags for a source, NULL-terminated, in DATABASES' arena: see
 * scanner/c_flags.h. One thread at a time. */
int snafu_c_compile_flags(struct snafu_c_databases *databases, const char *root, const char *source,
                          const struct snafu_language_options *options,
                          const char *const **ret_flags);

/* The name that `main` of a source gets, so that it is neither run nor clashes. */
void snafu_c_main_name(const char *source, char ret_name[48]);

#endif
