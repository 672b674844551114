/* convert/mirror.h — a folder of generated files in which people may edit.
 *
 * What was written last time is known by its SHA-256: MANIFEST.sha256, as sha256sum(1) reads
 * it, and, after a run that was cut off, a journal. So a file that is as it was left is
 * replaced or removed freely, one that a person has changed stays, and one that would come
 * out the same is not touched. Each file is renamed into place. One run at a time: the
 * folder is locked. */
#ifndef SNAFU_CONVERT_MIRROR_H
#define SNAFU_CONVERT_MIRROR_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/sha256.h"

struct snafu_error;

#define SNAFU_MIRROR_MANIFEST     "MANIFEST.sha256"
#define SNAFU_MIRROR_WORK         ".snafu-convert" /* holds what is under way; gone in the end */
#define SNAFU_MIRROR_MANIFEST_CAP (256u << 20) /* bytes */

enum snafu_mirror_fate {
	SNAFU_MIRROR_SAME, /* it was like that */
	SNAFU_MIRROR_WRITTEN,
	SNAFU_MIRROR_KEPT, /* a person has changed it */
};

struct snafu_mirror_entry {
	const char *path; /* below the folder */
	char hash[SNAFU_SHA256_TEXT_SIZE]; /* of a link: of its target */
};

struct snafu_mirror_list {
	struct snafu_mirror_entry *entries; /* malloc'ed */
	size_t count, capacity;
};

struct snafu_mirror {
	char *root; /* real path */
	char *work; /* the folder for what is under way */
	bool force; /* what people have changed is replaced, too */
	struct snafu_arena texts;
	struct snafu_mirror_list before; /* what runs before have written; sorted by path */
	struct snafu_mirror_list now;
	int lock, journal; /* descriptors */
	size_t written, same, kept, removed; /* files of this run */
	unsigned n_temporary;
};

/* ROOT is made when it is not there. -EEXIST: there is something in it that no run has
 * written, and no FORCE; -EBUSY: another run has it. MIRROR is filled in any case. */
int snafu_mirror_open(struct snafu_mirror *mirror, const char *root, bool force,
                      struct snafu_error *error);

/* Each puts a file at PATH (below the root, without ..), with the folders above it: a fate, or a
 * negative errno. EXECUTABLE: like in a program's. */
int snafu_mirror_put(struct snafu_mirror *mirror, const char *path, const void *bytes, size_t size,
                     bool executable, struct snafu_error *error);
int snafu_mirror_copy(struct snafu_mirror *mirror, const char *path, const char *source,
                      bool executable, struct snafu_error *error);
int snafu_mirror_link(struct snafu_mirror *mirror, const char *path, const char *target,
                      struct snafu_error *error);
/* What is at PATH, if anything is, stays, and counts as written; it is a person's. */
int snafu_mirror_leave(struct snafu_mirror *mirror, const char *path, struct snafu_error *error);

/* Whether there is a file at PATH that a person has made or changed, and it will stay. */
bool snafu_mirror_is_edited(struct snafu_mirror *mirror, const char *path);

/* Removes those of the files below FOLDER that earlier runs have written, that nobody has changed
 * and that this run has not put there so far; but for names that end in SPARED. */
void snafu_mirror_sweep(struct snafu_mirror *mirror, const char *folder, const char *spared);

/* Removes what earlier runs have written and this one has not, calls GONE for each such file that
 * a person has changed, which stays, and writes the manifest. */
int snafu_mirror_finish(struct snafu_mirror *mirror, void (*gone)(void *state, const char *path),
                        void *state, struct snafu_error *error);

void snafu_mirror_close(struct snafu_mirror *mirror);

/* Where PATH is: malloc'ed. */
char *snafu_mirror_path(const struct snafu_mirror *mirror, const char *path);

/* ---- mirror_manifest.c ---------------------------------------------------------------- */

/* Reads lists as sha256sum writes them; a line that was cut off ends them. FILE may be missing. */
int snafu_mirror_list_read(struct snafu_mirror_list *list, const char *file,
                           struct snafu_arena *texts, struct snafu_error *error);
int snafu_mirror_list_add(struct snafu_mirror_list *list, const char *path, const char *hash);
void snafu_mirror_list_sort(struct snafu_mirror_list *list);
/* The first entry of PATH in a sorted list, or NULL. */
const struct snafu_mirror_entry *snafu_mirror_list_find(const struct snafu_mirror_list *list,
                                                        const char *path);
struct snafu_buffer;
void snafu_mirror_list_write(const char *path, const char *hash, struct snafu_buffer *into);

/* The SHA-256 of the file at PATH, of a link that of its target. -ENOENT; -EISDIR and the like
 * for what is neither. */
int snafu_mirror_hash(const char *path, char ret_hash[SNAFU_SHA256_TEXT_SIZE]);

#endif
