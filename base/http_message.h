/* base/http_message.h — replies as HTTP messages, as functions give them whose convention is
 * HTTP's (scanner/convention.h):
 *
 *     HTTP/1.1 201 Created\r\nContent-Type: text/plain\r\n\r\nbody
 *
 * They come from somebody's code: whatever is not exactly of this form is refused. No JSON value
 * begins like this. */
#ifndef SNAFU_BASE_HTTP_MESSAGE_H
#define SNAFU_BASE_HTTP_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>

struct snafu_error;

#define SNAFU_HTTP_HEADERS_CAP 128 /* headers of one reply */
#define SNAFU_HTTP_HEAD_CAP    (32u << 10) /* bytes of a reply's head */

struct snafu_http_header {
	const char *name, *value; /* NUL-terminated, inside the message */
};

struct snafu_http_reply {
	unsigned status; /* 200 to 599 */
	struct snafu_http_header headers[SNAFU_HTTP_HEADERS_CAP];
	size_t n_headers;
	const char *body; /* inside the message */
	size_t body_size;
};

/* Whether BYTES begin like a reply. */
bool snafu_http_is_reply(const char *bytes, size_t size);

/* Reads BYTES, in which it puts NULs behind names and values. Headers that are about the
 * connection, and not about what the function says (Content-Length, Connection, ...), are left
 * out. -EBADMSG, and ERROR says what is wrong. */
int snafu_http_reply_read(char *bytes, size_t size, struct snafu_http_reply *ret_reply,
                          struct snafu_error *error);

/* Whether a header of this name is about a connection alone, not about what is sent over it. */
bool snafu_http_is_of_connection(const char *name, size_t size);

#endif
