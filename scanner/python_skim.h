/* scanner/python_skim.h — the outline of a Python source in one pass: which
 * functions and classes there are, inside which blocks, and where their headers,
 * docstrings and fields stand. Function bodies are passed over, watched only for
 * what the outline needs (yield, Python 2's syntax, lines that look wrong).
 *
 * The headers with their decorators are gathered, one behind the other and
 * without indentation, as a reduced text for tree-sitter: a few percent of the
 * file. Private to the Python scanner: python.c calls it. */
#ifndef SNAFU_SCANNER_PYTHON_SKIM_H
#define SNAFU_SCANNER_PYTHON_SKIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"

#define PYTHON_DEFINITIONS_CAP 200000 /* functions and classes in one file */
#define PYTHON_BLOCKS_CAP      100 /* indented inside each other; CPython has the same limit */
#define PYTHON_SUSPECTS_CAP    1000 /* odd lines of one file that tree-sitter is asked about */
#define PYTHON_PROBLEMS_CAP    50 /* syntax errors of one file that are told */
#define PYTHON_PIECE_CAP       (128u << 10) /* bytes of a header or odd line to parse */

enum python_verdict { /* whether a block runs when the module is imported */
	                  PYTHON_MAYBE,
	                  PYTHON_ALWAYS,
	                  PYTHON_NEVER,
	                  PYTHON_ONLY_AS_PROGRAM, /* if __name__ == "__main__" */
	                  PYTHON_ONLY_FOR_CHECKER, /* if TYPE_CHECKING */
};

/* A conditional block outside functions. */
struct python_branch {
	uint32_t parent; /* the branch around it; 0: none. Index 0 of the array is unused */
	uint32_t chain; /* the same for all parts of one if/elif/else or try/except */
	uint32_t number; /* different for parts that exclude each other */
	enum python_verdict verdict;
	bool fallback; /* an except: what stands there is second choice */
};

/* A def or a class. Offsets into the text; lines are 1-based. */
struct python_definition {
	size_t start; /* of `def`, `async` or `class` */
	unsigned line; /* of the same */
	size_t name, name_size;
	size_t piece, piece_end; /* in the reduced text, decorators and all; equal: it is not there */
	size_t strings, strings_end; /* the docstring's literals; equal: none */
	uint32_t owner; /* 1 + index of the definition around it; 0: the module */
	uint32_t branch; /* 0: none */
	size_t broken_at; /* 1 + offset of a syntax error inside; 0: none is known */
	bool is_class, async, generator;
	bool inside_function; /* at any distance */
};

/* `name: annotation = value` in a class or module. The sizes are 0 for what is
 * not there. */
struct python_field {
	uint32_t owner; /* as in a definition */
	uint32_t name_size, annotation_size, value_size;
	size_t name, annotation, value;
};

/* A line that looks wrong. */
struct python_suspect {
	size_t start, end;
	uint32_t owner;
	bool opens; /* a block follows it */
	unsigned char first; /* enum python_word */
};

struct python_problem {
	size_t at;
	const char *what; /* static text */
};

struct python_outline {
	const char *text; /* borrowed */
	size_t size;
	struct snafu_buffer reduced;
	struct python_definition *definitions;
	size_t n_definitions, definitions_room;
	struct python_branch *branches;
	size_t n_branches, branches_room;
	struct python_field *fields;
	size_t n_fields, fields_room;
	struct python_suspect *suspects;
	size_t n_suspects, suspects_room;
	struct python_problem problems[PYTHON_PROBLEMS_CAP];
	size_t n_problems;
	bool truncated; /* more definitions than the cap */
	size_t python2; /* 1 + offset of the first thing that only Python 2 takes; 0: none */
	uint32_t python2_owner; /* the definition it stands in */
	bool python3; /* something is there that only Python 3 takes */
};

/* Outlines SIZE bytes of UTF-8, with a NUL behind and none inside, lines ended
 * by \n alone. RET is zeroed or was used before, so that its memory is used
 * again. 0 or -ENOMEM. */
int snafu_python_skim(const char *text, size_t size, struct python_outline *ret);

void snafu_python_outline_done(struct python_outline *outline);

/* Notes a syntax error at AT, in the definition OWNER (as in a definition). */
void snafu_python_break(struct python_outline *outline, uint32_t owner, size_t at,
                        const char *what);

/* Whether the block behind `if CONDITION:` runs on import. (python_condition.c) */
enum python_verdict snafu_python_judge(const char *condition, size_t size);

#endif
