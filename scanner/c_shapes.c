/* scanner/c_shapes.c — see c_shapes.h. */
#include "scanner/c_shapes.h"

#include <errno.h>
#include <string.h>

#include "scanner/c_pairs.h"
#include "scanner/c_types.h"

/* Everything about one function while it is described. NO_MEMORY sticks. */
struct describing {
	struct snafu_arena *arena;
	struct snafu_function *function;
	struct snafu_parameter *parameters;
	size_t count; /* without the variadic one */
	struct snafu_c_parameter types[SNAFU_C_PARAMETERS_CAP];
	struct snafu_c_role roles[SNAFU_C_PARAMETERS_CAP];
	const struct snafu_c_type *returns;
	int no_memory;
};

static const struct snafu_shape *shape_of(struct describing *describing,
                                          const struct snafu_c_type *type);

/* A shape to be filled in; never NULL. */
static struct snafu_shape *new_shape(struct describing *describing, enum snafu_shape_kind kind)
{
	static struct snafu_shape spare; /* written to, never read, when memory is out */
	struct snafu_shape *shape = snafu_arena_alloc(describing->arena, sizeof *shape);

	if (!shape) {
		describing->no_memory = -ENOMEM;
		return &spare;
	}
	shape->kind = kind;
	return shape;
}

static const struct snafu_shape *nullable(struct describing *describing,
                                          const struct snafu_shape *shape)
{
	struct snafu_shape *copy = new_shape(describing, shape->kind);

	*copy = *shape;
	copy->nullable = true;
	return copy;
}

static const struct snafu_shape *array_of(struct describing *describing,
                                          const struct snafu_shape *items)
{
	struct snafu_shape *shape = new_shape(describing, SNAFU_SHAPE_ARRAY);

	shape->items = items;
	return shape;
}

static const struct snafu_shape *number_shape(struct describing *describing,
                                              const struct snafu_c_type *type)
{
	static const char *const formats[][2] = {{"int8", "uint8"},
	                                         {"int16", "uint16"},
	                                         {"int32", "uint32"},
	                                         {"int64", "uint64"}};
	bool is_float = type->kind == SNAFU_C_FLOAT;
	struct snafu_shape *shape =
		new_shape(describing, is_float ? SNAFU_SHAPE_NUMBER : SNAFU_SHAPE_INTEGER);

	if (is_float)
		shape->format = type->size == 4 ? "float" : "double";
	else if (type->size <= 8)
		shape->format =
			formats[__builtin_ctz((unsigned)type->size)][type->kind == SNAFU_C_UNSIGNED];
	return shape;
}

static const struct snafu_shape *enum_shape(struct describing *describing,
                                            const struct snafu_c_type *type)
{
	if (type->n_enumerators == 0)
		return snafu_shape_plain(SNAFU_SHAPE_INTEGER);
	struct snafu_shape *shape = new_shape(describing, SNAFU_SHAPE_ENUM);
	const char **values =
		snafu_arena_alloc(describing->arena, type->n_enumerators * sizeof *values);

	if (!values) {
		describing->no_memory = -ENOMEM;
		return shape;
	}
	for (size_t i = 0; i < type->n_enumerators; i++)
		values[i] = type->enumerators[i].name;
	shape->values = values;
	shape->n_values = type->n_enumerators;
	return shape;
}

/* An object of the fields that can be said; with room for one more. */
static struct snafu_shape *struct_shape(struct describing *describing,
                                        const struct snafu_c_type *type)
{
	struct snafu_shape *shape = new_shape(describing, SNAFU_SHAPE_OBJECT);
	struct snafu_field *fields =
		snafu_arena_alloc(describing->arena, (type->n_fields + 1) * sizeof *fields);

	if (!fields) {
		describing->no_memory = -ENOMEM;
		return shape;
	}
	shape->fields = fields;
	for (size_t i = 0; i < type->n_fields; i++) {
		const struct snafu_c_field *field = &type->fields[i];

		if (!*field->name || field->bits || field->type->kind == SNAFU_C_UNION)
			continue;
		fields[shape->n_fields++] = (struct snafu_field){
			.name = field->name,
			.shape = shape_of(describing, field->type),
		};
	}
	return shape;
}

static bool is_byte(const struct snafu_c_type *type)
{
	return (type->kind == SNAFU_C_SIGNED || type->kind == SNAFU_C_UNSIGNED) && type->size == 1;
}

/* Many of TYPE: text, bytes, or an array. */
static const struct snafu_shape *many_shape(struct describing *describing,
                                            const struct snafu_c_type *type)
{
	if (type->kind == SNAFU_C_CHAR)
		return snafu_shape_plain(SNAFU_SHAPE_STRING);
	if (type->kind == SNAFU_C_VOID || is_byte(type))
		return snafu_shape_plain(SNAFU_SHAPE_BYTES);
	return array_of(describing, shape_of(describing, type));
}

static const struct snafu_shape *shape_of(struct describing *describing,
                                          const struct snafu_c_type *type)
{
	switch (type->kind) {
	case SNAFU_C_VOID: return snafu_shape_plain(SNAFU_SHAPE_NOTHING);
	case SNAFU_C_BOOL: return snafu_shape_plain(SNAFU_SHAPE_BOOLEAN);
	case SNAFU_C_CHAR: return snafu_shape_plain(SNAFU_SHAPE_STRING);
	case SNAFU_C_SIGNED:
	case SNAFU_C_UNSIGNED:
	case SNAFU_C_FLOAT: return number_shape(describing, type);
	case SNAFU_C_COMPLEX: return array_of(describing, snafu_shape_plain(SNAFU_SHAPE_NUMBER));
	case SNAFU_C_ENUM: return enum_shape(describing, type);
	case SNAFU_C_ARRAY: return many_shape(describing, type->target);
	case SNAFU_C_STRUCT: return struct_shape(describing, type);
	case SNAFU_C_POINTER:
		return nullable(describing,
		                snafu_shape_plain(type->target->kind == SNAFU_C_CHAR ? SNAFU_SHAPE_STRING
		                                                                     : SNAFU_SHAPE_HANDLE));
	default: return snafu_shape_plain(SNAFU_SHAPE_ANY);
	}
}

/* The fields of a struct and its handle. */
static const struct snafu_shape *state_shape(struct describing *describing,
                                             const struct snafu_c_type *type)
{
	struct snafu_shape *shape = struct_shape(describing, type);

	if (shape->fields)
		((struct snafu_field *)shape->fields)[shape->n_fields++] = (struct snafu_field){
			.name = "handle",
			.shape = snafu_shape_plain(SNAFU_SHAPE_HANDLE),
		};
	shape->nullable = true;
	return shape;
}

static void describe_length(struct describing *describing, size_t index)
{
	struct snafu_parameter *parameter = &describing->parameters[index];
	const struct snafu_c_role *role = &describing->roles[index];
	const struct snafu_c_type *type = describing->types[index].type;
	const struct snafu_c_type *of = describing->types[role->other].type->target;
	bool pointer = type->kind == SNAFU_C_POINTER;

	parameter->shape = number_shape(describing, pointer ? type->target : type);
	if (role->kind == SNAFU_C_ROLE_LENGTH)
		parameter->fallback = snafu_arena_format(describing->arena, "length(%s)",
		                                         describing->parameters[role->other].name);
	else if (pointer || of->kind == SNAFU_C_CHAR)
		parameter->fallback = snafu_arena_format(describing->arena, "%u", SNAFU_C_BUFFER_DEFAULT);
}

static void describe_parameter(struct describing *describing, size_t index)
{
	struct snafu_parameter *parameter = &describing->parameters[index];
	const struct snafu_c_type *type = describing->types[index].type;
	const struct snafu_c_type *target = type ? type->target : NULL;

	switch (describing->roles[index].kind) {
	case SNAFU_C_ROLE_VALUE: parameter->shape = shape_of(describing, type); break;
	case SNAFU_C_ROLE_STRING_INOUT: parameter->fallback = "\"\""; /* fall through */
	case SNAFU_C_ROLE_STRING:
	case SNAFU_C_ROLE_BYTES:
	case SNAFU_C_ROLE_BYTES_INOUT:
	case SNAFU_C_ROLE_ARRAY:
	case SNAFU_C_ROLE_ARRAY_INOUT:
		parameter->shape = nullable(describing, many_shape(describing, target));
		break;
	case SNAFU_C_ROLE_LENGTH:
	case SNAFU_C_ROLE_CAPACITY: describe_length(describing, index); break;
	case SNAFU_C_ROLE_BUFFER_OUT:
		parameter->kind = SNAFU_PARAMETER_OUT;
		parameter->shape = many_shape(describing, target);
		break;
	case SNAFU_C_ROLE_OUT:
		parameter->kind = SNAFU_PARAMETER_OUT;
		parameter->shape = shape_of(describing, target);
		break;
	case SNAFU_C_ROLE_HANDLE:
		parameter->shape = nullable(describing, snafu_shape_plain(SNAFU_SHAPE_HANDLE));
		break;
	case SNAFU_C_ROLE_OBJECT_IN:
	case SNAFU_C_ROLE_OBJECT_INOUT:
		parameter->shape = nullable(describing, shape_of(describing, target));
		break;
	case SNAFU_C_ROLE_OBJECT_STATE:
		if (!type->constant)
			parameter->fallback = "{}";
		parameter->shape = state_shape(describing, target);
		break;
	case SNAFU_C_ROLE_UNSUPPORTED: break;
	}
}

static const struct snafu_shape *value_shape(struct describing *describing)
{
	const struct snafu_c_type *type = describing->returns;

	switch (snafu_c_return_role(type).kind) {
	case SNAFU_C_ROLE_VALUE: return shape_of(describing, type);
	case SNAFU_C_ROLE_STRING: return nullable(describing, snafu_shape_plain(SNAFU_SHAPE_STRING));
	case SNAFU_C_ROLE_OBJECT_STATE: return state_shape(describing, type->target);
	case SNAFU_C_ROLE_HANDLE: return nullable(describing, snafu_shape_plain(SNAFU_SHAPE_HANDLE));
	default: return snafu_shape_plain(SNAFU_SHAPE_ANY);
	}
}

/* The value alone, or an object of it and what comes back. */
static const struct snafu_shape *result_shape(struct describing *describing)
{
	const struct snafu_shape *value = value_shape(describing);
	struct snafu_shape *shape;
	struct snafu_field *fields;
	size_t count = 0;

	for (size_t i = 0; i < describing->count; i++)
		count += snafu_c_comes_back(&describing->roles[i], describing->types[i].type);
	if (count == 0)
		return value;
	shape = new_shape(describing, SNAFU_SHAPE_OBJECT);
	fields = snafu_arena_alloc(describing->arena, (count + 1) * sizeof *fields);
	if (!fields) {
		describing->no_memory = -ENOMEM;
		return shape;
	}
	shape->fields = fields;
	if (value->kind != SNAFU_SHAPE_NOTHING)
		fields[shape->n_fields++] = (struct snafu_field){.name = "return", .shape = value};
	for (size_t i = 0; i < describing->count; i++)
		if (snafu_c_comes_back(&describing->roles[i], describing->types[i].type))
			fields[shape->n_fields++] = (struct snafu_field){
				.name = describing->parameters[i].name,
				.shape = describing->parameters[i].shape,
			};
	return shape;
}

static void find_reason(struct describing *describing)
{
	struct snafu_function *function = describing->function;
	const char *problem = snafu_c_return_role(describing->returns).problem;

	for (size_t i = 0; i < describing->count && !function->reason; i++)
		if (describing->roles[i].kind == SNAFU_C_ROLE_UNSUPPORTED) {
			function->reason =
				snafu_arena_format(describing->arena, "parameter %s is %s",
			                       describing->parameters[i].name,
			                       describing->types[i].type
			                           ? describing->roles[i].problem
			                           : "of a type that the source does not define");
			if (!function->reason)
				describing->no_memory = -ENOMEM;
		}
	if (!function->reason && !describing->returns)
		function->reason = "its result is of a type that the source does not define";
	else if (!function->reason && problem &&
	         !(function->reason =
	               snafu_arena_format(describing->arena, "its result is %s", problem)))
		describing->no_memory = -ENOMEM;
}

/* A notation that does not parse counts like one that is missing. */
static const struct snafu_c_type *parse(struct describing *describing, const char *native)
{
	const struct snafu_c_type *type = NULL;

	if (native && snafu_c_type_parse(native, describing->arena, &type, NULL) == -ENOMEM)
		describing->no_memory = -ENOMEM;
	return type;
}

int snafu_c_describe(struct snafu_function *function, struct snafu_parameter *parameters,
                     size_t count, struct snafu_arena *arena)
{
	struct describing describing = {
		.arena = arena,
		.function = function,
		.parameters = parameters,
	};

	if (count > 0 && parameters[count - 1].kind == SNAFU_PARAMETER_VARIADIC)
		count--;
	describing.count = count < SNAFU_C_PARAMETERS_CAP ? count : SNAFU_C_PARAMETERS_CAP;
	if (count > SNAFU_C_PARAMETERS_CAP && !function->reason)
		function->reason = "it has too many parameters";
	for (size_t i = 0; i < describing.count; i++) {
		describing.types[i].name = parameters[i].name;
		describing.types[i].type = parse(&describing, parameters[i].native);
	}
	describing.returns = parse(&describing, function->returns_native);
	snafu_c_roles(describing.types, describing.count, describing.returns, describing.roles);
	for (size_t i = 0; i < describing.count; i++)
		describe_parameter(&describing, i);
	function->returns_shape = result_shape(&describing);
	find_reason(&describing);
	return describing.no_memory;
}
