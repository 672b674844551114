/* scanner/java_skimmer.h — the skimmer at work (java_skim*.c): where it is, its stack of
 * open brackets, and the steps that its files share. The small ones are here, since
 * they run for every token. */
#ifndef SNAFU_SCANNER_JAVA_SKIMMER_H
#define SNAFU_SCANNER_JAVA_SKIMMER_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>

#include "scanner/java_load.h"
#include "scanner/java_skim.h"
#include "scanner/java_tokens.h"

enum java_frame_kind {
	FRAME_TOP, /* the file */
	FRAME_CLASS, /* the braces of a class, past an enum's constants */
	FRAME_CONSTANTS, /* the braces of an enum, in its constants */
	FRAME_BODY, /* a method's braces, or an initialiser block's: a region */
	FRAME_INITIALISER, /* from a field's = to its ; : a region without brackets */
	FRAME_BLOCK,
	FRAME_ARRAY, /* braces around values */
	FRAME_CONTROL_PARENTHESES, /* of if, for, while, switch, try, catch, synchronized */
	FRAME_CALL_PARENTHESES, /* behind a name */
	FRAME_PARENTHESES,
	FRAME_SQUARE,
};

struct snafu_java_frame {
	unsigned char kind;
	bool kept; /* BODY, INITIALISER: there is a class in it */
	bool odd; /* the same: it looks odd */
	bool monstrous; /* the same: too long a statement is in it, so it must go */
	bool local; /* CLASS, CONSTANTS: opened in code by a declaration */
	bool several; /* INITIALISER: a comma in it may start another field */
	unsigned char type; /* BLOCK to come: the keyword of a local class is pending */
	int region; /* the innermost region outside of this frame, or -1 */
	size_t start; /* BODY, INITIALISER: where the region starts in the source */
};

struct java_skimmer {
	struct snafu_java_skim *skim;
	const unsigned char *source, *end, *at;
	const unsigned char *copied; /* what stands before it is in the compact text, or left out */
	char *put;
	struct snafu_java_frame *top;
	int region; /* index of the innermost region's frame, or -1 */
	enum snafu_java_token previous, before;
	/* The member header being read: */
	enum snafu_java_word type; /* the keyword that makes it a type, or WORD_NONE */
	bool fresh; /* nothing of it was seen yet */
	bool after_record; /* the last word was "record" */
	const unsigned char *doc, *doc_end; /* the Javadoc comment before it, or NULL */
	bool keep_odd;
	int error;
};

/* ---- output (java_skim_output.c) ---- */

/* Notes that from `put` on the compact text goes on with what stands at SOURCE. False,
 * with `error` set, when memory is out. */
bool snafu_skim_add_piece(struct java_skimmer *state, const unsigned char *source);

/* Leaves [FROM, TO) out of the compact text, with FILLER (if any) in its place. */
void snafu_skim_leave_out(struct java_skimmer *state, const unsigned char *from,
                          const unsigned char *to, char filler);

/* Notes that the Javadoc comment passed last belongs to the declaration that starts
 * here. */
void snafu_skim_note_comment(struct java_skimmer *state);

/* ---- words and brackets (java_skim_words.c, java_skim_brackets.c) ----
 *
 * What returns a bool is false where skimming cannot go on. */

/* The word of SIZE bytes at START, in code and in a member's header. */
void snafu_skim_code_word(struct java_skimmer *state, const unsigned char *start, size_t size);
void snafu_skim_header_word(struct java_skimmer *state, const unsigned char *start, size_t size);

/* The sign BYTE in a member's header. */
bool snafu_skim_header_sign(struct java_skimmer *state, unsigned char byte);

bool snafu_skim_open_parenthesis(struct java_skimmer *state);
bool snafu_skim_close_parenthesis(struct java_skimmer *state);
bool snafu_skim_open_brace_in_code(struct java_skimmer *state);
bool snafu_skim_open_brace_in_members(struct java_skimmer *state);
bool snafu_skim_close_brace(struct java_skimmer *state);
void snafu_skim_semicolon(struct java_skimmer *state);
void snafu_skim_comma(struct java_skimmer *state);

/* ---- frames ---- */

static inline bool skim_in_members(const struct java_skimmer *state)
{
	return state->top->kind <= FRAME_CONSTANTS;
}

/* A member's header starts. */
static inline void skim_boundary(struct java_skimmer *state)
{
	state->type = SNAFU_JAVA_WORD_NONE;
	state->fresh = true;
	state->after_record = false;
	state->doc = NULL;
	state->previous = SNAFU_JAVA_TOKEN_SEMICOLON;
}

static inline bool skim_push(struct java_skimmer *state, enum java_frame_kind kind)
{
	if (state->top - state->skim->frames >= SNAFU_JAVA_NESTING_CAP) {
		state->error = -E2BIG;
		return false;
	}
	*++state->top = (struct snafu_java_frame){
		.kind = kind,
		.region = state->region,
		.start = (size_t)(state->at - state->source) + 1,
	};
	if (kind == FRAME_BODY || kind == FRAME_INITIALISER)
		state->region = (int)(state->top - state->skim->frames);
	return true;
}

static inline void skim_keep_region(struct java_skimmer *state)
{
	if (state->region < 0)
		return;
	struct snafu_java_frame *frame = &state->skim->frames[state->region];
	frame->kept = true;
	if (frame->monstrous)
		state->error = -E2BIG;
}

/* Something stands at AT that correct code would not have there. */
static inline void skim_note_odd(struct java_skimmer *state)
{
	if (state->region < 0)
		return;
	struct snafu_java_frame *frame = &state->skim->frames[state->region];
	if (frame->odd)
		return;
	frame->odd = true;
	if (state->skim->n_odd++ == 0)
		state->skim->odd_at = (size_t)(state->at - state->source);
}

static inline bool skim_stays(const struct java_skimmer *state,
                              const struct snafu_java_frame *region)
{
	return region->kept || (region->odd && state->keep_odd && !region->monstrous);
}

static inline bool skim_push_class(struct java_skimmer *state, bool constants, bool local)
{
	skim_keep_region(state);
	if (!skim_push(state, constants ? FRAME_CONSTANTS : FRAME_CLASS))
		return false;
	state->top->local = local;
	state->region = -1;
	skim_boundary(state);
	return true;
}

static inline void skim_pop(struct java_skimmer *state)
{
	state->region = state->top->region;
	state->top--;
}

/* Notes TOKEN; an order that no correct code has keeps the region. */
static inline void skim_follow(struct java_skimmer *state, enum snafu_java_token token)
{
	if (!snafu_java_may_follow(state->previous, token) ||
	    (token == SNAFU_JAVA_TOKEN_NAME && state->previous == SNAFU_JAVA_TOKEN_NAME &&
	     state->before == SNAFU_JAVA_TOKEN_NAME))
		skim_note_odd(state);
	state->before = state->previous;
	state->previous = token;
}

#endif
