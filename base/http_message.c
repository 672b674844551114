/* base/http_message.c — see http_message.h. Names and values as in RFC 9110, 5.1 and 5.5, but
 * without folded lines; the status is what RFC 9110, 15 lets a final response have. */
#include "base/http_message.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "base/error.h"

static const char version[] = "HTTP/1.1 ";
#define VERSION_SIZE (sizeof version - 1)

bool snafu_http_is_reply(const char *bytes, size_t size)
{
	return size > VERSION_SIZE && memcmp(bytes, version, VERSION_SIZE) == 0;
}

bool snafu_http_is_of_connection(const char *name, size_t size)
{
	static const char *const names[] = {
		"connection", "content-length",     "keep-alive", "proxy-connection",
		"te",         "transfer-encoding",  "trailer",    "upgrade",
		"date",       "proxy-authenticate", NULL,
	};

	for (size_t i = 0; names[i]; i++)
		if (strlen(names[i]) == size && strncasecmp(names[i], name, size) == 0)
			return true;
	return false;
}

static bool is_token(const char *text, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		char c = text[i];
		bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');

		if (!letter && (!c || !strchr("!#$%&'*+-.^_`|~", c)))
			return false;
	}
	return size > 0;
}

/* Printable ASCII, blanks, and bytes beyond it, of which nobody knows what they mean. */
static bool is_value(const char *text, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if ((unsigned char)text[i] < 0x20 || text[i] == 0x7F)
			return false;
	return true;
}

/* The line at *AT, which then stands behind it; NULL when there is no whole one. */
static char *next_line(char **at, char *end, size_t *ret_size)
{
	char *line = *at, *stop = memmem(line, (size_t)(end - line), "\r\n", 2);

	if (!stop)
		return NULL;
	*ret_size = (size_t)(stop - line);
	*at = stop + 2;
	return line;
}

static int read_status(const char *line, size_t size, unsigned *ret_status,
                       struct snafu_error *error)
{
	unsigned status = 0;

	for (size_t i = 0; i < 3 && i + VERSION_SIZE < size; i++) {
		char digit = line[VERSION_SIZE + i];

		status = digit >= '0' && digit <= '9' ? status * 10 + (unsigned)(digit - '0') : 10000;
	}
	bool ends =
		size == VERSION_SIZE + 3 || (size > VERSION_SIZE + 3 && line[VERSION_SIZE + 3] == ' ');
	if (!ends || status < 200 || status > 599)
		return snafu_fail(error, -EBADMSG, "the function's reply has no status from 200 to 599");
	*ret_status = status;
	return 0;
}

/* NAME: VALUE, and NULs behind both: what follows a value is its line's end. */
static int read_header(char *line, size_t size, struct snafu_http_reply *reply,
                       struct snafu_error *error)
{
	char *colon = memchr(line, ':', size), *end = line + size;

	if (!colon || !is_token(line, (size_t)(colon - line)))
		return snafu_fail(error, -EBADMSG, "a header of the function's reply has no proper name");
	char *value = colon + 1;
	while (value < end && *value == ' ')
		value++;
	while (end > value && end[-1] == ' ')
		end--;
	if (!is_value(value, (size_t)(end - value)))
		return snafu_fail(error, -EBADMSG,
		                  "the header %.*s of the function's reply has control characters in it",
		                  (int)(colon - line < 80 ? colon - line : 80), line);
	if (snafu_http_is_of_connection(line, (size_t)(colon - line)))
		return 0;
	if (reply->n_headers == SNAFU_HTTP_HEADERS_CAP)
		return snafu_fail(error, -EBADMSG, "the function's reply has more than %d headers",
		                  SNAFU_HTTP_HEADERS_CAP);
	*colon = *end = '\0';
	reply->headers[reply->n_headers++] = (struct snafu_http_header){line, value};
	return 0;
}

int snafu_http_reply_read(char *bytes, size_t size, struct snafu_http_reply *ret_reply,
                          struct snafu_error *error)
{
	char *at = bytes, *end = bytes + (size < SNAFU_HTTP_HEAD_CAP ? size : SNAFU_HTTP_HEAD_CAP);
	size_t line_size;

	ret_reply->n_headers = 0;
	char *line = next_line(&at, end, &line_size);
	int code = line && snafu_http_is_reply(line, line_size)
	               ? read_status(line, line_size, &ret_reply->status, error)
	               : snafu_fail(error, -EBADMSG, "the function's reply has no status line");
	while (!code && (line = next_line(&at, end, &line_size)) != NULL && line_size > 0)
		code = read_header(line, line_size, ret_reply, error);
	if (!code && !line)
		code = snafu_fail(error, -EBADMSG,
		                  "the head of the function's reply does not end within %u bytes",
		                  SNAFU_HTTP_HEAD_CAP);
	if (code)
		return code;
	ret_reply->body = at;
	ret_reply->body_size = size - (size_t)(at - bytes);
	return 0;
}
