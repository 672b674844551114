/* scanner/look.h — what a convention looks at to know a function as its own: the signature, the
 * source's text, and the project's files beside it. Private to scanner/convention.c and
 * scanner/conventions/.
 *
 * Answers about a file are kept while its functions are asked about. Single-threaded. */
#ifndef SNAFU_SCANNER_LOOK_H
#define SNAFU_SCANNER_LOOK_H

#include <stdbool.h>
#include <stddef.h>

#include "scanner/convention.h"
#include "scanner/function.h"

#define SNAFU_LOOK_FILE_CAP (256u << 10) /* bytes of a project's file that are looked at */
#define SNAFU_LOOK_KEPT_CAP 64 /* answers that are kept of one source */

struct snafu_look_answer {
	const char *file, *word; /* static texts, compared by address; file NULL: the source */
	bool answer;
};

struct snafu_look {
	const struct snafu_function *function;
	const struct snafu_source *source;
	size_t line_at; /* offset of a line of the text... */
	unsigned line; /* ...and its number, from 1 */
	struct snafu_look_answer kept[SNAFU_LOOK_KEPT_CAP];
	size_t n_kept;
};

/* Whether the text of the source has WORD in it, as a word of its own. Both texts are static. */
bool snafu_look_says(struct snafu_look *look, const char *word);
/* The same of the package that a Java function's types come from; of class files, which have no
 * text, yes. */
bool snafu_look_java_says(struct snafu_look *look, const char *package);
/* Whether a file FILE stands in the source's folder, or in the one above it, and has WORD in it;
 * NULL: whatever is in it. */
bool snafu_look_beside(struct snafu_look *look, const char *file, const char *word);
/* Whether that file, of YAML, says `KEY: VALUE` in the entry that names the source (the lines
 * around that one which are indented as much, or more), or, where none does, anywhere. */
bool snafu_look_entry_says(struct snafu_look *look, const char *file, const char *key,
                           const char *value);
/* (look_entry.c) The same of TEXT, SIZE bytes, and a source whose own name is NAME. */
bool snafu_look_entry_has(const char *text, size_t size, const char *name, const char *key,
                          const char *value);
/* Whether the function has the decorator NAME ("functions_framework.http"): Python's @. */
bool snafu_look_decorated(struct snafu_look *look, const char *name);
/* Whether it has any. */
bool snafu_look_is_decorated(struct snafu_look *look);
/* Whether the source's own name (without its folders) is NAME. */
bool snafu_look_is_file(const struct snafu_look *look, const char *name);

/* Of signatures. */
bool snafu_look_is_python(const struct snafu_function *function); /* and stands alone */
bool snafu_look_is_java(const struct snafu_function *function);
bool snafu_look_named(const struct snafu_function *function, const char *name);
/* AWS's and others' two parameters, `event` and `context`, of which the second is not the
 * caller's to give. */
bool snafu_look_is_handler(const struct snafu_function *function);
/* Whether parameter number INDEX is a positional one called NAME. */
bool snafu_look_parameter(const struct snafu_function *function, size_t index, const char *name);
/* How many positional parameters a call must or may give; SIZE_MAX where others are there, too. */
size_t snafu_look_positional(const struct snafu_function *function);
/* Whether parameter number INDEX has the type TYPE, a simple or qualified name of Java's. */
bool snafu_look_type(const struct snafu_function *function, size_t index, const char *type);

#endif
