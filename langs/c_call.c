/* langs/c_call.c — one call of a C function, from payload to result. See c_call.h. */
#include "langs/c_call.h"

#include <errno.h>
#include <stdio.h>
#include <stdio_ext.h>
#include <string.h>

#include "base/buffer.h"
#include "base/error.h"
#include "langs/c_guard.h"
#include "scanner/function.h"

#define RETURN_ROOM 64 /* bytes for what is returned; larger structs go to the arena */

/* What the payload changes in structs that live on becomes true now, all at once. */
static void commit(struct snafu_c_call *call, const struct snafu_bound *bound,
                   struct snafu_c_slot *slots)
{
	for (size_t i = 0; i < bound->count; i++) {
		struct snafu_c_slot *slot = &slots[i];

		if (!slot->scratch || !slot->pointer)
			continue;
		if (slot->is_changed)
			memcpy(slot->pointer, slot->scratch, bound->arguments[i].target->size);
		slot->before = slot->scratch;
		if (slot->entry && slot->entry->kept)
			snafu_c_handles_settle(call->handles, slot->entry, true);
	}
}

/* Lets go of everything. What the call made or began to change and did not use, goes. */
static void end(struct snafu_c_call *call, const struct snafu_bound *bound,
                struct snafu_c_slot *slots, bool called)
{
	bool first = true;

	for (size_t i = 0; i < bound->count; i++) {
		struct snafu_c_entry *entry = slots[i].entry;

		if (!entry)
			continue;
		if (!called && entry->kept)
			snafu_c_handles_settle(call->handles, entry, false);
		if ((!called && slots[i].is_fresh) || (called && bound->closes && first))
			entry->released = true;
		if (called)
			entry->unseen = false;
		first = false;
	}
	for (size_t i = 0; i < call->n_held; i++)
		snafu_c_handles_let_go(call->handles, call->held[i]);
	snafu_argument_problems_done(&call->problems);
	snafu_arena_done(&call->arena);
}

/* Prints of the function are not to wait in stdio's buffer. */
static void flush_prints(void)
{
	if (__fpending(stdout) > 0)
		fflush(stdout);
}

static void run(const struct snafu_bound *bound, void (*address)(void), struct snafu_c_slot *slots,
                void *returned, struct snafu_c_guard *guard)
{
	void *values[SNAFU_C_ARGUMENTS_CAP];

	for (size_t i = 0; i < bound->count; i++) {
		const struct snafu_c_argument *argument = &bound->arguments[i];

		values[i] = argument->target                            ? (void *)&slots[i].pointer
		            : argument->role.kind == SNAFU_C_ROLE_VALUE ? slots[i].pointer
		                                                        : (void *)slots[i].cell;
	}
	snafu_c_guard_enter(guard);
	if (_setjmp(guard->back) == 0)
		ffi_call((ffi_cif *)(uintptr_t)&bound->cif, address, returned, values);
	snafu_c_guard_leave(guard);
}

static void answer(struct snafu_c_call *call, const struct snafu_bound *bound,
                   struct snafu_c_slot *slots, const void *returned, struct snafu_result *result)
{
	struct snafu_error error = {.message = "it is too large"};
	int code = snafu_c_answer(call, bound, slots, returned, &result->payload, &error);

	if (!code)
		code = snafu_buffer_failed(&result->payload);
	if (code == -EMSGSIZE)
		snafu_result_fail(
			result, SNAFU_BAD_RESULT, "ResultError",
			"the result of %s is larger than the cap of %zu bytes ([limits] result-size)",
			bound->function->id, result->payload.cap);
	else if (code == -ENOMEM)
		snafu_result_fail(result, SNAFU_INTERNAL, "Error", "no memory for the result");
	else if (code)
		snafu_result_fail(result, SNAFU_BAD_RESULT, "ResultError", "the result of %s: %s",
		                  bound->function->id, error.message);
	else
		result->status = SNAFU_OK;
}

/* libffi widens small integers to a whole register, and writes that. */
static void narrow(const struct snafu_c_type *type, void *returned)
{
	ffi_arg wide;
	bool is_integer = type->kind == SNAFU_C_SIGNED || type->kind == SNAFU_C_UNSIGNED ||
	                  type->kind == SNAFU_C_BOOL || type->kind == SNAFU_C_CHAR ||
	                  type->kind == SNAFU_C_ENUM;

	if (!is_integer || type->size >= sizeof wide)
		return;
	memcpy(&wide, returned, sizeof wide);
	snafu_c_put_integer(returned, type->size, (__int128)wide);
}

static bool attempt(struct snafu_c_handles *handles, const struct snafu_bound *bound,
                    void (*address)(void), const char *payload, size_t size,
                    struct snafu_result *result)
{
	struct snafu_c_call call = {.handles = handles};
	struct snafu_c_slot slots[bound->count + 1];
	struct snafu_c_guard guard;
	_Alignas(max_align_t) unsigned char room[RETURN_ROOM];
	void *returned = room;

	for (size_t i = 0; i < bound->count; i++)
		memset(&slots[i], 0, offsetof(struct snafu_c_slot, cell));
	snafu_c_bind(&call, bound, payload, size, slots);
	if (call.code == -EAGAIN) {
		end(&call, bound, slots, false);
		return false;
	}
	if (!call.problems.count && bound->returns->size > sizeof room)
		returned = snafu_arena_alloc(&call.arena, bound->returns->size + sizeof(ffi_arg));
	if (call.problems.count) {
		struct snafu_argument_problems problems = call.problems;

		call.problems = (struct snafu_argument_problems){0};
		snafu_argument_problems_fail(&problems, bound->function, result);
		end(&call, bound, slots, false);
		return true;
	}
	if (!returned || call.code) {
		snafu_result_fail(result, SNAFU_INTERNAL, "Error", "no memory for the call");
		end(&call, bound, slots, false);
		return true;
	}
	memset(returned, 0, sizeof(ffi_arg));
	commit(&call, bound, slots);
	run(bound, address, slots, returned, &guard);
	flush_prints();
	if (guard.words[0]) {
		snafu_result_fail(result, SNAFU_RAISED, "ProcessExit",
		                  "%s: %s; the host goes on, but what "
		                  "the function held (memory, locks, files) may be lost",
		                  bound->function->id, guard.words);
	} else {
		narrow(bound->returns, returned);
		answer(&call, bound, slots, returned, result);
	}
	end(&call, bound, slots, true);
	return true;
}

void snafu_c_call(struct snafu_c_handles *handles, const struct snafu_bound *bound,
                  void (*address)(void), const char *payload, size_t size,
                  struct snafu_result *result)
{
	/* A handle may be held by another call: wait for it with nothing in hand. */
	while (!attempt(handles, bound, address, payload, size, result))
		snafu_c_handles_wait(handles);
}
