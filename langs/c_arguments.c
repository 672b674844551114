/* langs/c_arguments.c — a payload to the arguments of a C function, by their roles
 * (scanner/c_pairs.h). See c_call.h. */
#include "langs/c_call.h"

#include <errno.h>
#include <string.h>

#include "base/error.h"
#include "scanner/function.h"

#define OUT_ROOM 256 /* bytes to spare behind a single value that C writes */

/* ---- the payload's parts ----------------------------------------------------------- */

static int keep_value(struct snafu_c_call *call, const struct snafu_bound *bound, size_t index,
                      struct snafu_json_reader *reader, struct snafu_json_value *value,
                      struct snafu_c_slot *slots, struct snafu_error *error)
{
	int code = 0;

	if (value->type == SNAFU_JSON_ARRAY || value->type == SNAFU_JSON_OBJECT)
		code = snafu_json_skip(reader, value, error);
	if (code || index >= bound->count)
		return code;
	if (slots[index].given)
		snafu_argument_problem(&call->problems, bound->arguments[index].name, "given twice");
	slots[index].given = true;
	slots[index].value = *value;
	return 0;
}

static void unknown_name(struct snafu_c_call *call, const struct snafu_bound *bound,
                         const struct snafu_json_value *key)
{
	const char *names[SNAFU_C_ARGUMENTS_CAP];
	char name[64];
	size_t size = key->size < sizeof name ? key->size : sizeof name - 1;

	for (size_t i = 0; i < bound->count; i++)
		names[i] = bound->arguments[i].name;
	const char *near = snafu_c_near_name(key, names, bound->count);
	memcpy(name, key->text, size);
	while (size > 0 && key->size >= sizeof name && (name[size - 1] & 0xC0) == 0x80)
		size--; /* not in the middle of a character */
	name[size] = '\0';
	if (near)
		snafu_argument_problem(&call->problems, name, "unknown; did you mean \"%s\"?", near);
	else
		snafu_argument_problem(&call->problems, name, "unknown");
}

/* Arguments often come in the order of the parameters: so looking starts there. */
static size_t find_argument(const struct snafu_bound *bound, const struct snafu_json_value *key,
                            size_t expected)
{
	for (size_t i = 0; i < bound->count; i++) {
		size_t at = (expected + i) % bound->count;

		if (snafu_json_equals(key, bound->arguments[at].name))
			return at;
	}
	return bound->count;
}

static int split_object(struct snafu_c_call *call, const struct snafu_bound *bound,
                        struct snafu_json_reader *reader, struct snafu_c_slot *slots,
                        struct snafu_error *error)
{
	struct snafu_json_value key, value;
	size_t at = 0;
	int more;

	while ((more = snafu_json_next_member(reader, &key, &value, error)) > 0) {
		size_t index = find_argument(bound, &key, at);

		if (index == bound->count)
			unknown_name(call, bound, &key);
		int code = keep_value(call, bound, index, reader, &value, slots, error);
		if (code)
			return code;
		at = index + 1;
	}
	return more;
}

static int split_array(struct snafu_c_call *call, const struct snafu_bound *bound,
                       struct snafu_json_reader *reader, struct snafu_c_slot *slots,
                       struct snafu_error *error)
{
	struct snafu_json_value value;
	size_t at = 0, given = 0, takes = 0;
	int more;

	while ((more = snafu_json_next_element(reader, &value, error)) > 0) {
		while (at < bound->count && !bound->arguments[at].is_positional)
			at++;
		int code = keep_value(call, bound, at, reader, &value, slots, error);
		if (code)
			return code;
		given++;
		at += at < bound->count;
	}
	for (size_t i = 0; i < bound->count; i++)
		takes += bound->arguments[i].is_positional;
	if (!more && given > takes)
		snafu_argument_problem(&call->problems, "arguments", "it takes up to %zu by position, got "
		                       "%zu (lengths and results are not counted: give them by name)",
		                       takes, given);
	return more;
}

/* False when the payload is no JSON at all, so that nothing more can be said of it. */
static bool split(struct snafu_c_call *call, const struct snafu_bound *bound,
                  const char *payload, size_t size, struct snafu_c_slot *slots)
{
	struct snafu_json_reader reader;
	struct snafu_json_value value;
	struct snafu_error error = {.message = "not valid JSON"};

	if (size == 0)
		return true;
	snafu_json_begin(&reader, payload, size);
	int code = snafu_json_read(&reader, &value, &error);
	if (!code && value.type == SNAFU_JSON_OBJECT)
		code = split_object(call, bound, &reader, slots, &error);
	else if (!code && value.type == SNAFU_JSON_ARRAY)
		code = split_array(call, bound, &reader, slots, &error);
	else if (!code)
		code = snafu_fail(&error, -EINVAL, "expected an object (arguments by name) or an array "
		                                   "(arguments by position)");
	if (!code)
		code = snafu_json_end(&reader, &error);
	if (code)
		snafu_argument_problem(&call->problems, "payload", "%s", error.message);
	return !code;
}

/* ---- one argument -------------------------------------------------------------------- */

/* Puts READER just behind the bracket of a value that was kept. */
static void reenter(const struct snafu_c_slot *slot, struct snafu_json_reader *reader,
                    struct snafu_json_value *ret_value)
{
	*ret_value = slot->value;
	if (slot->value.type != SNAFU_JSON_ARRAY && slot->value.type != SNAFU_JSON_OBJECT)
		return;
	snafu_json_begin(reader, slot->value.text, slot->value.size);
	snafu_json_read(reader, ret_value, NULL);
}

static bool is_null(const struct snafu_c_slot *slot)
{
	return slot->given && slot->value.type == SNAFU_JSON_NULL;
}

static void missing(struct snafu_c_call *call, const struct snafu_c_argument *argument)
{
	snafu_argument_problem(&call->problems, argument->name, "missing (%s)", argument->written);
}

/* Lengths come first, as memory is made by them. */
static void bind_count(struct snafu_c_call *call, const struct snafu_c_argument *argument,
                       struct snafu_c_slot *slot)
{
	const struct snafu_c_type *type = argument->target ? argument->target : argument->type;
	struct snafu_c_place place = {.name = argument->name};
	__int128 number = 0;

	memset(slot->cell, 0, sizeof slot->cell);
	slot->pointer = argument->target ? slot->cell : NULL;
	if (!slot->given || is_null(slot))
		return;
	bool is_signed = type->kind == SNAFU_C_SIGNED;
	if (snafu_c_read_integer(call, &slot->value, is_signed, (unsigned)type->size * 8, &number,
	                         &place))
		return;
	if (number < 0) {
		snafu_c_problem(call, &place, "a length cannot be negative");
		return;
	}
	if (number > (__int128)SNAFU_C_CALL_MEMORY_CAP) {
		snafu_c_problem(call, &place, "%lld is more than the %zu that a call takes",
		                (long long)(number >> 62 ? INT64_MAX : (int64_t)number),
		                SNAFU_C_CALL_MEMORY_CAP);
		return;
	}
	slot->has_count = true;
	slot->count = (size_t)number;
	snafu_c_put_integer(slot->cell, type->size, number);
}

static void bind_value(struct snafu_c_call *call, const struct snafu_c_argument *argument,
                       struct snafu_c_slot *slot)
{
	struct snafu_c_place place = {.name = argument->name};
	struct snafu_json_reader reader;
	struct snafu_json_value value;

	if (!slot->given) {
		missing(call, argument);
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
	reenter(slot, &reader, &value);
	snafu_c_read(call, argument->type, &reader, &value, slot->pointer, &place);
}

static bool is_writable(const struct snafu_c_argument *argument)
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
			missing(call, &bound->arguments[argument->role.other]);
			length->count = 1; /* named once */
		}
		length->has_count = true;
		const struct snafu_c_argument *capacity = &bound->arguments[argument->role.other];
		snafu_c_put_integer(length->cell, (capacity->target ? capacity->target
		                                                    : capacity->type)->size,
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

static void bind_data(struct snafu_c_call *call, const struct snafu_bound *bound, size_t index,
                      struct snafu_c_slot *slots)
{
	const struct snafu_c_argument *argument = &bound->arguments[index];
	struct snafu_c_slot *slot = &slots[index];
	struct snafu_c_place place = {.name = argument->name};
	bool writable = is_writable(argument), has_length = argument->role.other >= 0;
	size_t least = least_count(call, bound, argument, slots);
	struct snafu_json_reader reader;
	struct snafu_json_value value;
	struct snafu_c_data data;

	if (!slot->given && !may_be_missing(argument, slots)) {
		missing(call, argument);
		return;
	}
	if (is_null(slot) && !writable && least > 0)
		snafu_c_problem(call, &place, "null has no %zu elements", least);
	if (is_null(slot) && (!writable || (least == 0 &&
	    argument->role.kind != SNAFU_C_ROLE_STRING_INOUT)))
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
	reenter(slot, &reader, &value);
	bool given = slot->given && !is_null(slot);
	if (snafu_c_read_data(call, &wish, &reader, given ? &value : NULL, &data, &place))
		return;
	slot->pointer = data.bytes;
	slot->count = data.count;
	slot->room = data.room;
	slot->is_single = given && value.type != SNAFU_JSON_ARRAY && value.type != SNAFU_JSON_STRING &&
	                  (value.type != SNAFU_JSON_OBJECT || argument->target->kind == SNAFU_C_STRUCT);
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
		slot->pointer = snafu_c_allocate(call, &place, size + OUT_ROOM, true);
	else
		memset(slot->cell, 0, sizeof slot->cell);
	if (!slot->pointer || !slot->given || is_null(slot))
		return;
	reenter(slot, &reader, &value);
	/* More than one may be given: the function may want an array after all. */
	if (value.type == SNAFU_JSON_ARRAY && argument->target->kind != SNAFU_C_ARRAY &&
	    argument->target->kind != SNAFU_C_COMPLEX) {
		struct snafu_c_data_wish wish = {
			.element = argument->target, .extra = SNAFU_C_ROOM, .writable = true,
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
		missing(call, argument);
		return;
	}
	if (is_null(slot))
		return;
	if (argument->target->kind == SNAFU_C_FUNCTION) {
		snafu_c_problem(call, &place, "a function pointer has no JSON form but null");
		return;
	}
	if (!snafu_c_read_handle(call, argument->target, &slot->value, &slot->entry, &place))
		slot->pointer = slot->entry->pointer;
}

/* ---- structs --------------------------------------------------------------------------- */

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

	int code = call->n_held == SNAFU_C_HELD_CAP ? -ENOSPC :
	           snafu_c_handles_keep(call->handles, type, call, &slot->entry);
	if (code) {
		snafu_c_problem(call, &place, "no room for one more struct that lives on (all of them may "
		                "take %zu bytes): pass one that is not needed to the function that ends it",
		                SNAFU_C_KEPT_MEMORY_CAP);
		return;
	}
	call->held[call->n_held++] = slot->entry;
	slot->is_fresh = true;
	slot->pointer = slot->entry->pointer;
	update_state(call, argument, slot, reader, &place);
}

static void bind_object(struct snafu_c_call *call, const struct snafu_c_argument *argument,
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
		missing(call, argument);
		return;
	}
	if (is_null(slot))
		return;
	reenter(slot, &reader, &value);
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
		slot->pointer = snafu_c_allocate(call, &place, argument->target->size + OUT_ROOM, true);
		if (slot->pointer)
			snafu_c_read_struct(call, argument->target, &reader, slot->pointer, NULL, &place);
	}
}

/* ---- lengths, in the end ------------------------------------------------------------------ */

static bool is_text(const struct snafu_c_argument *argument)
{
	return argument->target->kind == SNAFU_C_CHAR;
}

/* All that share a length must agree with it, or with each other. */
static void settle_length(struct snafu_c_call *call, const struct snafu_bound *bound,
                          size_t index, struct snafu_c_slot *slots)
{
	const struct snafu_c_argument *length = &bound->arguments[index], *first = NULL;
	const struct snafu_c_type *type = length->target ? length->target : length->type;
	struct snafu_c_place place = {.name = length->name};
	struct snafu_c_slot *slot = &slots[index];
	bool given = slot->has_count;
	size_t count = given ? slot->count : 0;

	for (size_t i = 0; i < bound->count; i++) {
		const struct snafu_c_argument *argument = &bound->arguments[i];
		const struct snafu_c_slot *other = &slots[i];

		if (argument->role.other != (int)index || !other->pointer)
			continue;
		/* The NUL behind a text may be counted. */
		if (given && count > other->room + (argument->role.kind == SNAFU_C_ROLE_STRING))
			snafu_c_problem(call, &place, "%s has only %zu", argument->name, other->room);
		if (given)
			continue;
		size_t has = other->count > 0 ? other->count : other->room;
		if (first && has != count && !is_text(argument) && !is_text(first))
			snafu_c_problem(call, &place, "%s has %zu, but %s has %zu", first->name, count,
			                argument->name, has);
		if (!first || has > count) {
			first = argument;
			count = has;
		}
	}
	if (!given && (type->size >= 8 ? false
	                               : count >> (type->size * 8 - (type->kind == SNAFU_C_SIGNED))))
		snafu_c_problem(call, &place, "%zu do not fit into it", count);
	slot->count = count;
	snafu_c_put_integer(slot->cell, type->size, (__int128)count);
}

static void bind_one(struct snafu_c_call *call, const struct snafu_bound *bound, size_t index,
                     struct snafu_c_slot *slots)
{
	const struct snafu_c_argument *argument = &bound->arguments[index];

	switch (argument->role.kind) {
	case SNAFU_C_ROLE_VALUE:
		bind_value(call, argument, &slots[index]);
		break;
	case SNAFU_C_ROLE_STRING:
	case SNAFU_C_ROLE_STRING_INOUT:
	case SNAFU_C_ROLE_BYTES:
	case SNAFU_C_ROLE_BYTES_INOUT:
	case SNAFU_C_ROLE_ARRAY:
	case SNAFU_C_ROLE_ARRAY_INOUT:
	case SNAFU_C_ROLE_BUFFER_OUT:
		bind_data(call, bound, index, slots);
		break;
	case SNAFU_C_ROLE_OUT:
		bind_out(call, argument, &slots[index]);
		break;
	case SNAFU_C_ROLE_HANDLE:
		bind_handle(call, argument, &slots[index]);
		break;
	case SNAFU_C_ROLE_OBJECT_IN:
	case SNAFU_C_ROLE_OBJECT_INOUT:
	case SNAFU_C_ROLE_OBJECT_STATE:
		bind_object(call, argument, &slots[index]);
		break;
	default:
		break;
	}
}

static bool is_count(const struct snafu_c_argument *argument)
{
	return argument->role.kind == SNAFU_C_ROLE_LENGTH ||
	       argument->role.kind == SNAFU_C_ROLE_CAPACITY;
}

/* Memory that nobody gave, but that the function wants. */
static bool is_made(const struct snafu_c_argument *argument, const struct snafu_c_slot *slot)
{
	return is_writable(argument) && (!slot->given || is_null(slot));
}

/* A length that was not given, from what is there so far. */
static void infer_count(const struct snafu_bound *bound, size_t index,
                        struct snafu_c_slot *slots)
{
	struct snafu_c_slot *slot = &slots[index];

	slot->is_known = slot->has_count;
	for (size_t i = 0; i < bound->count && !slot->has_count; i++) {
		if (bound->arguments[i].role.other != (int)index || !slots[i].pointer)
			continue;
		size_t has = slots[i].count > 0 ? slots[i].count : slots[i].room;
		slot->is_known = true;
		if (has > slot->count)
			slot->count = has;
	}
}

void snafu_c_bind(struct snafu_c_call *call, const struct snafu_bound *bound,
                  const char *payload, size_t size, struct snafu_c_slot *slots)
{
	if (!split(call, bound, payload, size, slots))
		return;
	for (size_t i = 0; i < bound->count; i++)
		if (is_count(&bound->arguments[i]))
			bind_count(call, &bound->arguments[i], &slots[i]);
	/* What is given comes before what is made as large as that. */
	for (size_t i = 0; i < bound->count && !call->code; i++)
		if (!is_count(&bound->arguments[i]) && !is_made(&bound->arguments[i], &slots[i]))
			bind_one(call, bound, i, slots);
	for (size_t i = 0; i < bound->count; i++)
		if (is_count(&bound->arguments[i]))
			infer_count(bound, i, slots);
	for (size_t i = 0; i < bound->count && !call->code; i++)
		if (!is_count(&bound->arguments[i]) && is_made(&bound->arguments[i], &slots[i]))
			bind_one(call, bound, i, slots);
	for (size_t i = 0; i < bound->count && !call->code && !call->problems.count; i++)
		if (is_count(&bound->arguments[i]))
			settle_length(call, bound, i, slots);
}
