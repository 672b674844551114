/* tests/unit/test-listing.c — the formats of snafu-scan, on functions made by
 * hand with all that can go wrong in names and docs. */
#include <stdlib.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/json.h"
#include "scanner/listing.h"
#include "scanner/scanner.h"
#include "tests/unit/tap.h"

static const struct snafu_parameter parameters[] = {
	{.name = "n", .type = "int", .kind = SNAFU_PARAMETER_NORMAL, .doc = "how many"},
	{.name = "rest", .fallback = "{\n}", .kind = SNAFU_PARAMETER_KEYWORD_ONLY},
};
static struct snafu_function entries[] = {
	{.id = "pkg.mod.work",
     .name = "work",
     .language = "python",
     .file = "src/pkg/mod.py",
     .root = "src",
     .line = 10,
     .parameters = parameters,
     .n_parameters = 2,
     .returns = "str",
     .doc = "Does \"it\".\n\x1B[31m"},
	{.id = "pkg.mod.Class.work",
     .name = "work",
     .language = "python",
     .file = "src/pkg/mod.py",
     .root = "src",
     .line = 9,
     .kind = SNAFU_METHOD,
     .reason = "abstract \x1B[31m"},
	{.id = "org.Thing.also",
     .name = "also",
     .language = "java",
     .file = "a\tb\\c.java",
     .root = ".",
     .kind = SNAFU_STATIC_METHOD,
     .returns = "Map<String, Integer>"},
};
static const struct snafu_functions functions = {.functions = entries, .count = 3};

static char *written(const char *format, const struct snafu_functions *list)
{
	struct snafu_error error = {0};
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	CHECK(snafu_listing_find(format)->write(list, out, &error) == 0);
	fclose(out);
	return text;
}

static void test_json(void)
{
	static const struct snafu_functions none = {0};
	struct snafu_buffer buffer = SNAFU_BUFFER(4096);
	char *text = written("json", &functions);

	CHECK(snafu_json_validate(text, strlen(text), NULL) == 0);
	free(text);
	snafu_function_write_json(&entries[0], &buffer);
	CHECK_STRING(buffer.data,
	             "{\"id\":\"pkg.mod.work\",\"language\":\"python\",\"file\":\"src/pkg/mod.py\","
	             "\"line\":10,\"kind\":\"function\",\"parameters\":["
	             "{\"name\":\"n\",\"type\":\"int\",\"default\":null,\"kind\":\"normal\","
	             "\"doc\":\"how many\"},"
	             "{\"name\":\"rest\",\"type\":null,\"default\":\"{\\n}\","
	             "\"kind\":\"keyword-only\",\"doc\":null}],\"returns\":\"str\","
	             "\"doc\":\"Does \\\"it\\\".\\n\\u001b[31m\",\"callable\":true,\"reason\":null}");
	snafu_buffer_done(&buffer);
	text = written("json", &none);
	CHECK_STRING(text, "[]\n");
	free(text);
}

static void test_table(void)
{
	char *text = written("table", &functions);

	CHECK(strncmp(text, "FUNCTION ", 9) == 0);
	CHECK(strstr(text, "work(n: int, *, rest={ })") != NULL);
	CHECK(strstr(text, "(not callable: abstract ?[31m)") != NULL);
	CHECK(strchr(text, '\x1B') == NULL);
	free(text);
}

static void test_ctags(void)
{
	char *text = written("ctags", &functions);
	const char *tags = strstr(text, "also");

	CHECK(strncmp(text, "!_TAG_FILE_FORMAT\t2\t", 20) == 0);
	CHECK_STRING(tags, "also\ta\\tb\\\\c.java\t1;\"\tm\tline:1\tlanguage:Java\tclass:org.Thing"
	                   "\tsignature:()\ttyperef:typename:Map<String, Integer>\n"
	                   "work\tsrc/pkg/mod.py\t10;\"\tf\tline:10\tlanguage:Python"
	                   "\tsignature:(n: int, *, rest={ })\ttyperef:typename:str\n"
	                   "work\tsrc/pkg/mod.py\t9;\"\tm\tline:9\tlanguage:Python\tclass:Class"
	                   "\tsignature:()\n");
	free(text);
}

static void test_variadic_of_c(void)
{
	static const struct snafu_parameter both[] = {
		{.name = "format", .type = "const char *", .kind = SNAFU_PARAMETER_NORMAL},
		{.name = "...", .type = "...", .kind = SNAFU_PARAMETER_VARIADIC},
	};
	const struct snafu_function print = {
		.name = "print",
		.language = "c",
		.returns = "int",
		.parameters = both,
		.n_parameters = 2,
	};
	struct snafu_buffer text = SNAFU_BUFFER(256);

	snafu_function_signature(&print, &text);
	CHECK_STRING(text.data, "int print(const char * format, ...)");
	snafu_buffer_done(&text);
}

int main(void)
{
	CHECK(snafu_listing_find("xml") == NULL);
	test_json();
	test_table();
	test_ctags();
	test_variadic_of_c();
	return tap_done();
}
