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

/* Bytes that tree-sitter is given; it needs some 100 times that, and more for text
 * whose brackets were not even counted. */
#define COMPACT_TEXT_CAP (2u << 20)
#define WHOLE_TEXT_CAP (1u << 20)
#define PARSE_TIME_CAP_US (10u * 1000 * 1000)
#define SCOPES_CAP 2000
#define NAME_CAP 1024 /* bytes of one name */

const TSLanguage *tree_sitter_java(void);

/* Node kinds by name, looked up once. */
#define SYMBOLS(X)                                                                            \
	X(annotation_type_body) X(annotation_type_declaration)                                     \
	X(annotation_type_element_declaration) X(asterisk) X(block) X(block_comment) \
	X(class_body) X(class_declaration) X(compact_constructor_declaration)                      \
	X(constant_declaration) X(constructor_declaration) X(dimensions) X(enum_constant)          \
	X(enum_declaration) X(field_declaration) X(formal_parameter) X(formal_parameters)          \
	X(generic_type) X(identifier) X(import_declaration) X(interface_declaration)               \
	X(line_comment) X(method_declaration) X(modifiers) X(object_creation_expression)           \
	X(package_declaration) X(receiver_parameter) X(record_declaration)                         \
	X(scoped_identifier) X(spread_parameter) X(super_interfaces) X(superclass) X(throws)       \
	X(type_identifier) X(type_parameter) X(type_parameters) X(variable_declarator)

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
	const char *id;   /* what names inside start with */
	unsigned depth;   /* of the cursor: the scope ends when it comes back here */
	bool in_code;     /* a method's or an initialiser's: classes in it are local */
	bool maker;       /* `new X()` or an enum constant, whose class body is anonymous... */
	TSNode node;      /* ...and this node */
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
	struct scope scopes[SCOPES_CAP];
	size_t n_scopes;
	size_t next_comment;            /* of the skimmer's */
	TSNode last_comment;            /* the Javadoc comment passed last, among siblings */
	bool has_last_comment;
	size_t line_at;                 /* source offset up to which lines were counted */
	unsigned line;
	bool carriage_returns;
	const char *module;
	bool broken;                    /* the node before was a lone `class` or the like... */
	enum snafu_java_kind broken_kind; /* ...that opens this... */
	unsigned broken_depth;          /* ...here */
};

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
		"marker_annotation", "annotation", "integral_type", "floating_point_type",
		"boolean_type", "void_type", "array_type", "annotated_type", "scoped_type_identifier",
		"type_arguments", "type_list", "permits", "extends_interfaces", "string_literal",
		"character_literal", "module_declaration",
	};
	static const struct {
		const char *word;
		enum symbol symbol;
	} keywords[] = {
		{"class", SYMBOL_CLASS_WORD},   {"interface", SYMBOL_INTERFACE_WORD},
		{"enum", SYMBOL_ENUM_WORD},     {"record", SYMBOL_RECORD_WORD},
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

/* ---- nodes and text ------------------------------------------------------ */

static enum symbol symbol(const struct snafu_java_tree *tree, TSNode node)
{
	TSSymbol number = ts_node_symbol(node);

	if (number == (TSSymbol)-1)
		return SYMBOL_ERROR;
	return number < tree->n_kinds ? tree->kinds[number] : SYMBOL_OTHER;
}

static TSNode here(const struct snafu_java_tree *tree)
{
	return ts_tree_cursor_current_node(&tree->cursor);
}

static bool down(struct snafu_java_tree *tree)
{
	bool moved = ts_tree_cursor_goto_first_child(&tree->cursor);

	tree->depth += moved;
	return moved;
}

static void up(struct snafu_java_tree *tree)
{
	ts_tree_cursor_goto_parent(&tree->cursor);
	tree->depth--;
}

static bool next(struct snafu_java_tree *tree)
{
	return ts_tree_cursor_goto_next_sibling(&tree->cursor);
}

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

static const char *node_text(struct snafu_java_tree *tree, TSNode node)
{
	return text_between(tree, ts_node_start_byte(node), ts_node_end_byte(node));
}

static bool node_is(const struct snafu_java_tree *tree, TSNode node, const char *word)
{
	size_t start = ts_node_start_byte(node), size = ts_node_end_byte(node) - start;

	return strlen(word) == size && memcmp(tree->text + start, word, size) == 0;
}

/* The line of a place in the source. Asked for in rising order. */
static unsigned line_at(struct snafu_java_tree *tree, size_t target)
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

static struct scope *scope(struct snafu_java_tree *tree)
{
	return &tree->scopes[tree->n_scopes - 1];
}

/* DEPTH: of the node that opens it. */
static void push_scope(struct snafu_java_tree *tree, struct snafu_java_type *type, const char *id,
                       bool in_code, unsigned depth)
{
	if (tree->n_scopes == SCOPES_CAP)
		return;
	tree->scopes[tree->n_scopes++] =
		(struct scope){.type = type, .id = id, .depth = depth, .in_code = in_code};
}

static struct snafu_java_type *open_type(struct snafu_java_tree *tree, enum snafu_java_kind kind,
                                         const char *name, unsigned depth)
{
	struct scope *outer = scope(tree);
	struct snafu_java_type *type = snafu_java_unit_add_type(tree->unit);

	if (!type)
		return NULL;
	type->kind = kind;
	type->outer = outer->type;
	type->id = snafu_java_unit_join(tree->unit, outer->id, name, strlen(name));
	if (outer->in_code || (outer->type && outer->type->flags & SNAFU_JAVA_LOCAL))
		type->flags |= SNAFU_JAVA_LOCAL;
	push_scope(tree, type, type->id, false, depth);
	return type;
}

/* ---- pieces of declarations; each with the cursor at the node in question ---- */

static unsigned read_modifiers(struct snafu_java_tree *tree)
{
	static const struct {
		const char *word;
		unsigned flag;
	} flags[] = {
		{"public", SNAFU_JAVA_PUBLIC},     {"private", SNAFU_JAVA_PRIVATE},
		{"static", SNAFU_JAVA_STATIC},     {"abstract", SNAFU_JAVA_ABSTRACT},
		{"native", SNAFU_JAVA_NATIVE},
	};
	unsigned found = 0;

	if (!down(tree))
		return 0;
	do {
		TSNode node = here(tree);

		for (size_t i = 0; !ts_node_is_named(node) && i < sizeof flags / sizeof *flags; i++)
			if (node_is(tree, node, flags[i].word))
				found |= flags[i].flag;
	} while (next(tree));
	up(tree);
	return found;
}

static const struct snafu_java_variable *read_variable(struct snafu_java_tree *tree)
{
	struct snafu_java_variable *variable =
		snafu_java_unit_alloc(tree->unit, sizeof *variable);

	if (!variable || !down(tree))
		return NULL;
	do {
		TSNode node = here(tree);
		enum symbol kind = symbol(tree, node);

		if (kind == SYMBOL_type_identifier || kind == SYMBOL_identifier) {
			variable->name = node_text(tree, node);
		} else if (variable->name && kind == SYMBOL_OTHER && ts_node_is_named(node)) {
			const char *bound = node_text(tree, node); /* extends A & B */

			if (strncmp(bound, "extends ", 8) == 0)
				variable->bound = bound + 8;
		}
	} while (next(tree));
	up(tree);
	return variable->name ? variable : NULL;
}

static const struct snafu_java_variable *read_variables(struct snafu_java_tree *tree)
{
	const struct snafu_java_variable *first = NULL;

	if (!down(tree))
		return NULL;
	do {
		if (symbol(tree, here(tree)) == SYMBOL_type_parameter) {
			struct snafu_java_variable *variable =
				(struct snafu_java_variable *)read_variable(tree);

			if (variable) {
				variable->next = first;
				first = variable;
			}
		}
	} while (next(tree));
	up(tree);
	return first;
}

/* TYPE with the brackets that stand behind the name: `int a[]`. */
static const char *with_dimensions(struct snafu_java_tree *tree, const char *type,
                                   const char *dimensions)
{
	size_t size = strlen(type), more = strlen(dimensions);
	char *joined = snafu_java_unit_alloc(tree->unit, size + more + 1);

	if (!joined)
		return "";
	memcpy(joined, type, size);
	memcpy(joined + size, dimensions, more);
	return joined;
}

/* The name and the dimensions in a variable_declarator. */
static void read_declarator(struct snafu_java_tree *tree, const char **ret_name,
                            const char **ret_dimensions)
{
	if (!down(tree))
		return;
	do {
		TSFieldId field = ts_tree_cursor_current_field_id(&tree->cursor);

		if (field == tree->name)
			*ret_name = node_text(tree, here(tree));
		else if (symbol(tree, here(tree)) == SYMBOL_dimensions)
			*ret_dimensions = node_text(tree, here(tree));
	} while (next(tree));
	up(tree);
}

static void read_parameter(struct snafu_java_tree *tree, bool spread,
                           struct snafu_java_parameter *parameter)
{
	const char *type = NULL, *dimensions = NULL;

	parameter->variadic = spread;
	if (!down(tree))
		return;
	do {
		TSNode node = here(tree);
		enum symbol kind = symbol(tree, node);

		if (kind == SYMBOL_modifiers || kind == SYMBOL_block_comment || kind == SYMBOL_line_comment)
			continue;
		if (kind == SYMBOL_variable_declarator)
			read_declarator(tree, &parameter->name, &dimensions);
		else if (ts_tree_cursor_current_field_id(&tree->cursor) == tree->name)
			parameter->name = node_text(tree, node);
		else if (kind == SYMBOL_dimensions)
			dimensions = node_text(tree, node);
		else if (!type && ts_node_is_named(node))
			type = node_text(tree, node);
	} while (next(tree));
	up(tree);
	if (type && dimensions)
		type = with_dimensions(tree, type, dimensions);
	if (type && spread)
		type = with_dimensions(tree, type, "...");
	parameter->type = type;
}

/* At formal_parameters. False when they cannot be trusted. */
static bool read_parameters(struct snafu_java_tree *tree, struct snafu_java_parameter *parameters,
                            size_t *ret_count)
{
	size_t count = 0;
	bool good = !ts_node_has_error(here(tree));

	if (!good || !down(tree))
		return good;
	do {
		enum symbol kind = symbol(tree, here(tree));

		if (kind != SYMBOL_formal_parameter && kind != SYMBOL_spread_parameter)
			continue;
		if (count == SNAFU_JAVA_PARAMETERS_CAP) {
			good = false;
			break;
		}
		parameters[count] = (struct snafu_java_parameter){0};
		read_parameter(tree, kind == SYMBOL_spread_parameter, &parameters[count]);
		good = good && parameters[count].name && parameters[count].type;
		count++;
	} while (next(tree));
	up(tree);
	*ret_count = count;
	return good;
}

/* ---- declarations -------------------------------------------------------- */

/* The Javadoc comment of the declaration NODE. */
static void find_javadoc(struct snafu_java_tree *tree, TSNode node,
                         struct snafu_java_member *member)
{
	const struct snafu_java_skim *skim = &tree->skim;
	size_t at = snafu_java_skim_source(skim, ts_node_start_byte(node));

	while (tree->next_comment < skim->n_comments &&
	       skim->comments[tree->next_comment].declaration < at)
		tree->next_comment++;
	if (tree->next_comment < skim->n_comments &&
	    skim->comments[tree->next_comment].declaration == at) {
		const struct snafu_java_comment *comment = &skim->comments[tree->next_comment];

		member->javadoc = tree->source + comment->start;
		member->javadoc_size = comment->end - comment->start;
	} else if (tree->has_last_comment) {
		size_t start = ts_node_start_byte(tree->last_comment);

		member->javadoc = tree->text + start;
		member->javadoc_size = ts_node_end_byte(tree->last_comment) - start;
	}
}

/* In an interface everything is public unless it says otherwise. */
static unsigned implied_flags(const struct snafu_java_type *type, unsigned flags)
{
	if ((type->kind == SNAFU_JAVA_INTERFACE || type->kind == SNAFU_JAVA_ANNOTATION) &&
	    !(flags & SNAFU_JAVA_PRIVATE))
		flags |= SNAFU_JAVA_PUBLIC;
	return flags;
}

/* The class around a method that has none (Java 21's compact source files). */
static struct snafu_java_type *implicit_class(struct snafu_java_tree *tree)
{
	struct snafu_java_type *type;

	if (tree->n_scopes > 1 || !(type = snafu_java_unit_add_type(tree->unit)))
		return NULL;
	const char *dot = strrchr(tree->module, '.'), *name = dot ? dot + 1 : tree->module;
	type->id = snafu_java_unit_join(tree->unit, tree->scopes[0].id, name, strlen(name));
	tree->scopes[0].type = type;
	tree->scopes[0].id = type->id;
	return type;
}

static void read_method(struct snafu_java_tree *tree, enum symbol kind)
{
	struct snafu_java_parameter parameters[SNAFU_JAVA_PARAMETERS_CAP];
	struct snafu_java_member found = {.type = scope(tree)->type};
	const char *dimensions = NULL;
	TSNode method = here(tree);
	bool good = true, body = false, constructor = kind == SYMBOL_constructor_declaration;
	size_t name_at = 0;

	if (!found.type)
		found.type = implicit_class(tree);
	if (!found.type || !down(tree))
		return;
	do {
		TSNode node = here(tree);
		TSFieldId field = ts_tree_cursor_current_field_id(&tree->cursor);
		enum symbol part = symbol(tree, node);

		if (part == SYMBOL_ERROR) {
			good = body;
		} else if (part == SYMBOL_modifiers) {
			found.flags |= read_modifiers(tree);
		} else if (part == SYMBOL_type_parameters) {
			found.variables = read_variables(tree);
		} else if (field == tree->type) {
			found.returns = node_text(tree, node);
		} else if (field == tree->name) {
			name_at = ts_node_start_byte(node);
			found.name = node_text(tree, node);
			good = good && *found.name && !ts_node_is_missing(node);
		} else if (part == SYMBOL_formal_parameters) {
			good = read_parameters(tree, parameters, &found.n_parameters) && good;
		} else if (part == SYMBOL_dimensions) {
			dimensions = node_text(tree, node);
		} else if (field == tree->body) {
			body = true;
		}
	} while (next(tree));
	up(tree);
	if (!good || !found.name || (!constructor && !found.returns))
		return;
	if (dimensions && found.returns)
		found.returns = with_dimensions(tree, found.returns, dimensions);
	found.line = line_at(tree, snafu_java_skim_source(&tree->skim, name_at));
	found.flags = implied_flags(found.type, found.flags);
	if (constructor)
		found.flags |= SNAFU_JAVA_CONSTRUCTOR;
	else if (!body && !(found.flags & SNAFU_JAVA_NATIVE))
		found.flags |= SNAFU_JAVA_ABSTRACT;
	find_javadoc(tree, method, &found);
	size_t size = found.n_parameters * sizeof *parameters;
	found.parameters = snafu_java_unit_alloc(tree->unit, size);
	struct snafu_java_member *member =
		found.parameters ? snafu_java_unit_add_member(tree->unit) : NULL;
	if (!member)
		return;
	memcpy(found.parameters, parameters, size);
	*member = found;
	found.type->n_members++;
	if (body) {
		const char *id = snafu_java_unit_join(tree->unit, scope(tree)->id, found.name,
		                                      strlen(found.name));
		push_scope(tree, found.type, id, true, tree->depth);
	}
}

/* A record's components. At formal_parameters. */
static void read_components(struct snafu_java_tree *tree, struct snafu_java_type *type)
{
	struct snafu_java_parameter components[SNAFU_JAVA_PARAMETERS_CAP];
	size_t count = 0;

	read_parameters(tree, components, &count);
	for (size_t i = 0; i < count; i++)
		if (components[i].name && components[i].type)
			snafu_java_type_add_field(tree->unit, type, components[i].name,
			                          components[i].type);
}

/* `extends Base`: the type. At superclass. */
static const char *read_superclass(struct snafu_java_tree *tree)
{
	const char *text = node_text(tree, here(tree));

	return strncmp(text, "extends ", 8) == 0 ? text + 8 : NULL;
}

static void read_type(struct snafu_java_tree *tree, enum snafu_java_kind kind)
{
	struct snafu_java_type *type = NULL;
	const struct snafu_java_variable *variables = NULL;
	unsigned flags = 0, depth = tree->depth;

	if (!down(tree))
		return;
	do {
		TSNode node = here(tree);
		enum symbol part = symbol(tree, node);

		if (part == SYMBOL_modifiers)
			flags = read_modifiers(tree);
		else if (!type && ts_tree_cursor_current_field_id(&tree->cursor) == tree->name)
			type = open_type(tree, kind, node_text(tree, node), depth);
		else if (part == SYMBOL_type_parameters)
			variables = read_variables(tree);
		else if (type && part == SYMBOL_superclass)
			type->super = read_superclass(tree);
		else if (type && part == SYMBOL_formal_parameters)
			read_components(tree, type);
	} while (next(tree));
	up(tree);
	if (type) {
		type->flags |= flags & (SNAFU_JAVA_ABSTRACT | SNAFU_JAVA_PUBLIC | SNAFU_JAVA_STATIC);
		type->variables = variables;
	}
}

/* Public fields are what JSON sees of an object. */
static void read_field(struct snafu_java_tree *tree)
{
	struct snafu_java_type *owner = scope(tree)->type;
	const char *type = NULL;

	if (!owner || owner->kind != SNAFU_JAVA_CLASS || !down(tree))
		return;
	do {
		enum symbol part = symbol(tree, here(tree));

		if (part == SYMBOL_modifiers) {
			unsigned flags = read_modifiers(tree);

			if (!(flags & SNAFU_JAVA_PUBLIC) || flags & SNAFU_JAVA_STATIC)
				break;
		} else if (ts_tree_cursor_current_field_id(&tree->cursor) == tree->type) {
			type = node_text(tree, here(tree));
		} else if (part == SYMBOL_variable_declarator && type) {
			const char *name = NULL, *dimensions = NULL;

			read_declarator(tree, &name, &dimensions);
			if (name)
				snafu_java_type_add_field(
					tree->unit, owner, name,
					dimensions ? with_dimensions(tree, type, dimensions) : type);
		} else if (!type) {
			break; /* no modifiers: not public */
		}
	} while (next(tree));
	up(tree);
}

static void read_enum_constant(struct snafu_java_tree *tree)
{
	struct snafu_java_type *owner = scope(tree)->type;
	TSNode name = ts_node_child_by_field_id(here(tree), tree->name);

	if (owner && !ts_node_is_null(name))
		snafu_java_type_add_value(tree->unit, owner, node_text(tree, name));
}

/* `new X()` or an enum constant: a class body right below is anonymous. */
static void push_maker(struct snafu_java_tree *tree)
{
	struct scope *outer = scope(tree);
	size_t count = tree->n_scopes;

	push_scope(tree, outer->type, outer->id, outer->in_code, tree->depth);
	if (tree->n_scopes > count) {
		scope(tree)->maker = true;
		scope(tree)->node = here(tree);
	}
}

/* A class body. Nothing happens when it belongs to a declaration. */
static void read_anonymous(struct snafu_java_tree *tree)
{
	TSNode parent = scope(tree)->node;
	const char *base = NULL;
	char name[NAME_CAP];
	struct snafu_java_type *type;

	if (!scope(tree)->maker || scope(tree)->depth + 1 != tree->depth)
		return;
	if (symbol(tree, parent) == SYMBOL_object_creation_expression) {
		TSNode node = ts_node_child_by_field_id(parent, tree->type);

		base = ts_node_is_null(node) ? "" : node_text(tree, node);
	} else if (symbol(tree, parent) == SYMBOL_enum_constant && scope(tree)->type) {
		base = scope(tree)->type->id;
	} else {
		return;
	}
	size_t size = strcspn(base, "<( @");
	for (size_t i = size; i > 0; i--)
		if (base[i - 1] == '.') {
			base += i;
			size -= i;
			break;
		}
	if (size + 2 > sizeof name)
		size = sizeof name - 2;
	name[0] = '$';
	memcpy(name + 1, base, size);
	name[size + 1] = '\0';
	type = open_type(tree, SNAFU_JAVA_CLASS, name, tree->depth);
	if (type)
		type->flags |= SNAFU_JAVA_LOCAL;
}

/* The first identifier or scoped_identifier among the children. */
static const char *read_dotted(struct snafu_java_tree *tree, bool *ret_star)
{
	const char *name = NULL;

	*ret_star = false;
	if (!down(tree))
		return NULL;
	do {
		TSNode node = here(tree);
		enum symbol part = symbol(tree, node);

		if (part == SYMBOL_scoped_identifier || part == SYMBOL_identifier)
			name = node_text(tree, node);
		else if (part == SYMBOL_asterisk || node_is(tree, node, "static"))
			*ret_star = true;
	} while (next(tree));
	up(tree);
	return name;
}

static void read_package(struct snafu_java_tree *tree)
{
	bool star;
	const char *name = read_dotted(tree, &star);

	if (!name || tree->n_scopes != 1)
		return;
	tree->unit->package = name;
	tree->scopes[0].id = name;
}

static void read_import(struct snafu_java_tree *tree)
{
	bool star;
	const char *name = read_dotted(tree, &star);
	const char *dot = name ? strrchr(name, '.') : NULL;
	struct snafu_java_import *import;

	if (!dot || star || !(import = snafu_java_unit_alloc(tree->unit, sizeof *import)))
		return;
	*import = (struct snafu_java_import){
		.name = name, .simple = dot + 1, .next = tree->unit->imports};
	tree->unit->imports = import;
}

/* `class` `Name` among the pieces of a declaration that did not parse: what
 * follows them belongs to that class. At the keyword, then at the name. */
static void read_broken_type(struct snafu_java_tree *tree, enum snafu_java_kind kind)
{
	if (scope(tree)->depth + 1 == tree->depth && tree->n_scopes > 1)
		return; /* the keyword of a declaration that is fine */
	tree->broken = true;
	tree->broken_kind = kind;
	tree->broken_depth = tree->depth;
}

static void read_broken_name(struct snafu_java_tree *tree)
{
	if (tree->depth == tree->broken_depth && tree->depth > 0)
		open_type(tree, tree->broken_kind, node_text(tree, here(tree)), tree->depth - 1);
}

/* ---- the walk ------------------------------------------------------------ */

/* Takes in the node at the cursor. Whether its children are to be walked. */
static bool enter(struct snafu_java_tree *tree)
{
	enum symbol kind = symbol(tree, here(tree));
	bool broken = tree->broken;

	tree->broken = false;
	switch (kind) {
	case SYMBOL_package_declaration:
		read_package(tree);
		return false;
	case SYMBOL_import_declaration:
		read_import(tree);
		return false;
	case SYMBOL_class_declaration:
		read_type(tree, SNAFU_JAVA_CLASS);
		return true;
	case SYMBOL_interface_declaration:
		read_type(tree, SNAFU_JAVA_INTERFACE);
		return true;
	case SYMBOL_enum_declaration:
		read_type(tree, SNAFU_JAVA_ENUM);
		return true;
	case SYMBOL_record_declaration:
		read_type(tree, SNAFU_JAVA_RECORD);
		return true;
	case SYMBOL_annotation_type_declaration:
		read_type(tree, SNAFU_JAVA_ANNOTATION);
		return true;
	case SYMBOL_class_body:
		read_anonymous(tree);
		return true;
	case SYMBOL_method_declaration:
	case SYMBOL_constructor_declaration:
	case SYMBOL_annotation_type_element_declaration:
		read_method(tree, kind);
		return true;
	case SYMBOL_compact_constructor_declaration:
		push_scope(tree, scope(tree)->type, scope(tree)->id, true, tree->depth);
		return true;
	case SYMBOL_field_declaration:
		read_field(tree);
		push_scope(tree, scope(tree)->type, scope(tree)->id, true, tree->depth);
		return true;
	case SYMBOL_constant_declaration:
	case SYMBOL_block:
		if (!scope(tree)->in_code)
			push_scope(tree, scope(tree)->type, scope(tree)->id, true, tree->depth);
		return true;
	case SYMBOL_enum_constant:
		read_enum_constant(tree);
		push_maker(tree);
		return true;
	case SYMBOL_object_creation_expression:
		push_maker(tree);
		return true;
	case SYMBOL_CLASS_WORD:
		read_broken_type(tree, SNAFU_JAVA_CLASS);
		return false;
	case SYMBOL_INTERFACE_WORD:
		read_broken_type(tree, SNAFU_JAVA_INTERFACE);
		return false;
	case SYMBOL_ENUM_WORD:
		read_broken_type(tree, SNAFU_JAVA_ENUM);
		return false;
	case SYMBOL_RECORD_WORD:
		read_broken_type(tree, SNAFU_JAVA_RECORD);
		return false;
	case SYMBOL_ANNOTATION_WORD:
		read_broken_type(tree, SNAFU_JAVA_ANNOTATION);
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
	case SYMBOL_block_comment:
		return false;
	case SYMBOL_identifier:
		if (broken)
			read_broken_name(tree);
		return false;
	default:
		return true;
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
	                         line_at(tree, at),
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
	push_scope(tree, NULL, "", false, 0);
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
	*ret_parsed = ts_parser_parse_string(tree->parser, NULL, tree->skim.text,
	                                     (uint32_t)tree->skim.size);
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
