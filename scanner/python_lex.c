/* scanner/python_lex.c — one logical line of Python; see python_lex.h.
 *
 * The check is a table: for each state (what the last token was) the tokens
 * that may come next. What the table refuses makes the line `odd`, no more. */
#include "scanner/python_step.h"

#include <string.h>

#define BIT(TOKEN) PYTHON_BIT(TOKEN)
#define VALUES     (BIT(VALUE) | BIT(STRING) | BIT(OPEN) | BIT(BRACE) | BIT(SIGN) | BIT(PREFIX))
#define AFTERS                                                                             \
	(BIT(OPEN) | BIT(CLOSE) | BIT(COMMA) | BIT(COLON) | BIT(DOT) | BIT(SIGN) | BIT(STAR) | \
	 BIT(SLASH) | BIT(BINARY) | BIT(EQUAL) | BIT(FROM) | BIT(END))

const uint32_t snafu_python_allowed[] = {
	[AT_START] = VALUES | BIT(STAR) | BIT(END),
	[AFTER_VALUE] = AFTERS,
	[AFTER_STRING] = AFTERS | BIT(STRING),
	[AFTER_OPERATOR] = VALUES,
	[AFTER_EQUAL] = VALUES | BIT(STAR),
	[AFTER_OPEN] = VALUES | BIT(STAR) | BIT(CLOSE) | BIT(COLON),
	[AFTER_COMMA] =
		VALUES | BIT(STAR) | BIT(SLASH) | BIT(CLOSE) | BIT(COLON) | BIT(EQUAL) | BIT(END),
	[AFTER_COLON] = VALUES | BIT(CLOSE) | BIT(COMMA) | BIT(COLON),
	[AFTER_STAR] = VALUES | BIT(COMMA) | BIT(END),
	[AFTER_SLASH] = VALUES | BIT(COMMA) | BIT(CLOSE) | BIT(COLON),
	[AFTER_SOFT] = UINT32_MAX,
	[AFTER_BARE] = VALUES | BIT(STAR) | BIT(CLOSE) | BIT(COMMA) | BIT(COLON) | BIT(FROM) | BIT(END),
	[AFTER_DOT] = BIT(VALUE) | BIT(DOT) | BIT(BINARY),
	[AFTER_DEF] = BIT(VALUE),
	[AFTER_NOT] = BIT(EQUAL),
};

const unsigned char snafu_python_classes[256] = {
	[' '] = BLANK,          ['\t'] = BLANK,       ['\f'] = BLANK,
	['\n'] = NEWLINE,       ['#'] = COMMENT,      ['a' ... 'z'] = LETTER,
	['A' ... 'Z'] = LETTER, ['_'] = LETTER,       [0x80 ... 0xff] = LETTER,
	['0' ... '9'] = DIGIT,  ['"'] = QUOTE,        ['\''] = QUOTE,
	['('] = OPENING,        ['['] = OPENING,      ['{'] = OPENING,
	[')'] = CLOSING,        [']'] = CLOSING,      ['}'] = CLOSING,
	[','] = PUNCTUATION,    [':'] = PUNCTUATION,  ['.'] = PUNCTUATION,
	[';'] = PUNCTUATION,    ['='] = PUNCTUATION,  ['+'] = PUNCTUATION,
	['-'] = PUNCTUATION,    ['*'] = PUNCTUATION,  ['/'] = PUNCTUATION,
	['%'] = PUNCTUATION,    ['&'] = PUNCTUATION,  ['|'] = PUNCTUATION,
	['^'] = PUNCTUATION,    ['<'] = PUNCTUATION,  ['>'] = PUNCTUATION,
	['!'] = PUNCTUATION,    ['~'] = PUNCTUATION,  ['@'] = PUNCTUATION,
	['`'] = PUNCTUATION,    ['\\'] = PUNCTUATION, ['\0'] = FINISH,
};

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
	case PYTHON_IF:
	case PYTHON_ELIF:
	case PYTHON_ELSE:
	case PYTHON_FOR:
	case PYTHON_WHILE:
	case PYTHON_TRY:
	case PYTHON_EXCEPT:
	case PYTHON_FINALLY:
	case PYTHON_WITH:
	case PYTHON_DEF:
	case PYTHON_CLASS:
	case PYTHON_MATCH:
	case PYTHON_CASE: return true;
	default: return false;
	}
}

static void lex_opening(struct python_lexer *lexer)
{
	const char *at = lexer->at++;

	/* def f(a, (b, c)): and lambda (a, b): */
	if (*at == '(' && lexer->n_open > 0 &&
	    ((lexer->statement == PYTHON_DEF && lexer->depth == 1 && !lexer->line->colon &&
	      (lexer->before == AFTER_OPEN || lexer->before == AFTER_COMMA) &&
	      lexer->open[0] == PYTHON_CALL && lexer->n_open == 1) ||
	     (lexer->open[lexer->n_open - 1] == 'l' &&
	      (lexer->before == AFTER_BARE || lexer->before == AFTER_COMMA))))
		snafu_python_note_python2(lexer, at);
	bool behind_value = lexer->before == AFTER_VALUE || lexer->before == AFTER_STRING ||
	                    lexer->before == AFTER_SOFT;
	python_step(lexer, *at == '{' ? BRACE : OPEN, AFTER_OPEN, at);
	if (lexer->n_open == PYTHON_BRACKETS_CAP) {
		snafu_python_complain(lexer, at, "too many brackets inside each other");
		return;
	}
	char kind = *at == '(' ? PYTHON_CALL : PYTHON_INDEX;
	lexer->open[lexer->n_open++] = !behind_value || *at == '{' ? *at : kind;
	lexer->depth++;
}

static void lex_closing(struct python_lexer *lexer)
{
	const char *at = lexer->at++;

	bool empty = lexer->before == AFTER_OPEN;
	python_step(lexer, CLOSE, AFTER_VALUE, at);
	while (lexer->n_open > 0 && lexer->open[lexer->n_open - 1] == 'l') {
		lexer->line->odd = true; /* a lambda without its colon */
		lexer->n_open--;
	}
	if (lexer->n_open == 0) {
		snafu_python_complain(lexer, at, "a closing bracket that was never opened");
		return;
	}
	char open = lexer->open[--lexer->n_open];
	lexer->depth--;
	if (open == PYTHON_INDEX && empty)
		lexer->line->odd = true;
	if (*at != (open == '(' || open == PYTHON_CALL ? ')' : open == '{' ? '}' : ']'))
		snafu_python_complain(lexer, at, "a closing bracket that does not match the opening one");
	if (lexer->lambda_body > lexer->depth + 1)
		lexer->lambda_body = 0;
}

static void end_statement(struct python_lexer *lexer)
{
	struct python_line *line = lexer->line;

	if (!(snafu_python_allowed[lexer->before] & PYTHON_BIT(END)) ||
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
			snafu_python_note_python2(lexer, at);
		if (lexer->before == AFTER_STAR)
			lexer->line->odd = true;
	}
	if (lexer->lambda_body > lexer->depth)
		lexer->lambda_body = 0;
	python_step(lexer, COMMA, AFTER_COMMA, at);
}

static void lex_colon(struct python_lexer *lexer, const char *at)
{
	struct python_line *line = lexer->line;

	if (lexer->n_open > 0) {
		char open = lexer->open[lexer->n_open - 1];

		if (open == 'l') {
			python_step(lexer, COLON, AFTER_OPERATOR, at);
			lexer->n_open--;
			if (!lexer->lambda_body)
				lexer->lambda_body = lexer->depth + 1;
			return;
		}
		bool annotates =
			open == PYTHON_CALL && lexer->n_open == 1 && lexer->statement == PYTHON_DEF;
		if (!annotates && open != PYTHON_INDEX && open != '{')
			line->odd = true;
		python_step(lexer, COLON,
		            open == PYTHON_INDEX ? AFTER_COLON
		            : annotates          ? AFTER_EQUAL
		                                 : AFTER_OPERATOR,
		            at);
		return;
	}
	python_step(lexer, COLON, AFTER_OPERATOR, at);
	if (is_compound(lexer->statement) && !line->colon) {
		line->colon = python_offset(lexer, at);
		line->strings_end = 0;
		if (lexer->statement == PYTHON_DEF)
			line->yields = false; /* in a default value: not the function's own */
		start_statement(lexer);
		return;
	}
	if (lexer->statement > PYTHON_AT || (line->annotation && lexer->fresh))
		line->odd = true;
	if (!line->annotation)
		line->annotation = python_offset(lexer, at);
}

static void lex_equal(struct python_lexer *lexer, const char *at)
{
	if (at[1] == '=') {
		lexer->at++;
		python_step(lexer, BINARY, AFTER_OPERATOR, at);
		return;
	}
	if (lexer->n_open == 0) {
		if (!lexer->line->equals && lexer->fresh)
			lexer->line->equals = python_offset(lexer, at);
		if (lexer->statement > PYTHON_AT)
			lexer->line->odd = true;
		python_step(lexer, EQUAL, AFTER_EQUAL, at);
		return;
	}
	char open = lexer->open[lexer->n_open - 1];
	if ((open != PYTHON_CALL && open != 'l') || lexer->before == AFTER_COMMA)
		lexer->line->odd = true;
	python_step(lexer, EQUAL, AFTER_OPERATOR, at);
}

static void lex_dot(struct python_lexer *lexer, const char *at)
{
	if (at[1] == '.' && at[2] == '.' && lexer->before != AFTER_DOT) {
		lexer->at += 2;
		python_step(lexer, VALUE, AFTER_VALUE, at);
	} else if (snafu_python_classes[(unsigned char)at[1]] == DIGIT && lexer->before != AFTER_DOT) {
		lexer->at = at;
		snafu_python_lex_number(lexer);
	} else {
		if (lexer->before == AFTER_DOT && lexer->statement != PYTHON_FROM)
			lexer->line->odd = true;
		python_step(lexer, DOT, AFTER_DOT, at);
	}
}

/* Operators that take a second or third character: the whole of one. */
static void lex_operator(struct python_lexer *lexer, const char *at)
{
	char first = *at, second = at[1];

	if (first == '<' && second == '>')
		snafu_python_note_python2(lexer, at);
	if (first == '-' && second == '>') {
		snafu_python_note_python3(lexer, at);
		lexer->at++;
	} else if (second == first && first != '%' && first != '&' && first != '|' && first != '^' &&
	           first != '-' && first != '+') {
		lexer->at += at[2] == '=' ? 2 : 1; /* << >> // ** and their assignments */
	} else if (second == '=' || (first == '<' && second == '>')) {
		lexer->at++;
	} else if (first == '-' || first == '+') {
		python_step(lexer, SIGN, AFTER_OPERATOR, at);
		return;
	} else if (first == '/') {
		python_step(lexer, SLASH, AFTER_SLASH, at);
		return;
	} else if (first == '!') {
		snafu_python_complain(lexer, at, "a character that Python does not know");
	}
	python_step(lexer, BINARY, AFTER_OPERATOR, at);
}

static void lex_star(struct python_lexer *lexer, const char *at)
{
	if (at[1] == '*') {
		char open = lexer->n_open ? lexer->open[lexer->n_open - 1] : '(';

		lexer->at++;
		if ((lexer->before == AFTER_OPEN || lexer->before == AFTER_COMMA ||
		     lexer->before == AFTER_EQUAL || lexer->before == AT_START) &&
		    open != PYTHON_CALL && open != '{' && open != 'l')
			lexer->line->odd = true;
	}
	if (*lexer->at == '=') {
		lexer->at++;
		python_step(lexer, BINARY, AFTER_OPERATOR, at);
	} else {
		python_step(lexer, STAR, AFTER_STAR, at);
	}
}

static void lex_punctuation(struct python_lexer *lexer)
{
	const char *at = lexer->at++;

	switch (*at) {
	case ',': lex_comma(lexer, at); break;
	case '.': lex_dot(lexer, at); break;
	case '=': lex_equal(lexer, at); break;
	case ':':
		if (at[1] == '=') {
			snafu_python_note_python3(lexer, at);
			lexer->at++;
			python_step(lexer, BINARY, AFTER_OPERATOR, at);
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
	case '*': lex_star(lexer, at); break;
	case '@':
		if (lexer->before == AT_START && lexer->fresh) {
			lexer->line->first = lexer->statement = PYTHON_AT;
			lexer->before = AFTER_OPERATOR;
			break;
		}
		lex_operator(lexer, at);
		break;
	case '~': python_step(lexer, PREFIX, AFTER_OPERATOR, at); break;
	case '`':
		snafu_python_note_python2(lexer, at);
		python_step(lexer, lexer->backtick ? CLOSE : OPEN,
		            lexer->backtick ? AFTER_VALUE : AFTER_OPEN, at);
		lexer->backtick = !lexer->backtick;
		break;
	case '\\':
		if (*lexer->at == '\n')
			lexer->at++;
		else
			snafu_python_complain(lexer, at, "a backslash with something behind it on its line");
		break;
	default: lex_operator(lexer, at);
	}
}

static void finish_line(struct python_lexer *lexer)
{
	struct python_line *line = lexer->line;

	line->opens = line->colon && line->end == line->colon + 1;
	if (!line->opens)
		end_statement(lexer);
	if (lexer->depth > 0)
		snafu_python_complain(lexer, lexer->text + line->start, "a bracket is never closed");
	if (lexer->n_open > lexer->depth || lexer->backtick)
		line->odd = true;
	if (is_compound(line->first) && !line->colon) {
		if (line->first != PYTHON_MATCH && line->first != PYTHON_CASE)
			snafu_python_complain(lexer, lexer->text + line->start, "the colon is missing");
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
	switch (snafu_python_classes[(unsigned char)*lexer->at]) {
	case BLANK: lexer->at++; return true;
	case COMMENT: skip_to_newline(lexer); return true;
	case NEWLINE: lexer->at++; return lexer->depth > 0;
	case FINISH: return false;
	case LETTER:
		if (!snafu_python_lex_name(lexer))
			return false;
		break;
	case DIGIT: snafu_python_lex_number(lexer); break;
	case QUOTE: lexer->at = snafu_python_lex_string(lexer, lexer->at, lexer->at); break;
	case OPENING: lex_opening(lexer); break;
	case CLOSING: lex_closing(lexer); break;
	case PUNCTUATION: lex_punctuation(lexer); break;
	default: snafu_python_complain(lexer, lexer->at++, "a character that Python does not know");
	}
	lexer->line->end = python_offset(lexer, lexer->at);
	return true;
}

void snafu_python_lex_line(struct python_lexer *lexer, struct python_line *ret_line)
{
	*ret_line = (struct python_line){
		.start = python_offset(lexer, lexer->at),
		.end = python_offset(lexer, lexer->at),
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
