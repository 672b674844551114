/* scanner/java_signature.c — see java_class.h. */
#include <string.h>

#include "base/buffer.h"
#include "scanner/java_class.h"

#define TYPE_DEPTH_CAP  32 /* type arguments inside each other */
#define ARRAY_DEPTH_CAP 255

struct writer {
	struct snafu_java_cursor *cursor;
	struct snafu_buffer text;
	unsigned depth;
};

static bool write_type(struct writer *writer);

static char peek(const struct writer *writer)
{
	return writer->cursor->at < writer->cursor->end ? *writer->cursor->at : '\0';
}

static bool take(struct writer *writer, char byte)
{
	if (peek(writer) != byte || writer->cursor->at >= writer->cursor->end)
		return false;
	writer->cursor->at++;
	return true;
}

static const char *primitive(char letter)
{
	switch (letter) {
	case 'B': return "byte";
	case 'C': return "char";
	case 'D': return "double";
	case 'F': return "float";
	case 'I': return "int";
	case 'J': return "long";
	case 'S': return "short";
	case 'V': return "void";
	case 'Z': return "boolean";
	default: return NULL;
	}
}

/* A dollar between two letters is a compiler's join of nested names. */
static void write_name(struct snafu_buffer *into, const char *name, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		char byte = name[i];
		bool join = byte == '$' && i > 0 && i + 1 < size && name[i - 1] != '/' &&
		            name[i - 1] != '$' && name[i + 1] != '$' && name[i + 1] != '/';

		if (byte == '\0')
			byte = '?';
		snafu_buffer_append_byte(into, byte == '/' || join ? '.' : byte);
	}
}

static bool write_arguments(struct writer *writer)
{
	bool first = true;

	snafu_buffer_append_byte(&writer->text, '<');
	while (!take(writer, '>')) {
		if (!first)
			snafu_buffer_append_text(&writer->text, ", ");
		first = false;
		if (take(writer, '*')) {
			snafu_buffer_append_byte(&writer->text, '?');
			continue;
		}
		if (take(writer, '+'))
			snafu_buffer_append_text(&writer->text, "? extends ");
		else if (take(writer, '-'))
			snafu_buffer_append_text(&writer->text, "? super ");
		if (!write_type(writer))
			return false;
	}
	snafu_buffer_append_byte(&writer->text, '>');
	return !first;
}

/* Behind the L. */
static bool write_class(struct writer *writer)
{
	for (;;) {
		const char *start = writer->cursor->at;

		while (peek(writer) && !strchr(";<.", peek(writer)))
			writer->cursor->at++;
		if (writer->cursor->at == start)
			return false;
		write_name(&writer->text, start, (size_t)(writer->cursor->at - start));
		if (take(writer, '<') && !write_arguments(writer))
			return false;
		if (take(writer, ';'))
			return true;
		if (!take(writer, '.'))
			return false;
		snafu_buffer_append_byte(&writer->text, '.');
	}
}

static bool write_variable(struct writer *writer)
{
	const char *start = writer->cursor->at;

	while (peek(writer) && peek(writer) != ';')
		writer->cursor->at++;
	write_name(&writer->text, start, (size_t)(writer->cursor->at - start));
	return writer->cursor->at > start && take(writer, ';');
}

static bool write_type(struct writer *writer)
{
	unsigned dimensions = 0;
	bool good;

	if (writer->depth >= TYPE_DEPTH_CAP)
		return false;
	while (take(writer, '['))
		if (++dimensions > ARRAY_DEPTH_CAP)
			return false;
	writer->depth++;
	if (take(writer, 'L')) {
		good = write_class(writer);
	} else if (take(writer, 'T')) {
		good = write_variable(writer);
	} else {
		const char *name = primitive(peek(writer));

		good = name != NULL;
		if (good) {
			writer->cursor->at++;
			snafu_buffer_append_text(&writer->text, name);
		}
	}
	writer->depth--;
	for (; dimensions; dimensions--)
		snafu_buffer_append_text(&writer->text, "[]");
	return good;
}

const char *snafu_java_signature_type(struct snafu_java_unit *unit,
                                      struct snafu_java_cursor *cursor)
{
	struct writer writer = {.cursor = cursor, .text = SNAFU_BUFFER(SNAFU_JAVA_TYPE_TEXT_CAP)};
	const char *text = NULL;

	if (write_type(&writer) && !snafu_buffer_failed(&writer.text))
		text = snafu_java_unit_copy(unit, writer.text.data, writer.text.size);
	snafu_buffer_done(&writer.text);
	return text;
}

/* `T:Bound:Bound`. */
static struct snafu_java_variable *read_variable(struct snafu_java_unit *unit,
                                                 struct snafu_java_cursor *cursor)
{
	const char *start = cursor->at;
	struct snafu_java_variable *variable = snafu_java_unit_alloc(unit, sizeof *variable);

	while (cursor->at < cursor->end && *cursor->at != ':' && *cursor->at != '>')
		cursor->at++;
	if (!variable || cursor->at == start || cursor->at == cursor->end || *cursor->at != ':')
		return NULL;
	variable->name = snafu_java_unit_copy(unit, start, (size_t)(cursor->at - start));
	while (cursor->at < cursor->end && *cursor->at == ':') {
		cursor->at++;
		if (cursor->at < cursor->end && *cursor->at == ':')
			continue; /* no class bound, only interfaces */
		const char *bound = snafu_java_signature_type(unit, cursor);
		if (!bound)
			return NULL;
		if (!variable->bound)
			variable->bound = bound;
	}
	return variable;
}

bool snafu_java_signature_variables(struct snafu_java_unit *unit, struct snafu_java_cursor *cursor,
                                    const struct snafu_java_variable **ret_variables)
{
	if (cursor->at == cursor->end || *cursor->at != '<')
		return true;
	cursor->at++;
	while (cursor->at < cursor->end && *cursor->at != '>') {
		struct snafu_java_variable *variable = read_variable(unit, cursor);

		if (!variable)
			return false;
		variable->next = *ret_variables;
		*ret_variables = variable;
	}
	if (cursor->at == cursor->end)
		return false;
	cursor->at++;
	return true;
}

size_t snafu_java_descriptor_size(const char *text, const char *end)
{
	const char *at = text;

	while (at < end && *at == '[')
		at++;
	if (at == end)
		return 0;
	if (*at == 'L') {
		at = memchr(at, ';', (size_t)(end - at));
		return at ? (size_t)(at + 1 - text) : 0;
	}
	return primitive(*at) ? (size_t)(at + 1 - text) : 0;
}

const char *snafu_java_class_name(struct snafu_java_unit *unit, const char *binary, size_t size)
{
	struct snafu_buffer text = SNAFU_BUFFER(SNAFU_JAVA_TYPE_TEXT_CAP);
	const char *name;

	write_name(&text, binary, size);
	name = snafu_java_unit_copy(unit, text.data ? text.data : "", text.size);
	snafu_buffer_done(&text);
	return name;
}
