/* scanner/java_class_file.h — what the reader of class files shares among its
 * files (java_class.c, java_class_file.c, java_methods.c); of no use to others.
 *
 * All reading goes through a struct bytes, which answers zeros once it ran out
 * and remembers that it did; so a reader may read on and look at the end. */
#ifndef SNAFU_SCANNER_JAVA_CLASS_FILE_H
#define SNAFU_SCANNER_JAVA_CLASS_FILE_H

#include <stdint.h>
#include <string.h>

#include "scanner/java_class.h"

#define SNAFU_CLASS_NAME_CAP 1024 /* bytes of a class's or a method's name */

/* 4.1, 4.5, 4.6, 4.7.6 */
enum {
	ACC_PUBLIC = 0x0001,
	ACC_PRIVATE = 0x0002,
	ACC_STATIC = 0x0008,
	ACC_VARARGS = 0x0080,
	ACC_NATIVE = 0x0100,
	ACC_INTERFACE = 0x0200,
	ACC_ABSTRACT = 0x0400,
	ACC_SYNTHETIC = 0x1000,
	ACC_ANNOTATION = 0x2000,
	ACC_ENUM = 0x4000,
	ACC_MODULE = 0x8000,
	ACC_MANDATED = 0x8000, /* of a parameter */
};

/* 4.4: constant pool tags */
enum {
	CONSTANT_UTF8 = 1,
	CONSTANT_INTEGER = 3,
	CONSTANT_FLOAT = 4,
	CONSTANT_LONG = 5,
	CONSTANT_DOUBLE = 6,
	CONSTANT_CLASS = 7,
	CONSTANT_STRING = 8,
	CONSTANT_FIELD = 9,
	CONSTANT_METHOD = 10,
	CONSTANT_INTERFACE_METHOD = 11,
	CONSTANT_NAME_AND_TYPE = 12,
	CONSTANT_METHOD_HANDLE = 15,
	CONSTANT_METHOD_TYPE = 16,
	CONSTANT_DYNAMIC = 17,
	CONSTANT_INVOKE_DYNAMIC = 18,
	CONSTANT_MODULE = 19,
	CONSTANT_PACKAGE = 20,
};

struct bytes {
	const unsigned char *at, *end;
	bool short_of; /* more was asked for than there is */
};

struct text {
	const char *data; /* in the file: no NUL, modified UTF-8 (4.4.7) */
	size_t size;
};

#define NO_TEXT ((struct text){.data = ""})

struct class_file {
	struct snafu_java_unit *unit;
	const unsigned char *start;
	size_t size;
	uint32_t *pool; /* offset of each constant's tag, 0: none */
	unsigned n_pool;
	unsigned flags;
	struct text name, super, interface; /* binary names; the first interface */
	struct bytes inner_classes, record; /* the attributes, where there are any */
	unsigned enclosing_class, enclosing_method; /* constants of EnclosingMethod (4.7.7) */
	struct text signature;
	struct snafu_java_type *type;
	bool anonymous;
};

/* The attributes of a method that matter here. */
struct method {
	unsigned flags;
	struct text name, descriptor, signature;
	struct bytes parameters; /* MethodParameters (4.7.24) */
	struct bytes variables; /* LocalVariableTable (4.7.13), its entries */
	unsigned line;
	bool synthetic;
};

static inline unsigned u1(struct bytes *bytes)
{
	if (bytes->at == bytes->end) {
		bytes->short_of = true;
		return 0;
	}
	return *bytes->at++;
}

static inline unsigned u2(struct bytes *bytes)
{
	unsigned high = u1(bytes);

	return high << 8 | u1(bytes);
}

static inline uint32_t u4(struct bytes *bytes)
{
	uint32_t high = u2(bytes);

	return high << 16 | u2(bytes);
}

static inline bool equals(struct text text, const char *word)
{
	return text.size == strlen(word) && memcmp(text.data, word, text.size) == 0;
}

/* The next SIZE bytes on their own. */
struct bytes snafu_class_part(struct bytes *bytes, size_t size);

/* Reads the constant pool (4.4). NULL, or what is wrong with it. */
const char *snafu_class_read_pool(struct class_file *file, struct bytes *bytes);

/* What stands behind the tag of constant INDEX, when it has that TAG. */
struct bytes snafu_class_constant(const struct class_file *file, unsigned index, unsigned tag);
struct text snafu_class_utf8(const struct class_file *file, unsigned index);
/* The binary name of a Class constant. */
struct text snafu_class_class_name(const struct class_file *file, unsigned index);

void snafu_class_skip_attributes(struct bytes *bytes);
void snafu_class_read_class_attributes(struct class_file *file, struct bytes *bytes);
void snafu_class_read_method_attributes(const struct class_file *file, struct method *method,
                                        struct bytes *bytes);
/* The Signature among the attributes that start here. */
struct text snafu_class_find_signature(struct class_file *file, struct bytes *bytes);

/* Modified UTF-8 as a C string of UTF-8 in the arena: what is malformed becomes "?". */
const char *snafu_class_string(struct class_file *file, struct text text);
/* A cursor over TEXT, which is copied only where it is not plain. */
struct snafu_java_cursor snafu_class_over(struct class_file *file, struct text text);

/* java_methods.c: adds the methods (4.6) that start here. NULL, or what is wrong. */
const char *snafu_class_read_methods(struct class_file *file, struct bytes *bytes,
                                     const char *path);

#endif
