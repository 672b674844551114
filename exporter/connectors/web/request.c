/* exporter/connectors/web/request.c — MHD's access handler, and the ends of calls.
 *
 * MHD asks the handler once when it has a request's headers, once for every
 * piece of its body, and then again and again until a reply is queued. A call is
 * submitted at the first of these last times, and most have ended when the
 * leader comes back from it: their replies are queued from web_deliver() and
 * the connection never leaves MHD's hands. Only when the handler is asked
 * about a call that still runs (another thread leads by then), the connection is
 * suspended: that costs five system calls, which quick calls do not pay. */
#include <errno.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include "exporter/connectors/web/text.h"
#include "exporter/connectors/web/web.h"

#define METHODS_INVOKE "GET, POST, OPTIONS"
#define METHODS_READ   "GET, HEAD, OPTIONS"

static enum web_route problem(struct web_request *request, unsigned status, const char *type,
                              const char *message)
{
	request->problem = (struct web_problem){.status = status, .type = type, .message = message};
	return WEB_ROUTE_PROBLEM;
}

static enum MHD_Result gather(void *state, enum MHD_ValueKind kind, const char *key,
                              size_t key_size, const char *value, size_t value_size)
{
	struct web_headers *headers = state;
	const char **slot = NULL;

	(void)kind;
	(void)value_size;
	/* By length first: few headers get as far as a comparison. */
	switch (key_size) {
	case 4: slot = strcasecmp(key, "host") == 0 ? &headers->host : NULL; break;
	case 6:
		slot = strcasecmp(key, "origin") == 0 ? &headers->origin : NULL;
		if (strcasecmp(key, "prefer") == 0 && value && web_prefers_async(value))
			headers->respond_async = true;
		break;
	case 7: slot = strcasecmp(key, "referer") == 0 ? &headers->referer : NULL; break;
	case 11: slot = strcasecmp(key, "x-snafu-log") == 0 ? &headers->log : NULL; break;
	case 12: slot = strcasecmp(key, "content-type") == 0 ? &headers->content_type : NULL; break;
	case 13: slot = strcasecmp(key, "if-none-match") == 0 ? &headers->if_none_match : NULL; break;
	case 14:
		slot = strcasecmp(key, "content-length") == 0   ? &headers->content_length
		       : strcasecmp(key, "sec-fetch-site") == 0 ? &headers->fetch_site
		       : strcasecmp(key, "x-snafu-tenant") == 0 ? &headers->tenant
		       : strcasecmp(key, "x-amz-log-type") == 0 ? &headers->log_type
		                                                : NULL;
		break;
	case 15: slot = strcasecmp(key, WEB_FORWARD_HEADER) == 0 ? &headers->forward : NULL; break;
	case 16: slot = strcasecmp(key, "x-snafu-executor") == 0 ? &headers->executor : NULL; break;
	case 17:
		slot = strcasecmp(key, "transfer-encoding") == 0 ? &headers->transfer_encoding : NULL;
		break;
	case 20:
		slot = strcasecmp(key, WEB_CLIENT_HEADER) == 0 ? &headers->client_context : NULL;
		break;
	case 21:
		slot = strcasecmp(key, "x-amz-invocation-type") == 0 ? &headers->invocation_type : NULL;
		break;
	}
	if (!slot)
		return MHD_YES;
	headers->repeated = headers->repeated || *slot;
	*slot = value ? value : "";
	return MHD_YES;
}

/* What the headers alone rule out. 0, or WEB_ROUTE_PROBLEM. */
static int check_headers(struct web_request *request, const char *version, bool landing)
{
	const struct web_headers *headers = &request->headers;
	const struct web *web = request->web;

	if (headers->repeated)
		return problem(request, 400, "BadRequest", "a header that may come once came twice");
	if (headers->log && strcasecmp(headers->log, "tail") != 0 &&
	    strcasecmp(headers->log, "none") != 0)
		return problem(request, 400, "BadRequest", "X-Snafu-Log takes tail or none");
	if (headers->tenant && !web->choose_tenant)
		return problem(request, 400, "BadRequest",
		               "this host does not let callers say whose call it is ([web] choose-tenant)");
	if (headers->tenant && strlen(headers->tenant) > WEB_TENANT_CAP)
		return problem(request, 400, "BadRequest", "X-Snafu-Tenant is too long");
	if (headers->transfer_encoding && headers->content_length)
		return problem(request, 400, "BadRequest",
		               "Transfer-Encoding and Content-Length exclude each other");
	if (headers->transfer_encoding && strcasecmp(headers->transfer_encoding, "chunked") != 0)
		return problem(request, 501, "NotImplemented",
		               "no Transfer-Encoding but chunked is understood");
	if (!headers->host && strcmp(version, MHD_HTTP_VERSION_1_0) != 0)
		return problem(request, 400, "BadRequest", "the Host header is missing");
	if (headers->host && !web_host_allowed(headers->host, &web->address))
		return problem(request, 403, "Forbidden",
		               "this server listens for its own machine only, and the Host header names "
		               "another one; use localhost, or listen elsewhere with -L ADDRESS:PORT");
	if (!landing && web_cross_site(headers))
		return problem(request, 403, "Forbidden",
		               "a web page of another site may not use this server");
	return 0;
}

/* The route and its methods, by path. */
static enum web_route find_route(struct web_request *request, const char *url, const char *method,
                                 const char **ret_methods)
{
	static const struct {
		const char *path;
		enum web_route route;
	} paths[] = {
		{"/", WEB_ROUTE_CONSOLE},
		{"/functions", WEB_ROUTE_FUNCTIONS},
		{"/openapi.json", WEB_ROUTE_OPENAPI},
		{"/metrics", WEB_ROUTE_METRICS},
		{"/healthz", WEB_ROUTE_HEALTH},
	};
	const char *name = NULL;
	enum web_route route = WEB_ROUTE_INVOKE;

	*ret_methods = METHODS_READ;
	request->name[0] = '\0';
	if (strncmp(url, WEB_INVOKE, strlen(WEB_INVOKE)) == 0) {
		if (snafu_host_speaks_http(request->web->host) && web_http_wanted(request, url, method)) {
			request->http = true;
			*ret_methods = method;
			return WEB_ROUTE_INVOKE;
		}
		name = url + strlen(WEB_INVOKE);
		*ret_methods = METHODS_INVOKE;
	} else if (strncmp(url, "/functions/", 11) == 0) {
		name = url + 11;
		route = WEB_ROUTE_FUNCTIONS;
	}
	if (strncmp(url, WEB_LAMBDA, strlen(WEB_LAMBDA)) == 0)
		return web_lambda_route(request, url, ret_methods);
	if (strncmp(url, "/calls", 6) == 0 && (url[6] == '/' || !url[6]))
		return web_calls_route(request, url, ret_methods);
	if (name) {
		switch (web_decode(name, strlen(name), false, request->name, WEB_NAME_CAP)) {
		case WEB_TEXT_TOO_LONG:
			return problem(request, 414, "BadRequest", "the function's name is too long");
		case WEB_TEXT_BAD:
			return problem(request, 400, "BadRequest",
			               "the function's name is not percent-encoded UTF-8 text");
		default: return route;
		}
	}
	for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
		if (strcmp(url, paths[i].path) == 0)
			return paths[i].route;
	return problem(request, 404, "NotFound",
	               "there is nothing here; functions are called at /invoke/NAME and listed at "
	               "/functions, the console is at /");
}

static bool listed(const char *method, const char *methods)
{
	size_t size = strlen(method);
	const char *at = strstr(methods, method);

	return at && (at == methods || at[-1] == ' ') && (at[size] == ',' || at[size] == '\0');
}

static enum web_route choose(struct web_request *request, const char *url, const char *method,
                             const char *version)
{
	const char *methods;
	enum web_route route = find_route(request, url, method, &methods);
	bool landing = route == WEB_ROUTE_CONSOLE || route == WEB_ROUTE_HEALTH;

	if (check_headers(request, version, landing))
		return WEB_ROUTE_PROBLEM;
	if (route == WEB_ROUTE_PROBLEM)
		return route;
	if (!listed(method, methods)) {
		problem(request, 405, "MethodNotAllowed", "the Allow header lists what this path takes");
		request->problem.allow = methods;
		return WEB_ROUTE_PROBLEM;
	}
	if (strcmp(method, "OPTIONS") == 0 && !request->http) {
		problem(request, 204, NULL, NULL);
		request->problem.allow = methods;
		return WEB_ROUTE_OPTIONS;
	}
	request->head = strcmp(method, "HEAD") == 0;
	request->forget = strcmp(method, "DELETE") == 0;
	if (atomic_load_explicit(&request->web->stopping, memory_order_relaxed))
		return problem(request, 503, "Unavailable", "the host is stopping");
	return route;
}

static enum web_route too_large(struct web_request *request)
{
	return problem(request, 413, "PayloadTooLarge",
	               "the body is larger than any function here takes ([limits] payload-size)");
}

/* The headers are there. Replies are held back until the body is, too, since one
 * that comes earlier makes MHD close the connection; but nobody sends us a body
 * that is too large. */
static enum MHD_Result begin(struct web_request *request, const char *url, const char *method,
                             const char *version)
{
	struct web *web = request->web;
	uint64_t announced;

	web_read_clock(web); /* MHD has slept until now */
	request->headers = (struct web_headers){.host = NULL};
	request->body.cap = snafu_host_largest_payload(web->host);
	request->head = request->http = false;
	request->lambda = WEB_LAMBDA_NOT;
	MHD_get_connection_values_n(request->connection, MHD_HEADER_KIND, gather, &request->headers);
	if (strlen(url) > WEB_URL_CAP)
		request->route = problem(request, 414, "BadRequest", "the path is too long");
	else
		request->route = choose(request, url, method, version);
	/* Where such a body ends is not sure: nothing more is read from this client. */
	if (request->route == WEB_ROUTE_PROBLEM &&
	    (request->headers.transfer_encoding || request->headers.repeated)) {
		request->refused = true;
		return web_reply_problem(request, &request->problem);
	}
	if (!request->headers.content_length)
		return MHD_YES;
	if (web_parse_size(request->headers.content_length, &announced) < 0 ||
	    announced > request->body.cap) {
		request->route = too_large(request);
		request->refused = true;
		return web_reply_problem(request, &request->problem);
	}
	return MHD_YES;
}

/* A piece of the body. Of a body that is not wanted nothing is kept. */
static enum MHD_Result receive(struct web_request *request, const char *upload, size_t *upload_size)
{
	size_t size = *upload_size;

	*upload_size = 0;
	request->progress += size;
	if (request->progress >= WEB_PROGRESS) {
		request->progress = 0;
		web_request_enter(request, WEB_WAITING); /* the clock starts anew */
	}
	if (request->route != WEB_ROUTE_INVOKE)
		return MHD_YES;
	switch (snafu_buffer_append(&request->body, upload, size)) {
	case 0: return MHD_YES;
	case -EMSGSIZE: /* sent in chunks: the size was not announced */
		request->route = too_large(request);
		snafu_buffer_done(&request->body);
		return MHD_YES;
	default: return MHD_NO;
	}
}

void web_call_over(struct web_request *request)
{
	struct web *web = request->web;

	request->next_finished = atomic_load_explicit(&web->finished, memory_order_relaxed);
	while (!atomic_compare_exchange_weak(&web->finished, &request->next_finished, request))
		continue;
	/* The leader sets `waiting` and then looks at the stack; we do it the other
	 * way round; so one of us notices. */
	if (atomic_load(&web->waiting) && atomic_exchange(&web->waiting, false))
		web->event_loop.wake(web);
}

/* Any thread. */
static void finished(struct snafu_call *call)
{
	web_call_over(call->state);
}

static enum MHD_Result invoke(struct web_request *request)
{
	struct web *web = request->web;
	struct snafu_call *call = &request->call;
	char client_context[WEB_CLIENT_CAP];

	call->function = request->name;
	call->trigger = "http";
	call->executor = request->headers.executor;
	call->asynchronous = request->headers.respond_async;
	/* These are the last request's. */
	call->request_id[0] = '\0';
	call->tenant = request->headers.tenant;
	call->client_context = NULL;
	call->caller = NULL;
	call->deadline = 0;
	if (web->address.path && request->headers.forward &&
	    web_forward_read(request->headers.forward, &request->forward, call)) {
		problem(request, 400, "BadRequest", WEB_FORWARD_HEADER " is not as it should be");
		return web_reply_problem(request, &request->problem);
	}
	if (request->headers.client_context) {
		if (web_client_context_read(request->headers.client_context, client_context)) {
			problem(request, 400, "BadRequest", WEB_CLIENT_HEADER " is no JSON object in base64");
			return web_reply_problem(request, &request->problem);
		}
		call->client_context = client_context;
	}
	if (request->lambda && web_lambda_begin(request, &request->problem))
		return web_reply_problem(request, &request->problem);
	if (request->lambda == WEB_LAMBDA_DRY_RUN) {
		web_lambda_look(request);
		return web_reply_result(request);
	}
	/* Last: what it makes of the body is the call's, which must then be made. */
	int code = request->http ? web_http_payload(request) : web_payload(request, &request->problem);
	if (code > 0)
		return web_reply_problem(request, &request->problem);
	if (code < 0) {
		snafu_request_id(call->request_id);
		return web_reply_result(request);
	}
	call->finished = finished;
	call->state = request;
	request->running = true;
	request->turn = web->turn;
	web_request_enter(request, WEB_CALLING);
	snafu_host_submit(web->host, call);
	return MHD_YES;
}

/* The request is complete. */
static enum MHD_Result act(struct web_request *request)
{
	switch (request->route) {
	case WEB_ROUTE_INVOKE: return invoke(request);
	case WEB_ROUTE_CALLS:
	case WEB_ROUTE_CALL:
	case WEB_ROUTE_REDRIVE: return web_ask_queue(request);
	case WEB_ROUTE_FUNCTIONS: return web_reply_functions(request);
	case WEB_ROUTE_OPENAPI: return web_reply_openapi(request);
	case WEB_ROUTE_METRICS: return web_reply_metrics(request);
	case WEB_ROUTE_HEALTH:
		return web_reply_bytes(request, "text/plain", "ok\n", 3, MHD_RESPMEM_PERSISTENT);
	case WEB_ROUTE_CONSOLE: return web_reply_console(request);
	case WEB_ROUTE_OPTIONS:
	case WEB_ROUTE_PROBLEM: return web_reply_problem(request, &request->problem);
	}
	return MHD_NO;
}

enum MHD_Result web_access(void *state, struct MHD_Connection *connection, const char *url,
                           const char *method, const char *version, const char *upload,
                           size_t *upload_size, void **request_state)
{
	struct web *web = state;
	struct web_request *request = *request_state;

	if (!request) {
		request =
			MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
		if (!request || request->running || request->cancelling || web->closing)
			return MHD_NO;
		*request_state = request;
		return begin(request, url, method, version);
	}
	if (*upload_size > 0)
		return receive(request, upload, upload_size);
	switch (request->phase) {
	case WEB_WAITING: return act(request);
	case WEB_CALLING:
		if (web->closing)
			return MHD_NO;
		if (request->turn == web->turn)
			return MHD_YES; /* MHD asks twice in one round */
		MHD_suspend_connection(connection);
		web->n_suspended++;
		web_request_enter(request, WEB_SUSPENDED);
		if (request->left)
			web_cancel(request);
		return MHD_YES;
	case WEB_FINISHED: return web_reply_result(request);
	case WEB_SUSPENDED: /* close() has resumed it without a result */ return MHD_NO;
	case WEB_REPLYING: return MHD_YES;
	}
	return MHD_NO;
}

static void deliver(struct web_request *request)
{
	struct web *web = request->web;

	request->running = false;
	if (!request->connection) { /* the client has gone */
		web_request_free(request);
		return;
	}
	if (request->phase == WEB_SUSPENDED) {
		web->n_suspended--;
		web_request_enter(request, WEB_FINISHED);
		MHD_resume_connection(request->connection);
	} else if (request->phase == WEB_CALLING) {
		web_request_enter(request, WEB_FINISHED);
		if (web_reply_result(request) == MHD_NO)
			shutdown(request->fd, SHUT_RDWR); /* no memory */
	} else { /* the request has ended without its call, the connection is about to close */
		snafu_result_done(&request->call.result);
		snafu_buffer_done(&request->order.reply);
		request->asking = false;
	}
}

void web_deliver(struct web *web)
{
	struct web_request *request, *next, *ordered = NULL;

	/* Last in is first here: turn it round, so that clients are served in turn. */
	for (request = atomic_exchange(&web->finished, NULL); request; request = next) {
		next = request->next_finished;
		request->next_finished = ordered;
		ordered = request;
	}
	for (; ordered; ordered = next) {
		next = ordered->next_finished;
		deliver(ordered);
	}
}
