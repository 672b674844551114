/* scanner/python_skimmer.h — the skimmer at work (python_skim*.c): its stack of blocks,
 * and the steps that its files share. One skimmer, one file of source, one thread. */
#ifndef SNAFU_SCANNER_PYTHON_SKIMMER_H
#define SNAFU_SCANNER_PYTHON_SKIMMER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/array.h"
#include "scanner/python_lex.h"
#include "scanner/python_skim.h"

enum python_block_kind {
	PYTHON_BLOCK_MODULE,
	PYTHON_BLOCK_CLASS,
	PYTHON_BLOCK_FUNCTION,
	PYTHON_BLOCK_OTHER, /* if, for, try, ...: belongs to what is around it */
};

struct python_block {
	unsigned column;
	unsigned narrow_column; /* with a tab taken as one column: Python 3 wants both to agree */
	enum python_block_kind kind;
	uint32_t owner; /* 1 + index of the definition it belongs to; 0: the module */
	uint32_t branch;
	bool inside_function;
	bool empty; /* no statement of it was seen yet: a docstring may come */
	/* The last compound statement of this block, for `else` and the like. */
	enum python_word last;
	uint32_t last_branch;
};

struct python_skimmer {
	struct python_lexer lexer;
	struct python_outline *outline;
	struct python_block blocks[PYTHON_BLOCKS_CAP + 1];
	size_t n_blocks;
	struct python_block next; /* what an indentation here would open */
	bool expected; /* it must come */
	bool tolerated; /* it may come */
	unsigned line; /* of `counted` */
	const char *counted;
	size_t piece; /* where the reduced text goes on when the pending decorators are dropped */
	bool decorated; /* decorators wait for their definition */
	uint32_t chains;
	bool failed;
};

/* One more element of an array of the outline; NULL, with `failed` set, when memory is
 * out. */
#define PYTHON_ADD(SKIMMER, ARRAY)                                                       \
	(!snafu_array_grow(&(SKIMMER)->outline->ARRAY, &(SKIMMER)->outline->ARRAY##_room,    \
	                   (SKIMMER)->outline->n_##ARRAY, sizeof *(SKIMMER)->outline->ARRAY) \
	     ? &(SKIMMER)->outline->ARRAY[(SKIMMER)->outline->n_##ARRAY++]                   \
	     : ((SKIMMER)->failed = true, NULL))

static inline struct python_block *skim_top(struct python_skimmer *skimmer)
{
	return &skimmer->blocks[skimmer->n_blocks - 1];
}

static inline size_t skim_offset(const struct python_skimmer *skimmer, const char *at)
{
	return (size_t)(at - skimmer->lexer.text);
}

static inline void skim_report(struct python_skimmer *skimmer, uint32_t owner, const char *at,
                               const char *what)
{
	snafu_python_break(skimmer->outline, owner, skim_offset(skimmer, at), what);
}

/* ---- lines and their indentation (python_skim_lines.c) ---- */

/* Goes to the next line that holds a token, and measures its indentation. False at the
 * end. */
bool snafu_python_next_line(struct python_skimmer *skimmer, unsigned *ret_column,
                            unsigned *ret_narrow);

/* Closes and opens blocks until they fit the indentation of the line at hand. */
void snafu_python_indent(struct python_skimmer *skimmer, unsigned column, unsigned narrow);

/* A block of no kind of its own inside the one on top. */
struct python_block snafu_python_inner_block(struct python_skimmer *skimmer);

/* ---- compound statements (python_skim_branches.c) ---- */

/* Notes which statement came last in this block, and complains when it does not fit. */
void snafu_python_follow(struct python_skimmer *skimmer, const struct python_line *line);

/* An `if`, `for`, `try` or part of one; LAST is the part before it. The block to come
 * is made. */
void snafu_python_take_compound(struct python_skimmer *skimmer, const struct python_line *line,
                                enum python_word last);

#endif
