/* exporter/connectors/web/lambda.c — Invoke of AWS Lambda's API, so that its clients (boto3, the
 * aws command) call the functions of a host that they are given as their endpoint.
 *
 * Signatures and credentials are not looked at: who may connect may call, as at /invoke. */
#include <string.h>

#include "base/error.h"
#include "base/json.h"
#include "exporter/connectors/web/text.h"
#include "exporter/connectors/web/web.h"
#include "runtime/pool.h"

#define METHODS     "POST, OPTIONS"
#define MESSAGE_CAP (64u << 10) /* bytes of an error's message */

static const char invocations[] = "/invocations", arn_part[] = "function:";

static enum web_route refuse(struct web_request *request, unsigned status, const char *message)
{
	request->problem =
		(struct web_problem){.status = status, .type = "BadRequest", .message = message};
	return WEB_ROUTE_PROBLEM;
}

/* NAME, NAME:QUALIFIER, ACCOUNT:function:NAME, or an ARN: leaves NAME. */
static void keep_name(char *text)
{
	char *part = strstr(text, arn_part), *name = part ? part + strlen(arn_part) : text;
	size_t size = strcspn(name, ":");

	memmove(text, name, size);
	text[size] = '\0';
}

enum web_route web_lambda_route(struct web_request *request, const char *url,
                                const char **ret_methods)
{
	const char *name = url + strlen(WEB_LAMBDA), *end = strstr(name, invocations);

	request->lambda = WEB_LAMBDA_CALL;
	*ret_methods = METHODS;
	if (!end || strcmp(end, invocations) != 0)
		return refuse(request, 404, "of Lambda's API this host has Invoke alone");
	if (web_decode(name, (size_t)(end - name), false, request->name, WEB_NAME_CAP) != WEB_TEXT_OK)
		return refuse(request, 400, "the function's name is too long, or no percent-encoded text");
	keep_name(request->name);
	return WEB_ROUTE_INVOKE;
}

static const struct web_problem bad_kind = {
	.status = 400,
	.type = "BadRequest",
	.message = "X-Amz-Invocation-Type takes RequestResponse, Event or DryRun"};
static const struct web_problem bad_payload = {.status = 400,
                                               .type = "BadRequest",
                                               .lambda = "InvalidRequestContentException",
                                               .message = "the payload is no JSON"};

int web_lambda_begin(struct web_request *request, struct web_problem *ret_problem)
{
	const char *kind = request->headers.invocation_type;
	const struct snafu_buffer *body = &request->body;

	*ret_problem = bad_kind;
	if (!kind || strcmp(kind, "RequestResponse") == 0)
		request->lambda = WEB_LAMBDA_CALL;
	else if (strcmp(kind, "Event") == 0)
		request->lambda = WEB_LAMBDA_EVENT;
	else if (strcmp(kind, "DryRun") == 0)
		request->lambda = WEB_LAMBDA_DRY_RUN;
	else
		return 1;
	*ret_problem = bad_payload;
	if (body->size && snafu_json_validate(body->data, body->size, NULL) < 0)
		return 1;
	request->call.asynchronous = request->lambda == WEB_LAMBDA_EVENT;
	return 0;
}

void web_lambda_look(struct web_request *request)
{
	const struct snafu_pool *pool = snafu_host_pool_acquire(request->web->host);
	const struct snafu_function *found;
	struct snafu_error error;

	request->call.result = (struct snafu_result){.status = SNAFU_OK};
	if (snafu_host_meant(request->web->host, pool, request->name, &found, &error) < 0)
		snafu_result_fail(&request->call.result, SNAFU_UNKNOWN_FUNCTION, "UnknownFunction", "%s",
		                  error.message);
	snafu_host_pool_release(pool);
	snafu_request_id(request->call.request_id);
}

/* ---- answers ----------------------------------------------------------------------- */

unsigned web_lambda_status(const struct web_request *request)
{
	static const unsigned fine[] = {
		[WEB_LAMBDA_CALL] = 200, [WEB_LAMBDA_EVENT] = 202, [WEB_LAMBDA_DRY_RUN] = 204};

	switch (request->call.result.status) {
	case SNAFU_OK: return fine[request->lambda];
	case SNAFU_UNKNOWN_FUNCTION: return 404;
	case SNAFU_TOO_LARGE: return 413;
	case SNAFU_OVER_LIMIT: return 429;
	case SNAFU_UNAVAILABLE:
	case SNAFU_CANCELLED:
	case SNAFU_INTERNAL: return 500;
	default: return 200; /* the function's own failure */
	}
}

const char *web_lambda_error(const struct web_problem *problem)
{
	if (problem->lambda)
		return problem->lambda;
	switch (problem->status) {
	case 403: return "AccessDeniedException";
	case 404: return "ResourceNotFoundException";
	case 413: return "RequestTooLargeException";
	case 429: return "TooManyRequestsException";
	default: return problem->status >= 500 ? "ServiceException" : "InvalidParameterValueException";
	}
}

void web_lambda_write_error(struct snafu_result *result)
{
	struct snafu_buffer message = SNAFU_BUFFER(MESSAGE_CAP), error = SNAFU_BUFFER(8 * MESSAGE_CAP);

	snafu_result_read_error(result->payload.data, result->payload.size, "errorMessage", &message);
	snafu_buffer_append_text(&error, "{\"Type\":\"User\",\"Message\":");
	snafu_json_write_string(&error, message.data ? message.data : "", message.size);
	snafu_buffer_append_byte(&error, '}');
	snafu_buffer_done(&message);
	snafu_buffer_done(&result->payload);
	result->payload = error;
}
