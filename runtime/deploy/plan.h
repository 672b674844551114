/* runtime/deploy/plan.h — what one round of hot deployment is going to offer, file by
 * file: private to runtime/deploy/. */
#ifndef SNAFU_RUNTIME_DEPLOY_PLAN_H
#define SNAFU_RUNTIME_DEPLOY_PLAN_H

#include <stdbool.h>
#include <stddef.h>

#include "scanner/rescan.h"

struct snafu_deployer;
struct snafu_error;
struct snafu_generation;
struct snafu_scanned;
struct snafu_service;

#define SNAFU_PLAN_TRIES 8 /* functions of a changed file that are tried */

struct snafu_planned {
	const char *path;
	struct snafu_service **before; /* of the current generation: borrowed */
	size_t n_before;
	struct snafu_service **now; /* new ones: references; NULL: as before */
	size_t n_now;
	bool was_known; /* the file, though it may have had no functions */
	bool gone, is_news;
	char *broken; /* why the file is not used as it is now */
};

struct snafu_plan {
	struct snafu_deployer *deployer;
	struct snafu_generation *current; /* a reference */
	struct snafu_scanned *scanned; /* a reference */
	struct snafu_planned *planned; /* in the order of a scan's result; those gone come last */
	size_t count;
	const char **files; /* paths that differ */
	size_t n_files;
	bool has_news; /* there is something to do */
};

/* Scans what CHANGES says and lays out the result. */
int snafu_plan_make(struct snafu_plan *plan, struct snafu_deployer *deployer,
                    const struct snafu_catalogue *now, const enum snafu_change *changes,
                    struct snafu_error *error);
void snafu_plan_done(struct snafu_plan *plan);

/* The generation that the plan amounts to, a reference; NULL when memory is out. */
struct snafu_generation *snafu_plan_generation(struct snafu_plan *plan);

/* (try.c) A service of the file that is bound in this process, or NULL. */
struct snafu_service *snafu_planned_bound(const struct snafu_planned *planned);
/* (try.c) Binds what is not yet bound of files that are loaded in this process. */
void snafu_plan_bind_old(struct snafu_plan *plan);
/* (try.c) Binds functions of changed files that were loaded in this process. Whether
 * some file turned out broken: its part of the plan is undone. */
bool snafu_plan_try(struct snafu_plan *plan);

/* Remembers which files are broken. */
void snafu_plan_note_broken(struct snafu_plan *plan, struct snafu_deployer *deployer);

#endif
