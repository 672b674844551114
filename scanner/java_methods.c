/* scanner/java_methods.c — the methods of a class file (JVMS 4.6): names and types of
 * parameters, from what the compiler left behind. */
#include <stdio.h>

#include "scanner/java_class_file.h"

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
	struct snafu_java_cursor cursor = snafu_class_over(file, method->descriptor);
	const char *at = cursor.at, *end = cursor.end;
	unsigned slot = method->flags & ACC_STATIC ? 0 : 1;

	if (at == end || *at++ != '(')
		return false;
	while (at < end && *at != ')') {
		size_t size = snafu_java_descriptor_size(at, end);

		if (!size || parameters->count == SNAFU_JAVA_PARAMETERS_CAP)
			return false;
		parameters->list[parameters->count++] =
			(struct parameter){.native = snafu_java_unit_copy(file->unit, at, size), .slot = slot};
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
			struct text name = snafu_class_utf8(file, u2(&given));
			unsigned flags = u2(&given);

			if (name.size)
				parameters->list[i].name = snafu_class_string(file, name);
			parameters->list[i].made = flags & (ACC_SYNTHETIC | ACC_MANDATED);
		}
	if (!variables.at)
		return;
	for (unsigned left = u2(&variables); left && !variables.short_of; left--) {
		unsigned start = u2(&variables);
		u2(&variables); /* length */
		struct text name = snafu_class_utf8(file, u2(&variables));
		u2(&variables); /* descriptor */
		unsigned slot = u2(&variables);

		for (size_t i = 0; start == 0 && name.size && i < parameters->count; i++)
			if (parameters->list[i].slot == slot && !parameters->list[i].name)
				parameters->list[i].name = snafu_class_string(file, name);
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
	struct snafu_java_cursor cursor = snafu_class_over(file, text);
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
	member->parameters = snafu_java_unit_alloc(file->unit, count * sizeof *member->parameters);
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
	if (method->name.size > SNAFU_CLASS_NAME_CAP)
		return false;
	found.name = constructor ? simple_name(file->type) : snafu_class_string(file, method->name);
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

const char *snafu_class_read_methods(struct class_file *file, struct bytes *bytes, const char *path)
{
	for (unsigned left = u2(bytes); left && !bytes->short_of; left--) {
		struct method method = {.flags = u2(bytes), .signature = NO_TEXT};

		method.name = snafu_class_utf8(file, u2(bytes));
		method.descriptor = snafu_class_utf8(file, u2(bytes));
		snafu_class_read_method_attributes(file, &method, bytes);
		if (bytes->short_of)
			break;
		if (!add_method(file, &method, path))
			return "a method's name or descriptor is malformed";
	}
	return bytes->short_of ? "it is cut off" : NULL;
}
