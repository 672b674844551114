/* langs/python2.h — what the files of the Python 2 language (langs/python2*.c) share. */
#ifndef SNAFU_LANGS_PYTHON2_H
#define SNAFU_LANGS_PYTHON2_H

#include <pthread.h>
#include <stddef.h>

#include "langs/language.h"

struct snafu_error;
struct snafu_result;

#define PYTHON2_UPGRADE_TIME_CAP (600u * 1000) /* ms for one run of 2to3 */
#define PYTHON2_LIST_CAP         (64u << 20) /* bytes of a tree's list */

/* A folder with Python 2 in it, and the upgraded tree that stands for it. */
struct python2_tree {
	struct python2_tree *next;
	char *base; /* real path of the folder that imports start from */
	char *place; /* of the tree, in the cache */
};

struct python2_trees {
	const struct snafu_language_options *options;
	char *cache; /* "python2" in the cache directory */
	pthread_mutex_t lock; /* one upgrade at a time; guards what follows */
	const struct snafu_functions *functions; /* all that is known */
	struct python2_tree *trees; /* they stay until the end */
};

int python2_trees_init(struct python2_trees *trees, const struct snafu_language_options *options,
                       struct snafu_error *error);
void python2_trees_done(struct python2_trees *trees);

/* The tree in which FUNCTION's file is upgraded, with what it imports; 2to3 runs if
 * something changed since it last did. RET_FILE, RET_ROOT: malloc'ed, where file and root are in
 * the tree. -ENOEXEC: ERROR says where and why the file cannot be upgraded. Any thread. */
int python2_trees_get(struct python2_trees *trees, const struct snafu_function *function,
                      const struct python2_tree **ret_tree, char **ret_file, char **ret_root,
                      struct snafu_error *error);

/* If TEXT names a file of TREE that could not be upgraded, -ENOEXEC and what python2_trees_get()
 * would say of that; else 0. */
int python2_tree_explain(const struct python2_tree *tree, const char *text,
                         struct snafu_error *error);

/* Where PATH, which need not exist, is in TREE: malloc'ed, NULL when it is not below the base. */
char *python2_tree_path(const struct python2_tree *tree, const char *path);

/* (python2_native.c) struct snafu_language's `command`. */
int python2_command(const struct snafu_function *function, const char *variant, char ***ret_argv,
                    struct snafu_error *error);

#endif
