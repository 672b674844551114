/* runtime/deploy/folder_watch.c — see folder_watch.h. */
#include "runtime/deploy/folder_watch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "base/error.h"

#define READ_SIZE (64u << 10)
#define EVENTS                                                                             \
	(IN_CLOSE_WRITE | IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_MOVE_SELF | \
	 IN_DELETE_SELF | IN_ONLYDIR)

struct watched {
	struct snafu_watched_folder folder; /* the path is ours */
	int wd; /* the kernel's number; one folder has one, by whatever path it is reached */
};

struct snafu_folder_watch {
	int fd;
	struct watched *watched; /* sorted by wd */
	size_t count;
};

int snafu_folder_watch_new(struct snafu_folder_watch **ret_watch, struct snafu_error *error)
{
	struct snafu_folder_watch *watch = calloc(1, sizeof *watch);

	if (!watch)
		return snafu_fail(error, -ENOMEM, "no memory to watch folders");
	watch->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (watch->fd < 0) {
		int code = -errno;

		free(watch);
		return snafu_fail_errno(error, code,
		                        "cannot watch folders (fs.inotify.max_user_instances)");
	}
	*ret_watch = watch;
	return 0;
}

static void free_watched(struct watched *watched, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free((char *)watched[i].folder.path);
	free(watched);
}

void snafu_folder_watch_free(struct snafu_folder_watch *watch)
{
	if (!watch)
		return;
	free_watched(watch->watched, watch->count);
	close(watch->fd);
	free(watch);
}

int snafu_folder_watch_fd(const struct snafu_folder_watch *watch)
{
	return watch->fd;
}

static int compare(const void *a, const void *b)
{
	const struct watched *one = a, *other = b;

	if (one->wd != other->wd)
		return one->wd < other->wd ? -1 : 1;
	return (int)one->folder.distant - (int)other->folder.distant;
}

static const struct watched *find(const struct snafu_folder_watch *watch, int wd)
{
	size_t low = 0, high = watch->count;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (watch->watched[middle].wd == wd)
			return &watch->watched[middle];
		if (watch->watched[middle].wd < wd)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

/* One entry a folder: a path of interest goes before a distant one. */
static size_t drop_doubles(struct watched *watched, size_t count)
{
	size_t kept = 0;

	if (count)
		qsort(watched, count, sizeof *watched, compare);
	for (size_t i = 0; i < count; i++)
		if (kept && watched[kept - 1].wd == watched[i].wd)
			free((char *)watched[i].folder.path);
		else
			watched[kept++] = watched[i];
	return kept;
}

int snafu_folder_watch_set(struct snafu_folder_watch *watch,
                           const struct snafu_watched_folder *folders, size_t count,
                           size_t *ret_new, struct snafu_error *error)
{
	struct watched *now = calloc(count ? count : 1, sizeof *now);
	size_t n_now = 0, n_new = 0;
	int code = now ? 0 : -ENOMEM;

	for (size_t i = 0; i < count && !code; i++) {
		int wd = inotify_add_watch(watch->fd, folders[i].path, EVENTS);

		if (wd < 0 && (errno == ENOSPC || errno == ENOMEM))
			code = -errno;
		if (wd < 0)
			continue;
		now[n_now] = (struct watched){.folder = folders[i], .wd = wd};
		now[n_now].folder.path = strdup(folders[i].path);
		if (now[n_now++].folder.path)
			continue;
		n_now--;
		code = -ENOMEM;
	}
	n_now = now ? drop_doubles(now, n_now) : 0;
	for (size_t i = 0; i < n_now; i++)
		n_new += !find(watch, now[i].wd);
	struct snafu_folder_watch before = *watch;
	watch->watched = now;
	watch->count = n_now;
	for (size_t i = 0; i < before.count; i++)
		if (!find(watch, before.watched[i].wd))
			inotify_rm_watch(watch->fd, before.watched[i].wd);
	free_watched(before.watched, before.count);
	*ret_new = n_new;
	return code ? snafu_fail_errno(error, code,
	                               "cannot watch all of %zu folders "
	                               "(fs.inotify.max_user_watches)",
	                               count)
	            : 0;
}

/* False: some were lost. */
static bool tell(struct snafu_folder_watch *watch, const struct inotify_event *event,
                 void (*heard)(void *state, const struct snafu_folder_event *event), void *state)
{
	const struct watched *watched = find(watch, event->wd);

	if (event->mask & IN_Q_OVERFLOW)
		return false;
	if (watched)
		heard(state, &(struct snafu_folder_event){
						 .folder = &watched->folder,
						 .name = event->len ? event->name : "",
						 .is_folder = (event->mask & IN_ISDIR) || !event->len,
						 .gone = event->mask & (IN_DELETE | IN_MOVED_FROM | IN_DELETE_SELF),
					 });
	return true;
}

bool snafu_folder_watch_read(struct snafu_folder_watch *watch,
                             void (*heard)(void *state, const struct snafu_folder_event *event),
                             void *state)
{
	_Alignas(struct inotify_event) char bytes[READ_SIZE];
	bool whole = true;
	ssize_t size;

	while ((size = read(watch->fd, bytes, sizeof bytes)) > 0)
		for (const char *at = bytes; at < bytes + size;) {
			const struct inotify_event *event = (const struct inotify_event *)at;

			whole &= tell(watch, event, heard, state);
			at += sizeof *event + event->len;
		}
	return whole;
}
