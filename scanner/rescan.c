/* scanner/rescan.c — see rescan.h. */
#include "scanner/rescan.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/file.h"

/* ---- the list ------------------------------------------------------------------ */

static int compare_paths(const void *a, const void *b)
{
	const struct snafu_walked *const *one = a, *const *other = b;

	return strcmp((*one)->source.path, (*other)->source.path);
}

static int compare_key(const void *key, const void *entry)
{
	return strcmp(key, (*(struct snafu_walked *const *)entry)->source.path);
}

int snafu_catalogue_make(struct snafu_catalogue *ret_catalogue, const char *const *paths,
                         size_t count, struct snafu_error *error)
{
	struct snafu_catalogue *catalogue = ret_catalogue;

	*catalogue = (struct snafu_catalogue){0};
	catalogue->walk.functions = &catalogue->texts;
	catalogue->walk.lenient = true;
	catalogue->walk.wants_folders = true;
	int code = snafu_walk(&catalogue->walk, paths, count, error);
	if (!code) {
		size_t n = catalogue->walk.count;

		snafu_walk_sort(&catalogue->walk);
		catalogue->by_path = calloc(n ? n : 1, sizeof(struct snafu_walked *));
		if (!catalogue->by_path)
			code = snafu_fail(error, -ENOMEM, "no memory to list %zu files", n);
		for (size_t i = 0; i < n && !code; i++)
			catalogue->by_path[i] = &catalogue->walk.found[i];
		if (!code && n)
			qsort(catalogue->by_path, n, sizeof *catalogue->by_path, compare_paths);
	}
	if (code)
		snafu_catalogue_done(catalogue);
	return code;
}

void snafu_catalogue_done(struct snafu_catalogue *catalogue)
{
	snafu_walk_done(&catalogue->walk);
	snafu_functions_done(&catalogue->texts);
	free(catalogue->by_path);
	catalogue->by_path = NULL;
}

const struct snafu_walked *snafu_catalogue_find(const struct snafu_catalogue *catalogue,
                                                const char *path)
{
	struct snafu_walked **found =
		bsearch(path, catalogue->by_path, catalogue->walk.count, sizeof *found, compare_key);

	return found ? *found : NULL;
}

/* ---- comparing -------------------------------------------------------------------- */

struct comparison {
	const struct snafu_catalogue *before;
	struct snafu_catalogue *now;
	int64_t since, time; /* ns since 1970 */
	const char *const *touched;
	size_t n_touched;
	enum snafu_change *changes;
	const char **changed; /* paths that have changed, come or gone; malloc'ed */
	size_t n_changed;
};

static bool same_stamp(const struct snafu_stamp *one, const struct snafu_stamp *other)
{
	return one->device == other->device && one->inode == other->inode && one->size == other->size &&
	       one->modified == other->modified;
}

static bool is_touched(const struct comparison *comparison, const char *path)
{
	for (size_t i = 0; i < comparison->n_touched; i++)
		if (strcmp(comparison->touched[i], path) == 0)
			return true;
	return false;
}

/* Other bytes may come with the size and the time of the old ones (cp -p, tar, rsync -t); the
 * entry's own time cannot be set. It changes with the mode and the name, too: so it means
 * something only when somebody has heard of a change. */
static bool is_same(const struct comparison *comparison, const struct snafu_walked *before,
                    const struct snafu_walked *now)
{
	return before && before->scanner == now->scanner && same_stamp(&before->stamp, &now->stamp) &&
	       strcmp(before->source.root, now->source.root) == 0 &&
	       strcmp(before->source.module, now->source.module) == 0 &&
	       (before->stamp.changed == now->stamp.changed ||
	        !is_touched(comparison, now->source.path));
}

static bool is_settled(const struct comparison *comparison, const struct snafu_walked *walked)
{
	int64_t age = comparison->time - walked->stamp.modified;

	return age < 0 || age >= SNAFU_SETTLE_NS;
}

static enum snafu_change compare_one(const struct comparison *comparison,
                                     struct snafu_walked *walked)
{
	const struct snafu_walked *before =
		comparison->before ? snafu_catalogue_find(comparison->before, walked->source.path) : NULL;
	bool same;

	if (comparison->before)
		same = is_same(comparison, before, walked);
	else
		same = walked->stamp.changed < comparison->since;
	if (same)
		return SNAFU_SAME;
	if (is_settled(comparison, walked))
		return SNAFU_CHANGED;
	walked->stamp = before ? before->stamp : (struct snafu_stamp){0};
	return SNAFU_UNSETTLED;
}

/* Files of SCANNER whose own bytes are the same but which depend on others. */
static int mark_affected(struct comparison *comparison, size_t first, size_t count)
{
	struct snafu_walked *found = &comparison->now->walk.found[first];
	const struct snafu_scanner *scanner = found->scanner;
	struct snafu_source *sources = calloc(count, sizeof *sources);
	bool *affected = calloc(count, sizeof *affected);
	int code = sources && affected ? 0 : -ENOMEM;

	for (size_t i = 0; i < count && !code; i++)
		sources[i] = found[i].source;
	if (!code)
		code =
			scanner->affected(sources, count, comparison->changed, comparison->n_changed, affected);
	for (size_t i = 0; i < count && !code; i++)
		if (affected[i] && comparison->changes[first + i] == SNAFU_SAME)
			comparison->changes[first + i] = SNAFU_CHANGED;
	free(sources);
	free(affected);
	return code;
}

/* Whoever shares a batch with one that has changed is read again. */
static void mark_together(struct comparison *comparison, size_t first, size_t count)
{
	const struct snafu_scanner *scanner = comparison->now->walk.found[first].scanner;
	size_t size = scanner->batch ? scanner->batch : 1;

	for (size_t at = 0; at < count; at += size) {
		enum snafu_change *changes = &comparison->changes[first + at];
		size_t n = count - at < size ? count - at : size;
		bool any = false;

		for (size_t i = 0; i < n; i++)
			any |= changes[i] == SNAFU_CHANGED;
		for (size_t i = 0; i < n && any; i++)
			if (changes[i] == SNAFU_SAME)
				changes[i] = SNAFU_REREAD;
	}
}

/* Since the scan, of which the modules are not known here, a folder may have become a package
 * or ceased to be one: that changes the ids of files that are older. */
static void mark_packages(struct comparison *comparison, size_t first, size_t count)
{
	const char *package_file = comparison->now->walk.found[first].scanner->package_file;
	bool any = false;

	for (size_t i = 0; i < comparison->n_changed && !any; i++)
		any = strcmp(snafu_path_base(comparison->changed[i]), package_file) == 0;
	for (size_t i = 0; i < count && any; i++)
		if (comparison->changes[first + i] == SNAFU_SAME)
			comparison->changes[first + i] = SNAFU_REREAD;
}

static int mark_others(struct comparison *comparison)
{
	const struct snafu_walk *walk = &comparison->now->walk;
	int code = 0;

	for (size_t first = 0, count; first < walk->count && !code; first += count) {
		const struct snafu_scanner *scanner = walk->found[first].scanner;

		for (count = 1; first + count < walk->count; count++)
			if (walk->found[first + count].scanner != scanner)
				break;
		if (scanner->affected && comparison->n_changed)
			code = mark_affected(comparison, first, count);
		if (scanner->together)
			mark_together(comparison, first, count);
		if (scanner->package_file && !comparison->before)
			mark_packages(comparison, first, count);
	}
	return code;
}

int snafu_catalogue_compare(const struct snafu_catalogue *before, struct snafu_catalogue *now,
                            int64_t since, const char *const *touched, size_t n_touched,
                            enum snafu_change *ret_changes)
{
	size_t n_before = before ? before->walk.count : 0;
	struct comparison comparison = {
		.before = before,
		.now = now,
		.since = since,
		.time = (int64_t)snafu_wall_ns(),
		.touched = touched,
		.n_touched = n_touched,
		.changes = ret_changes,
		.changed = calloc(now->walk.count + n_before + n_touched + 1, sizeof(char *)),
	};

	if (!comparison.changed)
		return -ENOMEM;
	for (size_t i = 0; i < now->walk.count; i++) {
		struct snafu_walked *walked = &now->walk.found[i];

		ret_changes[i] = compare_one(&comparison, walked);
		if (ret_changes[i] == SNAFU_CHANGED)
			comparison.changed[comparison.n_changed++] = walked->source.path;
	}
	for (size_t i = 0; i < n_before; i++)
		if (!snafu_catalogue_find(now, before->walk.found[i].source.path))
			comparison.changed[comparison.n_changed++] = before->walk.found[i].source.path;
	/* Files that are no sources by themselves; what is one was compared by its stamp. */
	for (size_t i = 0; i < n_touched; i++)
		if (!snafu_catalogue_find(now, touched[i]))
			comparison.changed[comparison.n_changed++] = touched[i];
	int code = mark_others(&comparison);
	/* Beside new files others may have other ids; without a list of before nobody can tell. */
	for (size_t i = 0; i < now->walk.count && !before && comparison.n_changed; i++)
		if (ret_changes[i] == SNAFU_SAME)
			ret_changes[i] = SNAFU_REREAD;
	free(comparison.changed);
	return code;
}

/* ---- scanning --------------------------------------------------------------------- */

/* What is found lives on without the catalogue. */
static int copy(const struct snafu_walked *walked, struct snafu_functions *functions,
                struct snafu_walked *ret_copy)
{
	struct snafu_source *source = &ret_copy->source;

	*ret_copy = *walked;
	source->path = snafu_arena_string(&functions->arena, walked->source.path);
	source->root = snafu_arena_string(&functions->arena, walked->source.root);
	source->module = snafu_arena_string(&functions->arena, walked->source.module);
	return source->path && source->root && source->module ? 0 : -ENOMEM;
}

int snafu_rescan(const struct snafu_catalogue *catalogue, const enum snafu_change *changes,
                 const struct snafu_scan_options *options, struct snafu_functions *ret,
                 struct snafu_error *error)
{
	const struct snafu_walk *walk = &catalogue->walk;
	struct snafu_walked *chosen = calloc(walk->count ? walk->count : 1, sizeof *chosen);
	size_t count = 0;

	if (!chosen)
		return snafu_fail(error, -ENOMEM, "no memory to scan %zu files", walk->count);
	int code = 0;
	for (size_t i = 0; i < walk->count && !code; i++)
		if (changes[i] == SNAFU_CHANGED || changes[i] == SNAFU_REREAD)
			code = copy(&walk->found[i], ret, &chosen[count++]);
	if (code)
		snafu_fail(error, code, "no memory to scan %zu files", walk->count);
	else
		code = snafu_scan_walked(chosen, count, options, ret, error);
	if (code)
		snafu_functions_done(ret);
	free(chosen);
	return code;
}
