/* exporter/connectors/web/forward.h — calls that another Snafu sends on to this one, over a
 * Unix socket: what it knows about the call comes along, and what this one learns goes back.
 * Nobody else is believed: over TCP these headers mean nothing. */
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

void web_outcome_write(const struct snafu_result *result, char to[WEB_OUTCOME_SIZE]);

#endif
