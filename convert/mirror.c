/* convert/mirror.c — see mirror.h. */
#include "convert/mirror.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/file.h"

#define LINE_CAP  (16u << 10) /* bytes of a line of the journal */
#define PIECE     (64u << 10) /* bytes copied at once */
#define FTW_FILES 16 /* descriptors for the removal of a folder */

char *snafu_mirror_path(const struct snafu_mirror *mirror, const char *path)
{
	return snafu_path_join(mirror->root, path);
}

/* ---- opening ---------------------------------------------------------------------------- */

static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *place)
{
	(void)status;
	(void)type;
	(void)place;
	return remove(path);
}

/* What is under way ends here; also what an earlier run has left of it. */
static void clear_work(const struct snafu_mirror *mirror)
{
	nftw(mirror->work, remove_entry, FTW_FILES, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
}

static bool is_empty(const char *folder)
{
	DIR *stream = opendir(folder);
	struct dirent *entry;
	bool empty = stream != NULL;

	while (empty && (entry = readdir(stream)))
		empty = strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0;
	if (stream)
		closedir(stream);
	return empty;
}

/* Reads what earlier runs have written. */
static int read_before(struct snafu_mirror *mirror, struct snafu_error *error)
{
	char *manifest = snafu_mirror_path(mirror, SNAFU_MIRROR_MANIFEST);
	char *journal = snafu_path_join(mirror->work, "journal");
	int code = manifest && journal ? 0 : snafu_fail(error, -ENOMEM, "no memory");

	if (!code && !mirror->force && access(manifest, F_OK) && access(mirror->work, F_OK) &&
	    !is_empty(mirror->root))
		code = snafu_fail(error, -EEXIST,
		                  "%s has something in it that snafu-convert has not written: take "
		                  "another folder, or -f",
		                  mirror->root);
	if (!code)
		code = snafu_mirror_list_read(&mirror->before, manifest, &mirror->texts, error);
	if (!code)
		code = snafu_mirror_list_read(&mirror->before, journal, &mirror->texts, error);
	snafu_mirror_list_sort(&mirror->before);
	free(manifest);
	free(journal);
	return code;
}

/* A journal begins with all that is known already, so that the work of two runs that were cut
 * off is known. */
static int begin_journal(struct snafu_mirror *mirror, struct snafu_error *error)
{
	struct snafu_buffer known = SNAFU_BUFFER(SNAFU_MIRROR_MANIFEST_CAP);
	char *journal = snafu_path_join(mirror->work, "journal");
	int code = journal ? 0 : -ENOMEM;

	for (size_t i = 0; i < mirror->before.count; i++)
		snafu_mirror_list_write(mirror->before.entries[i].path, mirror->before.entries[i].hash,
		                        &known);
	if (!code)
		code = snafu_buffer_failed(&known);
	if (!code && mkdir(mirror->work, 0777) && errno != EEXIST)
		code = -errno;
	if (!code)
		code = snafu_file_write(journal, known.data ? known.data : "", known.size, NULL);
	if (!code && (mirror->journal = open(journal, O_WRONLY | O_APPEND | O_CLOEXEC)) < 0)
		code = -errno;
	snafu_buffer_done(&known);
	free(journal);
	return code ? snafu_fail_errno(error, code, "cannot write into %s", mirror->root) : 0;
}

/* Leftovers of a run that was cut off, but for its journal. */
static void clear_leftovers(const struct snafu_mirror *mirror)
{
	DIR *stream = opendir(mirror->work);
	struct dirent *entry;

	while (stream && (entry = readdir(stream))) {
		const char *name = entry->d_name;
		char *path = snafu_path_join(mirror->work, name);

		if (path && strcmp(name, ".") != 0 && strcmp(name, "..") != 0 &&
		    strcmp(name, "journal") != 0)
			nftw(path, remove_entry, FTW_FILES, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
		free(path);
	}
	if (stream)
		closedir(stream);
}

/* ROOT, and the folders above it that are missing. */
static int make_root(const char *root, struct snafu_error *error)
{
	char *path = strdup(root);
	int code = path ? 0 : snafu_fail(error, -ENOMEM, "no memory");

	for (char *slash = path; !code && slash && *path;) {
		slash = strchr(slash + 1, '/');
		if (slash)
			*slash = '\0';
		if (mkdir(path, 0777) && errno != EEXIST)
			code = snafu_fail_errno(error, -errno, "cannot make %s", path);
		if (slash)
			*slash = '/';
	}
	free(path);
	return code;
}

int snafu_mirror_open(struct snafu_mirror *mirror, const char *root, bool force,
                      struct snafu_error *error)
{
	*mirror = (struct snafu_mirror){.force = force, .lock = -1, .journal = -1};
	int code = make_root(root, error);

	if (code)
		return code;
	mirror->root = realpath(root, NULL);
	mirror->work = mirror->root ? snafu_path_join(mirror->root, SNAFU_MIRROR_WORK) : NULL;
	if (!mirror->work)
		return snafu_fail_errno(error, -errno, "cannot open %s", root);
	mirror->lock = open(mirror->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (mirror->lock < 0)
		return snafu_fail_errno(error, -errno, "cannot open %s", root);
	if (flock(mirror->lock, LOCK_EX | LOCK_NB))
		return snafu_fail(error, -EBUSY, "another snafu-convert writes into %s: wait for it",
		                  mirror->root);
	code = read_before(mirror, error);
	if (code)
		return code;
	clear_leftovers(mirror);
	return begin_journal(mirror, error);
}

void snafu_mirror_close(struct snafu_mirror *mirror)
{
	if (mirror->journal >= 0)
		close(mirror->journal);
	if (mirror->lock >= 0)
		close(mirror->lock);
	free(mirror->before.entries);
	free(mirror->now.entries);
	free(mirror->root);
	free(mirror->work);
	snafu_arena_done(&mirror->texts);
	*mirror = (struct snafu_mirror){.lock = -1, .journal = -1};
}

/* ---- whose a file is -------------------------------------------------------------------- */

static bool is_ours(const struct snafu_mirror *mirror, const char *path, const char *hash)
{
	const struct snafu_mirror_entry *entry = snafu_mirror_list_find(&mirror->before, path);
	const struct snafu_mirror_entry *end = mirror->before.entries + mirror->before.count;

	for (; entry && entry < end && strcmp(entry->path, path) == 0; entry++)
		if (strcmp(entry->hash, hash) == 0)
			return true;
	return false;
}

bool snafu_mirror_is_edited(struct snafu_mirror *mirror, const char *path)
{
	char *place = snafu_mirror_path(mirror, path), hash[SNAFU_SHA256_TEXT_SIZE];
	int code = place ? snafu_mirror_hash(place, hash) : -ENOMEM;

	free(place);
	return !mirror->force && !code && !is_ours(mirror, path, hash);
}

static int note(struct snafu_mirror *mirror, const char *path, const char *hash)
{
	const char *copy = snafu_arena_string(&mirror->texts, path);

	return copy ? snafu_mirror_list_add(&mirror->now, copy, hash) : -ENOMEM;
}

/* From here on the file is known to be ours, wherever we are cut off. */
static int announce(const struct snafu_mirror *mirror, const char *path, const char *hash)
{
	struct snafu_buffer line = SNAFU_BUFFER(LINE_CAP);

	snafu_mirror_list_write(path, hash, &line);
	int code = snafu_buffer_failed(&line);
	if (!code)
		code = snafu_write_all(mirror->journal, line.data, line.size);
	snafu_buffer_done(&line);
	return code;
}

/* ---- placing ---------------------------------------------------------------------------- */

/* The folders above PATH. Links among them may lead anywhere: none is followed. */
static int make_folders(struct snafu_mirror *mirror, const char *place, struct snafu_error *error)
{
	char *folder = strdup(place);
	int code = folder ? 0 : -ENOMEM;

	for (char *slash = folder + (folder ? strlen(mirror->root) : 0);
	     !code && (slash = strchr(slash + 1, '/'));) {
		struct stat status;
		char hash[SNAFU_SHA256_TEXT_SIZE];

		*slash = '\0';
		const char *path = folder + strlen(mirror->root) + 1;
		if (lstat(folder, &status) == 0 && !S_ISDIR(status.st_mode)) {
			if (snafu_mirror_hash(folder, hash) == 0 && is_ours(mirror, path, hash) &&
			    unlink(folder) == 0)
				mirror->removed++;
			else
				code = snafu_fail(error, -ENOTDIR, "%s is in the way: there is to be a folder",
				                  folder);
		}
		if (!code && mkdir(folder, 0777) && errno != EEXIST)
			code = snafu_fail_errno(error, -errno, "cannot make %s", folder);
		*slash = '/';
	}
	free(folder);
	return code;
}

/* TEMPORARY, which holds what HASH says, becomes PATH. */
static int place_file(struct snafu_mirror *mirror, const char *path, const char *temporary,
                      const char *hash, struct snafu_error *error)
{
	char *place = snafu_mirror_path(mirror, path);
	int code = place ? make_folders(mirror, place, error) : -ENOMEM;

	if (!code && (code = announce(mirror, path, hash)))
		snafu_fail_errno(error, code, "cannot write %s", place);
	if (!code && rename(temporary, place))
		code = snafu_fail_errno(error, -errno, "cannot write %s", place);
	free(place);
	return code;
}

static char *temporary_path(struct snafu_mirror *mirror)
{
	char *path;

	return asprintf(&path, "%s/%u", mirror->work, mirror->n_temporary++) < 0 ? NULL : path;
}

/* Whether what is to be written there, with WANTED's hash, is there already (SAME), stays as
 * somebody has edited it (KEPT), or is to be written (WRITTEN). Counts and notes the first two. */
static int judge(struct snafu_mirror *mirror, const char *path, const char *wanted)
{
	char *place = snafu_mirror_path(mirror, path), hash[SNAFU_SHA256_TEXT_SIZE];
	int code = place ? snafu_mirror_hash(place, hash) : -ENOMEM, fate = SNAFU_MIRROR_WRITTEN;

	free(place);
	if (code == -ENOMEM)
		return code;
	if (!code && strcmp(hash, wanted) == 0) {
		mirror->same++;
		fate = SNAFU_MIRROR_SAME;
	} else if (!code && !mirror->force && !is_ours(mirror, path, hash)) {
		mirror->kept++;
		fate = SNAFU_MIRROR_KEPT;
	}
	/* The manifest keeps what we would have written: so an edited file stays edited. */
	return note(mirror, path, wanted) ? -ENOMEM : fate;
}

static int set_mode(const char *path, bool executable)
{
	mode_t mask = umask(0);

	umask(mask);
	return chmod(path, (executable ? 0777 : 0666) & ~mask) ? -errno : 0;
}

/* Puts TEMPORARY, which is freed, in its place; or away, where CODE says that it could not be
 * made. SOURCE: what it is a copy of, or NULL. */
static int finish(struct snafu_mirror *mirror, const char *path, const char *source,
                  char *temporary, const char *hash, int code, struct snafu_error *error)
{
	if (code && source)
		snafu_fail_errno(error, code, "cannot copy %s to %s/%s", source, mirror->root, path);
	else if (code)
		snafu_fail_errno(error, code, "cannot write %s/%s", mirror->root, path);
	else
		code = place_file(mirror, path, temporary, hash, error);
	if (code && temporary)
		unlink(temporary);
	free(temporary);
	mirror->written += !code;
	return code ? code : SNAFU_MIRROR_WRITTEN;
}

int snafu_mirror_put(struct snafu_mirror *mirror, const char *path, const void *bytes, size_t size,
                     bool executable, struct snafu_error *error)
{
	char hash[SNAFU_SHA256_TEXT_SIZE];

	snafu_sha256_of(bytes, size, hash);
	int fate = judge(mirror, path, hash);
	if (fate != SNAFU_MIRROR_WRITTEN)
		return fate < 0 ? snafu_fail(error, fate, "no memory for %s", path) : fate;
	char *temporary = temporary_path(mirror);
	int fd = temporary ? open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666) : -1;
	int code = fd < 0 ? -errno : snafu_write_all(fd, bytes, size);

	if (fd >= 0 && close(fd) && !code)
		code = -errno;
	if (!code)
		code = set_mode(temporary, executable);
	return finish(mirror, path, NULL, temporary, hash, code, error);
}

static int copy_bytes(int from, int to)
{
	char *piece = malloc(PIECE);
	int code = piece ? 0 : -ENOMEM;
	ssize_t n = 1;

	while (!code && (n = read(from, piece, PIECE)) != 0) {
		if (n > 0)
			code = snafu_write_all(to, piece, (size_t)n);
		else if (errno != EINTR)
			code = -errno;
	}
	free(piece);
	return code;
}

int snafu_mirror_copy(struct snafu_mirror *mirror, const char *path, const char *source,
                      bool executable, struct snafu_error *error)
{
	char hash[SNAFU_SHA256_TEXT_SIZE];
	int fate, code = snafu_mirror_hash(source, hash);

	if (code)
		return snafu_fail_errno(error, code, "cannot read %s", source);
	fate = judge(mirror, path, hash);
	if (fate != SNAFU_MIRROR_WRITTEN)
		return fate < 0 ? snafu_fail(error, fate, "no memory for %s", path) : fate;
	char *temporary = temporary_path(mirror);
	int from = open(source, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	int to = temporary ? open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666) : -1;

	code = from < 0 || to < 0 ? -errno : copy_bytes(from, to);
	if (from >= 0)
		close(from);
	if (to >= 0 && close(to) && !code)
		code = -errno;
	if (!code) /* it may have changed meanwhile */
		code = snafu_mirror_hash(temporary, mirror->now.entries[mirror->now.count - 1].hash);
	if (!code)
		code = set_mode(temporary, executable);
	return finish(mirror, path, source, temporary, mirror->now.entries[mirror->now.count - 1].hash,
	              code, error);
}

int snafu_mirror_link(struct snafu_mirror *mirror, const char *path, const char *target,
                      struct snafu_error *error)
{
	char hash[SNAFU_SHA256_TEXT_SIZE];

	snafu_sha256_of(target, strlen(target), hash);
	int fate = judge(mirror, path, hash);
	if (fate != SNAFU_MIRROR_WRITTEN)
		return fate < 0 ? snafu_fail(error, fate, "no memory for %s", path) : fate;
	char *temporary = temporary_path(mirror);
	int code = temporary && symlink(target, temporary) == 0 ? 0 : -errno;

	return finish(mirror, path, NULL, temporary, hash, code, error);
}

/* ---- the end ---------------------------------------------------------------------------- */

int snafu_mirror_leave(struct snafu_mirror *mirror, const char *path, struct snafu_error *error)
{
	const struct snafu_mirror_entry *entry = snafu_mirror_list_find(&mirror->before, path);

	if (!entry)
		return 0;
	return note(mirror, path, entry->hash) ? snafu_fail(error, -ENOMEM, "no memory for %s", path)
	                                       : 0;
}

/* The folders above PATH that are empty now. */
static void remove_folders(const struct snafu_mirror *mirror, char *place)
{
	for (char *slash; (slash = strrchr(place, '/')) && slash > place + strlen(mirror->root);) {
		*slash = '\0';
		if (rmdir(place))
			return;
	}
}

/* One that this run has not written. */
static void remove_gone(struct snafu_mirror *mirror, const char *path,
                        void (*gone)(void *state, const char *path), void *state)
{
	char *place = snafu_mirror_path(mirror, path), hash[SNAFU_SHA256_TEXT_SIZE];

	if (place && snafu_mirror_hash(place, hash) == 0) {
		if (!mirror->force && !is_ours(mirror, path, hash)) {
			gone(state, path);
		} else if (unlink(place) == 0) {
			mirror->removed++;
			remove_folders(mirror, place);
		}
	}
	free(place);
}

static void ignore(void *state, const char *path)
{
	(void)state;
	(void)path;
}

void snafu_mirror_sweep(struct snafu_mirror *mirror, const char *folder, const char *spared)
{
	size_t size = strlen(folder);
	const char *last = "";

	snafu_mirror_list_sort(&mirror->now);
	for (size_t i = 0; i < mirror->before.count; i++) {
		const char *path = mirror->before.entries[i].path;

		if (strcmp(path, last) != 0 && strncmp(path, folder, size) == 0 && path[size] == '/' &&
		    !snafu_path_has_suffix(path, spared) && !snafu_mirror_list_find(&mirror->now, path))
			remove_gone(mirror, path, ignore, NULL);
		last = path;
	}
}

int snafu_mirror_finish(struct snafu_mirror *mirror, void (*gone)(void *state, const char *path),
                        void *state, struct snafu_error *error)
{
	struct snafu_buffer list = SNAFU_BUFFER(SNAFU_MIRROR_MANIFEST_CAP);
	const char *last = "";
	char *manifest = snafu_mirror_path(mirror, SNAFU_MIRROR_MANIFEST), *text = NULL;
	size_t size = 0;

	snafu_mirror_list_sort(&mirror->now);
	for (size_t i = 0; i < mirror->before.count; i++) {
		const char *path = mirror->before.entries[i].path;

		if (strcmp(path, last) != 0 && !snafu_mirror_list_find(&mirror->now, path))
			remove_gone(mirror, path, gone, state);
		last = path;
	}
	for (size_t i = 0; i < mirror->now.count; i++)
		snafu_mirror_list_write(mirror->now.entries[i].path, mirror->now.entries[i].hash, &list);
	int code = manifest ? snafu_buffer_failed(&list) : -ENOMEM;
	if (!code && snafu_file_read(manifest, SNAFU_MIRROR_MANIFEST_CAP, &text, &size, NULL) == 0 &&
	    size == list.size && (!size || memcmp(text, list.data, size) == 0))
		code = 0;
	else if (!code)
		code = snafu_file_write(manifest, list.data ? list.data : "", list.size, NULL)
		           ?: set_mode(manifest, false);
	free(text);
	free(manifest);
	snafu_buffer_done(&list);
	if (code)
		return snafu_fail_errno(error, code, "cannot write %s/" SNAFU_MIRROR_MANIFEST,
		                        mirror->root);
	clear_work(mirror);
	return 0;
}
