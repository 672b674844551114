/* scanner/java_class_file.c — the bytes, constants, attributes and texts of a class
 * file. Numbers are sections of the Java Virtual Machine Specification, Java SE 17. */
#include <stdlib.h>

#include "scanner/java_class_file.h"

#include "base/utf8.h"

struct bytes snafu_class_part(struct bytes *bytes, size_t size)
{
	struct bytes taken = {.at = bytes->at, .end = bytes->at};

	if (!size)
		return taken;
	if ((size_t)(bytes->end - bytes->at) < size) {
		bytes->short_of = taken.short_of = true;
		bytes->at = bytes->end;
		return taken;
	}
	bytes->at += size;
	taken.end = bytes->at;
	return taken;
}

/* Bytes of a constant behind its tag (4.4), 0 for unknown tags; Utf8 has its own
 * length besides. */
static unsigned constant_size(unsigned tag)
{
	switch (tag) {
	case CONSTANT_UTF8:
	case CONSTANT_CLASS:
	case CONSTANT_STRING:
	case CONSTANT_METHOD_TYPE:
	case CONSTANT_MODULE:
	case CONSTANT_PACKAGE: return 2;
	case CONSTANT_METHOD_HANDLE: return 3;
	case CONSTANT_INTEGER:
	case CONSTANT_FLOAT:
	case CONSTANT_FIELD:
	case CONSTANT_METHOD:
	case CONSTANT_INTERFACE_METHOD:
	case CONSTANT_NAME_AND_TYPE:
	case CONSTANT_DYNAMIC:
	case CONSTANT_INVOKE_DYNAMIC: return 4;
	case CONSTANT_LONG:
	case CONSTANT_DOUBLE: return 8;
	default: return 0;
	}
}

const char *snafu_class_read_pool(struct class_file *file, struct bytes *bytes)
{
	file->n_pool = u2(bytes);
	file->pool = calloc(file->n_pool + 1, sizeof *file->pool);
	if (!file->pool) {
		file->unit->out_of_memory = true;
		return "out of memory";
	}
	for (unsigned i = 1; i < file->n_pool && !bytes->short_of; i++) {
		file->pool[i] = (uint32_t)(bytes->at - file->start);
		unsigned tag = u1(bytes), size = constant_size(tag);

		if (!size)
			return "its constant pool has an unknown tag";
		if (tag == CONSTANT_UTF8)
			size = u2(bytes);
		snafu_class_part(bytes, size);
		if (tag == CONSTANT_LONG || tag == CONSTANT_DOUBLE)
			i++; /* takes two entries (4.4.5) */
	}
	return bytes->short_of ? "it is cut off" : NULL;
}

struct bytes snafu_class_constant(const struct class_file *file, unsigned index, unsigned tag)
{
	struct bytes none = {.short_of = true};

	if (index >= file->n_pool || !file->pool[index])
		return none;
	const unsigned char *at = file->start + file->pool[index];
	if (*at != tag)
		return none;
	return (struct bytes){.at = at + 1, .end = file->start + file->size};
}

struct text snafu_class_utf8(const struct class_file *file, unsigned index)
{
	struct bytes bytes = snafu_class_constant(file, index, CONSTANT_UTF8);
	size_t size = u2(&bytes);
	struct bytes text = snafu_class_part(&bytes, size);

	if (!text.at)
		return NO_TEXT;
	return (struct text){.data = (const char *)text.at, .size = (size_t)(text.end - text.at)};
}

struct text snafu_class_class_name(const struct class_file *file, unsigned index)
{
	struct bytes bytes = snafu_class_constant(file, index, CONSTANT_CLASS);

	return snafu_class_utf8(file, u2(&bytes));
}

/* ---- attributes (4.7) ---------------------------------------------------- */

void snafu_class_skip_attributes(struct bytes *bytes)
{
	for (unsigned left = u2(bytes); left && !bytes->short_of; left--) {
		u2(bytes);
		snafu_class_part(bytes, u4(bytes));
	}
}

static void class_attribute(struct class_file *file, struct text name, struct bytes value)
{
	if (equals(name, "Signature")) {
		file->signature = snafu_class_utf8(file, u2(&value));
	} else if (equals(name, "InnerClasses")) {
		file->inner_classes = value;
	} else if (equals(name, "Record")) {
		file->record = value;
	} else if (equals(name, "Synthetic")) {
		file->flags |= ACC_SYNTHETIC;
	} else if (equals(name, "EnclosingMethod")) {
		file->enclosing_class = u2(&value);
		file->enclosing_method = u2(&value);
	}
}

void snafu_class_read_class_attributes(struct class_file *file, struct bytes *bytes)
{
	for (unsigned left = u2(bytes); left && !bytes->short_of; left--) {
		struct text name = snafu_class_utf8(file, u2(bytes));

		class_attribute(file, name, snafu_class_part(bytes, u4(bytes)));
	}
}

/* 4.7.12: the line of the first instruction. */
static void read_lines(struct method *method, struct bytes value)
{
	unsigned first = 0x10000;

	for (unsigned left = u2(&value); left && !value.short_of; left--) {
		unsigned pc = u2(&value), line = u2(&value);

		if (pc < first && !value.short_of) {
			first = pc;
			method->line = line;
		}
	}
}

/* 4.7.3 */
static void read_code(const struct class_file *file, struct method *method, struct bytes value)
{
	u4(&value); /* max_stack, max_locals */
	snafu_class_part(&value, u4(&value));
	snafu_class_part(&value, u2(&value) * 8u);
	for (unsigned left = u2(&value); left && !value.short_of; left--) {
		struct text name = snafu_class_utf8(file, u2(&value));
		struct bytes inside = snafu_class_part(&value, u4(&value));

		if (equals(name, "LineNumberTable") && !method->line)
			read_lines(method, inside);
		else if (equals(name, "LocalVariableTable") && !method->variables.at)
			method->variables = inside;
	}
}

void snafu_class_read_method_attributes(const struct class_file *file, struct method *method,
                                        struct bytes *bytes)
{
	for (unsigned left = u2(bytes); left && !bytes->short_of; left--) {
		struct text name = snafu_class_utf8(file, u2(bytes));
		struct bytes value = snafu_class_part(bytes, u4(bytes));

		if (equals(name, "Code"))
			read_code(file, method, value);
		else if (equals(name, "Signature"))
			method->signature = snafu_class_utf8(file, u2(&value));
		else if (equals(name, "MethodParameters"))
			method->parameters = value;
		else if (equals(name, "Synthetic"))
			method->synthetic = true;
	}
}

struct text snafu_class_find_signature(struct class_file *file, struct bytes *bytes)
{
	struct text signature = NO_TEXT;

	for (unsigned left = u2(bytes); left && !bytes->short_of; left--) {
		struct text name = snafu_class_utf8(file, u2(bytes));
		struct bytes value = snafu_class_part(bytes, u4(bytes));

		if (equals(name, "Signature"))
			signature = snafu_class_utf8(file, u2(&value));
	}
	return signature;
}

/* ---- text ---------------------------------------------------------------- */

const char *snafu_class_string(struct class_file *file, struct text text)
{
	const unsigned char *at = (const unsigned char *)text.data, *end = at + text.size;
	char *copy = snafu_java_unit_alloc(file->unit, text.size + 1), *put = copy;

	if (!copy)
		return "";
	while (at < end) {
		size_t left = (size_t)(end - at);

		if (*at && *at < 0x80) {
			*put++ = (char)*at++;
		} else if (*at >= 0xC2 && *at < 0xE0 && left > 1 && (at[1] & 0xC0) == 0x80) {
			*put++ = (char)*at++;
			*put++ = (char)*at++;
		} else if (left > 5 && at[0] == 0xED && (at[1] & 0xF0) == 0xA0 && (at[2] & 0xC0) == 0x80 &&
		           at[3] == 0xED && (at[4] & 0xF0) == 0xB0 && (at[5] & 0xC0) == 0x80) {
			/* Two surrogates of three bytes each: one character of four. */
			uint32_t character = 0x10000 + ((uint32_t)(at[1] & 0x0F) << 16) +
			                     ((uint32_t)(at[2] & 0x3F) << 10) +
			                     ((uint32_t)(at[4] & 0x0F) << 6) + (at[5] & 0x3F);
			put += snafu_utf8_put(put, character);
			at += 6;
		} else if ((*at & 0xF0) == 0xE0 && left > 2 && (at[1] & 0xC0) == 0x80 &&
		           (at[2] & 0xC0) == 0x80 && !(at[0] == 0xE0 && at[1] < 0xA0) &&
		           !(at[0] == 0xED && at[1] > 0x9F)) {
			memcpy(put, at, 3);
			put += 3;
			at += 3;
		} else {
			*put++ = '?';
			at++;
		}
	}
	return copy;
}

struct snafu_java_cursor snafu_class_over(struct class_file *file, struct text text)
{
	for (size_t i = 0; i < text.size; i++)
		if ((unsigned char)text.data[i] >= 0x80) {
			const char *copy = snafu_class_string(file, text);
			return (struct snafu_java_cursor){copy, copy + strlen(copy)};
		}
	return (struct snafu_java_cursor){text.data, text.data + text.size};
}
