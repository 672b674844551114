/* base/json.h — reading and writing JSON (RFC 8259) without a tree in between.
 *
 * The reader is a pull parser: the caller asks for the next value and descends
 * into arrays and objects itself, so each language builds its own values
 * straight from the bytes. Numbers stay text, so no digit is lost. It takes
 * only what the RFC allows: no NaN, no comments, no trailing commas, valid
 * UTF-8, no lone surrogates; nesting is capped. It allocates nothing.
 *
 *     struct snafu_json_value value;
 *     snafu_json_begin(&reader, bytes, size);
 *     snafu_json_read(&reader, &value, error);
 *     if (value.type == SNAFU_JSON_OBJECT)
 *         while ((more = snafu_json_next_member(&reader, &key, &value, error)) > 0)
 *             ...use value; an array or object must be walked to its end, or skipped
 *     snafu_json_end(&reader, error);
 */
#ifndef SNAFU_BASE_JSON_H
#define SNAFU_BASE_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct snafu_buffer;
struct snafu_error;

#define SNAFU_JSON_DEPTH_CAP 128 /* arrays and objects inside each other */

enum snafu_json_type {
	SNAFU_JSON_NULL,
	SNAFU_JSON_FALSE,
	SNAFU_JSON_TRUE,
	SNAFU_JSON_INTEGER, /* no fraction and no exponent */
	SNAFU_JSON_REAL,
	SNAFU_JSON_STRING,
	SNAFU_JSON_ARRAY,
	SNAFU_JSON_OBJECT,
};

struct snafu_json_value {
	enum snafu_json_type type;
	/* Numbers: the digits. Strings: the bytes between the quotes, escapes not
	 * yet undone. Arrays and objects: where they start, size 1. Borrowed from
	 * the bytes given to snafu_json_begin(). */
	const char *text;
	size_t size;
	bool escaped; /* a string with a backslash in it: use snafu_json_unescape() */
	bool ascii; /* a string of bytes below 0x80 that are not escaped */
};

struct snafu_json_reader {
	const char *begin, *at, *end;
	unsigned depth, depth_cap; /* set depth_cap after snafu_json_begin() to narrow it */
	bool fresh; /* just inside an array or object, nothing read of it yet */
};

void snafu_json_begin(struct snafu_json_reader *reader, const char *bytes, size_t size);

/* Reads the value that starts here. Of an array or object only the bracket is
 * taken: go on with the two functions below, or snafu_json_skip(). Returns 0,
 * -EINVAL (not JSON), -EILSEQ (not UTF-8) or -E2BIG (too deep). */
int snafu_json_read(struct snafu_json_reader *reader, struct snafu_json_value *ret_value,
                    struct snafu_error *error);

/* Reads the next element of the array entered last: 1 and the element, or 0 at
 * its end, or a negative errno. */
int snafu_json_next_element(struct snafu_json_reader *reader, struct snafu_json_value *ret_value,
                            struct snafu_error *error);

/* The same for an object. The key is a string value. */
int snafu_json_next_member(struct snafu_json_reader *reader, struct snafu_json_value *ret_key,
                           struct snafu_json_value *ret_value, struct snafu_error *error);

/* Passes over what is left of VALUE, just read, and sets its text and size to
 * all of its source bytes (strings: with the quotes). */
int snafu_json_skip(struct snafu_json_reader *reader, struct snafu_json_value *value,
                    struct snafu_error *error);

/* Fails unless only white space is left. */
int snafu_json_end(struct snafu_json_reader *reader, struct snafu_error *error);

/* Checks that the bytes are one JSON text. */
int snafu_json_validate(const char *bytes, size_t size, struct snafu_error *error);

/* Appends the string's characters as UTF-8, escapes undone. */
int snafu_json_unescape(const struct snafu_json_value *string, struct snafu_buffer *into);

/* Whether a string value (or key) equals a C string. */
bool snafu_json_equals(const struct snafu_json_value *string, const char *text);

/* An integer value as int64_t: -ERANGE when it does not fit. */
int snafu_json_int64(const struct snafu_json_value *number, int64_t *ret_number);

/* A number as the nearest double. */
int snafu_json_double(const struct snafu_json_value *number, double *ret_number);

/* Writers append to a capped buffer, whose sticky failure tells in the end.
 * Commas and colons are the caller's. */

/* TEXT must be UTF-8; bytes that are not become U+FFFD. */
void snafu_json_write_string(struct snafu_buffer *into, const char *text, size_t size);
void snafu_json_write_text(struct snafu_buffer *into, const char *text); /* NULL: null */
void snafu_json_write_int64(struct snafu_buffer *into, int64_t number);
void snafu_json_write_uint64(struct snafu_buffer *into, uint64_t number);
/* The shortest digits that read back as the same double; with a ".0" when they
 * would look like an integer. -EDOM, and nothing written, for NaN and infinities. */
int snafu_json_write_double(struct snafu_buffer *into, double number);

#endif
