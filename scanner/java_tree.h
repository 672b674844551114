/* scanner/java_tree.h — Java source into a unit of types and members, with the
 * skimmer and tree-sitter. */
#ifndef SNAFU_SCANNER_JAVA_TREE_H
#define SNAFU_SCANNER_JAVA_TREE_H

#include "scanner/java_model.h"
#include "scanner/java_skim.h"
#include "scanner/scanner.h"

struct snafu_java_tree;

/* What reading source needs, for one thread, for many files; NULL with ERROR
 * filled when memory is out or the grammar does not fit this tree-sitter. */
struct snafu_java_tree *snafu_java_tree_new(struct snafu_error *error);

/* Fills UNIT (begun, with file and root set) from the SIZE bytes at TEXT: UTF-8,
 * with a NUL behind them; they must live until the unit was emitted. What cannot
 * be read becomes a diagnostic. Fails only when memory is out. MODULE names the
 * class around methods that have none. */
int snafu_java_tree_read(struct snafu_java_tree *tree, struct snafu_java_unit *unit,
                         const char *text, size_t size, const char *module);

void snafu_java_tree_free(struct snafu_java_tree *tree);

#endif
