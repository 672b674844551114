/* scanner/python_reader.h — the reader of signatures at work (python_signature.c,
 * python_piece.c): the parser, what the grammar calls things, and where it is. */
#ifndef SNAFU_SCANNER_PYTHON_READER_H
#define SNAFU_SCANNER_PYTHON_READER_H

#include <stdbool.h>
#include <stddef.h>

#include <tree_sitter/api.h>

#include "base/buffer.h"
#include "scanner/python_signature.h"

struct python_symbols {
	TSSymbol function, class, decorated, decorator, parameters, arguments, keyword_argument;
	TSSymbol identifier, typed, with_default, typed_with_default, splat, double_splat;
	TSSymbol slash;
	TSFieldId return_type, name, type, value;
};

struct python_reader {
	TSParser *parser;
	TSTreeCursor cursor;
	bool has_cursor;
	struct python_symbols symbols;
	struct snafu_buffer work;
	/* Of the outline at hand. */
	struct python_outline *outline;
	struct snafu_arena *arena;
	const char *chunk; /* what was parsed, as it stands in the reduced text */
	struct snafu_parameter *parameters;
	size_t n_parameters, parameters_room;
	bool failed;
};

/* (python_piece.c) Takes what one definition's tree says into SIGNATURE. The cursor
 * stands on a child of the root, and comes back to it. */
void snafu_python_read_piece(struct python_reader *reader, struct python_signature *signature);

#endif
