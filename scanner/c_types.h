/* scanner/c_types.h — C types as the scanner sees them and langs/c.c calls with
 * them: `native` and `returns_native` of a C function's descriptor.
 *
 * The text form is a compact prefix notation, so that a descriptor crosses the
 * process boundary of the scanner's helper as plain text:
 *
 *     v b c                    void, _Bool, plain char
 *     i1 i2 i4 i8 i16, u1 ...  integers by bytes
 *     f4 f8 f16                float, double, long double
 *     x8 x16 x32               complex numbers by bytes
 *     e4:color{RED=0,BLUE=2}   an enum of 4 bytes (E4: its values are unsigned)
 *     *T *kT                   pointer to T, to const T
 *     [8]T [0]T k[8]T          array of 8, flexible array, array of constants. A parameter
 *                              that is written as an array keeps this form, but is
 *                              passed as the pointer that C makes of it
 *     s:point/16/8{x@0=f8;y@8=f8;bits@12.5^3=u4;}  struct: name/size/alignment, fields
 *                              with byte offset; ^3 marks a bit-field of 3 bits, .5
 *                              that it begins at bit 5 of that byte (.0 is left out)
 *                              of its declared type (the first bit is not said, so
 *                              they cannot be read or set)
 *     u:name/16/8              union (also as a field): its bytes only
 *     o:gzFile_s               what is not described further: a struct that is not
 *                              defined here, contains itself, or stands too deep inside
 *                              another; by value also a type that no other letter says
 *     F                        a function (*F: function pointer)
 *     L                        va_list
 *
 * Names are identifiers; an unnamed struct, union or enum has an empty name. The
 * fields of an anonymous struct inside a struct are listed as the outer one's own;
 * an anonymous union is a field with an empty name. A text that parses is sound:
 * every field lies inside its struct, sizes do not overflow. ABI: the target is
 * the machine that scans. */
#ifndef SNAFU_SCANNER_C_TYPES_H
#define SNAFU_SCANNER_C_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct snafu_arena;
struct snafu_buffer;
struct snafu_error;

#define SNAFU_C_TYPE_DEPTH_CAP 32 /* types inside each other */

enum snafu_c_kind {
	SNAFU_C_VOID,
	SNAFU_C_BOOL,
	SNAFU_C_CHAR,
	SNAFU_C_SIGNED,
	SNAFU_C_UNSIGNED,
	SNAFU_C_FLOAT,
	SNAFU_C_COMPLEX,
	SNAFU_C_ENUM,
	SNAFU_C_POINTER,
	SNAFU_C_ARRAY,
	SNAFU_C_STRUCT,
	SNAFU_C_UNION,
	SNAFU_C_OPAQUE,
	SNAFU_C_FUNCTION,
	SNAFU_C_VA_LIST,
};

struct snafu_c_field {
	const char *name;
	size_t offset; /* bytes */
	unsigned bits; /* 0: no bit-field */
	unsigned bit; /* of a bit-field: the bit of the byte at `offset` where it begins, 0 to 7 */
	const struct snafu_c_type *type;
};

struct snafu_c_enumerator {
	const char *name;
	int64_t value;
};

struct snafu_c_type {
	enum snafu_c_kind kind;
	const char *name; /* STRUCT, UNION, OPAQUE, ENUM; "" when it has none */
	size_t size; /* bytes; ARRAY: of the whole; 0 for VOID, OPAQUE, FUNCTION */
	size_t alignment;
	bool constant; /* POINTER: to const; ARRAY: of const */
	bool is_unsigned; /* ENUM */
	const struct snafu_c_type *target; /* POINTER, ARRAY */
	size_t length; /* ARRAY: elements */
	const struct snafu_c_field *fields; /* STRUCT */
	size_t n_fields;
	const struct snafu_c_enumerator *enumerators; /* ENUM */
	size_t n_enumerators;
};

/* Appends the notation of TYPE. */
void snafu_c_type_write(const struct snafu_c_type *type, struct snafu_buffer *into);

/* The type that TEXT (any bytes) says, in ARENA. -EINVAL, -E2BIG, -ENOMEM. */
int snafu_c_type_parse(const char *text, struct snafu_arena *arena,
                       const struct snafu_c_type **ret_type, struct snafu_error *error);

#endif
