/* langs/c_answer.c — what a C function left behind, as JSON. See c_call.h. */
#include "langs/c_call.h"

#include <errno.h>
#include <string.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/base64.h"
#include "scanner/function.h"

/* A struct that a pointer leads to: its fields, and its handle where it stays. */
struct place {
	void *pointer;
	const struct snafu_c_entry *entry; /* or NULL */
	const void *before; /* a copy from before the call, or NULL */
	bool is_ours; /* the memory is, so that it can be read for sure */
	bool stays; /* and can be used in later calls */
};

static int write_struct(struct snafu_c_call *call, const struct snafu_c_type *type,
                        const struct place *place, struct snafu_buffer *into,
                        struct snafu_error *error)
{
	const void *from = place->pointer;

	if (!place->is_ours) {
		void *copy = snafu_arena_alloc(&call->arena, type->size);

		if (!copy)
			return snafu_fail(error, -ENOMEM, "no memory");
		if (!snafu_c_peek(place->pointer, copy, type->size)) {
			snafu_buffer_append_text(into, "null");
			return 0;
		}
		from = copy;
	}
	uint64_t id = 0;
	if (place->stays)
		id = place->entry ? place->entry->id
		                  : snafu_c_handles_put(call->handles, type, place->pointer);
	return snafu_c_write_state(call, type, from, id,
	                           place->entry && place->entry->kept ? place->entry : NULL,
	                           place->before, into, error);
}

/* Texts that a pointer in C's hands leads to. */
static void write_string(const char *text, struct snafu_buffer *into)
{
	size_t size;

	if (!text) {
		snafu_buffer_append_text(into, "null");
		return;
	}
	size = strnlen(text, into->cap);
	if (size == into->cap)
		into->failed = -EMSGSIZE;
	else
		snafu_c_write_text(text, size, into);
}

static int write_return(struct snafu_c_call *call, const struct snafu_bound *bound,
                        const void *returned, struct snafu_buffer *into, struct snafu_error *error)
{
	const struct snafu_c_type *type = bound->returns;
	void *pointer = NULL;

	if (bound->returns_role.kind == SNAFU_C_ROLE_VALUE)
		return snafu_c_write(call, type, returned, into, error);
	memcpy(&pointer, returned, sizeof pointer);
	if (bound->returns_role.kind == SNAFU_C_ROLE_STRING) {
		write_string(pointer, into);
		return 0;
	}
	if (bound->returns_role.kind != SNAFU_C_ROLE_OBJECT_STATE || !pointer)
		return snafu_c_write_handle(call, type->target, pointer, into, error);
	struct place place = {.pointer = pointer, .stays = true};
	return write_struct(call, type->target, &place, into, error);
}

/* How many elements of a buffer count: as many as its length says now. */
static size_t count_out(const struct snafu_bound *bound, const struct snafu_c_argument *argument,
                        const struct snafu_c_slot *slot, const struct snafu_c_slot *slots)
{
	size_t count = slot->count > slot->room ? slot->count : slot->room;

	if (argument->role.other < 0)
		return count;
	const struct snafu_c_argument *length = &bound->arguments[argument->role.other];
	const struct snafu_c_slot *given = &slots[argument->role.other];
	const struct snafu_c_type *type = length->target ? length->target : length->type;
	__int128 now = snafu_c_get_integer(given->cell, type->size, type->kind == SNAFU_C_SIGNED);
	if (now < 0)
		return 0;
	return (unsigned __int128)now < count ? (size_t)now : count;
}

static int write_data(struct snafu_c_call *call, const struct snafu_bound *bound,
                      const struct snafu_c_argument *argument, struct snafu_c_slot *slot,
                      const struct snafu_c_slot *slots, struct snafu_buffer *into,
                      struct snafu_error *error)
{
	if (slot->entry || !slot->pointer) { /* a handle's memory is not ours to show */
		snafu_buffer_append_text(into, "null");
		return 0;
	}
	if (slot->is_single)
		return snafu_c_write(call, argument->target, slot->pointer, into, error);
	size_t count = count_out(bound, argument, slot, slots);
	if (argument->role.kind == SNAFU_C_ROLE_STRING_INOUT) /* it may have grown */
		count = slot->room + SNAFU_C_ROOM;
	return snafu_c_write_data(call, argument->target, slot->pointer, count, into, error);
}

static int write_out(struct snafu_c_call *call, const struct snafu_c_argument *argument,
                     struct snafu_c_slot *slot, struct snafu_buffer *into,
                     struct snafu_error *error)
{
	const struct snafu_c_type *target = argument->target;
	void *pointer;

	if (slot->room > 0)
		return snafu_c_write_data(call, target, slot->pointer, slot->room, into, error);
	if (target->kind != SNAFU_C_POINTER)
		return snafu_c_write(call, target, slot->pointer, into, error);
	memcpy(&pointer, slot->pointer, sizeof pointer);
	if (target->target->kind == SNAFU_C_CHAR) {
		write_string(pointer, into);
		return 0;
	}
	return snafu_c_write_handle(call, target->target, pointer, into, error);
}

/* After a function that ends the thing there may be nothing left of it, unless the
 * memory is ours. */
static int write_object(struct snafu_c_call *call, const struct snafu_bound *bound,
                        const struct snafu_c_argument *argument, struct snafu_c_slot *slot,
                        struct snafu_buffer *into, struct snafu_error *error)
{
	bool is_state = argument->role.kind == SNAFU_C_ROLE_OBJECT_STATE;

	if (!slot->pointer || (bound->closes && slot->entry && !slot->entry->kept)) {
		snafu_buffer_append_text(into, "null");
		return 0;
	}
	struct place place = {
		.pointer = slot->pointer,
		.entry = slot->entry,
		.before = slot->before,
		.is_ours = !slot->entry || slot->entry->kept,
		.stays = (is_state || slot->entry) && !bound->closes,
	};
	return write_struct(call, argument->target, &place, into, error);
}

static int write_argument(struct snafu_c_call *call, const struct snafu_bound *bound, size_t index,
                          struct snafu_c_slot *slots, struct snafu_buffer *into,
                          struct snafu_error *error)
{
	const struct snafu_c_argument *argument = &bound->arguments[index];
	struct snafu_c_slot *slot = &slots[index];

	switch (argument->role.kind) {
	case SNAFU_C_ROLE_STRING_INOUT:
	case SNAFU_C_ROLE_BYTES_INOUT:
	case SNAFU_C_ROLE_ARRAY_INOUT:
	case SNAFU_C_ROLE_BUFFER_OUT:
		return write_data(call, bound, argument, slot, slots, into, error);
	case SNAFU_C_ROLE_OUT: return write_out(call, argument, slot, into, error);
	case SNAFU_C_ROLE_OBJECT_INOUT:
	case SNAFU_C_ROLE_OBJECT_STATE: return write_object(call, bound, argument, slot, into, error);
	default: /* a pointer to a length */
		return snafu_c_write(call, argument->target, slot->cell, into, error);
	}
}

/* An error says which part of the result it is about. */
static int named(int code, const char *name, struct snafu_error *error)
{
	if (code) {
		struct snafu_error inner = *error;

		snafu_fail(error, code, "%s: %s", name, inner.message);
	}
	return code;
}

int snafu_c_answer(struct snafu_c_call *call, const struct snafu_bound *bound,
                   struct snafu_c_slot *slots, const void *returned, struct snafu_buffer *into,
                   struct snafu_error *error)
{
	const char *separator = "{";
	int code = 0;

	if (!bound->gives_object)
		return write_return(call, bound, returned, into, error);
	if (bound->returns->kind != SNAFU_C_VOID) {
		snafu_buffer_append_text(into, "{\"return\":");
		code = named(write_return(call, bound, returned, into, error), "return", error);
		separator = ",";
	}
	for (size_t i = 0; i < bound->count && !code; i++) {
		const struct snafu_c_argument *argument = &bound->arguments[i];
		const char *name = argument->name;

		if (!snafu_c_comes_back(&argument->role, argument->type))
			continue;
		snafu_buffer_append_text(into, separator);
		snafu_json_write_text(into, name);
		snafu_buffer_append_byte(into, ':');
		code = named(write_argument(call, bound, i, slots, into, error), name, error);
		separator = ",";
	}
	snafu_buffer_append_byte(into, '}');
	return code;
}
