/* scanner/python_skim_lines.c — lines and their indentation: which blocks they close and
 * open. See python_skimmer.h. */
#include "scanner/python_skimmer.h"

#include <string.h>

#define TAB 8 /* columns, as in Python 2 and 3 */

bool snafu_python_next_line(struct python_skimmer *skimmer, unsigned *ret_column,
                            unsigned *ret_narrow)
{
	struct python_lexer *lexer = &skimmer->lexer;
	const char *at = lexer->at;
	unsigned column = 0, narrow = 0;

	for (;; at++) {
		switch (*at) {
		case ' ':
			column++;
			narrow++;
			continue;
		case '\t':
			column = (column / TAB + 1) * TAB;
			narrow++;
			continue;
		case '#':
			at = memchr(at, '\n', (size_t)(lexer->end - at));
			if (!at)
				return false;
			/* fall through */
		case '\n':
		case '\f': column = narrow = 0; continue;
		case '\\':
			if (at[1] != '\n')
				break;
			at++;
			continue;
		case '\0': return false;
		}
		break;
	}
	lexer->at = at;
	*ret_column = column;
	*ret_narrow = narrow;
	return true;
}

static void push(struct python_skimmer *skimmer, struct python_block block, unsigned column,
                 unsigned narrow)
{
	if (skimmer->n_blocks > PYTHON_BLOCKS_CAP) {
		skim_report(skimmer, block.owner, skimmer->lexer.at, "too many blocks inside each other");
		skim_top(skimmer)->column = column;
		return;
	}
	block.column = column;
	block.narrow_column = narrow;
	block.empty = true;
	block.last = PYTHON_NO_WORD;
	skimmer->blocks[skimmer->n_blocks++] = block;
}

struct python_block snafu_python_inner_block(struct python_skimmer *skimmer)
{
	struct python_block block = *skim_top(skimmer);

	block.kind = PYTHON_BLOCK_OTHER;
	return block;
}

void snafu_python_indent(struct python_skimmer *skimmer, unsigned column, unsigned narrow)
{
	struct python_lexer *lexer = &skimmer->lexer;
	bool expected = skimmer->expected, tolerated = skimmer->tolerated;

	skimmer->expected = skimmer->tolerated = false;
	if (column > skim_top(skimmer)->column) {
		if (narrow <= skim_top(skimmer)->narrow_column && !lexer->python2)
			lexer->python2 = lexer->at;
		if (!expected && !tolerated) {
			skim_report(skimmer, skim_top(skimmer)->owner, lexer->at, "unexpected indentation");
			skimmer->next = snafu_python_inner_block(skimmer);
		}
		push(skimmer, skimmer->next, column, narrow);
		return;
	}
	if (expected)
		skim_report(skimmer, skimmer->next.owner, lexer->at, "an indented block is missing");
	while (column < skim_top(skimmer)->column && skimmer->n_blocks > 1)
		skimmer->n_blocks--;
	if (column > skim_top(skimmer)->column) {
		/* Taken for a line of the block that was closed last. */
		struct python_block *closed = &skimmer->blocks[skimmer->n_blocks++];

		skim_report(skimmer, closed->owner, lexer->at,
		            "the indentation matches no block around it");
		closed->column = column;
		closed->narrow_column = narrow;
	} else if (narrow != skim_top(skimmer)->narrow_column && !lexer->python2) {
		lexer->python2 = lexer->at;
	}
}
