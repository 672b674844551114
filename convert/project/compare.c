/* convert/project/compare.c — whether an upgraded file still has the functions that it had. One
 * that lost some stays as it was. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/file.h"
#include "convert/project/state.h"
#include "scanner/scanner.h"

/* Methods that 2to3 gives the name by which Python 3 calls them. */
static const char *const renamed[][2] = {
	{"__nonzero__", "__bool__"},  {"next", "__next__"},         {"__div__", "__truediv__"},
	{"__rdiv__", "__rtruediv__"}, {"__idiv__", "__itruediv__"},
};

/* The functions of one file, which stand together in a scan. */
struct group {
	const char *path;
	const struct snafu_function *first;
	size_t count;
};

struct index {
	struct group *groups; /* sorted by path; malloc'ed */
	size_t count;
};

static int compare_groups(const void *a, const void *b)
{
	return strcmp(((const struct group *)a)->path, ((const struct group *)b)->path);
}

static int index_functions(const struct snafu_functions *functions, struct index *ret)
{
	struct group *groups = calloc(functions->count + 1, sizeof *groups);
	size_t n = 0;

	if (!groups)
		return -ENOMEM;
	for (size_t i = 0; i < functions->count; i++) {
		const struct snafu_function *function = &functions->functions[i];

		if (!n || strcmp(groups[n - 1].path, function->file) != 0)
			groups[n++] = (struct group){.path = function->file, .first = function};
		groups[n - 1].count++;
	}
	if (n)
		qsort(groups, n, sizeof *groups, compare_groups);
	*ret = (struct index){groups, n};
	return 0;
}

/* Those of the file at PATH, and how many; NULL: it has none. */
static const struct snafu_function *functions_of(const struct index *index, const char *path,
                                                 size_t *ret_count)
{
	struct group key = {.path = path}, *found;

	found = index->count ? bsearch(&key, index->groups, index->count, sizeof key, compare_groups)
	                     : NULL;
	*ret_count = found ? found->count : 0;
	return found ? found->first : NULL;
}

static int compare_texts(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The ids of COUNT functions, sorted: malloc'ed. */
static const char **sorted_ids(const struct snafu_function *functions, size_t count)
{
	const char **ids = calloc(count + 1, sizeof *ids);

	for (size_t i = 0; ids && i < count; i++)
		ids[i] = functions[i].id;
	if (ids && count)
		qsort(ids, count, sizeof *ids, compare_texts);
	return ids;
}

static bool has_id(const char **ids, size_t count, const char *id)
{
	return count && bsearch(&id, ids, count, sizeof *ids, compare_texts) != NULL;
}

/* Whether FUNCTION is there under the name that 2to3 gives it. */
static bool is_renamed(const struct snafu_function *function, const char **ids, size_t count)
{
	for (size_t i = 0; i < sizeof renamed / sizeof *renamed; i++) {
		char id[1024];

		if (strcmp(function->name, renamed[i][0]) != 0)
			continue;
		snprintf(id, sizeof id, "%.*s%s", (int)(function->name - function->id), function->id,
		         renamed[i][1]);
		return has_id(ids, count, id);
	}
	return false;
}

static int note_lost(struct project *project, struct project_file *file, const char *id)
{
	const char **more = snafu_arena_alloc(&project->arena, (file->n_lost + 1) * sizeof *more);

	if (!more)
		return -ENOMEM;
	if (file->n_lost)
		memcpy(more, file->lost, file->n_lost * sizeof *more);
	more[file->n_lost++] = snafu_arena_string(&project->arena, id);
	file->lost = more;
	return 0;
}

static int compare_file(struct project *project, struct project_file *file, const struct index *old,
                        const struct index *new)
{
	char *staged = project_staged(project, file);
	size_t n_before, n_after;
	const struct snafu_function *before = functions_of(old, file->place, &n_before);
	const struct snafu_function *after = staged ? functions_of(new, staged, &n_after) : NULL;
	const char **ids = staged ? sorted_ids(after, n_after) : NULL;
	int code = ids ? 0 : -ENOMEM;

	for (size_t i = 0; !code && i < n_before; i++) {
		if (has_id(ids, n_after, before[i].id))
			continue;
		if (is_renamed(&before[i], ids, n_after))
			file->n_renamed++;
		else
			code = note_lost(project, file, before[i].id);
	}
	free(ids);
	free(staged);
	return code;
}

/* A file that is not upgraded is served by a Python 2, where that can be told from it. */
static bool is_python2(const struct index *old, const struct project_file *file)
{
	size_t count;
	const struct snafu_function *first = functions_of(old, file->place, &count);

	for (size_t i = 0; i < count; i++)
		if (strcmp(first[i].language, "python2") == 0)
			return true;
	return false;
}

static int scan_stage(struct project *project, struct snafu_functions *stage,
                      struct snafu_error *error)
{
	char *folder;
	struct snafu_scan_options options = {.progress = project->options->scan.progress};
	int code;

	if (asprintf(&folder, "%s/" PROJECT_STAGE "/" PROJECT_SOURCES, project->mirror.work) < 0)
		return snafu_fail(error, -ENOMEM, "no memory");
	const char *path = folder;
	code = snafu_directory_make(folder, error);
	if (!code)
		code = snafu_scan(&path, 1, &options, stage, error);
	free(folder);
	return code;
}

static void give_up(struct project *project, struct project_file *file)
{
	file->why =
		snafu_arena_format(&project->arena,
	                       "upgraded, it would lack %zu of its functions: %s%s%s%s", file->n_lost,
	                       file->lost[0], file->n_lost > 1 ? ", " : "",
	                       file->n_lost > 1 ? file->lost[1] : "", file->n_lost > 2 ? ", ..." : "");
	file->fate = PROJECT_PYTHON2;
	file->upgraded = file->compiles = false;
	file->n_renamed = 0;
}

int project_compare(struct project *project, struct snafu_error *error)
{
	struct snafu_functions stage = {0};
	struct index old = {0}, new = {0};
	int code = scan_stage(project, &stage, error);

	project_working(project, "comparing functions");
	if (!code && (index_functions(&project->before, &old) || index_functions(&stage, &new)))
		code = snafu_fail(error, -ENOMEM, "no memory");
	for (size_t i = 0; !code && i < project->count; i++) {
		struct project_file *file = &project->files[i];

		if (file->upgraded && compare_file(project, file, &old, &new))
			code = snafu_fail(error, -ENOMEM, "no memory");
		if (file->n_lost)
			give_up(project, file);
		if (file->fate == PROJECT_PYTHON2 && !is_python2(&old, file))
			file->fate = PROJECT_BROKEN;
	}
	free(old.groups);
	free(new.groups);
	snafu_functions_done(&stage);
	return code;
}
