/* langs/python2_tree.c — Python 2 sources upgraded into the cache. See python2.h.
 *
 * python2_upgrade.py does the work, in a process of its own, and leaves beside the tree a
 * list of the files and folders that it looked at. While these are as they were, nothing
 * is started. */
#include "langs/python2.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/child.h"
#include "base/error.h"
#include "base/file.h"
#include "base/parts.h"
#include "scanner/function.h"

#define LIST_FORMAT "snafu-python2 3" /* as in python2_upgrade.py */
#define INPUT_CAP   (16u << 20)
#define MESSAGE_CAP 16384
#define PYTHON3     "/usr/bin/python3"
#define NATIVE      "or take --python2 native"

int python2_trees_init(struct python2_trees *trees, const struct snafu_language_options *options,
                       struct snafu_error *error)
{
	char *cache = snafu_path_join(options->cache_directory, "python2");
	int code = cache ? snafu_directory_make(cache, error) : -ENOMEM;

	*trees = (struct python2_trees){.options = options, .functions = options->functions};
	/* Python resolves links in the paths of its files; so what is replaced in messages must
	 * have none. */
	trees->cache = code ? NULL : realpath(cache, NULL);
	free(cache);
	if (!trees->cache)
		return code ? code : snafu_fail(error, -ENOMEM, "no place for upgraded Python 2 files");
	pthread_mutex_init(&trees->lock, NULL);
	return 0;
}

void python2_trees_done(struct python2_trees *trees)
{
	while (trees->trees) {
		struct python2_tree *tree = trees->trees;

		trees->trees = tree->next;
		free(tree->base);
		free(tree->place);
		free(tree);
	}
	pthread_mutex_destroy(&trees->lock);
	free(trees->cache);
}

/* ---- from a file to its tree -------------------------------------------------------- */

/* The real path of PATH's folder and PATH's own name: malloc'ed. */
static char *real_file(const char *path)
{
	char *folder = snafu_path_folder(path), *real = folder ? realpath(folder, NULL) : NULL;
	char *file = real ? snafu_path_join(real, snafu_path_base(path)) : NULL;

	free(folder);
	free(real);
	return file;
}

static bool is_below(const char *path, const char *folder)
{
	size_t size = strlen(folder);

	return strcmp(folder, "/") == 0 ||
	       (strncmp(path, folder, size) == 0 && (path[size] == '/' || !path[size]));
}

/* The folder that imports of FILE, a real path, start from: above its packages, or the
 * root that was scanned if that is further up. */
static char *find_base(const char *file, const char *root)
{
	char *top = snafu_path_folder(file), *real = root ? realpath(root, NULL) : NULL;

	while (top && top[1]) {
		char *init = snafu_path_join(top, "__init__.py");
		bool is_package = init && access(init, R_OK) == 0;
		char *above = is_package ? snafu_path_folder(top) : NULL;

		free(init);
		if (!above)
			break;
		free(top);
		top = above;
	}
	if (top && real && is_below(top, real)) {
		free(top);
		return real;
	}
	free(real);
	return top;
}

static struct python2_tree *tree_of(struct python2_trees *trees, const char *base)
{
	struct python2_tree *tree;

	for (tree = trees->trees; tree; tree = tree->next)
		if (strcmp(tree->base, base) == 0)
			return tree;
	tree = calloc(1, sizeof *tree);
	if (tree) {
		tree->base = strdup(base);
		if (asprintf(&tree->place, "%s/%016llx", trees->cache,
		             snafu_hash(SNAFU_HASH_START, base, strlen(base))) < 0)
			tree->place = NULL;
	}
	if (!tree || !tree->base || !tree->place) {
		if (tree) {
			free(tree->base);
			free(tree->place);
		}
		free(tree);
		return NULL;
	}
	tree->next = trees->trees;
	trees->trees = tree;
	return tree;
}

char *python2_tree_path(const struct python2_tree *tree, const char *path)
{
	char *real = real_file(path), *found = NULL;

	if (real && is_below(real, tree->base)) {
		const char *rest = real + (tree->base[1] ? strlen(tree->base) : 0);

		found = *rest ? snafu_path_join(tree->place, rest + 1) : strdup(tree->place);
	}
	free(real);
	return found;
}

/* ---- what the tree was made of -------------------------------------------------------- */

/* The next of LINE's tab-separated fields; the last one is all that is left. */
static char *field(char **line, bool last)
{
	char *from = *line, *tab = last ? NULL : strchr(from, '\t');

	if (tab)
		*tab = '\0';
	*line = tab ? tab + 1 : from + strlen(from);
	return from;
}

static bool is_unchanged(char *line, bool is_file)
{
	long long size = strtoll(field(&line, false), NULL, 10);
	long long time = strtoll(field(&line, false), NULL, 10);
	struct stat status;

	return stat(line, &status) == 0 && (!is_file || status.st_size == size) &&
	       status.st_mtim.tv_sec * 1000000000ll + status.st_mtim.tv_nsec == time;
}

/* Calls EACH with the kind and the rest of every line of the tree's list, until it returns other
 * than 0, and returns that. -ENOENT: there is no list, or an old one. */
static int read_list(const struct python2_tree *tree,
                     int (*each)(void *state, const char *kind, char *rest), void *state)
{
	char *path, *text, *rest = NULL;
	size_t size;
	int code = -ENOENT;

	if (asprintf(&path, "%s.list", tree->place) < 0)
		return -ENOMEM;
	if (snafu_file_read(path, PYTHON2_LIST_CAP, &text, &size, NULL) == 0) {
		char *line = strtok_r(text, "\n", &rest);

		code = line && strcmp(line, LIST_FORMAT) == 0 ? 0 : -ENOENT;
		while (!code && (line = strtok_r(NULL, "\n", &rest))) {
			const char *kind = field(&line, false);

			code = each(state, kind, line);
		}
		free(text);
	}
	free(path);
	return code;
}

struct freshness {
	const char *const *wanted;
	size_t n_wanted, n_found;
};

static int check_line(void *opaque, const char *kind, char *rest)
{
	struct freshness *freshness = opaque;

	if (strcmp(kind, "entry") == 0) {
		for (size_t i = 0; i < freshness->n_wanted; i++)
			freshness->n_found += strcmp(rest, freshness->wanted[i]) == 0;
		return 0;
	}
	if (strcmp(kind, "file") != 0 && strcmp(kind, "folder") != 0)
		return 0;
	return is_unchanged(rest, strcmp(kind, "file") == 0) ? 0 : -ESTALE;
}

static bool is_fresh(const struct python2_tree *tree, const char *const *wanted, size_t n_wanted)
{
	struct freshness freshness = {wanted, n_wanted, 0};

	return read_list(tree, check_line, &freshness) == 0 && freshness.n_found == n_wanted;
}

/* Looks for a broken file: FILE, a source; or, in the places of the tree, one that TEXT names. */
struct search {
	const struct python2_tree *tree;
	const char *file, *text;
	struct snafu_error *error;
};

static int find_broken(void *opaque, const char *kind, char *rest)
{
	const struct search *search = opaque;

	if (strcmp(kind, "broken") != 0)
		return 0;
	char *line = field(&rest, false), *words = field(&rest, false);
	char *place = search->file ? NULL : python2_tree_path(search->tree, rest);
	bool found = search->file ? strcmp(rest, search->file) == 0
	                          : place && strstr(search->text, place) != NULL;
	free(place);
	if (!found)
		return 0;
	if (strcmp(line, "0") == 0)
		return snafu_fail(search->error, -ENOEXEC,
		                  "%s cannot be upgraded to Python 3: %s; mend it, " NATIVE, rest, words);
	return snafu_fail(search->error, -ENOEXEC,
	                  "%s:%s cannot be upgraded to Python 3: %s; mend it, " NATIVE, rest, line,
	                  words);
}

int python2_tree_explain(const struct python2_tree *tree, const char *text,
                         struct snafu_error *error)
{
	struct search search = {tree, NULL, text, error};

	return read_list(tree, find_broken, &search) == -ENOEXEC ? -ENOEXEC : 0;
}

/* ---- upgrading ------------------------------------------------------------------------ */

static int ask(const char *script, const struct snafu_buffer *input, struct snafu_error *error)
{
	const char *python = access(PYTHON3, X_OK) == 0 ? PYTHON3 : "python3";
	struct snafu_buffer said = SNAFU_BUFFER(MESSAGE_CAP);
	const char *argv[] = {python, "-I", "-S", "-B", script, NULL};
	struct snafu_child_options options = {
		.argv = argv,
		.input = input->data,
		.input_size = input->size,
		.timeout_ms = PYTHON2_UPGRADE_TIME_CAP,
		.errors = &said,
	};
	int status, code = snafu_child_run(&options, &status, error);

	if (code == -ENOENT)
		snafu_fail(error, code, "2to3 needs %s, which is not there: install it, " NATIVE, python);
	if (!code && status != 0) {
		/* The last line says it. */
		while (said.size > 1 && said.data[said.size - 1] == '\n')
			said.data[--said.size] = '\0';
		const char *line = said.data ? strrchr(said.data, '\n') : NULL;

		line = line ? line + 1 : said.data ? said.data : "no reason given";
		code = snafu_fail(error, -ENOEXEC, "Python 2 sources cannot be upgraded: %.700s; " NATIVE,
		                  line);
	}
	snafu_buffer_done(&said);
	return code;
}

static int upgrade(const struct python2_trees *trees, const struct python2_tree *tree,
                   const char *const *wanted, size_t n_wanted, struct snafu_error *error)
{
	struct snafu_buffer input = SNAFU_BUFFER(INPUT_CAP);
	const struct snafu_language_options *options = trees->options;
	char words[PATH_MAX + 64], *script;
	int code = snafu_part_find("python2_upgrade.py", &script, error);

	if (code)
		return code;
	snafu_buffer_format(&input, "%s\n%s\n%s\n", trees->cache, tree->base, tree->place);
	for (size_t i = 0; i < n_wanted; i++)
		snafu_buffer_format(&input, "%s\n", wanted[i]);
	code = snafu_buffer_failed(&input);
	if (code)
		snafu_fail(error, code, "too many Python 2 files to upgrade at once");
	snprintf(words, sizeof words, "upgrading %s", wanted[0]);
	if (options->working)
		options->working(options->working_state, words);
	if (!code)
		code = ask(script, &input, error);
	if (options->working)
		options->working(options->working_state, NULL);
	snafu_buffer_done(&input);
	free(script);
	return code;
}

static bool is_named(const struct snafu_language_options *options, const char *file)
{
	for (size_t i = 0; i < options->n_paths; i++)
		if (strcmp(options->paths[i], file) == 0)
			return true;
	return false;
}

#define WANTED_CAP 1000 /* files upgraded in one go */

/* FILE, and the other Python 2 files of the same tree that the user named: all at once takes less
 * time. Returns how many; those after the first are malloc'ed. */
static size_t gather(const struct python2_trees *trees, const struct python2_tree *tree,
                     const char *file, const char **wanted)
{
	const struct snafu_functions *functions = trees->functions;
	const char *last = NULL;
	size_t n = 1;

	wanted[0] = file;
	for (size_t i = 0; !trees->options->brief && i < functions->count && n < WANTED_CAP; i++) {
		const struct snafu_function *function = &functions->functions[i];

		if (strcmp(function->language, "python2") != 0 || function->file == last)
			continue;
		last = function->file;
		if (!is_named(trees->options, last))
			continue;
		char *other = real_file(last), *base = other ? find_base(other, function->root) : NULL;
		bool is_new = base && strcmp(base, tree->base) == 0;
		for (size_t known = 0; is_new && known < n; known++)
			is_new = strcmp(wanted[known], other) != 0;
		if (is_new)
			wanted[n++] = other;
		else
			free(other);
		free(base);
	}
	return n;
}

/* The lock is held. */
static int make_fresh(struct python2_trees *trees, const struct python2_tree *tree,
                      const char *file, struct snafu_error *error)
{
	const char **wanted = calloc(WANTED_CAP, sizeof *wanted);
	struct search search = {tree, file, NULL, error};
	size_t n = 0;
	int code = 0;

	if (!wanted)
		return snafu_fail(error, -ENOMEM, "no memory");
	n = gather(trees, tree, file, wanted);
	if (!is_fresh(tree, wanted, n))
		code = upgrade(trees, tree, wanted, n, error);
	if (!code)
		code = read_list(tree, find_broken, &search) == -ENOEXEC ? -ENOEXEC : 0;
	while (n > 1)
		free((char *)(uintptr_t)wanted[--n]);
	free(wanted);
	return code;
}

int python2_trees_get(struct python2_trees *trees, const struct snafu_function *function,
                      const struct python2_tree **ret_tree, char **ret_file, char **ret_root,
                      struct snafu_error *error)
{
	char *file = real_file(function->file);
	char *base = file ? find_base(file, function->root) : NULL;
	int code = base ? 0 : snafu_fail(error, -ENOENT, "%s is not there any more", function->file);
	struct python2_tree *tree = NULL;

	pthread_mutex_lock(&trees->lock);
	if (!code) {
		tree = tree_of(trees, base);
		code =
			tree ? make_fresh(trees, tree, file, error) : snafu_fail(error, -ENOMEM, "no memory");
	}
	pthread_mutex_unlock(&trees->lock);
	if (!code) {
		char *real_root = function->root ? realpath(function->root, NULL) : NULL;

		*ret_tree = tree;
		*ret_file = python2_tree_path(tree, file);
		*ret_root = real_root && strcmp(real_root, base) != 0 && is_below(real_root, base)
		                ? python2_tree_path(tree, real_root)
		                : strdup(tree->place);
		free(real_root);
		if (!*ret_file || !*ret_root) {
			free(*ret_file);
			free(*ret_root);
			code = snafu_fail(error, -ENOMEM, "no memory");
		}
	}
	free(base);
	free(file);
	return code;
}
