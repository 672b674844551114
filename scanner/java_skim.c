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
#include "scanner/java_tokens.h"

enum frame_kind {
	TOP,         /* the file */
	CLASS,       /* the braces of a class, past an enum's constants */
	CONSTANTS,   /* the braces of an enum, in its constants */
	BODY,        /* a method's braces, or an initialiser block's: a region */
	INITIALISER, /* from a field's = to its ; : a region without brackets */
	BLOCK,
	ARRAY, /* braces around values */
	CONTROL_PARENTHESES, /* of if, for, while, switch, try, catch, synchronized */
	CALL_PARENTHESES,    /* behind a name */
	PARENTHESES,
	SQUARE,
};

struct snafu_java_frame {
	unsigned char kind;
	bool kept;           /* BODY, INITIALISER: there is a class in it */
	bool odd;            /* the same: it looks odd */
	bool monstrous;      /* the same: too long a statement is in it, so it must go */
	bool local;          /* CLASS, CONSTANTS: opened in code by a declaration */
	bool several;        /* INITIALISER: a comma in it may start another field */
	unsigned char type;  /* BLOCK to come: the keyword of a local class is pending */
	int region;          /* the innermost region outside of this frame, or -1 */
	size_t start;        /* BODY, INITIALISER: where the region starts in the source */
};

struct state {
	struct snafu_java_skim *skim;
	const unsigned char *source, *end, *at;
	const unsigned char *copied; /* what stands before it is in the compact text, or left out */
	char *put;
	struct snafu_java_frame *top;
	int region; /* index of the innermost region's frame, or -1 */
	enum snafu_java_token previous, before;
	/* The member header being read: */
	enum snafu_java_word type; /* the keyword that makes it a type, or WORD_NONE */
	bool fresh;                /* nothing of it was seen yet */
	bool after_record;         /* the last word was "record" */
	const unsigned char *doc, *doc_end; /* the Javadoc comment before it, or NULL */
	bool keep_odd;
	int error;
};

/* ---- output -------------------------------------------------------------- */

static bool add_piece(struct state *state, const unsigned char *source)
{
	struct snafu_java_skim *skim = state->skim;

	if (skim->n_pieces == skim->pieces_capacity) {
		size_t more = skim->pieces_capacity ? skim->pieces_capacity * 2 : 256;
		void *bigger = reallocarray(skim->pieces, more, sizeof *skim->pieces);

		if (!bigger) {
			state->error = -ENOMEM;
			return false;
		}
		skim->pieces = bigger;
		skim->pieces_capacity = more;
	}
	skim->pieces[skim->n_pieces++] = (struct snafu_java_piece){
		.at = (uint32_t)(state->put - skim->compact),
		.source = (uint32_t)(source - state->source),
	};
	return true;
}

/* Leaves [from, to) out of the compact text, with FILLER in its place. */
static void leave_out(struct state *state, const unsigned char *from, const unsigned char *to,
                      char filler)
{
	size_t size = (size_t)(from - state->copied);

	memcpy(state->put, state->copied, size);
	/* White space before and behind is left out as well. */
	char *start = state->put;
	state->put += size;
	while (state->put > start + 1 && snafu_java_is_space((unsigned char)state->put[-1]))
		state->put--;
	if (filler)
		*state->put++ = filler;
	while (snafu_java_is_space(*to))
		to++;
	state->copied = to;
	add_piece(state, to);
}

static void note_comment(struct state *state)
{
	struct snafu_java_skim *skim = state->skim;

	if (skim->n_comments == skim->comments_capacity) {
		size_t more = skim->comments_capacity ? skim->comments_capacity * 2 : 256;
		void *bigger = reallocarray(skim->comments, more, sizeof *skim->comments);

		if (!bigger) {
			state->error = -ENOMEM;
			return;
		}
		skim->comments = bigger;
		skim->comments_capacity = more;
	}
	skim->comments[skim->n_comments++] = (struct snafu_java_comment){
		.declaration = (uint32_t)(state->at - state->source),
		.start = (uint32_t)(state->doc - state->source),
		.end = (uint32_t)(state->doc_end - state->source),
	};
}

/* ---- frames -------------------------------------------------------------- */

static bool in_members(const struct state *state)
{
	return state->top->kind <= CONSTANTS;
}

/* A member's header starts. */
static void boundary(struct state *state)
{
	state->type = SNAFU_JAVA_WORD_NONE;
	state->fresh = true;
	state->after_record = false;
	state->doc = NULL;
	state->previous = SNAFU_JAVA_TOKEN_SEMICOLON;
}

static bool push(struct state *state, enum frame_kind kind)
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
	if (kind == BODY || kind == INITIALISER)
		state->region = (int)(state->top - state->skim->frames);
	return true;
}

static void keep_region(struct state *state)
{
	struct snafu_java_frame *frame = &state->skim->frames[state->region];

	if (state->region < 0)
		return;
	frame->kept = true;
	if (frame->monstrous)
		state->error = -E2BIG;
}

/* Counts the token from START up to where the state is. */
static void count_token(struct state *state, const unsigned char *start)
{
	if (snafu_java_load_add(state->skim->load, start, (size_t)(state->at - start)))
		return;
	if (state->region < 0 || state->skim->frames[state->region].kept)
		state->error = -E2BIG;
	else
		state->skim->frames[state->region].monstrous = true;
}

/* Something stands at AT that correct code would not have there. */
static void note_odd(struct state *state)
{
	struct snafu_java_frame *frame = &state->skim->frames[state->region];

	if (state->region < 0 || frame->odd)
		return;
	frame->odd = true;
	if (state->skim->n_odd++ == 0)
		state->skim->odd_at = (size_t)(state->at - state->source);
}

static bool stays(const struct state *state, const struct snafu_java_frame *region)
{
	return region->kept || (region->odd && state->keep_odd && !region->monstrous);
}

static bool push_class(struct state *state, bool constants, bool local)
{
	keep_region(state);
	if (!push(state, constants ? CONSTANTS : CLASS))
		return false;
	state->top->local = local;
	state->region = -1;
	boundary(state);
	return true;
}

static void pop(struct state *state)
{
	state->region = state->top->region;
	state->top--;
}

/* ---- tokens in code ------------------------------------------------------ */

/* Notes TOKEN; an order that no correct code has keeps the region. */
static inline void follow(struct state *state, enum snafu_java_token token)
{
	if (!snafu_java_may_follow(state->previous, token) ||
	    (token == SNAFU_JAVA_TOKEN_NAME && state->previous == SNAFU_JAVA_TOKEN_NAME &&
	     state->before == SNAFU_JAVA_TOKEN_NAME))
		note_odd(state);
	state->before = state->previous;
	state->previous = token;
}

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

static void code_word(struct state *state, const unsigned char *start, size_t size)
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
		keep_region(state);
		break;
	case SNAFU_JAVA_WORD_RECORD:
		if (is_record(start + size)) {
			state->top->type = SNAFU_JAVA_WORD_RECORD;
			keep_region(state);
		}
		break;
	default:
		break;
	}
	if (token == SNAFU_JAVA_TOKEN_KEYWORD && state->previous == SNAFU_JAVA_TOKEN_REFERENCE)
		token = SNAFU_JAVA_TOKEN_NAME; /* X::new */
	if (token == SNAFU_JAVA_TOKEN_NAME && state->previous == SNAFU_JAVA_TOKEN_AT)
		token = SNAFU_JAVA_TOKEN_MODIFIER; /* an annotation */
	follow(state, token);
}

static bool open_parenthesis(struct state *state)
{
	enum snafu_java_token previous = state->previous;

	if (in_members(state))
		return push(state, PARENTHESES) && (follow(state, SNAFU_JAVA_TOKEN_OPEN), true);
	follow(state, SNAFU_JAVA_TOKEN_OPEN);
	if (previous == SNAFU_JAVA_TOKEN_CONTROL)
		return push(state, CONTROL_PARENTHESES);
	return push(state, previous == SNAFU_JAVA_TOKEN_NAME ? CALL_PARENTHESES : PARENTHESES);
}

static bool close_parenthesis(struct state *state)
{
	unsigned kind = state->top->kind;

	if (kind != CONTROL_PARENTHESES && kind != CALL_PARENTHESES && kind != PARENTHESES)
		return false;
	follow(state, SNAFU_JAVA_TOKEN_CLOSE);
	pop(state);
	if (kind == CONTROL_PARENTHESES)
		state->previous = SNAFU_JAVA_TOKEN_CLOSE_CONTROL;
	else if (kind == CALL_PARENTHESES)
		state->previous = SNAFU_JAVA_TOKEN_CLOSE_CALL;
	return true;
}

static bool open_brace_in_code(struct state *state)
{
	enum snafu_java_token previous = state->previous;
	enum snafu_java_word type = state->top->type;

	if (type != SNAFU_JAVA_WORD_NONE) {
		state->top->type = SNAFU_JAVA_WORD_NONE;
		return push_class(state, type == SNAFU_JAVA_WORD_ENUM, true);
	}
	/* new X() {, new X<>() {; those of if, for and so on are told apart. */
	if (previous == SNAFU_JAVA_TOKEN_CLOSE_CALL || previous == SNAFU_JAVA_TOKEN_CLOSE)
		return push_class(state, false, false);
	follow(state, SNAFU_JAVA_TOKEN_BRACE);
	bool array = previous == SNAFU_JAVA_TOKEN_ASSIGN || previous == SNAFU_JAVA_TOKEN_CLOSE_SQUARE ||
	             previous == SNAFU_JAVA_TOKEN_COMMA || previous == SNAFU_JAVA_TOKEN_OPEN ||
	             (previous == SNAFU_JAVA_TOKEN_BRACE && state->top->kind == ARRAY);
	return push(state, array ? ARRAY : BLOCK);
}

static bool open_brace_in_members(struct state *state)
{
	if (state->type != SNAFU_JAVA_WORD_NONE)
		return push_class(state, state->type == SNAFU_JAVA_WORD_ENUM, false);
	if (state->top->kind == CONSTANTS)
		return push_class(state, false, false);
	bool value = state->previous == SNAFU_JAVA_TOKEN_KEYWORD; /* default {...} */
	state->previous = SNAFU_JAVA_TOKEN_BRACE;
	state->before = SNAFU_JAVA_TOKEN_SEMICOLON;
	return push(state, value ? ARRAY : BODY);
}

static bool ends_statement(enum snafu_java_token token)
{
	return token == SNAFU_JAVA_TOKEN_SEMICOLON || token == SNAFU_JAVA_TOKEN_BRACE ||
	       token == SNAFU_JAVA_TOKEN_CLOSE_BRACE || token == SNAFU_JAVA_TOKEN_COLON;
}

static bool close_brace(struct state *state)
{
	struct snafu_java_frame frame = *state->top;

	switch (frame.kind) {
	case CLASS:
	case CONSTANTS:
		pop(state);
		boundary(state);
		if (!in_members(state)) {
			state->before = SNAFU_JAVA_TOKEN_SEMICOLON;
			state->previous = frame.local ? SNAFU_JAVA_TOKEN_CLOSE_BRACE
			                              : SNAFU_JAVA_TOKEN_CLOSE_CALL;
		} else if (state->top->kind == CONSTANTS) {
			state->fresh = false; /* behind a constant's body */
		}
		return true;
	case BODY:
		if (!ends_statement(state->previous))
			note_odd(state);
		if (!stays(state, state->top))
			leave_out(state, state->source + frame.start, state->at, '\0');
		pop(state);
		boundary(state);
		return true;
	case BLOCK:
		if (!ends_statement(state->previous))
			note_odd(state);
		pop(state);
		state->previous = SNAFU_JAVA_TOKEN_CLOSE_BRACE;
		return true;
	case ARRAY:
		follow(state, SNAFU_JAVA_TOKEN_CLOSE_BRACE);
		pop(state);
		state->previous = SNAFU_JAVA_TOKEN_LITERAL;
		return true;
	default:
		return false;
	}
}

static void semicolon(struct state *state)
{
	struct snafu_java_frame *top = state->top;

	if (in_members(state)) {
		if (top->kind == CONSTANTS)
			top->kind = CLASS;
		boundary(state);
		return;
	}
	follow(state, SNAFU_JAVA_TOKEN_SEMICOLON);
	top->type = SNAFU_JAVA_WORD_NONE;
	if (top->kind != INITIALISER)
		return;
	if (!stays(state, top) && !(top->several && !top->odd && !top->monstrous))
		leave_out(state, state->source + top->start - 1, state->at, '\0');
	pop(state);
	boundary(state);
}

static void comma(struct state *state)
{
	if (!in_members(state)) {
		if (state->top->kind == INITIALISER)
			state->top->several = true;
		follow(state, SNAFU_JAVA_TOKEN_COMMA);
	} else if (state->top->kind == CONSTANTS) {
		boundary(state);
	} else {
		state->previous = SNAFU_JAVA_TOKEN_COMMA;
	}
}

/* ---- tokens in headers --------------------------------------------------- */

static void header_word(struct state *state, const unsigned char *start, size_t size)
{
	enum snafu_java_word word = snafu_java_word(start, size);
	enum snafu_java_token previous = state->previous;

	state->previous = word == SNAFU_JAVA_WORD_DEFAULT ? SNAFU_JAVA_TOKEN_KEYWORD
	                                                  : SNAFU_JAVA_TOKEN_NAME;
	if (word == SNAFU_JAVA_WORD_CLASS || word == SNAFU_JAVA_WORD_INTERFACE ||
	    word == SNAFU_JAVA_WORD_ENUM) {
		if (previous != SNAFU_JAVA_TOKEN_DOT)
			state->type = word;
	} else if (state->after_record && word == SNAFU_JAVA_WORD_NONE) {
		state->type = SNAFU_JAVA_WORD_CLASS;
	}
	state->after_record = word == SNAFU_JAVA_WORD_RECORD && state->type == SNAFU_JAVA_WORD_NONE;
}

static bool header_sign(struct state *state, unsigned char byte)
{
	state->after_record = false;
	state->previous = byte == '.' ? SNAFU_JAVA_TOKEN_DOT : SNAFU_JAVA_TOKEN_OTHER;
	if (byte != '=' || state->top->kind == CONSTANTS)
		return true;
	state->previous = SNAFU_JAVA_TOKEN_ASSIGN;
	state->before = SNAFU_JAVA_TOKEN_SEMICOLON;
	return push(state, INITIALISER);
}

/* ---- the loop ------------------------------------------------------------ */

/* At a slash. False where a comment has no end. */
static bool comment_or_sign(struct state *state)
{
	const unsigned char *start = state->at, *stop;

	if (start[1] == '/') {
		stop = memchr(start, '\n', (size_t)(state->end - start));
		state->at = stop ? stop : state->end;
		const unsigned char *carriage =
			memchr(start, '\r', (size_t)(state->at - start));
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
		if (in_members(state))
			return header_sign(state, '/');
		follow(state, SNAFU_JAVA_TOKEN_BINARY);
		return true;
	}
	if (!in_members(state))
		return true;
	leave_out(state, start, state->at, ' ');
	if (state->at - start > 4 && start[1] == '*' && start[2] == '*' && state->fresh) {
		state->doc = start;
		state->doc_end = state->at;
	}
	return true;
}

/* At a literal. One without an end is taken to end with its line. */
static bool literal(struct state *state)
{
	const unsigned char *stop = snafu_java_literal_end(state->at, state->end);

	if (!stop) {
		if (state->region < 0 || !state->at[1])
			return false;
		note_odd(state);
		stop = state->at + 1;
		while (stop < state->end && *stop != '\n' && *stop != '\r')
			stop++;
	}
	state->at = stop;
	return true;
}

/* One token, comment or run of space. False when what stands here cannot be
 * skimmed; `error` is set when that is more than odd source. */
static bool step(struct state *state)
{
	const unsigned char *start = state->at;
	enum snafu_java_lexeme lexeme = snafu_java_lexeme(*start);

	if (lexeme == SNAFU_JAVA_LEXEME_SPACE) {
		state->at++;
		return true;
	}
	if (lexeme == SNAFU_JAVA_LEXEME_SLASH)
		return comment_or_sign(state);
	if (state->fresh && in_members(state) && lexeme != SNAFU_JAVA_LEXEME_CLOSE_BRACE) {
		if (state->doc)
			note_comment(state);
		state->fresh = false;
	}
	switch (lexeme) {
	case SNAFU_JAVA_LEXEME_WORD:
		do
			state->at++;
		while (snafu_java_is_word(*state->at));
		if (in_members(state))
			header_word(state, start, (size_t)(state->at - start));
		else
			code_word(state, start, (size_t)(state->at - start));
		return true;
	case SNAFU_JAVA_LEXEME_NUMBER:
	case SNAFU_JAVA_LEXEME_QUOTE:
	case SNAFU_JAVA_LEXEME_APOSTROPHE:
		if (!literal(state))
			return false;
		if (in_members(state))
			state->previous = SNAFU_JAVA_TOKEN_LITERAL;
		else
			follow(state, SNAFU_JAVA_TOKEN_LITERAL);
		return true;
	case SNAFU_JAVA_LEXEME_OPEN:
		if (!open_parenthesis(state))
			return false;
		break;
	case SNAFU_JAVA_LEXEME_CLOSE:
		if (!close_parenthesis(state))
			return false;
		break;
	case SNAFU_JAVA_LEXEME_OPEN_SQUARE:
		if (in_members(state))
			state->previous = SNAFU_JAVA_TOKEN_SQUARE;
		else
			follow(state, SNAFU_JAVA_TOKEN_SQUARE);
		if (!push(state, SQUARE))
			return false;
		break;
	case SNAFU_JAVA_LEXEME_CLOSE_SQUARE:
		if (state->top->kind != SQUARE)
			return false;
		follow(state, SNAFU_JAVA_TOKEN_CLOSE_SQUARE);
		pop(state);
		break;
	case SNAFU_JAVA_LEXEME_OPEN_BRACE:
			if (!(in_members(state) ? open_brace_in_members(state) : open_brace_in_code(state)))
			return false;
		break;
	case SNAFU_JAVA_LEXEME_CLOSE_BRACE:
			if (!close_brace(state))
			return false;
		break;
	case SNAFU_JAVA_LEXEME_SEMICOLON:
			semicolon(state);
		break;
	case SNAFU_JAVA_LEXEME_COMMA:
			comma(state);
		break;
	case SNAFU_JAVA_LEXEME_SIGN:
		if (in_members(state)) {
			if (!header_sign(state, *start))
				return false;
			break;
		}
		enum snafu_java_token token;
		state->at += snafu_java_sign(start, &token);
		follow(state, token);
		return true;
	default:
		return false;
	}
	state->at++;
	return true;
}

static bool is_comment(const unsigned char *at)
{
	return at[0] == '/' && (at[1] == '/' || at[1] == '*');
}

static bool skim_all(struct state *state)
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
	return state->top->kind == TOP;
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
	struct state state = {
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
	skim->frames[0] = (struct snafu_java_frame){.kind = TOP, .region = -1};
	boundary(&state);
	if (!add_piece(&state, state.source))
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
