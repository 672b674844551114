/* scanner/java_load.h — how much a text would pile up on a parser's stack.
 *
 * tree-sitter 0.20.7 keeps what it cannot yet put together on a stack; when the
 * file ends there, all of that becomes the children of one error node, and more
 * than 65,535 of them corrupt its memory. And `a<a<a<...` makes it follow two
 * readings at once, at a cost that grows with the square. So tokens are counted
 * before they are given to it; source that people write stays far below. */
#ifndef SNAFU_SCANNER_JAVA_LOAD_H
#define SNAFU_SCANNER_JAVA_LOAD_H

#include <stdbool.h>
#include <stddef.h>

#include "scanner/java_tokens.h"

#define SNAFU_JAVA_NESTING_CAP 1000 /* brackets inside each other; javac gives up earlier */
#define SNAFU_JAVA_PENDING_CAP 10000 /* tokens that wait for the end of their statement */
#define SNAFU_JAVA_LESS_CAP    200 /* < among them */

struct snafu_java_load {
	unsigned pending, less; /* now */
	unsigned depth; /* of open brackets */
	bool after_brace; /* the last token closed a brace */
	struct {
		unsigned pending, less;
	} outside[SNAFU_JAVA_NESTING_CAP + 2]; /* when the bracket was opened */
};

/* Counts one token, no space or comment. False while there is too much. */
bool snafu_java_load_add(struct snafu_java_load *load, const unsigned char *text, size_t size);

/* Whether a whole text, brackets matching or not, stays below the caps. *END is a
 * NUL; LOAD is zeroed. */
bool snafu_java_load_fits(struct snafu_java_load *load, const unsigned char *text,
                          const unsigned char *end);

#endif
