/* tests/unit/test-given.c — what a person types becomes a payload; results and
 * errors become text again. */
#include <errno.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/json.h"
#include "exporter/ask.h"
#include "exporter/given.h"
#include "exporter/show.h"
#include "scanner/function.h"
#include "tests/unit/tap.h"

static const struct snafu_shape any = {.kind = SNAFU_SHAPE_ANY};
static const struct snafu_shape integer = {.kind = SNAFU_SHAPE_INTEGER};
static const struct snafu_shape text = {.kind = SNAFU_SHAPE_STRING};
static const struct snafu_shape numbers = {.kind = SNAFU_SHAPE_ARRAY,
                                           .items = &(const struct snafu_shape){
											   .kind = SNAFU_SHAPE_NUMBER}};

#define FUNCTION(NAME, ...)                                                   \
	static const struct snafu_parameter NAME##_parameters[] = {__VA_ARGS__};  \
	static const struct snafu_function NAME = {                               \
		.id = "m." #NAME,                                                     \
		.name = #NAME,                                                        \
		.language = "python",                                                 \
		.file = "m.py",                                                       \
		.parameters = NAME##_parameters,                                      \
		.n_parameters = sizeof NAME##_parameters / sizeof *NAME##_parameters, \
	}

FUNCTION(fib, {.name = "n", .type = "int", .shape = &integer, .kind = SNAFU_PARAMETER_NORMAL});
FUNCTION(greet, {.name = "name", .shape = &text, .kind = SNAFU_PARAMETER_NORMAL, .doc = "whom"},
         {.name = "times", .shape = &integer, .fallback = "1", .kind = SNAFU_PARAMETER_NORMAL},
         {.name = "tail", .shape = &any, .fallback = "''", .kind = SNAFU_PARAMETER_KEYWORD_ONLY});
FUNCTION(mean, {.name = "values", .shape = &numbers, .kind = SNAFU_PARAMETER_NORMAL});
FUNCTION(total, {.name = "start", .shape = &integer, .kind = SNAFU_PARAMETER_NORMAL},
         {.name = "rest", .shape = &integer, .kind = SNAFU_PARAMETER_VARIADIC},
         {.name = "options", .shape = &any, .kind = SNAFU_PARAMETER_KEYWORDS});
FUNCTION(total_text, {.name = "label", .shape = &text, .kind = SNAFU_PARAMETER_NORMAL});

static struct snafu_buffer buffer = SNAFU_BUFFER(1 << 20);
static struct snafu_error error;

static const char *payload(struct snafu_given *given, const struct snafu_overloads *overloads,
                           const char *json)
{
	snafu_buffer_clear(&buffer);
	int code = snafu_given_payload(given, overloads, json, strlen(json), &buffer, &error);
	snafu_given_done(given);
	if (code)
		return buffer.size ? "left something behind" : error.message;
	return buffer.size == 0 || !snafu_json_validate(buffer.data, buffer.size, NULL) ? buffer.data
	                                                                                : "not JSON";
}

static const char *from_line(const struct snafu_function *function, const char *line)
{
	struct snafu_overloads overloads = {.entries = {function}, .count = 1};
	struct snafu_given given = {0};

	if (snafu_given_add_line(&given, &overloads, line, &error)) {
		snafu_given_done(&given);
		return error.message;
	}
	return payload(&given, &overloads, "");
}

static const char *from_words(const struct snafu_function *function, const char *json,
                              const char *first, const char *second)
{
	struct snafu_overloads overloads = {.entries = {function}, .count = 1};
	struct snafu_given given = {0};

	if ((first && snafu_given_add_word(&given, first, &error)) ||
	    (second && snafu_given_add_word(&given, second, &error))) {
		snafu_given_done(&given);
		return error.message;
	}
	return payload(&given, &overloads, json);
}

static void test_words(void)
{
	CHECK_STRING(from_words(&fib, "", "n=10", NULL), "{\"n\":10}");
	CHECK_STRING(from_words(&fib, "", "n:=1e3", NULL), "{\"n\":1e3}");
	CHECK_STRING(from_words(&fib, "", "n=ten", NULL), "n: expected an integer, not 'ten'");
	CHECK_STRING(from_words(&fib, "", "n=1", "n=2"), "n: given 2 times");
	CHECK_STRING(from_words(&fib, "", "m=1", NULL), "{\"m\":1}");
	CHECK_STRING(from_words(&fib, "", "m=1", "m=2"), "m: given twice");
	CHECK_STRING(from_words(&fib, "", "=1", NULL), "'=1' is not NAME=VALUE or NAME:=JSON");
	CHECK_STRING(from_words(&fib, "", "n", NULL), "'n' is not NAME=VALUE or NAME:=JSON");
	CHECK(strncmp(from_words(&fib, "", "n:=[", NULL), "n: ", 3) == 0);
	CHECK_STRING(from_words(&greet, "", "name=a=b", NULL), "{\"name\":\"a=b\"}");
	CHECK_STRING(from_words(&mean, "", "values=1,2.5", NULL), "{\"values\":[1,2.5]}");
	CHECK_STRING(from_words(&mean, "", "values=1", "values=2"), "{\"values\":[1,2]}");
	CHECK_STRING(from_words(&mean, "", "values=1", NULL), "{\"values\":[1]}");
	CHECK_STRING(from_words(&total, "", "rest=1,2", "other=x"), "{\"rest\":[1,2],\"other\":\"x\"}");
}

/* -a wins over the JSON that came on stdin. */
static void test_merge(void)
{
	CHECK_STRING(from_words(&greet, "{\"name\":\"Ada\", \"times\" : 2}", "times=3", NULL),
	             "{\"times\":3,\"name\":\"Ada\"}");
	CHECK_STRING(from_words(&greet, "{}", "times=3", NULL), "{\"times\":3}");
	CHECK_STRING(from_words(&greet, "[1]", NULL, NULL), "[1]");
	CHECK_STRING(from_words(&greet, "[1]", "times=3", NULL),
	             "arguments by name and other JSON than an object do not go together");
	CHECK(strstr(from_words(&greet, "{\"name\"", "times=3", NULL), "JSON") != NULL ||
	      error.code == -EINVAL);
}

static void test_lines(void)
{
	CHECK_STRING(from_line(&fib, " 10 "), "{\"n\":10}");
	CHECK_STRING(from_line(&fib, "n=10"), "{\"n\":10}");
	CHECK_STRING(from_line(&fib, "1 2"), "'2' is one argument too many");
	CHECK_STRING(from_line(&greet, "\"Ada Lovelace\" 2 tail=\"10\""),
	             "{\"name\":\"Ada Lovelace\",\"times\":2,\"tail\":\"10\"}");
	CHECK_STRING(from_line(&greet, "'a \"b' tail:=\"x y\""),
	             "{\"name\":\"a \\\"b\",\"tail\":\"x y\"}");
	CHECK_STRING(from_line(&greet, "it's"), "{\"name\":\"it's\"}");
	CHECK_STRING(from_line(&greet, "\"\""), "{\"name\":\"\"}");
	CHECK_STRING(from_line(&greet, "\"a"), "the quote \" is never closed");
	CHECK_STRING(from_line(&greet, "other=1"), "{\"name\":\"other=1\"}");
	CHECK_STRING(from_line(&greet, "x tail=[1, {\"a b\": 2}]"),
	             "{\"name\":\"x\",\"tail\":[1, {\"a b\": 2}]}");
	CHECK_STRING(from_line(&greet, "x tail=[1"), "'[' is never closed");
	CHECK_STRING(from_line(&mean, "[1, 2]"), "{\"values\":[1, 2]}");
	CHECK_STRING(from_line(&total, "1 2 3 deep:=true"),
	             "{\"start\":1,\"rest\":[2,3],\"deep\":true}");
	CHECK_STRING(from_line(&total, "1 2"), "{\"start\":1,\"rest\":[2]}");
	CHECK_STRING(from_line(&total, ""), "");
}

static void test_overloads(void)
{
	struct snafu_overloads both = {.entries = {&fib, &total_text}, .count = 2};
	struct snafu_given given = {0};

	CHECK(snafu_given_add_line(&given, &both, "12", &error) == 0);
	CHECK_STRING(payload(&given, &both, ""), "[12]");
	CHECK(snafu_given_add_line(&given, &both, "twelve", &error) == 0);
	CHECK_STRING(payload(&given, &both, ""), "[\"twelve\"]");
	CHECK(snafu_given_add_line(&given, &both, "1 2", &error) == 0);
	CHECK_STRING(payload(&given, &both, ""), "[1,2]");
	CHECK(snafu_given_add_line(&given, &both, "label=12", &error) == 0);
	CHECK_STRING(payload(&given, &both, ""), "{\"label\":\"12\"}");
}

static void test_many(void)
{
	struct snafu_given given = {0};
	int code = 0;

	for (size_t i = 0; i < SNAFU_GIVEN_CAP; i++)
		code |= snafu_given_add(&given, NULL, "1", 1, false, &error);
	CHECK(code == 0);
	CHECK(snafu_given_add(&given, NULL, "1", 1, false, &error) == -E2BIG);
	struct snafu_overloads overloads = {.entries = {&total}, .count = 1};
	CHECK(strncmp(payload(&given, &overloads, ""), "{\"start\":1,\"rest\":[1,1,", 23) == 0);
}

/* ---- questions ----------------------------------------------------------------- */

struct dialogue {
	const char *const *answers;
	struct snafu_buffer shown;
};

static int answer(void *state, const char *prompt, char **ret_line)
{
	struct dialogue *dialogue = state;

	snafu_buffer_format(&dialogue->shown, "%s|", prompt);
	if (!*dialogue->answers)
		return -ECANCELED;
	*ret_line = strdup(*dialogue->answers++);
	return 0;
}

static void hear(void *state, const char *line)
{
	snafu_buffer_format(&((struct dialogue *)state)->shown, "%s|", line);
}

static void test_questions(void)
{
	struct dialogue dialogue = {
		.answers = (const char *const[]){"", "Ada", "many", "2", "", NULL},
		.shown = SNAFU_BUFFER(4096),
	};
	struct snafu_asker asker = {.read_line = answer, .say = hear, .state = &dialogue};
	struct snafu_overloads overloads = {.entries = {&greet}, .count = 1};
	struct snafu_given given = {0};

	CHECK(snafu_ask(&asker, &overloads, &given, &error) == 0);
	CHECK_STRING(dialogue.shown.data,
	             "  whom|name (text): |  name has no default (\"\" is the empty text)|"
	             "name (text): |times (integer) [1]: |  expected an integer, not 'many'|"
	             "times (integer) [1]: |tail ['']: |");
	CHECK_STRING(payload(&given, &overloads, ""), "{\"name\":\"Ada\",\"times\":2}");

	snafu_buffer_clear(&dialogue.shown);
	dialogue.answers = (const char *const[]){"3", "2", "x", NULL};
	overloads = (struct snafu_overloads){.entries = {&fib, &total_text}, .count = 2};
	CHECK(snafu_ask(&asker, &overloads, &given, &error) == 0);
	CHECK_STRING(dialogue.shown.data,
	             "  1  fib(n: int)|  2  total_text(label)|which one? [1]: |"
	             "  expected a number from 1 to 2|which one? [1]: |label (text): |");
	CHECK_STRING(payload(&given, &overloads, ""), "{\"label\":\"x\"}");

	snafu_buffer_clear(&dialogue.shown);
	dialogue.answers = (const char *const[]){"1", "2,x", "2,3", "a=1,b=c", NULL};
	overloads = (struct snafu_overloads){.entries = {&total}, .count = 1};
	CHECK(snafu_ask(&asker, &overloads, &given, &error) == 0);
	CHECK_STRING(dialogue.shown.data,
	             "start (integer): |*rest (integer) []: |  expected an integer, not 'x'|"
	             "*rest (integer) []: |**options []: |");
	CHECK_STRING(payload(&given, &overloads, ""),
	             "{\"start\":1,\"rest\":[2,3],\"a\":1,\"b\":\"c\"}");

	dialogue.answers = (const char *const[]){NULL};
	CHECK(snafu_ask(&asker, &overloads, &given, &error) == -ECANCELED);
	snafu_given_done(&given);
	snafu_buffer_done(&dialogue.shown);
}

/* ---- results ------------------------------------------------------------------- */

static const char *shown(const char *json)
{
	snafu_buffer_clear(&buffer);
	snafu_show_json(json, strlen(json), &buffer);
	return buffer.data;
}

static const char *shown_error(const char *json, bool trace)
{
	snafu_buffer_clear(&buffer);
	snafu_show_error(json, strlen(json), trace, &buffer);
	return buffer.data;
}

static void test_show(void)
{
	CHECK_STRING(shown("55"), "55");
	CHECK_STRING(shown("{\"a\":[1,2,{\"b c\":\"d,e:\\\"\"}]}"),
	             "{\"a\": [1, 2, {\"b c\": \"d,e:\\\"\"}]}");
	CHECK_STRING(shown("[\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\",{\"b\":\"cccccccccccc"
	                   "cccccccccccccccccccccc\",\"d\":[]}]"),
	             "[\n  \"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\",\n"
	             "  {\"b\": \"cccccccccccccccccccccccccccccccccc\", \"d\": []}\n]");
	CHECK_STRING(shown("not \x1B JSON"), "not ? JSON");
	CHECK_STRING(shown("\"\xC2\x9B\""), "\"??\"");
	CHECK_STRING(shown_error("{\"errorType\":\"ValueError\",\"errorMessage\":\"bad \\u001b\","
	                         "\"stackTrace\":[\"one\",\"two\"]}",
	                         false),
	             "ValueError: bad ?");
	CHECK_STRING(shown_error("{\"errorType\":\"E\",\"errorMessage\":\"m\","
	                         "\"stackTrace\":[\"one\",\"two\"]}",
	                         true),
	             "E: m\n  one\n  two");
	CHECK_STRING(shown_error("[1]", true), "[1]");
}

int main(void)
{
	test_words();
	test_merge();
	test_lines();
	test_overloads();
	test_many();
	test_questions();
	test_show();
	snafu_buffer_done(&buffer);
	return tap_done();
}
