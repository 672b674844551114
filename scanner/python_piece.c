/* scanner/python_piece.c — one definition's tree: its parameters, bases, result and
 * decorators. See python_reader.h. */
#include "scanner/python_reader.h"

#include <string.h>

#include "base/array.h"

#define PARAMETERS_CAP 10000 /* of one function */
#define BASES_CAP      16 /* of one class; more than that says nothing about shapes */

static const char *node_text(struct python_reader *reader, TSNode node)
{
	uint32_t start = ts_node_start_byte(node), end = ts_node_end_byte(node);
	const char *text = snafu_python_tidy(reader->arena, reader->chunk + start, end - start);

	if (!text)
		reader->failed = true;
	return text ? text : "";
}

static const char *field_text(struct python_reader *reader, TSNode node, TSFieldId id)
{
	TSNode child = ts_node_child_by_field_id(node, id);

	return ts_node_is_null(child) ? NULL : node_text(reader, child);
}

static struct snafu_parameter *add_parameter(struct python_reader *reader)
{
	if (reader->n_parameters == PARAMETERS_CAP)
		return NULL;
	if (snafu_array_grow(&reader->parameters, &reader->parameters_room, reader->n_parameters,
	                     sizeof *reader->parameters)) {
		reader->failed = true;
		return NULL;
	}
	struct snafu_parameter *parameter = &reader->parameters[reader->n_parameters++];
	*parameter = (struct snafu_parameter){.kind = SNAFU_PARAMETER_NORMAL};
	return parameter;
}

/* The first child that says something, or a null node. */
static TSNode first_child(TSNode node)
{
	uint32_t i = 0;
	TSNode child = ts_node_named_child(node, i);

	while (!ts_node_is_null(child) && ts_node_is_extra(child) && i < 100)
		child = ts_node_named_child(node, ++i);
	return child;
}

/* `*args`, `**kwargs` and plain names. */
static void set_name(struct python_reader *reader, struct snafu_parameter *parameter, TSNode node)
{
	const struct python_symbols *symbols = &reader->symbols;
	TSSymbol kind = ts_node_symbol(node);

	if (kind == symbols->splat || kind == symbols->double_splat) {
		parameter->kind =
			kind == symbols->splat ? SNAFU_PARAMETER_VARIADIC : SNAFU_PARAMETER_KEYWORDS;
		node = first_child(node);
	}
	parameter->name = ts_node_is_null(node) ? "" : node_text(reader, node);
}

static void read_parameter(struct python_reader *reader, TSNode node, bool *after_star)
{
	const struct python_symbols *symbols = &reader->symbols;
	TSSymbol kind = ts_node_symbol(node);

	uint32_t size = ts_node_end_byte(node) - ts_node_start_byte(node);
	if (size == 1 && reader->chunk[ts_node_start_byte(node)] == '*') {
		*after_star = true;
		return;
	}
	if (kind == symbols->slash) {
		for (size_t i = 0; i < reader->n_parameters; i++)
			reader->parameters[i].kind = SNAFU_PARAMETER_POSITIONAL_ONLY;
		return;
	}
	if (ts_node_is_extra(node)) /* a comment, a continued line */
		return;
	struct snafu_parameter *parameter = add_parameter(reader);
	if (!parameter)
		return;
	if (kind == symbols->typed) {
		set_name(reader, parameter, first_child(node));
		parameter->type = field_text(reader, node, symbols->type);
	} else if (kind == symbols->with_default || kind == symbols->typed_with_default) {
		const char *name = field_text(reader, node, symbols->name);

		parameter->name = name ? name : "";
		parameter->type = field_text(reader, node, symbols->type);
		parameter->fallback = field_text(reader, node, symbols->value);
	} else {
		set_name(reader, parameter, node);
	}
	if (parameter->kind == SNAFU_PARAMETER_VARIADIC)
		*after_star = true;
	else if (*after_star && parameter->kind == SNAFU_PARAMETER_NORMAL)
		parameter->kind = SNAFU_PARAMETER_KEYWORD_ONLY;
}

static void read_parameters(struct python_reader *reader, struct python_signature *signature)
{
	bool after_star = false;

	reader->n_parameters = 0;
	if (!ts_tree_cursor_goto_first_child(&reader->cursor))
		return;
	do {
		TSNode node = ts_tree_cursor_current_node(&reader->cursor);
		if (ts_node_is_named(node))
			read_parameter(reader, node, &after_star);
	} while (ts_tree_cursor_goto_next_sibling(&reader->cursor));
	ts_tree_cursor_goto_parent(&reader->cursor);

	size_t n = reader->n_parameters;
	if (n == 0)
		return;
	signature->parameters = snafu_arena_alloc(reader->arena, n * sizeof *signature->parameters);
	if (!signature->parameters) {
		reader->failed = true;
		return;
	}
	memcpy(signature->parameters, reader->parameters, n * sizeof *signature->parameters);
	signature->n_parameters = n;
}

static void read_bases(struct python_reader *reader, struct python_signature *signature)
{
	const char *bases[BASES_CAP];
	size_t n = 0;

	if (!ts_tree_cursor_goto_first_child(&reader->cursor))
		return;
	do {
		TSNode node = ts_tree_cursor_current_node(&reader->cursor);
		TSSymbol kind = ts_node_symbol(node);

		if (kind == reader->symbols.keyword_argument) {
			const char *value = field_text(reader, node, reader->symbols.value);
			if (value)
				signature->traits |= snafu_python_base_traits(value) & PYTHON_TRAIT_ABC;
		} else if (ts_node_is_named(node) && !ts_node_is_extra(node) && n < BASES_CAP) {
			bases[n++] = node_text(reader, node);
			signature->traits |= snafu_python_base_traits(bases[n - 1]);
		}
	} while (ts_tree_cursor_goto_next_sibling(&reader->cursor));
	ts_tree_cursor_goto_parent(&reader->cursor);
	const char **copy = snafu_arena_alloc(reader->arena, n * sizeof *copy);
	if (!copy) {
		reader->failed = true;
		return;
	}
	memcpy(copy, bases, n * sizeof *copy);
	signature->bases = copy;
	signature->n_bases = n;
}

/* The cursor stands on the def or class. */
static void read_definition(struct python_reader *reader, struct python_signature *signature)
{
	if (!ts_tree_cursor_goto_first_child(&reader->cursor))
		return;
	do {
		TSNode node = ts_tree_cursor_current_node(&reader->cursor);
		TSSymbol kind = ts_node_symbol(node);

		if (kind == reader->symbols.parameters)
			read_parameters(reader, signature);
		else if (kind == reader->symbols.arguments)
			read_bases(reader, signature);
		else if (ts_tree_cursor_current_field_id(&reader->cursor) == reader->symbols.return_type)
			signature->returns = node_text(reader, node);
	} while (ts_tree_cursor_goto_next_sibling(&reader->cursor));
	ts_tree_cursor_goto_parent(&reader->cursor);
	signature->known = true;
}

static void read_decorator(struct python_reader *reader, TSNode node,
                           struct python_signature *signature)
{
	char text[128]; /* longer names are none that is looked for */
	uint32_t start = ts_node_start_byte(node) + 1, end = ts_node_end_byte(node);
	size_t size = 0;

	for (const char *at = reader->chunk + start; at < reader->chunk + end; at++) {
		if (*at == ' ' || *at == '\t')
			continue;
		if (*at == '\n' || *at == '(' || *at == '#' || size + 1 == sizeof text)
			break;
		text[size++] = *at;
	}
	text[size] = '\0';
	signature->traits |= snafu_python_decorator_traits(text);
}

void snafu_python_read_piece(struct python_reader *reader, struct python_signature *signature)
{
	TSNode node = ts_tree_cursor_current_node(&reader->cursor);

	if (ts_node_symbol(node) != reader->symbols.decorated) {
		read_definition(reader, signature);
		return;
	}
	if (!ts_tree_cursor_goto_first_child(&reader->cursor))
		return;
	do {
		node = ts_tree_cursor_current_node(&reader->cursor);
		if (ts_node_symbol(node) == reader->symbols.decorator)
			read_decorator(reader, node, signature);
		else if (ts_node_symbol(node) == reader->symbols.function ||
		         ts_node_symbol(node) == reader->symbols.class)
			read_definition(reader, signature);
	} while (ts_tree_cursor_goto_next_sibling(&reader->cursor));
	ts_tree_cursor_goto_parent(&reader->cursor);
}
