/* scanner/python_step.h — the table of which token may follow which, and what
 * python_lex.c (lines, brackets, punctuation) and python_lex_words.c (names,
 * numbers, strings) do for each other. Everybody else includes python_lex.h. */
#ifndef SNAFU_SCANNER_PYTHON_STEP_H
#define SNAFU_SCANNER_PYTHON_STEP_H

#include <stdint.h>

#include "scanner/python_lex.h"

/* What the next token is. */
enum python_token {
	VALUE, /* a name, a number, a constant */
	STRING,
	OPEN, /* ( [ */
	BRACE, /* { */
	CLOSE,
	COMMA,
	COLON,
	DOT,
	SIGN, /* + - and `not`: before or between values */
	STAR, /* * and ** */
	SLASH,
	PREFIX, /* ~ lambda await yield: before a value only */
	BINARY, /* between values only */
	EQUAL, /* = and `in`, which may also follow a trailing comma */
	FROM, /* `from`, but at the start of a statement */
	END, /* of a statement */
};

/* What the last token was. */
enum python_state {
	AT_START,
	AFTER_VALUE,
	AFTER_STRING,
	AFTER_OPERATOR, /* a value must follow */
	AFTER_EQUAL, /* the same, perhaps with a star */
	AFTER_OPEN,
	AFTER_COMMA,
	AFTER_COLON, /* of a slice */
	AFTER_STAR,
	AFTER_SLASH,
	AFTER_SOFT, /* print, exec, match, case, type at the start: anything goes */
	AFTER_BARE, /* return, yield, else, lambda: a value may follow */
	AFTER_DOT,
	AFTER_DEF, /* a name must follow */
	AFTER_NOT, /* `in` must follow */
};

/* What a token starts with. */
enum python_class {
	OTHER,
	BLANK,
	NEWLINE,
	COMMENT,
	LETTER,
	DIGIT,
	QUOTE,
	OPENING,
	CLOSING,
	PUNCTUATION,
	FINISH,
};

/* Kinds of open brackets, beside ( [ { and l for a lambda before its colon. */
#define PYTHON_CALL  'c' /* ( behind a value */
#define PYTHON_INDEX 'i' /* [ behind a value */

#define PYTHON_BIT(TOKEN) (1u << (TOKEN))
/* For each state the tokens that may come next. What is not in it makes the line
 * `odd`, no more. */
extern const uint32_t snafu_python_allowed[];

extern const unsigned char snafu_python_classes[256]; /* enum python_class of each byte */

/* Each takes what stands at lexer->at and goes behind it. False: the line must
 * have ended before it. */
bool snafu_python_lex_name(struct python_lexer *lexer);
void snafu_python_lex_number(struct python_lexer *lexer);
/* A string literal that starts at AT and whose first quote is at QUOTE. Returns
 * its end. */
const char *snafu_python_lex_string(struct python_lexer *lexer, const char *at, const char *quote);

/* Keep the first place of each. */
void snafu_python_note_python2(struct python_lexer *lexer, const char *at);
void snafu_python_note_python3(struct python_lexer *lexer, const char *at);
/* PROBLEM is static text. */
void snafu_python_complain(struct python_lexer *lexer, const char *at, const char *problem);

/* TOKEN comes behind print, exec, match, case or type at a statement's start. */
void snafu_python_judge_soft(struct python_lexer *lexer, enum python_token token, const char *at);

static inline bool python_name_byte(char c)
{
	unsigned char class = snafu_python_classes[(unsigned char)c];

	return class == LETTER || class == DIGIT;
}

static inline size_t python_offset(const struct python_lexer *lexer, const char *at)
{
	return (size_t)(at - lexer->text);
}

static inline void python_step(struct python_lexer *lexer, enum python_token token,
                               enum python_state next, const char *at)
{
	if (!(snafu_python_allowed[lexer->before] & PYTHON_BIT(token)))
		lexer->line->odd = true;
	else if (lexer->before == AFTER_SOFT)
		snafu_python_judge_soft(lexer, token, at);
	lexer->before = next;
}

#endif
