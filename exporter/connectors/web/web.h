/* exporter/connectors/web/web.h — what the files of the web connector share.
 *
 * libmicrohttpd (MHD) runs in external mode: only the crew's leader touches it, in
 * wait(), so almost everything here is used by one thread at a time. The one
 * exception is a call's end, which may come from any thread: it goes onto the
 * `finished` stack, and the leader picks it up.
 *
 * A connection has one struct web_request for its life; requests on it follow one
 * another. A request whose call is still running when its client has gone is
 * kept until the call ends. */
#ifndef SNAFU_EXPORTER_CONNECTORS_WEB_WEB_H
#define SNAFU_EXPORTER_CONNECTORS_WEB_WEB_H

#include <microhttpd.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "base/buffer.h"
#include "exporter/connector.h"
#include "exporter/connectors/web/forward.h"
#include "exporter/connectors/web/guard.h"
#include "exporter/connectors/web/listen.h"
#include "runtime/queue.h"

#define WEB_CONNECTION_MEMORY (32u << 10) /* bytes MHD has for a request's line and headers */
#define WEB_URL_CAP           (16u << 10) /* bytes of path and query; longer ones are 414 */
#define WEB_TENANT_CAP        255 /* bytes of a tenant's name, in a header or a query */
#define WEB_NAME_CAP          1024 /* bytes of a function's name in a path */
#define WEB_PROGRESS          (64u << 10) /* bytes a client must send within the idle timeout */
#define WEB_REPLY_RATE        8 /* bytes a millisecond that a client must take a reply with */
#define WEB_SPARE_CONNECTIONS 16 /* when fewer are left, the longest idle ones are closed */
#define WEB_SPARE_AGE_MS      1000 /* ...if it has been idle for so long */
#define WEB_DOCUMENT_CAP      (256u << 20) /* bytes of /openapi.json, /functions, /metrics */
#define WEB_LANGUAGES_CAP     16 /* cached lists by ?language= */
#define WEB_LANGUAGE_CAP      63 /* bytes of a language's name */
#define WEB_LOG_TAIL          (4u << 10) /* bytes of a function's output in a reply's header */
#define WEB_LINGER_CAP        32 /* refused clients that are heard out at the same time */
#define WEB_LINGER_MS         5000 /* ...for so long */
#define WEB_LINGER_BYTES      (256u << 20) /* ...or so much */

enum web_phase {
	WEB_WAITING, /* for a request, or for the rest of it */
	WEB_CALLING, /* the function runs; MHD would ask again */
	WEB_SUSPENDED, /* the function runs; MHD was told not to ask */
	WEB_FINISHED, /* the result is there, the reply is not yet queued */
	WEB_REPLYING, /* MHD sends the reply */
};

enum web_route {
	WEB_ROUTE_INVOKE,
	WEB_ROUTE_CALLS, /* /calls */
	WEB_ROUTE_CALL, /* /calls/ID */
	WEB_ROUTE_REDRIVE, /* /calls/ID/redrive, /calls/redrive */
	WEB_ROUTE_FUNCTIONS,
	WEB_ROUTE_OPENAPI,
	WEB_ROUTE_METRICS,
	WEB_ROUTE_HEALTH,
	WEB_ROUTE_CONSOLE,
	WEB_ROUTE_OPTIONS, /* OPTIONS of any of these */
	WEB_ROUTE_PROBLEM, /* something is wrong: see `problem` */
};

/* Invoke of AWS Lambda's API, and what it asks for. */
enum web_lambda {
	WEB_LAMBDA_NOT,
	WEB_LAMBDA_CALL, /* RequestResponse */
	WEB_LAMBDA_EVENT, /* asynchronous */
	WEB_LAMBDA_DRY_RUN,
};

/* What to answer when a request cannot be served. All constant text. */
struct web_problem {
	unsigned status;
	const char *type, *message; /* errorType and errorMessage */
	const char *lambda; /* AWS' name for it; NULL: the usual one of `status` */
	const char *allow; /* 405 and OPTIONS: the Allow header */
};

struct web_request {
	struct web *web;
	struct MHD_Connection *connection; /* NULL when it is closed and only the call is left */
	int fd; /* MHD's; -1 when closed */
	TAILQ_ENTRY(web_request) entry; /* in the list of its phase */
	uint64_t since; /* ms, when it came into that list */
	uint64_t reply_until; /* ms, WEB_REPLYING */
	bool hung_up; /* we have shut the connection down */
	bool left; /* the client has closed its side */

	enum web_phase phase;
	enum web_route route;
	struct web_problem problem;
	struct web_headers headers; /* borrowed from MHD while the request lasts */
	enum web_lambda lambda; /* how a call of WEB_ROUTE_INVOKE came, and is answered */
	bool head; /* HEAD: no body in the reply */
	/* The function is called with the request as it is (http.c); valid while the request lasts. */
	bool http;
	const char *method, *url, *rest; /* of the URL: the path behind the function's name */
	unsigned turn; /* of the event loop in which the call was queued */
	char name[WEB_NAME_CAP + 1]; /* of the function; for /functions/NAME too */
	struct snafu_buffer body;
	size_t progress; /* bytes since `since` */

	struct snafu_call call;
	struct web_forward forward; /* what came with it over a Unix socket */
	struct snafu_queue_order order; /* instead of the call: something asked of the queue */
	bool asking; /* ...that is what `running` is about, and what is to be answered */
	bool forget; /* DELETE */
	char state_name[16]; /* for the order */
	char tenant[WEB_TENANT_CAP + 1]; /* likewise */
	bool running; /* the call has not come back to the leader */
	bool cancelling; /* the canceller has it */
	bool refused; /* answered before its body was there */
	struct web_request *next_finished, *next_cancel;
};

TAILQ_HEAD(web_list, web_request);

/* A document that is made once and kept until the functions change; replies that are
 * under way keep it longer. The leader alone counts. */
struct web_document {
	unsigned references;
	char *bytes;
	size_t size;
	char etag[20];
};

struct web_language_list {
	char language[WEB_LANGUAGE_CAP + 1]; /* "": all */
	bool brief;
	struct web_document *document; /* NULL: not made yet */
};

/* A refused client's socket, kept open so that it can read our reply. */
struct web_lingerer {
	int fd; /* ours */
	uint64_t until; /* ms */
	uint64_t bytes;
};

struct web {
	struct snafu_host *host;
	struct MHD_Daemon *daemon;
	struct web_address address;
	struct snafu_event_loop event_loop;
	size_t connections_cap;
	uint64_t idle_timeout; /* ms */
	bool choose_tenant;
	int wake_fd; /* eventfd in MHD's epoll set */
	atomic_bool waiting; /* the leader may be asleep in epoll_wait */
	atomic_bool stopping;
	_Atomic(struct web_request *) finished; /* a stack */

	/* The leader's. */
	bool said_ready, closing;
	unsigned turn;
	uint64_t now; /* ms, coarse: when web_read_clock() was last called */
	uint64_t next_look; /* ms, when replies are looked at again */
	size_t n_connections, n_hung_up, n_suspended;
	struct web_list waiting_list, calling_list, replying_list; /* each oldest first */
	int epoll_fd; /* MHD's */
	int watch_fd; /* epoll set that tells which clients have left */
	uint64_t looked; /* ms, when it was asked */
	bool unlooked; /* it is to be asked again soon */
	size_t n_left; /* clients that have left */
	struct web_canceller *canceller; /* NULL until it is needed */
	struct web_lingerer lingerers[WEB_LINGER_CAP];
	size_t n_lingerers;
	uint64_t pool_number; /* of the functions that the documents describe */
	struct web_document *openapi; /* NULL: not made yet */
	struct web_language_list lists[2 * WEB_LANGUAGES_CAP];
	size_t n_lists;
};

/* web.c: in each turn of the loop, and where a clock starts that MHD may have slept for. */
void web_read_clock(struct web *web);

/* connection.c: lives of connections and requests, and their clocks. */
void web_connection_changed(void *state, struct MHD_Connection *connection, void **connection_state,
                            enum MHD_ConnectionNotificationCode code);
void web_request_ended(void *state, struct MHD_Connection *connection, void **request_state,
                       enum MHD_RequestTerminationCode code);
void web_request_enter(struct web_request *request, enum web_phase phase);
void web_hang_up_slow(struct web *web);
int web_next_deadline(const struct web *web, int timeout_ms);

void web_request_free(struct web_request *request); /* unless its call still needs it */

/* leave.c: clients that leave. */
void web_watch(struct web_request *request); /* the connection was opened */
void web_unwatch(struct web_request *request); /* it is about to be closed */
void web_look_for_leavers(struct web *web);
void web_cancel(struct web_request *request);
void web_nudge(struct web_request *request);
void web_canceller_stop(struct web *web);

/* linger.c: clients that still send when their reply is out. */
void web_linger(struct web_request *request);
void web_hear_out(struct web *web);
void web_lingerers_done(struct web *web);

/* request.c: MHD's access handler, and the ends of calls. */
enum MHD_Result web_access(void *state, struct MHD_Connection *connection, const char *url,
                           const char *method, const char *version, const char *upload,
                           size_t *upload_size, void **request_state);
void web_deliver(struct web *web);

void web_call_over(struct web_request *request); /* any thread */

/* calls.c: asynchronous calls. */
bool web_prefers_async(const char *value); /* of a Prefer header */
enum web_route web_calls_route(struct web_request *request, const char *url,
                               const char **ret_methods);
enum MHD_Result web_ask_queue(struct web_request *request);

/* payload.c: fills the call's payload from what came. 0; a negative errno when
 * the arguments are bad (the call's result says why); 1 when the request is
 * (RET_PROBLEM says why). */
int web_payload(struct web_request *request, struct web_problem *ret_problem);

/* http.c: functions that take HTTP requests and give replies. */
#define WEB_INVOKE        "/invoke/"
#define WEB_PREFIX_HEADER "X-Forwarded-Prefix" /* tells the function where it is called */
/* Whether URL, which begins with WEB_INVOKE, names one: sets `name` and where the rest is. */
bool web_http_wanted(struct web_request *request, const char *url, const char *method);
/* Fills the call's payload. 0, or a negative errno and the call's result says why. */
int web_http_payload(struct web_request *request);
/* The response that RESULT is, whose bytes it takes; NULL: it is none, but what any function
 * gives, or why it cannot be sent. */
struct MHD_Response *web_http_response(struct snafu_result *result, unsigned *ret_status);

/* lambda.c: Invoke of AWS Lambda's API. */
#define WEB_LAMBDA "/2015-03-31/functions/"
enum web_route web_lambda_route(struct web_request *request, const char *url,
                                const char **ret_methods);
/* Reads what kind of call is asked for. 0, or 1 and RET_PROBLEM says why not. */
int web_lambda_begin(struct web_request *request, struct web_problem *ret_problem);
/* A dry run: the call's result says whether there is the function. */
void web_lambda_look(struct web_request *request);
unsigned web_lambda_status(const struct web_request *request); /* of the reply to a call's result */
const char *web_lambda_error(const struct web_problem *problem); /* AWS' name for it */
/* Makes our error object in RESULT the service's. */
void web_lambda_write_error(struct snafu_result *result);

/* reply.c: every one queues the reply and returns what the access handler shall. */
enum MHD_Result web_reply_result(struct web_request *request);
enum MHD_Result web_reply_problem(struct web_request *request, const struct web_problem *problem);
enum MHD_Result web_reply_bytes(struct web_request *request, const char *type, const char *bytes,
                                size_t size, enum MHD_ResponseMemoryMode mode);
enum MHD_Result web_reply_document(struct web_request *request, struct web_document *document);
enum MHD_Result web_reply_console(struct web_request *request);

/* documents.c */
enum MHD_Result web_reply_functions(struct web_request *request);
enum MHD_Result web_reply_openapi(struct web_request *request);
enum MHD_Result web_reply_metrics(struct web_request *request);
struct web_document *web_document_ref(struct web_document *document);
void web_document_unref(void *document); /* NULL is welcome */
void web_documents_done(struct web *web);

#endif
