/* exporter/connectors/web/http.c — functions that are called with HTTP requests and answer with
 * HTTP replies (scanner/convention.h). The request becomes one message, which is the call's
 * payload:
 *
 *     POST /rest/of/path?query HTTP/1.1\r\nHost: ...\r\n\r\nbody
 *
 * and the result is one as well (base/http_message.h). JSON begins with neither, so nobody
 * between door and function has to know. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/error.h"
#include "base/http_message.h"
#include "exporter/connectors/web/text.h"
#include "exporter/connectors/web/web.h"
#include "runtime/pool.h"
#include "scanner/convention.h"

#define HEAD_CAP (2 * WEB_CONNECTION_MEMORY + WEB_URL_CAP)

static bool is_known_method(const char *method)
{
	static const char *const methods[] = {"GET",   "POST", "PUT",     "DELETE",
	                                      "PATCH", "HEAD", "OPTIONS", NULL};

	for (size_t i = 0; methods[i]; i++)
		if (strcmp(methods[i], method) == 0)
			return true;
	return false;
}

/* Whether the function called NAME (SIZE bytes, percent-encoded) is such a one. */
static bool is_http(struct web_request *request, const char *name, size_t size)
{
	const struct snafu_function *function;
	bool http = false;

	if (web_decode(name, size, false, request->name, WEB_NAME_CAP))
		return false;
	const struct snafu_pool *pool = snafu_host_pool_acquire(request->web->host);
	if (snafu_host_meant(request->web->host, pool, request->name, &function, NULL) == 0)
		http = snafu_convention_is_http(function);
	snafu_host_pool_release(pool);
	return http;
}

bool web_http_wanted(struct web_request *request, const char *url, const char *method)
{
	const char *name = url + strlen(WEB_INVOKE);
	size_t size = strcspn(name, "/");

	/* What another Snafu sends on is a message already. */
	if (request->web->address.path && request->headers.forward)
		return false;
	if (!is_known_method(method) || !is_http(request, name, size))
		return false;
	request->method = method;
	request->rest = name + size;
	request->url = url;
	return true;
}

/* ---- the request ------------------------------------------------------------------- */

/* No byte of a request may end a line of the message. */
static void append_line_text(struct snafu_buffer *into, const char *text, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		unsigned char byte = (unsigned char)text[i];

		snafu_buffer_append_byte(into, byte < 0x20 || byte == 0x7F ? ' ' : (char)byte);
	}
}

struct query {
	struct snafu_buffer *into;
	size_t count;
};

/* MHD has turned each + into a space; all else is as it came. */
static enum MHD_Result append_parameter(void *state, enum MHD_ValueKind kind, const char *key,
                                        size_t key_size, const char *value, size_t value_size)
{
	struct query *query = state;

	(void)kind;
	snafu_buffer_append_byte(query->into, query->count++ ? '&' : '?');
	for (int part = 0; part < 2; part++) {
		const char *text = part ? value : key;
		size_t size = part ? value_size : key_size;

		if (part && value)
			snafu_buffer_append_byte(query->into, '=');
		for (size_t i = 0; text && i < size; i++) {
			unsigned char byte = (unsigned char)text[i];

			snafu_buffer_append_byte(query->into, byte <= 0x20 || byte == 0x7F ? '+' : (char)byte);
		}
	}
	return MHD_YES;
}

static enum MHD_Result append_header(void *state, enum MHD_ValueKind kind, const char *key,
                                     size_t key_size, const char *value, size_t value_size)
{
	struct snafu_buffer *into = state;

	(void)kind;
	if (snafu_http_is_of_connection(key, key_size) || strcasecmp(key, WEB_FORWARD_HEADER) == 0 ||
	    strcasecmp(key, WEB_PREFIX_HEADER) == 0 || strcasecmp(key, "expect") == 0)
		return MHD_YES;
	append_line_text(into, key, key_size);
	snafu_buffer_append_text(into, ": ");
	append_line_text(into, value ? value : "", value ? value_size : 0);
	snafu_buffer_append_text(into, "\r\n");
	return MHD_YES;
}

static void append_target(const struct web_request *request, struct snafu_buffer *into)
{
	const char *path = *request->rest ? request->rest : "/";
	struct query query = {.into = into};

	append_line_text(into, path, strlen(path));
	MHD_get_connection_values_n(request->connection, MHD_GET_ARGUMENT_KIND, append_parameter,
	                            &query);
}

int web_http_payload(struct web_request *request)
{
	struct snafu_call *call = &request->call;
	struct snafu_buffer message = SNAFU_BUFFER(HEAD_CAP + request->body.size);

	call->payload = NULL;
	call->payload_size = 0;
	snafu_buffer_format(&message, "%s ", request->method);
	append_target(request, &message);
	snafu_buffer_append_text(&message, " HTTP/1.1\r\n");
	MHD_get_connection_values_n(request->connection, MHD_HEADER_KIND, append_header, &message);
	snafu_buffer_append_text(&message, WEB_PREFIX_HEADER ": ");
	append_line_text(&message, request->url, (size_t)(request->rest - request->url));
	snafu_buffer_format(&message, "\r\nContent-Length: %zu\r\n\r\n", request->body.size);
	snafu_buffer_append(&message, request->body.data, request->body.size);
	if (snafu_buffer_failed(&message)) {
		call->result = (struct snafu_result){.payload = SNAFU_BUFFER(0)};
		snafu_result_fail(&call->result, SNAFU_INTERNAL, "InternalError",
		                  "no memory for the request");
		snafu_buffer_done(&message);
		return -ENOMEM;
	}
	snafu_buffer_done(&request->body);
	request->body = SNAFU_BUFFER(snafu_host_largest_payload(request->web->host));
	call->payload_size = message.size;
	call->payload = snafu_buffer_take(&message);
	return 0;
}

/* ---- the reply --------------------------------------------------------------------- */

static bool has_header(const struct snafu_http_reply *reply, const char *name)
{
	for (size_t i = 0; i < reply->n_headers; i++)
		if (strcasecmp(reply->headers[i].name, name) == 0)
			return true;
	return false;
}

/* What the host says of the call is not the function's to say. */
static bool is_ours(const char *name)
{
	return strncasecmp(name, "x-snafu-", 8) == 0;
}

struct MHD_Response *web_http_response(struct snafu_result *result, unsigned *ret_status)
{
	struct snafu_http_reply reply;
	struct snafu_error error;
	char *bytes = result->payload.data;

	if (result->status != SNAFU_OK ||
	    !snafu_http_is_reply(bytes ? bytes : "", result->payload.size))
		return NULL;
	if (snafu_http_reply_read(bytes, result->payload.size, &reply, &error)) {
		snafu_result_fail(result, SNAFU_BAD_RESULT, "BadReply", "%s", error.message);
		return NULL;
	}
	if (reply.status == 204 || reply.status == 304)
		reply.body_size = 0;
	struct MHD_Response *response =
		MHD_create_response_from_buffer_with_free_callback_cls(reply.body_size, (void *)reply.body,
	                                                           free, bytes);
	if (!response)
		return NULL;
	result->payload = SNAFU_BUFFER(0); /* the response has it */
	for (size_t i = 0; i < reply.n_headers; i++)
		if (!is_ours(reply.headers[i].name))
			MHD_add_response_header(response, reply.headers[i].name, reply.headers[i].value);
	if (reply.body_size && !has_header(&reply, "content-type"))
		MHD_add_response_header(response, "Content-Type", "application/octet-stream");
	*ret_status = reply.status;
	return response;
}
