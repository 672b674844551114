/* scanner/java_shape.c — what values a Java type takes, in JSON's terms. Works on
 * types as written ("Map<String, int[]>..."), so that source and class files are
 * treated alike; class files have been turned into that notation before.
 *
 * Names resolve as in Java: type variables, types of this unit from the inside
 * out, single-type imports, then the library. Type text is hostile: depth and
 * size of what is made from it are capped, and what is over a cap is ANY. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "scanner/java_library.h"
#include "scanner/java_model.h"

#define TYPE_DEPTH_CAP    16 /* type arguments inside each other */
#define DIMENSIONS_CAP    8 /* of an array; more is an array of anything */
#define OBJECT_DEPTH_CAP  8 /* objects inside each other */
#define OBJECT_WEIGHT_CAP 400 /* shapes in an object, written out in full */
#define NAME_CAP          512 /* bytes of one qualified name */

struct reader {
	struct snafu_java_unit *unit;
	const struct snafu_java_member *member; /* whose type variables are in sight; may be NULL */
	const struct snafu_java_type *type; /* the class it stands in */
	const char *at;
	unsigned depth; /* of type arguments */
	unsigned weight; /* of all shapes read, as if written out */
};

static const struct snafu_shape *read_type(struct reader *reader);

static const struct snafu_shape *any(void)
{
	return snafu_shape_plain(SNAFU_SHAPE_ANY);
}

static const struct snafu_shape *make(struct reader *reader, struct snafu_shape shape)
{
	struct snafu_shape *made = snafu_java_unit_alloc(reader->unit, sizeof *made);

	if (!made)
		return any();
	*made = shape;
	return made;
}

static const struct snafu_shape *make_library(struct reader *reader,
                                              const struct snafu_java_library_type *type,
                                              const struct snafu_shape *const *arguments)
{
	switch (type->rule) {
	case SNAFU_JAVA_PLAIN:
		if (!type->format)
			return snafu_shape_plain(type->kind);
		return make(reader, (struct snafu_shape){.kind = type->kind, .format = type->format});
	case SNAFU_JAVA_NULLABLE:
		return make(reader, (struct snafu_shape){.kind = type->kind,
		                                         .format = type->format,
		                                         .nullable = true});
	case SNAFU_JAVA_ARRAY_OF:
		return make(reader, (struct snafu_shape){.kind = SNAFU_SHAPE_ARRAY, .items = arguments[0]});
	case SNAFU_JAVA_MAP_TO:
		return make(reader, (struct snafu_shape){.kind = SNAFU_SHAPE_MAP, .items = arguments[1]});
	case SNAFU_JAVA_ARRAY_PLAIN: {
		struct snafu_shape items = {.kind = type->kind, .format = type->format};

		return make(reader,
		            (struct snafu_shape){.kind = SNAFU_SHAPE_ARRAY, .items = make(reader, items)});
	}
	case SNAFU_JAVA_MAYBE: {
		struct snafu_shape maybe = arguments[0] ? *arguments[0] : *any();

		maybe.nullable = true;
		return make(reader, maybe);
	}
	}
	return any();
}

/* ---- types of the unit --------------------------------------------------- */

static const struct snafu_shape *read_in(struct snafu_java_unit *unit,
                                         const struct snafu_java_member *member,
                                         const struct snafu_java_type *type, const char *text,
                                         unsigned depth, unsigned *weight)
{
	struct reader reader = {
		.unit = unit, .member = member, .type = type, .at = text, .depth = depth};
	const struct snafu_shape *shape = read_type(&reader);

	*weight += reader.weight;
	return shape;
}

/* The property that `getX()`, `isX()` or `setX(value)` reads or writes: its name,
 * as java.beans.Introspector makes it, and its type; NULL for other methods. */
static const char *property(struct snafu_java_unit *unit, const struct snafu_java_member *member,
                            const char **ret_type)
{
	const char *name = member->name, *rest;

	if (member->flags & (SNAFU_JAVA_STATIC | SNAFU_JAVA_CONSTRUCTOR) ||
	    !(member->flags & SNAFU_JAVA_PUBLIC) || !member->returns)
		return NULL;
	if (strncmp(name, "get", 3) == 0 && !member->n_parameters &&
	    strcmp(member->returns, "void") != 0 && strcmp(name, "getClass") != 0) {
		rest = name + 3;
		*ret_type = member->returns;
	} else if (strncmp(name, "is", 2) == 0 && !member->n_parameters &&
	           strcmp(member->returns, "boolean") == 0) {
		rest = name + 2;
		*ret_type = member->returns;
	} else if (strncmp(name, "set", 3) == 0 && member->n_parameters == 1) {
		rest = name + 3;
		*ret_type = member->parameters[0].type;
	} else {
		return NULL;
	}
	if (!isupper((unsigned char)*rest))
		return NULL;
	if (isupper((unsigned char)rest[0]) && isupper((unsigned char)rest[1]))
		return rest; /* getURL: "URL" */
	char *lowered = (char *)snafu_java_unit_copy(unit, rest, strlen(rest));
	if (*lowered)
		*lowered = (char)tolower((unsigned char)*lowered);
	return lowered;
}

struct fields {
	struct snafu_field *fields;
	size_t count, capacity;
	unsigned weight;
};

static void add_field(struct snafu_java_unit *unit, struct fields *fields,
                      const struct snafu_java_member *member, const struct snafu_java_type *type,
                      const char *name, const char *text, unsigned depth)
{
	unsigned weight = 1;

	for (size_t i = 0; i < fields->count; i++)
		if (strcmp(fields->fields[i].name, name) == 0)
			return;
	if (fields->count == fields->capacity || fields->weight >= OBJECT_WEIGHT_CAP)
		return;
	const struct snafu_shape *shape = read_in(unit, member, type, text, depth, &weight);
	if (fields->weight + weight > OBJECT_WEIGHT_CAP) {
		shape = any();
		weight = 1;
	}
	fields->weight += weight;
	fields->fields[fields->count++] = (struct snafu_field){.name = name, .shape = shape};
}

static struct snafu_java_type *superclass(struct snafu_java_unit *unit,
                                          const struct snafu_java_type *type);

static void collect_fields(struct snafu_java_unit *unit, const struct snafu_java_type *type,
                           struct fields *fields, unsigned depth, unsigned generations)
{
	struct snafu_java_type *super = superclass(unit, type);

	if (super && super != type && generations < OBJECT_DEPTH_CAP)
		collect_fields(unit, super, fields, depth, generations + 1);
	for (const struct snafu_java_field *field = type->fields; field; field = field->next)
		add_field(unit, fields, NULL, type, field->name, field->type, depth);
	if (type->kind == SNAFU_JAVA_RECORD)
		return;
	for (size_t i = type->first_member, left = type->n_members; i < unit->n_members && left; i++) {
		const struct snafu_java_member *member = &unit->members[i];
		const char *text = NULL;

		if (member->type != type)
			continue;
		left--;
		const char *name = property(unit, member, &text);
		if (name)
			add_field(unit, fields, member, type, name, text, depth);
	}
}

static const struct snafu_shape *
make_object(struct reader *reader, const struct snafu_java_type *type, unsigned *ret_weight)
{
	struct fields fields = {.capacity = OBJECT_WEIGHT_CAP};

	fields.fields = calloc(fields.capacity, sizeof *fields.fields);
	if (!fields.fields) {
		reader->unit->out_of_memory = true;
		return any();
	}
	collect_fields(reader->unit, type, &fields, reader->depth + 2, 0);
	struct snafu_field *kept = snafu_java_unit_alloc(reader->unit, fields.count * sizeof *kept);
	const struct snafu_shape *shape = any();
	if (kept && fields.count) {
		memcpy(kept, fields.fields, fields.count * sizeof *kept);
		shape = make(reader, (struct snafu_shape){.kind = SNAFU_SHAPE_OBJECT,
		                                          .fields = kept,
		                                          .n_fields = fields.count});
	}
	*ret_weight = fields.weight + 1;
	free(fields.fields);
	return shape;
}

static const struct snafu_shape *make_enum(struct reader *reader,
                                           const struct snafu_java_type *type)
{
	const char **values =
		snafu_java_unit_alloc(reader->unit, (type->n_values + 1) * sizeof *values);

	if (!values)
		return any();
	if (type->n_values)
		memcpy(values, type->values, type->n_values * sizeof *values);
	return make(reader, (struct snafu_shape){.kind = SNAFU_SHAPE_ENUM,
	                                         .values = values,
	                                         .n_values = type->n_values});
}

/* Made once a type; a type inside itself is ANY there. */
static const struct snafu_shape *unit_shape(struct reader *reader, struct snafu_java_type *type)
{
	if (type->shape_in_progress || reader->depth > TYPE_DEPTH_CAP)
		return any();
	if (!type->shape) {
		unsigned weight = 1;

		type->shape_in_progress = true;
		if (type->kind == SNAFU_JAVA_ENUM)
			type->shape = make_enum(reader, type);
		else if (type->kind == SNAFU_JAVA_CLASS || type->kind == SNAFU_JAVA_RECORD)
			type->shape = make_object(reader, type, &weight);
		else
			type->shape = any();
		type->shape_weight = weight;
		type->shape_in_progress = false;
	}
	reader->weight += type->shape_weight;
	return type->shape;
}

/* ---- names --------------------------------------------------------------- */

static struct snafu_java_type *find_joined(const struct snafu_java_unit *unit, const char *scope,
                                           size_t scope_size, const char *name)
{
	char id[NAME_CAP * 2];
	size_t size = strlen(name);

	if (scope_size + size + 2 > sizeof id)
		return NULL;
	memcpy(id, scope, scope_size);
	if (scope_size)
		id[scope_size++] = '.';
	memcpy(id + scope_size, name, size);
	return snafu_java_unit_find(unit, id, scope_size + size);
}

/* NAME, simple or dotted, as TYPE's code sees it. */
static struct snafu_java_type *find_in_scope(const struct snafu_java_unit *unit,
                                             const struct snafu_java_type *type, const char *name)
{
	struct snafu_java_type *found;

	for (; type; type = type->outer) {
		const char *dot = strrchr(type->id, '.');
		const char *simple = dot ? dot + 1 : type->id;

		if (strcmp(simple, name) == 0)
			return (struct snafu_java_type *)type;
		if ((found = find_joined(unit, type->id, strlen(type->id), name)))
			return found;
	}
	return find_joined(unit, unit->package, strlen(unit->package), name);
}

static const struct snafu_java_variable *find_variable(const struct reader *reader,
                                                       const char *name)
{
	const struct snafu_java_variable *variable;

	for (variable = reader->member ? reader->member->variables : NULL; variable;
	     variable = variable->next)
		if (strcmp(variable->name, name) == 0)
			return variable;
	for (const struct snafu_java_type *type = reader->type; type; type = type->outer)
		for (variable = type->variables; variable; variable = variable->next)
			if (strcmp(variable->name, name) == 0)
				return variable;
	return NULL;
}

static const char *find_import(const struct snafu_java_unit *unit, const char *simple)
{
	for (const struct snafu_java_import *import = unit->imports; import; import = import->next)
		if (strcmp(import->simple, simple) == 0)
			return import->name;
	return NULL;
}

static struct snafu_java_type *superclass(struct snafu_java_unit *unit,
                                          const struct snafu_java_type *type)
{
	char name[NAME_CAP];
	size_t size = type->super ? strcspn(type->super, "< ") : 0;
	struct snafu_java_type *found;

	if (!size || size >= sizeof name)
		return NULL;
	memcpy(name, type->super, size);
	name[size] = '\0';
	found = type->outer ? find_in_scope(unit, type->outer, name) : NULL;
	if (!found)
		found = find_joined(unit, unit->package, strlen(unit->package), name);
	return found ? found : snafu_java_unit_find(unit, name, size);
}

static const struct snafu_shape *named(struct reader *reader, const char *name,
                                       const struct snafu_shape *const *arguments)
{
	const char *dot = strrchr(name, '.'), *qualified = dot ? name : NULL;
	const char *simple = dot ? dot + 1 : name;
	struct snafu_java_type *type;

	if (!dot) {
		const struct snafu_shape *primitive = snafu_java_primitive(name);

		if (primitive)
			return primitive;
		const struct snafu_java_variable *variable = find_variable(reader, name);
		if (variable) {
			if (!variable->bound || reader->depth > TYPE_DEPTH_CAP)
				return any();
			return read_in(reader->unit, reader->member, reader->type, variable->bound,
			               reader->depth + 4, &reader->weight);
		}
	}
	type = find_in_scope(reader->unit, reader->type, name);
	if (type)
		return unit_shape(reader, type);
	if (!dot)
		qualified = find_import(reader->unit, name);
	if (qualified && (type = snafu_java_unit_find(reader->unit, qualified, strlen(qualified))))
		return unit_shape(reader, type);
	const struct snafu_java_library_type *known = snafu_java_library_find(simple, qualified);
	if (!known)
		return any();
	if (known->rule == SNAFU_JAVA_ARRAY_OF || known->rule == SNAFU_JAVA_MAP_TO ||
	    known->rule == SNAFU_JAVA_ARRAY_PLAIN)
		reader->weight++;
	return make_library(reader, known, arguments);
}

/* ---- types as written ---------------------------------------------------- */

static bool is_name_byte(unsigned char byte)
{
	return isalnum(byte) || byte == '_' || byte == '$' || byte >= 0x80;
}

static void skip_space(struct reader *reader)
{
	while (*reader->at == ' ')
		reader->at++;
}

/* Passes over `@Name` and `@Name(...)`. */
static void skip_annotations(struct reader *reader)
{
	skip_space(reader);
	while (*reader->at == '@') {
		reader->at++;
		while (is_name_byte((unsigned char)*reader->at) || *reader->at == '.')
			reader->at++;
		if (*reader->at == '(') {
			const char *end = strchr(reader->at, ')');
			reader->at = end ? end + 1 : reader->at + strlen(reader->at);
		}
		skip_space(reader);
	}
}

/* Appends the dotted name that stands here. */
static void read_name(struct reader *reader, char *name, size_t *size)
{
	for (;;) {
		skip_annotations(reader);
		while (is_name_byte((unsigned char)*reader->at)) {
			if (*size + 2 < NAME_CAP)
				name[(*size)++] = *reader->at;
			reader->at++;
		}
		skip_space(reader);
		if (reader->at[0] != '.' || reader->at[1] == '.')
			break;
		if (*size + 2 < NAME_CAP)
			name[(*size)++] = '.';
		reader->at++;
	}
	name[*size] = '\0';
}

/* Reads `<A, B>`; the first two shapes are kept. */
static void read_arguments(struct reader *reader, const struct snafu_shape **ret_arguments)
{
	size_t count = 0;

	reader->at++;
	reader->depth++;
	while (*reader->at && *reader->at != '>') {
		const char *before = reader->at;
		const struct snafu_shape *shape = read_type(reader);

		if (count < 2)
			ret_arguments[count++] = shape;
		skip_space(reader);
		if (*reader->at == ',' || reader->at == before)
			reader->at++;
	}
	if (*reader->at == '>')
		reader->at++;
	reader->depth--;
}

static const struct snafu_shape *read_base(struct reader *reader, bool *ret_byte)
{
	const struct snafu_shape *arguments[2] = {NULL, NULL};
	char name[NAME_CAP];
	size_t size = 0;

	skip_annotations(reader);
	if (*reader->at == '?') {
		reader->at++;
		skip_annotations(reader);
		if (strncmp(reader->at, "extends ", 8) == 0)
			reader->at += 8;
		else if (strncmp(reader->at, "super ", 6) == 0)
			reader->at += 6;
		else
			return any();
	}
	for (;;) {
		read_name(reader, name, &size);
		if (*reader->at != '<' || reader->depth > TYPE_DEPTH_CAP)
			break;
		arguments[0] = arguments[1] = NULL;
		read_arguments(reader, arguments);
		skip_space(reader);
		if (*reader->at != '.' || reader->at[1] == '.')
			break;
		/* Outer<A>.Inner<B> */
	}
	*ret_byte = strcmp(name, "byte") == 0;
	return named(reader, name, arguments);
}

static const struct snafu_shape *read_type(struct reader *reader)
{
	bool byte = false;
	const struct snafu_shape *shape = read_base(reader, &byte);
	unsigned dimensions = 0;

	reader->weight++;
	for (;;) {
		skip_annotations(reader);
		if (*reader->at == '[') {
			while (*reader->at && *reader->at != ']')
				reader->at++;
			reader->at += *reader->at == ']';
		} else if (strncmp(reader->at, "...", 3) == 0) {
			reader->at += 3;
		} else {
			break;
		}
		if (++dimensions > DIMENSIONS_CAP)
			continue;
		if (byte)
			shape = snafu_shape_plain(SNAFU_SHAPE_BYTES);
		else
			shape = make(reader, (struct snafu_shape){.kind = SNAFU_SHAPE_ARRAY, .items = shape});
		byte = false;
		reader->weight++;
	}
	return shape;
}

const struct snafu_shape *snafu_java_shape(struct snafu_java_unit *unit,
                                           const struct snafu_java_member *member, const char *text)
{
	unsigned weight = 0;

	return read_in(unit, member, member->type, text, 0, &weight);
}
