/* runtime/queue/destinations.c — the ends of deliveries: lines appended to files, and
 * what modules named destination-SCHEME.so take (destination-http.so: http and https). */
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/parts.h"
#include "runtime/queue/destination.h"
#include "runtime/queue/work.h"

#define FILE_PREFIX   "file:"
#define SCHEME_CAP    16
#define LOCK_PAUSE_NS 1000000

/* ---- files ------------------------------------------------------------------------- */

/* Whether the file ends within a line: somebody died while writing it. */
static bool is_torn(int fd, off_t size)
{
	char last = '\n';

	return size > 0 && pread(fd, &last, 1, size - 1) == 1 && last != '\n';
}

static int write_line(int fd, off_t at, const char *body, size_t size)
{
	struct iovec parts[] = {
		{.iov_base = (void *)"\n", .iov_len = is_torn(fd, at) ? 1 : 0},
		{.iov_base = (void *)body, .iov_len = size},
		{.iov_base = (void *)"\n", .iov_len = 1},
	};
	size_t left = parts[0].iov_len + size + 1;

	for (size_t i = 0; left > 0;) {
		ssize_t written = pwritev(fd, parts + i, (int)(3 - i), at);

		if (written < 0 && errno == EINTR)
			continue;
		if (written <= 0)
			return written < 0 ? -errno : -EIO;
		at += written;
		left -= (size_t)written;
		for (size_t done = (size_t)written; done > 0 && i < 3;) {
			size_t step = done < parts[i].iov_len ? done : parts[i].iov_len;

			parts[i].iov_base = (char *)parts[i].iov_base + step;
			parts[i].iov_len -= step;
			done -= step;
			i += parts[i].iov_len == 0;
		}
		while (i < 3 && parts[i].iov_len == 0)
			i++;
	}
	return 0;
}

/* Other errands and other hosts may write to the same file. */
static int lock_file(int fd, uint64_t timeout_ms, const atomic_bool *stop)
{
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	const struct timespec pause = {.tv_nsec = LOCK_PAUSE_NS};
	uint64_t end = snafu_now_ms() + timeout_ms;

	while (fcntl(fd, F_OFD_SETLK, &lock)) {
		if (errno != EAGAIN && errno != EACCES && errno != EINTR)
			return -errno;
		if (*stop)
			return -ECANCELED;
		if (snafu_now_ms() > end)
			return -ETIMEDOUT;
		nanosleep(&pause, NULL);
	}
	return 0;
}

/* One line, whole or not at all. */
static int append_line(int fd, const char *body, size_t size)
{
	struct stat status;

	if (fstat(fd, &status))
		return -errno;
	if (!S_ISREG(status.st_mode))
		return -EPERM;
	int code = write_line(fd, status.st_size, body, size);
	if (!code && fsync(fd))
		code = -errno;
	if (code && ftruncate(fd, status.st_size))
		return code;
	return code;
}

/* Whoever wrote a function's settings may not be who runs the host: with a folder, no path
 * leads out of it, by ".." or by a link. */
static int open_file(const char *folder, const char *path)
{
	const int flags = O_RDWR | O_CREAT | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
	struct open_how how = {.flags = (uint64_t)flags,
	                       .mode = 0600,
	                       .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS};

	if (!*folder) {
		int fd = open(path, flags, 0600);

		return fd < 0 ? -errno : fd;
	}
	int below = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (below < 0)
		return -errno;
	long fd = syscall(SYS_openat2, below, path, &how, sizeof how);
	int code = fd < 0 ? -errno : (int)fd;
	close(below);
	return code == -EXDEV ? -EPERM : code;
}

static int to_file(const struct snafu_settings *settings, const char *path, const char *body,
                   size_t size, const atomic_bool *stop, struct snafu_error *error)
{
	const char *folder = settings->destination_folder;
	int fd = open_file(folder, path);

	if (fd == -EPERM && *folder)
		return snafu_fail(error, -EPERM,
		                  "%s is not below %s, where files of destinations must be ([asynchronous] "
		                  "destination-folder)",
		                  path, folder);
	if (fd < 0)
		return snafu_fail_errno(error, fd == -EPERM ? -EACCES : fd, "cannot open %s%s%s", folder,
		                        *folder ? "/" : "", path);
	int code = lock_file(fd, settings->destination_timeout, stop);
	if (!code)
		code = append_line(fd, body, size);
	close(fd);
	return code ? snafu_fail_errno(error, code, "cannot append to %s", path) : 0;
}

/* ---- the rest ------------------------------------------------------------------------ */

int snafu_work_allows(const struct snafu_settings *settings, const char *destination,
                      struct snafu_error *error)
{
	size_t length = strcspn(destination, ":");

	for (const char *at = settings->destinations; *at;) {
		size_t size = strcspn(at, ", ");

		if (destination[length] && size == length && strncmp(at, destination, size) == 0)
			return 0;
		at += size;
		at += strspn(at, ", ");
	}
	return snafu_fail(error, -EPERM,
	                  "'%.200s' is no destination of this host, which may tell: %s ([asynchronous] "
	                  "destinations)",
	                  destination, settings->destinations);
}

int snafu_work_transport(const struct snafu_settings *settings, const char *destination,
                         const char *body, size_t size, const atomic_bool *stop,
                         struct snafu_error *error)
{
	char scheme[SCHEME_CAP] = "";
	size_t length = strcspn(destination, ":");
	void *address;

	int code = snafu_work_allows(settings, destination, error);
	if (code)
		return code;
	if (strncmp(destination, FILE_PREFIX, strlen(FILE_PREFIX)) == 0)
		return to_file(settings, destination + strlen(FILE_PREFIX), body, size, stop, error);
	if (length < sizeof scheme)
		memcpy(scheme, destination, length);
	if (strcmp(scheme, "https") == 0)
		scheme[4] = '\0';
	code = snafu_part_open("destination", scheme, SNAFU_DESTINATION_SYMBOL, 0, &address, error);
	if (code)
		return snafu_fail(error, -EPERM,
		                  "'%.200s' is no destination: function:ID, file:PATH or a URL is",
		                  destination);
	const struct snafu_destination *module = address;
	if (module->version != SNAFU_DESTINATION_VERSION)
		return snafu_fail(error, -EPERM, "destination-%s.so is made for another Snafu", scheme);
	return module->send(destination, body, size, settings->destination_timeout, stop, error);
}
