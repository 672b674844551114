/* scanner/c_helper/names.c — a set of names, to list each function once. */
#include "scanner/c_helper/helper.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"

#define FIRST_CAPACITY 256

/* The slot that has NAME or is free for it. */
static const char **find_slot(const struct helper_names *names, const char *name)
{
	size_t at = (size_t)snafu_hash(SNAFU_HASH_START, name, strlen(name));

	for (;; at++) {
		const char **slot = &names->slots[at & (names->capacity - 1)];

		if (!*slot || strcmp(*slot, name) == 0)
			return slot;
	}
}

static bool grow(struct helper_names *names)
{
	struct helper_names larger = {
		.capacity = names->capacity ? names->capacity * 2 : FIRST_CAPACITY,
	};

	larger.slots = calloc(larger.capacity, sizeof *larger.slots);
	if (!larger.slots)
		return false;
	for (size_t i = 0; i < names->capacity; i++)
		if (names->slots[i])
			*find_slot(&larger, names->slots[i]) = names->slots[i];
	free(names->slots);
	names->slots = larger.slots;
	names->capacity = larger.capacity;
	return true;
}

bool helper_names_add(struct helper_names *names, const char *name)
{
	if (names->count * 2 >= names->capacity && !grow(names))
		return false;
	const char **slot = find_slot(names, name);
	if (*slot || !(*slot = snafu_arena_string(&names->arena, name)))
		return false;
	names->count++;
	return true;
}

bool helper_names_has(const struct helper_names *names, const char *name)
{
	return names->capacity > 0 && *find_slot(names, name);
}

void helper_names_done(struct helper_names *names)
{
	free(names->slots);
	snafu_arena_done(&names->arena);
	*names = (struct helper_names){0};
}
