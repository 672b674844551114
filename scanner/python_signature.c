/* scanner/python_signature.c — from tree-sitter's nodes to signatures; see
 * python_signature.h.
 *
 * Pieces of the reduced text stand one behind the other at the left margin, so a
 * chunk of them is one flat tree. A piece with an error in it is parsed once more
 * alone, so that it cannot spoil its neighbours. */
#include "scanner/python_signature.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <tree_sitter/api.h>

#include "base/array.h"
#include "scanner/python_lex.h"

#define CHUNK_SIZE (32u << 10) /* bytes given to tree-sitter at once, or one piece */
#define PARSE_TIMEOUT_US 2000000 /* for one chunk; only error recovery ever takes that long */
#define PARAMETERS_CAP 10000     /* of one function */

const TSLanguage *tree_sitter_python(void);

struct symbols {
	TSSymbol function, class, decorated, decorator, parameters, arguments, keyword_argument;
	TSSymbol identifier, typed, with_default, typed_with_default, splat, double_splat;
	TSSymbol slash;
	TSFieldId return_type, name, type, value;
};

struct python_reader {
	TSParser *parser;
	TSTreeCursor cursor;
	bool has_cursor;
	struct symbols symbols;
	struct snafu_buffer work;
	/* Of the outline at hand. */
	struct python_outline *outline;
	struct snafu_arena *arena;
	const char *chunk; /* what was parsed, as it stands in the reduced text */
	struct snafu_parameter *parameters;
	size_t n_parameters, parameters_room;
	bool failed;
};

static TSSymbol symbol(const char *name)
{
	return ts_language_symbol_for_name(tree_sitter_python(), name, (uint32_t)strlen(name), true);
}

static TSFieldId field(const char *name)
{
	return ts_language_field_id_for_name(tree_sitter_python(), name, (uint32_t)strlen(name));
}

struct python_reader *snafu_python_reader_new(int *ret_code)
{
	struct python_reader *reader = calloc(1, sizeof *reader);

	*ret_code = -ENOMEM;
	if (!reader)
		return NULL;
	reader->parser = ts_parser_new();
	if (!reader->parser || !ts_parser_set_language(reader->parser, tree_sitter_python())) {
		*ret_code = reader->parser ? -ENOTSUP : -ENOMEM;
		snafu_python_reader_free(reader);
		return NULL;
	}
	ts_parser_set_timeout_micros(reader->parser, PARSE_TIMEOUT_US);
	reader->work.cap = PYTHON_PIECE_CAP + CHUNK_SIZE + 64;
	reader->symbols = (struct symbols){
		.function = symbol("function_definition"), .class = symbol("class_definition"),
		.decorated = symbol("decorated_definition"), .decorator = symbol("decorator"),
		.parameters = symbol("parameters"), .arguments = symbol("argument_list"),
		.keyword_argument = symbol("keyword_argument"),
		.identifier = symbol("identifier"), .typed = symbol("typed_parameter"),
		.with_default = symbol("default_parameter"),
		.typed_with_default = symbol("typed_default_parameter"),
		.splat = symbol("list_splat_pattern"),
		.double_splat = symbol("dictionary_splat_pattern"),
		.slash = symbol("positional_separator"),
		.return_type = field("return_type"), .name = field("name"), .type = field("type"),
		.value = field("value"),
	};
	return reader;
}

void snafu_python_reader_free(struct python_reader *reader)
{
	if (!reader)
		return;
	if (reader->has_cursor)
		ts_tree_cursor_delete(&reader->cursor);
	if (reader->parser)
		ts_parser_delete(reader->parser);
	snafu_buffer_done(&reader->work);
	free(reader->parameters);
	free(reader);
}

/* Copies what stands at FROM, without comments and newlines. */
static size_t tidy(char *to, const char *from, const char *end)
{
	char *begin = to;

	while (from < end) {
		const char *string = to > begin && snafu_python_is_name_byte(to[-1])
		                             ? NULL : snafu_python_string_end(from, end);
		if (string) {
			memcpy(to, from, (size_t)(string - from));
			to += string - from;
			from = string;
		} else if (*from == '#') {
			const char *newline = memchr(from, '\n', (size_t)(end - from));
			from = newline ? newline : end;
		} else if (*from == '\n' || (*from == '\\' && from + 1 < end && from[1] == '\n')) {
			while (to > begin && (to[-1] == ' ' || to[-1] == '\t'))
				to--;
			while (from < end && memchr(" \t\n\f\\", *from, 5))
				from++;
			if (to > begin && !memchr("([{", to[-1], 3))
				*to++ = ' ';
		} else {
			*to++ = *from++;
		}
	}
	return (size_t)(to - begin);
}

char *snafu_python_tidy(struct snafu_arena *arena, const char *text, size_t size)
{
	if (!memchr(text, '\n', size))
		return snafu_arena_copy(arena, text, size);
	char *copy = snafu_arena_alloc(arena, size + 1);
	if (copy)
		copy[tidy(copy, text, text + size)] = '\0';
	return copy;
}

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
	const struct symbols *symbols = &reader->symbols;
	TSSymbol kind = ts_node_symbol(node);

	if (kind == symbols->splat || kind == symbols->double_splat) {
		parameter->kind = kind == symbols->splat ? SNAFU_PARAMETER_VARIADIC
		                                         : SNAFU_PARAMETER_KEYWORDS;
		node = first_child(node);
	}
	parameter->name = ts_node_is_null(node) ? "" : node_text(reader, node);
}

static void read_parameter(struct python_reader *reader, TSNode node, bool *after_star)
{
	const struct symbols *symbols = &reader->symbols;
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
	const char *bases[16]; /* more than that says nothing about shapes */
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
		} else if (ts_node_is_named(node) && !ts_node_is_extra(node) && n < 16) {
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
		else if (ts_tree_cursor_current_field_id(&reader->cursor) ==
		         reader->symbols.return_type)
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

/* The cursor stands on a child of the root. */
static void read_piece(struct python_reader *reader, struct python_signature *signature)
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

static bool is_definition(const struct python_reader *reader, TSNode node)
{
	TSSymbol kind = ts_node_symbol(node);

	return kind == reader->symbols.function || kind == reader->symbols.class ||
	       kind == reader->symbols.decorated;
}

/* What Python 2 writes and the grammar does not take, as something of the same
 * length that it takes. */
static void mask_python2(char *text, size_t size)
{
	bool open = false;

	for (size_t i = 0; i < size; i++) {
		if (text[i] == '`') {
			text[i] = open ? ')' : '(';
			open = !open;
		} else if (text[i] == '<' && i + 1 < size && text[i + 1] == '>') {
			text[i] = '!';
			text[i + 1] = '=';
		}
	}
}

static TSTree *parse(struct python_reader *reader, const char *text, size_t size)
{
	if (reader->outline->python2) {
		snafu_buffer_clear(&reader->work);
		if (snafu_buffer_append(&reader->work, text, size))
			return NULL;
		mask_python2(reader->work.data, size);
		text = reader->work.data;
	}
	TSTree *tree = ts_parser_parse_string(reader->parser, NULL, text, (uint32_t)size);
	if (!tree)
		ts_parser_reset(reader->parser); /* the timeout */
	return tree;
}

static void start_cursor(struct python_reader *reader, TSTree *tree)
{
	if (reader->has_cursor) {
		ts_tree_cursor_reset(&reader->cursor, ts_tree_root_node(tree));
	} else {
		reader->cursor = ts_tree_cursor_new(ts_tree_root_node(tree));
		reader->has_cursor = true;
	}
}

/* One piece by itself, because it or a neighbour of it has an error. */
static void read_alone(struct python_reader *reader, struct python_definition *definition,
                       struct python_signature *signature)
{
	struct python_outline *outline = reader->outline;
	size_t index = (size_t)(definition - outline->definitions);

	*signature = (struct python_signature){0};
	reader->chunk = outline->reduced.data + definition->piece;
	TSTree *tree = parse(reader, reader->chunk, definition->piece_end - definition->piece);
	if (tree && !ts_node_has_error(ts_tree_root_node(tree))) {
		start_cursor(reader, tree);
		if (ts_tree_cursor_goto_first_child(&reader->cursor) &&
		    is_definition(reader, ts_tree_cursor_current_node(&reader->cursor)))
			read_piece(reader, signature);
	}
	if (!signature->known)
		snafu_python_break(outline, (uint32_t)index + 1, definition->start,
		                   definition->is_class ? "the head of this class does not parse"
		                                        : "the head of this function does not parse");
	ts_tree_delete(tree);
}

/* Definitions FIRST..LAST, whose pieces stand side by side. */
static void read_chunk(struct python_reader *reader, size_t first, size_t last,
                       struct python_signature *signatures)
{
	struct python_outline *outline = reader->outline;
	struct python_definition *definitions = outline->definitions;
	size_t start = definitions[first].piece, at = first;

	reader->chunk = outline->reduced.data + start;
	TSTree *tree = parse(reader, reader->chunk, definitions[last].piece_end - start);
	if (tree) {
		start_cursor(reader, tree);
		bool more = ts_tree_cursor_goto_first_child(&reader->cursor);
		for (; more; more = ts_tree_cursor_goto_next_sibling(&reader->cursor)) {
			TSNode node = ts_tree_cursor_current_node(&reader->cursor);
			size_t place = start + ts_node_start_byte(node);

			while (at <= last && (definitions[at].piece < place ||
			                      definitions[at].piece == definitions[at].piece_end))
				at++;
			if (at <= last && definitions[at].piece == place && is_definition(reader, node) &&
			    !ts_node_has_error(node))
				read_piece(reader, &signatures[at]);
		}
		ts_tree_delete(tree);
	}
	for (at = first; at <= last; at++)
		if (!signatures[at].known && definitions[at].piece < definitions[at].piece_end)
			read_alone(reader, &definitions[at], &signatures[at]);
}

/* What must stand around a line to make it a program. */
static const char *opening_of(enum python_word first)
{
	switch (first) {
	case PYTHON_ELIF:
	case PYTHON_ELSE:
		return "if 1:pass\n";
	case PYTHON_EXCEPT:
	case PYTHON_FINALLY:
		return "try:pass\n";
	case PYTHON_CASE:
		return "match 1:\n ";
	default:
		return "";
	}
}

static void judge_suspect(struct python_reader *reader, const struct python_suspect *suspect)
{
	struct python_outline *outline = reader->outline;
	struct snafu_buffer text = SNAFU_BUFFER(PYTHON_PIECE_CAP + 64);

	snafu_buffer_append_text(&text, opening_of(suspect->first));
	snafu_buffer_append(&text, outline->text + suspect->start, suspect->end - suspect->start);
	snafu_buffer_append_text(&text, suspect->opens ? "pass\n" : "\n");
	if (!snafu_buffer_failed(&text)) {
		TSTree *tree = parse(reader, text.data, text.size);

		if (!tree || ts_node_has_error(ts_tree_root_node(tree)))
			snafu_python_break(outline, suspect->owner, suspect->start, "this does not parse");
		ts_tree_delete(tree);
	}
	snafu_buffer_done(&text);
}

int snafu_python_read_signatures(struct python_reader *reader, struct python_outline *outline,
                                 struct snafu_arena *arena, struct python_signature *signatures)
{
	reader->outline = outline;
	reader->arena = arena;
	reader->failed = false;
	for (size_t first = 0; first < outline->n_definitions;) {
		size_t last = first;

		while (last + 1 < outline->n_definitions &&
		       outline->definitions[last + 1].piece_end - outline->definitions[first].piece <=
		               CHUNK_SIZE)
			last++;
		if (outline->definitions[first].piece < outline->definitions[last].piece_end)
			read_chunk(reader, first, last, signatures);
		first = last + 1;
	}
	for (size_t i = 0; i < outline->n_suspects; i++)
		judge_suspect(reader, &outline->suspects[i]);
	return reader->failed ? -ENOMEM : 0;
}
