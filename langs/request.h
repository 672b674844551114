/* langs/request.h — one call as a language sees it: the payload, and where it
 * comes from. Everything is borrowed for the time of the call. */
#ifndef SNAFU_LANGS_REQUEST_H
#define SNAFU_LANGS_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SNAFU_REQUEST_ID_SIZE 37 /* a UUID in text, with the NUL */

/* What a function may know about the call it serves; functions with a `context`
 * parameter are given it in the form that AWS documents. Strings are never NULL,
 * "" where there is nothing. */
struct snafu_context {
	const char *request_id;
	const char *function; /* id */
	const char *tenant;
	const char *trigger; /* which door: "http", "cli", "function", "queue", ... */
	const char *client_context; /* JSON from the caller */
	uint64_t deadline; /* snafu_now_ms() */
	uint64_t memory; /* bytes the function may use; 0: no limit */
	unsigned depth; /* how many calls of functions by functions are around this one */
};

struct snafu_request {
	const char *payload; /* SIZE bytes from anybody */
	size_t size;
	const struct snafu_context *context; /* never NULL */
};

/* What a function asks of the host: a call of another function. */
struct snafu_invocation {
	const char *function; /* id or unambiguous tail */
	const char *payload; /* SIZE bytes of JSON, or NULL and 0 */
	size_t size;
	bool asynchronous; /* put it into the queue; the result is {"id": "..."} */
};

#endif
