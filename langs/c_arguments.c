/* langs/c_arguments.c — a payload to the arguments of a C function, by their roles
 * (scanner/c_pairs.h): the order of the steps, and the arguments that are single
 * values. See c_arguments.h. */
#include "langs/c_arguments.h"

#include <string.h>

void snafu_c_missing(struct snafu_c_call *call, const struct snafu_c_argument *argument)
{
	snafu_argument_problem(&call->problems, argument->name, "missing (%s)", argument->written);
}

static void bind_value(struct snafu_c_call *call, const struct snafu_c_argument *argument,
                       struct snafu_c_slot *slot)
{
	struct snafu_c_place place = {.name = argument->name};
	struct snafu_json_reader reader;
	struct snafu_json_value value;

	if (!slot->given) {
		snafu_c_missing(call, argument);
		return;
	}
	slot->pointer = slot->cell;
	if (argument->type->size > sizeof slot->cell) {
		slot->pointer = snafu_c_allocate(call, &place, argument->type->size, false);
		if (!slot->pointer)
			return;
	} else {
		memset(slot->cell, 0, sizeof slot->cell);
	}
	snafu_c_reenter(slot, &reader, &value);
	snafu_c_read(call, argument->type, &reader, &value, slot->pointer, &place);
}

static void bind_out(struct snafu_c_call *call, const struct snafu_c_argument *argument,
                     struct snafu_c_slot *slot)
{
	struct snafu_c_place place = {.name = argument->name};
	size_t size = argument->target->size;
	struct snafu_json_reader reader;
	struct snafu_json_value value;

	slot->pointer = slot->cell;
	if (size > sizeof(void *)) /* a pointer's place is written once; numbers may be more */
		slot->pointer = snafu_c_allocate(call, &place, size + SNAFU_C_OUT_ROOM, true);
	else
		memset(slot->cell, 0, sizeof slot->cell);
	if (!slot->pointer || !slot->given || snafu_c_is_null(slot))
		return;
	snafu_c_reenter(slot, &reader, &value);
	/* More than one may be given: the function may want an array after all. */
	if (value.type == SNAFU_JSON_ARRAY && argument->target->kind != SNAFU_C_ARRAY &&
	    argument->target->kind != SNAFU_C_COMPLEX) {
		struct snafu_c_data_wish wish = {
			.element = argument->target,
			.extra = SNAFU_C_ROOM,
			.writable = true,
		};
		struct snafu_c_data data;

		if (snafu_c_read_data(call, &wish, &reader, &value, &data, &place))
			return;
		slot->pointer = data.bytes;
		slot->count = slot->room = data.count;
		return;
	}
	snafu_c_read(call, argument->target, &reader, &value, slot->pointer, &place);
}

static void bind_handle(struct snafu_c_call *call, const struct snafu_c_argument *argument,
                        struct snafu_c_slot *slot)
{
	struct snafu_c_place place = {.name = argument->name};

	if (!slot->given) {
		snafu_argument_problem(&call->problems, argument->name, "missing (%s): give %s",
		                       argument->written,
		                       argument->target->kind == SNAFU_C_FUNCTION
		                           ? "null, if the function allows that"
		                           : "a handle or null");
		return;
	}
	if (snafu_c_is_null(slot))
		return;
	if (argument->target->kind == SNAFU_C_FUNCTION) {
		snafu_c_problem(call, &place, "a function pointer has no JSON form but null");
		return;
	}
	if (!snafu_c_read_handle(call, argument->target, &slot->value, &slot->entry, &place))
		slot->pointer = slot->entry->pointer;
}

static void bind_one(struct snafu_c_call *call, const struct snafu_bound *bound, size_t index,
                     struct snafu_c_slot *slots)
{
	const struct snafu_c_argument *argument = &bound->arguments[index];

	switch (argument->role.kind) {
	case SNAFU_C_ROLE_VALUE: bind_value(call, argument, &slots[index]); break;
	case SNAFU_C_ROLE_STRING:
	case SNAFU_C_ROLE_STRING_INOUT:
	case SNAFU_C_ROLE_BYTES:
	case SNAFU_C_ROLE_BYTES_INOUT:
	case SNAFU_C_ROLE_ARRAY:
	case SNAFU_C_ROLE_ARRAY_INOUT:
	case SNAFU_C_ROLE_BUFFER_OUT: snafu_c_bind_data(call, bound, index, slots); break;
	case SNAFU_C_ROLE_OUT: bind_out(call, argument, &slots[index]); break;
	case SNAFU_C_ROLE_HANDLE: bind_handle(call, argument, &slots[index]); break;
	case SNAFU_C_ROLE_OBJECT_IN:
	case SNAFU_C_ROLE_OBJECT_INOUT:
	case SNAFU_C_ROLE_OBJECT_STATE: snafu_c_bind_object(call, argument, &slots[index]); break;
	default: break;
	}
}

/* Memory that nobody gave, but that the function wants. */
static bool is_made(const struct snafu_c_argument *argument, const struct snafu_c_slot *slot)
{
	return snafu_c_is_writable(argument) && (!slot->given || snafu_c_is_null(slot));
}

void snafu_c_bind(struct snafu_c_call *call, const struct snafu_bound *bound, const char *payload,
                  size_t size, struct snafu_c_slot *slots)
{
	if (!snafu_c_split(call, bound, payload, size, slots))
		return;
	for (size_t i = 0; i < bound->count; i++)
		if (snafu_c_is_count(&bound->arguments[i]))
			snafu_c_bind_count(call, &bound->arguments[i], &slots[i]);
	/* What is given comes before what is made as large as that. */
	for (size_t i = 0; i < bound->count && !call->code; i++)
		if (!snafu_c_is_count(&bound->arguments[i]) && !is_made(&bound->arguments[i], &slots[i]))
			bind_one(call, bound, i, slots);
	for (size_t i = 0; i < bound->count; i++)
		if (snafu_c_is_count(&bound->arguments[i]))
			snafu_c_infer_count(bound, i, slots);
	for (size_t i = 0; i < bound->count && !call->code; i++)
		if (!snafu_c_is_count(&bound->arguments[i]) && is_made(&bound->arguments[i], &slots[i]))
			bind_one(call, bound, i, slots);
	for (size_t i = 0; i < bound->count && !call->code && !call->problems.count; i++)
		if (snafu_c_is_count(&bound->arguments[i]))
			snafu_c_settle_length(call, bound, i, slots);
}
