/* runtime/deploy/folders.c — which folders hot deployment watches, and which names in
 * them are of interest. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/array.h"
#include "base/file.h"
#include "runtime/deploy/deploy.h"
#include "runtime/deploy/folder_watch.h"
#include "runtime/host_state.h"
#include "scanner/scanners.h"

/* ---- folders -------------------------------------------------------------------- */

struct folders {
	struct snafu_watched_folder *list;
	size_t count, capacity;
	char **made; /* paths that are ours */
	size_t n_made, made_capacity;
};

static void add(struct folders *folders, const char *path, bool distant)
{
	if (path && snafu_array_grow(&folders->list, &folders->capacity, folders->count,
	                             sizeof *folders->list) == 0)
		folders->list[folders->count++] = (struct snafu_watched_folder){path, distant};
}

/* The folder that PATH is in: it tells when PATH itself comes or goes. */
static void add_parent(struct folders *folders, const char *path)
{
	char *clean = strdup(path);
	size_t size = clean ? strlen(clean) : 0;

	while (size > 1 && clean[size - 1] == '/')
		clean[--size] = '\0';
	char *parent = clean ? snafu_path_folder(clean) : NULL;
	free(clean);
	if (parent && snafu_array_grow(&folders->made, &folders->made_capacity, folders->n_made,
	                               sizeof *folders->made) == 0) {
		folders->made[folders->n_made++] = parent;
		add(folders, parent, true);
	} else {
		free(parent);
	}
}

/* A link's own folder does not tell when the file changes that it leads to: that one's does. */
static void add_target(struct folders *folders, const char *path)
{
	struct stat status;
	char *target =
		lstat(path, &status) == 0 && S_ISLNK(status.st_mode) ? realpath(path, NULL) : NULL;
	char *folder = target ? snafu_path_folder(target) : NULL;

	free(target);
	if (folder && snafu_array_grow(&folders->made, &folders->made_capacity, folders->n_made,
	                               sizeof *folders->made) == 0) {
		folders->made[folders->n_made++] = folder;
		add(folders, folder, false);
	} else {
		free(folder);
	}
}

size_t snafu_deploy_watch_folders(struct snafu_deployer *deployer,
                                  const struct snafu_catalogue *catalogue)
{
	const struct snafu_host_options *options = &deployer->host->options;
	struct folders folders = {0};
	struct snafu_error error;
	size_t n_new = 0;

	for (size_t i = 0; i < catalogue->walk.n_folders; i++)
		add(&folders, catalogue->walk.folders[i], false);
	for (size_t i = 0; i < catalogue->walk.count; i++)
		add_target(&folders, catalogue->walk.found[i].source.path);
	for (size_t i = 0; i < options->scan.n_include_paths; i++)
		add(&folders, options->scan.include_paths[i], false);
	for (size_t i = 0; i < options->n_paths; i++)
		add_parent(&folders, options->paths[i]);
	if (options->settings_path)
		add_parent(&folders, options->settings_path);
	bool limited =
		snafu_folder_watch_set(deployer->watch, folders.list, folders.count, &n_new, &error) != 0;
	if (limited && !deployer->limited)
		snafu_host_report(deployer->host, SNAFU_WARNING,
		                  "%s: changes are looked for every %d s instead", error.message,
		                  SNAFU_DEPLOY_RESCAN_MS / 1000);
	deployer->limited = limited;
	for (size_t i = 0; i < folders.n_made; i++)
		free(folders.made[i]);
	free(folders.made);
	free(folders.list);
	return n_new;
}

/* ---- names ---------------------------------------------------------------------- */

static bool ends_as(const char *path, const char *name)
{
	size_t size = strlen(path), length = strlen(name);

	while (size > 1 && path[size - 1] == '/')
		size--;
	return size >= length && memcmp(path + size - length, name, length) == 0 &&
	       (size == length || path[size - length - 1] == '/');
}

static bool is_named(const struct snafu_deployer *deployer, const char *name)
{
	const struct snafu_host_options *options = &deployer->host->options;

	for (size_t i = 0; i < options->n_paths; i++)
		if (ends_as(options->paths[i], name))
			return true;
	return false;
}

static bool is_companion(const struct snafu_deployer *deployer, const char *name)
{
	const struct snafu_scanner *scanner;

	for (size_t i = 0; (scanner = snafu_scanner_number(&deployer->scanners, i)); i++)
		for (const char *const *at = scanner->companions; at && *at; at++)
			if (strcmp(*at, name) == 0)
				return true;
	return false;
}

/* Whether a file of this name can matter to what is on offer. */
static bool is_source(struct snafu_deployer *deployer, const char *path, const char *name,
                      bool gone)
{
	if (name[0] == '.')
		return false;
	if (snafu_scanner_by_suffix(&deployer->scanners, name) || is_companion(deployer, name) ||
	    is_named(deployer, name))
		return true;
	if (strchr(name, '.'))
		return false;
	return gone ? deployer->has_known && snafu_catalogue_find(&deployer->known, path)
	            : snafu_scanner_by_head(&deployer->scanners, path) != NULL;
}

static void touch(struct snafu_deployer *deployer, char *path)
{
	for (size_t i = 0; i < deployer->n_touched; i++)
		if (strcmp(deployer->touched[i], path) == 0) {
			free(path);
			return;
		}
	if (!deployer->touched)
		deployer->touched = calloc(SNAFU_DEPLOY_TOUCHED_CAP, sizeof(char *));
	if (deployer->touched && deployer->n_touched < SNAFU_DEPLOY_TOUCHED_CAP)
		deployer->touched[deployer->n_touched++] = path;
	else
		free(path);
}

/* Whether PATH is, or was, a link to a folder: the kernel does not call it one. */
static bool is_linked_folder(const struct snafu_deployer *deployer, const char *path, bool gone)
{
	const struct snafu_walk *walk = &deployer->known.walk;
	struct stat status;

	if (!gone)
		return lstat(path, &status) == 0 && S_ISLNK(status.st_mode) && stat(path, &status) == 0 &&
		       S_ISDIR(status.st_mode);
	for (size_t i = 0; deployer->has_known && i < walk->n_folders; i++)
		if (strcmp(walk->folders[i], path) == 0)
			return true;
	return false;
}

void snafu_deploy_heard(void *opaque, const struct snafu_folder_event *event)
{
	struct snafu_deployer *deployer = opaque;
	const char *name = event->name, *settings = deployer->host->options.settings_path;

	if (settings && !event->is_folder && ends_as(settings, name))
		deployer->settings_dirty = true;
	if (event->folder->distant && !is_named(deployer, name))
		return;
	if (event->is_folder) {
		deployer->dirty |= name[0] != '.' && strcmp(name, "__pycache__") != 0;
		return;
	}
	if (snafu_path_has_suffix(name, ".config"))
		deployer->settings_dirty = true;
	char *path = snafu_path_join(event->folder->path, name);
	if (path && name[0] != '.' && is_linked_folder(deployer, path, event->gone))
		deployer->dirty = true;
	if (path && is_source(deployer, path, name, event->gone)) {
		deployer->dirty = true;
		touch(deployer, path);
	} else {
		free(path);
	}
}
