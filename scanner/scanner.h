/* scanner/scanner.h — finding every function in source, without running it.
 *
 * snafu_scan() walks the files and directories, tells the language of each
 * file, and lets that language's scanner read it; files are spread over all
 * cores. To add a language to the scanner: write scanner/<name>.c with one
 * `const struct snafu_scanner snafu_scanner_<name>`, and add the name to
 * SCANNERS in Makefile.am; or build a module scan-<name>.so that exports it as
 * `snafu_scanner`, and put it into a directory of parts (base/parts.h). */
#ifndef SNAFU_SCANNER_SCANNER_H
#define SNAFU_SCANNER_SCANNER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "scanner/function.h"

#define SNAFU_SCAN_FILE_CAP      (32u << 20) /* bytes; a larger file gets a diagnostic */
#define SNAFU_SCAN_FILES_CAP     200000 /* files in one scan */
#define SNAFU_SCAN_DEPTH_CAP     64 /* folders inside each other */
#define SNAFU_SCAN_FUNCTIONS_CAP 2000000 /* functions in one scan */

/* One file to scan. */
struct snafu_source {
	const char *path; /* as given, or below the directory given */
	const char *root; /* the directory from which its modules resolve: for a file given by
	                     * name the folder it is in (Python: the folder above its outermost
	                     * package), else the directory given */
	const char *module; /* dotted id prefix: base name without suffix, or path below the
	                     * directory given; Python packages: "pkg" for pkg/__init__.py */
	bool named; /* given by name, not found in a directory */
	const char *text; /* the bytes, followed by a NUL that does not count; NULL for scanners
	                     * with `reads_paths` */
	size_t size;
};

/* How far a scan has come: written while it runs, for any thread to read. */
struct snafu_scan_progress {
	atomic_size_t files; /* to be read; 0: not known yet */
	atomic_size_t done;
};

struct snafu_scan_options {
	const char *const *include_paths; /* C: -I */
	size_t n_include_paths;
	const char *const *defines; /* C: -D, NAME or NAME=VALUE */
	size_t n_defines;
	unsigned jobs; /* threads; 0: one a core */
	struct snafu_scan_progress *progress; /* MAY be NULL */
};

struct snafu_scanner {
	unsigned version; /* SNAFU_SCANNER_VERSION; a module with another one is refused */
	const char *name; /* the language: "python" */
	const char *const *suffixes; /* with the dot, NULL-terminated: ".py" */

	/* MAY be NULL. Whether a file without a known suffix is this language's, by
	 * its first bytes (a #! line). */
	bool (*claims)(const char *head, size_t size);

	/* MUST append the functions of COUNT sources to RET and note what could not
	 * be read as diagnostics there. MUST survive any bytes. Called from several
	 * threads at once, each with sources and a RET of its own. Fails only when
	 * memory is out. */
	int (*scan)(const struct snafu_source *sources, size_t count,
	            const struct snafu_scan_options *options, struct snafu_functions *ret,
	            struct snafu_error *error);

	size_t batch; /* how many sources one call of scan() wants; 0 means 1 */
	bool reads_paths; /* scan() opens the files itself: their bytes are not read for it */

	/* MAY be NULL. The file that makes its folder a package ("__init__.py"): ids
	 * of a directory inside a package begin with the package's name, and its
	 * own module is the folder's. */
	const char *package_file;

	/* MAY be NULL. Those of the suffixes whose files are left out of a directory
	 * that has files with the other suffixes: compiled classes beside their
	 * source, headers beside the C files. */
	const char *const *secondary_suffixes;

	/* For scanning again when files have changed (scanner/rescan.h). All MAY be NULL. */
	/* Files that say how sources are to be read ("compile_commands.json"). */
	const char *const *companions;
	/* CHANGED are files that have changed, come or gone: those of SOURCES, of the known
	 * ones, companions, others with a suffix of this scanner. Sets RET_AFFECTED for
	 * each of the SOURCES that may now give other functions though its own bytes are
	 * the same (it includes one of them). 0 or -ENOMEM. */
	int (*affected)(const struct snafu_source *sources, size_t count, const char *const *changed,
	                size_t n_changed, bool *ret_affected);
	/* What is found in a file depends on the others of its batch. */
	bool together;
};

#define SNAFU_SCANNER_VERSION 1
#define SNAFU_SCANNER_SYMBOL  "snafu_scanner"

/* Scans files and directories: in the order given, a directory's files by name.
 * Folders of version control, build products and virtual environments are
 * passed over. What cannot be read becomes a diagnostic; fails
 * (-ENOENT, -ENOMEM, ...) only when a path given does not exist or memory is
 * out. RET must be zeroed; on failure it is left empty. */
int snafu_scan(const char *const *paths, size_t count, const struct snafu_scan_options *options,
               struct snafu_functions *ret, struct snafu_error *error);

/* Writes a function as the JSON object that `snafu-scan --format json` prints:
 * id, language, file, line, kind, parameters, returns, doc, callable, reason. */
void snafu_function_write_json(const struct snafu_function *function, struct snafu_buffer *into);

#endif
