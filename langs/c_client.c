/* langs/c_client.c — see c_client.h. */
#include "langs/c_client.h"

#include <string.h>

#include "base/clock.h"
#include "langs/result.h"

#define RESULT_CAP (32u << 20) /* bytes, on threads that serve no call */

static __thread struct snafu_c_serving *innermost;
static const struct snafu_language_options *host; /* the gateway's one state of this file */

void snafu_c_client_init(const struct snafu_language_options *options)
{
	host = options;
}

void snafu_c_serve_begin(struct snafu_c_serving *serving)
{
	serving->outer = innermost;
	innermost = serving;
}

void snafu_c_serve_end(struct snafu_c_serving *serving)
{
	innermost = serving->outer;
}

/* As langs/include/snafu.h names them. */
static int code_of(enum snafu_status status, int asynchronous)
{
	switch (status) {
	case SNAFU_OK: return asynchronous ? 202 : 200;
	case SNAFU_BAD_ARGUMENTS: return 400;
	case SNAFU_UNKNOWN_FUNCTION: return 404;
	case SNAFU_TOO_LARGE: return 413;
	case SNAFU_OVER_LIMIT: return 429;
	case SNAFU_CANCELLED: return 499;
	case SNAFU_DIED: return 502;
	case SNAFU_UNAVAILABLE: return 503;
	case SNAFU_DEADLINE: return 504;
	default: return 500;
	}
}

static char *call(const char *function, const char *json, int *status, int asynchronous)
{
	const struct snafu_c_serving *serving = innermost;
	const struct snafu_language_options *options = serving ? serving->options : host;
	struct snafu_invocation invocation = {
		.function = function ? function : "",
		.payload = json,
		.size = json ? strlen(json) : 0,
		.asynchronous = asynchronous,
	};
	struct snafu_result result = {
		.payload = SNAFU_BUFFER(serving ? serving->result_cap : RESULT_CAP),
	};

	if (options && options->invoke)
		options->invoke(options->invoke_state, serving ? serving->context : NULL, &invocation,
		                &result);
	else
		snafu_result_fail(&result, SNAFU_UNAVAILABLE, "Unavailable",
		                  "no function can be called from here");
	char *text = snafu_buffer_take(&result.payload);
	if (status)
		*status = text ? code_of(result.status, asynchronous) : 500;
	snafu_result_done(&result);
	return text;
}

static long remaining_ms(void)
{
	uint64_t now = snafu_now_ms();

	if (!innermost)
		return -1;
	return innermost->context->deadline > now ? (long)(innermost->context->deadline - now) : 0;
}

static const char *request_id(void)
{
	return innermost ? innermost->context->request_id : "";
}

const struct snafu_c_client snafu_c_client = {call, remaining_ms, request_id};
