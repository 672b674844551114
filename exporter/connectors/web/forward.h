/* exporter/connectors/web/forward.h — calls that another Snafu sends on to this one, over a
 * Unix socket: what it knows about the call comes along, and what this one learns goes back.
 * Nobody else is believed: over TCP these headers mean nothing. And what any client may say
 * about itself. */
#ifndef SNAFU_EXPORTER_CONNECTORS_WEB_FORWARD_H
#define SNAFU_EXPORTER_CONNECTORS_WEB_FORWARD_H

#include <stddef.h>

#include "langs/request.h"

struct snafu_call;
struct snafu_result;

/* The request header: a JSON object with "request_id", "tenant", "trigger",
 * "client_context" (a string), "deadline_ms" (time that is left) and "depth". */
#define WEB_FORWARD_HEADER "X-Snafu-Context"
/* The reply header: status, init ns, run ns, peak memory in bytes; blanks between them. */
#define WEB_OUTCOME_HEADER "X-Snafu-Outcome"
#define WEB_OUTCOME_SIZE   128
#define WEB_FORWARD_CAP    (16u << 10) /* bytes of the texts */

struct web_forward {
	struct snafu_context caller;
	char *texts; /* owned */
};

/* Fills CALL from TEXT; what CALL points to lives in FORWARD. -EINVAL. */
int web_forward_read(const char *text, struct web_forward *forward, struct snafu_call *call);
void web_forward_done(struct web_forward *forward);

/* The request header that AWS Lambda's clients send with a client context: base64 of a JSON
 * object, which is decoded into TO. -EINVAL. From anybody. */
#define WEB_CLIENT_HEADER "X-Amz-Client-Context"
#define WEB_CLIENT_CAP    3584 /* bytes, in base64, as at AWS */
int web_client_context_read(const char *text, char to[WEB_CLIENT_CAP]);

void web_outcome_write(const struct snafu_result *result, char to[WEB_OUTCOME_SIZE]);

#endif
