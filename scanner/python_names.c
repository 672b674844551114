/* scanner/python_names.c — see python_names.h.
 *
 * In Python the last definition that runs wins. Which ones run is known as far as
 * blocks tell: code without a condition does; parts of one if/else or try/except
 * exclude each other, and of those the first that can run at all is offered. */
#include "scanner/python_names.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"

struct key {
	const char *name;
	size_t size;
	uint32_t owner;
};

static struct key key_of(const struct python_names *names, size_t entry)
{
	const struct python_outline *outline = names->outline;

	if (entry < outline->n_definitions) {
		const struct python_definition *definition = &outline->definitions[entry];
		return (struct key){outline->text + definition->name, definition->name_size,
		                    definition->owner};
	}
	const struct python_field *field = &outline->fields[entry - outline->n_definitions];
	return (struct key){outline->text + field->name, field->name_size, field->owner};
}

/* The slot that holds KEY's last entry, or the free one where it belongs. */
static uint32_t *slot_of(const struct python_names *names, struct key key)
{
	unsigned long long hash = snafu_hash(SNAFU_HASH_START + key.owner, key.name, key.size);

	for (size_t i = hash & names->mask;; i = (i + 1) & names->mask) {
		if (!names->table[i])
			return &names->table[i];
		struct key other = key_of(names, names->table[i] - 1);
		if (other.owner == key.owner && other.size == key.size &&
		    memcmp(other.name, key.name, key.size) == 0)
			return &names->table[i];
	}
}

long snafu_python_find(const struct python_names *names, uint32_t owner, const char *name,
                       size_t size)
{
	return (long)*slot_of(names, (struct key){name, size, owner}) - 1;
}

/* Whether two branches can never both run. */
static bool exclude(const struct python_branch *branches, uint32_t a, uint32_t b)
{
	if (a == b)
		return false;
	for (uint32_t x = a; x; x = branches[x].parent)
		for (uint32_t y = b; y; y = branches[y].parent)
			if (branches[x].chain == branches[y].chain && branches[x].number != branches[y].number)
				return true;
	return false;
}

/* Whether BRANCH runs whenever OTHER does. */
static bool covers(const struct python_branch *branches, uint32_t branch, uint32_t other)
{
	for (uint32_t x = branch; x; x = branches[x].parent) {
		bool around = branches[x].verdict == PYTHON_ALWAYS;

		for (uint32_t y = other; y && !around; y = branches[y].parent)
			around = x == y;
		if (!around)
			return false;
	}
	return true;
}

static const char *never_reason(const struct python_branch *branches, uint32_t branch)
{
	for (; branch; branch = branches[branch].parent) {
		switch (branches[branch].verdict) {
		case PYTHON_NEVER: return "stands under a condition that does not hold here";
		case PYTHON_ONLY_AS_PROGRAM:
			return "exists only when its file is run as a program, not when it is imported";
		case PYTHON_ONLY_FOR_CHECKER: return "exists only for type checkers (TYPE_CHECKING)";
		default: break;
		}
	}
	return NULL;
}

/* Whether the definition takes part in the contest for its name. */
static bool competes(const struct python_names *names, size_t index)
{
	return !names->reasons[index] &&
	       !(names->signatures[index].traits & (PYTHON_TRAIT_SETTER | PYTHON_TRAIT_OVERLOAD));
}

static bool is_fallback(const struct python_branch *branches, uint32_t branch)
{
	while (branch && !branches[branch].fallback)
		branch = branches[branch].parent;
	return branch != 0;
}

/* NEW comes behind OLD, which was the winner until then. Returns the winner. */
static size_t contest(struct python_names *names, struct snafu_arena *arena, size_t old, size_t new)
{
	const struct python_outline *outline = names->outline;
	uint32_t old_branch = outline->definitions[old].branch;
	uint32_t new_branch = outline->definitions[new].branch;
	unsigned old_line = outline->definitions[old].line;
	unsigned new_line = outline->definitions[new].line;

	const struct python_branch *branches = outline->branches;
	bool exclusive = exclude(branches, old_branch, new_branch);

	if (!exclusive && covers(branches, new_branch, old_branch)) {
		names->reasons[old] =
			snafu_arena_format(arena, "defined again in line %u, which wins", new_line);
		return new;
	}
	bool swap =
		exclusive && is_fallback(branches, old_branch) && !is_fallback(branches, new_branch);
	names->reasons[swap ? old : new] = snafu_arena_format(
		arena, "a variant of the one in line %u, used when its condition holds: call that one",
		swap ? new_line : old_line);
	return swap ? new : old;
}

/* LAST is the last entry of a name; entries hang behind it from last to first. */
static void decide(struct python_names *names, struct snafu_arena *arena, uint32_t last)
{
	uint32_t reversed = 0;

	while (last) { /* turn the list around: first to last */
		uint32_t before = names->earlier[last - 1];

		names->earlier[last - 1] = reversed;
		reversed = last;
		last = before;
	}
	size_t winner = 0;
	bool any = false;
	while (reversed) {
		uint32_t later = names->earlier[reversed - 1];
		size_t index = reversed - 1;

		names->earlier[index] = last;
		last = reversed;
		reversed = later;
		if (index >= names->outline->n_definitions || !competes(names, index))
			continue;
		winner = any ? contest(names, arena, winner, index) : index;
		any = true;
	}
}

int snafu_python_names_begin(const struct python_outline *outline,
                             const struct python_signature *signatures, struct snafu_arena *arena,
                             struct python_names *ret)
{
	size_t n = outline->n_definitions + outline->n_fields, size = 16;

	while (size < n * 2)
		size *= 2;
	*ret = (struct python_names){
		.outline = outline,
		.signatures = signatures,
		.mask = size - 1,
		.table = calloc(size, sizeof *ret->table),
		.earlier = calloc(n + 1, sizeof *ret->earlier),
		.reasons = calloc(outline->n_definitions + 1, sizeof *ret->reasons),
	};
	if (!ret->table || !ret->earlier || !ret->reasons)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		uint32_t *slot = slot_of(ret, key_of(ret, i));

		ret->earlier[i] = *slot;
		*slot = (uint32_t)i + 1;
		if (i < outline->n_definitions)
			ret->reasons[i] = never_reason(outline->branches, outline->definitions[i].branch);
	}
	for (size_t i = 0; i < size; i++)
		if (ret->table[i] && ret->earlier[ret->table[i] - 1])
			decide(ret, arena, ret->table[i]);
	return 0;
}

void snafu_python_names_done(struct python_names *names)
{
	free(names->table);
	free(names->earlier);
	free(names->reasons);
	*names = (struct python_names){0};
}
