/* tests/unit/test-arguments.c — text into JSON by shape, and shapes in words. */
#include <errno.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/json.h"
#include "exporter/arguments.h"
#include "tests/unit/tap.h"

static const struct snafu_shape optional_integer = {.kind = SNAFU_SHAPE_INTEGER, .nullable = true};
static const struct snafu_shape optional_text = {.kind = SNAFU_SHAPE_STRING, .nullable = true};
static const struct snafu_shape color = {
	.kind = SNAFU_SHAPE_ENUM,
	.values = (const char *const[]){"RED", "Blue", "BLUE"},
	.n_values = 3,
};
static const struct snafu_shape integers = {.kind = SNAFU_SHAPE_ARRAY,
                                            .items = &(const struct snafu_shape){
												.kind = SNAFU_SHAPE_INTEGER}};
static const struct snafu_shape texts = {.kind = SNAFU_SHAPE_ARRAY,
                                         .items = &(const struct snafu_shape){
											 .kind = SNAFU_SHAPE_STRING}};
static const struct snafu_shape tables = {.kind = SNAFU_SHAPE_ARRAY, .items = &integers};
static const struct snafu_shape anything = {.kind = SNAFU_SHAPE_ARRAY};
static const struct snafu_shape counts = {.kind = SNAFU_SHAPE_MAP,
                                          .items = &(const struct snafu_shape){
											  .kind = SNAFU_SHAPE_INTEGER}};
static const struct snafu_shape point = {
	.kind = SNAFU_SHAPE_OBJECT,
	.fields =
		(const struct snafu_field[]){
			{"x", &(const struct snafu_shape){.kind = SNAFU_SHAPE_NUMBER}},
			{"label", &(const struct snafu_shape){.kind = SNAFU_SHAPE_STRING}},
		},
	.n_fields = 2,
};

static struct snafu_buffer buffer = SNAFU_BUFFER(1 << 20);
static struct snafu_error error;

static const char *convert_bytes(const struct snafu_shape *shape, const char *text, size_t size)
{
	snafu_buffer_clear(&buffer);
	error = (struct snafu_error){0};
	int code = snafu_argument_from_text(shape, text, size, &buffer, &error);
	if (code)
		return code == -EINVAL && buffer.size == 0 ? error.message : "wrong code";
	if (snafu_json_validate(buffer.data, buffer.size, NULL))
		return "not JSON";
	return buffer.data;
}

static const char *convert(const struct snafu_shape *shape, const char *text)
{
	return convert_bytes(shape, text, strlen(text));
}

static const char *plain(enum snafu_shape_kind kind, const char *text)
{
	return convert(snafu_shape_plain(kind), text);
}

static const char *words(const struct snafu_shape *shape)
{
	snafu_buffer_clear(&buffer);
	snafu_shape_describe(shape, &buffer);
	return buffer.data;
}

static void test_numbers(void)
{
	CHECK_STRING(plain(SNAFU_SHAPE_INTEGER, "10"), "10");
	CHECK_STRING(plain(SNAFU_SHAPE_INTEGER, " +007 "), "7");
	CHECK_STRING(plain(SNAFU_SHAPE_INTEGER, "-0"), "-0");
	CHECK_STRING(plain(SNAFU_SHAPE_INTEGER, "123456789012345678901234567890"),
	             "123456789012345678901234567890");
	CHECK_STRING(plain(SNAFU_SHAPE_INTEGER, "ten"), "expected an integer, not 'ten'");
	CHECK_STRING(plain(SNAFU_SHAPE_INTEGER, ""), "expected an integer, not ''");
	CHECK_STRING(plain(SNAFU_SHAPE_INTEGER, "1.5"), "expected an integer, not '1.5'");
	CHECK_STRING(plain(SNAFU_SHAPE_INTEGER, "-"), "expected an integer, not '-'");
	CHECK_STRING(plain(SNAFU_SHAPE_NUMBER, "10"), "10");
	CHECK_STRING(plain(SNAFU_SHAPE_NUMBER, "-.5"), "-0.5");
	CHECK_STRING(plain(SNAFU_SHAPE_NUMBER, "5."), "5.0");
	CHECK_STRING(plain(SNAFU_SHAPE_NUMBER, "+01.50e+3"), "1.50e+3");
	CHECK_STRING(plain(SNAFU_SHAPE_NUMBER, "1E9"), "1E9");
	CHECK_STRING(plain(SNAFU_SHAPE_NUMBER, "nan"), "expected a number, not 'nan'");
	CHECK_STRING(plain(SNAFU_SHAPE_NUMBER, "."), "expected a number, not '.'");
	CHECK_STRING(plain(SNAFU_SHAPE_NUMBER, "1e"), "expected a number, not '1e'");
	CHECK_STRING(plain(SNAFU_SHAPE_NUMBER, "1,5"), "expected a number, not '1,5'");
}

static void test_words_and_text(void)
{
	CHECK_STRING(plain(SNAFU_SHAPE_BOOLEAN, "Yes"), "true");
	CHECK_STRING(plain(SNAFU_SHAPE_BOOLEAN, "0"), "false");
	CHECK_STRING(plain(SNAFU_SHAPE_BOOLEAN, "2"), "expected true or false, not '2'");
	CHECK_STRING(plain(SNAFU_SHAPE_STRING, "10"), "\"10\"");
	CHECK_STRING(plain(SNAFU_SHAPE_STRING, " a \"b\" "), "\" a \\\"b\\\" \"");
	CHECK_STRING(plain(SNAFU_SHAPE_STRING, ""), "\"\"");
	CHECK_STRING(plain(SNAFU_SHAPE_STRING, "\xEF\xBF\xBD"), "\"\xEF\xBF\xBD\"");
	CHECK_STRING(plain(SNAFU_SHAPE_STRING, "\xFF"), "expected text in UTF-8");
	CHECK_STRING(plain(SNAFU_SHAPE_STRING, "\xEF\xBF\xBD\xFF"), "expected text in UTF-8");
	CHECK_STRING(convert_bytes(snafu_shape_plain(SNAFU_SHAPE_STRING), "a\0b", 3), "\"a\\u0000b\"");
	CHECK_STRING(plain(SNAFU_SHAPE_HANDLE, "stream:1"), "\"stream:1\"");
	CHECK_STRING(plain(SNAFU_SHAPE_NOTHING, ""), "null");
	CHECK_STRING(plain(SNAFU_SHAPE_NOTHING, "x"), "expected nothing, not 'x'");
	CHECK_STRING(convert(&optional_integer, "null"), "null");
	CHECK_STRING(convert(&optional_integer, "3"), "3");
	CHECK_STRING(convert(&optional_integer, "x"), "expected an integer or null, not 'x'");
	CHECK_STRING(convert(&optional_text, "null"), "\"null\"");
	CHECK_STRING(convert(&color, "red"), "\"RED\"");
	CHECK_STRING(convert(&color, "Blue"), "\"Blue\"");
	CHECK_STRING(convert(&color, "2"), "2");
	CHECK_STRING(convert(&color, "blue"), "expected one of RED, Blue, BLUE, not 'blue'");
}

static void test_anything(void)
{
	CHECK_STRING(plain(SNAFU_SHAPE_ANY, "10"), "10");
	CHECK_STRING(plain(SNAFU_SHAPE_ANY, "true"), "true");
	CHECK_STRING(plain(SNAFU_SHAPE_ANY, " [1,2]"), "[1,2]");
	CHECK_STRING(plain(SNAFU_SHAPE_ANY, "\"10\""), "\"10\"");
	CHECK_STRING(plain(SNAFU_SHAPE_ANY, "{\"a\":1}"), "{\"a\":1}");
	CHECK_STRING(plain(SNAFU_SHAPE_ANY, "007"), "\"007\"");
	CHECK_STRING(plain(SNAFU_SHAPE_ANY, "[1,"), "\"[1,\"");
	CHECK_STRING(plain(SNAFU_SHAPE_ANY, "NaN"), "\"NaN\"");
	CHECK_STRING(plain(SNAFU_SHAPE_ANY, ""), "\"\"");
}

static void test_lists(void)
{
	CHECK_STRING(convert(&integers, "1, 2,3"), "[1,2,3]");
	CHECK_STRING(convert(&integers, "7"), "[7]");
	CHECK_STRING(convert(&integers, "[1, 2]"), "[1, 2]");
	CHECK_STRING(convert(&integers, ""), "[]");
	CHECK_STRING(convert(&integers, "1,x"), "expected an integer, not 'x'");
	CHECK_STRING(convert(&integers, "1,"), "expected an integer, not ''");
	CHECK_STRING(convert(&texts, "a,"), "[\"a\",\"\"]");
	CHECK_STRING(convert(&texts, "a,\"b,\\\"c\", d e"), "[\"a\",\"b,\\\"c\",\"d e\"]");
	CHECK_STRING(convert(&texts, "10,20"), "[\"10\",\"20\"]");
	CHECK_STRING(convert(&anything, "1,a,{\"b\":[1,2]}"), "[1,\"a\",{\"b\":[1,2]}]");
	CHECK_STRING(convert(&tables, "[1,2],[3]"), "[[1,2],[3]]");
	CHECK_STRING(convert(&counts, "a=1, b=2"), "{\"a\":1,\"b\":2}");
	CHECK_STRING(convert(&counts, "{\"a\":1}"), "{\"a\":1}");
	CHECK_STRING(convert(&counts, ""), "{}");
	CHECK_STRING(convert(&counts, "a"), "expected an object of integers, not 'a'");
	CHECK_STRING(convert(&counts, "=1"), "expected an object of integers, not '=1'");
	CHECK_STRING(convert(&point, "x=1.5,label=10"), "{\"x\":1.5,\"label\":\"10\"}");
	CHECK_STRING(convert(&point, "x=far"), "expected a number, not 'far'");
	CHECK_STRING(convert(&point, "z=[1,2]"), "{\"z\":[1,2]}");
}

static void test_descriptions(void)
{
	CHECK_STRING(words(&integers), "array of integers");
	CHECK_STRING(words(&tables), "array of arrays of integers");
	CHECK_STRING(words(&anything), "array");
	CHECK_STRING(words(&point), "object with x (number), label (text)");
	CHECK_STRING(words(&color), "one of RED, Blue, BLUE");
	/* What the names stand for is the language's to judge. */
	struct snafu_shape named = color;
	named.named = true;
	CHECK_STRING(convert(&named, "red"), "\"RED\"");
	CHECK_STRING(convert(&named, "#00f"), "\"#00f\"");
	CHECK_STRING(convert(&named, "2"), "2");
	CHECK_STRING(words(&optional_text), "text or null");
	CHECK_STRING(words(snafu_shape_plain(SNAFU_SHAPE_ANY)), "any value");
}

/* A shape that contains itself comes to an end, in words and in text. */
static void test_endless(void)
{
	static struct snafu_shape endless = {.kind = SNAFU_SHAPE_ARRAY};

	endless.items = &endless;
	CHECK_STRING(words(&endless), "array of arrays of arrays of arrays");
	CHECK(strncmp(convert(&endless, "x"), "expected an array of", 20) == 0);
}

static void test_cap(void)
{
	struct snafu_buffer small = SNAFU_BUFFER(4);

	CHECK(snafu_argument_from_text(snafu_shape_plain(SNAFU_SHAPE_STRING), "too long", 8, &small,
	                               &error) == -EMSGSIZE);
	snafu_buffer_done(&small);
}

int main(void)
{
	test_numbers();
	test_words_and_text();
	test_anything();
	test_lists();
	test_descriptions();
	test_endless();
	test_cap();
	snafu_buffer_done(&buffer);
	return tap_done();
}
