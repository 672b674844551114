/* exporter/connectors/web/text.c — see text.h. */
#include "exporter/connectors/web/text.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "base/utf8.h"

static int hex(char digit)
{
	if (digit >= '0' && digit <= '9')
		return digit - '0';
	digit |= 0x20;
	return digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : -1;
}

enum web_text web_decode(const char *text, size_t size, bool plus, char *into, size_t cap)
{
	size_t n = 0;

	for (size_t i = 0; i < size; i++) {
		char byte = text[i];
		if (byte == '%') {
			int high = i + 2 < size ? hex(text[i + 1]) : -1;
			int low = high >= 0 ? hex(text[i + 2]) : -1;
			if (low < 0)
				return WEB_TEXT_BAD;
			byte = (char)(high << 4 | low);
			i += 2;
		} else if (byte == '+' && plus) {
			byte = ' ';
		}
		if (byte == '\0')
			return WEB_TEXT_BAD;
		if (n == cap)
			return WEB_TEXT_TOO_LONG;
		into[n++] = byte;
	}
	into[n] = '\0';
	return snafu_utf8_is_valid(into, n) ? WEB_TEXT_OK : WEB_TEXT_BAD;
}

int web_parse_size(const char *text, uint64_t *ret_number)
{
	uint64_t number = 0;

	if (!*text)
		return -EINVAL;
	for (; *text; text++) {
		if (*text < '0' || *text > '9')
			return -EINVAL;
		if (__builtin_mul_overflow(number, 10, &number) ||
		    __builtin_add_overflow(number, (uint64_t)(*text - '0'), &number))
			return -ERANGE;
	}
	*ret_number = number;
	return 0;
}

/* Length of the media type at the start of a Content-Type header. */
static size_t media_type_size(const char *content_type)
{
	return strcspn(content_type, "; \t");
}

bool web_media_type_is(const char *content_type, const char *media_type)
{
	size_t size = strlen(media_type);

	return media_type_size(content_type) == size &&
	       strncasecmp(content_type, media_type, size) == 0;
}

bool web_media_type_is_json(const char *content_type)
{
	size_t size = media_type_size(content_type);

	return web_media_type_is(content_type, "application/json") ||
	       (size > 5 && strncasecmp(content_type + size - 5, "+json", 5) == 0);
}

struct span {
	const char *at, *end;
};

static void skip(struct span *text, const char *bytes)
{
	while (text->at < text->end && strchr(bytes, *text->at))
		text->at++;
}

/* A token or a quoted string, of which as much as fits is copied. False: too long. */
static bool take_value(struct span *text, char *into, size_t cap)
{
	bool quoted = text->at < text->end && *text->at == '"';
	size_t n = 0;

	text->at += quoted;
	for (; text->at < text->end; text->at++) {
		if (quoted ? *text->at == '"' : strchr("; \t", *text->at) != NULL)
			break;
		/* Browsers send backslashes in file names as they are. */
		if (quoted && *text->at == '\\' && text->end - text->at > 1 && text->at[1] == '"')
			text->at++;
		if (n + 1 < cap)
			into[n] = *text->at;
		n++;
	}
	text->at += quoted && text->at < text->end;
	if (n >= cap)
		return false;
	into[n] = '\0';
	return true;
}

bool web_header_parameter(const char *header, size_t size, const char *name, char *into, size_t cap)
{
	struct span text = {header, header + size};
	const char *first = memchr(header, ';', size);

	for (text.at = first ? first : text.end; text.at < text.end;) {
		skip(&text, "; \t");
		const char *key = text.at;
		while (text.at < text.end && !strchr("=;", *text.at))
			text.at++;
		size_t key_size = (size_t)(text.at - key);
		if (text.at == text.end || *text.at != '=')
			continue;
		text.at++;
		bool fits = take_value(&text, into, cap);
		if (key_size == strlen(name) && strncasecmp(key, name, key_size) == 0)
			return fits;
	}
	return false;
}
