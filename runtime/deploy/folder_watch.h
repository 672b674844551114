/* runtime/deploy/folder_watch.h — hearing of files that change, through inotify.
 *
 * Tells of names only: what has become of a file is for the listener to find out. One
 * thread at a time. */
#ifndef SNAFU_RUNTIME_DEPLOY_FOLDER_WATCH_H
#define SNAFU_RUNTIME_DEPLOY_FOLDER_WATCH_H

#include <stdbool.h>
#include <stddef.h>

struct snafu_error;
struct snafu_folder_watch;

struct snafu_watched_folder {
	const char *path;
	bool distant; /* of no interest by itself, but for some names in it */
};

/* Something in FOLDER; NAME "": the folder itself. */
struct snafu_folder_event {
	const struct snafu_watched_folder *folder;
	const char *name;
	bool is_folder, gone;
};

int snafu_folder_watch_new(struct snafu_folder_watch **ret_watch, struct snafu_error *error);
void snafu_folder_watch_free(struct snafu_folder_watch *watch); /* NULL is welcome */

/* Readable when there is something to hear. */
int snafu_folder_watch_fd(const struct snafu_folder_watch *watch);

/* Watches these and no others; folders that are not there are left out. RET_NEW: how many
 * of them are watched that were not before, and may have changed unheard. -ENOSPC and
 * the like when the kernel does not give as many watches: some folders are not watched. */
int snafu_folder_watch_set(struct snafu_folder_watch *watch,
                           const struct snafu_watched_folder *folders, size_t count,
                           size_t *ret_new, struct snafu_error *error);

/* Hears all there is. False: some of it was lost. */
bool snafu_folder_watch_read(struct snafu_folder_watch *watch,
                             void (*heard)(void *state, const struct snafu_folder_event *event),
                             void *state);

#endif
