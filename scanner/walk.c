/* scanner/walk.c — see walk.h. Knows which folders hold no source of the user's
 * own, and how modules are named. */
#include "scanner/walk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/array.h"
#include "base/error.h"
#include "base/file.h"
#include "base/utf8.h"

#define NO_MEMORY(ERROR) snafu_fail(ERROR, -ENOMEM, "no memory to list the sources")

/* A folder on the way down, so that a link to one of its parents is seen. */
struct folder {
	const struct folder *parent;
	dev_t device;
	ino_t inode;
	unsigned depth;
};

static bool exists_in(const char *folder, const char *name)
{
	char *path = snafu_path_join(folder, name);
	bool there = path && access(path, F_OK) == 0;

	free(path);
	return there;
}

/* Whether NAME in FOLDER holds build products: only beside a build description,
 * since `build` and `target` are also names that packages have. */
static bool is_build_folder(const char *folder, const char *name)
{
	static const char *const names[] = {"build", "_build", "dist", "target", "out", "bin"};
	static const char *const signs[] = {
		"Makefile",     "CMakeLists.txt",   "configure",      "configure.ac",
		"meson.build",  "setup.py",         "pyproject.toml", "pom.xml",
		"build.gradle", "build.gradle.kts", "build.xml",
	};
	bool candidate = strncmp(name, "cmake-build-", 12) == 0;

	for (size_t i = 0; i < sizeof names / sizeof *names && !candidate; i++)
		candidate = strcmp(name, names[i]) == 0;
	for (size_t i = 0; candidate && i < sizeof signs / sizeof *signs; i++)
		if (exists_in(folder, signs[i]))
			return true;
	return false;
}

bool snafu_walk_passes_over(const char *folder, const char *name, const char *path)
{
	static const char *const names[] = {"__pycache__", "node_modules", "CVS", "_darcs"};

	if (name[0] == '.' || snafu_path_has_suffix(name, ".egg-info"))
		return true;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	return exists_in(path, "pyvenv.cfg") || exists_in(path, "conda-meta") ||
	       exists_in(path, "CMakeCache.txt") || is_build_folder(folder, name);
}

/* The folder above the outermost package that FOLDER is part of: malloc'ed. */
static char *above_package(const char *folder, const char *package_file)
{
	char *at = strdup(folder);

	for (int depth = 0; at && package_file && depth < SNAFU_SCAN_DEPTH_CAP; depth++) {
		if (!exists_in(at, package_file))
			break;
		/* "." and ".." have no parent to be seen in the name. */
		const char *base = snafu_path_base(at);
		char *up = strcmp(base, ".") == 0 || strcmp(base, "..") == 0 ? realpath(at, NULL)
		                                                             : snafu_path_folder(at);
		if (up && up[0] == '/' && at[0] != '/') { /* went absolute: go up from there */
			char *higher = snafu_path_folder(up);

			free(up);
			up = higher;
		}
		free(at);
		at = up;
	}
	return at;
}

/* Ids are text, as JSON has it; names of files need not be. */
static char *make_text(char *name)
{
	const char *end = name ? name + strlen(name) : NULL;
	size_t length;

	for (char *at = name; at < end; at += length ? length : 1) {
		length = snafu_utf8_size(at, end);
		if (!length)
			*at = '_';
	}
	return name;
}

/* PATH below ROOT as a dotted name without suffix; the package file's own name
 * falls away. */
static const char *module_below(struct snafu_walk *walk, const struct snafu_scanner *scanner,
                                const char *root, const char *path)
{
	size_t skip = strlen(root);
	const char *start = path;

	if (strncmp(path, root, skip) == 0 && (path[skip] == '/' || (skip && root[skip - 1] == '/')))
		start = path + skip;
	while (*start == '/')
		start++;
	const char *suffix = snafu_scanner_suffix(scanner, start);
	size_t size = strlen(start) - (suffix ? strlen(suffix) : 0);
	const char *base = snafu_path_base(start);
	if (scanner->package_file && strcmp(base, scanner->package_file) == 0 && base > start)
		size = (size_t)(base - start) - 1;
	char *module = snafu_arena_copy(&walk->functions->arena, start, size);
	for (char *at = module; at && *at; at++)
		if (*at == '/')
			*at = '.';
	return make_text(module);
}

void snafu_stamp_take(const struct stat *status, struct snafu_stamp *ret_stamp)
{
	*ret_stamp = (struct snafu_stamp){
		.device = status->st_dev,
		.inode = status->st_ino,
		.size = (uint64_t)status->st_size,
		.modified = status->st_mtim.tv_sec * 1000000000ll + status->st_mtim.tv_nsec,
		.changed = status->st_ctim.tv_sec * 1000000000ll + status->st_ctim.tv_nsec,
	};
}

static int add_folder(struct snafu_walk *walk, const char *path)
{
	if (!walk->wants_folders)
		return 0;
	if (snafu_array_grow(&walk->folders, &walk->folders_capacity, walk->n_folders,
	                     sizeof *walk->folders))
		return -ENOMEM;
	walk->folders[walk->n_folders] = snafu_arena_string(&walk->functions->arena, path);
	return walk->folders[walk->n_folders] ? (walk->n_folders++, 0) : -ENOMEM;
}

static int add(struct snafu_walk *walk, const struct snafu_scanner *scanner,
               const struct snafu_source *source, const struct stat *status)
{
	if (snafu_array_grow(&walk->found, &walk->capacity, walk->count, sizeof *walk->found))
		return -ENOMEM;
	if (!source->path || !source->root || !source->module)
		return -ENOMEM;
	walk->found[walk->count] = (struct snafu_walked){
		.source = *source,
		.scanner = scanner,
		.number = walk->count,
	};
	snafu_stamp_take(status, &walk->found[walk->count].stamp);
	walk->count++;
	return 0;
}

static int add_found(struct snafu_walk *walk, const char *root, const char *path, const char *name,
                     const struct stat *status)
{
	const struct snafu_scanner *scanner = snafu_scanner_by_suffix(&walk->scanners, name);

	if (!scanner && (!strchr(name, '.') || walk->below))
		scanner = snafu_scanner_by_head(&walk->scanners, path);
	if (!scanner)
		return 0;
	if (walk->count >= SNAFU_SCAN_FILES_CAP) {
		if (walk->count == SNAFU_SCAN_FILES_CAP)
			snafu_functions_diagnose(walk->functions, SNAFU_ERROR, path, 0,
			                         "more than %d files: this and the rest are left out",
			                         SNAFU_SCAN_FILES_CAP);
		return 0;
	}
	char *top = above_package(root, scanner->package_file);
	struct snafu_source source = {
		.path = snafu_arena_string(&walk->functions->arena, path),
		.root = snafu_arena_string(&walk->functions->arena, top),
		.module = top ? module_below(walk, scanner, top, path) : NULL,
	};
	free(top);
	return add(walk, scanner, &source, status);
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* All names in a directory, sorted: malloc'ed strings in a malloc'ed array. */
static int list_names(DIR *stream, char ***ret_names, size_t *ret_count)
{
	char **names = NULL;
	size_t count = 0, capacity = 0;
	struct dirent *entry;

	while ((entry = readdir(stream))) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		if (snafu_array_grow(&names, &capacity, count, sizeof *names))
			break;
		names[count] = strdup(entry->d_name);
		if (!names[count])
			break;
		count++;
	}
	if (count)
		qsort(names, count, sizeof *names, compare_names);
	*ret_names = names;
	*ret_count = count;
	return entry ? -ENOMEM : 0;
}

static int walk_folder(struct snafu_walk *walk, const char *root, const char *path,
                       const struct folder *parent);

static int walk_entry(struct snafu_walk *walk, const char *root, const char *folder_path,
                      const char *name, const struct folder *folder)
{
	char *path = snafu_path_join(folder_path, name);
	struct stat status;
	int code = path ? 0 : -ENOMEM;

	if (!code && stat(path, &status) == 0) {
		if (S_ISDIR(status.st_mode)) {
			if (!snafu_walk_passes_over(folder_path, name, path))
				code = walk_folder(walk, root, path, folder);
		} else if (S_ISREG(status.st_mode) && name[0] != '.') {
			code = add_found(walk, root, path, name, &status);
		}
	}
	free(path);
	return code;
}

static int walk_folder(struct snafu_walk *walk, const char *root, const char *path,
                       const struct folder *parent)
{
	DIR *stream = opendir(path);
	struct stat status;

	if (!stream || fstat(dirfd(stream), &status)) {
		snafu_functions_diagnose(walk->functions, SNAFU_WARNING, path, 0, "cannot open: %s",
		                         strerror(errno));
		if (stream)
			closedir(stream);
		return 0;
	}
	struct folder folder = {parent, status.st_dev, status.st_ino, parent ? parent->depth + 1 : 1};
	const char *trouble = folder.depth > SNAFU_SCAN_DEPTH_CAP ? "folders nested too deep" : NULL;
	for (const struct folder *up = parent; up && !trouble; up = up->parent)
		if (up->device == folder.device && up->inode == folder.inode)
			trouble = "a link back to a folder that holds it: passed over";
	char **names = NULL;
	size_t count = 0;
	int code = trouble ? 0 : list_names(stream, &names, &count);

	if (!trouble && !code)
		code = add_folder(walk, path);
	closedir(stream);
	if (trouble)
		snafu_functions_diagnose(walk->functions, SNAFU_NOTE, path, 0, "%s", trouble);
	for (size_t i = 0; i < count; i++) {
		if (!code)
			code = walk_entry(walk, root, path, names[i], &folder);
		free(names[i]);
	}
	free(names);
	return code;
}

/* Leaves out secondary files found from FIRST on where their scanner has others. */
static void drop_secondary(struct snafu_walk *walk, size_t first)
{
	const struct snafu_scanner *scanner;

	for (size_t number = 0; (scanner = snafu_scanner_number(&walk->scanners, number)); number++) {
		const char *const *secondary = scanner->secondary_suffixes;
		bool has_primary = false;
		size_t kept = first;

		if (!secondary)
			continue;
		for (int pass = 0; pass < 2; pass++)
			for (size_t i = first; i < walk->count && (pass == 0 || has_primary); i++) {
				struct snafu_walked *at = &walk->found[i];
				bool is_secondary = false;

				for (const char *const *suffix = secondary; *suffix; suffix++)
					is_secondary |= snafu_path_has_suffix(at->source.path, *suffix);
				is_secondary &= at->scanner == scanner;
				if (pass == 0)
					has_primary |= at->scanner == scanner && !is_secondary;
				else if (!is_secondary)
					walk->found[kept++] = *at;
			}
		if (has_primary)
			walk->count = kept;
	}
}

/* A file that a person named: its module is its base name. */
static int add_named(struct snafu_walk *walk, const char *path, const struct stat *status)
{
	const struct snafu_scanner *scanner =
		snafu_scanner_by_suffix(&walk->scanners, snafu_path_base(path));

	if (!scanner)
		scanner = snafu_scanner_by_head(&walk->scanners, path);
	if (!scanner) {
		snafu_functions_diagnose(walk->functions, SNAFU_ERROR, path, 0,
		                         "neither the name nor the first line tells a language that "
		                         "Snafu reads; see snafu-scan --help");
		return 0;
	}
	char *folder = snafu_path_folder(path);
	char *root = folder ? above_package(folder, scanner->package_file) : NULL;
	bool is_package =
		scanner->package_file && strcmp(snafu_path_base(path), scanner->package_file) == 0;
	struct snafu_source source = {
		.path = snafu_arena_string(&walk->functions->arena, path),
		.root = snafu_arena_string(&walk->functions->arena, root),
		.named = true,
	};
	if (folder && root)
		source.module = module_below(walk, scanner, is_package ? root : folder, path);
	int code = folder ? add_folder(walk, folder) : -ENOMEM;
	free(folder);
	free(root);
	return code ? code : add(walk, scanner, &source, status);
}

/* The folder's name in front of the module's; that of the working directory where
 * the path names no folder. */
static int add_folder_name(struct snafu_walk *walk, struct snafu_source *source)
{
	char *folder = snafu_path_folder(source->path);
	char *whole = folder ? realpath(folder, NULL) : NULL;

	if (whole)
		source->module = make_text(snafu_arena_format(&walk->functions->arena, "%s.%s",
		                                              snafu_path_base(whole), source->module));
	free(folder);
	free(whole);
	return source->module ? 0 : -ENOMEM;
}

static bool in_same_folder(const char *one, const char *other)
{
	size_t size = (size_t)(snafu_path_base(one) - one);

	return size == (size_t)(snafu_path_base(other) - other) && memcmp(one, other, size) == 0;
}

/* Named files of one language and the same base name get their folder's name in
 * front, so that their functions keep apart: a/x.py and b/x.py are a.x and b.x. A
 * header and its source are no such case. */
static int tell_apart(struct snafu_walk *walk)
{
	for (size_t i = 0; i < walk->count; i++) {
		struct snafu_source *one = &walk->found[i].source;
		bool same = false;

		for (size_t j = i + 1; j < walk->count && one->named; j++) {
			struct snafu_source *other = &walk->found[j].source;

			if (!other->named || strcmp(one->module, other->module) != 0 ||
			    walk->found[i].scanner != walk->found[j].scanner ||
			    in_same_folder(one->path, other->path))
				continue;
			same = true;
			if (add_folder_name(walk, other))
				return -ENOMEM;
		}
		if (same && add_folder_name(walk, one))
			return -ENOMEM;
	}
	return 0;
}

static bool named_before(const char *const *paths, size_t index)
{
	for (size_t i = 0; i < index; i++)
		if (strcmp(paths[i], paths[index]) == 0)
			return true;
	return false;
}

int snafu_walk(struct snafu_walk *walk, const char *const *paths, size_t count,
               struct snafu_error *error)
{
	bool directories = false;

	walk->scanners.functions = walk->functions;
	for (size_t i = 0; i < count; i++) {
		struct stat status;
		int code = 0;

		if (snafu_path_is_library(paths[i]) || named_before(paths, i))
			continue;
		if (stat(paths[i], &status) && walk->lenient)
			continue;
		if (stat(paths[i], &status))
			return snafu_fail_errno(error, -errno, "cannot open %s", paths[i]);
		if (S_ISDIR(status.st_mode)) {
			size_t first = walk->count;

			directories = true;
			code = walk_folder(walk, paths[i], paths[i], NULL);
			drop_secondary(walk, first);
		} else if (walk->below) {
			code = add_found(walk, walk->below, paths[i], snafu_path_base(paths[i]), &status);
		} else {
			code = add_named(walk, paths[i], &status);
		}
		if (code)
			return NO_MEMORY(error);
	}
	if (walk->below)
		drop_secondary(walk, 0);
	/* Quadratic, so only for what a person can name by hand. */
	else if (!directories && walk->count <= 1000 && tell_apart(walk))
		return NO_MEMORY(error);
	return 0;
}

void snafu_walk_done(struct snafu_walk *walk)
{
	free(walk->found);
	free(walk->folders);
	*walk = (struct snafu_walk){0};
}
