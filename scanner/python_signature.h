/* scanner/python_signature.h — the headers of an outline, read with tree-sitter:
 * parameters, results, decorators, base classes.
 *
 * Private to the Python scanner: python.c calls it. Threading: one reader, one
 * thread at a time. */
#ifndef SNAFU_SCANNER_PYTHON_SIGNATURE_H
#define SNAFU_SCANNER_PYTHON_SIGNATURE_H

#include <stdbool.h>
#include <stddef.h>

#include "scanner/function.h"
#include "scanner/python_skim.h"

enum python_trait { /* what decorators and base classes say */
	                PYTHON_TRAIT_STATIC = 1 << 0,
	                PYTHON_TRAIT_CLASS = 1 << 1,
	                PYTHON_TRAIT_PROPERTY = 1 << 2,
	                PYTHON_TRAIT_ABSTRACT = 1 << 3,
	                PYTHON_TRAIT_OVERLOAD = 1 << 4,
	                PYTHON_TRAIT_SETTER =
	                    1 << 5, /* of a property: belongs to an earlier definition */
	                PYTHON_TRAIT_DATA = 1 << 6, /* dataclass: a class whose fields are its values */
	                PYTHON_TRAIT_ENUM = 1 << 7,
	                PYTHON_TRAIT_PROTOCOL = 1 << 8,
	                PYTHON_TRAIT_ABC = 1 << 9, /* a class that may have abstract methods */
};

/* Of one definition. All of it lives in the arena given. */
struct python_signature {
	bool known; /* the header parses */
	unsigned traits;
	struct snafu_parameter *parameters; /* self and all; shapes not yet set */
	size_t n_parameters;
	const char *returns;
	const char *const *bases; /* of a class, as written */
	size_t n_bases;
};

struct python_reader;

/* NULL when memory is out or the grammar does not fit the library: RET_CODE then
 * says -ENOMEM or -ENOTSUP. */
struct python_reader *snafu_python_reader_new(int *ret_code);
void snafu_python_reader_free(struct python_reader *reader);

/* Fills SIGNATURES[i] for each definition i of OUTLINE; those that do not parse
 * are broken (snafu_python_break). Then has the suspect lines judged. 0 or
 * -ENOMEM. */
int snafu_python_read_signatures(struct python_reader *reader, struct python_outline *outline,
                                 struct snafu_arena *arena, struct python_signature *signatures);

/* What a decorator or a base class called NAME (dotted, as written) says: the
 * bits of enum python_trait. (python_traits.c) */
unsigned snafu_python_decorator_traits(const char *name);
unsigned snafu_python_base_traits(const char *name);

/* SIZE bytes of source on one line: comments dropped, newlines and the blanks
 * around them one space. NULL when memory is out. */
char *snafu_python_tidy(struct snafu_arena *arena, const char *text, size_t size);

#endif
