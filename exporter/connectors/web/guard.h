/* exporter/connectors/web/guard.h — keeping other web sites out.
 *
 * A page from anywhere on the internet runs in the browser of the person whose
 * machine this server runs on, and can send requests to it. Two rules stop that:
 * bound to loopback, the Host header must name this machine (against DNS
 * rebinding), and a browser that says the request comes from another origin is
 * refused (against request forgery). Programs that are no browsers send none of
 * these headers and notice nothing. Pure: any thread. */
#ifndef SNAFU_EXPORTER_CONNECTORS_WEB_GUARD_H
#define SNAFU_EXPORTER_CONNECTORS_WEB_GUARD_H

#include <stdbool.h>
#include <stdint.h>

struct web_address;

/* The request headers that matter here; NULL: not sent. */
struct web_headers {
	const char *host, *origin, *referer, *fetch_site;
	const char *content_type, *content_length, *transfer_encoding, *if_none_match;
	const char *executor, *log; /* X-Snafu-Executor, X-Snafu-Log */
	const char *tenant; /* X-Snafu-Tenant */
	const char *forward; /* X-Snafu-Context */
	const char *client_context; /* X-Amz-Client-Context */
	const char *invocation_type, *log_type; /* X-Amz-Invocation-Type, X-Amz-Log-Type */
	bool respond_async; /* Prefer asks for it */
	bool repeated; /* one of these that may come once came twice */
};

/* Whether HOST ("name", "name:port", "[::1]:port") may name a server at ADDRESS. */
bool web_host_allowed(const char *host, const struct web_address *address);

/* Whether these headers come from a page of another origin than Host's. */
bool web_cross_site(const struct web_headers *headers);

#endif
