/* exporter/arguments.c — see arguments.h. Nothing here knows a language: the
 * shape alone decides, and the language checks again. */
#include "exporter/arguments.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/json.h"

#define DEPTH_CAP    16 /* lists inside lists, by shape */
#define SHOWN_CAP    60 /* bytes of the text that an error repeats */
#define EXPECTED_CAP 400 /* bytes of an error's words for the shape */
#define NESTED_NAMES 3 /* shapes inside shapes that are put in words */

#define REPLACEMENT "\xEF\xBF\xBD" /* U+FFFD */

struct text {
	const char *data;
	size_t size;
};

static struct text trim(struct text text)
{
	while (text.size && isspace((unsigned char)text.data[0])) {
		text.data++;
		text.size--;
	}
	while (text.size && isspace((unsigned char)text.data[text.size - 1]))
		text.size--;
	return text;
}

static bool same(struct text text, const char *word)
{
	return strlen(word) == text.size && strncasecmp(text.data, word, text.size) == 0;
}

static const char *article(enum snafu_shape_kind kind)
{
	switch (kind) {
	case SNAFU_SHAPE_INTEGER:
	case SNAFU_SHAPE_ARRAY:
	case SNAFU_SHAPE_MAP:
	case SNAFU_SHAPE_OBJECT: return "an ";
	case SNAFU_SHAPE_NUMBER:
	case SNAFU_SHAPE_HANDLE: return "a ";
	default: return "";
	}
}

static int refuse(const struct snafu_shape *shape, struct text text, struct snafu_error *error)
{
	struct snafu_buffer words = SNAFU_BUFFER(EXPECTED_CAP);
	size_t shown = text.size < SHOWN_CAP ? text.size : SHOWN_CAP;

	snafu_shape_describe(shape, &words);
	snafu_fail(error, -EINVAL, "expected %s%s, not '%.*s%s'", article(shape->kind),
	           words.data && !words.failed ? words.data : "something else", (int)shown, text.data,
	           shown < text.size ? "..." : "");
	snafu_buffer_done(&words);
	return -EINVAL;
}

/* Whether TEXT is one JSON value whose first character is one of FIRST (NULL:
 * any). */
static bool is_json(struct text text, const char *first)
{
	if (!text.size || (first && !memchr(first, text.data[0], strlen(first))))
		return false;
	return snafu_json_validate(text.data, text.size, NULL) == 0;
}

static size_t count_replacements(struct text text)
{
	const char *at = text.data, *end = at + text.size;
	size_t count = 0;

	while ((at = memmem(at, (size_t)(end - at), REPLACEMENT, strlen(REPLACEMENT)))) {
		at += strlen(REPLACEMENT);
		count++;
	}
	return count;
}

static int write_string(struct text text, struct snafu_buffer *into, struct snafu_error *error)
{
	size_t before = into->size;

	snafu_json_write_string(into, text.data, text.size);
	if (snafu_buffer_failed(into))
		return into->failed;
	/* The writer replaces what is not UTF-8; a person shall hear of it instead. */
	struct text written = {into->data + before, into->size - before};
	if (count_replacements(written) != count_replacements(text))
		return snafu_fail(error, -EINVAL, "expected text in UTF-8");
	return 0;
}

static bool digits(const char **at, const char *end)
{
	const char *begin = *at;

	while (*at < end && **at >= '0' && **at <= '9')
		(*at)++;
	return *at > begin;
}

/* Integers as people write them (+7, 007) in JSON's stricter way. */
static bool write_integer(struct text text, struct snafu_buffer *into)
{
	const char *at = text.data, *end = at + text.size;
	bool negative = text.size && *at == '-';

	if (text.size && (*at == '-' || *at == '+'))
		at++;
	const char *first = at;
	if (!digits(&at, end) || at != end)
		return false;
	while (first < end - 1 && *first == '0')
		first++;
	if (negative)
		snafu_buffer_append_byte(into, '-');
	snafu_buffer_append(into, first, (size_t)(end - first));
	return true;
}

/* The same for numbers: .5, 5., +1e3. No NaN and no infinity: JSON has none. */
static bool write_number(struct text text, struct snafu_buffer *into)
{
	const char *at = text.data, *end = at + text.size;
	size_t before = into->size;

	if (text.size && (*at == '-' || *at == '+'))
		at++;
	const char *whole = at;
	bool has_whole = digits(&at, end);
	size_t whole_size = (size_t)(at - whole);
	bool point = at < end && *at == '.';
	const char *fraction = at + point;
	at = fraction;
	bool has_fraction = point && digits(&at, end);
	size_t fraction_size = (size_t)(at - fraction);
	const char *exponent = at;

	if (!has_whole && !has_fraction)
		return false;
	if (at < end && (*at == 'e' || *at == 'E')) {
		at++;
		if (at < end && (*at == '-' || *at == '+'))
			at++;
		if (!digits(&at, end))
			return false;
	}
	if (at != end)
		return false;
	if (!write_integer((struct text){text.data, (size_t)(whole + whole_size - text.data)}, into)) {
		snafu_buffer_append_text(into, text.data[0] == '-' ? "-0" : "0");
	}
	if (point) {
		snafu_buffer_append_byte(into, '.');
		snafu_buffer_append(into, has_fraction ? fraction : "0", has_fraction ? fraction_size : 1);
	}
	snafu_buffer_append(into, exponent, (size_t)(end - exponent));
	return into->size > before;
}

static bool write_boolean(struct text text, struct snafu_buffer *into)
{
	static const char *const yes[] = {"true", "yes", "on", "1", "y", "t"};
	static const char *const no[] = {"false", "no", "off", "0", "n", "f"};

	for (size_t i = 0; i < sizeof yes / sizeof *yes; i++) {
		bool truth = same(text, yes[i]);

		if (truth || same(text, no[i])) {
			snafu_buffer_append_text(into, truth ? "true" : "false");
			return true;
		}
	}
	return false;
}

/* A value by its name, in any case when that is unambiguous. A number passes
 * too: C's enums take it. */
static bool write_enum(const struct snafu_shape *shape, struct text text, struct snafu_buffer *into)
{
	const char *found = NULL;
	size_t alike = 0;

	for (size_t i = 0; i < shape->n_values; i++) {
		const char *value = shape->values[i];

		if (strlen(value) == text.size && memcmp(value, text.data, text.size) == 0) {
			snafu_json_write_text(into, value);
			return true;
		}
		if (same(text, value)) {
			found = value;
			alike++;
		}
	}
	if (alike != 1)
		return write_integer(text, into);
	snafu_json_write_text(into, found);
	return true;
}

static int convert(const struct snafu_shape *shape, struct text text, struct snafu_buffer *into,
                   unsigned depth, struct snafu_error *error);

/* The item that TEXT begins with, up to a comma that stands outside quotes and
 * brackets. TEXT goes on behind the comma; RET_MORE: there was one. */
static struct text next_item(struct text *text, bool *ret_more)
{
	size_t i = 0, open = 0;
	bool quoted = false;

	for (; i < text->size; i++) {
		char byte = text->data[i];

		if (quoted && byte == '\\')
			i++;
		else if (byte == '"')
			quoted = !quoted;
		else if (!quoted && (byte == '[' || byte == '{'))
			open++;
		else if (!quoted && open && (byte == ']' || byte == '}'))
			open--;
		else if (!quoted && !open && byte == ',')
			break;
	}
	if (i > text->size)
		i = text->size;
	struct text item = trim((struct text){text->data, i});
	*ret_more = i < text->size;
	size_t step = i + *ret_more;
	text->data += step;
	text->size -= step;
	return item;
}

/* One item of a list: text in quotes is what the quotes hold. */
static int convert_item(const struct snafu_shape *shape, struct text item,
                        struct snafu_buffer *into, unsigned depth, struct snafu_error *error)
{
	if (!shape)
		shape = snafu_shape_plain(SNAFU_SHAPE_ANY);
	if (is_json(item, "\""))
		return snafu_buffer_append(into, item.data, item.size);
	return convert(shape, item, into, depth + 1, error);
}

static int convert_array(const struct snafu_shape *shape, struct text text,
                         struct snafu_buffer *into, unsigned depth, struct snafu_error *error)
{
	int code = 0;

	if (is_json(text, "["))
		return snafu_buffer_append(into, text.data, text.size);
	snafu_buffer_append_byte(into, '[');
	for (bool more = text.size > 0, first = true; more && !code; first = false) {
		struct text item = next_item(&text, &more);

		if (!first)
			snafu_buffer_append_byte(into, ',');
		code = convert_item(shape->items, item, into, depth, error);
	}
	snafu_buffer_append_byte(into, ']');
	return code;
}

static const struct snafu_shape *member_shape(const struct snafu_shape *shape, struct text name)
{
	for (size_t i = 0; i < shape->n_fields; i++)
		if (strlen(shape->fields[i].name) == name.size &&
		    memcmp(shape->fields[i].name, name.data, name.size) == 0)
			return shape->fields[i].shape;
	return shape->items;
}

/* An object as JSON, or as x=1,y=2. */
static int convert_object(const struct snafu_shape *shape, struct text text,
                          struct snafu_buffer *into, unsigned depth, struct snafu_error *error)
{
	struct text rest = text;
	int code = 0;

	if (is_json(text, "{"))
		return snafu_buffer_append(into, text.data, text.size);
	snafu_buffer_append_byte(into, '{');
	for (bool more = rest.size > 0, first = true; more && !code; first = false) {
		struct text item = next_item(&rest, &more);
		const char *equals = item.size ? memchr(item.data, '=', item.size) : NULL;

		if (!equals || equals == item.data)
			return refuse(shape, text, error);
		size_t name_size = (size_t)(equals - item.data);
		struct text name = trim((struct text){item.data, name_size});
		struct text value = trim((struct text){equals + 1, item.size - name_size - 1});

		if (!first)
			snafu_buffer_append_byte(into, ',');
		code = write_string(name, into, error);
		snafu_buffer_append_byte(into, ':');
		if (!code)
			code = convert_item(member_shape(shape, name), value, into, depth, error);
	}
	snafu_buffer_append_byte(into, '}');
	return code;
}

static int convert(const struct snafu_shape *shape, struct text given, struct snafu_buffer *into,
                   unsigned depth, struct snafu_error *error)
{
	struct text text = trim(given);
	bool good = true;

	if (depth > DEPTH_CAP)
		return refuse(shape, given, error);
	/* A nullable text may well be the word null: only JSON can say which. */
	if (shape->nullable && shape->kind != SNAFU_SHAPE_STRING && same(text, "null"))
		return snafu_buffer_append_text(into, "null");
	switch (shape->kind) {
	case SNAFU_SHAPE_ANY:
		if (is_json(text, NULL))
			return snafu_buffer_append(into, text.data, text.size);
		return write_string(given, into, error);
	case SNAFU_SHAPE_NOTHING:
		good = !text.size || same(text, "null");
		if (good)
			snafu_buffer_append_text(into, "null");
		break;
	case SNAFU_SHAPE_BOOLEAN: good = write_boolean(text, into); break;
	case SNAFU_SHAPE_INTEGER: good = write_integer(text, into); break;
	case SNAFU_SHAPE_NUMBER: good = write_number(text, into); break;
	case SNAFU_SHAPE_ENUM:
		good = write_enum(shape, text, into);
		if (!good && shape->named)
			return write_string(given, into, error);
		break;
	case SNAFU_SHAPE_ARRAY: return convert_array(shape, text, into, depth, error);
	case SNAFU_SHAPE_MAP:
	case SNAFU_SHAPE_OBJECT: return convert_object(shape, text, into, depth, error);
	case SNAFU_SHAPE_STRING:
	case SNAFU_SHAPE_BYTES:
	case SNAFU_SHAPE_HANDLE: return write_string(given, into, error);
	}
	return good ? snafu_buffer_failed(into) : refuse(shape, given, error);
}

int snafu_argument_from_text(const struct snafu_shape *shape, const char *text, size_t size,
                             struct snafu_buffer *into, struct snafu_error *error)
{
	size_t before = into->size;
	int code = convert(shape, (struct text){text, size}, into, 0, error);

	if (!code)
		code = snafu_buffer_failed(into);
	if (code == -EINVAL) { /* take back what was written of a list */
		into->size = before;
		if (into->data)
			into->data[before] = '\0';
	} else if (code) {
		snafu_fail_errno(error, code, "the argument does not fit");
	}
	return code;
}

/* ---- words ------------------------------------------------------------------ */

static void describe(const struct snafu_shape *shape, bool plural, unsigned depth,
                     struct snafu_buffer *into);

static void describe_fields(const struct snafu_shape *shape, unsigned depth,
                            struct snafu_buffer *into)
{
	for (size_t i = 0; i < shape->n_fields; i++) {
		snafu_buffer_format(into, "%s%s", i ? ", " : " with ", shape->fields[i].name);
		if (depth < NESTED_NAMES && shape->fields[i].shape->kind != SNAFU_SHAPE_ANY) {
			snafu_buffer_append_text(into, " (");
			describe(shape->fields[i].shape, false, NESTED_NAMES, into);
			snafu_buffer_append_byte(into, ')');
		}
	}
}

static void describe(const struct snafu_shape *shape, bool plural, unsigned depth,
                     struct snafu_buffer *into)
{
	static const char *const words[][2] = {
		[SNAFU_SHAPE_ANY] = {"any value", "any values"},
		[SNAFU_SHAPE_NOTHING] = {"nothing", "nulls"},
		[SNAFU_SHAPE_BOOLEAN] = {"true or false", "booleans"},
		[SNAFU_SHAPE_INTEGER] = {"integer", "integers"},
		[SNAFU_SHAPE_NUMBER] = {"number", "numbers"},
		[SNAFU_SHAPE_STRING] = {"text", "texts"},
		[SNAFU_SHAPE_BYTES] = {"bytes in base64", "bytes in base64"},
		[SNAFU_SHAPE_ARRAY] = {"array", "arrays"},
		[SNAFU_SHAPE_MAP] = {"object", "objects"},
		[SNAFU_SHAPE_OBJECT] = {"object", "objects"},
		[SNAFU_SHAPE_ENUM] = {"one of ", "values out of "},
		[SNAFU_SHAPE_HANDLE] = {"handle from an earlier call", "handles from earlier calls"},
	};

	snafu_buffer_append_text(into, words[shape->kind][plural]);
	if (shape->kind == SNAFU_SHAPE_ENUM)
		for (size_t i = 0; i < shape->n_values; i++)
			snafu_buffer_format(into, "%s%s", i ? ", " : "", shape->values[i]);
	if (shape->kind == SNAFU_SHAPE_OBJECT)
		describe_fields(shape, depth, into);
	if ((shape->kind == SNAFU_SHAPE_ARRAY || shape->kind == SNAFU_SHAPE_MAP) && shape->items &&
	    shape->items->kind != SNAFU_SHAPE_ANY && depth < NESTED_NAMES) {
		snafu_buffer_append_text(into, " of ");
		describe(shape->items, true, depth + 1, into);
	}
	if (shape->format && shape->kind == SNAFU_SHAPE_STRING)
		snafu_buffer_format(into, " (%s)", shape->format);
	if (shape->nullable && !plural && shape->kind != SNAFU_SHAPE_ANY)
		snafu_buffer_append_text(into, " or null");
}

void snafu_shape_describe(const struct snafu_shape *shape, struct snafu_buffer *into)
{
	describe(shape, false, 0, into);
}
