/* langs/c_call.h — a C function ready to be called, and one call of it. */
#ifndef SNAFU_LANGS_C_CALL_H
#define SNAFU_LANGS_C_CALL_H

#include <ffi.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "langs/c_value.h"
#include "scanner/c_pairs.h"

struct snafu_c_build;
struct snafu_c_copies;
struct snafu_function;

#define SNAFU_C_ARGUMENTS_CAP 127
#define SNAFU_C_BY_VALUE_CAP  65536 /* bytes of a struct passed or returned by value */

struct snafu_c_argument {
	const char *name;
	const char *written; /* its type in the source, for messages */
	const struct snafu_c_type *type;
	const struct snafu_c_type *target; /* what it points to, or NULL */
	struct snafu_c_role role;
	bool is_positional; /* counts in a payload by position */
};

struct snafu_bound {
	const struct snafu_function *function;
	struct snafu_c_argument *arguments;
	size_t count;
	const struct snafu_c_type *returns;
	struct snafu_c_role returns_role;
	bool gives_object; /* more comes back than the value: {"return": ..., ...} */
	bool is_simple; /* values only, in and out */
	bool closes; /* its first handle is gone after the call: fclose, deflateEnd */
	ffi_cif cif;
	void (*address)(void);
	struct snafu_arena arena; /* holds all this */
	struct snafu_bound *next;

	/* For isolated calls (c_fresh.c). */
	struct snafu_c_build *build; /* that the code is of, or NULL */
	struct snafu_c_copies *copies; /* NULL: the library is none that can be copied */
	size_t object, offset; /* where in a copy */
	atomic_bool has_copies; /* what is above is known */
};

/* Prepares calls of FUNCTION at ADDRESS. -ENOTSUP: ERROR says which parameter has no
 * JSON form. RET_BOUND: freed by snafu_c_plan_free(). */
int snafu_c_plan_new(const struct snafu_function *function, void (*address)(void),
                     struct snafu_bound **ret_bound, struct snafu_error *error);
void snafu_c_plan_free(struct snafu_bound *bound);

/* One argument of a call under way. */
struct snafu_c_slot {
	bool given;
	struct snafu_json_value value;
	bool is_single; /* a single element was given for an array */
	bool has_count; /* LENGTH, CAPACITY: given by the caller */
	bool is_known; /* LENGTH, CAPACITY: given, or told by what it belongs to */
	bool is_fresh; /* OBJECT_STATE: made by this call */
	size_t count; /* elements given; LENGTH, CAPACITY: how many */
	size_t room; /* elements that there is memory for */
	void *pointer; /* what is passed, of a pointer; else the value's address */
	struct snafu_c_entry *entry; /* the handle given or made, or NULL */
	bool is_changed; /* OBJECT_*: fields of a struct that is there already are given */
	void *before; /* OBJECT_STATE: a copy of what it was before the call */
	void *scratch; /* OBJECT_STATE: what it will be, until all is checked */
	_Alignas(max_align_t) unsigned char cell[32]; /* small values */
};

/* Binds a payload: fills the slots of CALL, or notes problems, or sets call->code. */
void snafu_c_bind(struct snafu_c_call *call, const struct snafu_bound *bound, const char *payload,
                  size_t size, struct snafu_c_slot *slots);

/* Appends the result: RETURNED is the value the function gave. */
int snafu_c_answer(struct snafu_c_call *call, const struct snafu_bound *bound,
                   struct snafu_c_slot *slots, const void *returned, struct snafu_buffer *into,
                   struct snafu_error *error);

/* Calls it: see struct snafu_language's call(). ADDRESS: where its code is, in a copy perhaps. */
void snafu_c_call(struct snafu_c_handles *handles, const struct snafu_bound *bound,
                  void (*address)(void), const char *payload, size_t size,
                  struct snafu_result *result);

#endif
