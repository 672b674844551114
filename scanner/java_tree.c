/* scanner/java_tree.c — see java_tree.h.
 *
 * The tree is walked with one cursor and a stack of scopes (types, methods), not
 * by recursion: source may nest as it likes. Only nodes that can hold a class or
 * a member are entered. */
#include "scanner/java_tree.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <tree_sitter/api.h>

#include "base/error.h"
#include "scanner/java_walk.h"

/* Bytes that tree-sitter is given; it needs some 100 times that, and more for text
 * whose brackets were not even counted. */
#define COMPACT_TEXT_CAP  (2u << 20)
#define WHOLE_TEXT_CAP    (1u << 20)
#define PARSE_TIME_CAP_US (10u * 1000 * 1000)

const TSLanguage *tree_sitter_java(void);

/* ---- set-up -------------------------------------------------------------- */

static TSSymbol find_symbol(const TSLanguage *language, const char *name, bool named)
{
	return ts_language_symbol_for_name(language, name, (uint32_t)strlen(name), named);
}

static void learn_symbols(struct snafu_java_tree *tree, const TSLanguage *language)
{
	static const char *const names[] = {
#define SYMBOL(NAME) #NAME,
		SYMBOLS(SYMBOL)
#undef SYMBOL
	};
	static const char *const skipped[] = {
		"marker_annotation",      "annotation",     "integral_type",     "floating_point_type",
		"boolean_type",           "void_type",      "array_type",        "annotated_type",
		"scoped_type_identifier", "type_arguments", "type_list",         "permits",
		"extends_interfaces",     "string_literal", "character_literal", "module_declaration",
	};
	static const struct {
		const char *word;
		enum symbol symbol;
	} keywords[] = {
		{"class", SYMBOL_CLASS_WORD},
		{"interface", SYMBOL_INTERFACE_WORD},
		{"enum", SYMBOL_ENUM_WORD},
		{"record", SYMBOL_RECORD_WORD},
		{"@interface", SYMBOL_ANNOTATION_WORD},
	};

	tree->n_kinds = ts_language_symbol_count(language);
	if (tree->n_kinds > sizeof tree->kinds)
		tree->n_kinds = sizeof tree->kinds;
	memset(tree->kinds, SYMBOL_OTHER, sizeof tree->kinds);
	/* Several symbols may share a name (aliases), so go by the names of all. */
	for (size_t i = 0; i < tree->n_kinds; i++) {
		const char *name = ts_language_symbol_name(language, (TSSymbol)i);
		bool named = ts_language_symbol_type(language, (TSSymbol)i) == TSSymbolTypeRegular;

		for (size_t k = 0; named && k < N_SYMBOLS; k++)
			if (strcmp(names[k], name) == 0)
				tree->kinds[i] = (unsigned char)k;
		for (size_t k = 0; named && k < sizeof skipped / sizeof *skipped; k++)
			if (strcmp(skipped[k], name) == 0)
				tree->kinds[i] = SYMBOL_SKIPPED;
		for (size_t k = 0; !named && k < sizeof keywords / sizeof *keywords; k++)
			if (strcmp(keywords[k].word, name) == 0)
				tree->kinds[i] = (unsigned char)keywords[k].symbol;
	}
}

static TSFieldId find_field(const TSLanguage *language, const char *name)
{
	return ts_language_field_id_for_name(language, name, (uint32_t)strlen(name));
}

struct snafu_java_tree *snafu_java_tree_new(struct snafu_error *error)
{
	const TSLanguage *language = tree_sitter_java();
	struct snafu_java_tree *tree = calloc(1, sizeof *tree);

	if (tree)
		tree->parser = ts_parser_new();
	if (!tree || !tree->parser) {
		snafu_java_tree_free(tree);
		snafu_fail(error, -ENOMEM, "no memory to read Java source");
		return NULL;
	}
	if (!find_symbol(language, "method_declaration", true) ||
	    !ts_parser_set_language(tree->parser, language)) {
		snafu_java_tree_free(tree);
		snafu_fail(error, -ENOTSUP,
		           "the Java grammar (ABI %u) does not fit this tree-sitter library; "
		           "install the grammar versions of package-lock.json and build again",
		           ts_language_version(language));
		return NULL;
	}
	ts_parser_set_timeout_micros(tree->parser, PARSE_TIME_CAP_US);
	learn_symbols(tree, language);
	tree->name = find_field(language, "name");
	tree->type = find_field(language, "type");
	tree->body = find_field(language, "body");
	tree->parameters = find_field(language, "parameters");
	tree->dimensions = find_field(language, "dimensions");
	tree->value = find_field(language, "value");
	tree->declarator = find_field(language, "declarator");
	return tree;
}

void snafu_java_tree_free(struct snafu_java_tree *tree)
{
	if (!tree)
		return;
	if (tree->parser)
		ts_parser_delete(tree->parser);
	snafu_java_skim_done(&tree->skim);
	free(tree);
}

/* ---- the walk ------------------------------------------------------------ */

/* Takes in the node at the cursor. Whether its children are to be walked. */
static bool enter(struct snafu_java_tree *tree)
{
	enum symbol kind = symbol(tree, here(tree));
	bool broken = tree->broken;

	tree->broken = false;
	switch (kind) {
	case SYMBOL_package_declaration: snafu_java_read_package(tree); return false;
	case SYMBOL_import_declaration: snafu_java_read_import(tree); return false;
	case SYMBOL_class_declaration: snafu_java_read_type(tree, SNAFU_JAVA_CLASS); return true;
	case SYMBOL_interface_declaration:
		snafu_java_read_type(tree, SNAFU_JAVA_INTERFACE);
		return true;
	case SYMBOL_enum_declaration: snafu_java_read_type(tree, SNAFU_JAVA_ENUM); return true;
	case SYMBOL_record_declaration: snafu_java_read_type(tree, SNAFU_JAVA_RECORD); return true;
	case SYMBOL_annotation_type_declaration:
		snafu_java_read_type(tree, SNAFU_JAVA_ANNOTATION);
		return true;
	case SYMBOL_class_body: snafu_java_read_anonymous(tree); return true;
	case SYMBOL_method_declaration:
	case SYMBOL_constructor_declaration:
	case SYMBOL_annotation_type_element_declaration:
		snafu_java_read_method(tree, kind);
		return true;
	case SYMBOL_compact_constructor_declaration:
		snafu_java_push_scope(tree, scope(tree)->type, scope(tree)->id, true, tree->depth);
		return true;
	case SYMBOL_field_declaration:
		snafu_java_read_field(tree);
		snafu_java_push_scope(tree, scope(tree)->type, scope(tree)->id, true, tree->depth);
		return true;
	case SYMBOL_constant_declaration:
	case SYMBOL_block:
		if (!scope(tree)->in_code)
			snafu_java_push_scope(tree, scope(tree)->type, scope(tree)->id, true, tree->depth);
		return true;
	case SYMBOL_enum_constant:
		snafu_java_read_enum_constant(tree);
		snafu_java_push_maker(tree);
		return true;
	case SYMBOL_object_creation_expression: snafu_java_push_maker(tree); return true;
	case SYMBOL_CLASS_WORD: snafu_java_read_broken_type(tree, SNAFU_JAVA_CLASS); return false;
	case SYMBOL_INTERFACE_WORD:
		snafu_java_read_broken_type(tree, SNAFU_JAVA_INTERFACE);
		return false;
	case SYMBOL_ENUM_WORD: snafu_java_read_broken_type(tree, SNAFU_JAVA_ENUM); return false;
	case SYMBOL_RECORD_WORD: snafu_java_read_broken_type(tree, SNAFU_JAVA_RECORD); return false;
	case SYMBOL_ANNOTATION_WORD:
		snafu_java_read_broken_type(tree, SNAFU_JAVA_ANNOTATION);
		return false;
	case SYMBOL_SKIPPED:
	case SYMBOL_modifiers:
	case SYMBOL_formal_parameters:
	case SYMBOL_type_parameters:
	case SYMBOL_generic_type:
	case SYMBOL_throws:
	case SYMBOL_superclass:
	case SYMBOL_super_interfaces:
	case SYMBOL_line_comment:
	case SYMBOL_block_comment: return false;
	case SYMBOL_identifier:
		if (broken)
			snafu_java_read_broken_name(tree);
		return false;
	default: return true;
	}
}

/* Remembers a Javadoc comment for the sibling that follows it. */
static void pass_sibling(struct snafu_java_tree *tree, TSNode node)
{
	size_t start = ts_node_start_byte(node), size = ts_node_end_byte(node) - start;

	tree->has_last_comment = symbol(tree, node) == SYMBOL_block_comment && size > 4 &&
	                         memcmp(tree->text + start, "/**", 3) == 0;
	if (tree->has_last_comment)
		tree->last_comment = node;
}

static void walk(struct snafu_java_tree *tree)
{
	for (;;) {
		if (enter(tree) && down(tree)) {
			tree->has_last_comment = false;
			continue;
		}
		for (;;) {
			while (tree->n_scopes > 1 && scope(tree)->depth >= tree->depth)
				tree->n_scopes--;
			pass_sibling(tree, here(tree));
			if (next(tree))
				break;
			if (tree->depth == 0)
				return;
			up(tree);
		}
	}
}

/* ---- a file -------------------------------------------------------------- */

/* One diagnostic for the first place that did not parse. */
static void diagnose(struct snafu_java_tree *tree, TSNode node)
{
	size_t at;

	for (; !tree->skim.n_odd;) {
		uint32_t count = ts_node_child_count(node), i;

		if (symbol(tree, node) == SYMBOL_ERROR || ts_node_is_missing(node))
			break;
		TSTreeCursor cursor = ts_tree_cursor_new(node);
		bool found = false;
		if (ts_tree_cursor_goto_first_child(&cursor))
			for (i = 0; i < count && !found; i++) {
				TSNode child = ts_tree_cursor_current_node(&cursor);

				found = ts_node_has_error(child) || ts_node_is_missing(child);
				if (found)
					node = child;
				else if (!ts_tree_cursor_goto_next_sibling(&cursor))
					break;
			}
		ts_tree_cursor_delete(&cursor);
		if (!found)
			break;
	}
	at = snafu_java_skim_source(&tree->skim, ts_node_start_byte(node));
	if (tree->skim.n_odd)
		at = tree->skim.odd_at;
	tree->line = 1;
	tree->line_at = 0;
	snafu_functions_diagnose(tree->unit->functions, SNAFU_WARNING, tree->unit->file,
	                         snafu_java_line_at(tree, at),
	                         "a syntax error: only what parses around it is listed");
}

static int give_up(struct snafu_java_tree *tree, const char *why)
{
	snafu_functions_diagnose(tree->unit->functions, SNAFU_ERROR, tree->unit->file, 0, "%s", why);
	return 0;
}

static void begin(struct snafu_java_tree *tree)
{
	tree->text = tree->skim.text;
	tree->next_comment = 0;
	tree->has_last_comment = false;
	tree->line_at = 0;
	tree->line = 1;
	tree->broken = false;
	tree->depth = 0;
	tree->n_scopes = 0;
	snafu_java_push_scope(tree, NULL, "", false, 0);
}

/* Skims and parses. RET_PARSED is NULL when that is given up, with a diagnostic. */
static int parse(struct snafu_java_tree *tree, bool keep_odd, TSTree **ret_parsed)
{
	int code = snafu_java_skim(&tree->skim, tree->source, tree->source_size, keep_odd);

	*ret_parsed = NULL;
	if (code == -E2BIG)
		return give_up(tree, "too deeply nested or too long expressions for Java source");
	if (code)
		return code;
	if (tree->skim.size > (tree->skim.whole ? WHOLE_TEXT_CAP : COMPACT_TEXT_CAP))
		return give_up(tree, "too large for Java source: split it");
	ts_parser_reset(tree->parser);
	*ret_parsed =
		ts_parser_parse_string(tree->parser, NULL, tree->skim.text, (uint32_t)tree->skim.size);
	if (!*ret_parsed)
		return give_up(tree, "parsing takes too long: this is hardly Java source");
	begin(tree);
	return 0;
}

int snafu_java_tree_read(struct snafu_java_tree *tree, struct snafu_java_unit *unit,
                         const char *text, size_t size, const char *module)
{
	TSTree *parsed;
	int code;

	tree->unit = unit;
	tree->source = text;
	tree->source_size = size;
	tree->module = module;
	tree->carriage_returns = memchr(text, '\r', size) != NULL;
	code = parse(tree, true, &parsed);
	if (code || !parsed)
		return code;
	if (ts_node_has_error(ts_tree_root_node(parsed))) {
		diagnose(tree, ts_tree_root_node(parsed));
		begin(tree);
		if (tree->skim.n_odd) {
			ts_tree_delete(parsed);
			code = parse(tree, false, &parsed);
			if (code || !parsed)
				return code;
		}
	}
	tree->cursor = ts_tree_cursor_new(ts_tree_root_node(parsed));
	walk(tree);
	ts_tree_cursor_delete(&tree->cursor);
	ts_tree_delete(parsed);
	return 0;
}
