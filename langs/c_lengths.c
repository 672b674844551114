/* langs/c_lengths.c — arguments that say how much there is of others: given, inferred,
 * and held against what is really there. See c_arguments.h. */
#include "langs/c_arguments.h"

#include <string.h>

bool snafu_c_is_count(const struct snafu_c_argument *argument)
{
	return argument->role.kind == SNAFU_C_ROLE_LENGTH ||
	       argument->role.kind == SNAFU_C_ROLE_CAPACITY;
}

void snafu_c_bind_count(struct snafu_c_call *call, const struct snafu_c_argument *argument,
                        struct snafu_c_slot *slot)
{
	const struct snafu_c_type *type = argument->target ? argument->target : argument->type;
	struct snafu_c_place place = {.name = argument->name};
	__int128 number = 0;

	memset(slot->cell, 0, sizeof slot->cell);
	slot->pointer = argument->target ? slot->cell : NULL;
	if (!slot->given || snafu_c_is_null(slot))
		return;
	bool is_signed = type->kind == SNAFU_C_SIGNED;
	if (snafu_c_read_integer(call, &slot->value, is_signed, (unsigned)type->size * 8, &number,
	                         &place))
		return;
	if (number < 0) {
		snafu_c_problem(call, &place, "a length cannot be negative");
		return;
	}
	if (number > (__int128)SNAFU_C_CALL_MEMORY_CAP) {
		snafu_c_problem(call, &place, "%lld is more than the %zu that a call takes",
		                (long long)(number >> 62 ? INT64_MAX : (int64_t)number),
		                SNAFU_C_CALL_MEMORY_CAP);
		return;
	}
	slot->has_count = true;
	slot->count = (size_t)number;
	snafu_c_put_integer(slot->cell, type->size, number);
}

void snafu_c_infer_count(const struct snafu_bound *bound, size_t index, struct snafu_c_slot *slots)
{
	struct snafu_c_slot *slot = &slots[index];

	slot->is_known = slot->has_count;
	for (size_t i = 0; i < bound->count && !slot->has_count; i++) {
		if (bound->arguments[i].role.other != (int)index || !slots[i].pointer)
			continue;
		size_t has = slots[i].count > 0 ? slots[i].count : slots[i].room;
		slot->is_known = true;
		if (has > slot->count)
			slot->count = has;
	}
}

static bool is_text(const struct snafu_c_argument *argument)
{
	return argument->target->kind == SNAFU_C_CHAR;
}

void snafu_c_settle_length(struct snafu_c_call *call, const struct snafu_bound *bound, size_t index,
                           struct snafu_c_slot *slots)
{
	const struct snafu_c_argument *length = &bound->arguments[index], *first = NULL;
	const struct snafu_c_type *type = length->target ? length->target : length->type;
	struct snafu_c_place place = {.name = length->name};
	struct snafu_c_slot *slot = &slots[index];
	bool given = slot->has_count;
	size_t count = given ? slot->count : 0;

	for (size_t i = 0; i < bound->count; i++) {
		const struct snafu_c_argument *argument = &bound->arguments[i];
		const struct snafu_c_slot *other = &slots[i];

		if (argument->role.other != (int)index || !other->pointer)
			continue;
		/* The NUL behind a text may be counted. */
		if (given && count > other->room + (argument->role.kind == SNAFU_C_ROLE_STRING))
			snafu_c_problem(call, &place, "%s has only %zu", argument->name, other->room);
		if (given)
			continue;
		size_t has = other->count > 0 ? other->count : other->room;
		if (first && has != count && !is_text(argument) && !is_text(first))
			snafu_c_problem(call, &place, "%s has %zu, but %s has %zu", first->name, count,
			                argument->name, has);
		if (!first || has > count) {
			first = argument;
			count = has;
		}
	}
	if (!given &&
	    (type->size >= 8 ? false : count >> (type->size * 8 - (type->kind == SNAFU_C_SIGNED))))
		snafu_c_problem(call, &place, "%zu do not fit into it", count);
	slot->count = count;
	snafu_c_put_integer(slot->cell, type->size, (__int128)count);
}
