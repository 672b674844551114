/* langs/c_payload.c — a payload taken apart: which argument gets which value. See
 * c_arguments.h. */
#include "langs/c_arguments.h"

#include <errno.h>
#include <string.h>

#include "base/error.h"
#include "base/near.h"
#include "base/utf8.h"

static int keep_value(struct snafu_c_call *call, const struct snafu_bound *bound, size_t index,
                      struct snafu_json_reader *reader, struct snafu_json_value *value,
                      struct snafu_c_slot *slots, struct snafu_error *error)
{
	int code = 0;

	if (value->type == SNAFU_JSON_ARRAY || value->type == SNAFU_JSON_OBJECT)
		code = snafu_json_skip(reader, value, error);
	if (code || index >= bound->count)
		return code;
	if (slots[index].given)
		snafu_argument_problem(&call->problems, bound->arguments[index].name, "given twice");
	slots[index].given = true;
	slots[index].value = *value;
	return 0;
}

static void unknown_name(struct snafu_c_call *call, const struct snafu_bound *bound,
                         const struct snafu_json_value *key)
{
	struct snafu_near near = snafu_near_begin(key->text, key->size);
	char name[64];
	size_t size = key->size;

	for (size_t i = 0; i < bound->count; i++)
		snafu_near_offer(&near, bound->arguments[i].name);
	if (size >= sizeof name)
		size = snafu_utf8_cut(key->text, sizeof name - 1);
	memcpy(name, key->text, size);
	name[size] = '\0';
	if (near.name)
		snafu_argument_problem(&call->problems, name, "unknown; did you mean \"%s\"?", near.name);
	else
		snafu_argument_problem(&call->problems, name, "unknown");
}

/* Arguments often come in the order of the parameters: so looking starts there. */
static size_t find_argument(const struct snafu_bound *bound, const struct snafu_json_value *key,
                            size_t expected)
{
	for (size_t i = 0; i < bound->count; i++) {
		size_t at = (expected + i) % bound->count;

		if (snafu_json_equals(key, bound->arguments[at].name))
			return at;
	}
	return bound->count;
}

static int split_object(struct snafu_c_call *call, const struct snafu_bound *bound,
                        struct snafu_json_reader *reader, struct snafu_c_slot *slots,
                        struct snafu_error *error)
{
	struct snafu_json_value key, value;
	size_t at = 0;
	int more;

	while ((more = snafu_json_next_member(reader, &key, &value, error)) > 0) {
		size_t index = find_argument(bound, &key, at);

		if (index == bound->count)
			unknown_name(call, bound, &key);
		int code = keep_value(call, bound, index, reader, &value, slots, error);
		if (code)
			return code;
		at = index + 1;
	}
	return more;
}

static int split_array(struct snafu_c_call *call, const struct snafu_bound *bound,
                       struct snafu_json_reader *reader, struct snafu_c_slot *slots,
                       struct snafu_error *error)
{
	struct snafu_json_value value;
	size_t at = 0, given = 0, takes = 0;
	int more;

	while ((more = snafu_json_next_element(reader, &value, error)) > 0) {
		while (at < bound->count && !bound->arguments[at].is_positional)
			at++;
		int code = keep_value(call, bound, at, reader, &value, slots, error);
		if (code)
			return code;
		given++;
		at += at < bound->count;
	}
	for (size_t i = 0; i < bound->count; i++)
		takes += bound->arguments[i].is_positional;
	if (!more && given > takes)
		snafu_argument_problem(&call->problems, "arguments",
		                       "it takes up to %zu by position, got "
		                       "%zu (lengths and results are not counted: give them by name)",
		                       takes, given);
	return more;
}

bool snafu_c_split(struct snafu_c_call *call, const struct snafu_bound *bound, const char *payload,
                   size_t size, struct snafu_c_slot *slots)
{
	struct snafu_json_reader reader;
	struct snafu_json_value value;
	struct snafu_error error = {.message = "not valid JSON"};

	if (size == 0)
		return true;
	snafu_json_begin(&reader, payload, size);
	int code = snafu_json_read(&reader, &value, &error);
	if (!code && value.type == SNAFU_JSON_OBJECT)
		code = split_object(call, bound, &reader, slots, &error);
	else if (!code && value.type == SNAFU_JSON_ARRAY)
		code = split_array(call, bound, &reader, slots, &error);
	else if (!code)
		code = snafu_fail(&error, -EINVAL,
		                  "expected an object (arguments by name) or an array "
		                  "(arguments by position)");
	if (!code)
		code = snafu_json_end(&reader, &error);
	if (code)
		snafu_argument_problem(&call->problems, "payload", "%s", error.message);
	return !code;
}

void snafu_c_reenter(const struct snafu_c_slot *slot, struct snafu_json_reader *reader,
                     struct snafu_json_value *ret_value)
{
	*ret_value = slot->value;
	if (slot->value.type != SNAFU_JSON_ARRAY && slot->value.type != SNAFU_JSON_OBJECT)
		return;
	snafu_json_begin(reader, slot->value.text, slot->value.size);
	snafu_json_read(reader, ret_value, NULL);
}

bool snafu_c_is_null(const struct snafu_c_slot *slot)
{
	return slot->given && slot->value.type == SNAFU_JSON_NULL;
}
