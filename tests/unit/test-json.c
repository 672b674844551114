/* tests/unit/test-json.c — the JSON reader takes what RFC 8259 allows and nothing
 * else; the writers' output reads back. */
#include "base/json.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "base/buffer.h"
#include "base/error.h"
#include "tests/unit/tap.h"

static void check_texts(void)
{
	static const char *const good[] = {
		"null",
		" true ",
		"[]",
		"{}",
		"[1,2]",
		"{\"a\":{\"b\":[{}]}}",
		"-0",
		"0.5e-10",
		"1E+2",
		"123456789012345678901234567890",
		"\"\\u00e9\\ud83d\\ude00\"",
		"\"\xC3\xA9\"",
		"\"\\/\"",
		"[[[]],{},[{}]]",
		"\"\x7F\"",
	};
	static const char *const bad[] = {
		"",
		" ",
		"nul",
		"NaN",
		"Infinity",
		"-",
		"01",
		"1.",
		".5",
		"1e",
		"+1",
		"[1,]",
		"[,1]",
		"{,}",
		"{\"a\"}",
		"{\"a\":}",
		"{\"a\":1,}",
		"{a:1}",
		"'a'",
		"\"a",
		"\"\\x\"",
		"\"\\u12g4\"",
		"\"\\ud800\"",
		"\"\\udc00\"",
		"\"\\ud800\\u0041\"",
		"\"\xFF\"",
		"\"\xC0\x80\"",
		"\"\xED\xA0\x80\"",
		"\"\xF5\x80\x80\x80\"",
		"\"\n\"",
		"[1 2]",
		"1 2",
		"[1}",
		"{\"a\":1]",
		"]",
		"\"\\",
		"[",
		"{",
		"{\"a\":",
		"// x\n1",
		"\xEF\xBB\xBF\x31",
	};
	for (size_t i = 0; i < sizeof good / sizeof *good; i++)
		if (!CHECK(snafu_json_validate(good[i], strlen(good[i]), NULL) == 0))
			printf("# refused: %s\n", good[i]);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		if (!CHECK(snafu_json_validate(bad[i], strlen(bad[i]), NULL) < 0))
			printf("# taken: %s\n", bad[i]);
}

static void check_depth(void)
{
	char deep[2 * SNAFU_JSON_DEPTH_CAP + 4];
	size_t cap = SNAFU_JSON_DEPTH_CAP;

	memset(deep, '[', cap + 1);
	memset(deep + cap + 1, ']', cap + 1);
	CHECK(snafu_json_validate(deep, 2 * cap + 2, NULL) == -E2BIG);
	CHECK(snafu_json_validate(deep + 1, 2 * cap, NULL) == 0);
}

static void check_walk(void)
{
	static const char text[] =
		"{\"a\\u0062\": [1, 2.5, \"x\\n\\u20ac\"], \"skip\": [{\"x\":[]}], \"end\": -7}";
	struct snafu_json_reader reader;
	struct snafu_json_value key, value;
	struct snafu_error error;
	struct snafu_buffer plain = SNAFU_BUFFER(100);
	int64_t number;
	double real;

	snafu_json_begin(&reader, text, sizeof text - 1);
	CHECK(snafu_json_read(&reader, &value, &error) == 0 && value.type == SNAFU_JSON_OBJECT);
	CHECK(snafu_json_next_member(&reader, &key, &value, &error) == 1);
	CHECK(snafu_json_equals(&key, "ab") && !snafu_json_equals(&key, "abc"));
	CHECK(snafu_json_next_element(&reader, &value, &error) == 1);
	CHECK(snafu_json_int64(&value, &number) == 0 && number == 1);
	CHECK(snafu_json_next_element(&reader, &value, &error) == 1 && value.type == SNAFU_JSON_REAL);
	CHECK(snafu_json_double(&value, &real) == 0 && real == 2.5);
	CHECK(snafu_json_next_element(&reader, &value, &error) == 1 && value.escaped);
	CHECK(snafu_json_unescape(&value, &plain) == 0);
	CHECK_STRING(plain.data, "x\n\xE2\x82\xAC");
	CHECK(snafu_json_next_element(&reader, &value, &error) == 0);
	CHECK(snafu_json_next_member(&reader, &key, &value, &error) == 1);
	CHECK(snafu_json_skip(&reader, &value, &error) == 0 && value.size == strlen("[{\"x\":[]}]"));
	CHECK(snafu_json_next_member(&reader, &key, &value, &error) == 1);
	CHECK(snafu_json_int64(&value, &number) == 0 && number == -7);
	CHECK(snafu_json_next_member(&reader, &key, &value, &error) == 0);
	CHECK(snafu_json_end(&reader, &error) == 0);
	CHECK(snafu_json_validate("[1,\n 2,\n x]", 11, &error) == -EINVAL);
	CHECK_STRING(error.message, "not valid JSON: a value is expected at line 3, column 2");
	snafu_buffer_done(&plain);
}

static void check_numbers(void)
{
	struct snafu_json_value value = {.type = SNAFU_JSON_INTEGER};
	int64_t number = 0;

	value.text = "9223372036854775807", value.size = 19;
	CHECK(snafu_json_int64(&value, &number) == 0 && number == INT64_MAX);
	value.text = "9223372036854775808";
	CHECK(snafu_json_int64(&value, &number) == -ERANGE);
	value.text = "-9223372036854775808", value.size = 20;
	CHECK(snafu_json_int64(&value, &number) == 0 && number == INT64_MIN);
	value.text = "-9223372036854775809";
	CHECK(snafu_json_int64(&value, &number) == -ERANGE);
}

static void check_writers(void)
{
	struct snafu_buffer out = SNAFU_BUFFER(1000);

	snafu_json_write_string(&out, "a\"\\\n\x01\xC3\xA9\xFF\0z", 10);
	CHECK_STRING(out.data, "\"a\\\"\\\\\\n\\u0001\xC3\xA9\xEF\xBF\xBD\\u0000z\"");
	snafu_buffer_clear(&out);
	snafu_json_write_int64(&out, INT64_MIN);
	CHECK_STRING(out.data, "-9223372036854775808");
	static const double doubles[] = {0,       -0.0,          1,    0.1, 1e300, 5e-324,
	                                 1.0 / 3, 123456789.125, 1e15, 1e17};
	for (size_t i = 0; i < sizeof doubles / sizeof *doubles; i++) {
		snafu_buffer_clear(&out);
		CHECK(snafu_json_write_double(&out, doubles[i]) == 0);
		CHECK(strtod(out.data, NULL) == doubles[i] && strpbrk(out.data, ".e"));
	}
	CHECK(snafu_json_write_double(&out, NAN) == -EDOM);
	CHECK(snafu_json_write_double(&out, -INFINITY) == -EDOM);
	snafu_buffer_done(&out);
}

int main(void)
{
	check_texts();
	check_depth();
	check_walk();
	check_numbers();
	check_writers();
	return tap_done();
}
