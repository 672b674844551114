/* scanner/java_nodes.c — nodes of the Java tree: their text, their lines, and the
 * scopes they stand in. */
#include <string.h>

#include "scanner/java_walk.h"

#include "base/utf8.h"

/* Behind the comment at AT, if there is one. */
static const char *pass_comment(const char *at, const char *end)
{
	if (end - at < 2 || at[0] != '/')
		return at;
	if (at[1] == '/') {
		const char *stop = memchr(at, '\n', (size_t)(end - at));
		return stop ? stop : end;
	}
	if (at[1] == '*') {
		for (at += 2; at + 1 < end; at++)
			if (at[0] == '*' && at[1] == '/')
				return at + 2;
		return end;
	}
	return at;
}

/* The text from byte START to END: comments go, white space becomes one space. */
static const char *text_between(struct snafu_java_tree *tree, size_t start, size_t end)
{
	const char *at = tree->text + start, *stop = tree->text + end;
	char *copy, *put;

	if (end - start > SNAFU_JAVA_TYPE_TEXT_CAP)
		stop = at + SNAFU_JAVA_TYPE_TEXT_CAP;
	stop = at + snafu_utf8_cut(at, (size_t)(stop - at));
	copy = put = snafu_java_unit_alloc(tree->unit, (size_t)(stop - at) + 1);
	if (!copy)
		return "";
	while (at < stop) {
		const char *behind = pass_comment(at, stop);

		if (behind != at || *at == ' ' || (*at >= '\t' && *at <= '\r')) {
			if (put > copy && put[-1] != ' ')
				*put++ = ' ';
			at = behind != at ? behind : at + 1;
		} else {
			*put++ = *at++;
		}
	}
	while (put > copy && put[-1] == ' ')
		put--;
	*put = '\0';
	return copy;
}

const char *snafu_java_node_text(struct snafu_java_tree *tree, TSNode node)
{
	return text_between(tree, ts_node_start_byte(node), ts_node_end_byte(node));
}

bool snafu_java_node_is(const struct snafu_java_tree *tree, TSNode node, const char *word)
{
	size_t start = ts_node_start_byte(node), size = ts_node_end_byte(node) - start;

	return strlen(word) == size && memcmp(tree->text + start, word, size) == 0;
}

unsigned snafu_java_line_at(struct snafu_java_tree *tree, size_t target)
{
	const char *place = tree->source + tree->line_at, *stop;

	if (target > tree->source_size)
		target = tree->source_size;
	stop = tree->source + target;
	if (place >= stop)
		return tree->line;
	if (tree->carriage_returns) {
		for (; place < stop; place++)
			tree->line += *place == '\n' || (*place == '\r' && place[1] != '\n');
	} else {
		while ((place = memchr(place, '\n', (size_t)(stop - place)))) {
			tree->line++;
			place++;
		}
	}
	tree->line_at = target;
	return tree->line;
}

/* ---- scopes -------------------------------------------------------------- */

void snafu_java_push_scope(struct snafu_java_tree *tree, struct snafu_java_type *type,
                           const char *id, bool in_code, unsigned depth)
{
	if (tree->n_scopes == SNAFU_JAVA_SCOPES_CAP)
		return;
	tree->scopes[tree->n_scopes++] =
		(struct scope){.type = type, .id = id, .depth = depth, .in_code = in_code};
}

struct snafu_java_type *snafu_java_open_type(struct snafu_java_tree *tree,
                                             enum snafu_java_kind kind, const char *name,
                                             unsigned depth)
{
	struct scope *outer = scope(tree);
	struct snafu_java_type *type = *name ? snafu_java_unit_add_type(tree->unit) : NULL;

	if (!type)
		return NULL;
	type->kind = kind;
	type->outer = outer->type;
	type->id = snafu_java_unit_join(tree->unit, outer->id, name, strlen(name));
	if (outer->in_code || (outer->type && outer->type->flags & SNAFU_JAVA_LOCAL))
		type->flags |= SNAFU_JAVA_LOCAL;
	snafu_java_push_scope(tree, type, type->id, false, depth);
	return type;
}
