/* exporter/given.h — arguments as a person gives them (-a n=10, the words of a
 * command line, answers to questions), gathered and then turned into a payload.
 *
 * Single-threaded. A zeroed struct is empty. */
#ifndef SNAFU_EXPORTER_GIVEN_H
#define SNAFU_EXPORTER_GIVEN_H

#include <stdbool.h>
#include <stddef.h>

struct snafu_buffer;
struct snafu_error;
struct snafu_function;
struct snafu_parameter;

#define SNAFU_GIVEN_CAP     1024 /* arguments of one call */
#define SNAFU_OVERLOADS_CAP 256 /* entries of one id that are considered */

struct snafu_given_argument {
	char *name; /* owned; NULL: the next position */
	char *text; /* owned, with a NUL */
	size_t size;
	bool json; /* NAME:=JSON: taken as it is */
	bool quoted; /* stood in quotes: text where the type leaves a choice */
};

struct snafu_given {
	struct snafu_given_argument *arguments;
	size_t count;
};

/* The functions that share an id, callable ones only. */
struct snafu_overloads {
	const struct snafu_function *entries[SNAFU_OVERLOADS_CAP];
	size_t count;
};

/* Adds one argument; NAME (NULL: by position) and TEXT are copied. -E2BIG, -ENOMEM. */
int snafu_given_add(struct snafu_given *given, const char *name, const char *text, size_t size,
                    bool json, struct snafu_error *error);

/* Adds NAME=VALUE or NAME:=JSON. -EINVAL when WORD is neither. */
int snafu_given_add_word(struct snafu_given *given, const char *word, struct snafu_error *error);

/* Adds what a line says: values by position and name=value, name:=JSON, parted by
 * spaces; "..." and '...' hold spaces, [...] and {...} are JSON. NAME= counts only
 * for names that some overload has or takes. -EINVAL for an open quote or bracket. */
int snafu_given_add_line(struct snafu_given *given, const struct snafu_overloads *overloads,
                         const char *line, struct snafu_error *error);

/* Whether one of them is for FUNCTION's parameter number INDEX. */
bool snafu_given_has(const struct snafu_given *given, const struct snafu_function *function,
                     size_t index);

/* Appends the payload: an object by name; an array where only positions are given and
 * several overloads are there to choose from. JSON (may be empty) is a payload that
 * came another way: its members count where none of that name was given, and an
 * array is taken only alone. Text is converted by the shapes of the overload that
 * fits best. -EINVAL; ERROR names the argument. */
int snafu_given_payload(const struct snafu_given *given, const struct snafu_overloads *overloads,
                        const char *json, size_t json_size, struct snafu_buffer *into,
                        struct snafu_error *error);

void snafu_given_done(struct snafu_given *given);

#endif
