/* exporter/connectors/web/text.h — text out of URLs and headers. Pure: any thread. */
#ifndef SNAFU_EXPORTER_CONNECTORS_WEB_TEXT_H
#define SNAFU_EXPORTER_CONNECTORS_WEB_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum web_text {
	WEB_TEXT_OK,
	WEB_TEXT_BAD, /* a % without two hex digits, a NUL, or not UTF-8 */
	WEB_TEXT_TOO_LONG, /* more than CAP bytes */
};

/* Undoes percent-encoding (RFC 3986), and `+` for a space where PLUS says so. INTO
 * has room for CAP bytes and a NUL. */
enum web_text web_decode(const char *text, size_t size, bool plus, char *into, size_t cap);

/* A decimal number without a sign: -EINVAL, -ERANGE. */
int web_parse_size(const char *text, uint64_t *ret_number);

/* Compares the media type of a Content-Type header, without its parameters. */
bool web_media_type_is(const char *content_type, const char *media_type);

/* Whether it is JSON: application/json or any `+json`. */
bool web_media_type_is_json(const char *content_type);

/* The value of parameter NAME of a header such as Content-Type, unquoted, as a C
 * string in INTO; false when it is not there or longer than CAP - 1. */
bool web_header_parameter(const char *header, size_t size, const char *name, char *into,
                          size_t cap);

#endif
