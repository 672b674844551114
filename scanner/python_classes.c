/* scanner/python_classes.c — the shapes of a file's own classes: dataclasses,
 * named tuples, typed dictionaries, enums. See python_type_reader.h. */
#include "scanner/python_type_reader.h"

#include <string.h>

#define FIELDS_CAP 256 /* of one class */

/* Whether the class or one that it inherits from in this file has TRAIT. */
static bool inherits(struct python_type_reader reader, size_t index, unsigned trait)
{
	const struct python_signature *signature = &reader.types->names->signatures[index];

	if (signature->traits & trait)
		return true;
	if (reader.depth++ >= PYTHON_TYPE_DEPTH_CAP || reader.types->budget == 0)
		return false;
	reader.types->budget--;
	for (size_t i = 0; i < signature->n_bases; i++) {
		const char *base = signature->bases[i];
		struct python_span name = {base, base + strlen(base)};
		long entry = snafu_python_find_type(reader, name);

		if (entry >= 0 && (size_t)entry < reader.types->names->outline->n_definitions &&
		    (size_t)entry != index && inherits(reader, (size_t)entry, trait))
			return true;
	}
	return false;
}

struct fields {
	struct snafu_field *list;
	size_t n, room;
};

static bool contains(struct python_span text, const char *word)
{
	return memmem(text.at, (size_t)(text.end - text.at), word, strlen(word)) != NULL;
}

static void add_field(struct fields *fields, const char *name, const struct snafu_shape *shape)
{
	for (size_t i = 0; i < fields->n; i++)
		if (strcmp(fields->list[i].name, name) == 0) {
			fields->list[i].shape = shape;
			return;
		}
	if (fields->n < fields->room)
		fields->list[fields->n++] = (struct snafu_field){name, shape};
}

static void add_inherited(struct python_type_reader reader, struct fields *fields, size_t index)
{
	const struct python_signature *signature = &reader.types->names->signatures[index];

	for (size_t i = 0; i < signature->n_bases; i++) {
		const char *base = signature->bases[i];
		struct python_span name = {base, base + strlen(base)};
		long entry = snafu_python_find_type(reader, name);

		if (entry < 0 || (size_t)entry == index)
			continue;
		const struct snafu_shape *shape = snafu_python_entry_shape(reader, entry);
		for (size_t k = 0; k < shape->n_fields; k++)
			add_field(fields, shape->fields[k].name, shape->fields[k].shape);
	}
}

static const struct snafu_shape *data_shape(struct python_type_reader reader, size_t index)
{
	struct python_types *types = reader.types;
	const struct python_outline *outline = types->names->outline;
	struct snafu_field list[FIELDS_CAP];
	struct fields fields = {.list = list, .room = FIELDS_CAP};

	add_inherited(reader, &fields, index);
	reader.scope = (uint32_t)index + 1;
	for (uint32_t i = types->first_field[index]; i; i = types->next_field[i - 1]) {
		const struct python_field *field = &outline->fields[i - 1];
		const char *at = outline->text + field->annotation, *value = outline->text + field->value;
		struct python_span annotation = {at, at + field->annotation_size};
		char *name;

		if (!field->annotation_size || field->annotation_size > PYTHON_TYPE_SIZE_CAP ||
		    contains(annotation, "ClassVar") || contains(annotation, "KW_ONLY") ||
		    contains((struct python_span){value, value + field->value_size}, "init=False"))
			continue;
		name = snafu_arena_copy(types->arena, outline->text + field->name, field->name_size);
		if (name)
			add_field(&fields, name, snafu_python_read_type(reader, annotation));
	}
	struct snafu_shape *shape = snafu_python_make_shape(reader, SNAFU_SHAPE_OBJECT);
	struct snafu_field *copy = snafu_arena_alloc(types->arena, fields.n * sizeof *copy);
	if (!shape || !copy)
		return snafu_shape_plain(SNAFU_SHAPE_ANY);
	memcpy(copy, list, fields.n * sizeof *copy);
	shape->fields = copy;
	shape->n_fields = fields.n;
	return shape;
}

static const struct snafu_shape *enum_shape(struct python_type_reader reader, size_t index)
{
	struct python_types *types = reader.types;
	const struct python_outline *outline = types->names->outline;
	size_t n = 0;

	for (uint32_t i = types->first_field[index]; i; i = types->next_field[i - 1])
		n++;
	struct snafu_shape *shape = snafu_python_make_shape(reader, SNAFU_SHAPE_ENUM);
	const char **values = snafu_arena_alloc(types->arena, n * sizeof *values);
	if (!shape || !values)
		return snafu_shape_plain(SNAFU_SHAPE_ANY);
	shape->values = values;
	shape->named = true;
	for (uint32_t i = types->first_field[index]; i; i = types->next_field[i - 1]) {
		const struct python_field *field = &outline->fields[i - 1];
		const char *name = outline->text + field->name;

		if (!field->value_size || *name == '_')
			continue;
		values[shape->n_values] = snafu_arena_copy(types->arena, name, field->name_size);
		if (values[shape->n_values])
			shape->n_values++;
	}
	return shape->n_values ? shape : snafu_shape_plain(SNAFU_SHAPE_STRING);
}

/* Made once for each class. One that contains itself is ANY inside. */
const struct snafu_shape *snafu_python_class_shape(struct python_type_reader reader, size_t index)
{
	struct python_types *types = reader.types;

	if (types->classes[index])
		return types->classes[index];
	if (reader.depth++ >= PYTHON_TYPE_DEPTH_CAP)
		return snafu_shape_plain(SNAFU_SHAPE_ANY);
	types->classes[index] = snafu_shape_plain(SNAFU_SHAPE_ANY);
	struct python_type_reader fresh = {.types = types, .scope = 0, .depth = reader.depth};
	fresh.scope = types->names->outline->definitions[index].owner;
	if (inherits(fresh, index, PYTHON_TRAIT_ENUM))
		types->classes[index] = enum_shape(fresh, index);
	else if (inherits(fresh, index, PYTHON_TRAIT_DATA))
		types->classes[index] = data_shape(fresh, index);
	return types->classes[index];
}
