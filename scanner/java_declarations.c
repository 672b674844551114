/* scanner/java_declarations.c — declarations in the Java tree into types and
 * members: called by the walk in java_tree.c with the cursor at the node, which
 * is where they leave it. */
#include <string.h>

#include "scanner/java_walk.h"

#define NAME_CAP 1024 /* bytes of one name */

/* ---- pieces of declarations; each with the cursor at the node in question ---- */

static unsigned read_modifiers(struct snafu_java_tree *tree)
{
	static const struct {
		const char *word;
		unsigned flag;
	} flags[] = {
		{"public", SNAFU_JAVA_PUBLIC}, {"private", SNAFU_JAVA_PRIVATE},
		{"static", SNAFU_JAVA_STATIC}, {"abstract", SNAFU_JAVA_ABSTRACT},
		{"native", SNAFU_JAVA_NATIVE},
	};
	unsigned found = 0;

	if (!down(tree))
		return 0;
	do {
		TSNode node = here(tree);

		for (size_t i = 0; !ts_node_is_named(node) && i < sizeof flags / sizeof *flags; i++)
			if (snafu_java_node_is(tree, node, flags[i].word))
				found |= flags[i].flag;
	} while (next(tree));
	up(tree);
	return found;
}

static const struct snafu_java_variable *read_variable(struct snafu_java_tree *tree)
{
	struct snafu_java_variable *variable = snafu_java_unit_alloc(tree->unit, sizeof *variable);

	if (!variable || !down(tree))
		return NULL;
	do {
		TSNode node = here(tree);
		enum symbol kind = symbol(tree, node);

		if (kind == SYMBOL_type_identifier || kind == SYMBOL_identifier) {
			variable->name = snafu_java_node_text(tree, node);
		} else if (variable->name && kind == SYMBOL_OTHER && ts_node_is_named(node)) {
			const char *bound = snafu_java_node_text(tree, node); /* extends A & B */

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
			*ret_name = snafu_java_node_text(tree, here(tree));
		else if (symbol(tree, here(tree)) == SYMBOL_dimensions)
			*ret_dimensions = snafu_java_node_text(tree, here(tree));
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
			parameter->name = snafu_java_node_text(tree, node);
		else if (kind == SYMBOL_dimensions)
			dimensions = snafu_java_node_text(tree, node);
		else if (!type && ts_node_is_named(node))
			type = snafu_java_node_text(tree, node);
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

void snafu_java_read_method(struct snafu_java_tree *tree, enum symbol kind)
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
			found.returns = snafu_java_node_text(tree, node);
		} else if (field == tree->name) {
			name_at = ts_node_start_byte(node);
			found.name = snafu_java_node_text(tree, node);
			good = good && *found.name && !ts_node_is_missing(node);
		} else if (part == SYMBOL_formal_parameters) {
			good = read_parameters(tree, parameters, &found.n_parameters) && good;
		} else if (part == SYMBOL_dimensions) {
			dimensions = snafu_java_node_text(tree, node);
		} else if (field == tree->body) {
			body = true;
		}
	} while (next(tree));
	up(tree);
	if (!good || !found.name || (!constructor && !found.returns))
		return;
	if (dimensions && found.returns)
		found.returns = with_dimensions(tree, found.returns, dimensions);
	found.line = snafu_java_line_at(tree, snafu_java_skim_source(&tree->skim, name_at));
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
		const char *id =
			snafu_java_unit_join(tree->unit, scope(tree)->id, found.name, strlen(found.name));
		snafu_java_push_scope(tree, found.type, id, true, tree->depth);
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
			snafu_java_type_add_field(tree->unit, type, components[i].name, components[i].type);
}

/* `extends Base`: the type. At superclass. */
static const char *read_superclass(struct snafu_java_tree *tree)
{
	const char *text = snafu_java_node_text(tree, here(tree));

	return strncmp(text, "extends ", 8) == 0 ? text + 8 : NULL;
}

void snafu_java_read_type(struct snafu_java_tree *tree, enum snafu_java_kind kind)
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
			type = snafu_java_open_type(tree, kind, snafu_java_node_text(tree, node), depth);
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
void snafu_java_read_field(struct snafu_java_tree *tree)
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
			type = snafu_java_node_text(tree, here(tree));
		} else if (part == SYMBOL_variable_declarator && type) {
			const char *name = NULL, *dimensions = NULL;

			read_declarator(tree, &name, &dimensions);
			if (name)
				snafu_java_type_add_field(tree->unit, owner, name,
				                          dimensions ? with_dimensions(tree, type, dimensions)
				                                     : type);
		} else if (!type) {
			break; /* no modifiers: not public */
		}
	} while (next(tree));
	up(tree);
}

void snafu_java_read_enum_constant(struct snafu_java_tree *tree)
{
	struct snafu_java_type *owner = scope(tree)->type;
	TSNode name = ts_node_child_by_field_id(here(tree), tree->name);

	if (owner && !ts_node_is_null(name))
		snafu_java_type_add_value(tree->unit, owner, snafu_java_node_text(tree, name));
}

/* `new X()` or an enum constant: a class body right below is anonymous. */
void snafu_java_push_maker(struct snafu_java_tree *tree)
{
	struct scope *outer = scope(tree);
	size_t count = tree->n_scopes;

	snafu_java_push_scope(tree, outer->type, outer->id, outer->in_code, tree->depth);
	if (tree->n_scopes > count) {
		scope(tree)->maker = true;
		scope(tree)->node = here(tree);
	}
}

/* A class body. Nothing happens when it belongs to a declaration. */
void snafu_java_read_anonymous(struct snafu_java_tree *tree)
{
	TSNode parent = scope(tree)->node;
	const char *base = NULL;
	char name[NAME_CAP];
	struct snafu_java_type *type;

	if (!scope(tree)->maker || scope(tree)->depth + 1 != tree->depth)
		return;
	if (symbol(tree, parent) == SYMBOL_object_creation_expression) {
		TSNode node = ts_node_child_by_field_id(parent, tree->type);

		base = ts_node_is_null(node) ? "" : snafu_java_node_text(tree, node);
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
	type = snafu_java_open_type(tree, SNAFU_JAVA_CLASS, name, tree->depth);
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
			name = snafu_java_node_text(tree, node);
		else if (part == SYMBOL_asterisk || snafu_java_node_is(tree, node, "static"))
			*ret_star = true;
	} while (next(tree));
	up(tree);
	return name;
}

void snafu_java_read_package(struct snafu_java_tree *tree)
{
	bool star;
	const char *name = read_dotted(tree, &star);

	if (!name || tree->n_scopes != 1)
		return;
	tree->unit->package = name;
	tree->scopes[0].id = name;
}

void snafu_java_read_import(struct snafu_java_tree *tree)
{
	bool star;
	const char *name = read_dotted(tree, &star);
	const char *dot = name ? strrchr(name, '.') : NULL;
	struct snafu_java_import *import;

	if (!dot || !(import = snafu_java_unit_alloc(tree->unit, sizeof *import)))
		return;
	*import = (struct snafu_java_import){.name = name,
	                                     .simple = star ? "*" : dot + 1,
	                                     .next = tree->unit->imports};
	tree->unit->imports = import;
}

/* `class` `Name` among the pieces of a declaration that did not parse: what
 * follows them belongs to that class. At the keyword, then at the name. */
void snafu_java_read_broken_type(struct snafu_java_tree *tree, enum snafu_java_kind kind)
{
	if (scope(tree)->depth + 1 == tree->depth && tree->n_scopes > 1)
		return; /* the keyword of a declaration that is fine */
	tree->broken = true;
	tree->broken_kind = kind;
	tree->broken_depth = tree->depth;
}

void snafu_java_read_broken_name(struct snafu_java_tree *tree)
{
	if (tree->depth == tree->broken_depth && tree->depth > 0)
		snafu_java_open_type(tree, tree->broken_kind, snafu_java_node_text(tree, here(tree)),
		                     tree->depth - 1);
}
