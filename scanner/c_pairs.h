/* scanner/c_pairs.h — what each parameter of a C function is for: the one rule by
 * which the scanner describes C functions and langs/c.c calls them.
 *
 * C says `unsigned long f(const unsigned char *buf, unsigned len)` and means "some
 * bytes". snafu_c_roles() reads that meaning from types, `const` and names. It is a
 * pure function: the same input gives the same roles in the scanner's helper and
 * at the call.
 *
 * Which parameters belong together (an earlier rule wins; words: c_words.h):
 *  1. by name, anywhere: an integer whose name is a pointer's name and a length
 *     word, in either order: buf_len, bufLen, destLen, n_buf, nBuf, num_values, argc;
 *  2. by place: the integer right behind the pointer, when its name is a length word
 *     (n, len, length, size, count, nbytes, ...), or ends with one (for char *: only
 *     when the rest of the name fits the pointer's: deflateInit_'s `const char
 *     *version, int stream_size` is no pair); without names, an integer of the size
 *     of size_t behind a pointer to bytes;
 *  3. arrays of equal elements side by side before such a length share it:
 *     dot(const double *a, const double *b, size_t n);
 *  4. by place, the other way round: a length word right before one or more arrays
 *     (`int n, const double *x`), or the only length word for the only array.
 * Instead of an integer the length may be a pointer to one (compress's `uLongf
 * *destLen`; for pointers to const only by rule 1). Two length words behind a void *
 * (element size and count: fread, qsort) pair with nothing. Structs pair with counts,
 * not with sizes.
 *
 * A length that the caller leaves out is the length of what it belongs to. When
 * several share it: arrays and bytes must be equally long (else it is an error that
 * names both), of texts the longest counts. A given length may be smaller; larger than
 * the data only where the function may write: memory is made large enough then and
 * zero-filled behind what was given. So no pair can make a function read or write
 * beyond its memory.
 *
 * The result of a call: when anything comes back through parameters (*_INOUT, OUT,
 * BUFFER_OUT, OBJECT_STATE, a LENGTH or CAPACITY that is a pointer), it is an object with
 * the member "return" (left out for void; a keyword, so no parameter has that name)
 * and one member for each of those parameters. Else it is the value itself. */
#ifndef SNAFU_SCANNER_C_PAIRS_H
#define SNAFU_SCANNER_C_PAIRS_H

#include <stdbool.h>
#include <stddef.h>

#include "scanner/c_types.h"

enum snafu_c_role_kind {
	/* as it is: numbers, enums, _Bool, char, complex [re, im], structs */
	SNAFU_C_ROLE_VALUE,
	/* const char *: text in, or null. May have a length (int nByte) */
	SNAFU_C_ROLE_STRING,
	/* char *: text in (left out or null: ""), copied into a buffer with SNAFU_C_ROOM to
	 * spare; text out. May have a length */
	SNAFU_C_ROLE_STRING_INOUT,
	/* const unsigned char *, const void *: bytes in; one NUL behind */
	SNAFU_C_ROLE_BYTES,
	/* the same without const: bytes in (null: as many zeros as its length says), as many
	 * bytes out */
	SNAFU_C_ROLE_BYTES_INOUT,
	/* const T *: array in; a single T counts as an array of one. Pointers without a length
	 * are followed by a NULL */
	SNAFU_C_ROLE_ARRAY,
	/* T *: array in (null: as many zeros as its length says), array out; a single T comes
	 * back as a single T */
	SNAFU_C_ROLE_ARRAY_INOUT,
	/* how many `other` and those that share it have: the caller may leave it out. If its
	 * type is a pointer: in and out */
	SNAFU_C_ROLE_LENGTH,
	/* T *, void *: room for as many as its length says, zeroed, comes back: char as text up
	 * to the NUL, void and signed or unsigned char as bytes, others as array. Not given by
	 * the caller. Without a length the type is an array, and says how many */
	SNAFU_C_ROLE_BUFFER_OUT,
	/* how many the buffer `other` has room for. If its type is a pointer: in and out, and
	 * only so many come back. Left out: SNAFU_C_BUFFER_DEFAULT bytes for text and when it is
	 * a pointer */
	SNAFU_C_ROLE_CAPACITY,
	/* T *: room for one zeroed T, comes back. Not given by position; may be given by name as
	 * a start value. T is a number, enum, plain struct, char * (text out) or another pointer
	 * (handle out) */
	SNAFU_C_ROLE_OUT,
	/* a pointer that only C understands: null, or the handle string that an earlier call
	 * gave. A function pointer: null only */
	SNAFU_C_ROLE_HANDLE,
	/* const struct *: an object, a handle, or null. Fields left out: 0 */
	SNAFU_C_ROLE_OBJECT_IN,
	/* struct *: the same, and its fields come back */
	SNAFU_C_ROLE_OBJECT_INOUT,
	/* struct * to a struct that holds more than JSON can say (a union, bit-fields, pointers but
	 * to text), z_stream say: an object or nothing makes a fresh one, zeroed, that lives on after
	 * the call; its "handle" comes back with its fields. A handle, or an object with the member
	 * "handle", goes on with that one */
	SNAFU_C_ROLE_OBJECT_STATE,
	/* cannot be called: see `problem` */
	SNAFU_C_ROLE_UNSUPPORTED,
};

#define SNAFU_C_ROOM           4096 /* bytes to spare behind what a function may write to */
#define SNAFU_C_BUFFER_DEFAULT 65536 /* bytes of a buffer whose capacity was not given */

struct snafu_c_parameter {
	const char *name; /* "" or argN: it has none in the source */
	const struct snafu_c_type *type; /* parsed `native`; NULL counts as not supported */
};

struct snafu_c_role {
	enum snafu_c_role_kind kind;
	/* Arrays, bytes, texts, BUFFER_OUT: the parameter that says how many, or -1.
	 * LENGTH, CAPACITY: the first parameter that it belongs to. Else -1. */
	int other;
	const char *problem; /* UNSUPPORTED: "a function pointer", ...; constant text */
};

/* Fills COUNT roles. RETURNS is the function's result type. */
void snafu_c_roles(const struct snafu_c_parameter *parameters, size_t count,
                   const struct snafu_c_type *returns, struct snafu_c_role *ret_roles);

/* What comes back as the function's value: VALUE (also void), STRING (pointer to
 * char, to const unsigned char), OBJECT_STATE (pointer to a struct whose fields are
 * known: its fields and "handle"), HANDLE (any other pointer), or UNSUPPORTED. */
struct snafu_c_role snafu_c_return_role(const struct snafu_c_type *type);

#endif
