/* exporter/show.c — see show.h. */
#include "exporter/show.h"

#include <string.h>

#include "base/buffer.h"
#include "base/json.h"

#define LINE_COLUMNS 78
#define INDENT       2

void snafu_show_tame(char *text, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		unsigned char byte = (unsigned char)text[i];
		/* U+0080 to U+009F steer terminals too. */
		bool second = byte >= 0x80 && byte < 0xA0 && i > 0 && (unsigned char)text[i - 1] == 0xC2;

		if ((byte < 0x20 && byte != '\n' && byte != '\t') || byte == 0x7F)
			text[i] = '?';
		else if (second)
			text[i - 1] = text[i] = '?';
	}
}

static void append_tamed(const char *text, size_t size, struct snafu_buffer *into)
{
	size_t before = into->size;

	if (!snafu_buffer_append(into, text, size))
		snafu_show_tame(into->data + before, size);
}

static int write_value(struct snafu_json_reader *reader, struct snafu_json_value *value,
                       size_t indent, struct snafu_buffer *into);

/* The value's own bytes with one space behind commas and colons. */
static void write_line(const char *json, size_t size, struct snafu_buffer *into)
{
	bool quoted = false;

	for (size_t i = 0; i < size; i++) {
		char byte = json[i];

		if (!quoted && strchr(" \t\r\n", byte))
			continue;
		snafu_buffer_append_byte(into, byte);
		if (quoted && byte == '\\')
			snafu_buffer_append_byte(into, json[++i]);
		else if (byte == '"')
			quoted = !quoted;
		else if (!quoted && (byte == ',' || byte == ':'))
			snafu_buffer_append_byte(into, ' ');
	}
}

static void new_line(size_t indent, struct snafu_buffer *into)
{
	snafu_buffer_format(into, "\n%*s", (int)indent, "");
}

/* Whether VALUE, just read, is short enough for the line; if so it is written
 * and passed over. */
static bool fits(struct snafu_json_reader *reader, struct snafu_json_value *value, size_t indent,
                 struct snafu_buffer *into)
{
	struct snafu_json_reader ahead = *reader;
	struct snafu_json_value whole = *value;

	if (snafu_json_skip(&ahead, &whole, NULL) || whole.size > LINE_COLUMNS)
		return false;
	size_t before = into->size;
	write_line(whole.text, whole.size, into);
	if (into->failed || into->size - before + indent <= LINE_COLUMNS) {
		*reader = ahead;
		return true;
	}
	into->size = before;
	into->data[before] = '\0';
	return false;
}

static int write_members(struct snafu_json_reader *reader, bool object, size_t indent,
                         struct snafu_buffer *into)
{
	struct snafu_json_value key, value;
	bool first = true;
	int more;

	for (;; first = false) {
		more = object ? snafu_json_next_member(reader, &key, &value, NULL)
		              : snafu_json_next_element(reader, &value, NULL);
		if (more <= 0)
			break;
		if (!first)
			snafu_buffer_append_byte(into, ',');
		new_line(indent + INDENT, into);
		if (object) {
			snafu_buffer_append_byte(into, '"');
			snafu_buffer_append(into, key.text, key.size);
			snafu_buffer_append_text(into, "\": ");
		}
		more = write_value(reader, &value, indent + INDENT, into);
		if (more)
			return more;
	}
	if (!first)
		new_line(indent, into);
	return more;
}

static int write_value(struct snafu_json_reader *reader, struct snafu_json_value *value,
                       size_t indent, struct snafu_buffer *into)
{
	bool object = value->type == SNAFU_JSON_OBJECT;

	if (object || value->type == SNAFU_JSON_ARRAY) {
		if (fits(reader, value, indent, into))
			return 0;
		snafu_buffer_append_byte(into, object ? '{' : '[');
		int code = write_members(reader, object, indent, into);
		snafu_buffer_append_byte(into, object ? '}' : ']');
		return code;
	}
	int code = snafu_json_skip(reader, value, NULL);
	if (!code)
		snafu_buffer_append(into, value->text, value->size);
	return code;
}

void snafu_show_json(const char *json, size_t size, struct snafu_buffer *into)
{
	struct snafu_json_reader reader;
	struct snafu_json_value value;
	size_t before = into->size;

	snafu_json_begin(&reader, json, size);
	if (snafu_json_read(&reader, &value, NULL) || write_value(&reader, &value, 0, into) ||
	    snafu_json_end(&reader, NULL)) {
		into->size = before;
		append_tamed(json, size, into);
	} else if (!into->failed) {
		snafu_show_tame(into->data + before, into->size - before);
	}
}

static void append_string(const struct snafu_json_value *value, struct snafu_buffer *into)
{
	size_t before = into->size;

	if (value->type == SNAFU_JSON_STRING && !snafu_json_unescape(value, into) && into->data)
		snafu_show_tame(into->data + before, into->size - before);
}

void snafu_show_error(const char *json, size_t size, bool trace, struct snafu_buffer *into)
{
	struct snafu_json_reader reader;
	struct snafu_json_value object, key, value, line;
	struct snafu_buffer stack = SNAFU_BUFFER(into->cap);
	size_t before = into->size;
	int more = -1;

	snafu_json_begin(&reader, json, size);
	bool good = !snafu_json_read(&reader, &object, NULL) && object.type == SNAFU_JSON_OBJECT;
	while (good && (more = snafu_json_next_member(&reader, &key, &value, NULL)) > 0) {
		if (snafu_json_equals(&key, "errorMessage") && into->size > before)
			snafu_buffer_append_text(into, ": ");
		if (snafu_json_equals(&key, "errorType") || snafu_json_equals(&key, "errorMessage"))
			append_string(&value, into);
		if (snafu_json_equals(&key, "stackTrace") && value.type == SNAFU_JSON_ARRAY && trace) {
			while (snafu_json_next_element(&reader, &line, NULL) > 0) {
				snafu_buffer_append_text(&stack, "\n  ");
				append_string(&line, &stack);
			}
		} else if (snafu_json_skip(&reader, &value, NULL)) {
			break;
		}
	}
	if (!good || more < 0) {
		into->size = before;
		append_tamed(json, size, into);
	} else if (!stack.failed) {
		snafu_buffer_append(into, stack.data, stack.size);
	}
	snafu_buffer_done(&stack);
}
