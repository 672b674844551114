/* exporter/connectors/web/payload.c — what came with a request, as the JSON that
 * languages take. JSON bodies go through unseen; texts of query strings and
 * forms are converted by the types of the parameters they name. */
#include <errno.h>
#include <string.h>

#include "base/buffer.h"
#include "base/base64.h"
#include "base/error.h"
#include "base/json.h"
#include "base/utf8.h"
#include "exporter/arguments.h"
#include "exporter/connectors/web/form.h"
#include "exporter/connectors/web/text.h"
#include "exporter/connectors/web/web.h"
#include "runtime/pool.h"

#define OVERLOADS_CAP 64
#define JSON_GROWTH   6 /* bytes that one byte of text may become in JSON: \u0001 */
#define JSON_SLACK    (64u << 10)

enum source { NOTHING, JSON, QUERY, FORM, MULTIPART, UNSUPPORTED, BOTH };

static enum MHD_Result count_argument(void *state, enum MHD_ValueKind kind, const char *key,
                                      size_t key_size, const char *value, size_t value_size)
{
	(void)kind;
	(void)key;
	(void)key_size;
	(void)value;
	(void)value_size;
	*(bool *)state = true;
	return MHD_NO;
}

static bool has_query(const struct web_request *request)
{
	bool has = false;

	MHD_get_connection_values_n(request->connection, MHD_GET_ARGUMENT_KIND, count_argument, &has);
	return has;
}

/* `curl -d '{"n": 1}'` says that this is a form. A form's first name could only
 * look like this if the client forgot to encode it. */
static bool is_json_after_all(const struct snafu_buffer *body)
{
	size_t blank = strspn(body->data, " \t\r\n");

	return (body->data[blank] == '{' || body->data[blank] == '[') &&
	       snafu_json_validate(body->data, body->size, NULL) == 0;
}

static enum source find_source(const struct web_request *request)
{
	const char *type = request->headers.content_type;

	if (request->body.size == 0)
		return has_query(request) ? QUERY : NOTHING;
	if (has_query(request))
		return BOTH;
	if (!type || !*type || web_media_type_is_json(type))
		return JSON;
	if (web_media_type_is(type, "application/x-www-form-urlencoded"))
		return is_json_after_all(&request->body) ? JSON : FORM;
	if (web_media_type_is(type, "multipart/form-data"))
		return MULTIPART;
	return UNSUPPORTED;
}

struct gathering {
	struct web_form *form;
	struct snafu_error *error;
	int code;
};

static enum MHD_Result gather_argument(void *state, enum MHD_ValueKind kind, const char *key,
                                       size_t key_size, const char *value, size_t value_size)
{
	struct gathering *gathering = state;

	(void)kind;
	/* MHD has turned each + into a space, but undoes no percent-encoding for us. */
	gathering->code = web_form_add(gathering->form, key, key_size, value ? value : "",
	                               value ? value_size : 0, false, gathering->error);
	return gathering->code ? MHD_NO : MHD_YES;
}

static int read_form(struct web_request *request, enum source source, struct web_form *form,
                     struct snafu_error *error)
{
	const struct snafu_buffer *body = &request->body;

	if (source == FORM)
		return web_form_parse(form, body->data, body->size, error);
	if (source == MULTIPART)
		return web_form_parse_multipart(form, request->headers.content_type, body->data, body->size,
		                                error);
	struct gathering gathering = {form, error, 0};
	MHD_get_connection_values_n(request->connection, MHD_GET_ARGUMENT_KIND, gather_argument,
	                            &gathering);
	return gathering.code;
}

static const struct snafu_parameter *find_parameter(const struct snafu_function *function,
                                                    const char *name)
{
	for (size_t i = 0; i < function->n_parameters; i++)
		if (function->parameters[i].kind != SNAFU_PARAMETER_KEYWORDS &&
		    strcmp(function->parameters[i].name, name) == 0)
			return &function->parameters[i];
	return NULL;
}

static const struct snafu_parameter *keywords_of(const struct snafu_function *function)
{
	for (size_t i = 0; i < function->n_parameters; i++)
		if (function->parameters[i].kind == SNAFU_PARAMETER_KEYWORDS)
			return &function->parameters[i];
	return NULL;
}

static bool has_field(const struct web_form *form, const char *name)
{
	for (size_t i = 0; i < form->count; i++)
		if (strcmp(form->fields[i].name, name) == 0)
			return true;
	return false;
}

/* How badly the form fits: fields that are unknown, parameters that are missing. */
static size_t misfits(const struct web_form *form, const struct snafu_function *function)
{
	size_t n = 0;

	for (size_t i = 0; i < form->count; i++)
		n += !find_parameter(function, form->fields[i].name);
	for (size_t i = 0; i < function->n_parameters; i++)
		n += snafu_parameter_required(&function->parameters[i]) &&
		     !has_field(form, function->parameters[i].name);
	return n;
}

/* The overload whose types guide the conversion. The language chooses for itself. */
static const struct snafu_function *choose(const struct snafu_pool *pool,
                                           const struct web_form *form,
                                           const struct snafu_function *function)
{
	const struct snafu_function *overloads[OVERLOADS_CAP], *best = function;
	size_t n = snafu_pool_overloads(pool, function, overloads, OVERLOADS_CAP);
	size_t least = SIZE_MAX;

	for (size_t i = 0; i < n && i < OVERLOADS_CAP; i++) {
		size_t misfit = overloads[i]->reason ? SIZE_MAX : misfits(form, overloads[i]);
		if (misfit < least) {
			least = misfit;
			best = overloads[i];
		}
	}
	return best;
}

static int write_value(const struct web_field *field, const struct snafu_shape *shape,
                       struct snafu_buffer *into, struct snafu_error *error)
{
	if (field->file && shape->kind == SNAFU_SHAPE_BYTES) {
		snafu_base64_write_string(into, field->value, field->size);
		return 0;
	}
	if (field->file && (!snafu_utf8_is_valid(field->value, field->size) ||
	                    memchr(field->value, '\0', field->size)))
		return snafu_fail(error, -EINVAL, "the file is not UTF-8 text");
	return snafu_argument_from_text(shape, field->value, field->size, into, error);
}

/* Writes all fields of one name: a lone one as the parameter's shape says,
 * several as an array. Returns 0, or fills ERROR. */
static int write_argument(struct web_form *form, size_t first,
                          const struct snafu_function *function, struct snafu_buffer *into,
                          struct snafu_error *error)
{
	const char *name = form->fields[first].name;
	const struct snafu_parameter *parameter = find_parameter(function, name);
	const struct snafu_shape *shape = snafu_shape_plain(SNAFU_SHAPE_ANY);
	struct snafu_shape rest = {.kind = SNAFU_SHAPE_ARRAY};
	size_t n = 0;
	int code = 0;

	if (!parameter)
		parameter = keywords_of(function);
	if (parameter)
		shape = parameter->shape;
	if (parameter && parameter->kind == SNAFU_PARAMETER_VARIADIC) {
		rest.items = shape;
		shape = &rest;
	}
	for (size_t i = first; i < form->count; i++)
		n += strcmp(form->fields[i].name, name) == 0;
	if (n > 1 && shape->kind == SNAFU_SHAPE_ARRAY && shape->items)
		shape = shape->items;
	else if (n > 1)
		shape = shape->kind == SNAFU_SHAPE_ARRAY ? snafu_shape_plain(SNAFU_SHAPE_ANY) : shape;

	if (n > 1)
		snafu_buffer_append_byte(into, '[');
	for (size_t i = first, written = 0; i < form->count && !code; i++) {
		struct web_field *field = &form->fields[i];
		if (strcmp(field->name, name) != 0)
			continue;
		field->used = true;
		if (written++ > 0)
			snafu_buffer_append_byte(into, ',');
		code = write_value(field, shape, into, error);
	}
	if (n > 1)
		snafu_buffer_append_byte(into, ']');
	return code;
}

/* Marks what write_argument() left over when it failed half-way. */
static void use_up(struct web_form *form, const char *name)
{
	for (size_t i = 0; i < form->count; i++)
		if (strcmp(form->fields[i].name, name) == 0)
			form->fields[i].used = true;
}

static int write_payload(struct web_request *request, struct web_form *form,
                         const struct snafu_function *function, size_t text_size)
{
	struct snafu_buffer json = SNAFU_BUFFER(text_size * JSON_GROWTH + JSON_SLACK);
	struct snafu_argument_problems problems = {.count = 0};
	struct snafu_error error;

	snafu_buffer_append_byte(&json, '{');
	for (size_t i = 0; i < form->count; i++) {
		const char *name = form->fields[i].name;
		if (form->fields[i].used)
			continue;
		if (i > 0)
			snafu_buffer_append_byte(&json, ',');
		snafu_json_write_text(&json, name);
		snafu_buffer_append_byte(&json, ':');
		if (write_argument(form, i, function, &json, &error) < 0) {
			snafu_argument_problem(&problems, name, "%s", error.message);
			use_up(form, name);
		}
	}
	snafu_buffer_append_byte(&json, '}');
	if (problems.count > 0) {
		snafu_argument_problems_fail(&problems, function, &request->call.result);
	} else if (snafu_buffer_failed(&json)) {
		snafu_result_fail(&request->call.result, SNAFU_INTERNAL, "InternalError",
		                  "no memory for the arguments");
	} else {
		request->call.payload_size = json.size;
		request->call.payload = snafu_buffer_take(&json);
		return 0;
	}
	snafu_buffer_done(&json);
	return -EINVAL;
}

static int convert_from(struct web_request *request, enum source source,
                        const struct snafu_pool *pool)
{
	struct snafu_result *result = &request->call.result;
	struct web_form form = {.count = 0};
	const struct snafu_function *function;
	struct snafu_error error;

	/* An unknown name, or one that means several: the call itself will say so. */
	if (snafu_host_meant(request->web->host, pool, request->name, &function, NULL) < 0)
		return 0;
	int code = read_form(request, source, &form, &error);
	if (code < 0)
		snafu_result_fail(result, code == -ENOMEM ? SNAFU_INTERNAL : SNAFU_BAD_ARGUMENTS,
		                  "ArgumentError", "%s", error.message);
	else
		code = write_payload(request, &form, choose(pool, &form, function),
		                     source == QUERY ? WEB_URL_CAP : request->body.size);
	web_form_done(&form);
	return code;
}

static int convert(struct web_request *request, enum source source)
{
	const struct snafu_pool *pool = snafu_host_pool_acquire(request->web->host);
	int code = convert_from(request, source, pool);

	snafu_host_pool_release(pool);
	return code;
}

int web_payload(struct web_request *request, struct web_problem *ret_problem)
{
	struct snafu_call *call = &request->call;
	enum source source = request->lambda ? JSON : find_source(request);

	call->payload = NULL;
	call->payload_size = 0;
	switch (source) {
	case NOTHING: return 0;
	case JSON:
		call->payload_size = request->body.size;
		call->payload = request->body.data;
		request->body = SNAFU_BUFFER(snafu_host_largest_payload(request->web->host));
		return 0;
	case UNSUPPORTED:
		*ret_problem =
			(struct web_problem){.status = 415,
		                         .type = "UnsupportedMediaType",
		                         .message =
		                             "send application/json, application/x-www-form-urlencoded or "
		                             "multipart/form-data"};
		return 1;
	case BOTH:
		*ret_problem = (struct web_problem){
			.status = 400,
			.type = "ArgumentError",
			.message = "give the arguments either in the query string or in the body, not in both"};
		return 1;
	default:
		call->result = (struct snafu_result){.payload = SNAFU_BUFFER(0)};
		return convert(request, source);
	}
}
