/* convert/output.c — see output.h. */
#include "convert/output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/array.h"
#include "base/buffer.h"
#include "base/error.h"
#include "base/file.h"

#define PATH_CAP 8192 /* bytes */

/* ---- places -------------------------------------------------------------------------- */

/* What follows the scanned folder that SOURCE was found in; its last part when it was named
 * itself. */
static const char *below_scanned(const struct snafu_output *output, const char *source)
{
	for (size_t i = 0; i < output->n_paths; i++) {
		const char *path = output->paths[i];
		size_t size = strlen(path);

		while (size > 0 && path[size - 1] == '/')
			size--;
		if (strncmp(source, path, size) == 0 && source[size] == '/')
			return source + size + strspn(source + size, "/");
	}
	return snafu_path_base(source);
}

char *snafu_output_path(const struct snafu_output *output, const char *source, const char *suffix)
{
	struct snafu_buffer path = SNAFU_BUFFER(PATH_CAP);

	if (output->folder)
		snafu_buffer_format(&path, "%s/%s%s", output->folder, below_scanned(output, source),
		                    suffix);
	else
		snafu_buffer_format(&path, "%s%s", source, suffix);
	return snafu_buffer_take(&path);
}

/* The folders above PATH that are missing. */
static int make_folders(const char *path, struct snafu_error *error)
{
	char *folder = strdup(path);
	int code = folder ? 0 : -ENOMEM;

	for (char *slash = folder; !code && (slash = strchr(slash + 1, '/'));) {
		*slash = '\0';
		if (mkdir(folder, 0777) && errno != EEXIST)
			code = snafu_fail_errno(error, -errno, "cannot make %s", folder);
		*slash = '/';
	}
	free(folder);
	return code;
}

/* ---- what was written ---------------------------------------------------------------- */

static int compare_key(const void *key, const void *entry)
{
	return strcmp(key, *(const char *const *)entry);
}

static bool was_written(const struct snafu_output *output, const char *path)
{
	return output->n_written && bsearch(path, output->written, output->n_written,
	                                    sizeof *output->written, compare_key) != NULL;
}

static int note_written(struct snafu_output *output, const char *path)
{
	char *copy = strdup(path);
	size_t at = output->n_written;

	if (!copy || snafu_array_grow(&output->written, &output->capacity, output->n_written,
	                              sizeof *output->written)) {
		free(copy);
		return -ENOMEM;
	}
	/* Sources come sorted, more or less: this is short. */
	for (; at > 0 && strcmp(output->written[at - 1], path) > 0; at--)
		output->written[at] = output->written[at - 1];
	output->written[at] = copy;
	output->n_written++;
	return 0;
}

/* ---- writing ------------------------------------------------------------------------- */

static int write_all(int fd, const char *bytes, size_t size)
{
	while (size) {
		ssize_t n = write(fd, bytes, size);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		bytes += n;
		size -= (size_t)n;
	}
	return 0;
}

/* Never over another file, also when that comes at the same moment. */
static int write_new(const char *path, const char *bytes, size_t size, struct snafu_error *error)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);

	if (fd < 0 && errno == EEXIST)
		return SNAFU_OUTPUT_KEPT;
	if (fd < 0)
		return snafu_fail_errno(error, -errno, "cannot write %s", path);
	int code = write_all(fd, bytes, size);
	if (close(fd) && !code)
		code = -errno;
	if (!code)
		return SNAFU_OUTPUT_WRITTEN;
	unlink(path);
	return snafu_fail_errno(error, code, "cannot write %s", path);
}

/* Readers and a crash see the old file or the new one; who may read it stays. */
static int replace(const char *path, const char *bytes, size_t size, struct snafu_error *error)
{
	struct snafu_buffer beside = SNAFU_BUFFER(PATH_CAP);
	struct stat status;

	if (stat(path, &status))
		return write_new(path, bytes, size, error);
	snafu_buffer_format(&beside, "%s.%ld~", path, (long)getpid());
	char *temporary = snafu_buffer_take(&beside);
	int code = temporary ? write_new(temporary, bytes, size, error)
	                     : snafu_fail(error, -ENAMETOOLONG, "%s is too long", path);
	if (code == SNAFU_OUTPUT_KEPT)
		code = snafu_fail(error, -EEXIST, "%s is in the way", temporary);
	else if (code == SNAFU_OUTPUT_WRITTEN &&
	         (chmod(temporary, status.st_mode & 07777) || rename(temporary, path))) {
		code = snafu_fail_errno(error, -errno, "cannot write %s", path);
		unlink(temporary);
	}
	free(temporary);
	return code;
}

static int show(const struct snafu_output *output, const char *bytes, size_t size,
                struct snafu_error *error)
{
	if (fwrite(bytes, 1, size, output->preview) != size)
		return snafu_fail_errno(error, -errno, "cannot show what would be written");
	return SNAFU_OUTPUT_WRITTEN;
}

static bool is_there(const char *path)
{
	struct stat status;

	return lstat(path, &status) == 0;
}

int snafu_output_write(struct snafu_output *output, const char *path, const char *bytes,
                       size_t size, struct snafu_error *error)
{
	int code;

	if (was_written(output, path))
		return snafu_fail(error, -EEXIST,
		                  "%s belongs to two of the sources: export them one after the other, "
		                  "to different folders",
		                  path);
	if (!output->force && is_there(path))
		return SNAFU_OUTPUT_KEPT;
	if (output->preview) {
		code = show(output, bytes, size, error);
	} else {
		code = output->folder ? make_folders(path, error) : 0;
		if (!code)
			code = output->force ? replace(path, bytes, size, error)
			                     : write_new(path, bytes, size, error);
	}
	if (code == SNAFU_OUTPUT_WRITTEN && note_written(output, path))
		return snafu_fail(error, -ENOMEM, "no memory for %s", path);
	return code;
}

int snafu_output_replace(struct snafu_output *output, const char *path, const char *bytes,
                         size_t size, struct snafu_error *error)
{
	bool force = output->force;

	output->force = true;
	int code = snafu_output_write(output, path, bytes, size, error);
	output->force = force;
	return code;
}

bool snafu_output_has_written(const struct snafu_output *output, const char *path)
{
	return was_written(output, path);
}

void snafu_output_done(struct snafu_output *output)
{
	for (size_t i = 0; i < output->n_written; i++)
		free(output->written[i]);
	free(output->written);
	output->written = NULL;
	output->n_written = output->capacity = 0;
}
