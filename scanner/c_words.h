/* scanner/c_words.h — what C programmers mean by the names of their parameters.
 * Pure functions over names; c_pairs.c decides what follows from them. Any
 * thread. */
#ifndef SNAFU_SCANNER_C_WORDS_H
#define SNAFU_SCANNER_C_WORDS_H

#include <stdbool.h>

#define SNAFU_C_WORD_CAP 64 /* longer names mean nothing to these rules */

enum snafu_c_length_word {
	SNAFU_C_NO_LENGTH,
	SNAFU_C_LENGTH_WORD, /* n, len, size, count, nbytes, ... and nothing else */
	SNAFU_C_LENGTH_OF, /* a length word and another: keylen, nBuf, stream_size */
};

/* What NAME says of a length. RET_STEM (of SNAFU_C_WORD_CAP bytes, may be NULL)
 * gets what it is the length of, in lower case: "key", "buf", "stream", or "". */
enum snafu_c_length_word snafu_c_length_word(const char *name, char *ret_stem);

/* Whether NAME counts things and does not measure bytes: n, count, num_points,
 * but not size or len. */
bool snafu_c_word_counts(const char *name);

enum snafu_c_word_match {
	SNAFU_C_MATCH_NONE,
	SNAFU_C_MATCH_CLOSE, /* one begins with the other: dict_len and dictionary */
	SNAFU_C_MATCH_EXACT, /* destLen and dest, nBuf and zBuf, num_values and values */
};

/* Whether the length named LENGTH is by its name that of the pointer named
 * POINTER. */
enum snafu_c_word_match snafu_c_word_match(const char *pointer, const char *length);

/* Whether a pointer of this name is there to be written to: dest, out_x, result. */
bool snafu_c_word_is_output(const char *name);

/* Whether it is a buffer, for input or output: buf, buffer, line. */
bool snafu_c_word_is_buffer(const char *name);

/* Whether it has many elements: values, xs, data, argv, matrix. */
bool snafu_c_word_is_many(const char *name);

/* Whether it is one result among others: min, maxValue, out_sum, status; not: error_codes. */
bool snafu_c_word_is_single(const char *name);

/* Whether it is the caller's own thing that the function only hands on: ctx,
 * user_data, opaque. */
bool snafu_c_word_is_context(const char *name);

/* Whether it is one that Snafu made up for a parameter without a name. */
bool snafu_c_word_is_made_up(const char *name);

#endif
