/* scanner/python_types.c — annotations; see python_types.h. The text of a type is
 * read here directly, since much of it stands in strings. */
#include "scanner/python_type_reader.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "scanner/python_lex.h"

#define ARGUMENTS_CAP 64 /* of one type that are looked at: Union[...], Literal[...] */
#define BUDGET        20000 /* type names in one file; what comes later is ANY */

static const struct snafu_shape *any(void)
{
	return snafu_shape_plain(SNAFU_SHAPE_ANY);
}

static struct python_span trim(struct python_span text)
{
	while (text.at < text.end && strchr(" \t\n\f\\", *text.at))
		text.at++;
	while (text.end > text.at && strchr(" \t\n\f", text.end[-1]))
		text.end--;
	return text;
}

static bool is(struct python_span text, const char *word)
{
	return strlen(word) == (size_t)(text.end - text.at) &&
	       memcmp(text.at, word, (size_t)(text.end - text.at)) == 0;
}

/* Takes the part of TEXT up to the first SEPARATOR outside brackets and strings. */
static struct python_span take_part(struct python_span *text, char separator)
{
	struct python_span part = *text;
	const char *at = text->at;
	int depth = 0;

	while (at < text->end && (depth > 0 || *at != separator)) {
		const char *string =
			*at == '"' || *at == '\'' ? snafu_python_string_end(at, text->end) : NULL;
		if (string) {
			at = string;
			continue;
		}
		depth +=
			(*at == '[' || *at == '(' || *at == '{') - (*at == ']' || *at == ')' || *at == '}');
		at++;
	}
	part.end = at;
	text->at = at < text->end ? at + 1 : at;
	return trim(part);
}

struct snafu_shape *snafu_python_make_shape(struct python_type_reader reader,
                                            enum snafu_shape_kind kind)
{
	struct snafu_shape *shape = snafu_arena_alloc(reader.types->arena, sizeof *shape);

	if (shape)
		shape->kind = kind;
	return shape;
}

static const struct snafu_shape *or_any(const struct snafu_shape *shape)
{
	return shape ? shape : any();
}

static const struct snafu_shape *nullable(struct python_type_reader reader,
                                          const struct snafu_shape *shape)
{
	if (shape->nullable || shape->kind == SNAFU_SHAPE_NOTHING)
		return shape;
	struct snafu_shape *copy = snafu_python_make_shape(reader, shape->kind);
	if (!copy)
		return shape;
	*copy = *shape;
	copy->nullable = true;
	return copy;
}

static bool same(const struct snafu_shape *a, const struct snafu_shape *b)
{
	return a == b || (a->kind == b->kind && !a->items && !b->items && !a->n_fields &&
	                  !b->n_fields && !a->n_values && !b->n_values &&
	                  (a->format == b->format ||
	                   (a->format && b->format && strcmp(a->format, b->format) == 0)));
}

static bool numeric(const struct snafu_shape *shape)
{
	return shape->kind == SNAFU_SHAPE_INTEGER || shape->kind == SNAFU_SHAPE_NUMBER;
}

/* A or B; A is NULL at the start. */
static const struct snafu_shape *either(const struct snafu_shape *a, const struct snafu_shape *b)
{
	if (!a || same(a, b))
		return b;
	if (numeric(a) && numeric(b))
		return snafu_shape_plain(SNAFU_SHAPE_NUMBER);
	return any();
}

/* The parts of TEXT between SEPARATORs, any one of which a value may be. */
static const struct snafu_shape *read_union(struct python_type_reader reader,
                                            struct python_span text, char separator)
{
	const struct snafu_shape *shape = NULL;
	bool none = false;

	for (unsigned n = 0; text.at < text.end && n < ARGUMENTS_CAP; n++) {
		struct python_span next = take_part(&text, separator);
		const struct snafu_shape *part = snafu_python_read_type(reader, next);

		none |= part->nullable || part->kind == SNAFU_SHAPE_NOTHING;
		if (part->kind != SNAFU_SHAPE_NOTHING)
			shape = either(shape, part);
	}
	if (!shape)
		return snafu_shape_plain(none ? SNAFU_SHAPE_NOTHING : SNAFU_SHAPE_ANY);
	return none ? nullable(reader, shape) : shape;
}

/* Literal["a", "b"]: an enum when all of it is text, else the kind of its values. */
static const struct snafu_shape *read_literal(struct python_type_reader reader,
                                              struct python_span text)
{
	const char *values[ARGUMENTS_CAP];
	size_t n = 0;
	bool none = false;
	const struct snafu_shape *others = NULL;

	while (text.at < text.end && n < ARGUMENTS_CAP) {
		struct python_span part = take_part(&text, ',');

		if (part.at == part.end)
			continue;
		if (is(part, "None")) {
			none = true;
		} else if ((*part.at == '"' || *part.at == '\'') && part.end - part.at >= 2) {
			values[n] = snafu_arena_copy(reader.types->arena, part.at + 1,
			                             (size_t)(part.end - part.at) - 2);
			if (!values[n++])
				return any();
		} else {
			char *copy =
				snafu_arena_copy(reader.types->arena, part.at, (size_t)(part.end - part.at));
			others = either(others, copy ? snafu_python_literal_shape(copy) : any());
		}
	}
	if (others || n == 0 || text.at < text.end)
		return n || !others ? any() : none ? nullable(reader, others) : others;
	struct snafu_shape *shape = snafu_python_make_shape(reader, SNAFU_SHAPE_ENUM);
	const char **copy = snafu_arena_alloc(reader.types->arena, n * sizeof *copy);
	if (!shape || !copy)
		return any();
	memcpy(copy, values, n * sizeof *copy);
	shape->values = copy;
	shape->n_values = n;
	shape->nullable = none;
	return shape;
}

static const struct snafu_shape *containing(struct python_type_reader reader,
                                            enum snafu_shape_kind kind, struct python_span item)
{
	struct snafu_shape *shape = snafu_python_make_shape(reader, kind);

	if (shape && item.at < item.end) {
		shape->items = snafu_python_read_type(reader, item);
		if (shape->items->kind == SNAFU_SHAPE_ANY)
			shape->items = NULL;
	}
	return or_any(shape);
}

/* tuple[int, ...] and tuple[int, int] have one kind of item; others any. */
static const struct snafu_shape *read_tuple(struct python_type_reader reader,
                                            struct python_span arguments)
{
	struct snafu_shape *shape = snafu_python_make_shape(reader, SNAFU_SHAPE_ARRAY);
	const struct snafu_shape *items = NULL;

	for (unsigned n = 0; arguments.at < arguments.end && n < ARGUMENTS_CAP; n++) {
		struct python_span part = take_part(&arguments, ',');

		if (!is(part, "...") && !is(part, "()"))
			items = either(items, snafu_python_read_type(reader, part));
	}
	if (shape && items && items->kind != SNAFU_SHAPE_ANY)
		shape->items = items;
	return or_any(shape);
}

static struct python_span nth(struct python_span arguments, unsigned n)
{
	struct python_span part = take_part(&arguments, ',');

	while (n-- > 0)
		part = take_part(&arguments, ',');
	return part;
}

enum form {
	FORM_PLAIN,
	FORM_FORMAT,
	FORM_LIST,
	FORM_TUPLE,
	FORM_MAP,
	FORM_COUNTER,
	FORM_OPTIONAL,
	FORM_UNION,
	FORM_LITERAL,
	FORM_INSIDE,
	FORM_THIRD,
	FORM_NEW_TYPE,
};

struct type_name {
	const char *name;
	enum form form;
	enum snafu_shape_kind kind;
	const char *format;
};

static const struct type_name type_names[] = {
	{"int", FORM_PLAIN, SNAFU_SHAPE_INTEGER, NULL},
	{"str", FORM_PLAIN, SNAFU_SHAPE_STRING, NULL},
	{"float", FORM_PLAIN, SNAFU_SHAPE_NUMBER, NULL},
	{"bool", FORM_PLAIN, SNAFU_SHAPE_BOOLEAN, NULL},
	{"None", FORM_PLAIN, SNAFU_SHAPE_NOTHING, NULL},
	{"NoneType", FORM_PLAIN, SNAFU_SHAPE_NOTHING, NULL},
	{"Any", FORM_PLAIN, SNAFU_SHAPE_ANY, NULL},
	{"object", FORM_PLAIN, SNAFU_SHAPE_ANY, NULL},
	{"bytes", FORM_PLAIN, SNAFU_SHAPE_BYTES, NULL},
	{"bytearray", FORM_PLAIN, SNAFU_SHAPE_BYTES, NULL},
	{"memoryview", FORM_PLAIN, SNAFU_SHAPE_BYTES, NULL},
	{"ByteString", FORM_PLAIN, SNAFU_SHAPE_BYTES, NULL},
	{"AnyStr", FORM_PLAIN, SNAFU_SHAPE_STRING, NULL},
	{"Text", FORM_PLAIN, SNAFU_SHAPE_STRING, NULL},
	{"LiteralString", FORM_PLAIN, SNAFU_SHAPE_STRING, NULL},
	{"Integral", FORM_PLAIN, SNAFU_SHAPE_INTEGER, NULL},
	{"Number", FORM_PLAIN, SNAFU_SHAPE_NUMBER, NULL},
	{"Real", FORM_PLAIN, SNAFU_SHAPE_NUMBER, NULL},
	{"Path", FORM_PLAIN, SNAFU_SHAPE_STRING, NULL},
	{"PurePath", FORM_PLAIN, SNAFU_SHAPE_STRING, NULL},
	{"PathLike", FORM_PLAIN, SNAFU_SHAPE_STRING, NULL},
	{"datetime", FORM_FORMAT, SNAFU_SHAPE_STRING, "date-time"},
	{"date", FORM_FORMAT, SNAFU_SHAPE_STRING, "date"},
	{"time", FORM_FORMAT, SNAFU_SHAPE_STRING, "time"},
	{"UUID", FORM_FORMAT, SNAFU_SHAPE_STRING, "uuid"},
	{"Decimal", FORM_FORMAT, SNAFU_SHAPE_STRING, "decimal"},
	{"list", FORM_LIST, 0, NULL},
	{"List", FORM_LIST, 0, NULL},
	{"Sequence", FORM_LIST, 0, NULL},
	{"MutableSequence", FORM_LIST, 0, NULL},
	{"Iterable", FORM_LIST, 0, NULL},
	{"Iterator", FORM_LIST, 0, NULL},
	{"Collection", FORM_LIST, 0, NULL},
	{"Container", FORM_LIST, 0, NULL},
	{"Reversible", FORM_LIST, 0, NULL},
	{"set", FORM_LIST, 0, NULL},
	{"Set", FORM_LIST, 0, NULL},
	{"frozenset", FORM_LIST, 0, NULL},
	{"FrozenSet", FORM_LIST, 0, NULL},
	{"AbstractSet", FORM_LIST, 0, NULL},
	{"MutableSet", FORM_LIST, 0, NULL},
	{"deque", FORM_LIST, 0, NULL},
	{"Deque", FORM_LIST, 0, NULL},
	{"Generator", FORM_LIST, 0, NULL},
	{"AsyncGenerator", FORM_LIST, 0, NULL},
	{"AsyncIterator", FORM_LIST, 0, NULL},
	{"AsyncIterable", FORM_LIST, 0, NULL},
	{"KeysView", FORM_LIST, 0, NULL},
	{"ValuesView", FORM_LIST, 0, NULL},
	{"tuple", FORM_TUPLE, 0, NULL},
	{"Tuple", FORM_TUPLE, 0, NULL},
	{"dict", FORM_MAP, 0, NULL},
	{"Dict", FORM_MAP, 0, NULL},
	{"Mapping", FORM_MAP, 0, NULL},
	{"MutableMapping", FORM_MAP, 0, NULL},
	{"OrderedDict", FORM_MAP, 0, NULL},
	{"defaultdict", FORM_MAP, 0, NULL},
	{"DefaultDict", FORM_MAP, 0, NULL},
	{"Counter", FORM_COUNTER, 0, NULL},
	{"Optional", FORM_OPTIONAL, 0, NULL},
	{"Union", FORM_UNION, 0, NULL},
	{"Literal", FORM_LITERAL, 0, NULL},
	{"Annotated", FORM_INSIDE, 0, NULL},
	{"Final", FORM_INSIDE, 0, NULL},
	{"ClassVar", FORM_INSIDE, 0, NULL},
	{"InitVar", FORM_INSIDE, 0, NULL},
	{"Required", FORM_INSIDE, 0, NULL},
	{"NotRequired", FORM_INSIDE, 0, NULL},
	{"ReadOnly", FORM_INSIDE, 0, NULL},
	{"Awaitable", FORM_INSIDE, 0, NULL},
	{"Coroutine", FORM_THIRD, 0, NULL},
	{"NewType", FORM_NEW_TYPE, 0, NULL},
};

static const struct snafu_shape *apply(struct python_type_reader reader,
                                       const struct type_name *type, struct python_span arguments)
{
	static const char integer[] = "int";
	struct snafu_shape *shape;

	switch (type->form) {
	case FORM_PLAIN: return snafu_shape_plain(type->kind);
	case FORM_FORMAT:
		shape = snafu_python_make_shape(reader, type->kind);
		if (shape)
			shape->format = type->format;
		return or_any(shape);
	case FORM_LIST: return containing(reader, SNAFU_SHAPE_ARRAY, nth(arguments, 0));
	case FORM_TUPLE: return read_tuple(reader, arguments);
	case FORM_MAP: return containing(reader, SNAFU_SHAPE_MAP, nth(arguments, 1));
	case FORM_COUNTER:
		return containing(reader, SNAFU_SHAPE_MAP, (struct python_span){integer, integer + 3});
	case FORM_OPTIONAL: return nullable(reader, snafu_python_read_type(reader, nth(arguments, 0)));
	case FORM_UNION: return read_union(reader, arguments, ',');
	case FORM_LITERAL: return read_literal(reader, arguments);
	case FORM_INSIDE: return snafu_python_read_type(reader, nth(arguments, 0));
	case FORM_THIRD: return snafu_python_read_type(reader, nth(arguments, 2));
	case FORM_NEW_TYPE: return snafu_python_read_type(reader, nth(arguments, 1));
	}
	return any();
}

const struct snafu_shape *snafu_python_entry_shape(struct python_type_reader reader, long entry)
{
	const struct python_outline *outline = reader.types->names->outline;

	if ((size_t)entry < outline->n_definitions)
		return outline->definitions[entry].is_class
		           ? snafu_python_class_shape(reader, (size_t)entry)
		           : any();
	const struct python_field *field = &outline->fields[(size_t)entry - outline->n_definitions];
	const char *value = outline->text + field->value;
	if (!field->value_size || field->owner)
		return any();
	reader.scope = 0;
	return snafu_python_read_type(reader, (struct python_span){value, value + field->value_size});
}

/* What the file itself defines under this dotted name, or -1. */
long snafu_python_find_type(struct python_type_reader reader, struct python_span name)
{
	const struct python_names *names = reader.types->names;
	struct python_span rest = name, part = take_part(&rest, '.');
	uint32_t scope = reader.scope;
	long entry = snafu_python_find(names, scope, part.at, (size_t)(part.end - part.at));

	while (entry < 0 && scope) {
		scope = names->outline->definitions[scope - 1].owner;
		entry = snafu_python_find(names, scope, part.at, (size_t)(part.end - part.at));
	}
	while (entry >= 0 && rest.at < rest.end) {
		if ((size_t)entry >= names->outline->n_definitions)
			return -1;
		part = take_part(&rest, '.');
		entry =
			snafu_python_find(names, (uint32_t)entry + 1, part.at, (size_t)(part.end - part.at));
	}
	return entry;
}

static const struct snafu_shape *read_name(struct python_type_reader reader,
                                           struct python_span name, struct python_span arguments)
{
	long entry = snafu_python_find_type(reader, name);

	if (entry >= 0) /* the file's own meaning of the name comes first */
		return snafu_python_entry_shape(reader, entry);
	for (const char *at = name.at; at < name.end; at++)
		if (*at == '.')
			name.at = at + 1;
	for (size_t i = 0; i < sizeof type_names / sizeof *type_names; i++)
		if (is(name, type_names[i].name))
			return apply(reader, &type_names[i], arguments);
	return any();
}

const struct snafu_shape *snafu_python_read_type(struct python_type_reader reader,
                                                 struct python_span text)
{
	text = trim(text);
	if (text.at == text.end || reader.depth++ >= PYTHON_TYPE_DEPTH_CAP || reader.types->budget == 0)
		return any();
	reader.types->budget--;
	struct python_span rest = text;
	if (take_part(&rest, '|').end < text.end && rest.at < text.end)
		return read_union(reader, text, '|');
	const char *string = snafu_python_string_end(text.at, text.end);
	if (string) {
		if (string != text.end || string - text.at < 3 || *text.at > '\'')
			return any();
		return snafu_python_read_type(reader, (struct python_span){text.at + 1, string - 1});
	}
	if (*text.at == '(' && text.end[-1] == ')')
		return snafu_python_read_type(reader, (struct python_span){text.at + 1, text.end - 1});
	struct python_span name = {text.at, text.at};
	while (name.end < text.end && (snafu_python_is_name_byte(*name.end) || *name.end == '.'))
		name.end++;
	struct python_span arguments = trim((struct python_span){name.end, text.end});
	if (arguments.at < arguments.end) {
		if ((*arguments.at != '[' && *arguments.at != '(') ||
		    (arguments.end[-1] != ']' && arguments.end[-1] != ')'))
			return any();
		arguments.at++;
		arguments.end--;
		if (arguments.end < arguments.at)
			return any();
	}
	return read_name(reader, name, arguments);
}

const struct snafu_shape *snafu_python_shape(struct python_types *types, uint32_t scope,
                                             const char *text, size_t size)
{
	struct python_type_reader reader = {.types = types, .scope = scope};

	if (!text || size > PYTHON_TYPE_SIZE_CAP)
		return any();
	return snafu_python_read_type(reader, (struct python_span){text, text + size});
}

int snafu_python_types_begin(const struct python_names *names, struct snafu_arena *arena,
                             struct python_types *ret)
{
	const struct python_outline *outline = names->outline;

	*ret = (struct python_types){
		.names = names,
		.arena = arena,
		.budget = BUDGET,
		.classes = calloc(outline->n_definitions + 1, sizeof *ret->classes),
		.first_field = calloc(outline->n_definitions + 1, sizeof *ret->first_field),
		.next_field = calloc(outline->n_fields + 1, sizeof *ret->next_field),
	};
	if (!ret->classes || !ret->first_field || !ret->next_field)
		return -ENOMEM;
	for (size_t i = outline->n_fields; i-- > 0;) { /* backwards, so that each list is in order */
		uint32_t owner = outline->fields[i].owner;

		if (owner) {
			ret->next_field[i] = ret->first_field[owner - 1];
			ret->first_field[owner - 1] = (uint32_t)i + 1;
		}
	}
	return 0;
}

void snafu_python_types_done(struct python_types *types)
{
	free(types->classes);
	free(types->first_field);
	free(types->next_field);
	*types = (struct python_types){0};
}
