/* scanner/java_model.c — see java_model.h: the tables of a unit, and how its
 * members become descriptors. */
#include "scanner/java_model.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/file.h"

#define TABLE_TRIES 64 /* places looked at; names made to collide are not found */

void snafu_java_unit_begin(struct snafu_java_unit *unit, struct snafu_functions *functions)
{
	for (size_t i = 0; i < unit->n_types; i++) {
		free(unit->types[i]->values);
		unit->types[i]->values = NULL;
	}
	free(unit->table);
	*unit = (struct snafu_java_unit){
		.functions = functions,
		.arena = &functions->arena,
		.package = "",
		.types = unit->types,
		.types_capacity = unit->types_capacity,
		.members = unit->members,
		.members_capacity = unit->members_capacity,
	};
}

void snafu_java_unit_done(struct snafu_java_unit *unit)
{
	for (size_t i = 0; i < unit->n_types; i++)
		free(unit->types[i]->values);
	free(unit->types);
	free(unit->members);
	free(unit->table);
	*unit = (struct snafu_java_unit){0};
}

/* Makes room for one more element of SIZE bytes. */
static bool grow(struct snafu_java_unit *unit, void *array, size_t *capacity, size_t count,
                 size_t size)
{
	if (snafu_array_grow(array, capacity, count, size)) {
		unit->out_of_memory = true;
		return false;
	}
	return true;
}

void *snafu_java_unit_alloc(struct snafu_java_unit *unit, size_t size)
{
	void *memory = snafu_arena_alloc(unit->arena, size);

	unit->used += size + 16;
	if (!memory)
		unit->out_of_memory = true;
	return memory;
}

struct snafu_java_type *snafu_java_unit_add_type(struct snafu_java_unit *unit)
{
	struct snafu_java_type *type;

	if (!grow(unit, &unit->types, &unit->types_capacity, unit->n_types, sizeof *unit->types))
		return NULL;
	type = snafu_java_unit_alloc(unit, sizeof *type);
	if (!type)
		return NULL;
	type->last_field = &type->fields;
	type->first_member = unit->n_members;
	unit->types[unit->n_types++] = type;
	return type;
}

struct snafu_java_member *snafu_java_unit_add_member(struct snafu_java_unit *unit)
{
	if (unit->used > unit->budget) {
		unit->over_budget = true;
		return NULL;
	}
	if (!grow(unit, &unit->members, &unit->members_capacity, unit->n_members,
	          sizeof *unit->members))
		return NULL;
	struct snafu_java_member *member = &unit->members[unit->n_members++];
	*member = (struct snafu_java_member){0};
	return member;
}

const char *snafu_java_unit_copy(struct snafu_java_unit *unit, const char *text, size_t size)
{
	const char *copy = snafu_arena_copy(unit->arena, text, size);

	unit->used += size + 16;
	if (!copy)
		unit->out_of_memory = true;
	return copy ? copy : "";
}

const char *snafu_java_unit_join(struct snafu_java_unit *unit, const char *a, const char *b,
                                 size_t b_size)
{
	size_t a_size = strlen(a);
	char *joined;

	if (!a_size)
		return snafu_java_unit_copy(unit, b, b_size);
	joined = snafu_java_unit_alloc(unit, a_size + b_size + 2);
	if (!joined)
		return "";
	memcpy(joined, a, a_size);
	joined[a_size] = '.';
	memcpy(joined + a_size + 1, b, b_size);
	return joined;
}

void snafu_java_type_add_field(struct snafu_java_unit *unit, struct snafu_java_type *type,
                               const char *name, const char *type_text)
{
	/* What a syntax error left out has no text. */
	if (!*name || !*type_text)
		return;
	struct snafu_java_field *field = snafu_java_unit_alloc(unit, sizeof *field);
	if (!field)
		return;
	*field = (struct snafu_java_field){.name = name, .type = type_text};
	*type->last_field = field;
	type->last_field = &field->next;
}

void snafu_java_type_add_value(struct snafu_java_unit *unit, struct snafu_java_type *type,
                               const char *name)
{
	if (*name &&
	    grow(unit, &type->values, &type->values_capacity, type->n_values, sizeof *type->values))
		type->values[type->n_values++] = name;
}

/* ---- the table of types by id -------------------------------------------- */

/* Where the type of that id is or would be; a size of table when neither is near. */
static size_t table_place(const struct snafu_java_unit *unit, const char *id, size_t size)
{
	size_t mask = unit->table_size - 1;
	size_t at = snafu_hash(SNAFU_HASH_START, id, size) & mask;

	for (size_t tries = 0; tries < TABLE_TRIES; tries++, at = (at + 1) & mask) {
		const struct snafu_java_type *type = unit->table[at];

		if (!type || (strncmp(type->id, id, size) == 0 && type->id[size] == '\0'))
			return at;
	}
	return unit->table_size;
}

/* Of types with the same id the first counts. */
static bool make_table(struct snafu_java_unit *unit)
{
	size_t size = 16;

	while (size < unit->n_types * 2)
		size *= 2;
	unit->table = calloc(size, sizeof(struct snafu_java_type *));
	if (!unit->table)
		return false;
	unit->table_size = size;
	for (size_t i = 0; i < unit->n_types; i++) {
		const char *id = unit->types[i]->id;
		size_t at = table_place(unit, id, strlen(id));

		if (at < size && !unit->table[at])
			unit->table[at] = unit->types[i];
	}
	return true;
}

struct snafu_java_type *snafu_java_unit_find(const struct snafu_java_unit *unit, const char *id,
                                             size_t size)
{
	size_t at = table_place(unit, id, size);

	return at < unit->table_size ? unit->table[at] : NULL;
}

/* ---- descriptors --------------------------------------------------------- */

/* Why MEMBER cannot be called, or NULL. */
static const char *reason(const struct snafu_java_member *member)
{
	const struct snafu_java_type *type = member->type;
	bool abstract_type = type->flags & SNAFU_JAVA_ABSTRACT || type->kind == SNAFU_JAVA_INTERFACE ||
	                     type->kind == SNAFU_JAVA_ANNOTATION;

	if (type->flags & SNAFU_JAVA_LOCAL)
		return "a method of a local or anonymous class: only the code around it can reach it";
	if (member->flags & SNAFU_JAVA_CONSTRUCTOR) {
		if (type->kind == SNAFU_JAVA_ENUM)
			return "a constructor of an enum: its objects are its constants";
		if (abstract_type)
			return "a constructor of an abstract class: only a class that extends it can call it";
		return member->flags & SNAFU_JAVA_PRIVATE
		           ? "private"
		           : "a constructor: call a method and give its arguments as \"this\"";
	}
	if (member->flags & SNAFU_JAVA_PRIVATE)
		return "private";
	if (member->flags & SNAFU_JAVA_NATIVE)
		return "native: its body is in a library outside of this source";
	if (member->flags & SNAFU_JAVA_ABSTRACT)
		return "abstract: it has no body";
	if (member->flags & SNAFU_JAVA_STATIC || !abstract_type || type->kind == SNAFU_JAVA_ENUM)
		return NULL;
	return type->kind == SNAFU_JAVA_CLASS
	           ? "an instance method of an abstract class: no object of it can be made"
	           : "an instance method of an interface: no object of it can be made";
}

static enum snafu_function_kind kind(const struct snafu_java_member *member)
{
	if (member->type->flags & SNAFU_JAVA_LOCAL)
		return SNAFU_NESTED_FUNCTION;
	if (member->flags & SNAFU_JAVA_CONSTRUCTOR)
		return SNAFU_CONSTRUCTOR;
	return member->flags & SNAFU_JAVA_STATIC ? SNAFU_STATIC_METHOD : SNAFU_METHOD;
}

/* An event that may be an object is described as one: its members are the arguments. */
static void describe_event(struct snafu_parameter *event)
{
	static const struct snafu_shape any = {.kind = SNAFU_SHAPE_ANY};

	switch (event->shape->kind) {
	case SNAFU_SHAPE_MAP:
		event->kind = SNAFU_PARAMETER_KEYWORDS;
		event->shape = event->shape->items ? event->shape->items : &any;
		break;
	case SNAFU_SHAPE_ANY:
	case SNAFU_SHAPE_OBJECT:
		event->kind = SNAFU_PARAMETER_KEYWORDS;
		event->shape = &any;
		break;
	default: break; /* given by name, position, or as it is */
	}
}

static const struct snafu_parameter *parameters(struct snafu_java_unit *unit,
                                                const struct snafu_java_member *member,
                                                const char *const *docs, size_t *ret_count)
{
	struct snafu_parameter *made;
	bool whole;
	size_t count = snafu_java_events(unit, member, &whole);

	if (!count)
		return NULL;
	made = snafu_java_unit_alloc(unit, count * sizeof *made);
	for (size_t i = 0; made && i < count; i++) {
		const struct snafu_java_parameter *parameter = &member->parameters[i];

		made[i] = (struct snafu_parameter){
			.name = parameter->name,
			.type = parameter->type,
			.native = parameter->native,
			.doc = docs[i],
			.kind = parameter->variadic ? SNAFU_PARAMETER_VARIADIC : SNAFU_PARAMETER_NORMAL,
			.shape = snafu_java_shape(unit, member, parameter->type),
		};
	}
	if (made && whole)
		describe_event(made);
	*ret_count = made ? count : 0;
	return made;
}

static bool emit(struct snafu_java_unit *unit, const struct snafu_java_member *member)
{
	struct snafu_function *function = snafu_functions_add(unit->functions);
	const char *docs[SNAFU_JAVA_PARAMETERS_CAP] = {0};
	size_t name_size = strlen(member->name);

	if (!function)
		return false;
	function->id = snafu_java_unit_join(unit, member->type->id, member->name, name_size);
	function->name = function->id + strlen(function->id) - (*function->id ? name_size : 0);
	function->language = "java";
	function->file = member->file ? member->file : unit->file;
	function->source = unit->jar;
	function->root = member->type->root ? member->type->root : unit->root;
	function->line = member->line;
	function->kind = kind(member);
	if (member->javadoc)
		function->doc = snafu_java_doc(unit->arena, member->javadoc, member->javadoc_size,
		                               member->parameters, member->n_parameters, docs);
	function->parameters = parameters(unit, member, docs, &function->n_parameters);
	function->returns = member->returns;
	function->returns_native = member->returns_native;
	if (member->returns)
		function->returns_shape = snafu_java_shape(unit, member, member->returns);
	function->reason = reason(member);
	return !unit->out_of_memory;
}

int snafu_java_unit_emit(struct snafu_java_unit *unit)
{
	if (unit->out_of_memory || !make_table(unit))
		return -ENOMEM;
	for (size_t i = 0; i < unit->n_members && !unit->over_budget; i++) {
		if (!emit(unit, &unit->members[i]))
			return -ENOMEM;
		unit->over_budget = unit->used > unit->budget;
	}
	if (unit->over_budget)
		snafu_functions_diagnose(unit->functions, SNAFU_WARNING, unit->file, 0,
		                         "names and types are too long for a file of this size: "
		                         "the rest of it is left out");
	return 0;
}
