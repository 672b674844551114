/* scanner/java_class.c — see java_class.h: one class file. Numbers in comments are
 * sections of the Java Virtual Machine Specification, Java SE 17.
 *
 * All reading goes through a struct bytes, which answers zeros once it ran out
 * and remembers that it did; so a reader may read on and look at the end. */
#include "scanner/java_class.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BUDGET_FACTOR 16 /* memory a class may take, by its size: see java_model.h */
#define OUTER_CAP 64  /* classes inside each other */
#define NAME_CAP 1024 /* bytes of a class's or a method's name */

/* 4.1, 4.5, 4.6, 4.7.6 */
enum {
	ACC_PUBLIC = 0x0001,
	ACC_PRIVATE = 0x0002,
	ACC_STATIC = 0x0008,
	ACC_VARARGS = 0x0080,
	ACC_NATIVE = 0x0100,
	ACC_INTERFACE = 0x0200,
	ACC_ABSTRACT = 0x0400,
	ACC_SYNTHETIC = 0x1000,
	ACC_ANNOTATION = 0x2000,
	ACC_ENUM = 0x4000,
	ACC_MODULE = 0x8000,
	ACC_MANDATED = 0x8000, /* of a parameter */
};

/* 4.4: constant pool tags */
enum {
	CONSTANT_UTF8 = 1,
	CONSTANT_INTEGER = 3,
	CONSTANT_FLOAT = 4,
	CONSTANT_LONG = 5,
	CONSTANT_DOUBLE = 6,
	CONSTANT_CLASS = 7,
	CONSTANT_STRING = 8,
	CONSTANT_FIELD = 9,
	CONSTANT_METHOD = 10,
	CONSTANT_INTERFACE_METHOD = 11,
	CONSTANT_NAME_AND_TYPE = 12,
	CONSTANT_METHOD_HANDLE = 15,
	CONSTANT_METHOD_TYPE = 16,
	CONSTANT_DYNAMIC = 17,
	CONSTANT_INVOKE_DYNAMIC = 18,
	CONSTANT_MODULE = 19,
	CONSTANT_PACKAGE = 20,
};

struct bytes {
	const unsigned char *at, *end;
	bool short_of; /* more was asked for than there is */
};

struct text {
	const char *data; /* in the file: no NUL, modified UTF-8 (4.4.7) */
	size_t size;
};

#define NO_TEXT ((struct text){.data = ""})

struct class_file {
	struct snafu_java_unit *unit;
	const unsigned char *start;
	size_t size;
	uint32_t *pool; /* offset of each constant's tag, 0: none */
	unsigned n_pool;
	unsigned flags;
	struct text name, super, interface; /* binary names; the first interface */
	struct bytes inner_classes, record;  /* the attributes, where there are any */
	unsigned enclosing_class, enclosing_method; /* constants of EnclosingMethod (4.7.7) */
	struct text signature;
	struct snafu_java_type *type;
	bool anonymous;
};

/* The attributes of a method that matter here. */
struct method {
	unsigned flags;
	struct text name, descriptor, signature;
	struct bytes parameters; /* MethodParameters (4.7.24) */
	struct bytes variables;  /* LocalVariableTable (4.7.13), its entries */
	unsigned line;
	bool synthetic;
};

/* ---- bytes and constants ------------------------------------------------- */

static unsigned u1(struct bytes *bytes)
{
	if (bytes->at == bytes->end) {
		bytes->short_of = true;
		return 0;
	}
	return *bytes->at++;
}

static unsigned u2(struct bytes *bytes)
{
	unsigned high = u1(bytes);

	return high << 8 | u1(bytes);
}

static uint32_t u4(struct bytes *bytes)
{
	uint32_t high = u2(bytes);

	return high << 16 | u2(bytes);
}

/* The next SIZE bytes on their own. */
static struct bytes part(struct bytes *bytes, size_t size)
{
	struct bytes taken = {.at = bytes->at, .end = bytes->at};

	if (!size)
		return taken;
	if ((size_t)(bytes->end - bytes->at) < size) {
		bytes->short_of = taken.short_of = true;
		bytes->at = bytes->end;
		return taken;
	}
	bytes->at += size;
	taken.end = bytes->at;
	return taken;
}

/* Bytes of a constant behind its tag (4.4), 0 for unknown tags; Utf8 has its own
 * length besides. */
static unsigned constant_size(unsigned tag)
{
	switch (tag) {
	case CONSTANT_UTF8:
	case CONSTANT_CLASS:
	case CONSTANT_STRING:
	case CONSTANT_METHOD_TYPE:
	case CONSTANT_MODULE:
	case CONSTANT_PACKAGE:
		return 2;
	case CONSTANT_METHOD_HANDLE:
		return 3;
	case CONSTANT_INTEGER:
	case CONSTANT_FLOAT:
	case CONSTANT_FIELD:
	case CONSTANT_METHOD:
	case CONSTANT_INTERFACE_METHOD:
	case CONSTANT_NAME_AND_TYPE:
	case CONSTANT_DYNAMIC:
	case CONSTANT_INVOKE_DYNAMIC:
		return 4;
	case CONSTANT_LONG:
	case CONSTANT_DOUBLE:
		return 8;
	default:
		return 0;
	}
}

static const char *read_pool(struct class_file *file, struct bytes *bytes)
{
	file->n_pool = u2(bytes);
	file->pool = calloc(file->n_pool + 1, sizeof *file->pool);
	if (!file->pool) {
		file->unit->out_of_memory = true;
		return "out of memory";
	}
	for (unsigned i = 1; i < file->n_pool && !bytes->short_of; i++) {
		file->pool[i] = (uint32_t)(bytes->at - file->start);
		unsigned tag = u1(bytes), size = constant_size(tag);

		if (!size)
			return "its constant pool has an unknown tag";
		if (tag == CONSTANT_UTF8)
			size = u2(bytes);
		part(bytes, size);
		if (tag == CONSTANT_LONG || tag == CONSTANT_DOUBLE)
			i++; /* takes two entries (4.4.5) */
	}
	return bytes->short_of ? "it is cut off" : NULL;
}

/* What stands behind the tag of constant INDEX, when it has that TAG. */
static struct bytes constant(const struct class_file *file, unsigned index, unsigned tag)
{
	struct bytes none = {.short_of = true};

	if (index >= file->n_pool || !file->pool[index])
		return none;
	const unsigned char *at = file->start + file->pool[index];
	if (*at != tag)
		return none;
	return (struct bytes){.at = at + 1, .end = file->start + file->size};
}

static struct text utf8(const struct class_file *file, unsigned index)
{
	struct bytes bytes = constant(file, index, CONSTANT_UTF8);
	size_t size = u2(&bytes);
	struct bytes text = part(&bytes, size);

	if (!text.at)
		return NO_TEXT;
	return (struct text){.data = (const char *)text.at, .size = (size_t)(text.end - text.at)};
}

/* The binary name of a Class constant. */
static struct text class_name(const struct class_file *file, unsigned index)
{
	struct bytes bytes = constant(file, index, CONSTANT_CLASS);

	return utf8(file, u2(&bytes));
}

static bool equals(struct text text, const char *word)
{
	return text.size == strlen(word) && memcmp(text.data, word, text.size) == 0;
}

static bool same(struct text a, struct text b)
{
	return a.size == b.size && (!a.size || memcmp(a.data, b.data, a.size) == 0);
}

/* ---- attributes (4.7) ---------------------------------------------------- */

static void skip_attributes(struct bytes *bytes)
{
	for (unsigned left = u2(bytes); left && !bytes->short_of; left--) {
		u2(bytes);
		part(bytes, u4(bytes));
	}
}

static void class_attribute(struct class_file *file, struct text name, struct bytes value)
{
	if (equals(name, "Signature")) {
		file->signature = utf8(file, u2(&value));
	} else if (equals(name, "InnerClasses")) {
		file->inner_classes = value;
	} else if (equals(name, "Record")) {
		file->record = value;
	} else if (equals(name, "Synthetic")) {
		file->flags |= ACC_SYNTHETIC;
	} else if (equals(name, "EnclosingMethod")) {
		file->enclosing_class = u2(&value);
		file->enclosing_method = u2(&value);
	}
}

static void read_class_attributes(struct class_file *file, struct bytes *bytes)
{
	for (unsigned left = u2(bytes); left && !bytes->short_of; left--) {
		struct text name = utf8(file, u2(bytes));

		class_attribute(file, name, part(bytes, u4(bytes)));
	}
}

/* 4.7.12: the line of the first instruction. */
static void read_lines(struct method *method, struct bytes value)
{
	unsigned first = 0x10000;

	for (unsigned left = u2(&value); left && !value.short_of; left--) {
		unsigned pc = u2(&value), line = u2(&value);

		if (pc < first && !value.short_of) {
			first = pc;
			method->line = line;
		}
	}
}

/* 4.7.3 */
static void read_code(const struct class_file *file, struct method *method, struct bytes value)
{
	u4(&value); /* max_stack, max_locals */
	part(&value, u4(&value));
	part(&value, u2(&value) * 8u);
	for (unsigned left = u2(&value); left && !value.short_of; left--) {
		struct text name = utf8(file, u2(&value));
		struct bytes inside = part(&value, u4(&value));

		if (equals(name, "LineNumberTable") && !method->line)
			read_lines(method, inside);
		else if (equals(name, "LocalVariableTable") && !method->variables.at)
			method->variables = inside;
	}
}

static void read_method_attributes(const struct class_file *file, struct method *method,
                                   struct bytes *bytes)
{
	for (unsigned left = u2(bytes); left && !bytes->short_of; left--) {
		struct text name = utf8(file, u2(bytes));
		struct bytes value = part(bytes, u4(bytes));

		if (equals(name, "Code"))
			read_code(file, method, value);
		else if (equals(name, "Signature"))
			method->signature = utf8(file, u2(&value));
		else if (equals(name, "MethodParameters"))
			method->parameters = value;
		else if (equals(name, "Synthetic"))
			method->synthetic = true;
	}
}

/* ---- names --------------------------------------------------------------- */

/* Modified UTF-8 as a C string of UTF-8: NULs and what is malformed become "?". */
static const char *string(struct class_file *file, struct text text)
{
	const unsigned char *at = (const unsigned char *)text.data, *end = at + text.size;
	char *copy = snafu_java_unit_alloc(file->unit, text.size + 1), *put = copy;

	if (!copy)
		return "";
	while (at < end) {
		size_t left = (size_t)(end - at);

		if (*at && *at < 0x80) {
			*put++ = (char)*at++;
		} else if (*at >= 0xC2 && *at < 0xE0 && left > 1 && (at[1] & 0xC0) == 0x80) {
			*put++ = (char)*at++;
			*put++ = (char)*at++;
		} else if (left > 5 && at[0] == 0xED && (at[1] & 0xF0) == 0xA0 &&
		           (at[2] & 0xC0) == 0x80 && at[3] == 0xED && (at[4] & 0xF0) == 0xB0 &&
		           (at[5] & 0xC0) == 0x80) {
			/* Two surrogates of three bytes each: one character of four. */
			uint32_t character = 0x10000 + ((uint32_t)(at[1] & 0x0F) << 16) +
			                     ((uint32_t)(at[2] & 0x3F) << 10) +
			                     ((uint32_t)(at[4] & 0x0F) << 6) + (at[5] & 0x3F);
			*put++ = (char)(0xF0 | character >> 18);
			*put++ = (char)(0x80 | (character >> 12 & 0x3F));
			*put++ = (char)(0x80 | (character >> 6 & 0x3F));
			*put++ = (char)(0x80 | (character & 0x3F));
			at += 6;
		} else if ((*at & 0xF0) == 0xE0 && left > 2 && (at[1] & 0xC0) == 0x80 &&
		           (at[2] & 0xC0) == 0x80 && !(at[0] == 0xE0 && at[1] < 0xA0) &&
		           !(at[0] == 0xED && at[1] > 0x9F)) {
			memcpy(put, at, 3);
			put += 3;
			at += 3;
		} else {
			*put++ = '?';
			at++;
		}
	}
	return copy;
}

static struct text as_text(const char *string)
{
	return (struct text){.data = string, .size = strlen(string)};
}

/* A cursor over TEXT, which is copied only where it is not plain. */
static struct snafu_java_cursor over(struct class_file *file, struct text text)
{
	for (size_t i = 0; i < text.size; i++)
		if ((unsigned char)text.data[i] >= 0x80) {
			const char *copy = string(file, text);
			return (struct snafu_java_cursor){copy, copy + strlen(copy)};
		}
	return (struct snafu_java_cursor){text.data, text.data + text.size};
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
		struct text inner = class_name(file, u2(&table));
		unsigned outer = u2(&table), simple = u2(&table), flags = u2(&table);

		if (table.short_of)
			return false;
		if (same(inner, name)) {
			*ret_inner = (struct inner){
				.outer = class_name(file, outer), .name = utf8(file, simple), .flags = flags};
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
		char *dotted = (char *)string(file, name);

		for (char *at = dotted; *at; at++)
			if (*at == '/')
				*at = '.';
		return dotted;
	}
	if (inner.outer.size && inner.name.size && !same(inner.outer, name)) {
		const char *outer = qualified(file, inner.outer, ret_local, depth + 1);
		const char *simple = string(file, inner.name);

		return snafu_java_unit_join(file->unit, outer, simple, strlen(simple));
	}
	*ret_local = true;
	name = as_text(string(file, name));
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
	const char *id = qualified(file, class_name(file, file->enclosing_class), &local, 0);
	struct bytes pair = constant(file, file->enclosing_method, CONSTANT_NAME_AND_TYPE);
	struct text method = utf8(file, u2(&pair));
	const char *name;

	if (method.size) {
		const char *dot = strrchr(id, '.');

		name = !equals(method, "<init>") ? string(file, method) : dot ? dot + 1 : id;
		id = snafu_java_unit_join(file->unit, id, name, strlen(name));
	}
	if (inner->name.size) {
		name = string(file, inner->name);
		return snafu_java_unit_join(file->unit, id, name, strlen(name));
	}
	struct text base = file->interface.size ? file->interface : file->super;
	name = string(file, last_part(base));
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
	type->package = snafu_java_class_name(file->unit, file->name.data,
	                                     package_size ? package_size - 1 : 0);
	const char *super = string(file, file->super);
	type->super = snafu_java_class_name(file->unit, super, strlen(super));
	if (file->signature.size) {
		struct snafu_java_cursor cursor = over(file, file->signature);

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
		struct snafu_java_cursor cursor = over(file, i == 0 ? signature : descriptor);

		type = snafu_java_signature_type(file->unit, &cursor);
	}
	return type;
}

/* The Signature among the attributes that start here. */
static struct text find_signature(struct class_file *file, struct bytes *bytes)
{
	struct text signature = NO_TEXT;

	for (unsigned left = u2(bytes); left && !bytes->short_of; left--) {
		struct text name = utf8(file, u2(bytes));
		struct bytes value = part(bytes, u4(bytes));

		if (equals(name, "Signature"))
			signature = utf8(file, u2(&value));
	}
	return signature;
}

/* 4.5: enum constants, and the public fields that JSON sees. */
static void read_fields(struct class_file *file, struct bytes *bytes)
{
	struct snafu_java_type *type = file->type;

	for (unsigned left = u2(bytes); left && !bytes->short_of; left--) {
		unsigned flags = u2(bytes);
		struct text name = utf8(file, u2(bytes)), descriptor = utf8(file, u2(bytes));
		struct text signature = find_signature(file, bytes);

		if (flags & ACC_ENUM && type->kind == SNAFU_JAVA_ENUM) {
			snafu_java_type_add_value(file->unit, type, string(file, name));
		} else if (flags & ACC_PUBLIC && !(flags & (ACC_STATIC | ACC_SYNTHETIC)) &&
		           type->kind == SNAFU_JAVA_CLASS) {
			const char *text = field_type(file, signature, descriptor);

			if (text)
				snafu_java_type_add_field(file->unit, type, string(file, name), text);
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
		struct text name = utf8(file, u2(&bytes)), descriptor = utf8(file, u2(&bytes));
		const char *text = field_type(file, find_signature(file, &bytes), descriptor);

		if (text && !bytes.short_of)
			snafu_java_type_add_field(file->unit, file->type, string(file, name), text);
	}
}

/* ---- methods (4.6) ------------------------------------------------------- */

struct parameter {
	const char *name, *native;
	unsigned slot;
	bool made; /* by the compiler: an outer object, an enum's ordinal */
};

struct parameters {
	struct parameter list[SNAFU_JAVA_PARAMETERS_CAP];
	size_t count;
	const char *returns; /* its descriptor */
};

/* 4.3.3: what a descriptor says. */
static bool read_descriptor(struct class_file *file, const struct method *method,
                            struct parameters *parameters)
{
	struct snafu_java_cursor cursor = over(file, method->descriptor);
	const char *at = cursor.at, *end = cursor.end;
	unsigned slot = method->flags & ACC_STATIC ? 0 : 1;

	if (at == end || *at++ != '(')
		return false;
	while (at < end && *at != ')') {
		size_t size = snafu_java_descriptor_size(at, end);

		if (!size || parameters->count == SNAFU_JAVA_PARAMETERS_CAP)
			return false;
		parameters->list[parameters->count++] = (struct parameter){
			.native = snafu_java_unit_copy(file->unit, at, size), .slot = slot};
		slot += *at == 'J' || *at == 'D' ? 2 : 1;
		at += size;
	}
	if (at == end || snafu_java_descriptor_size(at + 1, end) != (size_t)(end - at - 1))
		return false;
	parameters->returns = snafu_java_unit_copy(file->unit, at + 1, (size_t)(end - at - 1));
	return true;
}

/* Names from MethodParameters, or else from the local variables. */
static void name_parameters(struct class_file *file, const struct method *method,
                            struct parameters *parameters)
{
	struct bytes given = method->parameters, variables = method->variables;

	if (given.at && u1(&given) == parameters->count)
		for (size_t i = 0; i < parameters->count; i++) {
			struct text name = utf8(file, u2(&given));
			unsigned flags = u2(&given);

			if (name.size)
				parameters->list[i].name = string(file, name);
			parameters->list[i].made = flags & (ACC_SYNTHETIC | ACC_MANDATED);
		}
	if (!variables.at)
		return;
	for (unsigned left = u2(&variables); left && !variables.short_of; left--) {
		unsigned start = u2(&variables);
		u2(&variables); /* length */
		struct text name = utf8(file, u2(&variables));
		u2(&variables); /* descriptor */
		unsigned slot = u2(&variables);

		for (size_t i = 0; start == 0 && name.size && i < parameters->count; i++)
			if (parameters->list[i].slot == slot && !parameters->list[i].name)
				parameters->list[i].name = string(file, name);
	}
}

/* Leaves COUNT parameters, as the signature has it, which knows of none that the
 * compiler made. Those stand first: an outer object; an enum's name and ordinal. */
static void drop_made(struct class_file *file, struct parameters *parameters, size_t count)
{
	size_t extra = parameters->count - count, first = extra, kept = 0;

	if (file->type->kind != SNAFU_JAVA_ENUM && extra > 1)
		first = 1; /* and behind them what a local class captures */
	for (size_t i = 0; i < parameters->count && kept < count; i++)
		if (i >= first)
			parameters->list[kept++] = parameters->list[i];
	parameters->count = kept;
}

/* The types of the parameters and of the result from a signature or descriptor.
 * False when it is malformed. */
static bool read_types(struct class_file *file, struct text text, struct snafu_java_member *member,
                       const char **types, size_t *ret_count)
{
	struct snafu_java_cursor cursor = over(file, text);
	size_t count = 0;

	if (!snafu_java_signature_variables(file->unit, &cursor, &member->variables) ||
	    cursor.at == cursor.end || *cursor.at++ != '(')
		return false;
	while (cursor.at < cursor.end && *cursor.at != ')') {
		if (count == SNAFU_JAVA_PARAMETERS_CAP ||
		    !(types[count++] = snafu_java_signature_type(file->unit, &cursor)))
			return false;
	}
	if (cursor.at == cursor.end)
		return false;
	cursor.at++;
	member->returns = snafu_java_signature_type(file->unit, &cursor);
	*ret_count = count;
	return member->returns != NULL;
}

static const char *variadic(struct class_file *file, const char *type)
{
	size_t size = strlen(type);
	char *text;

	if (size < 3 || strcmp(type + size - 2, "[]") != 0)
		return NULL;
	text = snafu_java_unit_alloc(file->unit, size + 2);
	if (!text)
		return NULL;
	memcpy(text, type, size - 2);
	memcpy(text + size - 2, "...", 3);
	return text;
}

static bool fill_parameters(struct class_file *file, const struct method *method,
                            struct snafu_java_member *member)
{
	const char *types[SNAFU_JAVA_PARAMETERS_CAP];
	struct parameters parameters = {.count = 0};
	size_t count = 0;
	char name[32];

	if (!read_descriptor(file, method, &parameters))
		return false;
	name_parameters(file, method, &parameters);
	bool generic = method->signature.size &&
	               read_types(file, method->signature, member, types, &count) &&
	               count <= parameters.count;
	if (!generic) {
		member->variables = NULL;
		if (!read_types(file, method->descriptor, member, types, &count))
			return false;
	}
	if (count < parameters.count)
		drop_made(file, &parameters, count);
	member->returns_native = parameters.returns;
	member->n_parameters = count;
	member->parameters =
		snafu_java_unit_alloc(file->unit, count * sizeof *member->parameters);
	for (size_t i = 0; member->parameters && i < count; i++) {
		if (!parameters.list[i].name) {
			snprintf(name, sizeof name, "arg%zu", i);
			parameters.list[i].name = snafu_java_unit_copy(file->unit, name, strlen(name));
		}
		member->parameters[i] = (struct snafu_java_parameter){
			.name = parameters.list[i].name,
			.type = types[i],
			.native = parameters.list[i].native,
		};
	}
	if (count && member->parameters && method->flags & ACC_VARARGS) {
		const char *text = variadic(file, types[count - 1]);

		member->parameters[count - 1].variadic = text != NULL;
		if (text)
			member->parameters[count - 1].type = text;
	}
	return member->parameters != NULL;
}

static const char *simple_name(const struct snafu_java_type *type)
{
	const char *dot = strrchr(type->id, '.');

	return dot ? dot + 1 : type->id;
}

static bool add_method(struct class_file *file, const struct method *method, const char *path)
{
	struct snafu_java_member found = {.type = file->type, .file = path, .line = method->line};
	bool constructor = equals(method->name, "<init>");
	struct snafu_java_member *member;

	if (method->flags & ACC_SYNTHETIC || method->synthetic || equals(method->name, "<clinit>") ||
	    (constructor && file->anonymous))
		return true;
	if (!fill_parameters(file, method, &found))
		return false;
	if (method->name.size > NAME_CAP)
		return false;
	found.name = constructor ? simple_name(file->type) : string(file, method->name);
	if (!*found.name)
		return false;
	if (constructor) {
		found.returns = found.returns_native = NULL;
		found.flags |= SNAFU_JAVA_CONSTRUCTOR;
	}
	if (method->flags & ACC_PUBLIC)
		found.flags |= SNAFU_JAVA_PUBLIC;
	if (method->flags & ACC_PRIVATE)
		found.flags |= SNAFU_JAVA_PRIVATE;
	if (method->flags & ACC_STATIC)
		found.flags |= SNAFU_JAVA_STATIC;
	if (method->flags & ACC_ABSTRACT)
		found.flags |= SNAFU_JAVA_ABSTRACT;
	if (method->flags & ACC_NATIVE)
		found.flags |= SNAFU_JAVA_NATIVE;
	member = snafu_java_unit_add_member(file->unit);
	if (member) {
		found.order = file->type->n_members++;
		*member = found;
	}
	return true;
}

static const char *read_methods(struct class_file *file, struct bytes *bytes, const char *path)
{
	for (unsigned left = u2(bytes); left && !bytes->short_of; left--) {
		struct method method = {.flags = u2(bytes), .signature = NO_TEXT};

		method.name = utf8(file, u2(bytes));
		method.descriptor = utf8(file, u2(bytes));
		read_method_attributes(file, &method, bytes);
		if (bytes->short_of)
			break;
		if (!add_method(file, &method, path))
			return "a method's name or descriptor is malformed";
	}
	return bytes->short_of ? "it is cut off" : NULL;
}


/* By line; methods of one line stay in the file's order. */
static int compare_lines(const void *a, const void *b)
{
	const struct snafu_java_member *first = a, *second = b;

	if (first->line != second->line)
		return first->line < second->line ? -1 : 1;
	return first->order < second->order ? -1 : first->order > second->order;
}

/* ---- the file ------------------------------------------------------------ */

static void skip_members(struct bytes *bytes)
{
	for (unsigned left = u2(bytes); left && !bytes->short_of; left--) {
		part(bytes, 6);
		skip_attributes(bytes);
	}
}

/* 4.1, up to the fields; then ahead to the attributes, which names need. */
static const char *read_header(struct class_file *file, struct bytes *bytes)
{
	const char *problem;

	if (u4(bytes) != 0xCAFEBABE)
		return bytes->short_of ? "it is cut off" : "it does not begin with CAFEBABE";
	u4(bytes); /* version */
	if ((problem = read_pool(file, bytes)))
		return problem;
	file->flags = u2(bytes);
	file->name = class_name(file, u2(bytes));
	file->super = class_name(file, u2(bytes));
	for (unsigned i = 0, count = u2(bytes); i < count && !bytes->short_of; i++) {
		unsigned interface = u2(bytes);

		if (i == 0)
			file->interface = class_name(file, interface);
	}
	struct bytes ahead = *bytes;
	skip_members(&ahead);
	skip_members(&ahead);
	read_class_attributes(file, &ahead);
	if (ahead.short_of)
		return "it is cut off";
	if (file->name.size > NAME_CAP)
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
	return read_methods(file, &bytes, path);
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
			qsort(unit->members + n_members, unit->n_members - n_members,
			      sizeof *unit->members, compare_lines);
	} else {
		while (unit->n_types > n_types) {
			free(unit->types[--unit->n_types]->values);
			unit->types[unit->n_types]->values = NULL;
		}
		unit->n_members = n_members;
	}
	return problem;
}
