/* scanner/java_tokens.c — see java_tokens.h. */
#include "scanner/java_tokens.h"

#include <string.h>

#define SIGN SNAFU_JAVA_LEXEME_SIGN
#define WORD SNAFU_JAVA_LEXEME_WORD

const unsigned char snafu_java_lexemes[256] = {
	['\t'] = SNAFU_JAVA_LEXEME_SPACE,
	['\n'] = SNAFU_JAVA_LEXEME_SPACE,
	['\f'] = SNAFU_JAVA_LEXEME_SPACE,
	['\r'] = SNAFU_JAVA_LEXEME_SPACE,
	[' '] = SNAFU_JAVA_LEXEME_SPACE,
	['A' ... 'Z'] = WORD,
	['a' ... 'z'] = WORD,
	['_'] = WORD,
	['$'] = WORD,
	[0x80 ... 0xFF] = WORD,
	['0' ... '9'] = SNAFU_JAVA_LEXEME_NUMBER,
	['"'] = SNAFU_JAVA_LEXEME_QUOTE,
	['\''] = SNAFU_JAVA_LEXEME_APOSTROPHE,
	['/'] = SNAFU_JAVA_LEXEME_SLASH,
	['('] = SNAFU_JAVA_LEXEME_OPEN,
	[')'] = SNAFU_JAVA_LEXEME_CLOSE,
	['['] = SNAFU_JAVA_LEXEME_OPEN_SQUARE,
	[']'] = SNAFU_JAVA_LEXEME_CLOSE_SQUARE,
	['{'] = SNAFU_JAVA_LEXEME_OPEN_BRACE,
	['}'] = SNAFU_JAVA_LEXEME_CLOSE_BRACE,
	[';'] = SNAFU_JAVA_LEXEME_SEMICOLON,
	[','] = SNAFU_JAVA_LEXEME_COMMA,
	['.'] = SIGN,
	['='] = SIGN,
	['<'] = SIGN,
	['>'] = SIGN,
	['!'] = SIGN,
	['~'] = SIGN,
	['?'] = SIGN,
	[':'] = SIGN,
	['+'] = SIGN,
	['-'] = SIGN,
	['*'] = SIGN,
	['&'] = SIGN,
	['|'] = SIGN,
	['^'] = SIGN,
	['%'] = SIGN,
	['@'] = SIGN,
};

#define BIT(TOKEN) (1u << SNAFU_JAVA_TOKEN_##TOKEN)
#define EXPRESSION                                                                        \
	(BIT(NAME) | BIT(KEYWORD) | BIT(CONTROL) | BIT(MODIFIER) | BIT(LITERAL) | BIT(OPEN) | \
	 BIT(UNARY) | BIT(PLUS) | BIT(STEP) | BIT(AT))
#define AFTER_LITERAL                                                                             \
	(BIT(CLOSE) | BIT(CLOSE_SQUARE) | BIT(CLOSE_BRACE) | BIT(SEMICOLON) | BIT(COMMA) | BIT(DOT) | \
	 BIT(BINARY) | BIT(PLUS) | BIT(QUESTION) | BIT(COLON) | BIT(ARROW) | BIT(REFERENCE) |         \
	 BIT(LESS) | BIT(GREATER))
#define AFTER_VALUE (AFTER_LITERAL | BIT(ASSIGN) | BIT(STEP) | BIT(SQUARE))

const uint32_t snafu_java_followers[] = {
	[SNAFU_JAVA_TOKEN_NAME] = AFTER_VALUE | BIT(NAME) | BIT(OPEN) | BIT(ELLIPSIS),
	[SNAFU_JAVA_TOKEN_KEYWORD] = EXPRESSION | BIT(BRACE) | BIT(SEMICOLON) | BIT(COLON) | BIT(ARROW),
	[SNAFU_JAVA_TOKEN_CONTROL] = BIT(OPEN) | BIT(BRACE),
	[SNAFU_JAVA_TOKEN_MODIFIER] = BIT(NAME) | BIT(MODIFIER) | BIT(SQUARE) | BIT(DOT) | BIT(OPEN) |
                                  BIT(CLOSE) | BIT(ELLIPSIS) | BIT(AT) | BIT(KEYWORD) |
                                  BIT(REFERENCE),
	[SNAFU_JAVA_TOKEN_LITERAL] = AFTER_LITERAL,
	[SNAFU_JAVA_TOKEN_OPEN] = EXPRESSION | BIT(CLOSE) | BIT(SEMICOLON) | BIT(BRACE),
	[SNAFU_JAVA_TOKEN_CLOSE] = AFTER_VALUE | EXPRESSION,
	[SNAFU_JAVA_TOKEN_CLOSE_CONTROL] = EXPRESSION | BIT(BRACE) | BIT(SEMICOLON),
	[SNAFU_JAVA_TOKEN_CLOSE_CALL] = AFTER_VALUE | BIT(BRACE),
	[SNAFU_JAVA_TOKEN_SQUARE] = EXPRESSION | BIT(CLOSE_SQUARE),
	[SNAFU_JAVA_TOKEN_CLOSE_SQUARE] = AFTER_VALUE | BIT(NAME) | BIT(BRACE) | BIT(ELLIPSIS),
	[SNAFU_JAVA_TOKEN_BRACE] = EXPRESSION | BIT(BRACE) | BIT(CLOSE_BRACE) | BIT(SEMICOLON),
	[SNAFU_JAVA_TOKEN_CLOSE_BRACE] =
		~(BIT(ASSIGN) | BIT(LESS) | BIT(ARROW) | BIT(ELLIPSIS) | BIT(SQUARE) | BIT(BINARY)),
	[SNAFU_JAVA_TOKEN_SEMICOLON] =
		EXPRESSION | BIT(SEMICOLON) | BIT(CLOSE_BRACE) | BIT(BRACE) | BIT(CLOSE),
	[SNAFU_JAVA_TOKEN_COMMA] = EXPRESSION | BIT(BRACE) | BIT(CLOSE_BRACE) | BIT(QUESTION),
	[SNAFU_JAVA_TOKEN_DOT] = BIT(NAME) | BIT(KEYWORD) | BIT(LESS) | BIT(AT),
	[SNAFU_JAVA_TOKEN_BINARY] = EXPRESSION,
	[SNAFU_JAVA_TOKEN_UNARY] = EXPRESSION,
	[SNAFU_JAVA_TOKEN_PLUS] = EXPRESSION,
	[SNAFU_JAVA_TOKEN_STEP] = EXPRESSION | AFTER_LITERAL | BIT(ASSIGN),
	[SNAFU_JAVA_TOKEN_QUESTION] = EXPRESSION | BIT(GREATER) | BIT(COMMA),
	[SNAFU_JAVA_TOKEN_COLON] = EXPRESSION | BIT(BRACE) | BIT(CLOSE_BRACE) | BIT(SEMICOLON),
	[SNAFU_JAVA_TOKEN_ARROW] = EXPRESSION | BIT(BRACE),
	[SNAFU_JAVA_TOKEN_REFERENCE] = BIT(NAME) | BIT(KEYWORD) | BIT(LESS),
	[SNAFU_JAVA_TOKEN_AT] = BIT(NAME) | BIT(MODIFIER),
	[SNAFU_JAVA_TOKEN_ELLIPSIS] = BIT(NAME),
	[SNAFU_JAVA_TOKEN_LESS] = EXPRESSION | BIT(QUESTION) | BIT(GREATER),
	[SNAFU_JAVA_TOKEN_GREATER] = ~(BIT(CLOSE_BRACE)),
	[SNAFU_JAVA_TOKEN_ASSIGN] = EXPRESSION | BIT(BRACE),
	[SNAFU_JAVA_TOKEN_OTHER] = ~0u,
};

struct word {
	const char *text;
	unsigned char size, word;
};

#define W(TEXT, WORD_KIND)                                  \
	{                                                       \
		TEXT, sizeof(TEXT) - 1, SNAFU_JAVA_WORD_##WORD_KIND \
	}

/* By first letter; the rows end with an empty one. */
static const struct word words[26][9] = {
	['a' - 'a'] = {W("assert", KEYWORD), W("abstract", MODIFIER)},
	['b' - 'a'] = {W("boolean", MODIFIER), W("break", KEYWORD), W("byte", MODIFIER)},
	['c' - 'a'] = {W("case", KEYWORD), W("catch", CONTROL), W("char", MODIFIER), W("class", CLASS),
                   W("continue", KEYWORD), W("const", KEYWORD)},
	['d' - 'a'] = {W("default", DEFAULT), W("double", MODIFIER), W("do", KEYWORD)},
	['e' - 'a'] = {W("else", KEYWORD), W("extends", KEYWORD), W("enum", ENUM)},
	['f' - 'a'] = {W("final", MODIFIER), W("for", CONTROL), W("false", LITERAL),
                   W("float", MODIFIER), W("finally", KEYWORD)},
	['g' - 'a'] = {W("goto", KEYWORD)},
	['i' - 'a'] = {W("int", MODIFIER), W("if", CONTROL), W("instanceof", INSTANCEOF),
                   W("interface", INTERFACE), W("import", KEYWORD), W("implements", KEYWORD)},
	['l' - 'a'] = {W("long", MODIFIER)},
	['n' - 'a'] = {W("new", KEYWORD), W("null", LITERAL), W("native", MODIFIER)},
	['p' - 'a'] = {W("private", MODIFIER), W("public", MODIFIER), W("protected", MODIFIER),
                   W("package", KEYWORD)},
	['r' - 'a'] = {W("return", KEYWORD), W("record", RECORD)},
	['s' - 'a'] = {W("static", MODIFIER), W("switch", CONTROL), W("short", MODIFIER),
                   W("synchronized", CONTROL), W("strictfp", MODIFIER)},
	['t' - 'a'] = {W("throw", KEYWORD), W("try", CONTROL), W("true", LITERAL), W("throws", KEYWORD),
                   W("transient", MODIFIER)},
	['v' - 'a'] = {W("void", MODIFIER), W("volatile", MODIFIER)},
	['w' - 'a'] = {W("while", CONTROL)},
	['y' - 'a'] = {W("yield", KEYWORD)},
};

enum snafu_java_word snafu_java_word(const unsigned char *text, size_t size)
{
	if (size < 2 || size > 12 || *text < 'a' || *text > 'z')
		return SNAFU_JAVA_WORD_NONE;
	for (const struct word *word = words[*text - 'a']; word->text; word++)
		if (word->size == size && memcmp(word->text, text, size) == 0)
			return word->word;
	return SNAFU_JAVA_WORD_NONE;
}

enum snafu_java_token snafu_java_word_token(enum snafu_java_word word)
{
	switch (word) {
	case SNAFU_JAVA_WORD_NONE:
	case SNAFU_JAVA_WORD_RECORD: return SNAFU_JAVA_TOKEN_NAME;
	case SNAFU_JAVA_WORD_CONTROL: return SNAFU_JAVA_TOKEN_CONTROL;
	case SNAFU_JAVA_WORD_MODIFIER: return SNAFU_JAVA_TOKEN_MODIFIER;
	case SNAFU_JAVA_WORD_LITERAL: return SNAFU_JAVA_TOKEN_LITERAL;
	case SNAFU_JAVA_WORD_INSTANCEOF: return SNAFU_JAVA_TOKEN_BINARY;
	default: return SNAFU_JAVA_TOKEN_KEYWORD;
	}
}

/* How many of the bytes at TEXT are SIGN_BYTE, at most MOST. */
static size_t run(const unsigned char *text, unsigned char sign_byte, size_t most)
{
	size_t size = 0;

	while (size < most && text[size] == sign_byte)
		size++;
	return size;
}

static size_t dots(const unsigned char *text, enum snafu_java_token *ret_token)
{
	if (text[1] == '.' && text[2] == '.') {
		*ret_token = SNAFU_JAVA_TOKEN_ELLIPSIS;
		return 3;
	}
	*ret_token = SNAFU_JAVA_TOKEN_DOT;
	if (text[1] < '0' || text[1] > '9')
		return 1;
	*ret_token = SNAFU_JAVA_TOKEN_LITERAL;
	size_t size = 1;
	while (snafu_java_is_word(text[size]) ||
	       ((text[size] == '+' || text[size] == '-') && (text[size - 1] | 32) == 'e'))
		size++;
	return size;
}

size_t snafu_java_sign(const unsigned char *text, enum snafu_java_token *ret_token)
{
	size_t size = 1;

	*ret_token = SNAFU_JAVA_TOKEN_BINARY;
	switch (*text) {
	case '.': return dots(text, ret_token);
	case '@': *ret_token = SNAFU_JAVA_TOKEN_AT; return 1;
	case '?': *ret_token = SNAFU_JAVA_TOKEN_QUESTION; return 1;
	case '~': *ret_token = SNAFU_JAVA_TOKEN_UNARY; return 1;
	case ':':
		*ret_token = text[1] == ':' ? SNAFU_JAVA_TOKEN_REFERENCE : SNAFU_JAVA_TOKEN_COLON;
		return text[1] == ':' ? 2 : 1;
	case '=':
		if (text[1] == '=')
			return 2;
		*ret_token = SNAFU_JAVA_TOKEN_ASSIGN;
		return 1;
	case '!':
		if (text[1] == '=')
			return 2;
		*ret_token = SNAFU_JAVA_TOKEN_UNARY;
		return 1;
	case '+':
	case '-':
		if (text[1] == *text) {
			*ret_token = SNAFU_JAVA_TOKEN_STEP;
			return 2;
		}
		if (*text == '-' && text[1] == '>') {
			*ret_token = SNAFU_JAVA_TOKEN_ARROW;
			return 2;
		}
		if (text[1] == '=')
			return 2;
		*ret_token = SNAFU_JAVA_TOKEN_PLUS;
		return 1;
	case '<':
		size = run(text, '<', 2);
		if (text[size] == '=')
			return size + 1;
		if (size == 1)
			*ret_token = SNAFU_JAVA_TOKEN_LESS;
		return size;
	case '>':
		/* One by one: they may close type arguments. */
		if (text[1] == '=')
			return 2;
		*ret_token = SNAFU_JAVA_TOKEN_GREATER;
		return 1;
	default:
		size = *text == '&' || *text == '|' ? run(text, *text, 2) : 1;
		return text[size] == '=' ? size + 1 : size;
	}
}

static const unsigned char *text_block_end(const unsigned char *at, const unsigned char *end)
{
	while (at < end) {
		if (*at == '\\')
			at++;
		else if (at[0] == '"' && at[1] == '"' && at[2] == '"')
			return at + 3;
		at++;
	}
	return NULL;
}

const unsigned char *snafu_java_literal_end(const unsigned char *start, const unsigned char *end)
{
	const unsigned char *at = start + 1;

	if (*start >= '0' && *start <= '9') {
		while (snafu_java_is_word(*at) || (*at == '.' && at[1] != '.') ||
		       ((*at == '+' || *at == '-') && ((at[-1] | 32) == 'e' || (at[-1] | 32) == 'p') &&
		        at[1] >= '0' && at[1] <= '9'))
			at++;
		return at;
	}
	if (*start == '"' && start[1] == '"' && start[2] == '"')
		return text_block_end(start + 3, end);
	while (*at != *start) {
		if (*at == '\\')
			at++;
		if (at >= end || *at == '\n' || *at == '\r')
			return NULL;
		at++;
	}
	return at < end && (*start == '"' || at > start + 1) ? at + 1 : NULL;
}

const char *snafu_java_comment_end(const char *text, const char *end)
{
	while (text < end) {
		const char *slash = memchr(text, '/', (size_t)(end - text));

		if (!slash)
			return NULL;
		if (slash > text && slash[-1] == '*')
			return slash + 1;
		text = slash + 1;
	}
	return NULL;
}
