/* scanner/python_lex.h — reads Python one logical line at a time, fast, without
 * a tree: strings, brackets, comments and which words stand where.
 *
 * It does not know the grammar. It knows which tokens can follow each other, so
 * that it notices a line that looks wrong (`odd`), and leaves the judgement to
 * tree-sitter. Private to the Python scanner; python_skim.c calls it. Threading:
 * one lexer, one thread. */
#ifndef SNAFU_SCANNER_PYTHON_LEX_H
#define SNAFU_SCANNER_PYTHON_LEX_H

#include <stdbool.h>
#include <stddef.h>

#define PYTHON_BRACKETS_CAP 200 /* open at once; CPython has the same limit */

/* Keywords, and the names that once were or sometimes are keywords. */
enum python_word {
	PYTHON_NAME, /* any other name */
	PYTHON_NO_WORD, /* the line starts with something else */
	PYTHON_AT, /* a decorator */
	PYTHON_CONSTANT, /* True, False, None */
	PYTHON_AND,
	PYTHON_AS,
	PYTHON_ASSERT,
	PYTHON_ASYNC,
	PYTHON_AWAIT,
	PYTHON_BREAK,
	PYTHON_CASE,
	PYTHON_CLASS,
	PYTHON_CONTINUE,
	PYTHON_DEF,
	PYTHON_DEL,
	PYTHON_ELIF,
	PYTHON_ELSE,
	PYTHON_EXCEPT,
	PYTHON_EXEC,
	PYTHON_FINALLY,
	PYTHON_FOR,
	PYTHON_FROM,
	PYTHON_GLOBAL,
	PYTHON_IF,
	PYTHON_IMPORT,
	PYTHON_IN,
	PYTHON_IS,
	PYTHON_LAMBDA,
	PYTHON_MATCH,
	PYTHON_NONLOCAL,
	PYTHON_NOT,
	PYTHON_OR,
	PYTHON_PASS,
	PYTHON_PRINT,
	PYTHON_RAISE,
	PYTHON_RETURN,
	PYTHON_TRY,
	PYTHON_TYPE,
	PYTHON_WHILE,
	PYTHON_WITH,
	PYTHON_YIELD,
};

/* A logical line. Places are offsets into the text. */
struct python_line {
	size_t start, end; /* from the first token to behind the last */
	size_t colon; /* the one that ends a compound statement's header; 0: none */
	size_t annotation; /* the first other colon outside brackets; 0: none */
	size_t equals; /* the first `=` outside brackets; 0: none */
	size_t name, name_size; /* of a def or class; else the first token, if it is a name */
	size_t strings_end; /* the first statement (behind the colon, if there is one) is
	                       * nothing but text literals, up to here; 0: it is not */
	size_t strings; /* where those start */
	enum python_word first; /* `async` is passed over */
	bool async;
	bool opens; /* ends with the header's colon: an indented block must follow */
	bool odd; /* tokens follow each other that never should, or rarely do */
	bool yields; /* outside a lambda; behind the colon if there is one */
	const char *problem; /* it is wrong for certain: what; NULL */
	size_t problem_at;
};

struct python_lexer {
	const char *text, *end; /* a NUL stands at the end */
	const char *at;
	/* The first place that only Python 2 or only Python 3 has; NULL: none so far. */
	const char *python2, *python3;

	/* Of the line being read. */
	struct python_line *line;
	unsigned before; /* what the last token was, see python_lex.c */
	enum python_word statement; /* its first word */
	enum python_word soft; /* print, exec, match, case or type at its start */
	unsigned depth; /* brackets open */
	unsigned n_open; /* the same, and lambdas that wait for their colon */
	unsigned lambda_body; /* 1 + depth at which a lambda's body runs; 0: none */
	bool soft_used; /* match or case was followed by a value */
	bool backtick;
	bool fresh; /* still in the first statement of the line, or of its body */
	char open[PYTHON_BRACKETS_CAP];
};

/* Starts on SIZE bytes of UTF-8 with a NUL behind and none inside, lines ended
 * by \n alone. Borrowed. */
void snafu_python_lex_begin(struct python_lexer *lexer, const char *text, size_t size);

/* Reads the logical line whose first token is at lexer->at, and leaves `at`
 * behind its newline (or, where a bracket was never closed, at the line that
 * shows it). Takes time in proportion to the bytes passed. */
void snafu_python_lex_line(struct python_lexer *lexer, struct python_line *ret_line);

/* Which keyword SIZE bytes of a name are. */
enum python_word snafu_python_word(const char *name, size_t size);

/* Whether C can be part of a name. Anything beyond ASCII can. */
bool snafu_python_is_name_byte(char c);

/* Given a place where a string literal starts (prefix and all), where it ends:
 * behind its closing quote, or at END, or at the newline that cuts it short.
 * NULL when no string literal starts there. */
const char *snafu_python_string_end(const char *at, const char *end);

#endif
