/* convert/mirror_manifest.c — lists of files and hashes, as sha256sum(1) reads and writes them: a
 * hash, two blanks and the name; where the name has a newline or a backslash, both stand escaped
 * and the line begins with a backslash. See mirror.h. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/array.h"
#include "base/buffer.h"
#include "base/error.h"
#include "base/file.h"
#include "convert/mirror.h"

#define HASH_SIZE (SNAFU_SHA256_TEXT_SIZE - 1)
#define PIECE     (64u << 10) /* bytes read at once */

/* ---- lists ------------------------------------------------------------------------------ */

int snafu_mirror_list_add(struct snafu_mirror_list *list, const char *path, const char *hash)
{
	if (snafu_array_grow(&list->entries, &list->capacity, list->count, sizeof *list->entries))
		return -ENOMEM;
	struct snafu_mirror_entry *entry = &list->entries[list->count++];
	entry->path = path;
	memcpy(entry->hash, hash, HASH_SIZE);
	entry->hash[HASH_SIZE] = '\0';
	return 0;
}

static int compare_entries(const void *a, const void *b)
{
	const struct snafu_mirror_entry *one = a, *other = b;

	return strcmp(one->path, other->path);
}

void snafu_mirror_list_sort(struct snafu_mirror_list *list)
{
	if (list->count)
		qsort(list->entries, list->count, sizeof *list->entries, compare_entries);
}

const struct snafu_mirror_entry *snafu_mirror_list_find(const struct snafu_mirror_list *list,
                                                        const char *path)
{
	size_t low = 0, high = list->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (strcmp(list->entries[middle].path, path) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low < list->count && strcmp(list->entries[low].path, path) == 0 ? &list->entries[low]
	                                                                       : NULL;
}

void snafu_mirror_list_write(const char *path, const char *hash, struct snafu_buffer *into)
{
	bool escaped = strpbrk(path, "\n\r\\") != NULL;

	if (escaped)
		snafu_buffer_append_byte(into, '\\');
	snafu_buffer_format(into, "%s  ", hash);
	for (; *path; path++)
		if (escaped && *path == '\n')
			snafu_buffer_append_text(into, "\\n");
		else if (escaped && *path == '\r')
			snafu_buffer_append_text(into, "\\r");
		else if (escaped && *path == '\\')
			snafu_buffer_append_text(into, "\\\\");
		else
			snafu_buffer_append_byte(into, *path);
	snafu_buffer_append_byte(into, '\n');
}

/* ---- reading ---------------------------------------------------------------------------- */

static bool is_hash(const char *text)
{
	return strspn(text, "0123456789abcdef") == HASH_SIZE;
}

/* Nothing may lead out of the folder. */
static bool is_inside(const char *path)
{
	if (*path == '/' || !*path)
		return false;
	for (const char *part = path; part; part = strchr(part, '/') ? strchr(part, '/') + 1 : NULL) {
		size_t size = strcspn(part, "/");

		if (size == 0 || (size == 1 && part[0] == '.') ||
		    (size == 2 && part[0] == '.' && part[1] == '.'))
			return false;
	}
	return true;
}

static void unescape(char *name)
{
	char *put = name;

	for (; *name; name++)
		if (*name == '\\' && name[1]) {
			name++;
			*put++ = *name == 'n' ? '\n' : *name == 'r' ? '\r' : *name;
		} else {
			*put++ = *name;
		}
	*put = '\0';
}

static int read_line(struct snafu_mirror_list *list, char *line, struct snafu_arena *texts)
{
	bool escaped = *line == '\\';
	char *name;

	line += escaped;
	if (!is_hash(line) || line[HASH_SIZE] != ' ' || line[HASH_SIZE + 1] != ' ')
		return 0;
	name = line + HASH_SIZE + 2;
	if (escaped)
		unescape(name);
	if (!is_inside(name))
		return 0;
	const char *path = snafu_arena_string(texts, name);
	return path ? snafu_mirror_list_add(list, path, line) : -ENOMEM;
}

int snafu_mirror_list_read(struct snafu_mirror_list *list, const char *file,
                           struct snafu_arena *texts, struct snafu_error *error)
{
	char *text, *end;
	size_t size;
	int code = snafu_file_read(file, SNAFU_MIRROR_MANIFEST_CAP, &text, &size, error);

	if (code)
		return code == -ENOENT ? 0 : code;
	for (char *line = text; !code && (end = strchr(line, '\n')); line = end + 1) {
		*end = '\0';
		code = read_line(list, line, texts);
	}
	free(text);
	return code ? snafu_fail(error, code, "no memory to read %s", file) : 0;
}

/* ---- hashes ----------------------------------------------------------------------------- */

static int hash_link(const char *path, char ret_hash[SNAFU_SHA256_TEXT_SIZE])
{
	char target[PATH_MAX];
	ssize_t size = readlink(path, target, sizeof target);

	if (size < 0)
		return -errno;
	snafu_sha256_of(target, (size_t)size, ret_hash);
	return 0;
}

int snafu_mirror_hash(const char *path, char ret_hash[SNAFU_SHA256_TEXT_SIZE])
{
	struct snafu_sha256 sum;
	struct stat status;
	ssize_t n;

	if (lstat(path, &status))
		return -errno;
	if (S_ISLNK(status.st_mode))
		return hash_link(path, ret_hash);
	if (!S_ISREG(status.st_mode))
		return S_ISDIR(status.st_mode) ? -EISDIR : -EINVAL;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	char *piece = fd < 0 ? NULL : malloc(PIECE);
	int code = fd < 0 ? -errno : piece ? 0 : -ENOMEM;

	snafu_sha256_begin(&sum);
	while (!code && (n = read(fd, piece, PIECE)) != 0) {
		if (n > 0)
			snafu_sha256_add(&sum, piece, (size_t)n);
		else if (errno != EINTR)
			code = -errno;
	}
	free(piece);
	if (fd >= 0)
		close(fd);
	if (!code)
		snafu_sha256_end(&sum, ret_hash);
	return code;
}
