/* base/json_read.c — the pull parser of json.h. */
#include "base/json.h"

#include <errno.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/utf8.h"

void snafu_json_begin(struct snafu_json_reader *reader, const char *bytes, size_t size)
{
	*reader = (struct snafu_json_reader){
		.begin = bytes,
		.at = bytes,
		.end = bytes + size,
		.depth_cap = SNAFU_JSON_DEPTH_CAP,
	};
}

static int fail(const struct snafu_json_reader *reader, struct snafu_error *error, int code,
                const char *what)
{
	size_t line = 1, column = 1;

	for (const char *p = reader->begin; p < reader->at && p < reader->end; p++) {
		column++;
		if (*p == '\n') {
			line++;
			column = 1;
		}
	}
	return snafu_fail(error, code, "not valid JSON: %s at line %zu, column %zu", what, line,
	                  column);
}

static void skip_space(struct snafu_json_reader *reader)
{
	while (reader->at < reader->end && (*reader->at == ' ' || *reader->at == '\n' ||
	                                    *reader->at == '\t' || *reader->at == '\r'))
		reader->at++;
}

static bool is_digit(const struct snafu_json_reader *reader)
{
	return reader->at < reader->end && *reader->at >= '0' && *reader->at <= '9';
}

static bool is_at(const struct snafu_json_reader *reader, char byte)
{
	return reader->at < reader->end && *reader->at == byte;
}

static int read_number(struct snafu_json_reader *reader, struct snafu_json_value *value,
                       struct snafu_error *error)
{
	value->type = SNAFU_JSON_INTEGER;
	if (is_at(reader, '-'))
		reader->at++;
	if (!is_digit(reader))
		return fail(reader, error, -EINVAL, "a digit is missing");
	if (*reader->at == '0') {
		reader->at++;
		if (is_digit(reader))
			return fail(reader, error, -EINVAL, "a number starts with 0");
	}
	while (is_digit(reader))
		reader->at++;
	if (is_at(reader, '.')) {
		value->type = SNAFU_JSON_REAL;
		reader->at++;
		if (!is_digit(reader))
			return fail(reader, error, -EINVAL, "a digit is missing");
		while (is_digit(reader))
			reader->at++;
	}
	if (is_at(reader, 'e') || is_at(reader, 'E')) {
		value->type = SNAFU_JSON_REAL;
		reader->at++;
		if (is_at(reader, '+') || is_at(reader, '-'))
			reader->at++;
		if (!is_digit(reader))
			return fail(reader, error, -EINVAL, "a digit is missing");
		while (is_digit(reader))
			reader->at++;
	}
	value->size = (size_t)(reader->at - value->text);
	return 0;
}

static int hex4(const char *p, const char *end)
{
	int code = 0;

	if (end - p < 4)
		return -1;
	for (int i = 0; i < 4; i++) {
		char c = p[i];
		int digit = c >= '0' && c <= '9'   ? c - '0'
		            : c >= 'a' && c <= 'f' ? c - 'a' + 10
		            : c >= 'A' && c <= 'F' ? c - 'A' + 10
		                                   : -1;
		if (digit < 0)
			return -1;
		code = code * 16 + digit;
	}
	return code;
}

/* Reads the escape after a backslash; reader->at is behind the backslash. */
static int check_escape(struct snafu_json_reader *reader, struct snafu_error *error)
{
	if (reader->at >= reader->end)
		return fail(reader, error, -EINVAL, "a string is not closed");
	if (*reader->at != 'u') {
		if (!*reader->at || !strchr("\"\\/bfnrt", *reader->at))
			return fail(reader, error, -EINVAL, "unknown escape in a string");
		reader->at++;
		return 0;
	}
	int code = hex4(reader->at + 1, reader->end);
	if (code < 0)
		return fail(reader, error, -EINVAL, "\\u without four hex digits");
	if (code >= 0xDC00 && code <= 0xDFFF)
		return fail(reader, error, -EILSEQ, "half of a surrogate pair");
	if (code >= 0xD800 && code <= 0xDBFF) {
		int low = reader->end - reader->at >= 7 && reader->at[5] == '\\' && reader->at[6] == 'u'
		              ? hex4(reader->at + 7, reader->end)
		              : -1;
		if (low < 0xDC00 || low > 0xDFFF)
			return fail(reader, error, -EILSEQ, "half of a surrogate pair");
		reader->at += 6;
	}
	reader->at += 5;
	return 0;
}

static int read_string(struct snafu_json_reader *reader, struct snafu_json_value *value,
                       struct snafu_error *error)
{
	bool ascii = true;

	value->type = SNAFU_JSON_STRING;
	value->escaped = false;
	value->text = ++reader->at;
	for (;;) {
		if (reader->at >= reader->end)
			return fail(reader, error, -EINVAL, "a string is not closed");
		unsigned char byte = (unsigned char)*reader->at;
		if (byte == '"')
			break;
		if (byte < 0x20)
			return fail(reader, error, -EINVAL, "a control character in a string");
		if (byte == '\\') {
			value->escaped = true;
			reader->at++;
			int code = check_escape(reader, error);
			if (code)
				return code;
		} else if (byte < 0x80) {
			reader->at++;
		} else {
			size_t size = snafu_utf8_size(reader->at, reader->end);
			if (!size)
				return fail(reader, error, -EILSEQ, "a string is not UTF-8");
			ascii = false;
			reader->at += size;
		}
	}
	value->ascii = ascii && !value->escaped;
	value->size = (size_t)(reader->at - value->text);
	reader->at++;
	return 0;
}

static int read_word(struct snafu_json_reader *reader, struct snafu_json_value *value,
                     const char *word, enum snafu_json_type type, struct snafu_error *error)
{
	size_t size = strlen(word);

	if ((size_t)(reader->end - reader->at) < size || memcmp(reader->at, word, size) != 0)
		return fail(reader, error, -EINVAL, "a value is expected");
	value->type = type;
	value->size = size;
	reader->at += size;
	return 0;
}

int snafu_json_read(struct snafu_json_reader *reader, struct snafu_json_value *ret_value,
                    struct snafu_error *error)
{
	skip_space(reader);
	if (reader->at >= reader->end)
		return fail(reader, error, -EINVAL, "a value is expected, but nothing is left");
	struct snafu_json_value value = {.text = reader->at, .size = 1};
	int code = 0;

	switch (*reader->at) {
	case '{':
	case '[':
		value.type = *reader->at == '{' ? SNAFU_JSON_OBJECT : SNAFU_JSON_ARRAY;
		if (reader->depth >= reader->depth_cap)
			return fail(reader, error, -E2BIG, "nested too deep");
		reader->depth++;
		reader->fresh = true;
		reader->at++;
		break;
	case '"': code = read_string(reader, &value, error); break;
	case 't': code = read_word(reader, &value, "true", SNAFU_JSON_TRUE, error); break;
	case 'f': code = read_word(reader, &value, "false", SNAFU_JSON_FALSE, error); break;
	case 'n': code = read_word(reader, &value, "null", SNAFU_JSON_NULL, error); break;
	case '-':
	case '0' ... '9': code = read_number(reader, &value, error); break;
	default: code = fail(reader, error, -EINVAL, "a value is expected");
	}
	if (!code)
		*ret_value = value;
	return code;
}

/* Steps to the next element or member: 1, 0 at CLOSING, or a negative errno. */
static int step(struct snafu_json_reader *reader, char closing, struct snafu_error *error)
{
	bool fresh = reader->fresh;

	reader->fresh = false;
	skip_space(reader);
	if (is_at(reader, closing)) {
		reader->at++;
		reader->depth--;
		return 0;
	}
	if (fresh)
		return 1;
	if (!is_at(reader, ','))
		return fail(reader, error, -EINVAL,
		            closing == ']' ? "a comma or ] is expected" : "a comma or } is expected");
	reader->at++;
	return 1;
}

int snafu_json_next_element(struct snafu_json_reader *reader, struct snafu_json_value *ret_value,
                            struct snafu_error *error)
{
	int more = step(reader, ']', error);

	if (more <= 0)
		return more;
	int code = snafu_json_read(reader, ret_value, error);
	return code ? code : 1;
}

int snafu_json_next_member(struct snafu_json_reader *reader, struct snafu_json_value *ret_key,
                           struct snafu_json_value *ret_value, struct snafu_error *error)
{
	int more = step(reader, '}', error);

	if (more <= 0)
		return more;
	skip_space(reader);
	if (!is_at(reader, '"'))
		return fail(reader, error, -EINVAL, "a member name in quotes is expected");
	struct snafu_json_value key = {0};
	int code = read_string(reader, &key, error);
	if (code)
		return code;
	skip_space(reader);
	if (!is_at(reader, ':'))
		return fail(reader, error, -EINVAL, "a colon is expected");
	reader->at++;
	code = snafu_json_read(reader, ret_value, error);
	if (code)
		return code;
	*ret_key = key;
	return 1;
}

int snafu_json_skip(struct snafu_json_reader *reader, struct snafu_json_value *value,
                    struct snafu_error *error)
{
	/* The open brackets, outermost first, one bit each: 1 is an object. */
	unsigned char open[SNAFU_JSON_DEPTH_CAP / 8 + 1];
	struct snafu_json_value key, inner = *value;
	unsigned depth = 0;

	do {
		if (inner.type == SNAFU_JSON_OBJECT || inner.type == SNAFU_JSON_ARRAY) {
			unsigned bit = 1u << (depth % 8);

			if (depth >= SNAFU_JSON_DEPTH_CAP)
				return fail(reader, error, -E2BIG, "nested too deep");
			open[depth / 8] = (unsigned char)(open[depth / 8] & ~bit);
			if (inner.type == SNAFU_JSON_OBJECT)
				open[depth / 8] = (unsigned char)(open[depth / 8] | bit);
			depth++;
		}
		int more = 0;
		while (depth > 0 && !more) {
			bool object = open[(depth - 1) / 8] & (1u << ((depth - 1) % 8));

			more = object ? snafu_json_next_member(reader, &key, &inner, error)
			              : snafu_json_next_element(reader, &inner, error);
			if (more < 0)
				return more;
			if (!more)
				depth--;
		}
	} while (depth > 0);

	if (value->type == SNAFU_JSON_STRING)
		value->text--;
	value->size = (size_t)(reader->at - value->text);
	return 0;
}

int snafu_json_end(struct snafu_json_reader *reader, struct snafu_error *error)
{
	skip_space(reader);
	if (reader->at < reader->end)
		return fail(reader, error, -EINVAL, "something stands behind the value");
	return 0;
}

int snafu_json_validate(const char *bytes, size_t size, struct snafu_error *error)
{
	struct snafu_json_reader reader;
	struct snafu_json_value value;

	snafu_json_begin(&reader, bytes, size);
	int code = snafu_json_read(&reader, &value, error);
	if (!code)
		code = snafu_json_skip(&reader, &value, error);
	return code ? code : snafu_json_end(&reader, error);
}

int snafu_json_unescape(const struct snafu_json_value *string, struct snafu_buffer *into)
{
	const char *at = string->text, *end = string->text + string->size;

	while (at < end) {
		const char *backslash = memchr(at, '\\', (size_t)(end - at));

		if (!backslash)
			backslash = end;
		snafu_buffer_append(into, at, (size_t)(backslash - at));
		at = backslash;
		if (at >= end)
			break;
		at += 2;
		switch (at[-1]) {
		case 'b': snafu_buffer_append_byte(into, '\b'); break;
		case 'f': snafu_buffer_append_byte(into, '\f'); break;
		case 'n': snafu_buffer_append_byte(into, '\n'); break;
		case 'r': snafu_buffer_append_byte(into, '\r'); break;
		case 't': snafu_buffer_append_byte(into, '\t'); break;
		case 'u': {
			unsigned code = (unsigned)hex4(at, end);

			at += 4;
			if (code >= 0xD800 && code <= 0xDBFF) {
				code = 0x10000 + ((code - 0xD800) << 10) + ((unsigned)hex4(at + 2, end) - 0xDC00);
				at += 6;
			}
			char bytes[4];
			snafu_buffer_append(into, bytes, snafu_utf8_put(bytes, code));
			break;
		}
		default: snafu_buffer_append_byte(into, at[-1]);
		}
	}
	return snafu_buffer_failed(into);
}

bool snafu_json_equals(const struct snafu_json_value *string, const char *text)
{
	size_t size = strlen(text);

	if (!string->escaped)
		return string->size == size && memcmp(string->text, text, size) == 0;
	/* An escape is longer than what it stands for. */
	if (string->size <= size)
		return false;
	struct snafu_buffer plain = SNAFU_BUFFER(string->size);
	bool same = snafu_json_unescape(string, &plain) == 0 && plain.size == size &&
	            memcmp(plain.data, text, size) == 0;
	snafu_buffer_done(&plain);
	return same;
}

int snafu_json_int64(const struct snafu_json_value *number, int64_t *ret_number)
{
	bool negative = number->text[0] == '-';
	uint64_t sum = 0, limit = negative ? (uint64_t)INT64_MAX + 1 : (uint64_t)INT64_MAX;

	for (size_t i = negative; i < number->size; i++) {
		unsigned digit = (unsigned)(number->text[i] - '0');

		if (sum > (limit - digit) / 10)
			return -ERANGE;
		sum = sum * 10 + digit;
	}
	*ret_number = negative ? (int64_t)(0 - sum) : (int64_t)sum;
	return 0;
}

int snafu_json_double(const struct snafu_json_value *number, double *ret_number)
{
	static locale_t c_locale;
	char small[64], *text = small, *rest;

	/* Code in this process may have set a locale with a decimal comma. */
	if (!c_locale) {
		locale_t made = newlocale(LC_ALL_MASK, "C", (locale_t)0);
		locale_t none = (locale_t)0;

		if (!made)
			return -ENOMEM;
		if (!__atomic_compare_exchange_n(&c_locale, &none, made, false, __ATOMIC_ACQ_REL,
		                                 __ATOMIC_ACQUIRE))
			freelocale(made);
	}
	if (number->size >= sizeof small && !(text = malloc(number->size + 1)))
		return -ENOMEM;
	memcpy(text, number->text, number->size);
	text[number->size] = '\0';
	*ret_number = strtod_l(text, &rest, c_locale);
	if (text != small)
		free(text);
	return 0;
}
