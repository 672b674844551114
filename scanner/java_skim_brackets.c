/* scanner/java_skim_brackets.c — brackets, semicolons and commas: what opens and closes
 * the skimmer's frames. See java_skimmer.h. */
#include "scanner/java_skimmer.h"

bool snafu_skim_open_parenthesis(struct java_skimmer *state)
{
	enum snafu_java_token previous = state->previous;

	if (skim_in_members(state))
		return skim_push(state, FRAME_PARENTHESES) &&
		       (skim_follow(state, SNAFU_JAVA_TOKEN_OPEN), true);
	skim_follow(state, SNAFU_JAVA_TOKEN_OPEN);
	if (previous == SNAFU_JAVA_TOKEN_CONTROL)
		return skim_push(state, FRAME_CONTROL_PARENTHESES);
	return skim_push(state, previous == SNAFU_JAVA_TOKEN_NAME ? FRAME_CALL_PARENTHESES
	                                                          : FRAME_PARENTHESES);
}

bool snafu_skim_close_parenthesis(struct java_skimmer *state)
{
	unsigned kind = state->top->kind;

	if (kind != FRAME_CONTROL_PARENTHESES && kind != FRAME_CALL_PARENTHESES &&
	    kind != FRAME_PARENTHESES)
		return false;
	skim_follow(state, SNAFU_JAVA_TOKEN_CLOSE);
	skim_pop(state);
	if (kind == FRAME_CONTROL_PARENTHESES)
		state->previous = SNAFU_JAVA_TOKEN_CLOSE_CONTROL;
	else if (kind == FRAME_CALL_PARENTHESES)
		state->previous = SNAFU_JAVA_TOKEN_CLOSE_CALL;
	return true;
}

bool snafu_skim_open_brace_in_code(struct java_skimmer *state)
{
	enum snafu_java_token previous = state->previous;
	enum snafu_java_word type = state->top->type;

	if (type != SNAFU_JAVA_WORD_NONE) {
		state->top->type = SNAFU_JAVA_WORD_NONE;
		return skim_push_class(state, type == SNAFU_JAVA_WORD_ENUM, true);
	}
	/* new X() {, new X<>() {; those of if, for and so on are told apart. */
	if (previous == SNAFU_JAVA_TOKEN_CLOSE_CALL || previous == SNAFU_JAVA_TOKEN_CLOSE)
		return skim_push_class(state, false, false);
	skim_follow(state, SNAFU_JAVA_TOKEN_BRACE);
	bool array = previous == SNAFU_JAVA_TOKEN_ASSIGN || previous == SNAFU_JAVA_TOKEN_CLOSE_SQUARE ||
	             previous == SNAFU_JAVA_TOKEN_COMMA || previous == SNAFU_JAVA_TOKEN_OPEN ||
	             (previous == SNAFU_JAVA_TOKEN_BRACE && state->top->kind == FRAME_ARRAY);
	return skim_push(state, array ? FRAME_ARRAY : FRAME_BLOCK);
}

bool snafu_skim_open_brace_in_members(struct java_skimmer *state)
{
	if (state->type != SNAFU_JAVA_WORD_NONE)
		return skim_push_class(state, state->type == SNAFU_JAVA_WORD_ENUM, false);
	if (state->top->kind == FRAME_CONSTANTS)
		return skim_push_class(state, false, false);
	bool value = state->previous == SNAFU_JAVA_TOKEN_KEYWORD; /* default {...} */
	state->previous = SNAFU_JAVA_TOKEN_BRACE;
	state->before = SNAFU_JAVA_TOKEN_SEMICOLON;
	return skim_push(state, value ? FRAME_ARRAY : FRAME_BODY);
}

static bool ends_statement(enum snafu_java_token token)
{
	return token == SNAFU_JAVA_TOKEN_SEMICOLON || token == SNAFU_JAVA_TOKEN_BRACE ||
	       token == SNAFU_JAVA_TOKEN_CLOSE_BRACE || token == SNAFU_JAVA_TOKEN_COLON;
}

bool snafu_skim_close_brace(struct java_skimmer *state)
{
	struct snafu_java_frame frame = *state->top;

	switch (frame.kind) {
	case FRAME_CLASS:
	case FRAME_CONSTANTS:
		skim_pop(state);
		skim_boundary(state);
		if (!skim_in_members(state)) {
			state->before = SNAFU_JAVA_TOKEN_SEMICOLON;
			state->previous =
				frame.local ? SNAFU_JAVA_TOKEN_CLOSE_BRACE : SNAFU_JAVA_TOKEN_CLOSE_CALL;
		} else if (state->top->kind == FRAME_CONSTANTS) {
			state->fresh = false; /* behind a constant's body */
		}
		return true;
	case FRAME_BODY:
		if (!ends_statement(state->previous))
			skim_note_odd(state);
		if (!skim_stays(state, state->top))
			snafu_skim_leave_out(state, state->source + frame.start, state->at, '\0');
		skim_pop(state);
		skim_boundary(state);
		return true;
	case FRAME_BLOCK:
		if (!ends_statement(state->previous))
			skim_note_odd(state);
		skim_pop(state);
		state->previous = SNAFU_JAVA_TOKEN_CLOSE_BRACE;
		return true;
	case FRAME_ARRAY:
		skim_follow(state, SNAFU_JAVA_TOKEN_CLOSE_BRACE);
		skim_pop(state);
		state->previous = SNAFU_JAVA_TOKEN_LITERAL;
		return true;
	default: return false;
	}
}

void snafu_skim_semicolon(struct java_skimmer *state)
{
	struct snafu_java_frame *top = state->top;

	if (skim_in_members(state)) {
		if (top->kind == FRAME_CONSTANTS)
			top->kind = FRAME_CLASS;
		skim_boundary(state);
		return;
	}
	skim_follow(state, SNAFU_JAVA_TOKEN_SEMICOLON);
	top->type = SNAFU_JAVA_WORD_NONE;
	if (top->kind != FRAME_INITIALISER)
		return;
	if (!skim_stays(state, top) && !(top->several && !top->odd && !top->monstrous))
		snafu_skim_leave_out(state, state->source + top->start - 1, state->at, '\0');
	skim_pop(state);
	skim_boundary(state);
}

void snafu_skim_comma(struct java_skimmer *state)
{
	if (!skim_in_members(state)) {
		if (state->top->kind == FRAME_INITIALISER)
			state->top->several = true;
		skim_follow(state, SNAFU_JAVA_TOKEN_COMMA);
	} else if (state->top->kind == FRAME_CONSTANTS) {
		skim_boundary(state);
	} else {
		state->previous = SNAFU_JAVA_TOKEN_COMMA;
	}
}
