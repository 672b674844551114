/* scanner/java_tokens.h — the lexical side of the Java skimmer: bytes, words and
 * signs, and which kind of token may stand behind which in correct code. The
 * order table is a light check, not a grammar: it must know every order that
 * correct code commonly has, and refuse most of what typing errors make. */
#ifndef SNAFU_SCANNER_JAVA_TOKENS_H
#define SNAFU_SCANNER_JAVA_TOKENS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a first byte starts. */
enum snafu_java_lexeme {
	SNAFU_JAVA_LEXEME_NONE, /* nothing that Java has */
	SNAFU_JAVA_LEXEME_SPACE,
	SNAFU_JAVA_LEXEME_WORD,
	SNAFU_JAVA_LEXEME_NUMBER,
	SNAFU_JAVA_LEXEME_QUOTE,
	SNAFU_JAVA_LEXEME_APOSTROPHE,
	SNAFU_JAVA_LEXEME_SLASH,
	SNAFU_JAVA_LEXEME_OPEN,
	SNAFU_JAVA_LEXEME_CLOSE,
	SNAFU_JAVA_LEXEME_OPEN_SQUARE,
	SNAFU_JAVA_LEXEME_CLOSE_SQUARE,
	SNAFU_JAVA_LEXEME_OPEN_BRACE,
	SNAFU_JAVA_LEXEME_CLOSE_BRACE,
	SNAFU_JAVA_LEXEME_SEMICOLON,
	SNAFU_JAVA_LEXEME_COMMA,
	SNAFU_JAVA_LEXEME_SIGN,
};

/* Words that the skimmer must tell apart. */
enum snafu_java_word {
	SNAFU_JAVA_WORD_NONE,
	SNAFU_JAVA_WORD_CLASS,
	SNAFU_JAVA_WORD_INTERFACE,
	SNAFU_JAVA_WORD_ENUM,
	SNAFU_JAVA_WORD_RECORD,
	SNAFU_JAVA_WORD_DEFAULT,
	SNAFU_JAVA_WORD_CONTROL, /* parentheses and a block follow */
	SNAFU_JAVA_WORD_MODIFIER, /* and primitive types */
	SNAFU_JAVA_WORD_LITERAL, /* true, false, null */
	SNAFU_JAVA_WORD_INSTANCEOF,
	SNAFU_JAVA_WORD_KEYWORD, /* any other reserved word */
};

enum snafu_java_token {
	SNAFU_JAVA_TOKEN_NAME, /* also this and super */
	SNAFU_JAVA_TOKEN_KEYWORD,
	SNAFU_JAVA_TOKEN_CONTROL,
	SNAFU_JAVA_TOKEN_MODIFIER,
	SNAFU_JAVA_TOKEN_LITERAL,
	SNAFU_JAVA_TOKEN_OPEN,
	SNAFU_JAVA_TOKEN_CLOSE, /* of a cast or a group */
	SNAFU_JAVA_TOKEN_CLOSE_CONTROL, /* of if (...) and the like */
	SNAFU_JAVA_TOKEN_CLOSE_CALL, /* of name(...) */
	SNAFU_JAVA_TOKEN_SQUARE,
	SNAFU_JAVA_TOKEN_CLOSE_SQUARE,
	SNAFU_JAVA_TOKEN_BRACE,
	SNAFU_JAVA_TOKEN_CLOSE_BRACE,
	SNAFU_JAVA_TOKEN_SEMICOLON,
	SNAFU_JAVA_TOKEN_COMMA,
	SNAFU_JAVA_TOKEN_DOT,
	SNAFU_JAVA_TOKEN_BINARY,
	SNAFU_JAVA_TOKEN_UNARY, /* ! ~ */
	SNAFU_JAVA_TOKEN_PLUS, /* + - */
	SNAFU_JAVA_TOKEN_STEP, /* ++ -- */
	SNAFU_JAVA_TOKEN_QUESTION,
	SNAFU_JAVA_TOKEN_COLON,
	SNAFU_JAVA_TOKEN_ARROW,
	SNAFU_JAVA_TOKEN_REFERENCE, /* :: */
	SNAFU_JAVA_TOKEN_AT,
	SNAFU_JAVA_TOKEN_ELLIPSIS,
	SNAFU_JAVA_TOKEN_LESS,
	SNAFU_JAVA_TOKEN_GREATER,
	SNAFU_JAVA_TOKEN_ASSIGN,
	SNAFU_JAVA_TOKEN_OTHER,
};

extern const unsigned char snafu_java_lexemes[256];
extern const uint32_t snafu_java_followers[SNAFU_JAVA_TOKEN_OTHER + 1];

static inline enum snafu_java_lexeme snafu_java_lexeme(unsigned char byte)
{
	return snafu_java_lexemes[byte];
}

static inline bool snafu_java_is_space(unsigned char byte)
{
	return snafu_java_lexemes[byte] == SNAFU_JAVA_LEXEME_SPACE;
}

/* Letters, digits, _ and $, and all beyond ASCII. */
static inline bool snafu_java_is_word(unsigned char byte)
{
	return snafu_java_lexemes[byte] == SNAFU_JAVA_LEXEME_WORD ||
	       snafu_java_lexemes[byte] == SNAFU_JAVA_LEXEME_NUMBER;
}

static inline bool snafu_java_may_follow(enum snafu_java_token first, enum snafu_java_token second)
{
	return snafu_java_followers[first] >> second & 1;
}

enum snafu_java_word snafu_java_word(const unsigned char *text, size_t size);
enum snafu_java_token snafu_java_word_token(enum snafu_java_word word);

/* The sign at TEXT (followed by a NUL somewhere): its size in bytes and its kind. */
size_t snafu_java_sign(const unsigned char *text, enum snafu_java_token *ret_token);

/* Behind the number, string, text block or character at START, or NULL where it
 * has no end. *END is a NUL. */
const unsigned char *snafu_java_literal_end(const unsigned char *start, const unsigned char *end);

/* Behind the star and slash, or NULL. TEXT points behind the opening. */
const char *snafu_java_comment_end(const char *text, const char *end);

#endif
