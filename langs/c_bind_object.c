/* langs/c_bind_object.c — arguments that point to a struct: fresh ones, and those that
 * live on behind a handle. See c_arguments.h. */
#include "langs/c_arguments.h"

#include <errno.h>
#include <string.h>

/* The handle that an object names, if it does; READER stays where it is. */
static bool find_handle(const struct snafu_c_type *type, struct snafu_json_reader reader,
                        struct snafu_json_value *ret_value)
{
	struct snafu_json_value key, value;
	const char *name = snafu_c_handle_key(type);

	while (snafu_json_next_member(&reader, &key, &value, NULL) > 0) {
		if (snafu_json_equals(&key, name)) {
			*ret_value = value;
			return true;
		}
		if (snafu_json_skip(&reader, &value, NULL))
			return false;
	}
	return false;
}

/* A struct that is there already gets its new fields on a copy first: nothing of it
 * changes until all of the payload is found good. */
static void update_state(struct snafu_c_call *call, const struct snafu_c_argument *argument,
                         struct snafu_c_slot *slot, struct snafu_json_reader *reader,
                         const struct snafu_c_place *place)
{
	const struct snafu_c_type *type = argument->target;

	slot->scratch = snafu_arena_alloc(&call->arena, type->size);
	if (slot->scratch && slot->entry->kept) {
		memcpy(slot->scratch, slot->pointer, type->size);
	} else if (!slot->scratch || !snafu_c_peek(slot->pointer, slot->scratch, type->size)) {
		snafu_c_problem(call, place, "the struct cannot be read (any more)");
		slot->scratch = NULL;
		return;
	}
	if (slot->entry->kept) {
		call->state = slot->entry;
		call->state_at = slot->scratch;
	}
	slot->is_changed = reader != NULL;
	if (reader)
		snafu_c_read_struct(call, type, reader, slot->scratch, snafu_c_handle_key(type), place);
	call->state = NULL;
}

static void bind_known(struct snafu_c_call *call, const struct snafu_c_argument *argument,
                       struct snafu_c_slot *slot, const struct snafu_json_value *name,
                       struct snafu_json_reader *reader)
{
	struct snafu_c_place place = {.name = argument->name};

	if (snafu_c_read_handle(call, argument->target, name, &slot->entry, &place))
		return;
	slot->pointer = slot->entry->pointer;
	if (slot->entry->kept && slot->entry->type->size < argument->target->size) {
		snafu_c_problem(call, &place, "the handle's struct is smaller than the function's");
		return;
	}
	if (reader || argument->role.kind == SNAFU_C_ROLE_OBJECT_STATE)
		update_state(call, argument, slot, reader, &place);
}

static void bind_fresh_state(struct snafu_c_call *call, const struct snafu_c_argument *argument,
                             struct snafu_c_slot *slot, struct snafu_json_reader *reader)
{
	const struct snafu_c_type *type = argument->target;
	struct snafu_c_place place = {.name = argument->name};

	int code = call->n_held == SNAFU_C_HELD_CAP
	               ? -ENOSPC
	               : snafu_c_handles_keep(call->handles, type, call, &slot->entry);
	if (code) {
		snafu_c_problem(call, &place,
		                "no room for one more struct that lives on (all of them may "
		                "take %zu bytes): pass one that is not needed to the function that ends it",
		                SNAFU_C_KEPT_MEMORY_CAP);
		return;
	}
	call->held[call->n_held++] = slot->entry;
	slot->is_fresh = true;
	slot->pointer = slot->entry->pointer;
	update_state(call, argument, slot, reader, &place);
}

void snafu_c_bind_object(struct snafu_c_call *call, const struct snafu_c_argument *argument,
                         struct snafu_c_slot *slot)
{
	bool is_state = argument->role.kind == SNAFU_C_ROLE_OBJECT_STATE;
	struct snafu_c_place place = {.name = argument->name};
	struct snafu_json_value value, name;
	struct snafu_json_reader reader;

	if (!slot->given && is_state && !argument->type->constant) {
		bind_fresh_state(call, argument, slot, NULL);
		return;
	}
	if (!slot->given) {
		snafu_c_missing(call, argument);
		return;
	}
	if (snafu_c_is_null(slot))
		return;
	snafu_c_reenter(slot, &reader, &value);
	if (value.type == SNAFU_JSON_STRING) {
		bind_known(call, argument, slot, &value, NULL);
		return;
	}
	if (value.type != SNAFU_JSON_OBJECT) {
		snafu_c_problem(call, &place, "expected an object, a handle or null");
		return;
	}
	if (find_handle(argument->target, reader, &name)) {
		bind_known(call, argument, slot, &name, &reader);
	} else if (is_state) {
		bind_fresh_state(call, argument, slot, &reader);
	} else {
		slot->pointer =
			snafu_c_allocate(call, &place, argument->target->size + SNAFU_C_OUT_ROOM, true);
		if (slot->pointer)
			snafu_c_read_struct(call, argument->target, &reader, slot->pointer, NULL, &place);
	}
}
