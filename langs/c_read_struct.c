/* langs/c_read_struct.c — JSON objects to C structs. See c_value.h.
 *
 * In structs, too, a pointer and the integer that says how much it points to belong
 * together (data and size, next_in and avail_in): the integer follows when it is not
 * given, and may not say more than there is. */
#include "langs/c_value.h"

#include <errno.h>
#include <string.h>

#include "base/near.h"
#include "scanner/c_pairs.h"

#define FIELD_NAME_CAP 64

static const struct snafu_c_field *
find_field(const struct snafu_c_type *type, const struct snafu_json_value *key, size_t *ret_offset)
{
	for (size_t i = 0; i < type->n_fields; i++) {
		const struct snafu_c_field *field = &type->fields[i], *inner;
		size_t offset = 0;

		if (field->name[0] && snafu_json_equals(key, field->name)) {
			*ret_offset = field->offset;
			return field;
		}
		if (!field->name[0] && field->type->kind == SNAFU_C_STRUCT &&
		    (inner = find_field(field->type, key, &offset))) {
			*ret_offset = field->offset + offset;
			return inner;
		}
	}
	return NULL;
}

/* Bit-fields grow from the low bits of a byte upwards. */
static int read_bits(struct snafu_c_call *call, const struct snafu_c_field *field,
                     const struct snafu_json_value *value, unsigned char *to,
                     const struct snafu_c_place *place)
{
	bool is_bool = field->type->kind == SNAFU_C_BOOL;
	bool is_signed = field->type->kind == SNAFU_C_SIGNED ||
	                 (field->type->kind == SNAFU_C_ENUM && !field->type->is_unsigned);
	__int128 number = 0;
	int code;

	if (is_bool || (field->type->kind == SNAFU_C_ENUM && value->type == SNAFU_JSON_STRING)) {
		unsigned char whole[16];

		code = snafu_c_read(call, field->type, NULL, value, whole, place);
		if (!code)
			number = snafu_c_get_integer(whole, field->type->size, is_signed);
	} else {
		code = snafu_c_read_integer(call, value, is_signed, field->bits, &number, place);
	}
	for (unsigned i = 0; !code && i < field->bits; i++) {
		unsigned at = field->bit + i;
		unsigned char mask = (unsigned char)(1u << at % 8);

		to[at / 8] = (unsigned char)(number >> i & 1 ? to[at / 8] | mask : to[at / 8] & ~mask);
	}
	return code;
}

static int read_field(struct snafu_c_call *call, const struct snafu_c_field *field,
                      struct snafu_json_reader *reader, const struct snafu_json_value *value,
                      unsigned char *to, const struct snafu_c_place *place)
{
	if (field->bits)
		return read_bits(call, field, value, to, place);
	return snafu_c_read(call, field->type, reader, value, to, place);
}

const char *snafu_c_handle_key(const struct snafu_c_type *type)
{
	for (size_t i = 0; i < type->n_fields; i++)
		if (strcmp(type->fields[i].name, "handle") == 0)
			return "$handle";
	return "handle";
}

static int unknown_field(struct snafu_c_call *call, const struct snafu_c_type *type,
                         const struct snafu_json_value *key, const struct snafu_c_place *place)
{
	struct snafu_near nearest = snafu_near_begin(key->text, key->size);
	int shown = key->size > 60 ? 60 : (int)key->size;

	for (size_t i = 0; i < type->n_fields; i++)
		snafu_near_offer(&nearest, type->fields[i].name);
	const char *near = nearest.name;
	return snafu_c_problem(call, place, "struct %s has no field \"%.*s\"%s%s%s", type->name, shown,
	                       key->text, near ? "; did you mean \"" : "", near ? near : "",
	                       near ? "\"?" : "");
}

/* ---- pointers and their lengths ------------------------------------------------- */

/* What the payload said of a field. */
struct note {
	bool given;
	size_t room; /* of a pointer: elements */
	int other; /* of a pointer: the field that says how many; else -1 */
};

static bool points_to_data(const struct snafu_c_type *type)
{
	if (type->kind != SNAFU_C_POINTER)
		return false;
	switch (type->target->kind) {
	case SNAFU_C_VOID:
	case SNAFU_C_BOOL:
	case SNAFU_C_CHAR:
	case SNAFU_C_SIGNED:
	case SNAFU_C_UNSIGNED:
	case SNAFU_C_FLOAT:
	case SNAFU_C_ENUM: return true;
	default: return false;
	}
}

/* A field's name as the rules of scanner/c_pairs.h know it: zlib's next_in and
 * avail_in are "in" and "in_len" to them. */
static const char *plain_name(struct snafu_arena *arena, const char *name)
{
	if (strncmp(name, "next_", 5) == 0)
		return name + 5;
	if (strncmp(name, "avail_", 6) == 0 && strlen(name) < FIELD_NAME_CAP)
		return snafu_arena_format(arena, "%s_len", name + 6);
	return name;
}

int *snafu_c_field_lengths(struct snafu_arena *arena, const struct snafu_c_type *type)
{
	bool any = false;

	for (size_t i = 0; i < type->n_fields; i++)
		any = any || (points_to_data(type->fields[i].type) &&
		              type->fields[i].type->target->kind != SNAFU_C_CHAR);
	if (!any)
		return NULL;
	struct snafu_c_parameter *parameters =
		snafu_arena_alloc(arena, type->n_fields * sizeof *parameters);
	struct snafu_c_role *roles = snafu_arena_alloc(arena, type->n_fields * sizeof *roles);
	int *lengths = snafu_arena_alloc(arena, type->n_fields * sizeof *lengths);
	if (!parameters || !roles || !lengths)
		return NULL;
	for (size_t i = 0; i < type->n_fields; i++) {
		parameters[i].name = plain_name(arena, type->fields[i].name);
		parameters[i].type = type->fields[i].type;
	}
	snafu_c_roles(parameters, type->n_fields, NULL, roles);
	for (size_t i = 0; i < type->n_fields; i++) {
		int other = roles[i].other;

		lengths[i] = points_to_data(type->fields[i].type) && other >= 0 &&
		                     (type->fields[other].type->kind == SNAFU_C_SIGNED ||
		                      type->fields[other].type->kind == SNAFU_C_UNSIGNED) &&
		                     !type->fields[other].bits
		                 ? other
		                 : -1;
	}
	return lengths;
}

/* Room behind a pointer that was not given now: what is left of the memory that an
 * earlier call gave it. */
static size_t room_left(const struct snafu_c_call *call, const struct snafu_c_field *field,
                        const void *pointer)
{
	size_t size = field->type->target->kind == SNAFU_C_VOID ? 1 : field->type->target->size;
	const struct snafu_c_block *block = NULL;

	if (call->state && pointer)
		block = snafu_c_handles_find_block(call->state, field->offset, pointer);
	if (!block || (const unsigned char *)pointer >= block->bytes + block->told)
		return 0;
	return (size_t)(block->bytes + block->told - (const unsigned char *)pointer) / size;
}

static int check_length(struct snafu_c_call *call, const struct snafu_c_type *type,
                        unsigned char *to, const struct note *notes, size_t index,
                        const struct snafu_c_place *place)
{
	const struct snafu_c_field *field = &type->fields[index];
	const struct snafu_c_field *length = &type->fields[notes[index].other];
	bool is_signed = length->type->kind == SNAFU_C_SIGNED;
	const struct note *given = &notes[notes[index].other];
	size_t room = notes[index].room;
	struct snafu_c_place inner = {.outer = place, .name = length->name};
	void *pointer;

	if (!notes[index].given && !given->given)
		return 0;
	if (!given->given) {
		if (length->type->size < sizeof room && room >> (length->type->size * 8 - is_signed))
			return snafu_c_problem(call, &inner, "%zu do not fit into it", room);
		snafu_c_put_integer(to + length->offset, length->type->size, room);
		return 0;
	}
	memcpy(&pointer, to + field->offset, sizeof pointer);
	if (!pointer)
		return 0; /* so C is told how much to make, say; it has nothing to overrun */
	if (!notes[index].given)
		room = room_left(call, field, pointer);
	__int128 number = snafu_c_get_integer(to + length->offset, length->type->size, is_signed);
	if (number < 0 || (unsigned __int128)number > room)
		return snafu_c_problem(call, &inner, "%s has only %zu", field->name, room);
	return 0;
}

int snafu_c_read_struct(struct snafu_c_call *call, const struct snafu_c_type *type,
                        struct snafu_json_reader *reader, void *to, const char *skip,
                        const struct snafu_c_place *place)
{
	int *lengths = snafu_c_field_lengths(&call->arena, type);
	struct note *notes =
		lengths ? snafu_arena_alloc(&call->arena, type->n_fields * sizeof *notes) : NULL;
	struct snafu_json_value key, value;
	int more, code = 0;

	while ((more = snafu_json_next_member(reader, &key, &value, NULL)) > 0) {
		size_t offset = 0;

		if (skip && snafu_json_equals(&key, skip)) {
			if (snafu_json_skip(reader, &value, NULL))
				return -EINVAL;
			continue;
		}
		const struct snafu_c_field *field = find_field(type, &key, &offset);
		if (!field)
			return unknown_field(call, type, &key, place);
		struct snafu_c_place inner = {.outer = place, .name = field->name};
		code = read_field(call, field, reader, &value, (unsigned char *)to + offset, &inner);
		if (code)
			return code;
		if (notes && field >= type->fields && field < type->fields + type->n_fields) {
			notes[field - type->fields].given = true;
			if (field->type->kind == SNAFU_C_POINTER)
				notes[field - type->fields].room = call->data_room;
		}
	}
	for (size_t i = 0; notes && !more && !code && i < type->n_fields; i++) {
		notes[i].other = lengths[i];
		if (lengths[i] >= 0)
			code = check_length(call, type, to, notes, i, place);
	}
	return more ? more : code;
}
