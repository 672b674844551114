/* exporter/connectors/web/forward.c — see forward.h. */
#include "exporter/connectors/web/forward.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "base/buffer.h"
#include "base/clock.h"
#include "base/json.h"
#include "runtime/host.h"

#define DEPTH_CAP       1000
#define DEADLINE_CAP_MS (30ll * 86400 * 1000)

struct fields {
	struct snafu_buffer texts; /* those below, each with a NUL */
	size_t tenant, trigger, client_context; /* where they begin; SIZE_MAX: none */
	int64_t deadline_ms, depth; /* 0: none */
};

static int keep_id(const struct snafu_json_value *value, struct snafu_call *call)
{
	if (value->escaped || value->size != sizeof call->request_id - 1)
		return -EINVAL;
	for (size_t i = 0; i < value->size; i++)
		if (!strchr("0123456789abcdef-", value->text[i]))
			return -EINVAL;
	memcpy(call->request_id, value->text, value->size);
	call->request_id[value->size] = '\0';
	return 0;
}

static int keep_text(const struct snafu_json_value *value, struct fields *fields, size_t *ret_at)
{
	size_t at = fields->texts.size;

	snafu_json_unescape(value, &fields->texts);
	if (!snafu_buffer_failed(&fields->texts) && fields->texts.size > at &&
	    memchr(fields->texts.data + at, '\0', fields->texts.size - at))
		return -EINVAL;
	*ret_at = at;
	return snafu_buffer_append_byte(&fields->texts, '\0');
}

static int keep_number(const struct snafu_json_value *value, int64_t most, int64_t *ret_number)
{
	if (value->type != SNAFU_JSON_INTEGER || snafu_json_int64(value, ret_number) ||
	    *ret_number < 0 || *ret_number > most)
		return -EINVAL;
	return 0;
}

static int take(const struct snafu_json_value *key, const struct snafu_json_value *value,
                struct fields *fields, struct snafu_call *call)
{
	bool is_text = value->type == SNAFU_JSON_STRING;

	if (snafu_json_equals(key, "request_id"))
		return is_text ? keep_id(value, call) : -EINVAL;
	if (snafu_json_equals(key, "tenant"))
		return is_text ? keep_text(value, fields, &fields->tenant) : -EINVAL;
	if (snafu_json_equals(key, "trigger"))
		return is_text ? keep_text(value, fields, &fields->trigger) : -EINVAL;
	if (snafu_json_equals(key, "client_context"))
		return is_text ? keep_text(value, fields, &fields->client_context) : -EINVAL;
	if (snafu_json_equals(key, "deadline_ms"))
		return keep_number(value, DEADLINE_CAP_MS, &fields->deadline_ms);
	if (snafu_json_equals(key, "depth"))
		return keep_number(value, DEPTH_CAP, &fields->depth);
	return -EINVAL;
}

static int read_fields(const char *text, struct fields *fields, struct snafu_call *call)
{
	struct snafu_json_reader reader;
	struct snafu_json_value key, value;
	int more;

	snafu_json_begin(&reader, text, strlen(text));
	if (snafu_json_read(&reader, &value, NULL) || value.type != SNAFU_JSON_OBJECT)
		return -EINVAL;
	while ((more = snafu_json_next_member(&reader, &key, &value, NULL)) > 0)
		if (take(&key, &value, fields, call))
			return -EINVAL;
	return more < 0 ? -EINVAL : snafu_json_end(&reader, NULL);
}

static const char *text_at(const struct web_forward *forward, size_t at)
{
	return at == SIZE_MAX ? "" : forward->texts + at;
}

int web_forward_read(const char *text, struct web_forward *forward, struct snafu_call *call)
{
	struct fields fields = {
		.texts = SNAFU_BUFFER(WEB_FORWARD_CAP),
		.tenant = SIZE_MAX,
		.trigger = SIZE_MAX,
		.client_context = SIZE_MAX,
	};

	if (read_fields(text, &fields, call) || snafu_buffer_failed(&fields.texts)) {
		snafu_buffer_done(&fields.texts);
		return -EINVAL;
	}
	web_forward_done(forward);
	forward->texts = fields.texts.data;
	call->tenant = text_at(forward, fields.tenant);
	call->client_context = text_at(forward, fields.client_context);
	if (fields.trigger != SIZE_MAX)
		call->trigger = text_at(forward, fields.trigger);
	if (fields.deadline_ms)
		call->deadline = snafu_now_ms() + (uint64_t)fields.deadline_ms;
	if (fields.depth) {
		/* Stands in for the function over there that waits for this call. */
		forward->caller = (struct snafu_context){
			.request_id = "",
			.function = "",
			.tenant = call->tenant,
			.trigger = "",
			.client_context = "",
			.deadline = call->deadline ? call->deadline : UINT64_MAX,
			.depth = (unsigned)fields.depth - 1,
		};
		call->caller = &forward->caller;
	}
	return 0;
}

void web_forward_done(struct web_forward *forward)
{
	free(forward->texts);
	forward->texts = NULL;
}

int web_client_context_read(const char *text, char to[WEB_CLIENT_CAP])
{
	struct snafu_json_reader reader;
	struct snafu_json_value value;
	size_t size = strlen(text);

	if (size >= WEB_CLIENT_CAP || snafu_base64_room(size) >= WEB_CLIENT_CAP ||
	    snafu_base64_read(text, size, (unsigned char *)to, &size))
		return -EINVAL;
	to[size] = '\0';
	snafu_json_begin(&reader, to, size);
	if (strlen(to) != size || snafu_json_read(&reader, &value, NULL) ||
	    value.type != SNAFU_JSON_OBJECT || snafu_json_skip(&reader, &value, NULL) ||
	    snafu_json_end(&reader, NULL))
		return -EINVAL;
	return 0;
}

void web_outcome_write(const struct snafu_result *result, char to[WEB_OUTCOME_SIZE])
{
	snprintf(to, WEB_OUTCOME_SIZE, "%s %" PRIu64 " %" PRIu64 " %" PRIu64,
	         snafu_status_name(result->status), result->init_ns, result->run_ns,
	         result->peak_memory);
}
