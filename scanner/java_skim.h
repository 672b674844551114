/* scanner/java_skim.h — a fast first pass over Java source.
 *
 * Most of a file is method bodies, initialisers and comments, and no signature
 * needs them. The skimmer makes a compact text for tree-sitter without them, and
 * says where each piece of it stood. A body stays when there is a class in it (its
 * methods are functions too) or when it looks odd: whether that is a syntax error
 * is then for tree-sitter to say. If it is, a second pass leaves the odd ones out
 * too, so that the error does not spread to what stands around it. Where brackets
 * do not match, nothing is left out at all. */
#ifndef SNAFU_SCANNER_JAVA_SKIM_H
#define SNAFU_SCANNER_JAVA_SKIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* From byte `at` of the compact text on, bytes stood at `source` in the file. */
struct snafu_java_piece {
	uint32_t at, source;
};

/* The Javadoc comment [start, end) that stands before the declaration whose first
 * token is at `declaration`; all in the source. */
struct snafu_java_comment {
	uint32_t declaration, start, end;
};

struct snafu_java_frame;
struct snafu_java_load;

/* Zeroed before the first use, and used again for the next file. */
struct snafu_java_skim {
	const char *text; /* `compact`, or the source itself; as far as `size` */
	size_t size;
	bool whole; /* it is the source itself */
	struct snafu_java_piece *pieces; /* sorted */
	size_t n_pieces, pieces_capacity;
	struct snafu_java_comment *comments; /* sorted */
	size_t n_comments, comments_capacity;
	size_t n_odd; /* regions that look odd and hold no class */
	size_t odd_at; /* where in the source the first of them does */
	char *compact;
	size_t compact_capacity;
	struct snafu_java_frame *frames;
	struct snafu_java_load *load;
};

/* SOURCE is SIZE (less than 4 GiB) bytes of UTF-8 followed by a NUL; borrowed for
 * as long as SKIM's text is in use. KEEP_ODD: see above. 0, -ENOMEM, or -E2BIG
 * when what is left is more than a parser should get: see java_load.h. */
int snafu_java_skim(struct snafu_java_skim *skim, const char *source, size_t size, bool keep_odd);

/* Where byte AT of the text stood in the source. */
size_t snafu_java_skim_source(const struct snafu_java_skim *skim, size_t at);

void snafu_java_skim_done(struct snafu_java_skim *skim);

#endif
