/* langs/c_write.c — C values to JSON. See c_value.h. */
#include "langs/c_value.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/base64.h"
#include "base/utf8.h"

#define PEEK_SIZE 4096 /* a page: what is readable at its start is so to its end */

bool snafu_c_peek(const void *from, void *to, size_t size)
{
	struct iovec here = {to, size}, there = {(void *)(uintptr_t)from, size};
	ssize_t got = process_vm_readv(getpid(), &here, 1, &there, 1, 0);

	if (got < 0 && (errno == ENOSYS || errno == EPERM)) {
		memcpy(to, from, size); /* where the kernel does not help, trust C */
		return true;
	}
	return got >= 0 && (size_t)got == size;
}

/* ---- text --------------------------------------------------------------------------- */

void snafu_c_write_text(const char *text, size_t size, struct snafu_buffer *into)
{
	if (snafu_utf8_is_valid(text, size)) {
		snafu_json_write_string(into, text, size);
		return;
	}
	snafu_buffer_append_text(into, "{\"base64\":\"");
	snafu_base64_write(into, text, size);
	snafu_buffer_append_text(into, "\"}");
}

/* A text that a field of C's points to: the pointer may be anything. */
static void write_field_text(const char *text, struct snafu_buffer *into)
{
	struct snafu_buffer copy = SNAFU_BUFFER(into->cap);
	char page[PEEK_SIZE];
	uintptr_t at = (uintptr_t)text;
	bool ended = false;

	while (!ended && !snafu_buffer_failed(&copy)) {
		size_t size = PEEK_SIZE - at % PEEK_SIZE;

		if (!snafu_c_peek((const void *)at, page, size)) {
			snafu_buffer_done(&copy);
			snafu_buffer_append_text(into, "null");
			return;
		}
		size_t length = strnlen(page, size);
		ended = length < size;
		snafu_buffer_append(&copy, page, length);
		at += size;
	}
	if (snafu_buffer_failed(&copy))
		into->failed = snafu_buffer_failed(&copy);
	else
		snafu_c_write_text(copy.data ? copy.data : "", copy.size, into);
	snafu_buffer_done(&copy);
}

/* ---- numbers ------------------------------------------------------------------------- */

static void write_integer(const struct snafu_c_type *type, const void *from, bool is_signed,
                          struct snafu_buffer *into)
{
	__int128 number = snafu_c_get_integer(from, type->size, is_signed);
	unsigned __int128 left =
		is_signed && number < 0 ? -(unsigned __int128)number : (unsigned __int128)number;
	char digits[40];
	size_t at = sizeof digits;

	if (type->size <= 8 && is_signed) {
		snafu_json_write_int64(into, (int64_t)number);
		return;
	}
	if (type->size <= 8) {
		snafu_json_write_uint64(into, (uint64_t)number);
		return;
	}
	do {
		digits[--at] = (char)('0' + (int)(left % 10));
		left /= 10;
	} while (left);
	if (is_signed && number < 0)
		snafu_buffer_append_byte(into, '-');
	snafu_buffer_append(into, digits + at, sizeof digits - at);
}

static int write_long_double(const void *from, struct snafu_buffer *into)
{
	long double number;
	char text[64];

	memcpy(&number, from, sizeof number);
	if (!isfinite(number))
		return -EDOM;
	if ((long double)(double)number == number)
		return snafu_json_write_double(into, (double)number);
	snprintf(text, sizeof text, "%.21Lg", number);
	for (char *at = text; *at; at++)
		if (*at != '-' && *at != '+' && *at != 'e' && (*at < '0' || *at > '9'))
			*at = '.'; /* the locale's own point */
	snafu_buffer_append_text(into, text);
	return 0;
}

/* The float's own shortest digits: 0.1f is 0.1, not 0.10000000149011612. */
static int write_single(const void *from, struct snafu_buffer *into)
{
	float number;
	char text[32];

	memcpy(&number, from, sizeof number);
	if (!isfinite(number))
		return -EDOM;
	for (int digits = 6; digits <= 9; digits++) {
		struct snafu_json_value value = {.type = SNAFU_JSON_REAL, .text = text};
		double shortest;

		snprintf(text, sizeof text, "%.*g", digits, number);
		for (char *at = text; *at; at++)
			if (*at == ',')
				*at = '.';
		value.size = strlen(text);
		if (snafu_json_double(&value, &shortest) == 0 && (float)shortest == number)
			return snafu_json_write_double(into, shortest);
	}
	return snafu_json_write_double(into, number);
}

static int write_float(size_t size, const void *from, struct snafu_buffer *into,
                       struct snafu_error *error)
{
	double number;
	int code;

	if (size == 4) {
		code = write_single(from, into);
	} else if (size == 8) {
		memcpy(&number, from, sizeof number);
		code = snafu_json_write_double(into, number);
	} else {
		code = write_long_double(from, into);
	}
	if (code == -EDOM)
		return snafu_fail(error, code,
		                  "a number that is infinite or not a number (NaN) has no "
		                  "JSON form");
	return code;
}

static int write_complex(size_t size, const void *from, struct snafu_buffer *into,
                         struct snafu_error *error)
{
	snafu_buffer_append_byte(into, '[');
	int code = write_float(size / 2, from, into, error);
	snafu_buffer_append_byte(into, ',');
	if (!code)
		code = write_float(size / 2, (const char *)from + size / 2, into, error);
	snafu_buffer_append_byte(into, ']');
	return code;
}

static void write_enum(const struct snafu_c_type *type, const void *from, struct snafu_buffer *into)
{
	__int128 number = snafu_c_get_integer(from, type->size, !type->is_unsigned);

	for (size_t i = 0; i < type->n_enumerators; i++)
		if ((type->is_unsigned ? (__int128)(uint64_t)type->enumerators[i].value
		                       : (__int128)type->enumerators[i].value) == number) {
			snafu_json_write_text(into, type->enumerators[i].name);
			return;
		}
	write_integer(type, from, !type->is_unsigned, into);
}

static void write_bits(const struct snafu_c_field *field, const unsigned char *from,
                       struct snafu_buffer *into)
{
	bool is_signed = field->type->kind == SNAFU_C_SIGNED ||
	                 (field->type->kind == SNAFU_C_ENUM && !field->type->is_unsigned);
	__int128 number = 0;

	for (unsigned i = 0; i < field->bits && i < 64; i++) {
		unsigned at = field->bit + i;

		number |= (__int128)(from[at / 8] >> at % 8 & 1) << i;
	}
	if (is_signed && number >> (field->bits - 1))
		number -= (__int128)1 << field->bits;
	if (field->type->kind == SNAFU_C_BOOL) {
		snafu_buffer_append_text(into, number ? "true" : "false");
	} else {
		unsigned char whole[16];

		snafu_c_put_integer(whole, field->type->size, number);
		if (field->type->kind == SNAFU_C_ENUM)
			write_enum(field->type, whole, into);
		else
			write_integer(field->type, whole, is_signed, into);
	}
}

/* ---- pointers -------------------------------------------------------------------------- */

int snafu_c_write_handle(struct snafu_c_call *call, const struct snafu_c_type *type, void *pointer,
                         struct snafu_buffer *into, struct snafu_error *error)
{
	if (!pointer) {
		snafu_buffer_append_text(into, "null");
		return 0;
	}
	uint64_t id = snafu_c_handles_put(call->handles, type, pointer);
	if (id == 0)
		return snafu_fail(error, -ENOSPC, "there is no room for one more handle: all %d are in use",
		                  SNAFU_C_HANDLES_CAP);
	snafu_buffer_append_byte(into, '"');
	snafu_c_handle_name(call->handles, type, id, into);
	snafu_buffer_append_byte(into, '"');
	return 0;
}

static int write_pointer(struct snafu_c_call *call, const struct snafu_c_type *target,
                         const void *from, struct snafu_buffer *into, struct snafu_error *error)
{
	void *pointer;

	memcpy(&pointer, from, sizeof pointer);
	if (pointer && target->kind == SNAFU_C_CHAR) {
		write_field_text(pointer, into);
		return 0;
	}
	return snafu_c_write_handle(call, target, pointer, into, error);
}

/* ---- structs and arrays ------------------------------------------------------------------ */

int snafu_c_write_data(struct snafu_c_call *call, const struct snafu_c_type *element,
                       const void *from, size_t count, struct snafu_buffer *into,
                       struct snafu_error *error)
{
	int code = 0;

	if (element->kind == SNAFU_C_CHAR) {
		snafu_c_write_text(from, strnlen(from, count), into);
		return 0;
	}
	if (element->kind == SNAFU_C_VOID ||
	    (element->size == 1 &&
	     (element->kind == SNAFU_C_UNSIGNED || element->kind == SNAFU_C_SIGNED))) {
		snafu_buffer_append_byte(into, '"');
		snafu_base64_write(into, from, count);
		snafu_buffer_append_byte(into, '"');
		return 0;
	}
	snafu_buffer_append_byte(into, '[');
	for (size_t i = 0; i < count && !code && !snafu_buffer_failed(into); i++) {
		if (i > 0)
			snafu_buffer_append_byte(into, ',');
		code = snafu_c_write(call, element, (const char *)from + i * element->size, into, error);
	}
	snafu_buffer_append_byte(into, ']');
	return code;
}

/* Memory of ours behind a field: what C wrote to it in this call. False: it is not
 * ours, or not for C to write to. */
static bool write_block(const struct snafu_c_type *type, const unsigned char *from, size_t index,
                        const int *lengths, const struct snafu_c_entry *entry,
                        const unsigned char *before, struct snafu_buffer *into)
{
	const struct snafu_c_field *field = &type->fields[index];
	const unsigned char *now, *then = NULL;

	memcpy(&now, from + field->offset, sizeof now);
	if (before)
		memcpy(&then, before + field->offset, sizeof then);
	const struct snafu_c_block *block =
		entry && now ? snafu_c_handles_find_block(entry, field->offset, now) : NULL;
	if (!block || !block->writable)
		return false;
	const unsigned char *begin = block->bytes, *end = block->bytes + block->told;
	if (now > end)
		now = end;
	bool is_cursor = now != begin || strncmp(field->name, "next_", 5) == 0;
	if (is_cursor) {
		if (then >= begin && then <= now)
			begin = then;
		end = now;
	} else if (lengths && lengths[index] >= 0) {
		const struct snafu_c_field *length = &type->fields[lengths[index]];
		size_t element = field->type->target->kind == SNAFU_C_VOID ? 1 : field->type->target->size;
		__int128 count = snafu_c_get_integer(from + length->offset, length->type->size, true);

		if (count >= 0 && count < (__int128)((size_t)(end - begin) / element))
			end = begin + (size_t)count * element;
	}
	snafu_buffer_format(into, ",\"%s\":\"", field->name);
	snafu_base64_write(into, begin, (size_t)(end - begin));
	snafu_buffer_append_byte(into, '"');
	return true;
}

/* Pointers to data whose size nobody knows, and to functions, are left out of structs. */
static bool is_left_out(const struct snafu_c_type *type)
{
	if (type->kind == SNAFU_C_ARRAY)
		return type->length == 0;
	if (type->kind != SNAFU_C_POINTER)
		return false;
	switch (type->target->kind) {
	case SNAFU_C_CHAR:
	case SNAFU_C_STRUCT:
	case SNAFU_C_OPAQUE:
	case SNAFU_C_UNION: return false;
	default: return true;
	}
}

static int write_fields(struct snafu_c_call *call, const struct snafu_c_type *type,
                        const unsigned char *from, const struct snafu_c_entry *entry,
                        const unsigned char *before, struct snafu_buffer *into,
                        struct snafu_error *error)
{
	int *lengths = entry ? snafu_c_field_lengths(&call->arena, type) : NULL;
	int code = 0;

	for (size_t i = 0; i < type->n_fields && !code && !snafu_buffer_failed(into); i++) {
		const struct snafu_c_field *field = &type->fields[i];

		if (!field->name[0]) {
			if (field->type->kind == SNAFU_C_STRUCT)
				code =
					write_fields(call, field->type, from + field->offset, NULL, NULL, into, error);
			continue;
		}
		if (field->type->kind == SNAFU_C_POINTER &&
		    write_block(type, from, i, lengths, entry, before, into))
			continue;
		if (is_left_out(field->type))
			continue;
		snafu_buffer_format(into, ",\"%s\":", field->name);
		if (field->bits)
			write_bits(field, from + field->offset, into);
		else
			code = snafu_c_write(call, field->type, from + field->offset, into, error);
		if (code == -EDOM && error && !strchr(error->message, ':')) {
			struct snafu_error inner = *error;

			snafu_fail(error, code, "%s: %s", field->name, inner.message);
		}
	}
	return code;
}

int snafu_c_write_state(struct snafu_c_call *call, const struct snafu_c_type *type,
                        const void *from, uint64_t id, const struct snafu_c_entry *entry,
                        const void *before, struct snafu_buffer *into, struct snafu_error *error)
{
	size_t begin;

	snafu_buffer_append_byte(into, '{');
	begin = into->size;
	if (id) {
		snafu_buffer_format(into, ",\"%s\":\"", snafu_c_handle_key(type));
		snafu_c_handle_name(call->handles, type, id, into);
		snafu_buffer_append_byte(into, '"');
	}
	int code = write_fields(call, type, from, entry, before, into, error);
	if (!snafu_buffer_failed(into) && into->size > begin) { /* the comma before the first */
		memmove(into->data + begin, into->data + begin + 1, into->size - begin);
		into->size--;
	}
	snafu_buffer_append_byte(into, '}');
	return code;
}

int snafu_c_write(struct snafu_c_call *call, const struct snafu_c_type *type, const void *from,
                  struct snafu_buffer *into, struct snafu_error *error)
{
	switch (type->kind) {
	case SNAFU_C_VOID: snafu_buffer_append_text(into, "null"); return 0;
	case SNAFU_C_BOOL:
		snafu_buffer_append_text(into, *(const unsigned char *)from ? "true" : "false");
		return 0;
	case SNAFU_C_CHAR:
		if (*(const signed char *)from > 0)
			snafu_json_write_string(into, from, 1);
		else
			write_integer(type, from, true, into);
		return 0;
	case SNAFU_C_SIGNED:
	case SNAFU_C_UNSIGNED: write_integer(type, from, type->kind == SNAFU_C_SIGNED, into); return 0;
	case SNAFU_C_FLOAT: return write_float(type->size, from, into, error);
	case SNAFU_C_COMPLEX: return write_complex(type->size, from, into, error);
	case SNAFU_C_ENUM: write_enum(type, from, into); return 0;
	case SNAFU_C_POINTER: return write_pointer(call, type->target, from, into, error);
	case SNAFU_C_ARRAY:
		return snafu_c_write_data(call, type->target, from, type->length, into, error);
	case SNAFU_C_STRUCT: return snafu_c_write_state(call, type, from, 0, NULL, NULL, into, error);
	case SNAFU_C_UNION:
		snafu_buffer_append_byte(into, '"');
		snafu_base64_write(into, from, type->size);
		snafu_buffer_append_byte(into, '"');
		return 0;
	default: return snafu_fail(error, -EDOM, "a %s has no JSON form", snafu_c_type_word(type));
	}
}
