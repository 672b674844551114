/* scanner/python_skim.c — definitions, fields and docstrings, line by line; see
 * python_skim.h. */
#include "scanner/python_skim.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "scanner/python_lex.h"
#include "scanner/python_skimmer.h"

void snafu_python_break(struct python_outline *outline, uint32_t owner, size_t at, const char *what)
{
	while (owner && outline->definitions[owner - 1].is_class)
		owner = outline->definitions[owner - 1].owner;
	if (owner && !outline->definitions[owner - 1].broken_at)
		outline->definitions[owner - 1].broken_at = at + 1;
	if (outline->n_problems < PYTHON_PROBLEMS_CAP)
		outline->problems[outline->n_problems++] = (struct python_problem){at, what};
}

/* The line of AT, which never goes back. */
static unsigned line_of(struct python_skimmer *skimmer, const char *at)
{
	const char *newline;

	while (skimmer->counted < at &&
	       (newline = memchr(skimmer->counted, '\n', (size_t)(at - skimmer->counted)))) {
		skimmer->line++;
		skimmer->counted = newline + 1;
	}
	return skimmer->line;
}

static void drop_decorators(struct python_skimmer *skimmer)
{
	skimmer->outline->reduced.size = skimmer->piece;
	skimmer->decorated = false;
}

static void append_line(struct python_skimmer *skimmer, size_t start, size_t end)
{
	struct snafu_buffer *reduced = &skimmer->outline->reduced;

	if (snafu_buffer_append(reduced, skimmer->lexer.text + start, end - start) ||
	    snafu_buffer_append_byte(reduced, '\n'))
		skimmer->failed = true;
}

static void take_decorator(struct python_skimmer *skimmer, const struct python_line *line)
{
	if (!skimmer->decorated) {
		skimmer->piece = skimmer->outline->reduced.size;
		skimmer->decorated = true;
	}
	if (!line->problem)
		append_line(skimmer, line->start, line->end);
}

static void take_definition(struct python_skimmer *skimmer, const struct python_line *line)
{
	struct python_outline *outline = skimmer->outline;
	struct python_block *block = skim_top(skimmer);

	if (outline->n_definitions >= PYTHON_DEFINITIONS_CAP) {
		outline->truncated = true;
		skimmer->next = snafu_python_inner_block(skimmer);
		skimmer->next.inside_function = true;
		return;
	}
	struct python_definition *definition = PYTHON_ADD(skimmer, definitions);
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
			skim_report(skimmer, index, skimmer->lexer.text + line->start,
			            "the head of this definition is too long");
	}
	skimmer->decorated = false;
	if (line->strings_end) {
		definition->strings = line->strings;
		definition->strings_end = line->strings_end;
	}
	skimmer->next = (struct python_block){
		.kind = definition->is_class ? PYTHON_BLOCK_CLASS : PYTHON_BLOCK_FUNCTION,
		.owner = index,
		.branch = block->branch,
		.inside_function = block->inside_function || !definition->is_class,
	};
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
static void take_field(struct python_skimmer *skimmer, const struct python_line *line)
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
	if (skim_top(skimmer)->owner == 0 &&
	    (value_size == 0 || value_size > 500 || !snafu_python_is_name_byte(text[value])))
		return;
	if (line->end - line->start > UINT32_MAX / 2)
		return;
	struct python_field *field = PYTHON_ADD(skimmer, fields);
	if (field)
		*field = (struct python_field){
			.owner = skim_top(skimmer)->owner,
			.name = line->name,
			.name_size = (uint32_t)line->name_size,
			.annotation = annotation,
			.annotation_size = (uint32_t)annotation_size,
			.value = value,
			.value_size = (uint32_t)value_size,
		};
}

static void take_suspect(struct python_skimmer *skimmer, const struct python_line *line,
                         uint32_t owner)
{
	if (skimmer->outline->n_suspects >= PYTHON_SUSPECTS_CAP ||
	    line->end - line->start > PYTHON_PIECE_CAP)
		return;
	struct python_suspect *suspect = PYTHON_ADD(skimmer, suspects);
	if (suspect)
		*suspect = (struct python_suspect){
			.start = line->start,
			.end = line->end,
			.owner = owner,
			.opens = line->opens,
			.first = (unsigned char)line->first,
		};
}

/* The first statement of a block: perhaps a docstring. */
static void take_first(struct python_skimmer *skimmer, const struct python_line *line)
{
	struct python_block *block = skim_top(skimmer);

	block->empty = false;
	if (line->strings_end && !line->colon && block->kind == PYTHON_BLOCK_FUNCTION) {
		struct python_definition *definition = &skimmer->outline->definitions[block->owner - 1];

		definition->strings = line->strings;
		definition->strings_end = line->strings_end;
	}
}

static void take_line(struct python_skimmer *skimmer, const struct python_line *line)
{
	struct python_block *block = skim_top(skimmer);
	struct python_outline *outline = skimmer->outline;
	enum python_word first = line->first, last = block->last;
	bool defines = first == PYTHON_DEF || first == PYTHON_CLASS;
	uint32_t owner = block->owner;

	if (block->empty)
		take_first(skimmer, line);
	if (skimmer->decorated && first != PYTHON_AT && !defines) {
		drop_decorators(skimmer);
		skim_report(skimmer, owner, skimmer->lexer.text + line->start,
		            "a decorator without a definition behind it");
	}
	snafu_python_follow(skimmer, line);
	if (skimmer->lexer.python2 && !outline->python2) {
		outline->python2 = skim_offset(skimmer, skimmer->lexer.python2) + 1;
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
		snafu_python_take_compound(skimmer, line, last);
	} else if (first == PYTHON_NAME && !line->problem && (line->annotation || line->equals) &&
	           (owner ? outline->definitions[owner - 1].is_class : !block->inside_function)) {
		take_field(skimmer, line);
	}
	if (line->problem)
		skim_report(skimmer, owner, skimmer->lexer.text + line->problem_at, line->problem);
	else if (line->odd && first != PYTHON_AT && !(defines && line->opens))
		take_suspect(skimmer, line, owner);
	skimmer->expected = line->opens;
	if (line->problem && (defines || line->colon)) {
		if (!line->colon)
			skimmer->next = defines ? skimmer->next : snafu_python_inner_block(skimmer);
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
	struct python_skimmer skimmer = {.outline = ret, .line = 1, .counted = text, .n_blocks = 1};
	struct python_line line;
	unsigned column, narrow;

	reset(ret, text, size);
	struct python_branch *none = PYTHON_ADD(&skimmer, branches);
	if (!none)
		return -ENOMEM;
	*none = (struct python_branch){0};
	snafu_python_lex_begin(&skimmer.lexer, text, size);
	skimmer.blocks[0] = (struct python_block){.kind = PYTHON_BLOCK_MODULE, .last = PYTHON_NO_WORD};
	while (!skimmer.failed && snafu_python_next_line(&skimmer, &column, &narrow)) {
		snafu_python_indent(&skimmer, column, narrow);
		snafu_python_lex_line(&skimmer.lexer, &line);
		take_line(&skimmer, &line);
	}
	if (skimmer.failed)
		return -ENOMEM;
	if (skimmer.expected)
		skim_report(&skimmer, skimmer.next.owner, text + size, "an indented block is missing");
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
