/* convert/project/project.h — a legacy code base as a project of services that runs on its own:
 *
 *     OUT/src/            the sources: Python 2 as Python 3, all else as it was; a config
 *                         stub beside each (convert/stubs/stubs.h)
 *     OUT/diffs/          what was changed in each Python file
 *     OUT/REPORT.md       what needs a human eye; report.json for programs
 *     OUT/README.md       how to run it
 *     OUT/...             openapi.json, smoke-test, Makefile, snafu.ini, container files
 *
 * The code base is only read. A second run changes only what changed, and keeps what people
 * have edited (convert/mirror.h). One thread. */
#ifndef SNAFU_CONVERT_PROJECT_PROJECT_H
#define SNAFU_CONVERT_PROJECT_PROJECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "scanner/scanner.h"

struct snafu_error;

#define SNAFU_PROJECT_FILES_CAP 200000 /* files of a code base */
#define SNAFU_PROJECT_FILE_CAP  (1ull << 30) /* bytes of one; larger ones are left out */
#define SNAFU_PROJECT_DEPTH_CAP 64 /* folders inside each other */
#define SNAFU_PROJECT_NOTES_CAP 200000 /* in one report */

struct snafu_project_options {
	const char *legacy; /* a folder, or a file: what it needs of its own folder comes along */
	const char *out; /* a folder; made when it is not there */
	bool force; /* also what people have edited is written anew */
	const char *python; /* "auto", "2" or "3": what Python files are */
	struct snafu_scan_options scan; /* how sources are scanned, and C is built */
	/* What is being done, for a person who waits; NULL: it is over. Any thread. */
	void (*working)(void *state, const char *what);
	/* What a person should know at once: what is left out, kept, or got worse. */
	void (*tell)(void *state, const char *message);
	void *state;
};

struct snafu_project_summary {
	size_t files; /* of the code base, without what is left out */
	size_t left_out;
	size_t along, wanted; /* of a single source: files that it needs; what else it would */
	size_t python, upgraded, python2, broken; /* files; those kept as Python 2; those that
	                                           * neither Python takes */
	size_t c, c_failed, libraries;
	size_t java, java_failed;
	size_t notes; /* that need a human eye */
	size_t functions_before, functions_after, examples;
	size_t written, same, edited, removed; /* files of OUT */
};

/* Converts. Fails (0 is success, also when some files could not be converted: the report says
 * it) when LEGACY cannot be read, OUT cannot be written, or one is in the other. */
int snafu_project_convert(const struct snafu_project_options *options,
                          struct snafu_project_summary *ret_summary, struct snafu_error *error);

#endif
