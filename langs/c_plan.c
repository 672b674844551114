/* langs/c_plan.c — from a function's descriptor to a prepared libffi call. See
 * c_call.h. */
#include "langs/c_call.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "scanner/function.h"

static ffi_type *integer_type(size_t size, bool is_signed)
{
	switch (size) {
	case 1: return is_signed ? &ffi_type_sint8 : &ffi_type_uint8;
	case 2: return is_signed ? &ffi_type_sint16 : &ffi_type_uint16;
	case 4: return is_signed ? &ffi_type_sint32 : &ffi_type_uint32;
	case 8: return is_signed ? &ffi_type_sint64 : &ffi_type_uint64;
	default: return NULL;
	}
}

static ffi_type *float_type(size_t size)
{
	return size == 4                     ? &ffi_type_float
	       : size == 8                   ? &ffi_type_double
	       : size == sizeof(long double) ? &ffi_type_longdouble
	                                     : NULL;
}

static ffi_type *complex_type(size_t size)
{
#ifdef FFI_TARGET_HAS_COMPLEX_TYPE
	return size == 8                         ? &ffi_type_complex_float
	       : size == 16                      ? &ffi_type_complex_double
	       : size == 2 * sizeof(long double) ? &ffi_type_complex_longdouble
	                                         : NULL;
#else
	(void)size;
	return NULL;
#endif
}

static ffi_type *foreign_type(struct snafu_arena *arena, const struct snafu_c_type *type);

/* How many scalars the type has, with arrays written out. */
static size_t count_members(const struct snafu_c_type *type)
{
	size_t count = 0;

	if (type->kind == SNAFU_C_ARRAY)
		return type->length > SNAFU_C_BY_VALUE_CAP ? SNAFU_C_BY_VALUE_CAP
		                                           : type->length * count_members(type->target);
	if (type->kind != SNAFU_C_STRUCT)
		return 1;
	for (size_t i = 0; i < type->n_fields; i++)
		count += count_members(type->fields[i].type);
	return count;
}

static int add_members(struct snafu_arena *arena, const struct snafu_c_type *type,
                       ffi_type **members, size_t *n)
{
	if (type->kind == SNAFU_C_ARRAY) {
		for (size_t i = 0; i < type->length; i++)
			if (add_members(arena, type->target, members, n))
				return -ENOTSUP;
		return 0;
	}
	if (type->kind != SNAFU_C_STRUCT) {
		ffi_type *member = foreign_type(arena, type);

		members[(*n)++] = member;
		return member ? 0 : -ENOTSUP;
	}
	for (size_t i = 0; i < type->n_fields; i++)
		if (type->fields[i].bits || add_members(arena, type->fields[i].type, members, n))
			return -ENOTSUP;
	return 0;
}

/* A struct by value. libffi lays the members out itself; where that gives another
 * size (packed, over-aligned), the struct is refused. */
static ffi_type *struct_type(struct snafu_arena *arena, const struct snafu_c_type *type)
{
	size_t count = count_members(type), n = 0;

	if (type->size == 0 || type->size > SNAFU_C_BY_VALUE_CAP || count > SNAFU_C_BY_VALUE_CAP)
		return NULL;
	ffi_type *whole = snafu_arena_alloc(arena, sizeof *whole);
	ffi_type **members = snafu_arena_alloc(arena, (count + 1) * sizeof *members);
	if (!whole || !members || add_members(arena, type, members, &n))
		return NULL;
	whole->type = FFI_TYPE_STRUCT;
	whole->elements = members;
	if (ffi_get_struct_offsets(FFI_DEFAULT_ABI, whole, NULL) != FFI_OK ||
	    whole->size != type->size || whole->alignment != type->alignment)
		return NULL;
	return whole;
}

static ffi_type *foreign_type(struct snafu_arena *arena, const struct snafu_c_type *type)
{
	switch (type->kind) {
	case SNAFU_C_VOID: return &ffi_type_void;
	case SNAFU_C_BOOL: return &ffi_type_uint8;
	case SNAFU_C_CHAR: return (char)-1 < 0 ? &ffi_type_schar : &ffi_type_uchar;
	case SNAFU_C_SIGNED: return integer_type(type->size, true);
	case SNAFU_C_UNSIGNED: return integer_type(type->size, false);
	case SNAFU_C_ENUM: return integer_type(type->size, !type->is_unsigned);
	case SNAFU_C_FLOAT: return float_type(type->size);
	case SNAFU_C_COMPLEX: return complex_type(type->size);
	case SNAFU_C_POINTER: return &ffi_type_pointer;
	case SNAFU_C_STRUCT: return struct_type(arena, type);
	default: return NULL;
	}
}

/* Whether a name's last word says that a thing is given back, and is no longer there:
 * fclose, sqlite3_close_v2, deflateEnd, list_free, gzclose_r. */
static bool says_closed(const char *name)
{
	static const char *const words[] = {"close",   "free",     "end",      "destroy", "delete",
	                                    "release", "finalize", "finish",   "fini",    "cleanup",
	                                    "dispose", "term",     "terminate"};
	size_t size = strlen(name);

	/* A version or a letter behind the last underscore is no word. */
	if (size > 3 && name[size - 3] == '_' && name[size - 2] == 'v' &&
	    isdigit((unsigned char)name[size - 1]))
		size -= 3;
	while (size > 1 && (name[size - 1] == '_' || isdigit((unsigned char)name[size - 1])))
		size--;
	if (size > 2 && name[size - 2] == '_')
		size -= 2;
	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		size_t length = strlen(words[i]);
		const char *word = size >= length ? name + size - length : NULL;

		if (!word || strncasecmp(word, words[i], length) != 0)
			continue;
		/* "append" does not end anything: short words must stand for themselves. */
		bool stands = word == name || word[-1] == '_' || isupper((unsigned char)*word);
		if (stands || strcmp(words[i], "close") == 0 || strcmp(words[i], "free") == 0 ||
		    strcmp(words[i], "destroy") == 0 || strcmp(words[i], "finalize") == 0)
			return true;
	}
	return false;
}

static int parse_type(struct snafu_bound *bound, const char *native, const char *what,
                      const struct snafu_c_type **ret, struct snafu_error *error)
{
	struct snafu_error inner;

	if (!native)
		return snafu_fail(error, -ENOTSUP, "%s: its C type is not known", what);
	int code = snafu_c_type_parse(native, &bound->arena, ret, &inner);
	return code ? snafu_fail(error, code, "%s: %s", what, inner.message) : 0;
}

static int read_types(struct snafu_bound *bound, struct snafu_error *error)
{
	const struct snafu_function *function = bound->function;
	int code = parse_type(bound, function->returns_native, "the result", &bound->returns, error);

	for (size_t i = 0, n = 0; i < function->n_parameters && !code; i++) {
		const struct snafu_parameter *parameter = &function->parameters[i];
		struct snafu_c_argument *argument = &bound->arguments[n];

		if (parameter->kind == SNAFU_PARAMETER_VARIADIC)
			continue; /* `...`: called without any */
		code = parse_type(bound, parameter->native, parameter->name, &argument->type, error);
		if (code)
			break;
		argument->name = parameter->name;
		argument->written = parameter->type ? parameter->type : "?";
		if (argument->type->kind == SNAFU_C_POINTER || argument->type->kind == SNAFU_C_ARRAY)
			argument->target = argument->type->target;
		bound->count = ++n;
	}
	return code;
}

static int find_roles(struct snafu_bound *bound, struct snafu_error *error)
{
	struct snafu_c_parameter parameters[SNAFU_C_ARGUMENTS_CAP];
	struct snafu_c_role roles[SNAFU_C_ARGUMENTS_CAP];

	for (size_t i = 0; i < bound->count; i++)
		parameters[i] = (struct snafu_c_parameter){.name = bound->arguments[i].name,
		                                           .type = bound->arguments[i].type};
	snafu_c_roles(parameters, bound->count, bound->returns, roles);
	bound->returns_role = snafu_c_return_role(bound->returns);
	if (bound->returns_role.kind == SNAFU_C_ROLE_UNSUPPORTED)
		return snafu_fail(error, -ENOTSUP, "the result has no JSON form: it is %s",
		                  bound->returns_role.problem);
	bound->is_simple = bound->returns->kind != SNAFU_C_STRUCT;
	for (size_t i = 0; i < bound->count; i++) {
		struct snafu_c_argument *argument = &bound->arguments[i];
		enum snafu_c_role_kind kind = roles[i].kind;

		if (kind == SNAFU_C_ROLE_UNSUPPORTED)
			return snafu_fail(error, -ENOTSUP, "parameter %s has no JSON form: it is %s",
			                  argument->name, roles[i].problem);
		argument->role = roles[i];
		argument->is_positional = kind != SNAFU_C_ROLE_LENGTH && kind != SNAFU_C_ROLE_OUT &&
		                          kind != SNAFU_C_ROLE_BUFFER_OUT;
		bound->gives_object =
			bound->gives_object || snafu_c_comes_back(&argument->role, argument->type);
		bound->is_simple = bound->is_simple && kind == SNAFU_C_ROLE_VALUE;
	}
	return 0;
}

static int prepare(struct snafu_bound *bound, struct snafu_error *error)
{
	ffi_type **types = snafu_arena_alloc(&bound->arena, (bound->count + 1) * sizeof *types);
	ffi_type *returns = foreign_type(&bound->arena, bound->returns);
	bool is_variadic = bound->count < bound->function->n_parameters;
	ffi_status status;

	if (!types)
		return snafu_fail(error, -ENOMEM, "no memory");
	if (!returns)
		return snafu_fail(error, -ENOTSUP, "the result's type cannot be passed by value");
	for (size_t i = 0; i < bound->count; i++) {
		const struct snafu_c_argument *argument = &bound->arguments[i];

		types[i] =
			argument->target ? &ffi_type_pointer : foreign_type(&bound->arena, argument->type);
		if (!types[i])
			return snafu_fail(error, -ENOTSUP, "parameter %s cannot be passed by value",
			                  argument->name);
	}
	if (is_variadic)
		status = ffi_prep_cif_var(&bound->cif, FFI_DEFAULT_ABI, (unsigned)bound->count,
		                          (unsigned)bound->count, returns, types);
	else
		status = ffi_prep_cif(&bound->cif, FFI_DEFAULT_ABI, (unsigned)bound->count, returns, types);
	if (status != FFI_OK)
		return snafu_fail(error, -ENOTSUP, "libffi cannot call it (status %d)", (int)status);
	return 0;
}

int snafu_c_plan_new(const struct snafu_function *function, void (*address)(void),
                     struct snafu_bound **ret_bound, struct snafu_error *error)
{
	struct snafu_bound *bound = calloc(1, sizeof *bound);
	int code = bound ? 0 : snafu_fail(error, -ENOMEM, "no memory");

	if (code)
		return code;
	bound->function = function;
	bound->address = address;
	bound->closes = says_closed(function->name);
	if (function->n_parameters > SNAFU_C_ARGUMENTS_CAP)
		code = snafu_fail(error, -E2BIG, "it has more than %d parameters", SNAFU_C_ARGUMENTS_CAP);
	bound->arguments =
		snafu_arena_alloc(&bound->arena, (function->n_parameters + 1) * sizeof *bound->arguments);
	if (!code && !bound->arguments)
		code = snafu_fail(error, -ENOMEM, "no memory");
	if (!code)
		code = read_types(bound, error);
	if (!code)
		code = find_roles(bound, error);
	if (!code)
		code = prepare(bound, error);
	if (code)
		snafu_c_plan_free(bound);
	else
		*ret_bound = bound;
	return code;
}

void snafu_c_plan_free(struct snafu_bound *bound)
{
	if (!bound)
		return;
	snafu_arena_done(&bound->arena);
	free(bound);
}
