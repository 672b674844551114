/* runtime/pool.c — see pool.h. Two hash tables: by id, and by the last part of
 * the id, from which tails are told. */
#include "runtime/pool.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/file.h"
#include "base/near.h"

#define NONE    UINT32_MAX
#define IDS_CAP 700 /* bytes of ids in a message */

/* Chained hash table over function indices. */
struct table {
	uint32_t *heads; /* size: power of two */
	uint32_t *next; /* one a function; NONE ends a chain */
	uint32_t mask;
};

struct snafu_pool {
	const struct snafu_functions *functions;
	struct table by_id, by_name;
};

static const char *key_of(const struct snafu_pool *pool, const struct table *table, uint32_t index)
{
	const struct snafu_function *function = &pool->functions->functions[index];

	return table == &pool->by_id ? function->id : function->name;
}

static uint32_t slot_of(const struct table *table, const char *key)
{
	return (uint32_t)snafu_hash(SNAFU_HASH_START, key, strlen(key)) & table->mask;
}

static int table_fill(struct snafu_pool *pool, struct table *table)
{
	uint32_t count = (uint32_t)pool->functions->count, size = 16;

	while (size < count * 2)
		size *= 2;
	table->heads = malloc(size * sizeof *table->heads);
	table->next = malloc((count ? count : 1) * sizeof *table->next);
	if (!table->heads || !table->next)
		return -ENOMEM;
	table->mask = size - 1;
	memset(table->heads, 0xFF, size * sizeof *table->heads);
	/* Backwards, so that a chain is in the scan's order. */
	for (uint32_t i = count; i-- > 0;) {
		uint32_t slot = slot_of(table, key_of(pool, table, i));

		table->next[i] = table->heads[slot];
		table->heads[slot] = i;
	}
	return 0;
}

int snafu_pool_new(const struct snafu_functions *functions, struct snafu_pool **ret_pool,
                   struct snafu_error *error)
{
	struct snafu_pool *pool = calloc(1, sizeof *pool);

	if (pool)
		pool->functions = functions;
	if (!pool || table_fill(pool, &pool->by_id) || table_fill(pool, &pool->by_name)) {
		snafu_pool_free(pool);
		return snafu_fail(error, -ENOMEM, "no memory for a pool of %zu functions",
		                  functions->count);
	}
	*ret_pool = pool;
	return 0;
}

void snafu_pool_free(struct snafu_pool *pool)
{
	if (!pool)
		return;
	free(pool->by_id.heads);
	free(pool->by_id.next);
	free(pool->by_name.heads);
	free(pool->by_name.next);
	free(pool);
}

const struct snafu_functions *snafu_pool_functions(const struct snafu_pool *pool)
{
	return pool->functions;
}

/* Whether TAIL is all of ID, or what follows one of its dots. */
static bool is_tail(const char *id, const char *tail)
{
	size_t size = strlen(id), length = strlen(tail);

	return size >= length && strcmp(id + size - length, tail) == 0 &&
	       (size == length || id[size - length - 1] == '.');
}

static const struct snafu_function *find_id(const struct snafu_pool *pool, const char *id)
{
	const struct snafu_function *first = NULL;

	for (uint32_t i = pool->by_id.heads[slot_of(&pool->by_id, id)]; i != NONE;
	     i = pool->by_id.next[i]) {
		const struct snafu_function *function = &pool->functions->functions[i];

		if (strcmp(function->id, id) != 0)
			continue;
		if (!function->reason)
			return function;
		if (!first)
			first = function;
	}
	return first;
}

/* What a tail stands for: the distinct ids, callable ones counted apart. */
struct tail_matches {
	const struct snafu_function *callable, *other;
	unsigned n_callable, n_other; /* distinct ids */
	struct snafu_buffer ids; /* the callable ones, for the message */
};

static void find_tail(const struct snafu_pool *pool, const char *tail, struct tail_matches *matches)
{
	const char *dot = strrchr(tail, '.'), *name = dot ? dot + 1 : tail;

	for (uint32_t i = pool->by_name.heads[slot_of(&pool->by_name, name)]; i != NONE;
	     i = pool->by_name.next[i]) {
		const struct snafu_function *function = &pool->functions->functions[i];

		if (!is_tail(function->id, tail))
			continue;
		if (function->reason) {
			matches->n_other += !matches->other || strcmp(matches->other->id, function->id) != 0;
			matches->other = function;
		} else if (!matches->callable || strcmp(matches->callable->id, function->id) != 0) {
			/* Overloads stand together in the scan's order, so the last one seen
			 * is enough to tell a new id. */
			if (matches->n_callable < SNAFU_POOL_NEAR_CAP)
				snafu_buffer_format(&matches->ids, "%s%s", matches->n_callable ? ", " : "",
				                    function->id);
			matches->n_callable++;
			matches->callable = function;
		}
	}
}

static int fail_unknown(const struct snafu_pool *pool, const char *name, struct snafu_error *error)
{
	const char *near[SNAFU_POOL_NEAR_CAP];
	size_t count = snafu_pool_near(pool, name, near, SNAFU_POOL_NEAR_CAP);
	struct snafu_buffer words = SNAFU_BUFFER(IDS_CAP);

	for (size_t i = 0; i < count; i++)
		snafu_buffer_format(&words, "%s%s", i ? ", " : "; did you mean ", near[i]);
	snafu_fail(error, -ENOENT, "there is no function '%.200s'%s%s", name,
	           words.data ? words.data : "", count ? "?" : "");
	snafu_buffer_done(&words);
	return -ENOENT;
}

int snafu_pool_find(const struct snafu_pool *pool, const char *name,
                    const struct snafu_function **ret_function, struct snafu_error *error)
{
	const struct snafu_function *function = find_id(pool, name);
	struct tail_matches matches = {.ids = SNAFU_BUFFER(IDS_CAP)};
	int code = 0;

	if (function) {
		*ret_function = function;
		return 0;
	}
	find_tail(pool, name, &matches);
	if (matches.n_callable == 1 || (!matches.n_callable && matches.n_other == 1))
		*ret_function = matches.n_callable ? matches.callable : matches.other;
	else if (matches.n_callable > 1)
		code =
			snafu_fail(error, -EEXIST, "'%.200s' names %u functions (%s%s): write more of the id",
		               name, matches.n_callable, matches.ids.data ? matches.ids.data : "",
		               matches.n_callable > SNAFU_POOL_NEAR_CAP ? ", ..." : "");
	else if (matches.n_other > 1)
		code =
			snafu_fail(error, -EEXIST, "'%.200s' names %u functions, none of which can be called",
		               name, matches.n_other);
	else
		code = fail_unknown(pool, name, error);
	snafu_buffer_done(&matches.ids);
	return code;
}

size_t snafu_pool_overloads(const struct snafu_pool *pool, const struct snafu_function *function,
                            const struct snafu_function **ret_functions, size_t cap)
{
	size_t count = 0;

	for (uint32_t i = pool->by_id.heads[slot_of(&pool->by_id, function->id)]; i != NONE;
	     i = pool->by_id.next[i]) {
		const struct snafu_function *other = &pool->functions->functions[i];

		if (strcmp(other->id, function->id) != 0)
			continue;
		if (count < cap)
			ret_functions[count] = other;
		count++;
	}
	return count;
}

/* How far ID is from what was typed: 0 is nearest, UINT32_MAX too far. The same
 * number of last parts is compared, so "mod.fnu" is near "pkg.mod.fun". */
static unsigned farness(const char *id, const char *name, size_t size)
{
	const char *at = id + strlen(id);
	unsigned cap = size < 4 ? 1 : size < 9 ? 2 : 3;
	int dots = 0;

	for (size_t i = 0; i < size; i++)
		dots += name[i] == '.';
	while (at > id && (at[-1] != '.' || dots-- > 0))
		at--;
	size_t length = strlen(at);
	const char *last = strrchr(name, '.'), *own = strrchr(id, '.');
	if (last && own && strcmp(last, own) == 0)
		return 1; /* the same function of another class or module */
	unsigned edits = snafu_name_distance(name, size, at, length, cap);
	if (edits <= cap)
		return edits * 2;
	if (size >= 3 && length >= size && strcasestr(at, name))
		return 2 * cap + 1 + (unsigned)(length - size);
	return UINT32_MAX;
}

size_t snafu_pool_near(const struct snafu_pool *pool, const char *name, const char **ret_ids,
                       size_t cap)
{
	unsigned far[SNAFU_POOL_NEAR_CAP];
	size_t count = 0, size = strlen(name);

	if (cap > SNAFU_POOL_NEAR_CAP)
		cap = SNAFU_POOL_NEAR_CAP;
	if (size > SNAFU_NEAR_NAME_CAP)
		return 0;
	for (size_t i = 0; i < pool->functions->count; i++) {
		const struct snafu_function *function = &pool->functions->functions[i];
		unsigned this_far = function->reason ? UINT32_MAX : farness(function->id, name, size);
		size_t at = count;

		if (this_far == UINT32_MAX || (count == cap && this_far >= far[cap - 1]))
			continue;
		bool known = false; /* an overload of one that is listed */
		for (size_t j = 0; j < count; j++)
			known |= strcmp(ret_ids[j], function->id) == 0;
		if (known)
			continue;
		if (at == cap)
			at--;
		for (; at > 0 && far[at - 1] > this_far; at--) {
			far[at] = far[at - 1];
			ret_ids[at] = ret_ids[at - 1];
		}
		far[at] = this_far;
		ret_ids[at] = function->id;
		if (count < cap)
			count++;
	}
	return count;
}
