/* scanner/python_lex_words.c — names, keywords, numbers and strings inside a
 * line; see python_step.h. */
#include "scanner/python_step.h"

#include <string.h>

void snafu_python_note_python2(struct python_lexer *lexer, const char *at)
{
	if (!lexer->python2)
		lexer->python2 = at;
}

void snafu_python_note_python3(struct python_lexer *lexer, const char *at)
{
	if (!lexer->python3)
		lexer->python3 = at;
}

void snafu_python_complain(struct python_lexer *lexer, const char *at, const char *problem)
{
	if (!lexer->line->problem) {
		lexer->line->problem = problem;
		lexer->line->problem_at = python_offset(lexer, at);
	}
}

static inline bool valued(enum python_token token)
{
	return token == VALUE || token == STRING || token == BRACE || token == PREFIX;
}

/* print, exec, match or case, and then this. */
void snafu_python_judge_soft(struct python_lexer *lexer, enum python_token token, const char *at)
{
	if (lexer->soft == PYTHON_PRINT || lexer->soft == PYTHON_EXEC) {
		if (valued(token))
			snafu_python_note_python2(lexer, at);
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

static bool is_soft(enum python_word word)
{
	return word == PYTHON_PRINT || word == PYTHON_EXEC || word == PYTHON_MATCH ||
	       word == PYTHON_CASE || word == PYTHON_TYPE;
}

/* Whether AT is the first token of its physical line. */
static bool leads(const struct python_lexer *lexer, const char *at)
{
	while (at > lexer->text && snafu_python_classes[(unsigned char)at[-1]] == BLANK)
		at--;
	return at == lexer->text || at[-1] == '\n';
}

/* A statement's keyword at its start. Returns the state behind it. */
static enum python_state begin_statement(struct python_lexer *lexer, enum python_word word,
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
			snafu_python_note_python3(lexer, at);
		return AFTER_DEF;
	case PYTHON_FROM: return AFTER_DOT;
	case PYTHON_FOR: return AFTER_EQUAL;
	case PYTHON_NONLOCAL: snafu_python_note_python3(lexer, at); return AFTER_OPERATOR;
	case PYTHON_ELSE:
	case PYTHON_TRY:
	case PYTHON_FINALLY:
	case PYTHON_EXCEPT:
	case PYTHON_RETURN:
	case PYTHON_RAISE: return AFTER_BARE;
	case PYTHON_BREAK:
	case PYTHON_CONTINUE:
	case PYTHON_PASS: return AFTER_VALUE;
	case PYTHON_PRINT:
	case PYTHON_EXEC:
	case PYTHON_MATCH:
	case PYTHON_CASE:
	case PYTHON_TYPE:
		lexer->soft = word;
		lexer->statement = PYTHON_NAME;
		return AFTER_SOFT;
	default: return AFTER_OPERATOR;
	}
}

static bool starts_statement(enum python_word word)
{
	switch (word) {
	case PYTHON_NAME:
	case PYTHON_CONSTANT:
	case PYTHON_NOT:
	case PYTHON_LAMBDA:
	case PYTHON_AWAIT:
	case PYTHON_YIELD:
	case PYTHON_AND:
	case PYTHON_OR:
	case PYTHON_IN:
	case PYTHON_IS:
	case PYTHON_AS: return false;
	default: return true;
	}
}

static void lambda(struct python_lexer *lexer, const char *at)
{
	python_step(lexer, PREFIX, AFTER_BARE, at);
	if (lexer->n_open < PYTHON_BRACKETS_CAP)
		lexer->open[lexer->n_open++] = 'l';
	else
		snafu_python_complain(lexer, at, "too many lambdas inside each other");
}

static void yield(struct python_lexer *lexer, const char *at)
{
	python_step(lexer, PREFIX, AFTER_BARE, at);
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
			python_step(lexer, SIGN, AFTER_OPERATOR, at);
		return true;
	case PYTHON_IN:
		python_step(lexer, EQUAL, lexer->statement == PYTHON_FOR ? AFTER_EQUAL : AFTER_OPERATOR,
		            at);
		return true;
	case PYTHON_LAMBDA: lambda(lexer, at); return true;
	case PYTHON_YIELD: yield(lexer, at); return true;
	case PYTHON_AWAIT: python_step(lexer, PREFIX, AFTER_OPERATOR, at); return true;
	case PYTHON_FROM: python_step(lexer, FROM, AFTER_OPERATOR, at); return true;
	case PYTHON_ASYNC: /* `async for` inside brackets */
		if (!(snafu_python_allowed[lexer->before] & PYTHON_BIT(BINARY)))
			lexer->line->odd = true;
		return true;
	case PYTHON_FOR:
	case PYTHON_IMPORT: python_step(lexer, BINARY, AFTER_EQUAL, at); return true;
	case PYTHON_IF:
	case PYTHON_ELSE:
	case PYTHON_AND:
	case PYTHON_OR:
	case PYTHON_IS:
	case PYTHON_AS: python_step(lexer, BINARY, AFTER_OPERATOR, at); return true;
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
		line->name = python_offset(lexer, at);
		line->name_size = size;
	} else if (lexer->before == AT_START && lexer->fresh && !line->colon) {
		line->first = PYTHON_NAME;
		line->name = python_offset(lexer, at);
		line->name_size = size;
	}
	python_step(lexer, VALUE, AFTER_VALUE, at);
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
	snafu_python_note_python3(lexer, at);
	if (!lexer->lambda_body && (memmem(at, (size_t)(end - at), "{yield", 6) ||
	                            memmem(at, (size_t)(end - at), "{(yield", 7)))
		lexer->line->yields = true;
}

const char *snafu_python_lex_string(struct python_lexer *lexer, const char *at, const char *quote)
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
			snafu_python_note_python2(lexer, at);
	}
	if (!is_closed(quote, end))
		snafu_python_complain(lexer, at, "a string literal is never closed");
	if (text && lexer->fresh) {
		if (lexer->before == AT_START)
			lexer->line->strings = python_offset(lexer, at);
		if (lexer->before == AT_START ||
		    (lexer->line->strings_end && lexer->line->strings_end == lexer->line->end))
			lexer->line->strings_end = python_offset(lexer, end);
	}
	python_step(lexer, STRING, AFTER_STRING, at);
	return end;
}

static void first_word(struct python_lexer *lexer, enum python_word word, const char *at,
                       size_t size)
{
	struct python_line *line = lexer->line;
	bool leading = lexer->fresh && !line->colon;

	if (leading && is_soft(word)) {
		line->name = python_offset(lexer, at);
		line->name_size = size;
	}
	lexer->before = begin_statement(lexer, word, at);
	if (leading)
		line->first = lexer->statement;
}

/* A name, a keyword, or the prefix of a string. False: the line ended before it. */
bool snafu_python_lex_name(struct python_lexer *lexer)
{
	const char *at = lexer->at, *end = at + 1;

	while (python_name_byte(*end))
		end++;
	size_t size = (size_t)(end - at);
	if (snafu_python_classes[(unsigned char)*end] == QUOTE && size <= 2) {
		const char *after = snafu_python_string_end(at, lexer->end);

		if (after) {
			lexer->at = snafu_python_lex_string(lexer, at, end);
			return true;
		}
	}
	lexer->at = end;
	enum python_word word = snafu_python_word(at, size);
	if (word == PYTHON_NAME || word == PYTHON_CONSTANT || lexer->before == AFTER_DEF ||
	    (lexer->before == AFTER_DOT && word != PYTHON_IMPORT)) {
		if (word == PYTHON_ASYNC) /* a name until Python 3.7 */
			snafu_python_note_python2(lexer, at);
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
	while (snafu_python_classes[(unsigned char)*at] == DIGIT || *at == '_')
		at++;
	return at;
}

void snafu_python_lex_number(struct python_lexer *lexer)
{
	const char *at = lexer->at, *end = at;
	bool whole = true;

	if (*at == '0' && memchr("xXoObB", at[1], 6) && at[1]) {
		end = at + 2;
		while (python_name_byte(*end) && (*end | 0x20) != 'l')
			end++;
	} else {
		end = digits(at);
		if (*end == '.') {
			whole = false;
			end = digits(end + 1);
		}
		if ((*end | 0x20) == 'e' && (snafu_python_classes[(unsigned char)end[1]] == DIGIT ||
		                             ((end[1] == '-' || end[1] == '+') &&
		                              snafu_python_classes[(unsigned char)end[2]] == DIGIT))) {
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
				snafu_python_note_python2(lexer, at);
		}
	}
	if (whole && (*end | 0x20) == 'l') {
		snafu_python_note_python2(lexer, at);
		end++;
	}
	python_step(lexer, VALUE, AFTER_VALUE, at);
	lexer->at = end;
}
