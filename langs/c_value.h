/* langs/c_value.h — C values from JSON and to JSON, by their types.
 *
 * Everything that the payload says is checked here, before C sees it: ranges,
 * sizes, names. One call at a time uses a struct snafu_c_call. */
#ifndef SNAFU_LANGS_C_VALUE_H
#define SNAFU_LANGS_C_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/json.h"
#include "langs/c_handles.h"
#include "langs/result.h"
#include "scanner/c_types.h"

#ifndef SNAFU_C_CALL_MEMORY_CAP /* the fuzzer lowers it, not to spend its time on zeros */
#define SNAFU_C_CALL_MEMORY_CAP ((size_t)256 << 20) /* bytes for one call's arguments */
#endif
#define SNAFU_C_HELD_CAP 64 /* handles in one call */

/* A call under way: what it holds until it ends. */
struct snafu_c_call {
	struct snafu_c_handles *handles;
	struct snafu_argument_problems problems;
	struct snafu_arena arena;
	size_t memory; /* bytes taken from the arena */
	struct snafu_c_entry *held[SNAFU_C_HELD_CAP];
	size_t n_held;
	int code; /* why it cannot go on at all: -EAGAIN, -ENOMEM; else 0 */
	/* While a struct that lives on is read: it, where it is read to, and the
	 * pointer in it that is being filled. */
	struct snafu_c_entry *state;
	unsigned char *state_at;
	size_t state_offset;
	size_t data_room; /* elements that the pointer read last has room for */
};

/* Where in the payload we are, innermost first, for messages: "points[3].x". */
struct snafu_c_place {
	const struct snafu_c_place *outer;
	const char *name; /* NULL: an element */
	size_t index;
};

/* Notes a bad argument; returns -EINVAL. */
int snafu_c_problem(struct snafu_c_call *call, const struct snafu_c_place *place,
                    const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Zeroed memory for what a pointer points to: the call's, or the state's that is
 * being read. NULL at the cap; a problem is noted then. */
void *snafu_c_allocate(struct snafu_c_call *call, const struct snafu_c_place *place, size_t size,
                       bool writable);

/* Reads a JSON value into the type->size bytes at TO. What a struct leaves out
 * stays as it is at TO. 0, or a negative errno: a problem is noted, or call->code set. */
int snafu_c_read(struct snafu_c_call *call, const struct snafu_c_type *type,
                 struct snafu_json_reader *reader, const struct snafu_json_value *value, void *to,
                 const struct snafu_c_place *place);

/* A pointer to TARGET inside a struct or an array; see c_read_data.c. */
int snafu_c_read_pointer(struct snafu_c_call *call, const struct snafu_c_type *target,
                         struct snafu_json_reader *reader, const struct snafu_json_value *value,
                         void *to, const struct snafu_c_place *place);

/* An integer that fits BITS. */
int snafu_c_read_integer(struct snafu_c_call *call, const struct snafu_json_value *value,
                         bool is_signed, unsigned bits, __int128 *ret,
                         const struct snafu_c_place *place);
void snafu_c_put_integer(void *to, size_t size, __int128 number);
__int128 snafu_c_get_integer(const void *from, size_t size, bool is_signed);

/* Elements behind a pointer. */
struct snafu_c_data {
	void *bytes;
	size_t count; /* elements given */
	size_t room; /* elements that there is memory for, without EXTRA */
};

/* Reads the elements of type ELEMENT that a pointer points to: text for char (when
 * TERMINATED, without NUL inside), base64 for void and unsigned char, else an array; or
 * {"size": N} for room of N. At least MINIMUM elements and EXTRA bytes behind them
 * are there, zero where nothing was given. VALUE NULL: nothing was given. */
struct snafu_c_data_wish {
	const struct snafu_c_type *element;
	size_t minimum, extra;
	bool terminated, writable;
};
int snafu_c_read_data(struct snafu_c_call *call, const struct snafu_c_data_wish *wish,
                      struct snafu_json_reader *reader, const struct snafu_json_value *value,
                      struct snafu_c_data *ret, const struct snafu_c_place *place);

/* Reads a handle's name and holds its entry. */
int snafu_c_read_handle(struct snafu_c_call *call, const struct snafu_c_type *type,
                        const struct snafu_json_value *value, struct snafu_c_entry **ret_entry,
                        const struct snafu_c_place *place);

/* Whether a string value looks like a handle: base64 has no '@'. */
bool snafu_c_is_handle(const struct snafu_json_value *value);

/* Reads what is left of an object, its bracket just taken, into the struct at TO.
 * Members called SKIP (may be NULL) were seen to before. */
int snafu_c_read_struct(struct snafu_c_call *call, const struct snafu_c_type *type,
                        struct snafu_json_reader *reader, void *to, const char *skip,
                        const struct snafu_c_place *place);

/* For each field of a struct that points to data the index of the field that says how
 * much, else -1; in ARENA. NULL when no field does. */
int *snafu_c_field_lengths(struct snafu_arena *arena, const struct snafu_c_type *type);

/* The member that names a handle: "handle", or "$handle" where the struct has a field
 * of that name. */
const char *snafu_c_handle_key(const struct snafu_c_type *type);

/* ---- C to JSON ------------------------------------------------------------------ */

/* Appends the value at FROM. -EDOM: it has no JSON form, ERROR says why. */
int snafu_c_write(struct snafu_c_call *call, const struct snafu_c_type *type, const void *from,
                  struct snafu_buffer *into, struct snafu_error *error);

/* Appends COUNT elements: char as text up to the NUL, void and unsigned char as
 * base64, else an array. */
int snafu_c_write_data(struct snafu_c_call *call, const struct snafu_c_type *element,
                       const void *from, size_t count, struct snafu_buffer *into,
                       struct snafu_error *error);

/* Appends the fields of a struct that lives on, with its handle (ID 0: without) in
 * front. FROM is a copy that can be read; ENTRY is the struct's own, or NULL when C
 * made it; BEFORE is what the struct was before the call, or NULL. */
int snafu_c_write_state(struct snafu_c_call *call, const struct snafu_c_type *type,
                        const void *from, uint64_t id, const struct snafu_c_entry *entry,
                        const void *before, struct snafu_buffer *into, struct snafu_error *error);

/* Copies SIZE bytes of C's memory; false when they cannot be read. */
bool snafu_c_peek(const void *from, void *to, size_t size);

/* Appends text, or {"base64": ...} when it is not UTF-8. */
void snafu_c_write_text(const char *text, size_t size, struct snafu_buffer *into);

/* Appends the handle of a pointer to TYPE as a JSON string, or null. */
int snafu_c_write_handle(struct snafu_c_call *call, const struct snafu_c_type *type, void *pointer,
                         struct snafu_buffer *into, struct snafu_error *error);

#endif
