/* scanner/python_lex.c — one logical line of Python; see python_lex.h.
 *
 * The check is a table: for each state (what the last token was) the tokens
 * that may come next. What the table refuses makes the line `odd`, no more. */
#include "scanner/python_lex.h"

#include <stdint.h>
#include <string.h>

/* What the next token is. */
enum token {
	VALUE,    /* a name, a number, a constant */
	STRING,
	OPEN,     /* ( [ */
	BRACE,    /* { */
	CLOSE,
	COMMA,
	COLON,
	DOT,
	SIGN,     /* + - and `not`: before or between values */
	STAR,     /* * and ** */
	SLASH,
	PREFIX,   /* ~ lambda await yield: before a value only */
	BINARY,   /* between values only */
	EQUAL,    /* = and `in`, which may also follow a trailing comma */
	FROM,     /* `from`, but at the start of a statement */
	END,      /* of a statement */
};

/* What the last token was. */
enum state {
	AT_START,
	AFTER_VALUE,
	AFTER_STRING,
	AFTER_OPERATOR, /* a value must follow */
	AFTER_EQUAL,    /* the same, perhaps with a star */
	AFTER_OPEN,
	AFTER_COMMA,
	AFTER_COLON,    /* of a slice */
	AFTER_STAR,
	AFTER_SLASH,
	AFTER_SOFT,     /* print, exec, match, case, type at the start: anything goes */
	AFTER_BARE,     /* return, yield, else, lambda: a value may follow */
	AFTER_DOT,
	AFTER_DEF,      /* a name must follow */
	AFTER_NOT,      /* `in` must follow */
};

/* Kinds of open brackets, beside ( [ { and l for a lambda before its colon. */
#define CALL 'c'  /* ( behind a value */
#define INDEX 'i' /* [ behind a value */

#define BIT(TOKEN) (1u << (TOKEN))
#define VALUES (BIT(VALUE) | BIT(STRING) | BIT(OPEN) | BIT(BRACE) | BIT(SIGN) | BIT(PREFIX))
#define AFTERS \
	(BIT(OPEN) | BIT(CLOSE) | BIT(COMMA) | BIT(COLON) | BIT(DOT) | BIT(SIGN) | BIT(STAR) | \
	 BIT(SLASH) | BIT(BINARY) | BIT(EQUAL) | BIT(FROM) | BIT(END))

static const uint32_t allowed[] = {
	[AT_START] = VALUES | BIT(STAR) | BIT(END),
	[AFTER_VALUE] = AFTERS,
	[AFTER_STRING] = AFTERS | BIT(STRING),
	[AFTER_OPERATOR] = VALUES,
	[AFTER_EQUAL] = VALUES | BIT(STAR),
	[AFTER_OPEN] = VALUES | BIT(STAR) | BIT(CLOSE) | BIT(COLON),
	[AFTER_COMMA] = VALUES | BIT(STAR) | BIT(SLASH) | BIT(CLOSE) | BIT(COLON) | BIT(EQUAL) |
	                BIT(END),
	[AFTER_COLON] = VALUES | BIT(CLOSE) | BIT(COMMA) | BIT(COLON),
	[AFTER_STAR] = VALUES | BIT(COMMA) | BIT(END),
	[AFTER_SLASH] = VALUES | BIT(COMMA) | BIT(CLOSE) | BIT(COLON),
	[AFTER_SOFT] = UINT32_MAX,
	[AFTER_BARE] = VALUES | BIT(STAR) | BIT(CLOSE) | BIT(COMMA) | BIT(COLON) | BIT(FROM) |
	               BIT(END),
	[AFTER_DOT] = BIT(VALUE) | BIT(DOT) | BIT(BINARY),
	[AFTER_DEF] = BIT(VALUE),
	[AFTER_NOT] = BIT(EQUAL),
};

/* What a token starts with. */
enum class {
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

static const unsigned char classes[256] = {
	[' '] = BLANK, ['\t'] = BLANK, ['\f'] = BLANK, ['\n'] = NEWLINE, ['#'] = COMMENT,
	['a' ... 'z'] = LETTER, ['A' ... 'Z'] = LETTER, ['_'] = LETTER, [0x80 ... 0xff] = LETTER,
	['0' ... '9'] = DIGIT, ['"'] = QUOTE, ['\''] = QUOTE,
	['('] = OPENING, ['['] = OPENING, ['{'] = OPENING,
	[')'] = CLOSING, [']'] = CLOSING, ['}'] = CLOSING,
	[','] = PUNCTUATION, [':'] = PUNCTUATION, ['.'] = PUNCTUATION, [';'] = PUNCTUATION,
	['='] = PUNCTUATION, ['+'] = PUNCTUATION, ['-'] = PUNCTUATION, ['*'] = PUNCTUATION,
	['/'] = PUNCTUATION, ['%'] = PUNCTUATION, ['&'] = PUNCTUATION, ['|'] = PUNCTUATION,
	['^'] = PUNCTUATION, ['<'] = PUNCTUATION, ['>'] = PUNCTUATION, ['!'] = PUNCTUATION,
	['~'] = PUNCTUATION, ['@'] = PUNCTUATION, ['`'] = PUNCTUATION, ['\\'] = PUNCTUATION,
	['\0'] = FINISH,
};

static inline bool name_byte(char c)
{
	unsigned char class = classes[(unsigned char)c];

	return class == LETTER || class == DIGIT;
}

static inline size_t offset(const struct python_lexer *lexer, const char *at)
{
	return (size_t)(at - lexer->text);
}

static void note_python2(struct python_lexer *lexer, const char *at)
{
	if (!lexer->python2)
		lexer->python2 = at;
}

static void note_python3(struct python_lexer *lexer, const char *at)
{
	if (!lexer->python3)
		lexer->python3 = at;
}

static void complain(struct python_lexer *lexer, const char *at, const char *problem)
{
	if (!lexer->line->problem) {
		lexer->line->problem = problem;
		lexer->line->problem_at = offset(lexer, at);
	}
}

static inline bool valued(enum token token)
{
	return token == VALUE || token == STRING || token == BRACE || token == PREFIX;
}

/* print, exec, match or case, and then this. */
static void judge_soft(struct python_lexer *lexer, enum token token, const char *at)
{
	if (lexer->soft == PYTHON_PRINT || lexer->soft == PYTHON_EXEC) {
		if (valued(token))
			note_python2(lexer, at);
	} else if (lexer->soft == PYTHON_MATCH || lexer->soft == PYTHON_CASE) {
		if (valued(token))
			lexer->soft_used = true;
		if (token != COLON && token != EQUAL && token != DOT) {
			lexer->statement = lexer->soft;
			if (lexer->fresh && !lexer->line->colon)
				lexer->line->first = lexer->soft;
		}
	}
}

static inline void step(struct python_lexer *lexer, enum token token, enum state next,
                        const char *at)
{
	if (!(allowed[lexer->before] & BIT(token)))
		lexer->line->odd = true;
	else if (lexer->before == AFTER_SOFT)
		judge_soft(lexer, token, at);
	lexer->before = next;
}

static void start_statement(struct python_lexer *lexer)
{
	lexer->before = AT_START;
	lexer->statement = PYTHON_NO_WORD;
	lexer->soft = PYTHON_NO_WORD;
	lexer->lambda_body = 0;
}

static bool is_compound(enum python_word word)
{
	switch (word) {
	case PYTHON_IF: case PYTHON_ELIF: case PYTHON_ELSE: case PYTHON_FOR: case PYTHON_WHILE:
	case PYTHON_TRY: case PYTHON_EXCEPT: case PYTHON_FINALLY: case PYTHON_WITH:
	case PYTHON_DEF: case PYTHON_CLASS: case PYTHON_MATCH: case PYTHON_CASE:
		return true;
	default:
		return false;
	}
}

static bool is_soft(enum python_word word)
{
	return word == PYTHON_PRINT || word == PYTHON_EXEC || word == PYTHON_MATCH ||
	       word == PYTHON_CASE || word == PYTHON_TYPE;
}

/* Whether AT is the first token of its physical line. */
static bool leads(const struct python_lexer *lexer, const char *at)
{
	while (at > lexer->text && classes[(unsigned char)at[-1]] == BLANK)
		at--;
	return at == lexer->text || at[-1] == '\n';
}

/* A statement's keyword at its start. Returns the state behind it. */
static enum state begin_statement(struct python_lexer *lexer, enum python_word word,
                                  const char *at)
{
	lexer->statement = word;
	switch (word) {
	case PYTHON_ASYNC:
		lexer->line->async = true;
		lexer->statement = PYTHON_NO_WORD;
		return AT_START;
	case PYTHON_DEF:
	case PYTHON_CLASS:
		if (lexer->line->async)
			note_python3(lexer, at);
		return AFTER_DEF;
	case PYTHON_FROM:
		return AFTER_DOT;
	case PYTHON_FOR:
		return AFTER_EQUAL;
	case PYTHON_NONLOCAL:
		note_python3(lexer, at);
		return AFTER_OPERATOR;
	case PYTHON_ELSE: case PYTHON_TRY: case PYTHON_FINALLY: case PYTHON_EXCEPT:
	case PYTHON_RETURN: case PYTHON_RAISE:
		return AFTER_BARE;
	case PYTHON_BREAK: case PYTHON_CONTINUE: case PYTHON_PASS:
		return AFTER_VALUE;
	case PYTHON_PRINT: case PYTHON_EXEC: case PYTHON_MATCH: case PYTHON_CASE: case PYTHON_TYPE:
		lexer->soft = word;
		lexer->statement = PYTHON_NAME;
		return AFTER_SOFT;
	default:
		return AFTER_OPERATOR;
	}
}

static bool starts_statement(enum python_word word)
{
	switch (word) {
	case PYTHON_NAME: case PYTHON_CONSTANT: case PYTHON_NOT: case PYTHON_LAMBDA:
	case PYTHON_AWAIT: case PYTHON_YIELD: case PYTHON_AND: case PYTHON_OR: case PYTHON_IN:
	case PYTHON_IS: case PYTHON_AS:
		return false;
	default:
		return true;
	}
}

static void lambda(struct python_lexer *lexer, const char *at)
{
	step(lexer, PREFIX, AFTER_BARE, at);
	if (lexer->n_open < PYTHON_BRACKETS_CAP)
		lexer->open[lexer->n_open++] = 'l';
	else
		complain(lexer, at, "too many lambdas inside each other");
}

static void yield(struct python_lexer *lexer, const char *at)
{
	step(lexer, PREFIX, AFTER_BARE, at);
	if (!lexer->lambda_body)
		lexer->line->yields = true;
}

/* A keyword inside a statement. False: the line must have ended before it. */
static bool inner_word(struct python_lexer *lexer, enum python_word word, const char *at)
{
	switch (word) {
	case PYTHON_NOT:
		if (lexer->before == AFTER_VALUE || lexer->before == AFTER_STRING)
			lexer->before = AFTER_NOT;
		else
			step(lexer, SIGN, AFTER_OPERATOR, at);
		return true;
	case PYTHON_IN:
		step(lexer, EQUAL, lexer->statement == PYTHON_FOR ? AFTER_EQUAL : AFTER_OPERATOR, at);
		return true;
	case PYTHON_LAMBDA:
		lambda(lexer, at);
		return true;
	case PYTHON_YIELD:
		yield(lexer, at);
		return true;
	case PYTHON_AWAIT:
		step(lexer, PREFIX, AFTER_OPERATOR, at);
		return true;
	case PYTHON_FROM:
		step(lexer, FROM, AFTER_OPERATOR, at);
		return true;
	case PYTHON_ASYNC: /* `async for` inside brackets */
		if (!(allowed[lexer->before] & BIT(BINARY)))
			lexer->line->odd = true;
		return true;
	case PYTHON_FOR: case PYTHON_IMPORT:
		step(lexer, BINARY, AFTER_EQUAL, at);
		return true;
	case PYTHON_IF: case PYTHON_ELSE: case PYTHON_AND: case PYTHON_OR: case PYTHON_IS:
	case PYTHON_AS:
		step(lexer, BINARY, AFTER_OPERATOR, at);
		return true;
	default:
		if (lexer->depth > 0 && leads(lexer, at))
			return false;
		lexer->line->odd = true;
		return true;
	}
}

static void take_name(struct python_lexer *lexer, const char *at, size_t size)
{
	struct python_line *line = lexer->line;

	if (lexer->before == AFTER_DEF) {
		line->name = offset(lexer, at);
		line->name_size = size;
	} else if (lexer->before == AT_START && lexer->fresh && !line->colon) {
		line->first = PYTHON_NAME;
		line->name = offset(lexer, at);
		line->name_size = size;
	}
	step(lexer, VALUE, AFTER_VALUE, at);
}

/* Whether the string literal that opens at QUOTE really closes at END. */
static bool is_closed(const char *quote, const char *end)
{
	ptrdiff_t n = quote[1] == *quote && quote[2] == *quote ? 3 : 1;
	bool escaped = false;

	if (end - quote < 2 * n)
		return false;
	for (ptrdiff_t i = 1; i <= n; i++)
		if (end[-i] != *quote)
			return false;
	for (const char *at = end - n; at > quote + n && at[-1] == '\\'; at--)
		escaped = !escaped;
	return !escaped;
}

/* An f-string, which may even yield. */
static void note_format(struct python_lexer *lexer, const char *at, const char *end)
{
	note_python3(lexer, at);
	if (!lexer->lambda_body && (memmem(at, (size_t)(end - at), "{yield", 6) ||
	                            memmem(at, (size_t)(end - at), "{(yield", 7)))
		lexer->line->yields = true;
}

static const char *lex_string(struct python_lexer *lexer, const char *at, const char *quote)
{
	const char *end = snafu_python_string_end(quote, lexer->end);
	bool text = true;

	for (const char *prefix = at; prefix < quote; prefix++) {
		char c = *prefix | 0x20;

		if (c == 'f' || c == 'b')
			text = false;
		if (c == 'f')
			note_format(lexer, at, end);
		if (c == 'u' && quote - at == 2)
			note_python2(lexer, at);
	}
	if (!is_closed(quote, end))
		complain(lexer, at, "a string literal is never closed");
	if (text && lexer->fresh) {
		if (lexer->before == AT_START)
			lexer->line->strings = offset(lexer, at);
		if (lexer->before == AT_START ||
		    (lexer->line->strings_end && lexer->line->strings_end == lexer->line->end))
			lexer->line->strings_end = offset(lexer, end);
	}
	step(lexer, STRING, AFTER_STRING, at);
	return end;
}

static void first_word(struct python_lexer *lexer, enum python_word word, const char *at,
                       size_t size)
{
	struct python_line *line = lexer->line;
	bool leading = lexer->fresh && !line->colon;

	if (leading && is_soft(word)) {
		line->name = offset(lexer, at);
		line->name_size = size;
	}
	lexer->before = begin_statement(lexer, word, at);
	if (leading)
		line->first = lexer->statement;
}

/* A name, a keyword, or the prefix of a string. False: the line ended before it. */
static bool lex_name(struct python_lexer *lexer)
{
	const char *at = lexer->at, *end = at + 1;

	while (name_byte(*end))
		end++;
	size_t size = (size_t)(end - at);
	if (classes[(unsigned char)*end] == QUOTE && size <= 2) {
		const char *after = snafu_python_string_end(at, lexer->end);

		if (after) {
			lexer->at = lex_string(lexer, at, end);
			return true;
		}
	}
	lexer->at = end;
	enum python_word word = snafu_python_word(at, size);
	if (word == PYTHON_NAME || word == PYTHON_CONSTANT || lexer->before == AFTER_DEF ||
	    (lexer->before == AFTER_DOT && word != PYTHON_IMPORT)) {
		if (word == PYTHON_ASYNC) /* a name until Python 3.7 */
			note_python2(lexer, at);
		take_name(lexer, at, size);
	} else if (lexer->before == AT_START && starts_statement(word)) {
		first_word(lexer, word, at, size);
	} else if (is_soft(word)) {
		take_name(lexer, at, size);
	} else if (!inner_word(lexer, word, at)) {
		lexer->at = at;
		return false;
	}
	return true;
}

static const char *digits(const char *at)
{
	while (classes[(unsigned char)*at] == DIGIT || *at == '_')
		at++;
	return at;
}

static void lex_number(struct python_lexer *lexer)
{
	const char *at = lexer->at, *end = at;
	bool whole = true;

	if (*at == '0' && memchr("xXoObB", at[1], 6) && at[1]) {
		end = at + 2;
		while (name_byte(*end) && (*end | 0x20) != 'l')
			end++;
	} else {
		end = digits(at);
		if (*end == '.') {
			whole = false;
			end = digits(end + 1);
		}
		if ((*end | 0x20) == 'e' && (classes[(unsigned char)end[1]] == DIGIT ||
		                             ((end[1] == '-' || end[1] == '+') &&
		                              classes[(unsigned char)end[2]] == DIGIT))) {
			whole = false;
			end = digits(end + 2);
		}
		if ((*end | 0x20) == 'j') {
			whole = false;
			end++;
		}
		if (whole && *at == '0') { /* 0777 was octal */
			const char *digit = at;

			while (digit < end && (*digit == '0' || *digit == '_'))
				digit++;
			if (digit < end)
				note_python2(lexer, at);
		}
	}
	if (whole && (*end | 0x20) == 'l') {
		note_python2(lexer, at);
		end++;
	}
	step(lexer, VALUE, AFTER_VALUE, at);
	lexer->at = end;
}

static void lex_opening(struct python_lexer *lexer)
{
	const char *at = lexer->at++;

	/* def f(a, (b, c)): and lambda (a, b): */
	if (*at == '(' && lexer->n_open > 0 &&
	    ((lexer->statement == PYTHON_DEF && lexer->depth == 1 && !lexer->line->colon &&
	      (lexer->before == AFTER_OPEN || lexer->before == AFTER_COMMA) &&
	      lexer->open[0] == CALL && lexer->n_open == 1) ||
	     (lexer->open[lexer->n_open - 1] == 'l' &&
	      (lexer->before == AFTER_BARE || lexer->before == AFTER_COMMA))))
		note_python2(lexer, at);
	bool behind_value = lexer->before == AFTER_VALUE || lexer->before == AFTER_STRING ||
	                    lexer->before == AFTER_SOFT;
	step(lexer, *at == '{' ? BRACE : OPEN, AFTER_OPEN, at);
	if (lexer->n_open == PYTHON_BRACKETS_CAP) {
		complain(lexer, at, "too many brackets inside each other");
		return;
	}
	lexer->open[lexer->n_open++] = !behind_value || *at == '{' ? *at : *at == '(' ? CALL : INDEX;
	lexer->depth++;
}

static void lex_closing(struct python_lexer *lexer)
{
	const char *at = lexer->at++;

	bool empty = lexer->before == AFTER_OPEN;
	step(lexer, CLOSE, AFTER_VALUE, at);
	while (lexer->n_open > 0 && lexer->open[lexer->n_open - 1] == 'l') {
		lexer->line->odd = true; /* a lambda without its colon */
		lexer->n_open--;
	}
	if (lexer->n_open == 0) {
		complain(lexer, at, "a closing bracket that was never opened");
		return;
	}
	char open = lexer->open[--lexer->n_open];
	lexer->depth--;
	if (open == INDEX && empty)
		lexer->line->odd = true;
	if (*at != (open == '(' || open == CALL ? ')' : open == '{' ? '}' : ']'))
		complain(lexer, at, "a closing bracket that does not match the opening one");
	if (lexer->lambda_body > lexer->depth + 1)
		lexer->lambda_body = 0;
}


static void end_statement(struct python_lexer *lexer)
{
	struct python_line *line = lexer->line;

	if (!(allowed[lexer->before] & BIT(END)) ||
	    (lexer->before == AFTER_STAR && lexer->statement != PYTHON_FROM))
		line->odd = true;
	if (lexer->fresh && line->strings_end != line->end)
		line->strings_end = 0;
	lexer->fresh = false;
}

static void lex_comma(struct python_lexer *lexer, const char *at)
{
	if (lexer->n_open == 0) {
		if (lexer->statement == PYTHON_RAISE || lexer->statement == PYTHON_EXCEPT)
			note_python2(lexer, at);
		if (lexer->before == AFTER_STAR)
			lexer->line->odd = true;
	}
	if (lexer->lambda_body > lexer->depth)
		lexer->lambda_body = 0;
	step(lexer, COMMA, AFTER_COMMA, at);
}

static void lex_colon(struct python_lexer *lexer, const char *at)
{
	struct python_line *line = lexer->line;

	if (lexer->n_open > 0) {
		char open = lexer->open[lexer->n_open - 1];

		if (open == 'l') {
			step(lexer, COLON, AFTER_OPERATOR, at);
			lexer->n_open--;
			if (!lexer->lambda_body)
				lexer->lambda_body = lexer->depth + 1;
			return;
		}
		bool annotates = open == CALL && lexer->statement == PYTHON_DEF && lexer->n_open == 1;
		if (!annotates && open != INDEX && open != '{')
			line->odd = true;
		step(lexer, COLON, open == INDEX ? AFTER_COLON : annotates ? AFTER_EQUAL
		                                                           : AFTER_OPERATOR, at);
		return;
	}
	step(lexer, COLON, AFTER_OPERATOR, at);
	if (is_compound(lexer->statement) && !line->colon) {
		line->colon = offset(lexer, at);
		line->strings_end = 0;
		if (lexer->statement == PYTHON_DEF)
			line->yields = false; /* in a default value: not the function's own */
		start_statement(lexer);
		return;
	}
	if (lexer->statement > PYTHON_AT || (line->annotation && lexer->fresh))
		line->odd = true;
	if (!line->annotation)
		line->annotation = offset(lexer, at);
}

static void lex_equal(struct python_lexer *lexer, const char *at)
{
	if (at[1] == '=') {
		lexer->at++;
		step(lexer, BINARY, AFTER_OPERATOR, at);
		return;
	}
	if (lexer->n_open == 0) {
		if (!lexer->line->equals && lexer->fresh)
			lexer->line->equals = offset(lexer, at);
		if (lexer->statement > PYTHON_AT)
			lexer->line->odd = true;
		step(lexer, EQUAL, AFTER_EQUAL, at);
		return;
	}
	char open = lexer->open[lexer->n_open - 1];
	if ((open != CALL && open != 'l') || lexer->before == AFTER_COMMA)
		lexer->line->odd = true;
	step(lexer, EQUAL, AFTER_OPERATOR, at);
}

static void lex_dot(struct python_lexer *lexer, const char *at)
{
	if (at[1] == '.' && at[2] == '.' && lexer->before != AFTER_DOT) {
		lexer->at += 2;
		step(lexer, VALUE, AFTER_VALUE, at);
	} else if (classes[(unsigned char)at[1]] == DIGIT && lexer->before != AFTER_DOT) {
		lexer->at = at;
		lex_number(lexer);
	} else {
		if (lexer->before == AFTER_DOT && lexer->statement != PYTHON_FROM)
			lexer->line->odd = true;
		step(lexer, DOT, AFTER_DOT, at);
	}
}

/* Operators that take a second or third character: the whole of one. */
static void lex_operator(struct python_lexer *lexer, const char *at)
{
	char first = *at, second = at[1];

	if (first == '<' && second == '>')
		note_python2(lexer, at);
	if (first == '-' && second == '>') {
		note_python3(lexer, at);
		lexer->at++;
	} else if (second == first && first != '%' && first != '&' && first != '|' && first != '^' &&
	           first != '-' && first != '+') {
		lexer->at += at[2] == '=' ? 2 : 1; /* << >> // ** and their assignments */
	} else if (second == '=' || (first == '<' && second == '>')) {
		lexer->at++;
	} else if (first == '-' || first == '+') {
		step(lexer, SIGN, AFTER_OPERATOR, at);
		return;
	} else if (first == '/') {
		step(lexer, SLASH, AFTER_SLASH, at);
		return;
	} else if (first == '!') {
		complain(lexer, at, "a character that Python does not know");
	}
	step(lexer, BINARY, AFTER_OPERATOR, at);
}

static void lex_star(struct python_lexer *lexer, const char *at)
{
	if (at[1] == '*') {
		char open = lexer->n_open ? lexer->open[lexer->n_open - 1] : '(';

		lexer->at++;
		if ((lexer->before == AFTER_OPEN || lexer->before == AFTER_COMMA ||
		     lexer->before == AFTER_EQUAL || lexer->before == AT_START) &&
		    open != CALL && open != '{' && open != 'l')
			lexer->line->odd = true;
	}
	if (*lexer->at == '=') {
		lexer->at++;
		step(lexer, BINARY, AFTER_OPERATOR, at);
	} else {
		step(lexer, STAR, AFTER_STAR, at);
	}
}

static void lex_punctuation(struct python_lexer *lexer)
{
	const char *at = lexer->at++;

	switch (*at) {
	case ',':
		lex_comma(lexer, at);
		break;
	case '.':
		lex_dot(lexer, at);
		break;
	case '=':
		lex_equal(lexer, at);
		break;
	case ':':
		if (at[1] == '=') {
			note_python3(lexer, at);
			lexer->at++;
			step(lexer, BINARY, AFTER_OPERATOR, at);
		} else {
			lex_colon(lexer, at);
		}
		break;
	case ';':
		if (lexer->n_open > 0)
			lexer->line->odd = true;
		end_statement(lexer);
		start_statement(lexer);
		break;
	case '*':
		lex_star(lexer, at);
		break;
	case '@':
		if (lexer->before == AT_START && lexer->fresh) {
			lexer->line->first = lexer->statement = PYTHON_AT;
			lexer->before = AFTER_OPERATOR;
			break;
		}
		lex_operator(lexer, at);
		break;
	case '~':
		step(lexer, PREFIX, AFTER_OPERATOR, at);
		break;
	case '`':
		note_python2(lexer, at);
		step(lexer, lexer->backtick ? CLOSE : OPEN,
		     lexer->backtick ? AFTER_VALUE : AFTER_OPEN, at);
		lexer->backtick = !lexer->backtick;
		break;
	case '\\':
		if (*lexer->at == '\n')
			lexer->at++;
		else
			complain(lexer, at, "a backslash with something behind it on its line");
		break;
	default:
		lex_operator(lexer, at);
	}
}

static void finish_line(struct python_lexer *lexer)
{
	struct python_line *line = lexer->line;

	line->opens = line->colon && line->end == line->colon + 1;
	if (!line->opens)
		end_statement(lexer);
	if (lexer->depth > 0)
		complain(lexer, lexer->text + line->start, "a bracket is never closed");
	if (lexer->n_open > lexer->depth || lexer->backtick)
		line->odd = true;
	if (is_compound(line->first) && !line->colon) {
		if (line->first != PYTHON_MATCH && line->first != PYTHON_CASE)
			complain(lexer, lexer->text + line->start, "the colon is missing");
		else if (lexer->soft_used)
			line->odd = true;
	}
}

static void skip_to_newline(struct python_lexer *lexer)
{
	const char *newline = memchr(lexer->at, '\n', (size_t)(lexer->end - lexer->at));

	lexer->at = newline ? newline : lexer->end;
}

void snafu_python_lex_begin(struct python_lexer *lexer, const char *text, size_t size)
{
	*lexer = (struct python_lexer){.text = text, .end = text + size, .at = text};
}

/* One token, or white space. False at the end of the line. */
static bool lex_token(struct python_lexer *lexer)
{
	switch (classes[(unsigned char)*lexer->at]) {
	case BLANK:
		lexer->at++;
		return true;
	case COMMENT:
		skip_to_newline(lexer);
		return true;
	case NEWLINE:
		lexer->at++;
		return lexer->depth > 0;
	case FINISH:
		return false;
	case LETTER:
		if (!lex_name(lexer))
			return false;
		break;
	case DIGIT:
		lex_number(lexer);
		break;
	case QUOTE:
		lexer->at = lex_string(lexer, lexer->at, lexer->at);
		break;
	case OPENING:
		lex_opening(lexer);
		break;
	case CLOSING:
		lex_closing(lexer);
		break;
	case PUNCTUATION:
		lex_punctuation(lexer);
		break;
	default:
		complain(lexer, lexer->at++, "a character that Python does not know");
	}
	lexer->line->end = offset(lexer, lexer->at);
	return true;
}

void snafu_python_lex_line(struct python_lexer *lexer, struct python_line *ret_line)
{
	*ret_line = (struct python_line){
		.start = offset(lexer, lexer->at),
		.end = offset(lexer, lexer->at),
		.first = PYTHON_NO_WORD,
	};
	lexer->line = ret_line;
	lexer->depth = lexer->n_open = 0;
	lexer->fresh = true;
	lexer->soft_used = lexer->backtick = false;
	start_statement(lexer);
	while (lex_token(lexer)) {
		if (ret_line->problem && lexer->n_open == PYTHON_BRACKETS_CAP) {
			lexer->depth = lexer->n_open = 0;
			skip_to_newline(lexer);
		}
	}
	finish_line(lexer);
}
