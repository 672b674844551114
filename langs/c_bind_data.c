/* langs/c_bind_data.c — arguments that point to text, bytes or elements. See
 * c_arguments.h; the elements themselves are read by c_read_data.c. */
#include "langs/c_arguments.h"

bool snafu_c_is_writable(const struct snafu_c_argument *argument)
{
	switch (argument->role.kind) {
	case SNAFU_C_ROLE_STRING_INOUT:
	case SNAFU_C_ROLE_BYTES_INOUT:
	case SNAFU_C_ROLE_ARRAY_INOUT:
	case SNAFU_C_ROLE_BUFFER_OUT: return true;
	default: return false;
	}
}

/* How many elements a buffer gets whose capacity was not given; 0: it must be given. */
static size_t default_capacity(const struct snafu_bound *bound,
                               const struct snafu_c_argument *argument)
{
	const struct snafu_c_type *length = bound->arguments[argument->role.other].type;
	size_t size = argument->target->size ? argument->target->size : 1;

	if (argument->target->kind == SNAFU_C_CHAR || length->kind == SNAFU_C_POINTER)
		return SNAFU_C_BUFFER_DEFAULT / size;
	return 0;
}

/* How many elements there must be memory for, whatever is given. */
static size_t least_count(struct snafu_c_call *call, const struct snafu_bound *bound,
                          const struct snafu_c_argument *argument, struct snafu_c_slot *slots)
{
	bool is_fixed = argument->type->kind == SNAFU_C_ARRAY;
	size_t fixed = is_fixed ? argument->type->length : 0;

	if (argument->role.other < 0)
		return fixed;
	struct snafu_c_slot *length = &slots[argument->role.other];
	if (!length->has_count && argument->role.kind == SNAFU_C_ROLE_BUFFER_OUT &&
	    bound->arguments[argument->role.other].role.kind == SNAFU_C_ROLE_CAPACITY) {
		length->count = default_capacity(bound, argument);
		if (length->count == 0) {
			snafu_c_missing(call, &bound->arguments[argument->role.other]);
			length->count = 1; /* named once */
		}
		length->has_count = true;
		const struct snafu_c_argument *capacity = &bound->arguments[argument->role.other];
		snafu_c_put_integer(length->cell,
		                    (capacity->target ? capacity->target : capacity->type)->size,
		                    (__int128)length->count);
	}
	return length->count > fixed ? length->count : fixed;
}

/* Whether a value that was not given is a problem. */
static bool may_be_missing(const struct snafu_c_argument *argument,
                           const struct snafu_c_slot *slots)
{
	switch (argument->role.kind) {
	case SNAFU_C_ROLE_BUFFER_OUT:
	case SNAFU_C_ROLE_STRING_INOUT: return true;
	case SNAFU_C_ROLE_BYTES_INOUT:
	case SNAFU_C_ROLE_ARRAY_INOUT:
		return argument->role.other >= 0 && slots[argument->role.other].is_known;
	default: return false;
	}
}

void snafu_c_bind_data(struct snafu_c_call *call, const struct snafu_bound *bound, size_t index,
                       struct snafu_c_slot *slots)
{
	const struct snafu_c_argument *argument = &bound->arguments[index];
	struct snafu_c_slot *slot = &slots[index];
	struct snafu_c_place place = {.name = argument->name};
	bool writable = snafu_c_is_writable(argument), has_length = argument->role.other >= 0;
	size_t least = least_count(call, bound, argument, slots);
	struct snafu_json_reader reader;
	struct snafu_json_value value;
	struct snafu_c_data data;

	if (!slot->given && !may_be_missing(argument, slots)) {
		snafu_c_missing(call, argument);
		return;
	}
	if (snafu_c_is_null(slot) && !writable && least > 0)
		snafu_c_problem(call, &place, "null has no %zu elements", least);
	if (snafu_c_is_null(slot) &&
	    (!writable || (least == 0 && argument->role.kind != SNAFU_C_ROLE_STRING_INOUT)))
		return;
	if (slot->given && argument->target->kind == SNAFU_C_VOID && !has_length &&
	    snafu_c_is_handle(&slot->value)) {
		if (!snafu_c_read_handle(call, argument->target, &slot->value, &slot->entry, &place))
			slot->pointer = slot->entry->pointer;
		return;
	}
	struct snafu_c_data_wish wish = {
		.element = argument->target,
		.minimum = writable || argument->type->kind == SNAFU_C_ARRAY ? least : 0,
		.extra = writable ? SNAFU_C_ROOM : sizeof(void *),
		.terminated = !has_length,
		.writable = writable,
	};
	snafu_c_reenter(slot, &reader, &value);
	bool given = slot->given && !snafu_c_is_null(slot);
	if (snafu_c_read_data(call, &wish, &reader, given ? &value : NULL, &data, &place))
		return;
	slot->pointer = data.bytes;
	slot->count = data.count;
	slot->room = data.room;
	slot->is_single = given && value.type != SNAFU_JSON_ARRAY && value.type != SNAFU_JSON_STRING &&
	                  (value.type != SNAFU_JSON_OBJECT || argument->target->kind == SNAFU_C_STRUCT);
}
