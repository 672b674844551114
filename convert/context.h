/* convert/context.h — the folder that a deployment is made of: where in it each path stands that
 * was named, and copying there what is elsewhere, so that the folder can be taken away.
 *
 * What lies below the folder already stays where it is; all else goes below functions/ in it,
 * by the name that it has, Python files with the packages that they are in. So functions have
 * the same ids there as here. One thread at a time. */
#ifndef SNAFU_CONVERT_CONTEXT_H
#define SNAFU_CONVERT_CONTEXT_H

#include <stdbool.h>
#include <stddef.h>

struct snafu_error;
struct snafu_output;

#define SNAFU_CONTEXT_FILE_CAP  (256u << 20) /* bytes of a file that is copied */
#define SNAFU_CONTEXT_FILES_CAP 200000 /* files that are copied */
#define SNAFU_CONTEXT_DEPTH_CAP 64 /* folders inside each other */

struct snafu_context_entry {
	const char *path; /* as named; borrowed */
	char *whole; /* the same, absolute */
	char *from; /* absolute: the folder whose content has its place... */
	char *to; /* ...here, relative to the context's folder; "": in it */
	char *unit; /* what is copied of FROM, a file's or a folder's name; NULL: nothing */
};

struct snafu_context {
	char *folder; /* absolute */
	struct snafu_context_entry *entries; /* one for each path */
	size_t count;
};

/* Decides where each of COUNT paths stands. FOLDER need not be there yet; NULL: none, all
 * is below functions/. PATHS are borrowed. 0, or a negative errno with RET_CONTEXT empty. */
int snafu_context_plan(const char *folder, const char *const *paths, size_t count,
                       struct snafu_context *ret_context, struct snafu_error *error);

/* Where PATH, one of those named or below one, stands in the folder: malloc'ed; NULL when it is
 * nowhere there, or memory is out. */
char *snafu_context_place(const struct snafu_context *context, const char *path);

/* Copies what is elsewhere, by OUTPUT and its rules. Counts the files, and those that are there,
 * differ, and stay. */
int snafu_context_copy(const struct snafu_context *context, struct snafu_output *output,
                       size_t *ret_copied, size_t *ret_kept, struct snafu_error *error);

void snafu_context_done(struct snafu_context *context);

#endif
