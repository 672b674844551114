/* runtime/queue/file.c — see file.h. */
#include "runtime/queue/file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"

#define NOTE_CAP      256 /* bytes of a lock file */
#define NAME_SIZE_CAP 64 /* bytes of a source's name in the file's name */

/* ---- where --------------------------------------------------------------------- */

/* One number for a set of sources, in whatever order they were given. */
static unsigned long long hash_sources(const char *const *sources, size_t count)
{
	unsigned long long sum = 0;

	for (size_t i = 0; i < count; i++) {
		char *whole = realpath(sources[i], NULL);
		const char *path = whole ? whole : sources[i];

		sum += snafu_hash(SNAFU_HASH_START, path, strlen(path));
		free(whole);
	}
	return sum;
}

/* hello.py becomes hello; what no file name should have becomes a dash. */
static void write_name(const char *source, char name[NAME_SIZE_CAP])
{
	char *whole = realpath(source, NULL);
	const char *base = snafu_path_base(whole ? whole : source);
	size_t size = strcspn(base, ".");

	if (!size || size >= NAME_SIZE_CAP)
		size = strnlen(base, NAME_SIZE_CAP - 1);
	for (size_t i = 0; i < size; i++) {
		char letter = base[i];
		bool plain = (letter >= '0' && letter <= '9') || (letter >= 'a' && letter <= 'z') ||
		             (letter >= 'A' && letter <= 'Z') || letter == '_';

		name[i] = plain ? letter : '-';
	}
	name[size] = '\0';
	free(whole);
}

static char *default_path(const char *const *sources, size_t count)
{
	const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
	unsigned long long hash = hash_sources(sources, count);
	char name[NAME_SIZE_CAP], *path = NULL;

	write_name(count ? sources[0] : "functions", name);
	if (state && state[0] == '/') {
		if (asprintf(&path, "%s/snafu/%s-%016llx.queue", state, name, hash) < 0)
			return NULL;
	} else if (home && home[0] == '/') {
		if (asprintf(&path, "%s/.local/state/snafu/%s-%016llx.queue", home, name, hash) < 0)
			return NULL;
	}
	return path;
}

int snafu_queue_file_path(const char *named, const char *const *sources, size_t n_sources,
                          char **ret_path, struct snafu_error *error)
{
	if (strcmp(named, "none") == 0)
		return snafu_fail(error, -ENOENT,
		                  "asynchronous calls are switched off here ([asynchronous] file = none)");
	char *path = *named ? strdup(named) : default_path(sources, n_sources);
	if (!path)
		return snafu_fail(error, -ENOENT,
		                  "no place for the queue of asynchronous calls: neither XDG_STATE_HOME "
		                  "nor HOME is an absolute path; set file in [asynchronous]");
	*ret_path = path;
	return 0;
}

/* ---- who ----------------------------------------------------------------------- */

static char *lock_path(const char *path)
{
	char *lock;

	return asprintf(&lock, "%s.lock", path) < 0 ? NULL : lock;
}

bool snafu_queue_file_look(const char *path, struct snafu_queue_counts *ret_counts)
{
	struct snafu_queue_counts counts = {1, 1, 1, 1, 1, 1};
	char *lock, *note = NULL;
	size_t size;

	if (access(path, F_OK))
		return false;
	lock = lock_path(path);
	if (lock && snafu_file_read(lock, NOTE_CAP, &note, &size, NULL) == 0 &&
	    sscanf(note,
	           "waiting %" SCNu64 " running %" SCNu64 " succeeded %" SCNu64 " failed %" SCNu64
	           " dead %" SCNu64 " deliveries %" SCNu64 "\n",
	           &counts.waiting, &counts.running, &counts.succeeded, &counts.failed, &counts.dead,
	           &counts.deliveries) != 6)
		counts = (struct snafu_queue_counts){1, 1, 1, 1, 1, 1};
	free(lock);
	free(note);
	*ret_counts = counts;
	return true;
}

static int make_folder(const char *path, struct snafu_error *error)
{
	char *folder = snafu_path_folder(path);
	int code =
		folder ? snafu_directory_make(folder, error) : snafu_fail(error, -ENOMEM, "no memory");

	free(folder);
	return code;
}

/* Nobody but the user may read what was asked of the functions. SQLite gives its other
 * files the same mode. */
static int make_file(const char *path, struct snafu_error *error)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
	struct stat status;

	if (fd < 0)
		return snafu_fail_errno(error, -errno, "cannot open the queue %s", path);
	int code = fstat(fd, &status) ? -errno : 0;
	if (!code && !S_ISREG(status.st_mode))
		code = -EINVAL;
	close(fd);
	return code ? snafu_fail_errno(error, code, "the queue %s is no regular file", path) : 0;
}

static int take_lock(const char *path, int fd, struct snafu_error *error)
{
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

	if (fcntl(fd, F_SETLK, &lock) == 0)
		return 0;
	int code = -errno;
	if (code != -EACCES && code != -EAGAIN)
		return snafu_fail_errno(error, code, "cannot lock %s.lock", path);
	if (fcntl(fd, F_GETLK, &lock) || lock.l_type == F_UNLCK)
		lock.l_pid = 0;
	return snafu_fail(error, -EBUSY,
	                  "process %d works with the queue %s: this host takes no asynchronous calls "
	                  "until that one ends; for both at once, set file in [asynchronous]",
	                  (int)lock.l_pid, path);
}

int snafu_queue_file_lock(const char *path, int *ret_fd, struct snafu_error *error)
{
	char *name = lock_path(path);
	int code = name ? make_folder(path, error) : snafu_fail(error, -ENOMEM, "no memory"), fd = -1;

	if (!code) {
		fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
		if (fd < 0)
			code = snafu_fail_errno(error, -errno, "cannot open %s", name);
	}
	free(name);
	if (!code)
		code = take_lock(path, fd, error);
	if (!code)
		code = make_file(path, error);
	/* From now on nobody knows what is in it until it is closed. */
	if (!code && ftruncate(fd, 0))
		code = snafu_fail_errno(error, -errno, "cannot write to %s.lock", path);
	if (code) {
		if (fd >= 0)
			close(fd);
		return code;
	}
	*ret_fd = fd;
	return 0;
}

bool snafu_queue_file_is_locked(const char *path, int fd)
{
	char *name = lock_path(path);
	struct stat there, ours;
	bool same = name && lstat(name, &there) == 0 && fstat(fd, &ours) == 0 &&
	            there.st_ino == ours.st_ino && there.st_dev == ours.st_dev;

	free(name);
	return same;
}

void snafu_queue_file_unlock(int fd, const struct snafu_queue_counts *counts)
{
	char note[NOTE_CAP];
	int size = snprintf(note, sizeof note,
	                    "waiting %" PRIu64 " running %" PRIu64 " succeeded %" PRIu64
	                    " failed %" PRIu64 " dead %" PRIu64 " deliveries %" PRIu64 "\n",
	                    counts->waiting, counts->running, counts->succeeded, counts->failed,
	                    counts->dead, counts->deliveries);

	/* Half a note is none: then the next host looks for itself. */
	if (pwrite(fd, note, (size_t)size, 0) < 0)
		size = 0;
	close(fd);
}
