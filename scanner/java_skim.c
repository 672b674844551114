/* scanner/java_skim.c — see java_skim.h.
 *
 * One loop over the bytes with a stack of open brackets. Directly inside a class
 * (or at the top) tokens are a member's header and are kept; inside a body, a
 * field's initialiser or parentheses they are code, and only their order is
 * looked at, by a table of which kind of token may follow which. Regions that can
 * go (a body, an initialiser) are decided on at their end, so that nothing is
 * read twice. A class that is found in code opens a class level again, so its
 * own methods' bodies can go although the body around it stays. */
#include "scanner/java_skim.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "scanner/java_load.h"
#include "scanner/java_skimmer.h"
#include "scanner/java_tokens.h"

/* Counts the token from START up to where the state is. */
static void count_token(struct java_skimmer *state, const unsigned char *start)
{
	if (snafu_java_load_add(state->skim->load, start, (size_t)(state->at - start)))
		return;
	if (state->region < 0 || state->skim->frames[state->region].kept)
		state->error = -E2BIG;
	else
		state->skim->frames[state->region].monstrous = true;
}

/* At a slash. False where a comment has no end. */
static bool comment_or_sign(struct java_skimmer *state)
{
	const unsigned char *start = state->at, *stop;

	if (start[1] == '/') {
		stop = memchr(start, '\n', (size_t)(state->end - start));
		state->at = stop ? stop : state->end;
		const unsigned char *carriage = memchr(start, '\r', (size_t)(state->at - start));
		if (carriage)
			state->at = carriage;
	} else if (start[1] == '*') {
		stop = (const unsigned char *)snafu_java_comment_end((const char *)start + 2,
		                                                     (const char *)state->end);
		if (!stop)
			return false;
		state->at = stop;
	} else {
		state->at += start[1] == '=' ? 2 : 1;
		if (skim_in_members(state))
			return snafu_skim_header_sign(state, '/');
		skim_follow(state, SNAFU_JAVA_TOKEN_BINARY);
		return true;
	}
	if (!skim_in_members(state))
		return true;
	snafu_skim_leave_out(state, start, state->at, ' ');
	if (state->at - start > 4 && start[1] == '*' && start[2] == '*' && state->fresh) {
		state->doc = start;
		state->doc_end = state->at;
	}
	return true;
}

/* At a literal. One without an end is taken to end with its line. */
static bool literal(struct java_skimmer *state)
{
	const unsigned char *stop = snafu_java_literal_end(state->at, state->end);

	if (!stop) {
		if (state->region < 0 || !state->at[1])
			return false;
		skim_note_odd(state);
		stop = state->at + 1;
		while (stop < state->end && *stop != '\n' && *stop != '\r')
			stop++;
	}
	state->at = stop;
	return true;
}

/* False where it does not match, or nests too deep. */
static bool bracket(struct java_skimmer *state, enum snafu_java_lexeme lexeme)
{
	bool in_members = skim_in_members(state);

	switch (lexeme) {
	case SNAFU_JAVA_LEXEME_OPEN: return snafu_skim_open_parenthesis(state);
	case SNAFU_JAVA_LEXEME_CLOSE: return snafu_skim_close_parenthesis(state);
	case SNAFU_JAVA_LEXEME_OPEN_SQUARE:
		if (in_members)
			state->previous = SNAFU_JAVA_TOKEN_SQUARE;
		else
			skim_follow(state, SNAFU_JAVA_TOKEN_SQUARE);
		return skim_push(state, FRAME_SQUARE);
	case SNAFU_JAVA_LEXEME_CLOSE_SQUARE:
		if (state->top->kind != FRAME_SQUARE)
			return false;
		skim_follow(state, SNAFU_JAVA_TOKEN_CLOSE_SQUARE);
		skim_pop(state);
		return true;
	case SNAFU_JAVA_LEXEME_OPEN_BRACE:
		return in_members ? snafu_skim_open_brace_in_members(state)
		                  : snafu_skim_open_brace_in_code(state);
	default: return snafu_skim_close_brace(state);
	}
}

/* One token, comment or run of space. False when what stands here cannot be
 * skimmed; `error` is set when that is more than odd source. */
static bool step(struct java_skimmer *state)
{
	const unsigned char *start = state->at;
	enum snafu_java_lexeme lexeme = snafu_java_lexeme(*start);

	if (lexeme == SNAFU_JAVA_LEXEME_SPACE) {
		state->at++;
		return true;
	}
	if (lexeme == SNAFU_JAVA_LEXEME_SLASH)
		return comment_or_sign(state);
	if (state->fresh && skim_in_members(state) && lexeme != SNAFU_JAVA_LEXEME_CLOSE_BRACE) {
		if (state->doc)
			snafu_skim_note_comment(state);
		state->fresh = false;
	}
	switch (lexeme) {
	case SNAFU_JAVA_LEXEME_WORD:
		do
			state->at++;
		while (snafu_java_is_word(*state->at));
		if (skim_in_members(state))
			snafu_skim_header_word(state, start, (size_t)(state->at - start));
		else
			snafu_skim_code_word(state, start, (size_t)(state->at - start));
		return true;
	case SNAFU_JAVA_LEXEME_NUMBER:
	case SNAFU_JAVA_LEXEME_QUOTE:
	case SNAFU_JAVA_LEXEME_APOSTROPHE:
		if (!literal(state))
			return false;
		if (skim_in_members(state))
			state->previous = SNAFU_JAVA_TOKEN_LITERAL;
		else
			skim_follow(state, SNAFU_JAVA_TOKEN_LITERAL);
		return true;
	case SNAFU_JAVA_LEXEME_OPEN:
	case SNAFU_JAVA_LEXEME_CLOSE:
	case SNAFU_JAVA_LEXEME_OPEN_SQUARE:
	case SNAFU_JAVA_LEXEME_CLOSE_SQUARE:
	case SNAFU_JAVA_LEXEME_OPEN_BRACE:
	case SNAFU_JAVA_LEXEME_CLOSE_BRACE:
		if (!bracket(state, lexeme))
			return false;
		break;
	case SNAFU_JAVA_LEXEME_SEMICOLON: snafu_skim_semicolon(state); break;
	case SNAFU_JAVA_LEXEME_COMMA: snafu_skim_comma(state); break;
	case SNAFU_JAVA_LEXEME_SIGN:
		if (skim_in_members(state)) {
			if (!snafu_skim_header_sign(state, *start))
				return false;
			break;
		}
		enum snafu_java_token token;
		state->at += snafu_java_sign(start, &token);
		skim_follow(state, token);
		return true;
	default: return false;
	}
	state->at++;
	return true;
}

static bool is_comment(const unsigned char *at)
{
	return at[0] == '/' && (at[1] == '/' || at[1] == '*');
}

static bool skim_all(struct java_skimmer *state)
{
	while (state->at < state->end) {
		const unsigned char *start = state->at;

		if (!step(state))
			return false;
		if (!snafu_java_is_space(*start) && !is_comment(start))
			count_token(state, start);
		if (state->error)
			return false;
	}
	return state->top->kind == FRAME_TOP;
}

static int prepare(struct snafu_java_skim *skim, size_t size)
{
	skim->n_pieces = skim->n_comments = skim->n_odd = 0;
	if (!skim->frames)
		skim->frames = calloc(SNAFU_JAVA_NESTING_CAP + 2, sizeof *skim->frames);
	/* A filler may be more than what it stands for at the very start only. */
	if (skim->compact_capacity < size + 16) {
		free(skim->compact);
		skim->compact_capacity = 0;
		skim->compact = malloc(size + 16);
		if (skim->compact)
			skim->compact_capacity = size + 16;
	}
	if (!skim->load)
		skim->load = malloc(sizeof *skim->load);
	if (skim->load)
		*skim->load = (struct snafu_java_load){0};
	return skim->frames && skim->compact && skim->load ? 0 : -ENOMEM;
}

int snafu_java_skim(struct snafu_java_skim *skim, const char *source, size_t size, bool keep_odd)
{
	if (prepare(skim, size))
		return -ENOMEM;
	struct java_skimmer state = {
		.skim = skim,
		.source = (const unsigned char *)source,
		.end = (const unsigned char *)source + size,
		.at = (const unsigned char *)source,
		.copied = (const unsigned char *)source,
		.put = skim->compact,
		.top = skim->frames,
		.region = -1,
		.keep_odd = keep_odd,
	};
	skim->frames[0] = (struct snafu_java_frame){.kind = FRAME_TOP, .region = -1};
	skim_boundary(&state);
	if (!snafu_skim_add_piece(&state, state.source))
		return -ENOMEM;
	if (skim_all(&state)) {
		size_t rest = (size_t)(state.end - state.copied);

		memcpy(state.put, state.copied, rest);
		state.put += rest;
		skim->text = skim->compact;
		skim->whole = false;
		skim->size = (size_t)(state.put - skim->compact);
		return 0;
	}
	if (state.error)
		return state.error;
	*skim->load = (struct snafu_java_load){0};
	if (!snafu_java_load_fits(skim->load, state.source, state.end))
		return -E2BIG;
	skim->n_pieces = 1;
	skim->n_comments = skim->n_odd = 0;
	skim->text = source;
	skim->whole = true;
	skim->size = size;
	return 0;
}

size_t snafu_java_skim_source(const struct snafu_java_skim *skim, size_t at)
{
	size_t low = 0, high = skim->n_pieces;

	while (high - low > 1) {
		size_t middle = (low + high) / 2;

		if (skim->pieces[middle].at <= at)
			low = middle;
		else
			high = middle;
	}
	return skim->pieces[low].source + (at - skim->pieces[low].at);
}

void snafu_java_skim_done(struct snafu_java_skim *skim)
{
	free(skim->pieces);
	free(skim->comments);
	free(skim->compact);
	free(skim->frames);
	free(skim->load);
	*skim = (struct snafu_java_skim){0};
}
