/* scanner/python_skim.c — blocks and definitions; see python_skim.h. */
#include "scanner/python_skim.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "scanner/python_lex.h"

#define TAB 8 /* columns, as in Python 2 and 3 */

enum block_kind {
	BLOCK_MODULE,
	BLOCK_CLASS,
	BLOCK_FUNCTION,
	BLOCK_OTHER, /* if, for, try, ...: belongs to what is around it */
};

struct block {
	unsigned column;
	unsigned narrow_column; /* with a tab taken as one column: Python 3 wants both to agree */
	enum block_kind kind;
	uint32_t owner;  /* 1 + index of the definition it belongs to; 0: the module */
	uint32_t branch;
	bool inside_function;
	bool empty; /* no statement of it was seen yet: a docstring may come */
	/* The last compound statement of this block, for `else` and the like. */
	enum python_word last;
	uint32_t last_branch;
};

struct skimmer {
	struct python_lexer lexer;
	struct python_outline *outline;
	struct block blocks[PYTHON_BLOCKS_CAP + 1];
	size_t n_blocks;
	struct block next; /* what an indentation here would open */
	bool expected;     /* it must come */
	bool tolerated;    /* it may come */
	unsigned line;     /* of `counted` */
	const char *counted;
	size_t piece;      /* where the reduced text goes on when the pending decorators are dropped */
	bool decorated;    /* decorators wait for their definition */
	uint32_t chains;
	bool failed;
};

#define ADD(SKIMMER, ARRAY) \
	(!snafu_array_grow(&(SKIMMER)->outline->ARRAY, &(SKIMMER)->outline->ARRAY##_room, \
	           (SKIMMER)->outline->n_##ARRAY, sizeof *(SKIMMER)->outline->ARRAY) \
	         ? &(SKIMMER)->outline->ARRAY[(SKIMMER)->outline->n_##ARRAY++] \
	         : ((SKIMMER)->failed = true, NULL))

void snafu_python_break(struct python_outline *outline, uint32_t owner, size_t at,
                        const char *what)
{
	while (owner && outline->definitions[owner - 1].is_class)
		owner = outline->definitions[owner - 1].owner;
	if (owner && !outline->definitions[owner - 1].broken_at)
		outline->definitions[owner - 1].broken_at = at + 1;
	if (outline->n_problems < PYTHON_PROBLEMS_CAP)
		outline->problems[outline->n_problems++] = (struct python_problem){at, what};
}

static struct block *top(struct skimmer *skimmer)
{
	return &skimmer->blocks[skimmer->n_blocks - 1];
}

static size_t offset(const struct skimmer *skimmer, const char *at)
{
	return (size_t)(at - skimmer->lexer.text);
}

static void report(struct skimmer *skimmer, uint32_t owner, const char *at, const char *what)
{
	snafu_python_break(skimmer->outline, owner, offset(skimmer, at), what);
}

/* The line of AT, which never goes back. */
static unsigned line_of(struct skimmer *skimmer, const char *at)
{
	const char *newline;

	while (skimmer->counted < at &&
	       (newline = memchr(skimmer->counted, '\n', (size_t)(at - skimmer->counted)))) {
		skimmer->line++;
		skimmer->counted = newline + 1;
	}
	return skimmer->line;
}

/* Goes to the next line that holds a token, and measures its indentation. False
 * at the end. */
static bool next_line(struct skimmer *skimmer, unsigned *ret_column, unsigned *ret_narrow)
{
	struct python_lexer *lexer = &skimmer->lexer;
	const char *at = lexer->at;
	unsigned column = 0, narrow = 0;

	for (;; at++) {
		switch (*at) {
		case ' ':
			column++;
			narrow++;
			continue;
		case '\t':
			column = (column / TAB + 1) * TAB;
			narrow++;
			continue;
		case '#':
			at = memchr(at, '\n', (size_t)(lexer->end - at));
			if (!at)
				return false;
			/* fall through */
		case '\n':
		case '\f':
			column = narrow = 0;
			continue;
		case '\\':
			if (at[1] != '\n')
				break;
			at++;
			continue;
		case '\0':
			return false;
		}
		break;
	}
	lexer->at = at;
	*ret_column = column;
	*ret_narrow = narrow;
	return true;
}

static void push(struct skimmer *skimmer, struct block block, unsigned column, unsigned narrow)
{
	if (skimmer->n_blocks > PYTHON_BLOCKS_CAP) {
		report(skimmer, block.owner, skimmer->lexer.at, "too many blocks inside each other");
		top(skimmer)->column = column;
		return;
	}
	block.column = column;
	block.narrow_column = narrow;
	block.empty = true;
	block.last = PYTHON_NO_WORD;
	skimmer->blocks[skimmer->n_blocks++] = block;
}

/* A block of no kind of its own inside the one on top. */
static struct block inner_block(struct skimmer *skimmer)
{
	struct block block = *top(skimmer);

	block.kind = BLOCK_OTHER;
	return block;
}

/* Closes and opens blocks until they fit the indentation of the line at hand. */
static void indent(struct skimmer *skimmer, unsigned column, unsigned narrow)
{
	struct python_lexer *lexer = &skimmer->lexer;
	bool expected = skimmer->expected, tolerated = skimmer->tolerated;

	skimmer->expected = skimmer->tolerated = false;
	if (column > top(skimmer)->column) {
		if (narrow <= top(skimmer)->narrow_column && !lexer->python2)
			lexer->python2 = lexer->at;
		if (!expected && !tolerated) {
			report(skimmer, top(skimmer)->owner, lexer->at, "unexpected indentation");
			skimmer->next = inner_block(skimmer);
		}
		push(skimmer, skimmer->next, column, narrow);
		return;
	}
	if (expected)
		report(skimmer, skimmer->next.owner, lexer->at, "an indented block is missing");
	while (column < top(skimmer)->column && skimmer->n_blocks > 1)
		skimmer->n_blocks--;
	if (column > top(skimmer)->column) {
		/* Taken for a line of the block that was closed last. */
		struct block *closed = &skimmer->blocks[skimmer->n_blocks++];

		report(skimmer, closed->owner, lexer->at, "the indentation matches no block around it");
		closed->column = column;
		closed->narrow_column = narrow;
	} else if (narrow != top(skimmer)->narrow_column && !lexer->python2) {
		lexer->python2 = lexer->at;
	}
}

static void drop_decorators(struct skimmer *skimmer)
{
	skimmer->outline->reduced.size = skimmer->piece;
	skimmer->decorated = false;
}

static void append_line(struct skimmer *skimmer, size_t start, size_t end)
{
	struct snafu_buffer *reduced = &skimmer->outline->reduced;

	if (snafu_buffer_append(reduced, skimmer->lexer.text + start, end - start) ||
	    snafu_buffer_append_byte(reduced, '\n'))
		skimmer->failed = true;
}

static void take_decorator(struct skimmer *skimmer, const struct python_line *line)
{
	if (!skimmer->decorated) {
		skimmer->piece = skimmer->outline->reduced.size;
		skimmer->decorated = true;
	}
	if (!line->problem)
		append_line(skimmer, line->start, line->end);
}

static void take_definition(struct skimmer *skimmer, const struct python_line *line)
{
	struct python_outline *outline = skimmer->outline;
	struct block *block = top(skimmer);

	if (outline->n_definitions >= PYTHON_DEFINITIONS_CAP) {
		outline->truncated = true;
		skimmer->next = inner_block(skimmer);
		skimmer->next.inside_function = true;
		return;
	}
	struct python_definition *definition = ADD(skimmer, definitions);
	if (!definition)
		return;
	uint32_t index = (uint32_t)outline->n_definitions;
	*definition = (struct python_definition){
		.start = line->start,
		.line = line_of(skimmer, skimmer->lexer.text + line->start),
		.name = line->name,
		.name_size = line->name_size,
		.owner = block->owner,
		.branch = block->branch,
		.is_class = line->first == PYTHON_CLASS,
		.async = line->async,
		.generator = line->yields && line->first == PYTHON_DEF && line->colon && !line->opens,
		.inside_function = block->inside_function,
	};
	definition->piece = skimmer->decorated ? skimmer->piece : outline->reduced.size;
	/* A bracket left open is told at the line's start; with a colon it is behind it. */
	bool sound = line->colon && (!line->problem || line->problem_at > line->colon ||
	                             line->problem_at == line->start);
	if (sound)
		append_line(skimmer, line->start, line->colon + 1);
	definition->piece_end = outline->reduced.size;
	if (!sound || definition->piece_end - definition->piece > PYTHON_PIECE_CAP) {
		outline->reduced.size = definition->piece_end = definition->piece;
		if (!line->problem)
			report(skimmer, index, skimmer->lexer.text + line->start,
			       "the head of this definition is too long");
	}
	skimmer->decorated = false;
	if (line->strings_end) {
		definition->strings = line->strings;
		definition->strings_end = line->strings_end;
	}
	skimmer->next = (struct block){
		.kind = definition->is_class ? BLOCK_CLASS : BLOCK_FUNCTION,
		.owner = index,
		.branch = block->branch,
		.inside_function = block->inside_function || !definition->is_class,
	};
}

/* Which statements may stand before this part of a compound statement. */
static bool may_follow(enum python_word word, enum python_word last)
{
	switch (word) {
	case PYTHON_ELIF:
		return last == PYTHON_IF || last == PYTHON_ELIF;
	case PYTHON_ELSE:
		return last == PYTHON_IF || last == PYTHON_ELIF || last == PYTHON_FOR ||
		       last == PYTHON_WHILE || last == PYTHON_EXCEPT;
	case PYTHON_EXCEPT:
		return last == PYTHON_TRY || last == PYTHON_EXCEPT;
	case PYTHON_FINALLY: /* PASS stands for the `else` of a `try` */
		return last == PYTHON_TRY || last == PYTHON_EXCEPT || last == PYTHON_PASS;
	default:
		return last != PYTHON_TRY;
	}
}

/* Notes which statement came last in this block, and complains when it does not fit. */
static void follow(struct skimmer *skimmer, const struct python_line *line)
{
	struct block *block = top(skimmer);
	enum python_word word = line->first;

	if (!may_follow(word, block->last))
		report(skimmer, block->owner, skimmer->lexer.text + line->start,
		       block->last == PYTHON_TRY ? "try without except or finally"
		                                 : "a part of a compound statement without its start");
	if (word == PYTHON_ELSE && block->last == PYTHON_EXCEPT)
		word = PYTHON_PASS;
	block->last = line->colon ? word : PYTHON_NO_WORD;
}

static enum python_verdict judge(struct skimmer *skimmer, const struct python_line *line,
                                 const struct python_branch *before)
{
	const char *text = skimmer->lexer.text;

	if (before && before->verdict == PYTHON_ALWAYS)
		return PYTHON_NEVER;
	if (line->first == PYTHON_IF)
		return snafu_python_judge(text + line->start + 2, line->colon - line->start - 2);
	if (line->first == PYTHON_ELIF)
		return snafu_python_judge(text + line->start + 4, line->colon - line->start - 4);
	/* Of three parts or more, only the one before is looked at. */
	if (line->first == PYTHON_ELSE && before && before->number == 0 &&
	    before->verdict != PYTHON_MAYBE)
		return PYTHON_ALWAYS;
	return PYTHON_MAYBE;
}

/* A conditional block outside functions: its definitions may exclude others. */
static uint32_t add_branch(struct skimmer *skimmer, const struct python_line *line,
                           enum python_word last)
{
	struct python_outline *outline = skimmer->outline;
	struct block *block = top(skimmer);
	bool starts = line->first == PYTHON_IF || line->first == PYTHON_TRY ||
	              line->first == PYTHON_FOR || line->first == PYTHON_WHILE;
	struct python_branch *branch = ADD(skimmer, branches);

	if (!branch)
		return 0;
	const struct python_branch *before = starts || !block->last_branch
	                                             ? NULL : &outline->branches[block->last_branch];
	*branch = (struct python_branch){
		.parent = block->branch,
		.chain = before ? before->chain : ++skimmer->chains,
		.number = before ? before->number : 0,
		.fallback = line->first == PYTHON_EXCEPT,
	};
	bool of_if = last == PYTHON_IF || last == PYTHON_ELIF;
	branch->verdict = judge(skimmer, line, before && of_if ? before : NULL);
	if (before && (of_if || line->first == PYTHON_EXCEPT))
		branch->number++;
	else if (before) /* else and finally of try: both it and they run */
		branch->number = 0;
	block->last_branch = (uint32_t)outline->n_branches - 1;
	return block->last_branch;
}

static void take_compound(struct skimmer *skimmer, const struct python_line *line,
                          enum python_word last)
{
	skimmer->next = inner_block(skimmer);
	if (!skimmer->next.inside_function && line->first != PYTHON_WITH &&
	    line->first != PYTHON_MATCH)
		skimmer->next.branch = add_branch(skimmer, line, last);
}

static bool only_blanks(const char *text, size_t start, size_t end)
{
	while (start < end && (text[start] == ' ' || text[start] == '\t'))
		start++;
	return start == end;
}

/* The range START..END without blanks around it. */
static size_t trim(const char *text, size_t *start, size_t end)
{
	while (*start < end && strchr(" \t\n\f", text[*start]))
		(*start)++;
	while (end > *start && strchr(" \t\n\f", text[end - 1]))
		end--;
	return end - *start;
}

/* A statement in a class or module that may be a field, an enum's member, or
 * another name for a type. */
static void take_field(struct skimmer *skimmer, const struct python_line *line)
{
	const char *text = skimmer->lexer.text;
	size_t name_end = line->name + line->name_size;
	size_t annotation = line->annotation ? line->annotation + 1 : 0;
	size_t value = line->equals ? line->equals + 1 : 0;
	size_t annotation_size = 0, value_size = 0;

	if (annotation && value && value < annotation)
		annotation = 0; /* x = lambda... no: a colon behind the value is no annotation */
	if (!only_blanks(text, name_end, annotation ? annotation - 1 : value - 1))
		return;
	if (annotation)
		annotation_size = trim(text, &annotation, value ? value - 1 : line->end);
	if (value)
		value_size = trim(text, &value, line->end);
	if (top(skimmer)->owner == 0 &&
	    (value_size == 0 || value_size > 500 || !snafu_python_is_name_byte(text[value])))
		return;
	if (line->end - line->start > UINT32_MAX / 2)
		return;
	struct python_field *field = ADD(skimmer, fields);
	if (field)
		*field = (struct python_field){
			.owner = top(skimmer)->owner,
			.name = line->name, .name_size = (uint32_t)line->name_size,
			.annotation = annotation, .annotation_size = (uint32_t)annotation_size,
			.value = value, .value_size = (uint32_t)value_size,
		};
}

static void take_suspect(struct skimmer *skimmer, const struct python_line *line, uint32_t owner)
{
	if (skimmer->outline->n_suspects >= PYTHON_SUSPECTS_CAP ||
	    line->end - line->start > PYTHON_PIECE_CAP)
		return;
	struct python_suspect *suspect = ADD(skimmer, suspects);
	if (suspect)
		*suspect = (struct python_suspect){
			.start = line->start, .end = line->end, .owner = owner,
			.opens = line->opens, .first = (unsigned char)line->first,
		};
}

/* The first statement of a block: perhaps a docstring. */
static void take_first(struct skimmer *skimmer, const struct python_line *line)
{
	struct block *block = top(skimmer);

	block->empty = false;
	if (line->strings_end && !line->colon && block->kind == BLOCK_FUNCTION) {
		struct python_definition *definition =
			&skimmer->outline->definitions[block->owner - 1];

		definition->strings = line->strings;
		definition->strings_end = line->strings_end;
	}
}

static void take_line(struct skimmer *skimmer, const struct python_line *line)
{
	struct block *block = top(skimmer);
	struct python_outline *outline = skimmer->outline;
	enum python_word first = line->first, last = block->last;
	bool defines = first == PYTHON_DEF || first == PYTHON_CLASS;
	uint32_t owner = block->owner;

	if (block->empty)
		take_first(skimmer, line);
	if (skimmer->decorated && first != PYTHON_AT && !defines) {
		drop_decorators(skimmer);
		report(skimmer, owner, skimmer->lexer.text + line->start,
		       "a decorator without a definition behind it");
	}
	follow(skimmer, line);
	if (skimmer->lexer.python2 && !outline->python2) {
		outline->python2 = offset(skimmer, skimmer->lexer.python2) + 1;
		outline->python2_owner = owner;
	}
	if (line->yields && owner && !defines)
		outline->definitions[owner - 1].generator = true;
	if (first == PYTHON_AT) {
		take_decorator(skimmer, line);
	} else if (defines) {
		take_definition(skimmer, line);
		owner = (uint32_t)outline->n_definitions;
	} else if (line->colon) {
		take_compound(skimmer, line, last);
	} else if (first == PYTHON_NAME && !line->problem && (line->annotation || line->equals) &&
	           (owner ? outline->definitions[owner - 1].is_class : !block->inside_function)) {
		take_field(skimmer, line);
	}
	if (line->problem)
		report(skimmer, owner, skimmer->lexer.text + line->problem_at, line->problem);
	else if (line->odd && first != PYTHON_AT && !(defines && line->opens))
		take_suspect(skimmer, line, owner);
	skimmer->expected = line->opens;
	if (line->problem && (defines || line->colon)) {
		if (!line->colon)
			skimmer->next = defines ? skimmer->next : inner_block(skimmer);
		skimmer->expected = false;
		skimmer->tolerated = true;
	}
}

static void reset(struct python_outline *outline, const char *text, size_t size)
{
	outline->text = text;
	outline->size = size;
	outline->reduced.cap = size + size / 2 + 64;
	snafu_buffer_clear(&outline->reduced);
	outline->n_definitions = outline->n_fields = 0;
	outline->n_suspects = outline->n_problems = 0;
	outline->n_branches = 0;
	outline->truncated = false;
	outline->python2 = outline->python2_owner = 0;
	outline->python3 = false;
}

int snafu_python_skim(const char *text, size_t size, struct python_outline *ret)
{
	struct skimmer skimmer = {.outline = ret, .line = 1, .counted = text, .n_blocks = 1};
	struct python_line line;
	unsigned column, narrow;

	reset(ret, text, size);
	struct python_branch *none = ADD(&skimmer, branches);
	if (!none)
		return -ENOMEM;
	*none = (struct python_branch){0};
	snafu_python_lex_begin(&skimmer.lexer, text, size);
	skimmer.blocks[0] = (struct block){.kind = BLOCK_MODULE, .last = PYTHON_NO_WORD};
	while (!skimmer.failed && next_line(&skimmer, &column, &narrow)) {
		indent(&skimmer, column, narrow);
		snafu_python_lex_line(&skimmer.lexer, &line);
		take_line(&skimmer, &line);
	}
	if (skimmer.failed)
		return -ENOMEM;
	if (skimmer.expected)
		report(&skimmer, skimmer.next.owner, text + size, "an indented block is missing");
	if (skimmer.decorated)
		drop_decorators(&skimmer);
	ret->python3 = skimmer.lexer.python3 != NULL;
	return 0;
}

void snafu_python_outline_done(struct python_outline *outline)
{
	snafu_buffer_done(&outline->reduced);
	free(outline->definitions);
	free(outline->branches);
	free(outline->fields);
	free(outline->suspects);
	*outline = (struct python_outline){0};
}
