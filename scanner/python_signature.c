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

#include "scanner/python_lex.h"
#include "scanner/python_reader.h"

#define CHUNK_SIZE       (32u << 10) /* bytes given to tree-sitter at once, or one piece */
#define PARSE_TIMEOUT_US 2000000 /* for one chunk; only error recovery ever takes that long */

const TSLanguage *tree_sitter_python(void);

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
	reader->symbols = (struct python_symbols){
		.function = symbol("function_definition"),
		.class = symbol("class_definition"),
		.decorated = symbol("decorated_definition"),
		.decorator = symbol("decorator"),
		.parameters = symbol("parameters"),
		.arguments = symbol("argument_list"),
		.keyword_argument = symbol("keyword_argument"),
		.identifier = symbol("identifier"),
		.typed = symbol("typed_parameter"),
		.with_default = symbol("default_parameter"),
		.typed_with_default = symbol("typed_default_parameter"),
		.splat = symbol("list_splat_pattern"),
		.double_splat = symbol("dictionary_splat_pattern"),
		.slash = symbol("positional_separator"),
		.return_type = field("return_type"),
		.name = field("name"),
		.type = field("type"),
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
		                         ? NULL
		                         : snafu_python_string_end(from, end);
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
			snafu_python_read_piece(reader, signature);
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
				snafu_python_read_piece(reader, &signatures[at]);
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
	case PYTHON_ELSE: return "if 1:pass\n";
	case PYTHON_EXCEPT:
	case PYTHON_FINALLY: return "try:pass\n";
	case PYTHON_CASE: return "match 1:\n ";
	default: return "";
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
