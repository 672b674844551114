/* scanner/java_walk.h — what the walk over a Java tree shares among its files
 * (java_tree.c, java_nodes.c, java_declarations.c); of no use to others. */
#ifndef SNAFU_SCANNER_JAVA_WALK_H
#define SNAFU_SCANNER_JAVA_WALK_H

#include <tree_sitter/api.h>

#include "scanner/java_model.h"
#include "scanner/java_skim.h"

#define SNAFU_JAVA_SCOPES_CAP 2000

/* Node kinds by name, looked up once. */
/* clang-format off */
#define SYMBOLS(X) \
	X(annotation_type_body) X(annotation_type_declaration) \
	X(annotation_type_element_declaration) X(asterisk) X(block) X(block_comment) \
	X(class_body) X(class_declaration) X(compact_constructor_declaration) \
	X(constant_declaration) X(constructor_declaration) X(dimensions) X(enum_constant) \
	X(enum_declaration) X(field_declaration) X(formal_parameter) X(formal_parameters) \
	X(generic_type) X(identifier) X(import_declaration) X(interface_declaration) \
	X(line_comment) X(method_declaration) X(modifiers) X(object_creation_expression) \
	X(package_declaration) X(receiver_parameter) X(record_declaration) \
	X(scoped_identifier) X(spread_parameter) X(super_interfaces) X(superclass) \
	X(throws) X(type_identifier) X(type_parameter) X(type_parameters) \
	X(variable_declarator)
/* clang-format on */

enum symbol {
#define SYMBOL(NAME) SYMBOL_##NAME,
	SYMBOLS(SYMBOL)
#undef SYMBOL
		N_SYMBOLS,
	SYMBOL_OTHER,
	SYMBOL_ERROR,
	/* Keywords of types, as children of an ERROR node. */
	SYMBOL_CLASS_WORD,
	SYMBOL_INTERFACE_WORD,
	SYMBOL_ENUM_WORD,
	SYMBOL_RECORD_WORD,
	SYMBOL_ANNOTATION_WORD,
	SYMBOL_SKIPPED, /* nothing of interest is in it */
};

struct scope {
	struct snafu_java_type *type;
	const char *id; /* what names inside start with */
	unsigned depth; /* of the cursor: the scope ends when it comes back here */
	bool in_code; /* a method's or an initialiser's: classes in it are local */
	bool maker; /* `new X()` or an enum constant, whose class body is anonymous... */
	TSNode node; /* ...and this node */
};

struct snafu_java_tree {
	TSParser *parser;
	unsigned char kinds[65536 / 8]; /* enum symbol by TSSymbol, for the first of them */
	size_t n_kinds;
	TSFieldId name, type, body, parameters, dimensions, value, declarator;
	struct snafu_java_skim skim;
	/* The file being read: */
	struct snafu_java_unit *unit;
	const char *source, *text;
	size_t source_size;
	TSTreeCursor cursor;
	unsigned depth;
	struct scope scopes[SNAFU_JAVA_SCOPES_CAP];
	size_t n_scopes;
	size_t next_comment; /* of the skimmer's */
	TSNode last_comment; /* the Javadoc comment passed last, among siblings */
	bool has_last_comment;
	size_t line_at; /* source offset up to which lines were counted */
	unsigned line;
	bool carriage_returns;
	const char *module;
	bool broken; /* the node before was a lone `class` or the like... */
	enum snafu_java_kind broken_kind; /* ...that opens this... */
	unsigned broken_depth; /* ...here */
};

static inline enum symbol symbol(const struct snafu_java_tree *tree, TSNode node)
{
	TSSymbol number = ts_node_symbol(node);

	if (number == (TSSymbol)-1)
		return SYMBOL_ERROR;
	return number < tree->n_kinds ? tree->kinds[number] : SYMBOL_OTHER;
}

static inline TSNode here(const struct snafu_java_tree *tree)
{
	return ts_tree_cursor_current_node(&tree->cursor);
}

static inline bool down(struct snafu_java_tree *tree)
{
	bool moved = ts_tree_cursor_goto_first_child(&tree->cursor);

	tree->depth += moved;
	return moved;
}

static inline void up(struct snafu_java_tree *tree)
{
	ts_tree_cursor_goto_parent(&tree->cursor);
	tree->depth--;
}

static inline bool next(struct snafu_java_tree *tree)
{
	return ts_tree_cursor_goto_next_sibling(&tree->cursor);
}

static inline struct scope *scope(struct snafu_java_tree *tree)
{
	return &tree->scopes[tree->n_scopes - 1];
}

/* java_nodes.c */

/* A node's text: comments go, white space becomes one space. */
const char *snafu_java_node_text(struct snafu_java_tree *tree, TSNode node);
bool snafu_java_node_is(const struct snafu_java_tree *tree, TSNode node, const char *word);
/* The line of a place in the source. Asked for in rising order. */
unsigned snafu_java_line_at(struct snafu_java_tree *tree, size_t target);
/* DEPTH: of the node that opens the scope. */
void snafu_java_push_scope(struct snafu_java_tree *tree, struct snafu_java_type *type,
                           const char *id, bool in_code, unsigned depth);
/* A type of that name in the scope, and its own scope; NULL where there is no name. */
struct snafu_java_type *snafu_java_open_type(struct snafu_java_tree *tree,
                                             enum snafu_java_kind kind, const char *name,
                                             unsigned depth);

/* java_declarations.c: each takes in the declaration at the cursor. */
void snafu_java_read_method(struct snafu_java_tree *tree, enum symbol kind);
void snafu_java_read_type(struct snafu_java_tree *tree, enum snafu_java_kind kind);
void snafu_java_read_field(struct snafu_java_tree *tree);
void snafu_java_read_enum_constant(struct snafu_java_tree *tree);
void snafu_java_push_maker(struct snafu_java_tree *tree);
void snafu_java_read_anonymous(struct snafu_java_tree *tree);
void snafu_java_read_package(struct snafu_java_tree *tree);
void snafu_java_read_import(struct snafu_java_tree *tree);
void snafu_java_read_broken_type(struct snafu_java_tree *tree, enum snafu_java_kind kind);
void snafu_java_read_broken_name(struct snafu_java_tree *tree);

#endif
