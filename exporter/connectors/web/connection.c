/* exporter/connectors/web/connection.c — lives of connections and requests, and
 * their clocks.
 *
 * MHD's own timeout starts anew at every byte, so a client that sends one byte a
 * minute keeps its connection for ever. Here a request must arrive within the
 * idle timeout (a body may take longer as long as it makes progress), and a reply
 * must be taken at some rate. While a function runs, its deadline counts. */
#include <stdlib.h>
#include <sys/socket.h>

#include "exporter/connectors/web/web.h"

#define LOOK_MS   500 /* how often the replies under way are looked at */
#define COARSE_MS 10 /* what the coarse clock may lag */

static struct web_list *list_of(struct web *web, enum web_phase phase)
{
	switch (phase) {
	case WEB_WAITING: return &web->waiting_list;
	case WEB_REPLYING: return &web->replying_list;
	default: return &web->calling_list;
	}
}

/* Puts the request at the end of the list of PHASE and starts its clock. */
void web_request_enter(struct web_request *request, enum web_phase phase)
{
	struct web *web = request->web;

	TAILQ_REMOVE(list_of(web, request->phase), request, entry);
	request->phase = phase;
	request->since = web->now;
	TAILQ_INSERT_TAIL(list_of(web, phase), request, entry);
}

/* Wakes MHD up to find the connection closed. Its sockets are never closed here. */
static void hang_up(struct web_request *request)
{
	request->hung_up = true;
	request->web->n_hung_up++;
	shutdown(request->fd, SHUT_RDWR);
}

static bool crowded(const struct web *web)
{
	size_t spare = web->connections_cap / 8;

	if (spare > WEB_SPARE_CONNECTIONS)
		spare = WEB_SPARE_CONNECTIONS;
	if (spare == 0)
		spare = 1;
	return web->n_connections - web->n_hung_up + spare > web->connections_cap;
}

/* Those that wait are in the order in which they came: the first that we have not
 * given up on is the longest idle one. */
static struct web_request *longest_idle(const struct web *web)
{
	struct web_request *request;

	TAILQ_FOREACH(request, &web->waiting_list, entry)
	if (!request->hung_up)
		break;
	return request;
}

/* Nearly full: those that have been idle for longest make room. */
static void make_room(struct web *web)
{
	struct web_request *oldest;

	while (crowded(web) && (oldest = longest_idle(web)) != NULL &&
	       web->now - oldest->since >= WEB_SPARE_AGE_MS)
		hang_up(oldest);
}

static void open_connection(struct web *web, struct MHD_Connection *connection,
                            void **connection_state)
{
	struct web_request *request = calloc(1, sizeof *request);

	*connection_state = request; /* NULL: web_access() closes the connection */
	if (!request)
		return;
	request->web = web;
	request->connection = connection;
	request->fd =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
	request->body = SNAFU_BUFFER(snafu_host_largest_payload(web->host));
	web_read_clock(web); /* MHD has slept for this one, maybe for long */
	request->since = web->now;
	TAILQ_INSERT_TAIL(&web->waiting_list, request, entry);
	web->n_connections++;
	web_watch(request);
}

static void close_connection(struct web_request *request)
{
	struct web *web = request->web;

	web->n_connections--;
	web->n_hung_up -= request->hung_up;
	web_unwatch(request);
	request->connection = NULL;
	request->fd = -1;
	snafu_buffer_done(&request->body);
	TAILQ_REMOVE(list_of(web, request->phase), request, entry);
	web_request_free(request);
}

void web_request_free(struct web_request *request)
{
	if (request->running || request->cancelling || request->connection)
		return;
	snafu_result_done(&request->call.result);
	snafu_buffer_done(&request->order.reply);
	web_forward_done(&request->forward);
	free(request);
}

void web_connection_changed(void *state, struct MHD_Connection *connection, void **connection_state,
                            enum MHD_ConnectionNotificationCode code)
{
	if (code == MHD_CONNECTION_NOTIFY_STARTED)
		open_connection(state, connection, connection_state);
	else if (*connection_state)
		close_connection(*connection_state);
}

/* The reply is out, or the client has gone. */
void web_request_ended(void *state, struct MHD_Connection *connection, void **request_state,
                       enum MHD_RequestTerminationCode code)
{
	struct web_request *request = *request_state;

	(void)state;
	(void)connection;
	(void)code;
	if (!request)
		return;
	*request_state = NULL;
	if (!request->running)
		snafu_result_done(&request->call.result);
	snafu_buffer_done(&request->body);
	if (request->refused)
		web_linger(request);
	request->refused = false;
	request->progress = 0;
	web_request_enter(request, WEB_WAITING);
	if (request->left)
		web_nudge(request);
}

static void hang_up_slow_replies(struct web *web)
{
	struct web_request *request;

	web->next_look = web->now + LOOK_MS;
	TAILQ_FOREACH(request, &web->replying_list, entry)
	if (!request->hung_up && web->now > request->reply_until)
		hang_up(request);
}

void web_hang_up_slow(struct web *web)
{
	struct web_request *oldest;

	while ((oldest = longest_idle(web)) != NULL && web->now - oldest->since >= web->idle_timeout)
		hang_up(oldest);
	make_room(web);
	if (!TAILQ_EMPTY(&web->replying_list) && web->now >= web->next_look)
		hang_up_slow_replies(web);
}

/* TIMEOUT_MS (-1: none), or less when a clock here runs out earlier. */
int web_next_deadline(const struct web *web, int timeout_ms)
{
	const struct web_request *oldest = longest_idle(web);
	uint64_t limit = crowded(web) ? WEB_SPARE_AGE_MS : web->idle_timeout;
	uint64_t left = UINT64_MAX;

	if (oldest) {
		uint64_t age = web->now - oldest->since;
		/* A coarse clock may lag by some milliseconds. */
		left = age < limit ? limit - age + COARSE_MS : 1;
	}
	if ((!TAILQ_EMPTY(&web->replying_list) || web->n_lingerers > 0) && left > LOOK_MS)
		left = LOOK_MS;
	if (web->unlooked && left > COARSE_MS)
		left = COARSE_MS;
	if (timeout_ms >= 0 && left > (uint64_t)timeout_ms)
		return timeout_ms;
	return left > INT32_MAX ? -1 : (int)left;
}
