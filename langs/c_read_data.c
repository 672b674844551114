/* langs/c_read_data.c — JSON to what C pointers point to: texts, bytes, arrays,
 * handles. See c_value.h. */
#include "langs/c_value.h"

#include <errno.h>
#include <string.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/base64.h"

void *snafu_c_allocate(struct snafu_c_call *call, const struct snafu_c_place *place, size_t size,
                       bool writable)
{
	void *memory = NULL;

	if (size == 0)
		size = 1;
	if (call->state) {
		struct snafu_c_block *block =
			snafu_c_handles_block(call->handles, call->state, call->state_offset, size);
		if (block) {
			block->writable = writable;
			memory = block->bytes;
		}
	} else if (size <= SNAFU_C_CALL_MEMORY_CAP - call->memory) {
		memory = snafu_arena_alloc(&call->arena, size);
		call->memory += memory ? size : 0;
	}
	if (!memory)
		snafu_c_problem(call, place,
		                "%zu bytes are too many: a call takes up to %zu, and all that "
		                "lives on up to %zu",
		                size, SNAFU_C_CALL_MEMORY_CAP, SNAFU_C_KEPT_MEMORY_CAP);
	return memory;
}

bool snafu_c_is_handle(const struct snafu_json_value *value)
{
	return value->type == SNAFU_JSON_STRING && memchr(value->text, '@', value->size) != NULL;
}

int snafu_c_read_handle(struct snafu_c_call *call, const struct snafu_c_type *type,
                        const struct snafu_json_value *value, struct snafu_c_entry **ret_entry,
                        const struct snafu_c_place *place)
{
	struct snafu_c_entry *entry;
	int shown = value->size > 60 ? 60 : (int)value->size;

	if (value->type != SNAFU_JSON_STRING)
		return snafu_c_problem(call, place, "expected a handle such as \"%s@1\"",
		                       snafu_c_type_word(type));
	int code = snafu_c_handles_take(call->handles, value->text, value->size, type, call, &entry);
	if (code == -EAGAIN)
		return call->code = code;
	if (code == -ESTALE)
		return snafu_c_problem(call, place,
		                       "\"%.*s\": handles do not outlive an isolated call; take inprocess "
		                       "or worker for functions that work on a %s",
		                       shown, value->text, snafu_c_type_word(type));
	if (code == -EPROTOTYPE)
		return snafu_c_problem(call, place, "%.*s is no handle of a %s", shown, value->text,
		                       snafu_c_type_word(type));
	if (code)
		return snafu_c_problem(call, place,
		                       "there is no handle \"%.*s\" (any more): it takes one "
		                       "of a %s that an earlier call gave",
		                       shown, value->text, snafu_c_type_word(type));
	for (size_t i = 0; i < call->n_held; i++)
		if (call->held[i] == entry) {
			*ret_entry = entry;
			return 0;
		}
	if (call->n_held == SNAFU_C_HELD_CAP) {
		snafu_c_handles_let_go(call->handles, entry);
		return snafu_c_problem(call, place, "more than %d handles in one call", SNAFU_C_HELD_CAP);
	}
	call->held[call->n_held++] = entry;
	*ret_entry = entry;
	return 0;
}

/* ---- elements --------------------------------------------------------------------- */

static size_t element_size(const struct snafu_c_type *element)
{
	return element->kind == SNAFU_C_VOID ? 1 : element->size;
}

static bool is_bytes(const struct snafu_c_type *element)
{
	return element->kind == SNAFU_C_VOID ||
	       ((element->kind == SNAFU_C_UNSIGNED || element->kind == SNAFU_C_SIGNED) &&
	        element->size == 1);
}

/* Room for COUNT elements, at least as many as wished. */
static int make_room(struct snafu_c_call *call, const struct snafu_c_data_wish *wish, size_t count,
                     struct snafu_c_data *ret, const struct snafu_c_place *place)
{
	size_t size = element_size(wish->element), room = count > wish->minimum ? count : wish->minimum;

	if (size == 0)
		return snafu_c_problem(call, place, "a %s has no JSON form",
		                       snafu_c_type_word(wish->element));
	if (room > SNAFU_C_CALL_MEMORY_CAP / size)
		return snafu_c_problem(call, place,
		                       "room for %zu elements is more than the %zu bytes "
		                       "that a call takes",
		                       room, SNAFU_C_CALL_MEMORY_CAP);
	ret->bytes = snafu_c_allocate(call, place, room * size + wish->extra, wish->writable);
	if (!ret->bytes)
		return -ENOMEM;
	ret->count = count;
	ret->room = room;
	return 0;
}

static int read_text(struct snafu_c_call *call, const struct snafu_c_data_wish *wish,
                     const struct snafu_json_value *value, struct snafu_c_data *ret,
                     const struct snafu_c_place *place)
{
	struct snafu_buffer text = SNAFU_BUFFER(SNAFU_C_CALL_MEMORY_CAP);
	struct snafu_c_data_wish more = *wish;
	const char *bytes = value->text;
	size_t size = value->size;
	int code = 0;

	if (value->escaped) {
		if (snafu_json_unescape(value, &text)) {
			snafu_buffer_done(&text);
			return snafu_c_problem(call, place, "the text is too long");
		}
		bytes = text.data;
		size = text.size;
	}
	if (wish->terminated && size && memchr(bytes, '\0', size))
		code = snafu_c_problem(call, place,
		                       "the text has a NUL character in it, where a C string "
		                       "would end");
	more.extra++; /* the NUL */
	if (!code)
		code = make_room(call, &more, size, ret, place);
	if (!code && size)
		memcpy(ret->bytes, bytes, size);
	snafu_buffer_done(&text);
	return code;
}

static int read_base64(struct snafu_c_call *call, const struct snafu_c_data_wish *wish,
                       const struct snafu_json_value *value, struct snafu_c_data *ret,
                       const struct snafu_c_place *place)
{
	struct snafu_c_data_wish more = *wish;
	struct snafu_buffer text = SNAFU_BUFFER(SNAFU_C_CALL_MEMORY_CAP);
	const char *digits = value->text;
	size_t size = value->size, count = 0;
	int code = 0;

	if (value->escaped) { /* "\/" is how some write a slash */
		code = snafu_json_unescape(value, &text);
		digits = text.data ? text.data : "";
		size = text.size;
	}
	more.extra += snafu_base64_room(0) + 1;
	if (!code)
		code = make_room(call, &more, size / 4 * 3 + 2, ret, place);
	if (!code && snafu_base64_read(digits, size, ret->bytes, &count))
		code = snafu_c_problem(call, place, "expected bytes in base64");
	if (!code && wish->terminated && wish->element->kind == SNAFU_C_CHAR && count &&
	    memchr(ret->bytes, '\0', count))
		code = snafu_c_problem(call, place,
		                       "the text has a NUL character in it, where a C string "
		                       "would end");
	ret->count = count;
	ret->room = count > wish->minimum ? count : wish->minimum;
	snafu_buffer_done(&text);
	return code;
}

/* How many elements the array has whose bracket READER just took. */
static int count_elements(struct snafu_json_reader reader, size_t *ret_count)
{
	struct snafu_json_value item;
	size_t count = 0;
	int more;

	while ((more = snafu_json_next_element(&reader, &item, NULL)) > 0) {
		if (snafu_json_skip(&reader, &item, NULL))
			return -EINVAL;
		count++;
	}
	*ret_count = count;
	return more;
}

static int read_elements(struct snafu_c_call *call, const struct snafu_c_data_wish *wish,
                         struct snafu_json_reader *reader, struct snafu_c_data *ret,
                         const struct snafu_c_place *place)
{
	static const struct snafu_c_type byte = {.kind = SNAFU_C_UNSIGNED, .size = 1, .alignment = 1};
	const struct snafu_c_type *element =
		wish->element->kind == SNAFU_C_VOID ? &byte : wish->element;
	struct snafu_json_value item;
	size_t count, n = 0;
	int more, code = count_elements(*reader, &count);

	if (!code)
		code = make_room(call, wish, count, ret, place);
	if (code)
		return code;
	while ((more = snafu_json_next_element(reader, &item, NULL)) > 0 && n < count) {
		struct snafu_c_place inner = {.outer = place, .index = n};

		code = snafu_c_read(call, element, reader, &item, (char *)ret->bytes + n * element->size,
		                    &inner);
		if (code)
			return code;
		n++;
	}
	return more;
}

/* {"size": N} asks for room, {"base64": "..."} gives the bytes of a text that is no
 * UTF-8. */
static int read_special(struct snafu_c_call *call, const struct snafu_c_data_wish *wish,
                        struct snafu_json_reader *reader, struct snafu_c_data *ret,
                        const struct snafu_c_place *place)
{
	struct snafu_c_data_wish more = *wish;
	struct snafu_json_value key, value;
	__int128 size;
	int code;

	if (snafu_json_next_member(reader, &key, &value, NULL) <= 0)
		return snafu_c_problem(call, place, "expected {\"size\": N} or {\"base64\": \"...\"}");
	if (snafu_json_equals(&key, "size")) {
		struct snafu_c_place inner = {.outer = place, .name = "size"};

		code = snafu_c_read_integer(call, &value, false, 48, &size, &inner);
		if (!code && size > more.minimum)
			more.minimum = (size_t)size;
		more.extra++;
		more.writable = true;
		if (!code)
			code = make_room(call, &more, 0, ret, place);
	} else if (snafu_json_equals(&key, "base64") && value.type == SNAFU_JSON_STRING &&
	           (wish->element->kind == SNAFU_C_CHAR || is_bytes(wish->element))) {
		code = read_base64(call, wish, &value, ret, place);
	} else {
		return snafu_c_problem(call, place, "expected {\"size\": N} or {\"base64\": \"...\"}");
	}
	if (!code && snafu_json_next_member(reader, &key, &value, NULL) != 0)
		code = snafu_c_problem(call, place,
		                       "expected {\"size\": N} or {\"base64\": \"...\"} and "
		                       "nothing more");
	return code;
}

int snafu_c_read_data(struct snafu_c_call *call, const struct snafu_c_data_wish *wish,
                      struct snafu_json_reader *reader, const struct snafu_json_value *value,
                      struct snafu_c_data *ret, const struct snafu_c_place *place)
{
	bool is_text = wish->element->kind == SNAFU_C_CHAR, bytes = is_bytes(wish->element);

	*ret = (struct snafu_c_data){0};
	if (!value)
		return make_room(call, wish, 0, ret, place);
	if (value->type == SNAFU_JSON_STRING && is_text)
		return read_text(call, wish, value, ret, place);
	if (value->type == SNAFU_JSON_STRING && bytes)
		return read_base64(call, wish, value, ret, place);
	if (value->type == SNAFU_JSON_ARRAY)
		return read_elements(call, wish, reader, ret, place);
	if (value->type == SNAFU_JSON_OBJECT && wish->element->kind != SNAFU_C_STRUCT)
		return read_special(call, wish, reader, ret, place);
	if (is_text || bytes || wish->element->kind == SNAFU_C_ARRAY)
		return snafu_c_problem(call, place, "expected %s",
		                       is_text ? "a string"
		                       : bytes ? "bytes in base64, or an array of numbers"
		                               : "an array");
	/* One alone counts as an array of one. */
	int code = make_room(call, wish, 1, ret, place);
	return code ? code : snafu_c_read(call, wish->element, reader, value, ret->bytes, place);
}

/* ---- pointers in structs and arrays ------------------------------------------------ */

static int read_target(struct snafu_c_call *call, const struct snafu_c_type *target,
                       struct snafu_json_reader *reader, const struct snafu_json_value *value,
                       void **ret, const struct snafu_c_place *place)
{
	bool is_struct = target->kind == SNAFU_C_STRUCT || target->kind == SNAFU_C_OPAQUE ||
	                 target->kind == SNAFU_C_UNION;
	struct snafu_c_entry *entry;
	struct snafu_c_data data;
	int code;

	if (target->kind == SNAFU_C_FUNCTION)
		return snafu_c_problem(call, place, "a function pointer has no JSON form but null");
	if ((is_struct && value->type != SNAFU_JSON_OBJECT) ||
	    (target->kind != SNAFU_C_CHAR && snafu_c_is_handle(value))) {
		code = snafu_c_read_handle(call, target, value, &entry, place);
		if (!code)
			*ret = entry->pointer;
		return code;
	}
	struct snafu_c_data_wish wish = {
		.element = target,
		.extra = sizeof(void *), /* an array of pointers ends with a NULL */
		.terminated = true,
	};
	if (value->type == SNAFU_JSON_OBJECT && target->kind == SNAFU_C_STRUCT) {
		*ret = snafu_c_allocate(call, place, target->size, false);
		return *ret ? snafu_c_read_struct(call, target, reader, *ret, NULL, place) : -ENOMEM;
	}
	code = snafu_c_read_data(call, &wish, reader, value, &data, place);
	if (code)
		return code;
	call->data_room = data.room;
	if (call->state) /* the block made last is the first in the list */
		call->state->blocks->told = data.room * element_size(target);
	*ret = data.bytes;
	return 0;
}

int snafu_c_read_pointer(struct snafu_c_call *call, const struct snafu_c_type *target,
                         struct snafu_json_reader *reader, const struct snafu_json_value *value,
                         void *to, const struct snafu_c_place *place)
{
	uintptr_t at = (uintptr_t)to, state = (uintptr_t)call->state_at;
	void *pointer = NULL;
	int code = 0;

	call->data_room = 0;
	if (call->state && at >= state && at < state + call->state->type->size)
		call->state_offset = at - state;
	if (value->type != SNAFU_JSON_NULL)
		code = read_target(call, target, reader, value, &pointer, place);
	if (!code)
		memcpy(to, &pointer, sizeof pointer);
	return code;
}
