/* scanner/walk.h — from the paths a person names to the list of source files.
 * Used by scan.c and rescan.c. */
#ifndef SNAFU_SCANNER_WALK_H
#define SNAFU_SCANNER_WALK_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "scanner/scanners.h"

/* By what a file is known to be still the same. */
struct snafu_stamp {
	uint64_t device, inode, size;
	int64_t modified, changed; /* ns since 1970: of the bytes, of the entry */
};

/* A source and who reads it. Strings live in the arena of `functions`. */
struct snafu_walked {
	struct snafu_source source;
	const struct snafu_scanner *scanner;
	size_t number; /* in the order of the walk */
	struct snafu_stamp stamp; /* as it was found */
};

struct snafu_walk {
	struct snafu_walked *found; /* malloc'ed */
	size_t count, capacity;
	struct snafu_functions *functions; /* takes strings and diagnostics */
	struct snafu_scanners scanners;

	/* MAY be NULL: the paths are files, to be taken as those that are found in this folder,
	 * above them. */
	const char *below;

	/* For whoever walks again and again. */
	bool lenient; /* a path that is not there is passed over */
	bool wants_folders;
	const char **folders; /* malloc'ed: those walked, and those that named files are in */
	size_t n_folders, folders_capacity;
};

void snafu_stamp_take(const struct stat *status, struct snafu_stamp *ret_stamp);

/* Lists the sources below COUNT paths. -ENOENT and the like when a path cannot be
 * opened at all; what is wrong inside a directory becomes a diagnostic. */
int snafu_walk(struct snafu_walk *walk, const char *const *paths, size_t count,
               struct snafu_error *error);

/* (scan.c) Brings what was found into the order of a scan's result: by scanner. */
void snafu_walk_sort(struct snafu_walk *walk);

/* (scan.c) Scans what a walk has found, sorted, and adds to FUNCTIONS. */
int snafu_scan_walked(struct snafu_walked *found, size_t count,
                      const struct snafu_scan_options *options, struct snafu_functions *functions,
                      struct snafu_error *error);

/* Whether the folder PATH, which is NAME in FOLDER, is no part of what a user has written:
 * version control, build products, virtual environments. */
bool snafu_walk_passes_over(const char *folder, const char *name, const char *path);

void snafu_walk_done(struct snafu_walk *walk);

/* Whether the folder NAME in FOLDER, together PATH, holds nothing that belongs to a source
 * tree: version control, build products, virtual environments. */
bool snafu_walk_passes_over(const char *folder, const char *name, const char *path);

#endif
