/* scanner/java_model.h — Java types and their members as one file shows them,
 * whether it was source or compiled, and how they become descriptors.
 *
 * A reader (java_tree.c, java_class.c) fills a unit: types, members in order,
 * imports. snafu_java_unit_emit() then derives shapes, doc texts and reasons
 * and appends the descriptors. Two passes, because a shape may need a type that
 * is declared further down. All strings live in the arena of the list of
 * functions; the unit's own tables are reused from file to file. One unit, one
 * thread. */
#ifndef SNAFU_SCANNER_JAVA_MODEL_H
#define SNAFU_SCANNER_JAVA_MODEL_H

#include <stdbool.h>
#include <stddef.h>

#include "scanner/function.h"

#define SNAFU_JAVA_PARAMETERS_CAP 255 /* of one method, as the JVM has it */
#define SNAFU_JAVA_TYPE_TEXT_CAP  4096 /* bytes of one type as written */

enum snafu_java_kind {
	SNAFU_JAVA_CLASS,
	SNAFU_JAVA_INTERFACE,
	SNAFU_JAVA_ANNOTATION,
	SNAFU_JAVA_ENUM,
	SNAFU_JAVA_RECORD,
};

enum snafu_java_flag {
	SNAFU_JAVA_PUBLIC = 1 << 0,
	SNAFU_JAVA_PRIVATE = 1 << 1,
	SNAFU_JAVA_STATIC = 1 << 2,
	SNAFU_JAVA_ABSTRACT = 1 << 3, /* methods: there is no body */
	SNAFU_JAVA_NATIVE = 1 << 4,
	SNAFU_JAVA_CONSTRUCTOR = 1 << 5,
	SNAFU_JAVA_LOCAL = 1 << 6, /* types: local or anonymous, or inside one that is */
};

/* A type variable, `T extends Comparable<T>`. */
struct snafu_java_variable {
	const char *name;
	const char *bound; /* as written, or NULL */
	const struct snafu_java_variable *next;
};

/* A public field or a record's component. */
struct snafu_java_field {
	const char *name, *type;
	const struct snafu_java_field *next;
};

struct snafu_java_import {
	const char *name; /* qualified, of a single type; or of a package */
	const char *simple; /* "*" for a package */
	const struct snafu_java_import *next;
};

struct snafu_java_type {
	const char *id; /* qualified, dotted */
	const char *root; /* NULL: the unit's */
	const char *package; /* of a compiled class; "" for none */
	enum snafu_java_kind kind;
	unsigned flags;
	const char *super; /* as written, or NULL */
	struct snafu_java_type *outer;
	const struct snafu_java_variable *variables;
	const struct snafu_java_field *fields, **last_field;
	const char **values; /* enum constants; malloc'ed until emitted */
	size_t n_values, values_capacity;
	size_t first_member, n_members; /* the first of the unit's members that may be its; its own */
	const struct snafu_shape *shape; /* once made */
	unsigned shape_weight;
	bool shape_in_progress;
};

struct snafu_java_parameter {
	const char *name, *type, *native;
	bool variadic;
};

struct snafu_java_member {
	struct snafu_java_type *type;
	const char *name;
	const char *file; /* NULL: the unit's */
	const char *returns; /* as written; NULL: a constructor */
	const char *returns_native;
	struct snafu_java_parameter *parameters;
	size_t n_parameters;
	const struct snafu_java_variable *variables;
	const char *javadoc; /* from slash to slash; borrowed from the source */
	size_t javadoc_size;
	unsigned line;
	unsigned flags;
	size_t order; /* in its type, for class files */
};

/* A few bytes of hostile input can stand for many (a long name in front of each of
 * many short methods), so memory is given by the size of the input: members over
 * the budget are left out, with a diagnostic. */
struct snafu_java_unit {
	struct snafu_functions *functions; /* where descriptors go, with their arena */
	struct snafu_arena *arena; /* theirs */
	const char *file, *root; /* for the descriptors; in the arena */
	const char *jar; /* that the members' files are in; NULL: none */
	const char *package; /* "" for none */
	const struct snafu_java_import *imports;
	struct snafu_java_type **types;
	size_t n_types, types_capacity;
	struct snafu_java_member *members;
	size_t n_members, members_capacity;
	struct snafu_java_type **table; /* by id; made by emit */
	size_t table_size;
	size_t used, budget; /* bytes of the arena; readers set the budget */
	bool over_budget; /* sticky; emit tells */
	bool out_of_memory; /* sticky; looked at by emit */
};

/* Empties the unit for the next file. FUNCTIONS gets the descriptors. */
void snafu_java_unit_begin(struct snafu_java_unit *unit, struct snafu_functions *functions);

/* Each returns NULL, and notes it in the unit, when memory or the budget is out. */
struct snafu_java_type *snafu_java_unit_add_type(struct snafu_java_unit *unit);
struct snafu_java_member *snafu_java_unit_add_member(struct snafu_java_unit *unit);
void *snafu_java_unit_alloc(struct snafu_java_unit *unit, size_t size);

/* A copy in the arena; "" when memory is out, so that readers need not look. */
const char *snafu_java_unit_copy(struct snafu_java_unit *unit, const char *text, size_t size);
/* A.B, or B where A is empty. */
const char *snafu_java_unit_join(struct snafu_java_unit *unit, const char *a, const char *b,
                                 size_t b_size);

void snafu_java_type_add_field(struct snafu_java_unit *unit, struct snafu_java_type *type,
                               const char *name, const char *type_text);
void snafu_java_type_add_value(struct snafu_java_unit *unit, struct snafu_java_type *type,
                               const char *name);

/* Appends a descriptor for every member. Fails only when memory is out. */
int snafu_java_unit_emit(struct snafu_java_unit *unit);

void snafu_java_unit_done(struct snafu_java_unit *unit);

/* The type of that qualified name in this unit, or NULL. */
struct snafu_java_type *snafu_java_unit_find(const struct snafu_java_unit *unit, const char *id,
                                             size_t size);

/* java_events.c: how many of the parameters the caller gives, from the first on. RET_WHOLE:
 * the only one of them takes the whole payload, not a member of it. */
size_t snafu_java_events(const struct snafu_java_unit *unit, const struct snafu_java_member *member,
                         bool *ret_whole);

/* java_shape.c: the shape of a type as written, seen from MEMBER. */
const struct snafu_shape *snafu_java_shape(struct snafu_java_unit *unit,
                                           const struct snafu_java_member *member,
                                           const char *text);

/* java_doc.c: a Javadoc comment without its markers, and in RET_PARAMETERS[i] the
 * text of the @param tag that names PARAMETERS[i] (or NULL). NULL when there is
 * nothing in it. All in ARENA. */
const char *snafu_java_doc(struct snafu_arena *arena, const char *comment, size_t size,
                           const struct snafu_java_parameter *parameters, size_t count,
                           const char **ret_parameters);

#endif
