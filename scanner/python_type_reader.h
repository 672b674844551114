/* scanner/python_type_reader.h — what python_types.c (annotations) and
 * python_classes.c (the classes they name) do for each other. Everybody else
 * includes python_types.h. */
#ifndef SNAFU_SCANNER_PYTHON_TYPE_READER_H
#define SNAFU_SCANNER_PYTHON_TYPE_READER_H

#include "scanner/python_types.h"

#define PYTHON_TYPE_SIZE_CAP 2000 /* bytes of one annotation; a longer one is ANY */

struct python_span {
	const char *at, *end;
};

/* Passed by value, so that each level has a depth and scope of its own. */
struct python_type_reader {
	struct python_types *types;
	uint32_t scope; /* an owner as in a definition */
	unsigned depth;
};

/* The shape of a type's text. Never NULL. */
const struct snafu_shape *snafu_python_read_type(struct python_type_reader reader,
                                                 struct python_span text);

/* What the file itself defines under this dotted name, as seen from the reader's
 * scope: an entry of struct python_names, or -1. */
long snafu_python_find_type(struct python_type_reader reader, struct python_span name);

/* The shape of that entry: a class, or another name for a type. Never NULL. */
const struct snafu_shape *snafu_python_entry_shape(struct python_type_reader reader, long entry);

/* The shape of definition INDEX, a class. Never NULL. */
const struct snafu_shape *snafu_python_class_shape(struct python_type_reader reader, size_t index);

/* A fresh shape in the arena; NULL when memory is out. */
struct snafu_shape *snafu_python_make_shape(struct python_type_reader reader,
                                            enum snafu_shape_kind kind);

#endif
