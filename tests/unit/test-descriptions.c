/* tests/unit/test-descriptions.c — JSON Schema, listing and OpenAPI from
 * hand-made descriptors. Whether the document is valid OpenAPI is checked by a
 * real validator in tests/e2e/web-openapi.py. */

#include "base/buffer.h"
#include "base/json.h"
#include "exporter/listing.h"
#include "exporter/openapi.h"
#include "exporter/schema.h"
#include "tests/unit/tap.h"

#define PLAIN(KIND) snafu_shape_plain(SNAFU_SHAPE_##KIND)

static struct snafu_buffer out = SNAFU_BUFFER(64u << 20);

static const char *schema(const struct snafu_shape *shape)
{
	snafu_buffer_clear(&out);
	snafu_schema_shape(shape, &out);
	return out.data;
}

static const char *value(const char *fallback)
{
	snafu_buffer_clear(&out);
	return snafu_schema_default(fallback, &out) ? out.data : NULL;
}

static void test_shapes(void)
{
	static const char *const colours[] = {"RED", "BLUE"};
	struct snafu_shape number = {.kind = SNAFU_SHAPE_NUMBER, .nullable = true, .format = "double"};
	struct snafu_shape list = {.kind = SNAFU_SHAPE_ARRAY, .items = &number};
	struct snafu_shape map = {.kind = SNAFU_SHAPE_MAP, .items = PLAIN(INTEGER)};
	struct snafu_shape colour = {.kind = SNAFU_SHAPE_ENUM, .values = colours, .n_values = 2};
	struct snafu_field fields[] = {{"x", PLAIN(INTEGER)}, {"list", &list}};
	struct snafu_shape point = {.kind = SNAFU_SHAPE_OBJECT, .fields = fields, .n_fields = 2};

	CHECK_STRING(schema(PLAIN(ANY)), "{}");
	CHECK_STRING(schema(PLAIN(NOTHING)), "{\"type\":\"null\"}");
	CHECK_STRING(schema(PLAIN(BYTES)), "{\"type\":\"string\",\"contentEncoding\":\"base64\"}");
	CHECK_STRING(schema(&list), "{\"type\":\"array\",\"items\":"
	                            "{\"type\":[\"number\",\"null\"],\"format\":\"double\"}}");
	CHECK_STRING(schema(&map), "{\"type\":\"object\",\"additionalProperties\":"
	                           "{\"type\":\"integer\"}}");
	CHECK_STRING(schema(&colour), "{\"enum\":[\"RED\",\"BLUE\"]}");
	colour.nullable = true;
	CHECK_STRING(schema(&colour), "{\"enum\":[\"RED\",\"BLUE\",null]}");
	/* Names go in, what they stand for comes out. */
	colour.named = true;
	CHECK_STRING(schema(&colour), "{\"enum\":[\"RED\",\"BLUE\",null]}");
	struct snafu_shape colours_list = {.kind = SNAFU_SHAPE_ARRAY, .items = &colour};
	struct snafu_function pick = {.id = "m.pick", .returns_shape = &colours_list};
	snafu_buffer_clear(&out);
	snafu_schema_result(&pick, &out);
	CHECK_STRING(out.data, "{\"type\":\"array\",\"items\":{}}");
	CHECK_STRING(schema(&point), "{\"type\":\"object\",\"properties\":{\"x\":"
	                             "{\"type\":\"integer\"},\"list\":{\"type\":\"array\",\"items\":"
	                             "{\"type\":[\"number\",\"null\"],\"format\":\"double\"}}}}");
}

/* A node with two nodes inside would never end, and a wide deep one nearly so. */
static void test_endless_shapes(void)
{
	struct snafu_shape node = {.kind = SNAFU_SHAPE_OBJECT, .n_fields = 2};
	struct snafu_field sides[] = {{"left", &node}, {"right", &node}};
	struct snafu_shape levels[SNAFU_SCHEMA_DEPTH_CAP + 3];
	struct snafu_field wide[SNAFU_SCHEMA_DEPTH_CAP + 3][8];

	node.fields = sides;
	CHECK_STRING(schema(&node), "{\"type\":\"object\",\"properties\":{\"left\":{},\"right\":{}}}");
	memset(levels, 0, sizeof levels);
	for (size_t i = 0; i < sizeof levels / sizeof *levels; i++) {
		bool last = i + 1 == sizeof levels / sizeof *levels;
		levels[i].kind = last ? SNAFU_SHAPE_STRING : SNAFU_SHAPE_OBJECT;
		levels[i].fields = wide[i];
		levels[i].n_fields = last ? 0 : 8;
		for (size_t j = 0; j < 8; j++)
			wide[i][j] = (struct snafu_field){"f", last ? NULL : &levels[i + 1]};
	}
	schema(&levels[0]);
	CHECK(out.failed == 0 && out.size < 100000);
	CHECK(snafu_json_validate(out.data, out.size, NULL) == 0);
}

static void test_defaults(void)
{
	CHECK_STRING(value("10"), "10");
	CHECK_STRING(value("-1.5e3"), "-1.5e3");
	CHECK_STRING(value("None"), "null");
	CHECK_STRING(value("True"), "true");
	CHECK_STRING(value("'it is \"quoted\"'"), "\"it is \\\"quoted\\\"\"");
	CHECK_STRING(value("\"a\\n\""), "\"a\\n\"");
	CHECK_STRING(value("[]"), "[]");
	CHECK_STRING(value("()"), "[]");
	CHECK_STRING(value("os.getcwd()"), NULL);
	CHECK_STRING(value("1 + 1"), NULL);
	CHECK_STRING(value("\"a\\/\""), NULL);
	CHECK_STRING(value("'\\''"), NULL);
	CHECK_STRING(value("'a' 'b'"), NULL);
	CHECK_STRING(value(""), NULL);
	CHECK_STRING(value(NULL), NULL);
}

static const struct snafu_parameter several[] = {
	{.name = "n", .type = "int", .kind = SNAFU_PARAMETER_POSITIONAL_ONLY},
	{.name = "step", .fallback = "2", .doc = "how far", .kind = SNAFU_PARAMETER_NORMAL},
	{.name = "when", .fallback = "now()", .kind = SNAFU_PARAMETER_NORMAL},
	{.name = "rest", .kind = SNAFU_PARAMETER_VARIADIC},
	{.name = "strict", .kind = SNAFU_PARAMETER_KEYWORD_ONLY, .fallback = "False"},
	{.name = "more", .kind = SNAFU_PARAMETER_KEYWORDS},
};

static struct snafu_function *add(struct snafu_functions *functions, const char *id,
                                  const char *language, struct snafu_parameter *parameters,
                                  size_t n)
{
	struct snafu_function *function = snafu_functions_add(functions);

	function->id = id;
	function->name = strrchr(id, '.') ? strrchr(id, '.') + 1 : id;
	function->language = language;
	function->file = "file";
	function->parameters = parameters;
	function->n_parameters = n;
	return function;
}

static void test_arguments(void)
{
	struct snafu_functions functions = {0};
	struct snafu_parameter parameters[6];

	memcpy(parameters, several, sizeof several);
	for (size_t i = 0; i < 6; i++)
		parameters[i].shape = i < 2 ? PLAIN(INTEGER) : PLAIN(ANY);
	struct snafu_function *function = add(&functions, "m.f", "python", parameters, 6);

	snafu_buffer_clear(&out);
	snafu_schema_by_name(function, &out);
	CHECK_STRING(out.data,
	             "{\"type\":\"object\",\"properties\":{"
	             "\"n\":{\"type\":\"integer\",\"description\":\"int\"},"
	             "\"step\":{\"type\":\"integer\",\"description\":\"how far\",\"default\":2},"
	             "\"when\":{\"description\":\"default now()\"},"
	             "\"rest\":{\"type\":\"array\",\"items\":{}},"
	             "\"strict\":{\"default\":false}},"
	             "\"required\":[\"n\"],\"additionalProperties\":{}}");
	snafu_buffer_clear(&out);
	snafu_schema_by_position(function, &out);
	CHECK_STRING(out.data, "{\"type\":\"array\",\"prefixItems\":["
	                       "{\"type\":\"integer\",\"description\":\"int\"},"
	                       "{\"type\":\"integer\",\"description\":\"how far\",\"default\":2},"
	                       "{\"description\":\"default now()\"}],\"minItems\":1,\"items\":{}}");
	CHECK(snafu_schema_takes_positions(function));
	CHECK(!snafu_schema_needs_nothing(function));

	parameters[4].fallback = NULL;
	CHECK(!snafu_schema_takes_positions(function));

	function->n_parameters = 0;
	function->kind = SNAFU_METHOD;
	snafu_buffer_clear(&out);
	snafu_schema_by_name(function, &out);
	CHECK(strstr(out.data, "\"properties\":{\"self\":{") != NULL);
	CHECK(strstr(out.data, "\"additionalProperties\":false") != NULL);
	CHECK(snafu_schema_needs_nothing(function));

	parameters[0].kind = SNAFU_PARAMETER_OUT;
	function->n_parameters = 1;
	function->kind = SNAFU_FUNCTION;
	snafu_buffer_clear(&out);
	snafu_schema_by_name(function, &out);
	CHECK_STRING(out.data, "{\"type\":\"object\",\"properties\":{},"
	                       "\"additionalProperties\":false}");
	snafu_functions_done(&functions);
}

static unsigned occurrences(const char *text, const char *part)
{
	unsigned n = 0;

	for (; (text = strstr(text, part)) != NULL; text += strlen(part))
		n++;
	return n;
}

static void test_documents(void)
{
	struct snafu_functions functions = {0};
	struct snafu_parameter one = {.name = "x", .type = "int", .shape = PLAIN(INTEGER)};
	struct snafu_parameter two = {.name = "x", .type = "String", .shape = PLAIN(STRING)};
	struct snafu_openapi_options options = {.server = "http://127.0.0.1:1"};

	add(&functions, "a.B.f", "java", &one, 1);
	struct snafu_function *broken = add(&functions, "a.hidden", "python", NULL, 0);
	broken->reason = "nested";
	broken->doc = "First.\nSecond \"line\".";
	add(&functions, "a.B.f", "java", &two, 1);
	add(&functions, "m.\xc3\xa9t\xc3\xa9", "python", NULL, 0)->doc = "Summer.\nHot.";

	snafu_buffer_clear(&out);
	CHECK(snafu_openapi_write(&functions, &options, &out, NULL) == 0);
	CHECK(snafu_json_validate(out.data, out.size, NULL) == 0);
	CHECK(occurrences(out.data, "\"operationId\"") == 2);
	CHECK(occurrences(out.data, "\"/invoke/a.B.f\":{") == 1);
	CHECK(occurrences(out.data, "\"/invoke/m.%C3%A9t%C3%A9\":{") == 1);
	CHECK(occurrences(out.data, "\"summary\":\"Summer.\"") == 1);
	CHECK(occurrences(out.data, "hidden") == 0);
	CHECK(occurrences(out.data, "{\"url\":\"http://127.0.0.1:1\"}") == 1);

	snafu_buffer_clear(&out);
	snafu_listing_write(&functions, NULL, false, &out);
	CHECK(snafu_json_validate(out.data, out.size, NULL) == 0);
	CHECK(occurrences(out.data, "\"signature\":") == 4);
	CHECK(occurrences(out.data, "\"callable\":false") == 1);
	CHECK(occurrences(out.data, "\"reason\":\"nested\"") == 1);

	snafu_buffer_clear(&out);
	snafu_listing_write(&functions, "java", true, &out);
	CHECK(snafu_json_validate(out.data, out.size, NULL) == 0);
	CHECK(occurrences(out.data, "\"id\":\"a.B.f\"") == 2);
	CHECK(occurrences(out.data, "\"id\":") == 2);

	struct snafu_buffer small = SNAFU_BUFFER(100);
	CHECK(snafu_openapi_write(&functions, &options, &small, NULL) < 0);
	snafu_buffer_done(&small);
	snafu_functions_done(&functions);
}

int main(void)
{
	test_shapes();
	test_endless_shapes();
	test_defaults();
	test_arguments();
	test_documents();
	snafu_buffer_done(&out);
	return tap_done();
}
