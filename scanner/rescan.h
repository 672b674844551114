/* scanner/rescan.h — scanning again only what has changed, for hosts whose sources change
 * while they run.
 *
 * A catalogue lists the files of a scan, with what tells whether each is still the same.
 * The walk over the folders is done anew each time, so that ids and roots are those
 * that a whole scan would give; reading the files is what costs, and is left out.
 * One thread at a time. */
#ifndef SNAFU_SCANNER_RESCAN_H
#define SNAFU_SCANNER_RESCAN_H

#include "scanner/walk.h"

struct snafu_scan_options;

struct snafu_catalogue {
	struct snafu_functions texts; /* owns the strings; its diagnostics are the walk's */
	struct snafu_walk walk; /* `found` is sorted as a scan's result is */
	struct snafu_walked **by_path; /* malloc'ed; sorted */
};

/* How an entry compares with the one of the last catalogue. */
enum snafu_change {
	SNAFU_SAME,
	SNAFU_CHANGED, /* or come: to be scanned */
	SNAFU_REREAD, /* to be scanned, but only since it stands beside one that has changed:
	               * what is found may be the same as before */
	SNAFU_UNSETTLED, /* so fresh that somebody may still be writing: look again soon */
};

/* How long a file must have been left alone. */
#define SNAFU_SETTLE_NS 40000000

/* Lists the files below PATHS; paths that are not there are passed over. */
int snafu_catalogue_make(struct snafu_catalogue *ret_catalogue, const char *const *paths,
                         size_t count, struct snafu_error *error);
void snafu_catalogue_done(struct snafu_catalogue *catalogue);

/* Compares NOW with BEFORE (NULL: with a scan that was begun at SINCE, ns since 1970, when
 * what has changed later is CHANGED): RET_CHANGES has an entry for each of NOW's. TOUCHED
 * are paths that somebody says have changed, whatever size and time they have, also files that
 * are in neither. An unsettled
 * entry takes the old one's stamp, so that it differs the next time. */
int snafu_catalogue_compare(const struct snafu_catalogue *before, struct snafu_catalogue *now,
                            int64_t since, const char *const *touched, size_t n_touched,
                            enum snafu_change *ret_changes);

/* Scans the entries of CATALOGUE that CHANGES has as SNAFU_CHANGED or SNAFU_REREAD. */
int snafu_rescan(const struct snafu_catalogue *catalogue, const enum snafu_change *changes,
                 const struct snafu_scan_options *options, struct snafu_functions *ret,
                 struct snafu_error *error);

/* The entry for PATH, or NULL. */
const struct snafu_walked *snafu_catalogue_find(const struct snafu_catalogue *catalogue,
                                                const char *path);

#endif
