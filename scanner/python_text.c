/* scanner/python_text.c — encodings and newlines; see python_text.h. */
#include "scanner/python_text.h"

#include <errno.h>
#include <iconv.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include "base/utf8.h"

#define HEAD_LINES 2 /* the coding line is one of them (PEP 263) */

static bool encoding_byte(char c)
{
	return c == '-' || c == '_' || c == '.' || (c >= '0' && c <= '9') ||
	       ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
}

/* PEP 263: a comment with coding[:=] and a name. Returns whether LINE is one
 * that another may follow: empty or a comment. */
static bool read_coding_line(const char *line, const char *end, char *encoding, size_t room)
{
	while (line < end && (*line == ' ' || *line == '\t' || *line == '\f'))
		line++;
	if (line == end)
		return true;
	if (*line != '#')
		return false;
	const char *at = line;
	while ((at = memmem(at, (size_t)(end - at), "coding", 6))) {
		at += 6;
		if (at == end || (*at != ':' && *at != '='))
			continue;
		at++;
		while (at < end && (*at == ' ' || *at == '\t'))
			at++;
		size_t n = 0;
		while (at < end && encoding_byte(*at) && n + 1 < room)
			encoding[n++] = *at++;
		encoding[n] = '\0';
		if (n > 0)
			break;
	}
	return true;
}

static void read_coding(const char *at, const char *end, char *encoding, size_t room)
{
	encoding[0] = '\0';
	for (int i = 0; i < HEAD_LINES && at < end && !encoding[0]; i++) {
		const char *newline = at;

		while (newline < end && *newline != '\n' && *newline != '\r')
			newline++;
		if (!read_coding_line(at, newline, encoding, room))
			return;
		at = newline + (newline + 1 < end && newline[0] == '\r' && newline[1] == '\n') + 1;
	}
}

static bool same_name(const char *a, const char *b);
static const char *iconv_name(const char *name);

/* Notes what is wrong with the encoding that the file names, if anything is. */
static void check_encoding(struct python_text *text, bool marked, bool utf8)
{
	if (!text->encoding[0] || same_name(text->encoding, "utf-8"))
		return;
	iconv_t converter = utf8 ? (iconv_t)-1 : iconv_open("UTF-8", iconv_name(text->encoding));

	if (marked)
		text->problem = "it has a UTF-8 byte order mark and names another encoding";
	else if (!utf8 && converter == (iconv_t)-1)
		text->problem = "its coding line names an encoding that is not known here";
	if (converter != (iconv_t)-1)
		iconv_close(converter);
}

static bool same_name(const char *a, const char *b)
{
	for (; *a || *b; a++, b++) {
		while (*a == '-' || *a == '_')
			a++;
		while (*b == '-' || *b == '_')
			b++;
		if ((*a | 0x20) != (*b | 0x20))
			return false;
		if (!*a)
			break;
	}
	return true;
}

/* Python's name of an encoding as iconv's. */
static const char *iconv_name(const char *name)
{
	static const char *const others[][2] = {
		{"latin-1", "ISO-8859-1"},   {"latin1", "ISO-8859-1"},
		{"iso8859-1", "ISO-8859-1"}, {"iso-8859-15", "ISO-8859-15"},
		{"l1", "ISO-8859-1"},        {"ascii", "ISO-8859-1"},
		{"us-ascii", "ISO-8859-1"},  {"cp1252", "CP1252"},
		{"windows-1252", "CP1252"},  {"mbcs", "CP1252"},
		{"sjis", "SHIFT_JIS"},       {"eucjp", "EUC-JP"},
		{"euckr", "EUC-KR"},
	};

	for (size_t i = 0; i < sizeof others / sizeof *others; i++)
		if (same_name(name, others[i][0]))
			return others[i][1];
	return name;
}

/* Into RET->copy; what cannot be decoded becomes U+FFFD. */
static int convert(const char *bytes, size_t size, const char *from, struct python_text *ret)
{
	iconv_t converter = iconv_open("UTF-8", iconv_name(from));

	if (converter == (iconv_t)-1) {
		ret->problem = "its coding line names an encoding that is not known here; read as Latin-1";
		converter = iconv_open("UTF-8", "ISO-8859-1");
		if (converter == (iconv_t)-1)
			return -ENOMEM;
	}
	char *in = (char *)bytes;
	size_t left = size;
	while (left > 0) {
		char *room = snafu_buffer_reserve(&ret->copy, left + 64);
		if (!room)
			break;
		char *out = room;
		size_t out_left = left + 64;
		size_t done = iconv(converter, &in, &left, &out, &out_left);
		ret->copy.size += (size_t)(out - room);
		if (done == (size_t)-1 && errno != E2BIG) {
			ret->problem = "some of its bytes do not fit the encoding it names";
			snafu_buffer_append_text(&ret->copy, "\xef\xbf\xbd");
			in++;
			left--;
		}
	}
	iconv_close(converter);
	if (snafu_buffer_reserve(&ret->copy, 0))
		ret->copy.data[ret->copy.size] = '\0';
	return snafu_buffer_failed(&ret->copy) ? -ENOMEM : 0;
}

/* \r\n and \r become \n, in RET->copy. */
static int mend_newlines(struct python_text *ret)
{
	if (ret->bytes != ret->copy.data) {
		if (snafu_buffer_append(&ret->copy, ret->bytes, ret->size))
			return -ENOMEM;
		ret->bytes = ret->copy.data;
	}
	char *from = ret->copy.data, *to = from, *end = from + ret->copy.size;

	while (from < end) {
		if (*from == '\r') {
			*to++ = '\n';
			from += from + 1 < end && from[1] == '\n' ? 2 : 1;
		} else {
			*to++ = *from++;
		}
	}
	*to = '\0';
	ret->size = ret->copy.size = (size_t)(to - ret->copy.data);
	return 0;
}

int snafu_python_decode(const char *bytes, size_t size, struct python_text *ret)
{
	bool marked = size >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0;

	ret->problem = NULL;
	ret->copy.cap = size * 4 + 1024;
	snafu_buffer_clear(&ret->copy);
	if (memchr(bytes, '\0', size)) {
		ret->problem = "it is no Python source: there are NUL bytes in it";
		return -EILSEQ;
	}
	ret->bytes = bytes + (marked ? 3 : 0);
	ret->size = size - (marked ? 3 : 0);
	read_coding(ret->bytes, ret->bytes + ret->size, ret->encoding, sizeof ret->encoding);
	bool utf8 = marked || !ret->encoding[0] || same_name(ret->encoding, "utf-8") ||
	            same_name(ret->encoding, "u8");
	check_encoding(ret, marked, utf8);
	if (snafu_utf8_ascii(ret->bytes, ret->size) < ret->size &&
	    (!utf8 || !snafu_utf8_is_valid(ret->bytes, ret->size))) {
		if (utf8)
			ret->problem = "it is not UTF-8 and names no other encoding; read as Latin-1";
		int code = convert(ret->bytes, ret->size, utf8 ? "latin-1" : ret->encoding, ret);
		if (code)
			return code;
		ret->bytes = ret->copy.data;
		ret->size = ret->copy.size;
		if (memchr(ret->bytes, '\0', ret->size)) {
			ret->problem = "it is no Python source: its encoding makes NUL characters of it";
			return -EILSEQ;
		}
	}
	return memchr(ret->bytes, '\r', ret->size) ? mend_newlines(ret) : 0;
}

void snafu_python_text_done(struct python_text *text)
{
	snafu_buffer_done(&text->copy);
	*text = (struct python_text){0};
}
