/* scanner/java_load.c — see java_load.h. */
#include "scanner/java_load.h"

#include <string.h>

static bool open_bracket(struct snafu_java_load *load)
{
	if (load->depth == SNAFU_JAVA_NESTING_CAP)
		return false;
	load->pending++;
	load->depth++;
	load->outside[load->depth].pending = load->pending;
	load->outside[load->depth].less = load->less;
	return true;
}

static void close_bracket(struct snafu_java_load *load)
{
	if (!load->depth)
		return;
	load->pending = load->outside[load->depth].pending;
	load->less = load->outside[load->depth].less;
	load->depth--;
}

/* A statement ended: what waited for that is one thing now. */
static void settle(struct snafu_java_load *load)
{
	load->pending = load->outside[load->depth].pending;
	load->less = load->outside[load->depth].less;
}

bool snafu_java_load_add(struct snafu_java_load *load, const unsigned char *text, size_t size)
{
	bool after_brace = load->after_brace, good = true;

	load->after_brace = false;
	switch (snafu_java_lexeme(*text)) {
	case SNAFU_JAVA_LEXEME_OPEN:
	case SNAFU_JAVA_LEXEME_OPEN_SQUARE:
	case SNAFU_JAVA_LEXEME_OPEN_BRACE: good = open_bracket(load); break;
	case SNAFU_JAVA_LEXEME_CLOSE_BRACE:
		load->after_brace = true;
		/* fall through */
	case SNAFU_JAVA_LEXEME_CLOSE:
	case SNAFU_JAVA_LEXEME_CLOSE_SQUARE: close_bracket(load); break;
	case SNAFU_JAVA_LEXEME_SEMICOLON: settle(load); break;
	case SNAFU_JAVA_LEXEME_COMMA:
		/* One of a list is done; the lists around it, in <>, are not. */
		load->pending = load->outside[load->depth].pending + 4 * load->less;
		break;
	case SNAFU_JAVA_LEXEME_WORD:
		if (after_brace && !(size == 4 && memcmp(text, "else", 4) == 0))
			settle(load);
		load->pending++;
		break;
	default:
		if (after_brace && *text == '@')
			settle(load);
		load->less += *text == '<';
		load->pending++;
	}
	return good && load->pending <= SNAFU_JAVA_PENDING_CAP && load->less <= SNAFU_JAVA_LESS_CAP;
}

/* Behind the token, comment or space at AT. */
static const unsigned char *token_end(const unsigned char *at, const unsigned char *end,
                                      bool *ret_blank)
{
	enum snafu_java_lexeme lexeme = snafu_java_lexeme(*at);
	const unsigned char *stop = NULL;

	*ret_blank = lexeme == SNAFU_JAVA_LEXEME_SPACE;
	if (lexeme == SNAFU_JAVA_LEXEME_WORD) {
		for (stop = at; snafu_java_is_word(*stop);)
			stop++;
		return stop;
	}
	if (lexeme == SNAFU_JAVA_LEXEME_NUMBER || lexeme == SNAFU_JAVA_LEXEME_QUOTE ||
	    lexeme == SNAFU_JAVA_LEXEME_APOSTROPHE) {
		stop = snafu_java_literal_end(at, end);
	} else if (at[0] == '/' && at[1] == '/') {
		*ret_blank = true;
		stop = memchr(at, '\n', (size_t)(end - at));
		return stop ? stop : end;
	} else if (at[0] == '/' && at[1] == '*') {
		stop =
			(const unsigned char *)snafu_java_comment_end((const char *)at + 2, (const char *)end);
		*ret_blank = stop != NULL;
	}
	return stop ? stop : at + 1;
}

bool snafu_java_load_fits(struct snafu_java_load *load, const unsigned char *text,
                          const unsigned char *end)
{
	while (text < end) {
		bool blank;
		const unsigned char *stop = token_end(text, end, &blank);

		if (!blank && !snafu_java_load_add(load, text, (size_t)(stop - text)))
			return false;
		text = stop;
	}
	return true;
}
