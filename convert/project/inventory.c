/* convert/project/inventory.c — which files a code base has. Links that lead out of it, files
 * that are none, and what no person has written stay out. */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/array.h"
#include "base/error.h"
#include "base/file.h"
#include "convert/project/state.h"
#include "scanner/walk.h"

int project_leave_out(struct project *project, const char *path, const char *why)
{
	if (snafu_array_grow(&project->left_out, &project->left_out_capacity, project->n_left_out,
	                     sizeof *project->left_out))
		return -ENOMEM;
	struct project_left_out *left_out = &project->left_out[project->n_left_out];
	*left_out = (struct project_left_out){.path = snafu_arena_string(&project->arena, path),
	                                      .why = snafu_arena_string(&project->arena, why)};
	project->n_left_out++;
	return left_out->path && left_out->why ? 0 : -ENOMEM;
}

/* ---- one entry -------------------------------------------------------------------------- */

static bool is_below(const char *path, const char *folder)
{
	size_t size = strlen(folder);

	return strcmp(folder, "/") == 0 ||
	       (strncmp(path, folder, size) == 0 && (path[size] == '/' || !path[size]));
}

int project_add_file(struct project *project, const char *place, const char *relative,
                     const struct stat *status, const char *link)
{
	if (project->count >= SNAFU_PROJECT_FILES_CAP)
		return project_leave_out(project, relative, "too many files");
	if (!link && (uint64_t)status->st_size > SNAFU_PROJECT_FILE_CAP)
		return project_leave_out(project, relative, "larger than 1 GiB");
	if (snafu_array_grow(&project->files, &project->capacity, project->count,
	                     sizeof *project->files))
		return -ENOMEM;
	struct project_file *file = &project->files[project->count];
	*file = (struct project_file){
		.path = snafu_arena_string(&project->arena, relative),
		.place = snafu_arena_string(&project->arena, place),
		.to =
			snafu_arena_format(&project->arena, PROJECT_SOURCES "/%s%s", project->prefix, relative),
		.link = snafu_arena_string(&project->arena, link),
		.executable = !link && (status->st_mode & 0100),
	};
	if (!file->path || !file->place || !file->to || (link && !file->link))
		return -ENOMEM;
	project->count++;
	return 0;
}

/* A link to what is in the code base comes along as a link; it is made relative. */
static int add_link(struct project *project, const char *place, const char *relative,
                    const struct stat *status)
{
	char target[PATH_MAX + 1], *real = realpath(place, NULL);
	ssize_t size = readlink(place, target, PATH_MAX);
	bool inside = real && is_below(real, project->base);

	free(real);
	if (size < 0 || !inside)
		return project_leave_out(project, relative,
		                         size < 0 || !real ? "a link to nothing"
		                                           : "a link out of the code base");
	target[size] = '\0';
	if (target[0] == '/')
		return project_leave_out(project, relative, "a link with an absolute path");
	return project_add_file(project, place, relative, status, target);
}

static bool is_product(const char *name)
{
	return snafu_path_has_suffix(name, ".pyc") || snafu_path_has_suffix(name, ".pyo");
}

static int walk(struct project *project, const char *folder, const char *relative, unsigned depth);

static int take(struct project *project, const char *folder, const char *relative, const char *name,
                unsigned depth)
{
	char *place = snafu_path_join(folder, name);
	char *below = *relative ? snafu_path_join(relative, name) : strdup(name);
	struct stat status;
	int code = place && below ? 0 : -ENOMEM;

	if (!code && lstat(place, &status))
		code = project_leave_out(project, below, strerror(errno));
	else if (!code && S_ISLNK(status.st_mode))
		code = add_link(project, place, below, &status);
	else if (!code && S_ISDIR(status.st_mode))
		code = snafu_walk_passes_over(folder, name, place)
		           ? project_leave_out(project, below, "version control or build products")
		           : walk(project, place, below, depth + 1);
	else if (!code && !S_ISREG(status.st_mode))
		code = project_leave_out(project, below, "no file");
	else if (!code && !is_product(name))
		code = access(place, R_OK) ? project_leave_out(project, below, "cannot be read")
		                           : project_add_file(project, place, below, &status, NULL);
	free(place);
	free(below);
	return code;
}

static int walk(struct project *project, const char *folder, const char *relative, unsigned depth)
{
	DIR *stream = depth < SNAFU_PROJECT_DEPTH_CAP ? opendir(folder) : NULL;
	struct dirent *entry;
	int code = 0;

	if (!stream)
		return project_leave_out(project, relative,
		                         depth < SNAFU_PROJECT_DEPTH_CAP ? "cannot be read"
		                                                         : "folders nested too deep");
	while (!code && (entry = readdir(stream)))
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			code = take(project, folder, relative, entry->d_name, depth);
	closedir(stream);
	return code;
}

/* ---- languages -------------------------------------------------------------------------- */

static int compare_paths(const void *a, const void *b)
{
	return strcmp(((const struct project_file *)a)->path, ((const struct project_file *)b)->path);
}

struct project_file *project_find(const struct project *project, const char *path)
{
	struct project_file key = {.path = path};

	return project->count ? bsearch(&key, project->files, project->count, sizeof key, compare_paths)
	                      : NULL;
}

/* Scans what the walk of the scanner finds, but for what is not in the list, and notes who
 * reads it. */
static int scan(struct project *project, struct snafu_error *error)
{
	struct snafu_walk found = {.functions = &project->before};
	size_t skip = strlen(project->base) + (project->base[1] != '\0'), kept = 0, n = 0;
	const char **places = calloc(project->count + 1, sizeof *places);
	int code = places ? 0 : snafu_fail(error, -ENOMEM, "no memory to scan %s", project->legacy);

	for (size_t i = 0; !code && project->is_file && i < project->count; i++)
		places[n++] = project->files[i].place;
	found.below = project->is_file ? project->base : NULL;
	if (!code)
		code = snafu_walk(&found, project->is_file ? places : &project->legacy,
		                  project->is_file ? n : 1, error);

	for (size_t i = 0; !code && i < found.count; i++) {
		struct project_file *file = strlen(found.found[i].source.path) > skip
		                                ? project_find(project, found.found[i].source.path + skip)
		                                : NULL;

		if (!file || file->link)
			continue;
		file->language = found.found[i].scanner->name;
		found.found[kept++] = found.found[i];
	}
	found.count = code ? 0 : kept;
	snafu_walk_sort(&found);
	if (!code)
		code = snafu_scan_walked(found.found, found.count, &project->options->scan,
		                         &project->before, error);
	snafu_walk_done(&found);
	free(places);
	return code;
}

/* The packages that the code base is part of: "pkg/sub/" of .../pkg/sub. */
static int find_prefix(struct project *project, const char *folder)
{
	const char *prefix = "";
	char *at = strdup(folder);

	for (unsigned depth = 0; at && depth < SNAFU_PROJECT_DEPTH_CAP && at[1]; depth++) {
		char *init = snafu_path_join(at, "__init__.py"), *up;
		bool is_package = init && access(init, F_OK) == 0;

		free(init);
		if (!is_package)
			break;
		prefix = snafu_arena_format(&project->arena, "%s/%s", snafu_path_base(at), prefix);
		up = snafu_path_folder(at);
		free(at);
		at = up;
	}
	free(at);
	project->prefix = prefix;
	return prefix ? 0 : -ENOMEM;
}

int project_inventory(struct project *project, struct snafu_error *error)
{
	int code = 0;

	project->prefix = "";
	if (project->is_file) {
		code = project_take_along(project, error);
		if (code)
			return code;
	} else {
		code = find_prefix(project, project->base);
		if (!code)
			code = walk(project, project->base, "", 0);
	}
	if (code)
		return snafu_fail(error, code, "no memory to list %s", project->legacy);
	if (project->count)
		qsort(project->files, project->count, sizeof *project->files, compare_paths);
	for (size_t i = 0; i < project->count; i++)
		project->files[i].last_note = &project->files[i].notes;
	return scan(project, error);
}
