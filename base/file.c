/* base/file.c — see file.h. */
#include "base/file.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"

#define HASH_PRIME 1099511628211ull /* that of FNV-1a for 64 bits */

static int read_all(int fd, size_t cap, const char *path, char **ret_text, size_t *ret_size,
                    struct snafu_error *error)
{
	struct stat status;

	if (fstat(fd, &status))
		return snafu_fail_errno(error, -errno, "cannot read %s", path);
	if (!S_ISREG(status.st_mode))
		return snafu_fail(error, -EINVAL, "%s is not a regular file", path);
	if ((unsigned long long)status.st_size > cap)
		return snafu_fail(error, -EFBIG, "%s has %lld bytes, more than the cap of %zu", path,
		                  (long long)status.st_size, cap);
	/* One byte more than fits, to notice a file that grows. */
	size_t room = (size_t)status.st_size + 1, size = 0;
	char *text = malloc(room + 1);

	while (text) {
		ssize_t got = read(fd, text + size, room - size);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0) {
			int code = -errno;

			free(text);
			return snafu_fail_errno(error, code, "cannot read %s", path);
		}
		if (got == 0)
			break;
		size += (size_t)got;
		if (size > cap) {
			free(text);
			return snafu_fail(error, -EFBIG, "%s is larger than the cap of %zu bytes", path, cap);
		}
		if (size == room) {
			char *bigger = realloc(text, room * 2 + 1);

			if (!bigger)
				free(text);
			text = bigger;
			room *= 2;
		}
	}
	if (!text)
		return snafu_fail(error, -ENOMEM, "no memory to read %s", path);
	text[size] = '\0';
	*ret_text = text;
	*ret_size = size;
	return 0;
}

int snafu_file_read(const char *path, size_t cap, char **ret_text, size_t *ret_size,
                    struct snafu_error *error)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (fd < 0)
		return snafu_fail_errno(error, -errno, "cannot open %s", path);
	int code = read_all(fd, cap, path, ret_text, ret_size, error);
	close(fd);
	return code;
}

int snafu_write_all(int fd, const void *bytes, size_t size)
{
	const char *at = bytes;

	while (size > 0) {
		ssize_t written = write(fd, at, size);

		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0)
			return -errno;
		at += written;
		size -= (size_t)written;
	}
	return 0;
}

int snafu_file_write(const char *path, const void *bytes, size_t size, struct snafu_error *error)
{
	char *temporary;

	if (asprintf(&temporary, "%s.XXXXXX", path) < 0)
		return snafu_fail(error, -ENOMEM, "no memory to write %s", path);
	int code = 0, fd = mkostemp(temporary, O_CLOEXEC);
	if (fd < 0) {
		code = snafu_fail_errno(error, -errno, "cannot write %s", path);
		free(temporary);
		return code;
	}
	code = snafu_write_all(fd, bytes, size);
	if (!code && fsync(fd))
		code = -errno;
	if (close(fd) && !code)
		code = -errno;
	if (!code && rename(temporary, path))
		code = -errno;
	if (code) {
		unlink(temporary);
		snafu_fail_errno(error, code, "cannot write %s", path);
	}
	free(temporary);
	return code;
}

int snafu_directory_make(const char *path, struct snafu_error *error)
{
	char *copy = strdup(path);

	if (!copy)
		return snafu_fail(error, -ENOMEM, "no memory to make %s", path);
	int code = 0;
	for (char *slash = copy + 1;; slash++) {
		bool last = *slash == '\0';

		if (*slash != '/' && !last)
			continue;
		*slash = '\0';
		struct stat status;
		if (mkdir(copy, 0700) && errno != EEXIST)
			code = -errno;
		else if (last && stat(copy, &status) == 0 && !S_ISDIR(status.st_mode))
			code = -ENOTDIR;
		if (code || last)
			break;
		*slash = '/';
	}
	free(copy);
	return code ? snafu_fail_errno(error, code, "cannot make the directory %s", path) : 0;
}

/* Whether PATH is a directory of ours that nobody else can write to. */
static bool is_private(const char *path)
{
	struct stat status;

	return lstat(path, &status) == 0 && S_ISDIR(status.st_mode) && status.st_uid == geteuid() &&
	       !(status.st_mode & (S_IWGRP | S_IWOTH)) && access(path, W_OK | X_OK) == 0;
}

int snafu_cache_directory(char **ret_path, struct snafu_error *error)
{
	const char *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
	const char *temporary = getenv("TMPDIR");
	char *path = NULL;

	if (cache && cache[0] == '/')
		path = snafu_path_join(cache, "snafu");
	else if (home && home[0] == '/' && asprintf(&path, "%s/.cache/snafu", home) < 0)
		path = NULL;
	if (path && snafu_directory_make(path, NULL) == 0 && is_private(path)) {
		*ret_path = path;
		return 0;
	}
	free(path);
	if (asprintf(&path, "%s/snafu-%u", temporary && temporary[0] == '/' ? temporary : "/tmp",
	             (unsigned)geteuid()) < 0)
		return snafu_fail(error, -ENOMEM, "no memory");
	if (snafu_directory_make(path, NULL) == 0 && is_private(path)) {
		*ret_path = path;
		return 0;
	}
	int code = snafu_fail(error, -EACCES,
	                      "no place for compiled code: neither ~/.cache/snafu nor %s is a writable "
	                      "directory of yours alone; set XDG_CACHE_HOME",
	                      path);
	free(path);
	return code;
}

char *snafu_path_join(const char *a, const char *b)
{
	char *path;
	size_t size = strlen(a);

	while (size > 1 && a[size - 1] == '/')
		size--;
	while (*b == '/')
		b++;
	if (asprintf(&path, "%.*s%s%s", (int)size, a, size && a[size - 1] == '/' ? "" : "/", b) < 0)
		return NULL;
	return path;
}

const char *snafu_path_base(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

char *snafu_path_folder(const char *path)
{
	const char *slash = strrchr(path, '/');

	if (!slash)
		return strdup(".");
	return slash == path ? strdup("/") : strndup(path, (size_t)(slash - path));
}

bool snafu_path_has_suffix(const char *path, const char *suffix)
{
	size_t size = strlen(path), length = strlen(suffix);

	return size >= length && strcmp(path + size - length, suffix) == 0;
}

bool snafu_path_is_library(const char *path)
{
	const char *name = snafu_path_base(path), *suffix = strstr(name, ".so");

	while (suffix && suffix[3] && suffix[3] != '.')
		suffix = strstr(suffix + 3, ".so");
	if (!suffix || suffix == name)
		return false;
	for (const char *at = suffix + 3; *at; at++)
		if (*at != '.' && !isdigit((unsigned char)*at))
			return false;
	return true;
}

unsigned long long snafu_hash(unsigned long long hash, const void *bytes, size_t size)
{
	const unsigned char *at = bytes;

	for (size_t i = 0; i < size; i++)
		hash = (hash ^ at[i]) * HASH_PRIME;
	return hash;
}
