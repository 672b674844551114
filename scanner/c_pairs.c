/* scanner/c_pairs.c — see c_pairs.h.
 *
 * First it is settled which lengths belong to which pointers, rule by rule; then
 * each parameter gets its role from its type, its name and its length. */
#include "scanner/c_pairs.h"

#include "scanner/c_words.h"

/* What one pass over the parameters needs. Results go straight into ROLES:
 * `other` of a pointer is its length, `other` of a length its first pointer. */
struct pairing {
	const struct snafu_c_parameter *parameters;
	size_t count;
	struct snafu_c_role *roles;
};

/* ---- questions about types ---------------------------------------------------- */

/* What a pointer or array parameter points to, or NULL. */
static const struct snafu_c_type *pointee(const struct snafu_c_type *type)
{
	if (!type || (type->kind != SNAFU_C_POINTER && type->kind != SNAFU_C_ARRAY))
		return NULL;
	return type->target;
}

static bool is_integer(const struct snafu_c_type *type)
{
	return type && (type->kind == SNAFU_C_SIGNED || type->kind == SNAFU_C_UNSIGNED) &&
	       type->size >= 2 && type->size <= 8;
}

static bool is_integer_pointer(const struct snafu_c_type *type)
{
	return type && type->kind == SNAFU_C_POINTER && !type->constant && is_integer(type->target);
}

static bool is_byte(const struct snafu_c_type *type)
{
	return (type->kind == SNAFU_C_UNSIGNED || type->kind == SNAFU_C_SIGNED) && type->size == 1;
}

static bool is_number(const struct snafu_c_type *type)
{
	switch (type->kind) {
	case SNAFU_C_BOOL:
	case SNAFU_C_CHAR:
	case SNAFU_C_ENUM: return true;
	case SNAFU_C_SIGNED:
	case SNAFU_C_UNSIGNED: return type->size <= 8;
	case SNAFU_C_FLOAT:
	case SNAFU_C_COMPLEX: return type->size >= 4;
	default: return false;
	}
}

static bool is_text(const struct snafu_c_type *type)
{
	return type->kind == SNAFU_C_POINTER && type->target->kind == SNAFU_C_CHAR;
}

/* Whether JSON can say all of it: numbers, enums, structs of such, arrays of such,
 * and in structs pointers to char (text). Not: unions, bit-fields, other pointers,
 * flexible arrays. */
static bool is_plain(const struct snafu_c_type *type)
{
	if (type->kind == SNAFU_C_ARRAY)
		return type->length > 0 && is_plain(type->target);
	if (type->kind != SNAFU_C_STRUCT)
		return is_number(type) || is_text(type);
	for (size_t i = 0; i < type->n_fields; i++)
		if (type->fields[i].bits || !is_plain(type->fields[i].type))
			return false;
	return true;
}

/* Elements of which arrays in JSON can be made. */
static bool is_element(const struct snafu_c_type *type)
{
	return is_plain(type);
}

/* Why a value of this type cannot be handed over, or NULL. */
static const char *value_problem(const struct snafu_c_type *type)
{
	const char *problem = NULL;

	switch (type->kind) {
	case SNAFU_C_VA_LIST: return "a va_list";
	case SNAFU_C_FUNCTION: return "a function";
	case SNAFU_C_UNION: return "a union by value";
	case SNAFU_C_OPAQUE: return "of a type that JSON cannot say";
	case SNAFU_C_SIGNED:
	case SNAFU_C_UNSIGNED: return type->size > 8 ? "an integer of more than 64 bits" : NULL;
	case SNAFU_C_FLOAT: return type->size < 4 ? "a floating-point number of 16 bits" : NULL;
	case SNAFU_C_COMPLEX: return type->size < 8 ? "a complex number of 16-bit parts" : NULL;
	case SNAFU_C_ARRAY:
		return type->length == 0 ? "a struct of variable size by value"
		                         : value_problem(type->target);
	case SNAFU_C_STRUCT:
		for (size_t i = 0; i < type->n_fields && !problem; i++) {
			problem = value_problem(type->fields[i].type);
			if (type->fields[i].bits)
				problem = "a struct with bit-fields by value";
			else if (type->fields[i].type->kind == SNAFU_C_UNION)
				problem = "a struct with a union by value";
		}
		return problem;
	default: return NULL;
	}
}

/* ---- which lengths belong to which pointers ----------------------------------- */

/* Whether parameter INDEX can have a length. */
static bool may_have_length(const struct pairing *pairing, size_t index)
{
	const struct snafu_c_parameter *parameter = &pairing->parameters[index];
	const struct snafu_c_type *target = pointee(parameter->type);

	if (!target || pairing->roles[index].other >= 0)
		return false;
	if (target->kind == SNAFU_C_VOID)
		return !snafu_c_word_is_context(parameter->name);
	return is_element(target);
}

/* Whether parameter INDEX can be the length of POINTER, by its type. */
static bool may_be_length(const struct pairing *pairing, size_t index, size_t pointer)
{
	const struct snafu_c_type *type = pairing->parameters[index].type;

	if (pairing->roles[index].kind == SNAFU_C_ROLE_LENGTH)
		return false;
	/* bind(const struct sockaddr *addr, socklen_t addrlen): bytes of one struct. */
	if (pointee(pairing->parameters[pointer].type)->kind == SNAFU_C_STRUCT &&
	    !snafu_c_word_counts(pairing->parameters[index].name))
		return false;
	return is_integer(type) ||
	       (is_integer_pointer(type) && index != pointer &&
	        snafu_c_length_word(pairing->parameters[index].name, NULL) != SNAFU_C_NO_LENGTH);
}

static void join(struct pairing *pairing, size_t pointer, size_t length)
{
	struct snafu_c_role *role = &pairing->roles[length];

	pairing->roles[pointer].other = (int)length;
	if (role->kind != SNAFU_C_ROLE_LENGTH || role->other > (int)pointer)
		role->other = (int)pointer;
	role->kind = SNAFU_C_ROLE_LENGTH;
}

/* Rule 1: a length anywhere that bears the pointer's name. */
static void join_by_name(struct pairing *pairing)
{
	for (size_t pointer = 0; pointer < pairing->count; pointer++)
		for (size_t length = 0; length < pairing->count; length++)
			if (may_have_length(pairing, pointer) && may_be_length(pairing, length, pointer) &&
			    snafu_c_word_match(pairing->parameters[pointer].name,
			                       pairing->parameters[length].name) == SNAFU_C_MATCH_EXACT)
				join(pairing, pointer, length);
}

static enum snafu_c_length_word length_word(const struct pairing *pairing, size_t index)
{
	return snafu_c_length_word(pairing->parameters[index].name, NULL);
}

/* Whether the integer right behind POINTER is its length, by its name. */
static bool follows_as_length(const struct pairing *pairing, size_t pointer)
{
	const struct snafu_c_parameter *first = &pairing->parameters[pointer];
	const struct snafu_c_parameter *second = &pairing->parameters[pointer + 1];
	const struct snafu_c_type *target = pointee(first->type);
	enum snafu_c_length_word word = length_word(pairing, pointer + 1);

	if (snafu_c_word_is_made_up(second->name))
		return snafu_c_word_is_made_up(first->name) && second->type->size == sizeof(size_t) &&
		       second->type->kind == SNAFU_C_UNSIGNED &&
		       (target->kind == SNAFU_C_VOID || target->size == 1);
	if (word == SNAFU_C_NO_LENGTH)
		return false;
	/* find(const char *key, int *len): the length of something else that is returned. */
	if (second->type->kind == SNAFU_C_POINTER && first->type->constant)
		return false;
	/* range(const int *x, size_t n, int *min, int *max): two results. */
	if (second->type->kind == SNAFU_C_POINTER && snafu_c_word_is_single(first->name))
		return false;
	if (target->kind == SNAFU_C_VOID && pointer + 2 < pairing->count &&
	    is_integer(pairing->parameters[pointer + 2].type) &&
	    length_word(pairing, pointer + 2) != SNAFU_C_NO_LENGTH)
		return false;
	if (target->kind == SNAFU_C_CHAR && word == SNAFU_C_LENGTH_OF)
		return snafu_c_word_match(first->name, second->name) != SNAFU_C_MATCH_NONE;
	return true;
}

static bool same_elements(const struct snafu_c_type *a, const struct snafu_c_type *b)
{
	const struct snafu_c_type *x = pointee(a), *y = pointee(b);
	bool bytes_x = x && (x->kind == SNAFU_C_VOID || is_byte(x));
	bool bytes_y = y && (y->kind == SNAFU_C_VOID || is_byte(y));

	if (!x || !y)
		return false;
	return (bytes_x && bytes_y) || (x->kind == y->kind && x->size == y->size);
}

/* Rules 2 and 3: the integer behind a pointer, and equal pointers before that. */
static void join_by_place(struct pairing *pairing)
{
	for (size_t i = 0; i + 1 < pairing->count; i++) {
		if (!may_have_length(pairing, i) || !may_be_length(pairing, i + 1, i) ||
		    !follows_as_length(pairing, i))
			continue;
		join(pairing, i, i + 1);
		for (size_t j = i; j-- > 0 && may_have_length(pairing, j) &&
		                   same_elements(pairing->parameters[j].type, pairing->parameters[i].type);)
			join(pairing, j, i + 1);
	}
}

/* Whether rule 4 applies to this pointer: one with elements for sure. */
static bool is_array_for_sure(const struct pairing *pairing, size_t index)
{
	const struct snafu_c_parameter *parameter = &pairing->parameters[index];
	const struct snafu_c_type *target = pointee(parameter->type);

	if (!may_have_length(pairing, index) || target->kind == SNAFU_C_CHAR ||
	    target->kind == SNAFU_C_STRUCT ||
	    (is_text(target) && !parameter->type->constant && !snafu_c_word_is_many(parameter->name)))
		return false;
	return parameter->type->kind == SNAFU_C_ARRAY || parameter->type->constant ||
	       target->kind == SNAFU_C_VOID || snafu_c_word_is_many(parameter->name);
}

/* Rule 4: the only length word. */
static void join_the_rest(struct pairing *pairing)
{
	size_t n_lengths = 0, n_arrays = 0, length = 0, array = 0;

	for (size_t i = 0; i < pairing->count; i++) {
		if (is_integer(pairing->parameters[i].type) &&
		    pairing->roles[i].kind != SNAFU_C_ROLE_LENGTH &&
		    length_word(pairing, i) == SNAFU_C_LENGTH_WORD) {
			n_lengths++;
			length = i;
		}
		if (is_array_for_sure(pairing, i)) {
			n_arrays++;
			array = i;
		}
	}
	if (n_lengths != 1)
		return;
	if (n_arrays == 1) {
		join(pairing, array, length);
		return;
	}
	for (size_t i = length + 1; i < pairing->count && is_array_for_sure(pairing, i); i++)
		join(pairing, i, length);
}

/* ---- roles -------------------------------------------------------------------- */

static void refuse(struct snafu_c_role *role, const char *problem)
{
	role->kind = SNAFU_C_ROLE_UNSUPPORTED;
	role->problem = problem;
}

static bool is_output(const struct snafu_c_parameter *parameter, bool has_length)
{
	const struct snafu_c_type *target = pointee(parameter->type);

	return snafu_c_word_is_output(parameter->name) ||
	       (has_length && target->kind == SNAFU_C_CHAR && snafu_c_word_is_buffer(parameter->name));
}

static enum snafu_c_role_kind struct_role(const struct snafu_c_parameter *parameter,
                                          const struct snafu_c_type *target)
{
	if (parameter->type->constant)
		return SNAFU_C_ROLE_OBJECT_IN;
	if (!is_plain(target))
		return SNAFU_C_ROLE_OBJECT_STATE;
	return snafu_c_word_is_output(parameter->name) ? SNAFU_C_ROLE_OUT : SNAFU_C_ROLE_OBJECT_INOUT;
}

/* A pointer to a pointer: texts, or the place for a new handle. */
static enum snafu_c_role_kind pointer_role(const struct snafu_c_parameter *parameter,
                                           const struct snafu_c_type *target, bool has_length)
{
	if (is_text(target)) {
		if (parameter->type->constant)
			return SNAFU_C_ROLE_ARRAY;
		if (has_length || snafu_c_word_is_many(parameter->name))
			return SNAFU_C_ROLE_ARRAY_INOUT;
		return SNAFU_C_ROLE_OUT;
	}
	if (parameter->type->constant || target->target->kind == SNAFU_C_FUNCTION)
		return SNAFU_C_ROLE_HANDLE;
	return SNAFU_C_ROLE_OUT;
}

/* A pointer or array whose elements are numbers, bytes, or arrays of such. */
static enum snafu_c_role_kind elements_role(const struct snafu_c_parameter *parameter,
                                            const struct snafu_c_type *target, bool has_length)
{
	bool constant = parameter->type->constant;
	bool fixed = parameter->type->kind == SNAFU_C_ARRAY && parameter->type->length > 0;
	bool bytes = target->kind == SNAFU_C_VOID || is_byte(target);

	if (!constant && (has_length || fixed) && is_output(parameter, has_length))
		return SNAFU_C_ROLE_BUFFER_OUT;
	if (target->kind == SNAFU_C_CHAR)
		return constant ? SNAFU_C_ROLE_STRING : SNAFU_C_ROLE_STRING_INOUT;
	if (bytes)
		return constant ? SNAFU_C_ROLE_BYTES : SNAFU_C_ROLE_BYTES_INOUT;
	if (constant)
		return SNAFU_C_ROLE_ARRAY;
	if (has_length || parameter->type->kind == SNAFU_C_ARRAY || target->kind == SNAFU_C_ARRAY ||
	    snafu_c_word_is_many(parameter->name))
		return SNAFU_C_ROLE_ARRAY_INOUT;
	return SNAFU_C_ROLE_OUT;
}

static void give_role(const struct snafu_c_parameter *parameter, struct snafu_c_role *role)
{
	const struct snafu_c_type *type = parameter->type;
	const struct snafu_c_type *target = pointee(type);
	bool has_length = role->other >= 0;

	if (role->kind == SNAFU_C_ROLE_LENGTH)
		return;
	if (!type) {
		refuse(role, "of a type that is not known");
		return;
	}
	if (!target) {
		const char *problem = value_problem(type);

		role->kind = SNAFU_C_ROLE_VALUE;
		if (problem || type->kind == SNAFU_C_VOID)
			refuse(role, problem ? problem : "of type void");
		return;
	}
	if (target->kind == SNAFU_C_FUNCTION)
		role->kind = SNAFU_C_ROLE_HANDLE; /* null: many a callback may be left out */
	else if (target->kind == SNAFU_C_VA_LIST)
		refuse(role, "a va_list");
	else if (target->kind == SNAFU_C_VOID && !has_length)
		role->kind = SNAFU_C_ROLE_HANDLE;
	else if (target->kind == SNAFU_C_POINTER)
		role->kind = pointer_role(parameter, target, has_length);
	else if (target->kind == SNAFU_C_STRUCT && !has_length && type->kind != SNAFU_C_ARRAY)
		role->kind = struct_role(parameter, target);
	else if (target->kind == SNAFU_C_VOID || is_element(target))
		role->kind = elements_role(parameter, target, has_length);
	else
		role->kind = SNAFU_C_ROLE_HANDLE;
}

/* A length of nothing but buffers to fill is their capacity. */
static void settle_capacities(struct pairing *pairing)
{
	for (size_t i = 0; i < pairing->count; i++) {
		bool all_out = true;

		if (pairing->roles[i].kind != SNAFU_C_ROLE_LENGTH)
			continue;
		for (size_t j = 0; j < pairing->count; j++)
			if (pairing->roles[j].other == (int)i &&
			    pairing->roles[j].kind != SNAFU_C_ROLE_BUFFER_OUT)
				all_out = false;
		if (all_out)
			pairing->roles[i].kind = SNAFU_C_ROLE_CAPACITY;
	}
}

/* swap(int *a, int *b): a function without a result that got nothing but places to
 * write to must have something to start from. */
static void settle_outputs(struct pairing *pairing, const struct snafu_c_type *returns)
{
	if (!returns || returns->kind != SNAFU_C_VOID)
		return;
	for (size_t i = 0; i < pairing->count; i++)
		if (pairing->roles[i].kind != SNAFU_C_ROLE_OUT ||
		    snafu_c_word_is_output(pairing->parameters[i].name) ||
		    pointee(pairing->parameters[i].type)->kind == SNAFU_C_POINTER)
			return;
	for (size_t i = 0; i < pairing->count; i++)
		pairing->roles[i].kind = SNAFU_C_ROLE_ARRAY_INOUT;
}

void snafu_c_roles(const struct snafu_c_parameter *parameters, size_t count,
                   const struct snafu_c_type *returns, struct snafu_c_role *ret_roles)
{
	struct pairing pairing = {.parameters = parameters, .count = count, .roles = ret_roles};

	for (size_t i = 0; i < count; i++)
		ret_roles[i] = (struct snafu_c_role){.kind = SNAFU_C_ROLE_VALUE, .other = -1};
	join_by_name(&pairing);
	join_by_place(&pairing);
	join_the_rest(&pairing);
	for (size_t i = 0; i < count; i++)
		give_role(&parameters[i], &ret_roles[i]);
	settle_capacities(&pairing);
	settle_outputs(&pairing, returns);
}

struct snafu_c_role snafu_c_return_role(const struct snafu_c_type *type)
{
	struct snafu_c_role role = {.kind = SNAFU_C_ROLE_VALUE, .other = -1};

	if (!type) {
		refuse(&role, "of a type that is not known");
		return role;
	}
	if (type->kind != SNAFU_C_POINTER) {
		role.problem = value_problem(type);
		if (role.problem)
			role.kind = SNAFU_C_ROLE_UNSUPPORTED;
		return role;
	}
	if (type->target->kind == SNAFU_C_CHAR || (type->constant && is_byte(type->target)))
		role.kind = SNAFU_C_ROLE_STRING;
	else if (type->target->kind == SNAFU_C_STRUCT)
		role.kind = SNAFU_C_ROLE_OBJECT_STATE;
	else
		role.kind = SNAFU_C_ROLE_HANDLE;
	return role;
}
