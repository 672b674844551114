/* convert/stubs/merge.c — a stub written again: what is there stays as it is, byte for byte, and
 * what is missing is put behind it. See stubs.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/error.h"
#include "base/json.h"
#include "convert/stubs/stubs.h"
#include "runtime/settings/function_config.h"
#include "scanner/function.h"

#define FUNCTIONS "Functions"

/* A member of an object: borrowed from the text. */
struct member {
	const char *begin, *end; /* from the key's quote to behind the value */
	const char *name; /* the key without // and a blank behind that */
	size_t size;
	bool comment; /* "// ..." or "//" alone */
	bool object;
};

struct members {
	struct member *list; /* malloc'ed */
	size_t count, capacity;
	const char *first; /* behind the opening brace */
};

/* ---- reading ---------------------------------------------------------------------------- */

static struct member describe(const struct snafu_json_value *key)
{
	struct member member = {.begin = key->text - 1, .name = key->text, .size = key->size};

	if (member.size >= 2 && memcmp(member.name, "//", 2) == 0) {
		member.name += 2;
		member.size -= 2;
		if (!member.size || *member.name == ' ') {
			member.comment = true;
			member.name += member.size != 0;
			member.size -= member.size != 0;
		}
	}
	return member;
}

/* The members of the object that READER is in. Of the one named FUNCTIONS, those go to RET_INNER,
 * unless that is NULL. */
static int read_members(struct snafu_json_reader *reader, struct members *ret,
                        struct members *ret_inner, struct snafu_error *error)
{
	struct snafu_json_value key, value;
	int more;

	ret->first = reader->at;
	while ((more = snafu_json_next_member(reader, &key, &value, error)) > 0) {
		struct member member = describe(&key);
		int code = 0;

		member.object = value.type == SNAFU_JSON_OBJECT;
		if (ret_inner && member.object && snafu_json_equals(&key, FUNCTIONS))
			code = read_members(reader, ret_inner, NULL, error);
		else
			code = snafu_json_skip(reader, &value, error);
		member.end = reader->at;
		if (!code && snafu_array_grow(&ret->list, &ret->capacity, ret->count, sizeof *ret->list))
			code = snafu_fail(error, -ENOMEM, "no memory");
		if (code)
			return code;
		ret->list[ret->count++] = member;
	}
	return more;
}

static int read_config(const char *text, size_t size, struct members *ret,
                       struct members *ret_inner, struct snafu_error *error)
{
	struct snafu_json_reader reader;
	struct snafu_json_value value;

	snafu_json_begin(&reader, text, size);
	int code = snafu_json_read(&reader, &value, error);
	if (!code && value.type != SNAFU_JSON_OBJECT)
		code = snafu_fail(error, -EINVAL, "it is no JSON object");
	if (!code)
		code = read_members(&reader, ret, ret_inner, error);
	return code ? code : snafu_json_end(&reader, error);
}

static const struct member *find(const struct members *members, const struct member *wanted)
{
	for (size_t i = 0; i < members->count; i++) {
		const struct member *member = &members->list[i];

		if (!member->comment && member->size == wanted->size &&
		    memcmp(member->name, wanted->name, wanted->size) == 0)
			return member;
	}
	return NULL;
}

/* ---- writing ---------------------------------------------------------------------------- */

/* Behind what INTO holds, the members of NEW that OLD lacks; the explanation in front of one
 * comes with it. IS_EMPTY: INTO's object has nothing in it. Returns how many. */
static size_t add_missing(const struct members *old, const struct members *new, unsigned depth,
                          bool is_empty, struct snafu_buffer *into)
{
	size_t added = 0;

	for (size_t i = 0; i < new->count; i++) {
		const struct member *member = &new->list[i];

		if (member->comment || find(old, member))
			continue;
		const struct member *first = member;
		while (first > new->list && first[-1].comment &&first[-1].size)
			first--;
		for (; first <= member; first++) {
			snafu_buffer_format(into, "%s\n%*s", is_empty ? "" : ",", (int)depth * 2, "");
			snafu_buffer_append(into, first->begin, (size_t)(first->end - first->begin));
			is_empty = false;
		}
		added++;
	}
	if (added && !old->count) /* the closing brace stands on a line of its own */
		snafu_buffer_format(into, "\n%*s", (int)(depth - 1) * 2, "");
	return added;
}

static const char *end_of(const struct members *members)
{
	return members->count ? members->list[members->count - 1].end : members->first;
}

/* Whether NAME is a tail of a function's id. */
static bool is_there(const struct snafu_function *functions, size_t count, const char *name,
                     size_t size)
{
	for (size_t i = 0; i < count; i++) {
		size_t length = strlen(functions[i].id);
		const char *tail = functions[i].id + length - size;

		if (size <= length && memcmp(tail, name, size) == 0 && (size == length || tail[-1] == '.'))
			return true;
	}
	return false;
}

static void find_gone(const struct members *old, const struct snafu_function *functions,
                      size_t count, struct snafu_buffer *into)
{
	for (size_t i = 0; i < old->count; i++) {
		const struct member *member = &old->list[i];
		bool is_commented = member->name > member->begin + 1;

		if (is_commented || is_there(functions, count, member->name, member->size))
			continue;
		snafu_buffer_format(into, "%s%.*s", into->size ? ", " : "", (int)member->size,
		                    member->name);
	}
}

int snafu_stub_merge(const char *config, size_t size, const struct snafu_buffer *stub,
                     const struct snafu_function *functions, size_t count,
                     struct snafu_buffer *into, struct snafu_stub_changes *ret_changes,
                     struct snafu_error *error)
{
	struct members old = {0}, old_functions = {0}, new = {0}, new_functions = {0};
	int code = read_config(config, size, &old, &old_functions, error);
	const char *at = config;

	*ret_changes = (struct snafu_stub_changes){.gone = SNAFU_BUFFER(4096)};
	if (!code)
		code = read_config(stub->data, stub->size, &new, &new_functions, error);
	if (!code && old_functions.first) {
		const char *end = end_of(&old_functions);

		snafu_buffer_append(into, at, (size_t)(end - at));
		at = end;
		ret_changes->functions =
			add_missing(&old_functions, &new_functions, 2, !old_functions.count, into);
	} else if (!code) {
		ret_changes->functions = new_functions.count;
	}
	if (!code) {
		const char *end = end_of(&old);

		snafu_buffer_append(into, at, (size_t)(end - at));
		at = end;
		ret_changes->settings = add_missing(&old, &new, 1, !old.count, into);
		ret_changes->settings -= !old_functions.first && ret_changes->settings;
		find_gone(&old_functions, functions, count, &ret_changes->gone);
		snafu_buffer_append(into, at, size - (size_t)(at - config));
		if (into->failed || into->size > SNAFU_CONFIG_FILE_CAP)
			code = snafu_fail(error, -EMSGSIZE, "it would be longer than %u KiB",
			                  SNAFU_CONFIG_FILE_CAP >> 10);
	}
	free(old.list);
	free(old_functions.list);
	free(new.list);
	free(new_functions.list);
	return code;
}
