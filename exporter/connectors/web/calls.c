/* exporter/connectors/web/calls.c — asynchronous calls, seen and changed under /calls.
 *
 * That a call is to be asynchronous is said at /invoke/NAME by `Prefer: respond-async`
 * (RFC 7240); the call's end is then that it was accepted. What is asked here goes to the
 * queue, whose answer comes like the end of a call. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "exporter/connectors/web/text.h"
#include "exporter/connectors/web/web.h"
#include "runtime/pool.h"

#define METHODS_LIST    "GET, HEAD, OPTIONS"
#define METHODS_CALL    "GET, HEAD, DELETE, OPTIONS"
#define METHODS_REDRIVE "POST, OPTIONS"
#define ID_CHARACTERS   "0123456789abcdefABCDEF-"

static const char preference[] = "respond-async";

bool web_prefers_async(const char *value)
{
	while (*value) {
		value += strspn(value, " \t,");
		size_t size = strcspn(value, " \t,;");

		if (size == sizeof preference - 1 && strncasecmp(value, preference, size) == 0)
			return true;
		value += strcspn(value, ",");
	}
	return false;
}

static enum web_route nothing(struct web_request *request)
{
	request->problem = (struct web_problem){
		.status = 404,
		.type = "NotFound",
		.message = "there is nothing here; asynchronous calls are at /calls and /calls/ID"};
	return WEB_ROUTE_PROBLEM;
}

/* URL begins with "/calls". */
enum web_route web_calls_route(struct web_request *request, const char *url,
                               const char **ret_methods)
{
	const char *id = url + 7;
	size_t size;

	*ret_methods = METHODS_LIST;
	if (!url[6])
		return WEB_ROUTE_CALLS;
	*ret_methods = METHODS_REDRIVE;
	if (strcmp(id, "redrive") == 0)
		return WEB_ROUTE_REDRIVE;
	size = strspn(id, ID_CHARACTERS);
	if (!size || size >= SNAFU_REQUEST_ID_SIZE)
		return nothing(request);
	memcpy(request->name, id, size);
	request->name[size] = '\0';
	if (strcmp(id + size, "/redrive") == 0)
		return WEB_ROUTE_REDRIVE;
	*ret_methods = METHODS_CALL;
	return id[size] ? nothing(request) : WEB_ROUTE_CALL;
}

/* ---- asking ------------------------------------------------------------------------ */

/* Any thread. */
static void finished(struct snafu_queue_order *order)
{
	web_call_over(order->state);
}

static const char *query(const struct web_request *request, const char *name)
{
	return MHD_lookup_connection_value(request->connection, MHD_GET_ARGUMENT_KIND, name);
}

/* A tail of an id becomes the id; what means none, or several, stays. */
static void write_whole_id(struct web_request *request)
{
	const struct snafu_pool *pool = snafu_host_pool_acquire(request->web->host);
	const struct snafu_function *found;

	if (snafu_host_meant(request->web->host, pool, request->name, &found, NULL) == 0)
		snprintf(request->name, sizeof request->name, "%s", found->id);
	snafu_host_pool_release(pool);
}

/* Texts of the query are copied: they are gone when the client is. */
static bool read_query(struct web_request *request, struct snafu_queue_order *order)
{
	const char *state = query(request, "state"), *limit = query(request, "limit");
	const char *before = query(request, "before"), *function = query(request, "function");
	const char *tenant = query(request, "tenant");

	if (state) {
		snprintf(request->state_name, sizeof request->state_name, "%s", state);
		order->state_name = request->state_name;
	}
	if (limit && (web_parse_size(limit, &order->limit) || order->limit == 0))
		return false;
	if (before && web_parse_size(before, &order->before))
		return false;
	if (tenant && !order->tenant) {
		if (web_decode(tenant, strlen(tenant), true, request->tenant, WEB_TENANT_CAP) !=
		    WEB_TEXT_OK)
			return false;
		order->tenant = request->tenant;
	}
	if (function) {
		if (web_decode(function, strlen(function), true, request->name, WEB_NAME_CAP) !=
		    WEB_TEXT_OK)
			return false;
		write_whole_id(request);
		order->function = request->name;
	}
	return true;
}

static enum MHD_Result bad_query(struct web_request *request)
{
	static const struct web_problem problem = {
		.status = 400,
		.type = "BadRequest",
		.message = "the query may have state, function, tenant, limit and before; the last two "
				   "are numbers"};

	return web_reply_problem(request, &problem);
}

static enum MHD_Result bad_context(struct web_request *request)
{
	static const struct web_problem problem = {.status = 400,
	                                           .type = "BadRequest",
	                                           .message =
	                                               WEB_FORWARD_HEADER " is not as it should be"};

	return web_reply_problem(request, &problem);
}

/* Another Snafu asks on behalf of a tenant: then there are that one's calls alone. */
static int read_context(struct web_request *request, struct snafu_queue_order *order)
{
	struct snafu_call call = {.function = NULL};

	if (!request->web->address.path || !request->headers.forward)
		return 0;
	if (web_forward_read(request->headers.forward, &request->forward, &call))
		return -EINVAL;
	if (*call.tenant)
		order->tenant = call.tenant;
	return 0;
}

enum MHD_Result web_ask_queue(struct web_request *request)
{
	struct snafu_queue *queue = snafu_host_queue(request->web->host);
	struct snafu_queue_order *order = &request->order;

	*order = (struct snafu_queue_order){.finished = finished, .state = request};
	if (read_context(request, order))
		return bad_context(request);
	switch (request->route) {
	case WEB_ROUTE_CALLS: order->verb = SNAFU_QUEUE_LIST; break;
	case WEB_ROUTE_CALL:
		order->verb = request->forget ? SNAFU_QUEUE_FORGET : SNAFU_QUEUE_SHOW;
		break;
	default: order->verb = SNAFU_QUEUE_REDRIVE; break;
	}
	if (request->name[0])
		order->id = request->name;
	else if (!read_query(request, order))
		return bad_query(request);
	if (!queue) {
		static const struct web_problem problem = {
			.status = 503,
			.type = "Unavailable",
			.message = "this host has no place for a queue of asynchronous calls; set file in "
					   "[asynchronous]"};

		return web_reply_problem(request, &problem);
	}
	snafu_request_id(request->call.request_id);
	request->asking = true;
	request->running = true;
	request->turn = request->web->turn;
	web_request_enter(request, WEB_CALLING);
	snafu_queue_ask(queue, order);
	return MHD_YES;
}
