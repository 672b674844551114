/* tests/fuzz/fuzz-http-reply.c — any bytes as a function's HTTP reply: what is taken has nothing in
 * it that could end a line of the door's own reply, and a body that is the rest of the bytes. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/http_message.h"

static int is_line(const char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < 0x20 || *text == 0x7F)
			return 0;
	return 1;
}

static void check(const struct snafu_http_reply *reply, const char *bytes, size_t size)
{
	if (reply->status < 200 || reply->status > 599 || reply->n_headers > SNAFU_HTTP_HEADERS_CAP)
		abort();
	if (reply->body < bytes || reply->body + reply->body_size != bytes + size)
		abort();
	for (size_t i = 0; i < reply->n_headers; i++) {
		const char *name = reply->headers[i].name;

		if (!*name || strpbrk(name, " \t:") || !is_line(name) || !is_line(reply->headers[i].value))
			abort();
		if (snafu_http_is_of_connection(name, strlen(name)))
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char begin[] = "HTTP/1.1 ";
	struct snafu_http_reply reply;

	for (int whole = 0; whole < 2; whole++) { /* as it is, and behind what a reply begins with */
		size_t before = whole ? 0 : sizeof begin - 1;
		char *bytes = malloc(before + size + 1);

		if (!bytes)
			return 0;
		memcpy(bytes, begin, before);
		if (size)
			memcpy(bytes + before, data, size);
		if (snafu_http_reply_read(bytes, before + size, &reply, NULL) == 0)
			check(&reply, bytes, before + size);
		free(bytes);
	}
	return 0;
}
