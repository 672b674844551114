/* langs/c_arguments.h — from a payload to the arguments of a C function, in steps that
 * c_arguments.c leads through. All of them note problems in the call and go on, so
 * that a payload's problems are told together. One call belongs to one thread. */
#ifndef SNAFU_LANGS_C_ARGUMENTS_H
#define SNAFU_LANGS_C_ARGUMENTS_H

#include "langs/c_call.h"

#define SNAFU_C_OUT_ROOM 256 /* bytes to spare behind a single value that C writes */

/* ---- the payload (c_payload.c) ---- */

/* Notes in SLOTS (one an argument) what the payload gives. False when it is no JSON
 * at all, so that nothing more can be said of it. */
bool snafu_c_split(struct snafu_c_call *call, const struct snafu_bound *bound, const char *payload,
                   size_t size, struct snafu_c_slot *slots);

/* The value of SLOT, which is given, in RET_VALUE; where it is an array or an object
 * READER stands just behind its bracket. */
void snafu_c_reenter(const struct snafu_c_slot *slot, struct snafu_json_reader *reader,
                     struct snafu_json_value *ret_value);

/* Whether null is given. */
bool snafu_c_is_null(const struct snafu_c_slot *slot);

/* ---- lengths (c_lengths.c) ---- */

bool snafu_c_is_count(const struct snafu_c_argument *argument);

/* Takes a length or capacity that is given. Lengths come first, as memory is made by
 * them. */
void snafu_c_bind_count(struct snafu_c_call *call, const struct snafu_c_argument *argument,
                        struct snafu_c_slot *slot);

/* A length that was not given, from what is there so far. */
void snafu_c_infer_count(const struct snafu_bound *bound, size_t index, struct snafu_c_slot *slots);

/* In the end: all that share a length must agree with it, or with each other. */
void snafu_c_settle_length(struct snafu_c_call *call, const struct snafu_bound *bound, size_t index,
                           struct snafu_c_slot *slots);

/* ---- what pointers point to (c_bind_data.c, c_bind_object.c) ---- */

/* Text, bytes, arrays, and buffers that C fills. */
void snafu_c_bind_data(struct snafu_c_call *call, const struct snafu_bound *bound, size_t index,
                       struct snafu_c_slot *slots);

/* Whether C may write there. */
bool snafu_c_is_writable(const struct snafu_c_argument *argument);

/* A struct: by its fields, or by the handle of one that lives on, or by both. */
void snafu_c_bind_object(struct snafu_c_call *call, const struct snafu_c_argument *argument,
                         struct snafu_c_slot *slot);

/* Notes that ARGUMENT must be given. */
void snafu_c_missing(struct snafu_c_call *call, const struct snafu_c_argument *argument);

#endif
