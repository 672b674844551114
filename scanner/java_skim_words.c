/* scanner/java_skim_words.c — words: which of them start a class, in code and in a
 * member's header. See java_skimmer.h. */
#include "scanner/java_skimmer.h"

static const unsigned char *skip_blank(const unsigned char *at)
{
	while (snafu_java_is_space(*at))
		at++;
	return at;
}

/* Whether `record` at AT starts a declaration: a name and then ( or <. */
static bool is_record(const unsigned char *at)
{
	const unsigned char *name = skip_blank(at);

	at = name;
	while (snafu_java_is_word(*at))
		at++;
	if (at == name)
		return false;
	at = skip_blank(at);
	return *at == '(' || *at == '<';
}

void snafu_skim_code_word(struct java_skimmer *state, const unsigned char *start, size_t size)
{
	enum snafu_java_word word = snafu_java_word(start, size);
	enum snafu_java_token token = snafu_java_word_token(word);

	switch (word) {
	case SNAFU_JAVA_WORD_CLASS:
		if (state->previous == SNAFU_JAVA_TOKEN_DOT) {
			token = SNAFU_JAVA_TOKEN_NAME;
			break;
		}
		/* fall through */
	case SNAFU_JAVA_WORD_INTERFACE:
	case SNAFU_JAVA_WORD_ENUM:
		state->top->type = (unsigned char)word;
		skim_keep_region(state);
		break;
	case SNAFU_JAVA_WORD_RECORD:
		if (is_record(start + size)) {
			state->top->type = SNAFU_JAVA_WORD_RECORD;
			skim_keep_region(state);
		}
		break;
	default: break;
	}
	if (token == SNAFU_JAVA_TOKEN_KEYWORD && state->previous == SNAFU_JAVA_TOKEN_REFERENCE)
		token = SNAFU_JAVA_TOKEN_NAME; /* X::new */
	if (token == SNAFU_JAVA_TOKEN_NAME && state->previous == SNAFU_JAVA_TOKEN_AT)
		token = SNAFU_JAVA_TOKEN_MODIFIER; /* an annotation */
	skim_follow(state, token);
}

void snafu_skim_header_word(struct java_skimmer *state, const unsigned char *start, size_t size)
{
	enum snafu_java_word word = snafu_java_word(start, size);
	enum snafu_java_token previous = state->previous;

	state->previous =
		word == SNAFU_JAVA_WORD_DEFAULT ? SNAFU_JAVA_TOKEN_KEYWORD : SNAFU_JAVA_TOKEN_NAME;
	if (word == SNAFU_JAVA_WORD_CLASS || word == SNAFU_JAVA_WORD_INTERFACE ||
	    word == SNAFU_JAVA_WORD_ENUM) {
		if (previous != SNAFU_JAVA_TOKEN_DOT)
			state->type = word;
	} else if (state->after_record && word == SNAFU_JAVA_WORD_NONE) {
		state->type = SNAFU_JAVA_WORD_CLASS;
	}
	state->after_record = word == SNAFU_JAVA_WORD_RECORD && state->type == SNAFU_JAVA_WORD_NONE;
}

bool snafu_skim_header_sign(struct java_skimmer *state, unsigned char byte)
{
	state->after_record = false;
	state->previous = byte == '.' ? SNAFU_JAVA_TOKEN_DOT : SNAFU_JAVA_TOKEN_OTHER;
	if (byte != '=' || state->top->kind == FRAME_CONSTANTS)
		return true;
	state->previous = SNAFU_JAVA_TOKEN_ASSIGN;
	state->before = SNAFU_JAVA_TOKEN_SEMICOLON;
	return skim_push(state, FRAME_INITIALISER);
}
