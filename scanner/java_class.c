/* scanner/java_class.c — see java_class.h: one class file. Numbers in comments are
 * sections of the Java Virtual Machine Specification, Java SE 17. */
#include <stdlib.h>

#include "scanner/java_class_file.h"

#define BUDGET_FACTOR 16 /* memory a class may take, by its size: see java_model.h */
#define OUTER_CAP     64 /* classes inside each other */

/* ---- names --------------------------------------------------------------- */

static bool same(struct text a, struct text b)
{
	return a.size == b.size && (!a.size || memcmp(a.data, b.data, a.size) == 0);
}

static struct text as_text(const char *string)
{
	return (struct text){.data = string, .size = strlen(string)};
}

struct inner {
	struct text outer, name;
	unsigned flags;
};

/* The InnerClasses entry (4.7.6) of the class called NAME. */
static bool find_inner(const struct class_file *file, struct text name, struct inner *ret_inner)
{
	struct bytes table = file->inner_classes;

	if (!table.at)
		return false;
	for (unsigned left = u2(&table); left; left--) {
		struct text inner = snafu_class_class_name(file, u2(&table));
		unsigned outer = u2(&table), simple = u2(&table), flags = u2(&table);

		if (table.short_of)
			return false;
		if (same(inner, name)) {
			*ret_inner = (struct inner){.outer = snafu_class_class_name(file, outer),
			                            .name = snafu_class_utf8(file, simple),
			                            .flags = flags};
			return true;
		}
	}
	return false;
}

/* a.b.Outer.Inner for a/b/Outer$Inner, by the table. RET_LOCAL when one of them is
 * no member of a class. */
static const char *qualified(struct class_file *file, struct text name, bool *ret_local,
                             unsigned depth)
{
	struct inner inner;

	if (depth > OUTER_CAP || !find_inner(file, name, &inner)) {
		char *dotted = (char *)snafu_class_string(file, name);

		for (char *at = dotted; *at; at++)
			if (*at == '/')
				*at = '.';
		return dotted;
	}
	if (inner.outer.size && inner.name.size && !same(inner.outer, name)) {
		const char *outer = qualified(file, inner.outer, ret_local, depth + 1);
		const char *simple = snafu_class_string(file, inner.name);

		return snafu_java_unit_join(file->unit, outer, simple, strlen(simple));
	}
	*ret_local = true;
	name = as_text(snafu_class_string(file, name));
	return snafu_java_class_name(file->unit, name.data, name.size);
}

/* The last part of a/b/Outer$Inner. */
static struct text last_part(struct text name)
{
	size_t start = name.size;

	while (start && name.data[start - 1] != '/' && name.data[start - 1] != '$')
		start--;
	return (struct text){.data = name.data + start, .size = name.size - start};
}

/* The id of a local or anonymous class: as source has it, below the method around. */
static const char *local_id(struct class_file *file, const struct inner *inner)
{
	bool local = false;
	const char *id =
		qualified(file, snafu_class_class_name(file, file->enclosing_class), &local, 0);
	struct bytes pair = snafu_class_constant(file, file->enclosing_method, CONSTANT_NAME_AND_TYPE);
	struct text method = snafu_class_utf8(file, u2(&pair));
	const char *name;

	if (method.size) {
		const char *dot = strrchr(id, '.');

		name = !equals(method, "<init>") ? snafu_class_string(file, method) : dot ? dot + 1 : id;
		id = snafu_java_unit_join(file->unit, id, name, strlen(name));
	}
	if (inner->name.size) {
		name = snafu_class_string(file, inner->name);
		return snafu_java_unit_join(file->unit, id, name, strlen(name));
	}
	struct text base = file->interface.size ? file->interface : file->super;
	name = snafu_class_string(file, last_part(base));
	char *marked = snafu_java_unit_alloc(file->unit, strlen(name) + 2);
	if (!marked)
		return "";
	marked[0] = '$';
	memcpy(marked + 1, name, strlen(name));
	return snafu_java_unit_join(file->unit, id, marked, strlen(marked));
}

/* ---- the class itself ---------------------------------------------------- */

static bool make_type(struct class_file *file)
{
	struct snafu_java_type *type = snafu_java_unit_add_type(file->unit);
	struct inner inner = {.outer = NO_TEXT, .name = NO_TEXT, .flags = file->flags};
	bool local = false, nested = find_inner(file, file->name, &inner);

	if (!type)
		return false;
	file->type = type;
	file->anonymous = nested && !inner.name.size;
	if (nested && file->enclosing_class && (!inner.outer.size || !inner.name.size)) {
		local = true;
		type->id = local_id(file, &inner);
	} else {
		type->id = qualified(file, file->name, &local, 0);
	}
	if (file->flags & ACC_ANNOTATION)
		type->kind = SNAFU_JAVA_ANNOTATION;
	else if (file->flags & ACC_INTERFACE)
		type->kind = SNAFU_JAVA_INTERFACE;
	else if (equals(file->super, "java/lang/Enum"))
		type->kind = SNAFU_JAVA_ENUM;
	else if (equals(file->super, "java/lang/Record"))
		type->kind = SNAFU_JAVA_RECORD;
	if (local)
		type->flags |= SNAFU_JAVA_LOCAL;
	if (file->flags & ACC_ABSTRACT)
		type->flags |= SNAFU_JAVA_ABSTRACT;
	if ((nested ? inner.flags : file->flags) & ACC_PUBLIC)
		type->flags |= SNAFU_JAVA_PUBLIC;
	if (nested && inner.flags & ACC_STATIC)
		type->flags |= SNAFU_JAVA_STATIC;
	size_t package_size = file->name.size;
	while (package_size && file->name.data[package_size - 1] != '/')
		package_size--;
	type->package =
		snafu_java_class_name(file->unit, file->name.data, package_size ? package_size - 1 : 0);
	const char *super = snafu_class_string(file, file->super);
	type->super = snafu_java_class_name(file->unit, super, strlen(super));
	if (file->signature.size) {
		struct snafu_java_cursor cursor = snafu_class_over(file, file->signature);

		snafu_java_signature_variables(file->unit, &cursor, &type->variables);
	}
	return true;
}

/* The type that a signature says, or else a descriptor; NULL when neither does. */
static const char *field_type(struct class_file *file, struct text signature,
                              struct text descriptor)
{
	const char *type = NULL;

	for (int i = 0; i < 2 && !type; i++) {
		struct snafu_java_cursor cursor = snafu_class_over(file, i == 0 ? signature : descriptor);

		type = snafu_java_signature_type(file->unit, &cursor);
	}
	return type;
}

/* 4.5: enum constants, and the public fields that JSON sees. */
static void read_fields(struct class_file *file, struct bytes *bytes)
{
	struct snafu_java_type *type = file->type;

	for (unsigned left = u2(bytes); left && !bytes->short_of; left--) {
		unsigned flags = u2(bytes);
		struct text name = snafu_class_utf8(file, u2(bytes)),
					descriptor = snafu_class_utf8(file, u2(bytes));
		struct text signature = snafu_class_find_signature(file, bytes);

		if (flags & ACC_ENUM && type->kind == SNAFU_JAVA_ENUM) {
			snafu_java_type_add_value(file->unit, type, snafu_class_string(file, name));
		} else if (flags & ACC_PUBLIC && !(flags & (ACC_STATIC | ACC_SYNTHETIC)) &&
		           type->kind == SNAFU_JAVA_CLASS) {
			const char *text = field_type(file, signature, descriptor);

			if (text)
				snafu_java_type_add_field(file->unit, type, snafu_class_string(file, name), text);
		}
	}
}

/* 4.7.30 */
static void read_record(struct class_file *file)
{
	struct bytes bytes = file->record;

	if (!bytes.at || file->type->kind != SNAFU_JAVA_RECORD)
		return;
	for (unsigned left = u2(&bytes); left && !bytes.short_of; left--) {
		struct text name = snafu_class_utf8(file, u2(&bytes)),
					descriptor = snafu_class_utf8(file, u2(&bytes));
		const char *text = field_type(file, snafu_class_find_signature(file, &bytes), descriptor);

		if (text && !bytes.short_of)
			snafu_java_type_add_field(file->unit, file->type, snafu_class_string(file, name), text);
	}
}

/* ---- the file ------------------------------------------------------------ */

/* By line; methods of one line stay in the file's order. */
static int compare_lines(const void *a, const void *b)
{
	const struct snafu_java_member *first = a, *second = b;

	if (first->line != second->line)
		return first->line < second->line ? -1 : 1;
	return first->order < second->order ? -1 : first->order > second->order;
}

static void skip_members(struct bytes *bytes)
{
	for (unsigned left = u2(bytes); left && !bytes->short_of; left--) {
		snafu_class_part(bytes, 6);
		snafu_class_skip_attributes(bytes);
	}
}

/* 4.1, up to the fields; then ahead to the attributes, which names need. */
static const char *read_header(struct class_file *file, struct bytes *bytes)
{
	const char *problem;

	if (u4(bytes) != 0xCAFEBABE)
		return bytes->short_of ? "it is cut off" : "it does not begin with CAFEBABE";
	u4(bytes); /* version */
	if ((problem = snafu_class_read_pool(file, bytes)))
		return problem;
	file->flags = u2(bytes);
	file->name = snafu_class_class_name(file, u2(bytes));
	file->super = snafu_class_class_name(file, u2(bytes));
	for (unsigned i = 0, count = u2(bytes); i < count && !bytes->short_of; i++) {
		unsigned interface = u2(bytes);

		if (i == 0)
			file->interface = snafu_class_class_name(file, interface);
	}
	struct bytes ahead = *bytes;
	skip_members(&ahead);
	skip_members(&ahead);
	snafu_class_read_class_attributes(file, &ahead);
	if (ahead.short_of)
		return "it is cut off";
	if (file->name.size > SNAFU_CLASS_NAME_CAP)
		return "its name is too long";
	return file->name.size ? NULL : "it does not say its name";
}

static bool is_wanted(const struct class_file *file)
{
	static const char package_info[] = "package-info";
	size_t size = sizeof package_info - 1;

	if (file->flags & (ACC_MODULE | ACC_SYNTHETIC))
		return false;
	return file->name.size < size ||
	       memcmp(file->name.data + file->name.size - size, package_info, size) != 0;
}

static const char *read_file(struct class_file *file, const char *path)
{
	struct bytes bytes = {.at = file->start, .end = file->start + file->size};
	const char *problem = read_header(file, &bytes);

	if (problem || !is_wanted(file))
		return problem;
	if (!make_type(file))
		return "out of memory";
	read_fields(file, &bytes);
	read_record(file);
	return snafu_class_read_methods(file, &bytes, path);
}

const char *snafu_java_class_read(struct snafu_java_unit *unit, const char *bytes, size_t size,
                                  const char *path)
{
	struct class_file file = {
		.unit = unit,
		.start = (const unsigned char *)bytes,
		.size = size,
		.name = NO_TEXT,
		.super = NO_TEXT,
		.interface = NO_TEXT,
		.signature = NO_TEXT,
	};
	size_t n_types = unit->n_types, n_members = unit->n_members;
	unit->budget += BUDGET_FACTOR * size + 4096;
	const char *problem = read_file(&file, path);

	free(file.pool);
	if (!problem) {
		if (unit->n_members > n_members)
			qsort(unit->members + n_members, unit->n_members - n_members, sizeof *unit->members,
			      compare_lines);
	} else {
		while (unit->n_types > n_types) {
			free(unit->types[--unit->n_types]->values);
			unit->types[unit->n_types]->values = NULL;
		}
		unit->n_members = n_members;
	}
	return problem;
}
