/* langs/c_read.c — JSON to C: numbers, enums, structs and fixed arrays. What
 * pointers point to is in c_read_data.c. See c_value.h. */
#include "langs/c_value.h"

#include <errno.h>
#include <float.h>
#include <locale.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/base64.h"

#define PLACE_CAP  256
#define NAMES_CAP  300 /* bytes of an enum's names in a message */
#define NUMBER_CAP 4400 /* digits of a long double written out */

static void describe_place(const struct snafu_c_place *place, struct snafu_buffer *into)
{
	if (place->outer)
		describe_place(place->outer, into);
	if (!place->name)
		snafu_buffer_format(into, "[%zu]", place->index);
	else
		snafu_buffer_format(into, "%s%s", place->outer ? "." : "", place->name);
}

int snafu_c_problem(struct snafu_c_call *call, const struct snafu_c_place *place,
                    const char *format, ...)
{
	struct snafu_buffer name = SNAFU_BUFFER(PLACE_CAP);
	char text[512];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	describe_place(place, &name);
	snafu_argument_problem(&call->problems, name.data ? name.data : "", "%s", text);
	snafu_buffer_done(&name);
	return -EINVAL;
}

/* "an array", for messages. */
static const char *word_of(const struct snafu_json_value *value)
{
	static const char *const words[] = {
		[SNAFU_JSON_NULL] = "null",
		[SNAFU_JSON_FALSE] = "false",
		[SNAFU_JSON_TRUE] = "true",
		[SNAFU_JSON_INTEGER] = "an integer",
		[SNAFU_JSON_REAL] = "a number with a fraction or exponent",
		[SNAFU_JSON_STRING] = "a string",
		[SNAFU_JSON_ARRAY] = "an array",
		[SNAFU_JSON_OBJECT] = "an object",
	};
	return words[value->type];
}

static int expected(struct snafu_c_call *call, const struct snafu_c_place *place, const char *what,
                    const struct snafu_json_value *value)
{
	return snafu_c_problem(call, place, "expected %s, got %s", what, word_of(value));
}

/* ---- numbers -------------------------------------------------------------------- */

void snafu_c_put_integer(void *to, size_t size, __int128 number)
{
	/* Little-endian machines only keep the low bytes first; so go by type. */
	switch (size) {
	case 1: *(uint8_t *)to = (uint8_t)number; break;
	case 2: memcpy(to, &(uint16_t){(uint16_t)number}, 2); break;
	case 4: memcpy(to, &(uint32_t){(uint32_t)number}, 4); break;
	case 8: memcpy(to, &(uint64_t){(uint64_t)number}, 8); break;
	default: memcpy(to, &number, 16); break;
	}
}

__int128 snafu_c_get_integer(const void *from, size_t size, bool is_signed)
{
	uint16_t two;
	uint32_t four;
	uint64_t eight;
	__int128 whole;

	switch (size) {
	case 1: return is_signed ? *(const int8_t *)from : *(const uint8_t *)from;
	case 2: memcpy(&two, from, 2); return is_signed ? (int16_t)two : two;
	case 4: memcpy(&four, from, 4); return is_signed ? (int32_t)four : (__int128)four;
	case 8: memcpy(&eight, from, 8); return is_signed ? (int64_t)eight : (__int128)eight;
	default: memcpy(&whole, from, 16); return whole;
	}
}

/* Decimal digits with a sign: -ERANGE when they say more than 128 bits do. */
static int parse_digits(const char *text, size_t size, bool *ret_negative,
                        unsigned __int128 *ret_magnitude)
{
	const unsigned __int128 most = ~(unsigned __int128)0;
	unsigned __int128 magnitude = 0;
	bool negative = size > 0 && *text == '-';

	if (size == (size_t)negative)
		return -EINVAL;
	for (size_t i = negative; i < size; i++) {
		unsigned digit = (unsigned char)text[i] - '0';

		if (digit > 9)
			return -EINVAL;
		if (magnitude > (most - digit) / 10)
			return -ERANGE;
		magnitude = magnitude * 10 + digit;
	}
	*ret_negative = negative;
	*ret_magnitude = magnitude;
	return 0;
}

static int out_of_range(struct snafu_c_call *call, const struct snafu_json_value *value,
                        bool is_signed, unsigned bits, const struct snafu_c_place *place)
{
	int shown = value->size > 60 ? 60 : (int)value->size;

	if (bits > 64)
		return snafu_c_problem(call, place, "%.*s does not fit %s 128 bits", shown, value->text,
		                       is_signed ? "signed" : "unsigned");
	uint64_t high = is_signed ? ((uint64_t)1 << (bits - 1)) - 1 : ~(uint64_t)0 >> (64 - bits);
	if (is_signed)
		return snafu_c_problem(call, place, "%.*s is out of range: it takes -%llu to %llu", shown,
		                       value->text, (unsigned long long)high + 1, (unsigned long long)high);
	return snafu_c_problem(call, place, "%.*s is out of range: it takes 0 to %llu", shown,
	                       value->text, (unsigned long long)high);
}

int snafu_c_read_integer(struct snafu_c_call *call, const struct snafu_json_value *value,
                         bool is_signed, unsigned bits, __int128 *ret,
                         const struct snafu_c_place *place)
{
	unsigned __int128 magnitude = 0, limit = (unsigned __int128)1 << (bits - 1);
	bool negative = false;

	if (value->type != SNAFU_JSON_INTEGER && !(bits > 64 && value->type == SNAFU_JSON_STRING))
		return expected(call, place, "an integer", value);
	int code = parse_digits(value->text, value->size, &negative, &magnitude);
	if (code == -EINVAL)
		return expected(call, place, "an integer", value);
	/* LIMIT is half of what the bits hold. */
	unsigned __int128 most = is_signed ? limit - !negative : negative ? 0 : (limit - 1) * 2 + 1;
	if (code || magnitude > most)
		return out_of_range(call, value, is_signed, bits, place);
	*ret = negative ? (__int128)(0 - magnitude) : (__int128)magnitude;
	return 0;
}

static int read_long_double(const struct snafu_json_value *value, long double *ret)
{
	static locale_t c_locale; /* made once; a second one from a race is let go of */
	char text[NUMBER_CAP];
	locale_t mine = __atomic_load_n(&c_locale, __ATOMIC_ACQUIRE), none = (locale_t)0;

	if (value->size >= sizeof text)
		return -ERANGE;
	if (!mine) {
		mine = newlocale(LC_ALL_MASK, "C", (locale_t)0);
		if (!mine)
			return -ENOMEM;
		if (!__atomic_compare_exchange_n(&c_locale, &none, mine, false, __ATOMIC_ACQ_REL,
		                                 __ATOMIC_ACQUIRE)) {
			freelocale(mine);
			mine = none;
		}
	}
	memcpy(text, value->text, value->size);
	text[value->size] = '\0';
	*ret = strtold_l(text, NULL, mine);
	return isfinite(*ret) ? 0 : -ERANGE;
}

static int read_float(struct snafu_c_call *call, size_t size, const struct snafu_json_value *value,
                      void *to, const struct snafu_c_place *place)
{
	double number = 0;
	long double wide = 0;
	int code;

	if (value->type != SNAFU_JSON_INTEGER && value->type != SNAFU_JSON_REAL)
		return expected(call, place, "a number", value);
	code = size > 8 ? read_long_double(value, &wide) : snafu_json_double(value, &number);
	if (code || !isfinite(number) || (size == 4 && fabs(number) > FLT_MAX))
		return snafu_c_problem(call, place, "%.*s is too large for %s",
		                       value->size > 60 ? 60 : (int)value->size, value->text,
		                       size == 4   ? "a float"
		                       : size == 8 ? "a double"
		                                   : "a long double");
	if (size == 4)
		memcpy(to, &(float){(float)number}, 4);
	else if (size == 8)
		memcpy(to, &number, 8);
	else
		memcpy(to, &wide, sizeof wide);
	return 0;
}

static int read_complex(struct snafu_c_call *call, size_t size, struct snafu_json_reader *reader,
                        const struct snafu_json_value *value, void *to,
                        const struct snafu_c_place *place)
{
	struct snafu_json_value part;
	size_t n = 0;
	int more;

	if (value->type != SNAFU_JSON_ARRAY) {
		memset(to, 0, size);
		return read_float(call, size / 2, value, to, place);
	}
	while ((more = snafu_json_next_element(reader, &part, NULL)) > 0) {
		struct snafu_c_place inner = {.outer = place, .index = n};

		if (n == 2)
			break;
		int code = read_float(call, size / 2, &part, (char *)to + n * (size / 2), &inner);
		if (code)
			return code;
		n++;
	}
	return more == 0 && n == 2
	           ? 0
	           : snafu_c_problem(call, place, "expected a number or [real, imaginary]");
}

static int read_character(struct snafu_c_call *call, const struct snafu_json_value *value, void *to,
                          const struct snafu_c_place *place)
{
	struct snafu_buffer text = SNAFU_BUFFER(8);
	__int128 number;

	if (value->type == SNAFU_JSON_STRING) {
		int code = snafu_json_unescape(value, &text);
		bool fits = !code && text.size == 1;

		if (fits)
			*(char *)to = text.data[0];
		snafu_buffer_done(&text);
		return fits ? 0 : snafu_c_problem(call, place, "expected one character of one byte");
	}
	if (value->type == SNAFU_JSON_INTEGER && value->size > 0 && *value->text != '-') {
		int code = snafu_c_read_integer(call, value, false, 8, &number, place);

		if (!code)
			snafu_c_put_integer(to, 1, number);
		return code;
	}
	if (value->type != SNAFU_JSON_INTEGER)
		return expected(call, place, "a string of one character, or its number", value);
	int code = snafu_c_read_integer(call, value, true, 8, &number, place);
	if (!code)
		snafu_c_put_integer(to, 1, number);
	return code;
}

static int read_bool(struct snafu_c_call *call, const struct snafu_json_value *value, void *to,
                     const struct snafu_c_place *place)
{
	bool is_one = value->type == SNAFU_JSON_TRUE;

	if (value->type == SNAFU_JSON_INTEGER && value->size == 1 &&
	    (*value->text == '0' || *value->text == '1'))
		is_one = *value->text == '1';
	else if (value->type != SNAFU_JSON_TRUE && value->type != SNAFU_JSON_FALSE)
		return expected(call, place, "true or false", value);
	*(bool *)to = is_one;
	return 0;
}

static int read_enum(struct snafu_c_call *call, const struct snafu_c_type *type,
                     const struct snafu_json_value *value, void *to,
                     const struct snafu_c_place *place)
{
	__int128 number;

	if (value->type == SNAFU_JSON_STRING) {
		for (size_t i = 0; i < type->n_enumerators; i++)
			if (snafu_json_equals(value, type->enumerators[i].name)) {
				snafu_c_put_integer(to, type->size, type->enumerators[i].value);
				return 0;
			}
		struct snafu_buffer names = SNAFU_BUFFER(NAMES_CAP);
		for (size_t i = 0; i < type->n_enumerators && !snafu_buffer_failed(&names); i++)
			snafu_buffer_format(&names, "%s%s", i ? ", " : "", type->enumerators[i].name);
		int code = snafu_c_problem(call, place, "expected one of %s%s",
		                           names.data ? names.data : "no names",
		                           snafu_buffer_failed(&names) ? ", ..." : "");
		snafu_buffer_done(&names);
		return code;
	}
	if (value->type != SNAFU_JSON_INTEGER)
		return expected(call, place, "the name or number of an enum's value", value);
	int code = snafu_c_read_integer(call, value, !type->is_unsigned, (unsigned)type->size * 8,
	                                &number, place);
	if (!code)
		snafu_c_put_integer(to, type->size, number);
	return code;
}

/* ---- fixed arrays ---------------------------------------------------------------- */

/* char arrays take text, byte arrays base64, all an array of up to their length;
 * what is not given is zero. */
static int read_array(struct snafu_c_call *call, const struct snafu_c_type *type,
                      struct snafu_json_reader *reader, const struct snafu_json_value *value,
                      void *to, const struct snafu_c_place *place)
{
	const struct snafu_c_type *element = type->target;
	bool is_text = element->kind == SNAFU_C_CHAR;
	bool is_bytes = element->kind == SNAFU_C_UNSIGNED && element->size == 1;
	struct snafu_json_value item;
	size_t n = 0;
	int more;

	if (value->type == SNAFU_JSON_STRING && (is_text || is_bytes)) {
		struct snafu_c_data data;
		struct snafu_c_data_wish wish = {.element = element, .terminated = true};
		struct snafu_c_entry *state = call->state;

		call->state = NULL; /* it is copied into the array at once */
		int code = snafu_c_read_data(call, &wish, reader, value, &data, place);
		call->state = state;
		if (code)
			return code;
		if (data.count + is_text > type->length)
			return snafu_c_problem(call, place, "too long: it takes up to %zu bytes, got %zu",
			                       type->length - (is_text && type->length), data.count);
		memset(to, 0, type->size);
		memcpy(to, data.bytes, data.count);
		return 0;
	}
	if (value->type != SNAFU_JSON_ARRAY)
		return expected(call, place,
		                is_text    ? "a string"
		                : is_bytes ? "a string of base64, or "
		                             "an array"
		                           : "an array",
		                value);
	memset(to, 0, type->size);
	while ((more = snafu_json_next_element(reader, &item, NULL)) > 0) {
		struct snafu_c_place inner = {.outer = place, .index = n};

		if (n >= type->length)
			return snafu_c_problem(call, place, "too many: it takes up to %zu elements",
			                       type->length);
		int code =
			snafu_c_read(call, element, reader, &item, (char *)to + n * element->size, &inner);
		if (code)
			return code;
		n++;
	}
	return more;
}

static int read_union(struct snafu_c_call *call, const struct snafu_c_type *type,
                      struct snafu_json_reader *reader, const struct snafu_json_value *value,
                      void *to, const struct snafu_c_place *place)
{
	static const struct snafu_c_type byte = {.kind = SNAFU_C_UNSIGNED, .size = 1, .alignment = 1};
	struct snafu_c_type bytes = {
		.kind = SNAFU_C_ARRAY,
		.size = type->size,
		.target = &byte,
		.length = type->size,
	};

	return read_array(call, &bytes, reader, value, to, place);
}

int snafu_c_read(struct snafu_c_call *call, const struct snafu_c_type *type,
                 struct snafu_json_reader *reader, const struct snafu_json_value *value, void *to,
                 const struct snafu_c_place *place)
{
	__int128 number;
	int code;

	switch (type->kind) {
	case SNAFU_C_BOOL: return read_bool(call, value, to, place);
	case SNAFU_C_CHAR: return read_character(call, value, to, place);
	case SNAFU_C_SIGNED:
	case SNAFU_C_UNSIGNED:
		code = snafu_c_read_integer(call, value, type->kind == SNAFU_C_SIGNED,
		                            (unsigned)type->size * 8, &number, place);
		if (!code)
			snafu_c_put_integer(to, type->size, number);
		return code;
	case SNAFU_C_FLOAT: return read_float(call, type->size, value, to, place);
	case SNAFU_C_COMPLEX: return read_complex(call, type->size, reader, value, to, place);
	case SNAFU_C_ENUM: return read_enum(call, type, value, to, place);
	case SNAFU_C_STRUCT:
		if (value->type != SNAFU_JSON_OBJECT)
			return expected(call, place, "an object", value);
		return snafu_c_read_struct(call, type, reader, to, NULL, place);
	case SNAFU_C_ARRAY: return read_array(call, type, reader, value, to, place);
	case SNAFU_C_UNION: return read_union(call, type, reader, value, to, place);
	case SNAFU_C_POINTER: return snafu_c_read_pointer(call, type->target, reader, value, to, place);
	default: return snafu_c_problem(call, place, "a %s has no JSON form", snafu_c_type_word(type));
	}
}
