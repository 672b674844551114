/* tests/unit/test-text.c — what base/ knows of text: UTF-8, base64, near names. */
#include "base/base64.h"
#include "base/buffer.h"
#include "base/near.h"
#include "base/utf8.h"

#include <stdint.h>

#include "tests/unit/tap.h"

static size_t size_of(const char *text)
{
	return snafu_utf8_size(text, text + strlen(text));
}

static void test_utf8(void)
{
	/* RFC 3629: the first and the last of each length, and what is next to them. */
	CHECK(size_of("\x7F") == 1 && size_of("\xC2\x80") == 2 && size_of("\xDF\xBF") == 2);
	CHECK(size_of("\xE0\xA0\x80") == 3 && size_of("\xED\x9F\xBF") == 3);
	CHECK(size_of("\xF0\x90\x80\x80") == 4 && size_of("\xF4\x8F\xBF\xBF") == 4);
	CHECK(size_of("\x80") == 0 && size_of("\xC1\xBF") == 0 && size_of("\xE0\x9F\xBF") == 0);
	CHECK(size_of("\xED\xA0\x80") == 0 && size_of("\xF0\x8F\xBF\xBF") == 0);
	CHECK(size_of("\xF4\x90\x80\x80") == 0 && size_of("\xF5\x80\x80\x80") == 0);
	CHECK(size_of("\xE2\x82") == 0 && size_of("\xF0\x9F\x98") == 0 && size_of("\xC3") == 0);

	CHECK(snafu_utf8_is_valid("12345678901\xC3\xA9", 13));
	CHECK(!snafu_utf8_is_valid("12345678901\xC3\xA9", 12));
	CHECK(snafu_utf8_is_valid("", 0) && snafu_utf8_is_valid("\0", 1));
	CHECK(snafu_utf8_ascii("12345678\xC3\xA9", 10) == 8 && snafu_utf8_ascii("abc", 3) == 3);
	CHECK(snafu_utf8_cut("a\xC3\xA9", 2) == 1 && snafu_utf8_cut("a\xC3\xA9", 3) == 3);

	bool same = true;
	for (uint32_t character = 1; character <= 0x10FFFF; character++) {
		char bytes[4];
		size_t size = snafu_utf8_put(bytes, character);
		bool surrogate = character >= 0xD800 && character <= 0xDFFF;

		same &= snafu_utf8_size(bytes, bytes + size) == (surrogate ? 0 : size);
	}
	CHECK(same);
}

static void test_base64(void)
{
	static const char *const pairs[][2] = {
		/* RFC 4648, section 10 */
		{"", "\"\""},
		{"f", "\"Zg==\""},
		{"fo", "\"Zm8=\""},
		{"foob", "\"Zm9vYg==\""},
		{"foobar", "\"Zm9vYmFy\""},
	};

	for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
		struct snafu_buffer text = SNAFU_BUFFER(100);
		unsigned char back[100];
		size_t size = 0;

		snafu_base64_write_string(&text, pairs[i][0], strlen(pairs[i][0]));
		CHECK_STRING(text.data, pairs[i][1]);
		CHECK(snafu_base64_read(text.data + 1, text.size - 2, back, &size) == 0 &&
		      size == strlen(pairs[i][0]) && memcmp(back, pairs[i][0], size) == 0);
		snafu_buffer_done(&text);
	}
}

static const char *nearest(const char *typed)
{
	static const char *const names[] = {"count", "amount", "x", "very_long_name"};
	struct snafu_near near = snafu_near_begin(typed, strlen(typed));

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		snafu_near_offer(&near, names[i]);
	return near.name;
}

static void test_near(void)
{
	CHECK(snafu_name_distance("kitten", 6, "Sitting", 7, 5) == 3);
	CHECK(snafu_name_distance("kitten", 6, "sitting", 7, 2) == 3);
	CHECK(snafu_name_distance("", 0, "abc", 3, 9) == 3);
	CHECK_STRING(nearest("cuont"), "count");
	CHECK_STRING(nearest("AMOUNT"), "amount");
	CHECK_STRING(nearest("verylongname"), "very_long_name");
	CHECK_STRING(nearest("xx"), "x");
	CHECK_STRING(nearest("y"), NULL);
	CHECK_STRING(nearest("completely_different"), NULL);
	CHECK_STRING(nearest(""), NULL);
}

int main(void)
{
	test_utf8();
	test_base64();
	test_near();
	return tap_done();
}
