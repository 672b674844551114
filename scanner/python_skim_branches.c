/* scanner/python_skim_branches.c — compound statements: whether their parts stand where
 * they may, and which definitions exclude each other. See python_skimmer.h. */
#include "scanner/python_skimmer.h"

/* Which statements may stand before this part of a compound statement. */
static bool may_follow(enum python_word word, enum python_word last)
{
	switch (word) {
	case PYTHON_ELIF: return last == PYTHON_IF || last == PYTHON_ELIF;
	case PYTHON_ELSE:
		return last == PYTHON_IF || last == PYTHON_ELIF || last == PYTHON_FOR ||
		       last == PYTHON_WHILE || last == PYTHON_EXCEPT;
	case PYTHON_EXCEPT: return last == PYTHON_TRY || last == PYTHON_EXCEPT;
	case PYTHON_FINALLY: /* PASS stands for the `else` of a `try` */
		return last == PYTHON_TRY || last == PYTHON_EXCEPT || last == PYTHON_PASS;
	default: return last != PYTHON_TRY;
	}
}

void snafu_python_follow(struct python_skimmer *skimmer, const struct python_line *line)
{
	struct python_block *block = skim_top(skimmer);
	enum python_word word = line->first;

	if (!may_follow(word, block->last))
		skim_report(skimmer, block->owner, skimmer->lexer.text + line->start,
		            block->last == PYTHON_TRY ? "try without except or finally"
		                                      : "a part of a compound statement without its start");
	if (word == PYTHON_ELSE && block->last == PYTHON_EXCEPT)
		word = PYTHON_PASS;
	block->last = line->colon ? word : PYTHON_NO_WORD;
}

static enum python_verdict judge(struct python_skimmer *skimmer, const struct python_line *line,
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
static uint32_t add_branch(struct python_skimmer *skimmer, const struct python_line *line,
                           enum python_word last)
{
	struct python_outline *outline = skimmer->outline;
	struct python_block *block = skim_top(skimmer);
	bool starts = line->first == PYTHON_IF || line->first == PYTHON_TRY ||
	              line->first == PYTHON_FOR || line->first == PYTHON_WHILE;
	struct python_branch *branch = PYTHON_ADD(skimmer, branches);

	if (!branch)
		return 0;
	const struct python_branch *before =
		starts || !block->last_branch ? NULL : &outline->branches[block->last_branch];
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

void snafu_python_take_compound(struct python_skimmer *skimmer, const struct python_line *line,
                                enum python_word last)
{
	skimmer->next = snafu_python_inner_block(skimmer);
	if (!skimmer->next.inside_function && line->first != PYTHON_WITH && line->first != PYTHON_MATCH)
		skimmer->next.branch = add_branch(skimmer, line, last);
}
