/* scanner/c_types.c — see c_types.h.
 *
 * The reader takes any bytes. A type consumes at least one byte of text, so what
 * it allocates is bounded by the text; the depth is capped. */
#include "scanner/c_types.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "base/error.h"

#define INTEGER_SIZE_CAP 16
#define FLOAT_SIZE_CAP   16
#define COMPLEX_SIZE_CAP 32
#define ALIGNMENT_CAP    ((size_t)1 << 28)

struct parser {
	const char *begin, *at;
	struct snafu_arena *arena;
	unsigned depth;
	struct snafu_error *error;
};

static int parse(struct parser *parser, const struct snafu_c_type **ret_type);

/* ---- writing ------------------------------------------------------------------ */

static void write_enum(const struct snafu_c_type *type, struct snafu_buffer *into)
{
	snafu_buffer_format(into, "%c%zu:%s{", type->is_unsigned ? 'E' : 'e', type->size, type->name);
	for (size_t i = 0; i < type->n_enumerators; i++) {
		const struct snafu_c_enumerator *one = &type->enumerators[i];

		snafu_buffer_format(into, "%s%s=", i ? "," : "", one->name);
		if (type->is_unsigned)
			snafu_buffer_format(into, "%" PRIu64, (uint64_t)one->value);
		else
			snafu_buffer_format(into, "%" PRId64, one->value);
	}
	snafu_buffer_append_byte(into, '}');
}

static void write_struct(const struct snafu_c_type *type, struct snafu_buffer *into)
{
	snafu_buffer_format(into, "s:%s/%zu/%zu{", type->name, type->size, type->alignment);
	for (size_t i = 0; i < type->n_fields; i++) {
		const struct snafu_c_field *field = &type->fields[i];

		snafu_buffer_format(into, "%s@%zu", field->name, field->offset);
		if (field->bits && field->bit)
			snafu_buffer_format(into, ".%u", field->bit);
		if (field->bits)
			snafu_buffer_format(into, "^%u", field->bits);
		snafu_buffer_append_byte(into, '=');
		snafu_c_type_write(field->type, into);
		snafu_buffer_append_byte(into, ';');
	}
	snafu_buffer_append_byte(into, '}');
}

void snafu_c_type_write(const struct snafu_c_type *type, struct snafu_buffer *into)
{
	switch (type->kind) {
	case SNAFU_C_VOID: snafu_buffer_append_byte(into, 'v'); break;
	case SNAFU_C_BOOL: snafu_buffer_append_byte(into, 'b'); break;
	case SNAFU_C_CHAR: snafu_buffer_append_byte(into, 'c'); break;
	case SNAFU_C_SIGNED: snafu_buffer_format(into, "i%zu", type->size); break;
	case SNAFU_C_UNSIGNED: snafu_buffer_format(into, "u%zu", type->size); break;
	case SNAFU_C_FLOAT: snafu_buffer_format(into, "f%zu", type->size); break;
	case SNAFU_C_COMPLEX: snafu_buffer_format(into, "x%zu", type->size); break;
	case SNAFU_C_ENUM: write_enum(type, into); break;
	case SNAFU_C_POINTER:
		snafu_buffer_append_text(into, type->constant ? "*k" : "*");
		snafu_c_type_write(type->target, into);
		break;
	case SNAFU_C_ARRAY:
		snafu_buffer_format(into, "%s[%zu]", type->constant ? "k" : "", type->length);
		snafu_c_type_write(type->target, into);
		break;
	case SNAFU_C_STRUCT: write_struct(type, into); break;
	case SNAFU_C_UNION:
		snafu_buffer_format(into, "u:%s/%zu/%zu", type->name, type->size, type->alignment);
		break;
	case SNAFU_C_OPAQUE: snafu_buffer_format(into, "o:%s", type->name); break;
	case SNAFU_C_FUNCTION: snafu_buffer_append_byte(into, 'F'); break;
	case SNAFU_C_VA_LIST: snafu_buffer_append_byte(into, 'L'); break;
	}
}

/* ---- reading ------------------------------------------------------------------ */

static int fail(struct parser *parser, const char *what)
{
	return snafu_fail(parser->error, -EINVAL, "not a C type notation: %s at byte %zu", what,
	                  (size_t)(parser->at - parser->begin));
}

static int no_memory(struct parser *parser)
{
	return snafu_fail(parser->error, -ENOMEM, "out of memory while reading a C type");
}

static int expect(struct parser *parser, char byte)
{
	char what[] = "'?' is expected";

	if (*parser->at == byte) {
		parser->at++;
		return 0;
	}
	what[1] = byte;
	return fail(parser, what);
}

static int parse_number(struct parser *parser, uint64_t limit, uint64_t *ret_number)
{
	uint64_t sum = 0;

	if (*parser->at < '0' || *parser->at > '9')
		return fail(parser, "a number is expected");
	for (; *parser->at >= '0' && *parser->at <= '9'; parser->at++) {
		unsigned digit = (unsigned)(*parser->at - '0');

		if (digit > limit || sum > (limit - digit) / 10)
			return fail(parser, "a number is too large");
		sum = sum * 10 + digit;
	}
	*ret_number = sum;
	return 0;
}

static int parse_size(struct parser *parser, size_t *ret_size)
{
	uint64_t number = 0;
	int code = parse_number(parser, SIZE_MAX / 2, &number);

	*ret_size = (size_t)number;
	return code;
}

static bool is_name_byte(char byte)
{
	return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
	       (byte >= '0' && byte <= '9') || byte == '_' || byte == '$' || (byte & 0x80);
}

/* An identifier, or nothing: an unnamed type or field. */
static int parse_name(struct parser *parser, const char **ret_name)
{
	const char *begin = parser->at;

	if (*begin >= '0' && *begin <= '9')
		return fail(parser, "a name starts with a digit");
	while (is_name_byte(*parser->at))
		parser->at++;
	*ret_name = snafu_arena_copy(parser->arena, begin, (size_t)(parser->at - begin));
	return *ret_name ? 0 : no_memory(parser);
}

/* The digits behind a scalar's letter: a power of two up to CAP. */
static int parse_scalar(struct parser *parser, struct snafu_c_type *type, enum snafu_c_kind kind,
                        size_t smallest, size_t cap)
{
	int code = parse_size(parser, &type->size);

	if (code)
		return code;
	if (type->size < smallest || type->size > cap || (type->size & (type->size - 1)))
		return fail(parser, "no such size of a number");
	type->kind = kind;
	type->alignment = kind == SNAFU_C_COMPLEX ? type->size / 2 : type->size;
	return 0;
}

static int parse_enumerator(struct parser *parser, bool is_unsigned, struct snafu_c_enumerator *one)
{
	uint64_t number = 0;
	int code = parse_name(parser, &one->name);

	if (!code)
		code = expect(parser, '=');
	if (code)
		return code;
	bool negative = !is_unsigned && *parser->at == '-';
	if (negative)
		parser->at++;
	uint64_t limit = is_unsigned ? UINT64_MAX : (uint64_t)INT64_MAX + negative;
	code = parse_number(parser, limit, &number);
	one->value = (int64_t)(negative ? 0 - number : number);
	return code;
}

/* How many of BYTE stand between here and the brace that closes this one: a
 * sufficient size for the array of parts. */
static size_t count_parts(const char *at, char byte)
{
	size_t count = 1, depth = 0;

	for (; *at && (*at != '}' || depth > 0); at++) {
		if (*at == '{')
			depth++;
		else if (*at == '}')
			depth--;
		else if (*at == byte && depth == 0)
			count++;
	}
	return count;
}

static int parse_enum(struct parser *parser, struct snafu_c_type *type, bool is_unsigned)
{
	int code = parse_scalar(parser, type, SNAFU_C_ENUM, 1, 8);

	type->is_unsigned = is_unsigned;
	if (!code)
		code = expect(parser, ':');
	if (!code)
		code = parse_name(parser, &type->name);
	if (!code)
		code = expect(parser, '{');
	if (code)
		return code;
	size_t room = count_parts(parser->at, ',');
	struct snafu_c_enumerator *all = snafu_arena_alloc(parser->arena, room * sizeof *all);
	if (!all)
		return no_memory(parser);
	type->enumerators = all;
	while (*parser->at != '}') {
		if (type->n_enumerators > 0)
			code = expect(parser, ',');
		if (!code)
			code = parse_enumerator(parser, is_unsigned, &all[type->n_enumerators]);
		if (code)
			return code;
		type->n_enumerators++;
	}
	parser->at++;
	return 0;
}

static int parse_field(struct parser *parser, size_t struct_size, struct snafu_c_field *field)
{
	int code = parse_name(parser, &field->name);

	if (!code)
		code = expect(parser, '@');
	if (!code)
		code = parse_size(parser, &field->offset);
	if (!code && *parser->at == '.') {
		uint64_t bit = 0;

		parser->at++;
		code = parse_number(parser, 7, &bit);
		field->bit = (unsigned)bit;
		if (!code && *parser->at != '^')
			return fail(parser, "only a bit-field begins inside a byte");
	}
	if (!code && *parser->at == '^') {
		uint64_t bits = 0;

		parser->at++;
		code = parse_number(parser, 128, &bits);
		if (!code && bits == 0)
			return fail(parser, "a bit-field has no bits");
		field->bits = (unsigned)bits;
	}
	if (!code)
		code = expect(parser, '=');
	if (!code)
		code = parse(parser, &field->type);
	if (!code)
		code = expect(parser, ';');
	if (code)
		return code;
	/* Readers of the notation rely on this: a field lies inside its struct. A
	 * bit-field's storage unit may reach over the end, its bits may not. */
	if (field->type->kind == SNAFU_C_VOID || field->type->kind == SNAFU_C_OPAQUE ||
	    field->type->kind == SNAFU_C_FUNCTION)
		return fail(parser, "a field has no size");
	size_t size = field->bits ? (field->bit + field->bits + 7) / 8 : field->type->size;
	if (field->offset > struct_size || size > struct_size - field->offset)
		return fail(parser, "a field lies outside of its struct");
	return 0;
}

/* name/size/alignment */
static int parse_layout(struct parser *parser, struct snafu_c_type *type)
{
	int code = expect(parser, ':');

	if (!code)
		code = parse_name(parser, &type->name);
	if (!code)
		code = expect(parser, '/');
	if (!code)
		code = parse_size(parser, &type->size);
	if (!code)
		code = expect(parser, '/');
	if (!code)
		code = parse_size(parser, &type->alignment);
	if (code)
		return code;
	if (type->alignment == 0 || type->alignment > ALIGNMENT_CAP ||
	    (type->alignment & (type->alignment - 1)))
		return fail(parser, "an alignment is no power of two");
	return 0;
}

static int parse_struct(struct parser *parser, struct snafu_c_type *type)
{
	int code = parse_layout(parser, type);

	type->kind = SNAFU_C_STRUCT;
	if (!code)
		code = expect(parser, '{');
	if (code)
		return code;
	size_t room = count_parts(parser->at, ';');
	struct snafu_c_field *fields = snafu_arena_alloc(parser->arena, room * sizeof *fields);
	if (!fields)
		return no_memory(parser);
	type->fields = fields;
	while (*parser->at != '}') {
		code = parse_field(parser, type->size, &fields[type->n_fields]);
		if (code)
			return code;
		type->n_fields++;
	}
	parser->at++;
	return 0;
}

static int parse_pointer(struct parser *parser, struct snafu_c_type *type)
{
	type->kind = SNAFU_C_POINTER;
	type->size = type->alignment = sizeof(void *);
	/* An array of constants says so itself: *k[3]f8 is a pointer to const [3]f8. */
	if (*parser->at == 'k') {
		type->constant = true;
		parser->at++;
	}
	return parse(parser, &type->target);
}

static int parse_array(struct parser *parser, struct snafu_c_type *type)
{
	int code = parse_size(parser, &type->length);

	type->kind = SNAFU_C_ARRAY;
	if (!code)
		code = expect(parser, ']');
	if (!code)
		code = parse(parser, &type->target);
	if (code)
		return code;
	switch (type->target->kind) {
	case SNAFU_C_VOID:
	case SNAFU_C_OPAQUE:
	case SNAFU_C_FUNCTION: return fail(parser, "an array of what has no size");
	default: break;
	}
	type->alignment = type->target->alignment;
	if (__builtin_mul_overflow(type->length, type->target->size, &type->size) ||
	    type->size > SIZE_MAX / 2)
		return fail(parser, "an array is too large");
	return 0;
}

static int parse_body(struct parser *parser, char letter, struct snafu_c_type *type)
{
	switch (letter) {
	case 'v': type->kind = SNAFU_C_VOID; return 0;
	case 'F': type->kind = SNAFU_C_FUNCTION; return 0;
	case 'b':
	case 'c':
		type->kind = letter == 'b' ? SNAFU_C_BOOL : SNAFU_C_CHAR;
		type->size = type->alignment = 1;
		return 0;
	case 'L':
		type->kind = SNAFU_C_VA_LIST;
		type->size = sizeof(__builtin_va_list);
		type->alignment = _Alignof(__builtin_va_list);
		return 0;
	case 'i': return parse_scalar(parser, type, SNAFU_C_SIGNED, 1, INTEGER_SIZE_CAP);
	case 'u':
		if (*parser->at != ':')
			return parse_scalar(parser, type, SNAFU_C_UNSIGNED, 1, INTEGER_SIZE_CAP);
		type->kind = SNAFU_C_UNION;
		return parse_layout(parser, type);
	case 'f': return parse_scalar(parser, type, SNAFU_C_FLOAT, 2, FLOAT_SIZE_CAP);
	case 'x': return parse_scalar(parser, type, SNAFU_C_COMPLEX, 4, COMPLEX_SIZE_CAP);
	case 'e': return parse_enum(parser, type, false);
	case 'E': return parse_enum(parser, type, true);
	case '*': return parse_pointer(parser, type);
	case 'k':
		type->constant = true;
		return *parser->at++ == '[' ? parse_array(parser, type)
		                            : (parser->at--, fail(parser, "'[' is expected"));
	case '[': return parse_array(parser, type);
	case 's': return parse_struct(parser, type);
	case 'o': {
		int code = expect(parser, ':');

		type->kind = SNAFU_C_OPAQUE;
		return code ? code : parse_name(parser, &type->name);
	}
	default: parser->at--; return fail(parser, "a type is expected");
	}
}

static int parse(struct parser *parser, const struct snafu_c_type **ret_type)
{
	struct snafu_c_type *type = snafu_arena_alloc(parser->arena, sizeof *type);

	if (!type)
		return no_memory(parser);
	if (parser->depth >= SNAFU_C_TYPE_DEPTH_CAP)
		return snafu_fail(parser->error, -E2BIG, "a C type holds types more than %d deep",
		                  SNAFU_C_TYPE_DEPTH_CAP);
	parser->depth++;
	type->name = "";
	type->alignment = 1;
	int code = parse_body(parser, *parser->at++, type);
	parser->depth--;
	if (!code)
		*ret_type = type;
	return code;
}

int snafu_c_type_parse(const char *text, struct snafu_arena *arena,
                       const struct snafu_c_type **ret_type, struct snafu_error *error)
{
	struct parser parser = {.begin = text, .at = text, .arena = arena, .error = error};
	const struct snafu_c_type *type = NULL;
	int code = parse(&parser, &type);

	if (!code && *parser.at)
		code = fail(&parser, "something stands behind the type");
	if (!code)
		*ret_type = type;
	return code;
}
