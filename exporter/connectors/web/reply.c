/* exporter/connectors/web/reply.c — replies: status, headers, and bytes that are
 * handed to MHD without a copy. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>

#include "base/base64.h"
#include "base/json.h"
#include "exporter/connectors/web/web.h"
#include "runtime/pool.h"

#define JSON             "application/json"
#define NONCE_SIZE       22 /* characters: 128 random bits in 6 each, with some to spare */
#define PAGE_CAP         (4u << 20)
#define WEB_LOCATION_CAP 64 /* bytes of a Location header */

static const char console_page[] =
#include "exporter/connectors/web/console.inc"
	;

struct reply {
	unsigned status;
	const char *type; /* NULL: no body */
	char *bytes; /* taken when `mode` says so */
	size_t size;
	enum MHD_ResponseMemoryMode mode;
	struct web_document *document; /* instead of `bytes` */
	struct MHD_Response *response; /* instead of both, and of `type` */
	const char *headers[8][2]; /* up to the first NULL */
};

/* A kept document may be replaced while a slow client still reads it. */
static struct MHD_Response *make_response(const struct reply *reply)
{
	if (reply->response)
		return reply->response;
	if (!reply->document)
		return MHD_create_response_from_buffer(reply->size, reply->bytes, reply->mode);
	struct web_document *document = web_document_ref(reply->document);
	struct MHD_Response *response =
		MHD_create_response_from_buffer_with_free_callback_cls(document->size, document->bytes,
	                                                           web_document_unref, document);
	if (!response)
		web_document_unref(document);
	return response;
}

static enum MHD_Result queue(struct web_request *request, const struct reply *reply)
{
	struct web *web = request->web;
	struct MHD_Response *response = make_response(reply);

	if (!response && !reply->document) {
		if (reply->mode == MHD_RESPMEM_MUST_FREE)
			free(reply->bytes);
	}
	if (!response)
		return MHD_NO;
	if (reply->type)
		MHD_add_response_header(response, "Content-Type", reply->type);
	MHD_add_response_header(response, "X-Snafu-Request-Id", request->call.request_id);
	for (size_t i = 0; i < sizeof reply->headers / sizeof *reply->headers; i++) {
		if (!reply->headers[i][0])
			break;
		MHD_add_response_header(response, reply->headers[i][0], reply->headers[i][1]);
	}
	if (atomic_load_explicit(&web->stopping, memory_order_relaxed))
		MHD_add_response_header(response, "Connection", "close");
	web_request_enter(request, WEB_REPLYING);
	request->reply_until = web->now + web->idle_timeout + reply->size / WEB_REPLY_RATE;
	enum MHD_Result queued = MHD_queue_response(request->connection, reply->status, response);
	MHD_destroy_response(response);
	return queued;
}

static unsigned http_status(enum snafu_status status)
{
	switch (status) {
	case SNAFU_OK: return 200;
	case SNAFU_BAD_ARGUMENTS: return 400;
	case SNAFU_UNKNOWN_FUNCTION: return 404;
	case SNAFU_TOO_LARGE: return 413;
	case SNAFU_OVER_LIMIT: return 429;
	case SNAFU_RAISED:
	case SNAFU_BAD_RESULT:
	case SNAFU_LOAD_FAILED:
	case SNAFU_INTERNAL: return 500;
	case SNAFU_DIED: return 502;
	case SNAFU_UNAVAILABLE: return 503;
	case SNAFU_DEADLINE: return 504;
	case SNAFU_CANCELLED: return 499; /* no code of a standard; nginx's */
	}
	return 500;
}

/* Adds the near names to the error object of an unknown function. */
static void suggest(struct web_request *request)
{
	struct snafu_buffer *payload = &request->call.result.payload;
	const char *near[SNAFU_POOL_NEAR_CAP];

	if (payload->size == 0 || payload->data[payload->size - 1] != '}')
		return;
	const struct snafu_pool *pool = snafu_host_pool_acquire(request->web->host);
	size_t n = snafu_pool_near(pool, request->name, near, SNAFU_POOL_NEAR_CAP);
	payload->data[--payload->size] = '\0';
	snafu_buffer_append_text(payload, ",\"suggestions\":[");
	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			snafu_buffer_append_byte(payload, ',');
		snafu_json_write_text(payload, near[i]);
	}
	snafu_host_pool_release(pool);
	snafu_buffer_append_text(payload, "]}");
}

static const char *write_location(char location[WEB_LOCATION_CAP], const char *id)
{
	snprintf(location, WEB_LOCATION_CAP, "/calls/%s", id);
	return location;
}

/* What the queue could not do. */
static enum MHD_Result reply_refusal(struct web_request *request,
                                     const struct snafu_queue_order *order)
{
	static const struct {
		int code;
		unsigned status;
		const char *type;
	} refusals[] = {
		{-ENOENT, 404, "UnknownCall"},
		{-EBUSY, 409, "Conflict"},
		{-EINVAL, 400, "BadRequest"},
		{0, 503, "Unavailable"}, /* all others */
	};
	struct web_problem problem = {.message = order->error.message};
	size_t at = 0;

	while (refusals[at].code && refusals[at].code != order->code)
		at++;
	problem.status = refusals[at].status;
	problem.type = refusals[at].type;
	return web_reply_problem(request, &problem);
}

/* What the queue has answered. */
static enum MHD_Result reply_answer(struct web_request *request)
{
	struct snafu_queue_order *order = &request->order;
	bool redriven = order->verb == SNAFU_QUEUE_REDRIVE && order->id;
	char wait[16], location[WEB_LOCATION_CAP];
	struct reply reply = {
		.status = redriven ? 202 : 200,
		.type = JSON,
		.size = order->reply.size,
		.mode = MHD_RESPMEM_MUST_FREE,
		.headers = {{"Cache-Control", "no-store"}},
	};

	request->asking = false;
	if (order->code) {
		snafu_buffer_done(&order->reply);
		return reply_refusal(request, order);
	}
	reply.bytes = snafu_buffer_take(&order->reply);
	if (order->verb == SNAFU_QUEUE_FORGET) {
		reply.status = 204;
		reply.type = NULL;
	} else if (redriven) {
		reply.headers[1][0] = "Location";
		reply.headers[1][1] = write_location(location, order->id);
	} else if (order->retry_after) {
		snprintf(wait, sizeof wait, "%u", order->retry_after);
		reply.headers[1][0] = "Retry-After";
		reply.headers[1][1] = wait;
	}
	return queue(request, &reply);
}

static void add_header(struct reply *reply, const char *name, const char *value)
{
	size_t at = 0;

	while (reply->headers[at][0])
		at++;
	reply->headers[at][0] = name;
	reply->headers[at][1] = value;
}

/* The end of what the function printed, for who asked for it. The bytes may be any. */
static void tail_of_log(struct web_request *request, struct snafu_buffer *into)
{
	const struct snafu_buffer *log = &request->call.result.log;
	size_t skip = log->size > WEB_LOG_TAIL ? log->size - WEB_LOG_TAIL : 0;

	const char *wanted = request->lambda ? request->headers.log_type : request->headers.log;

	if (wanted && strcasecmp(wanted, "tail") == 0)
		snafu_base64_write(into, log->data + skip, log->size - skip);
}

static enum MHD_Result reply_lambda(struct web_request *request)
{
	struct snafu_result *result = &request->call.result;
	struct snafu_buffer log = SNAFU_BUFFER(2 * WEB_LOG_TAIL);
	struct reply reply = {
		.status = web_lambda_status(request),
		.mode = MHD_RESPMEM_MUST_FREE,
		.headers = {{"x-amzn-RequestId", request->call.request_id}},
	};

	if (reply.status >= 400) {
		const struct web_problem problem = {.status = reply.status};

		add_header(&reply, "x-amzn-ErrorType", web_lambda_error(&problem));
		web_lambda_write_error(result);
	} else if (reply.status == 200) {
		add_header(&reply, "X-Amz-Executed-Version", "$LATEST");
		if (result->status != SNAFU_OK)
			add_header(&reply, "X-Amz-Function-Error", "Unhandled");
		tail_of_log(request, &log);
		if (log.size)
			add_header(&reply, "X-Amz-Log-Result", log.data);
	}
	if (reply.status != 202 && reply.status != 204) {
		reply.type = JSON;
		reply.bytes = result->payload.data;
		reply.size = result->payload.size;
		result->payload = SNAFU_BUFFER(0);
	}
	snafu_result_done(result);
	enum MHD_Result queued = queue(request, &reply);
	snafu_buffer_done(&log);
	return queued;
}

enum MHD_Result web_reply_result(struct web_request *request)
{
	struct snafu_result *result = &request->call.result;
	char location[WEB_LOCATION_CAP];

	if (request->asking)
		return reply_answer(request);
	if (request->lambda)
		return reply_lambda(request);
	if (result->status == SNAFU_UNKNOWN_FUNCTION)
		suggest(request);
	unsigned status = 0;
	size_t size = result->payload.size;
	struct MHD_Response *response =
		request->http && !request->call.asynchronous ? web_http_response(result, &status) : NULL;
	struct reply reply = {
		.status = response ? status : http_status(result->status),
		.type = response ? NULL : JSON,
		.bytes = result->payload.data,
		.size = response ? size : result->payload.size,
		.mode = MHD_RESPMEM_MUST_FREE,
		.response = response,
	};
	if (!response && reply.status == 200 && request->call.asynchronous) {
		reply.status = 202;
		reply.headers[0][0] = "Location";
		reply.headers[0][1] = write_location(location, request->call.request_id);
		reply.headers[1][0] = "Preference-Applied";
		reply.headers[1][1] = "respond-async";
	}
	if (!response && (reply.status == 429 || reply.status == 503)) {
		reply.headers[0][0] = "Retry-After";
		reply.headers[0][1] = "1";
	}
	struct snafu_buffer log = SNAFU_BUFFER(2 * WEB_LOG_TAIL);
	tail_of_log(request, &log);
	if (log.size)
		add_header(&reply, "X-Snafu-Log-Result", log.data);
	char outcome[WEB_OUTCOME_SIZE];
	if (request->web->address.path) {
		web_outcome_write(result, outcome);
		add_header(&reply, WEB_OUTCOME_HEADER, outcome);
	}
	if (!reply.response)
		result->payload = SNAFU_BUFFER(0);
	enum MHD_Result queued = queue(request, &reply);
	snafu_buffer_done(&log);
	return queued;
}

enum MHD_Result web_reply_problem(struct web_request *request, const struct web_problem *problem)
{
	struct snafu_result result = {.payload = SNAFU_BUFFER(0)};
	struct reply reply = {.status = problem->status, .mode = MHD_RESPMEM_PERSISTENT};

	snafu_request_id(request->call.request_id);
	if (problem->type) {
		snafu_result_fail(&result, SNAFU_INTERNAL, problem->type, "%s", problem->message);
		if (request->lambda) {
			web_lambda_write_error(&result);
			add_header(&reply, "x-amzn-ErrorType", web_lambda_error(problem));
			add_header(&reply, "x-amzn-RequestId", request->call.request_id);
		}
		reply.type = JSON;
		reply.bytes = result.payload.data;
		reply.size = result.payload.size;
		reply.mode = MHD_RESPMEM_MUST_FREE;
	}
	if (problem->status == 503)
		add_header(&reply, "Retry-After", "1");
	if (problem->allow)
		add_header(&reply, "Allow", problem->allow);
	return queue(request, &reply);
}

enum MHD_Result web_reply_bytes(struct web_request *request, const char *type, const char *bytes,
                                size_t size, enum MHD_ResponseMemoryMode mode)
{
	const struct reply reply = {
		.status = 200,
		.type = type,
		.bytes = (char *)bytes,
		.size = size,
		.mode = mode,
		.headers = {{"X-Content-Type-Options", "nosniff"}, {"Cache-Control", "no-cache"}},
	};

	snafu_request_id(request->call.request_id);
	return queue(request, &reply);
}

enum MHD_Result web_reply_document(struct web_request *request, struct web_document *document)
{
	const char *known = request->headers.if_none_match;
	struct reply reply = {
		.status = 200,
		.type = JSON,
		.size = document->size,
		.document = document,
		.headers = {{"X-Content-Type-Options", "nosniff"},
	                {"Cache-Control", "no-cache"},
	                {"ETag", document->etag}},
	};

	snafu_request_id(request->call.request_id);
	if (known && (strcmp(known, "*") == 0 || strstr(known, document->etag))) {
		reply.status = 304;
		reply.type = NULL;
	}
	return queue(request, &reply);
}

/* Characters that nobody can foresee, from an alphabet that needs no escaping. */
static bool make_nonce(char nonce[NONCE_SIZE + 1])
{
	static const char letters[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	unsigned char random[NONCE_SIZE];

	if (getrandom(random, sizeof random, 0) != sizeof random)
		return false;
	for (size_t i = 0; i < NONCE_SIZE; i++)
		nonce[i] = letters[random[i] & 63];
	nonce[NONCE_SIZE] = '\0';
	return true;
}

/* The page's own script and style carry a nonce, and nothing else may run. */
enum MHD_Result web_reply_console(struct web_request *request)
{
	static const char mark[] = "%NONCE%";
	struct snafu_buffer page = SNAFU_BUFFER(PAGE_CAP);
	char nonce[NONCE_SIZE + 1], policy[320];
	const char *at = console_page, *next;

	if (!make_nonce(nonce))
		return MHD_NO;
	for (; (next = strstr(at, mark)) != NULL; at = next + strlen(mark)) {
		snafu_buffer_append(&page, at, (size_t)(next - at));
		snafu_buffer_append_text(&page, nonce);
	}
	snafu_buffer_append_text(&page, at);
	if (snafu_buffer_failed(&page)) {
		snafu_buffer_done(&page);
		return MHD_NO;
	}
	snprintf(policy, sizeof policy,
	         "default-src 'none'; script-src 'nonce-%s'; style-src 'nonce-%s'; connect-src 'self'; "
	         "img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
	         nonce, nonce);
	struct reply reply = {
		.status = 200,
		.type = "text/html; charset=utf-8",
		.size = page.size,
		.mode = MHD_RESPMEM_MUST_FREE,
		.headers = {{"Content-Security-Policy", policy},
	                {"X-Content-Type-Options", "nosniff"},
	                {"Referrer-Policy", "no-referrer"},
	                {"Cache-Control", "no-store"}},
	};
	reply.bytes = snafu_buffer_take(&page);
	snafu_request_id(request->call.request_id);
	return queue(request, &reply);
}
