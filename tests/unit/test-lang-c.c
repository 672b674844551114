/* tests/unit/test-lang-c.c — the C language's module, driven as a host would, with
 * descriptors written by hand. */
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "base/parts.h"
#include "langs/language.h"
#include "langs/result.h"
#include "scanner/function.h"
#include "tests/unit/tap.h"

static char folder[] = "/tmp/snafu-test-lang-c.XXXXXX";
static struct snafu_functions functions;
static struct snafu_language_options options;
static const struct snafu_context context;
static const struct snafu_language *language;
static void *state;
static char warnings[8192];

static void warn(void *unused, const char *message)
{
	size_t size = strlen(warnings);

	(void)unused;
	snprintf(warnings + size, sizeof warnings - size, "%s\n", message);
}

/* "name:type name:type -> type", types in the notation of scanner/c_types.h. */
static void declare(const char *file, const char *name, const char *signature)
{
	struct snafu_function *function = snafu_functions_add(&functions);
	struct snafu_arena *arena = &functions.arena;
	struct snafu_parameter *parameters = snafu_arena_alloc(arena, 20 * sizeof *parameters);
	const char *at = signature;
	size_t n = 0;

	while (strncmp(at, "-> ", 3) != 0) {
		size_t name_size = strcspn(at, ":"), size = strcspn(at, " ");

		parameters[n].name = snafu_arena_copy(arena, at, name_size);
		parameters[n].native = snafu_arena_copy(arena, at + name_size + 1, size - name_size - 1);
		parameters[n].type = parameters[n].native;
		parameters[n].kind = SNAFU_PARAMETER_NORMAL;
		parameters[n].shape = snafu_shape_plain(SNAFU_SHAPE_ANY);
		n++;
		at += size + (at[size] == ' ');
	}
	function->id = function->name = snafu_arena_string(arena, name);
	function->language = "c";
	function->file = snafu_arena_string(arena, file);
	function->root = snafu_path_folder(file);
	function->parameters = parameters;
	function->n_parameters = n;
	function->returns = function->returns_native = snafu_arena_string(arena, at + 3);
}

static void write_source(const char *name, const char *text)
{
	char *path = snafu_path_join(folder, name);
	struct snafu_error error;

	if (snafu_file_write(path, text, strlen(text), &error)) {
		printf("Bail out! %s\n", error.message);
		exit(1);
	}
	free(path);
}

static char *path_of(const char *name)
{
	return snafu_path_join(folder, name);
}

static struct snafu_bound *bind(const char *name, char *ret_words, size_t size)
{
	for (size_t i = 0; i < functions.count; i++) {
		struct snafu_result result = {.payload = SNAFU_BUFFER(1 << 20)};
		struct snafu_bound *bound = NULL;

		if (strcmp(functions.functions[i].name, name) != 0)
			continue;
		int code = language->bind(state, &functions.functions[i], &bound, &result);
		if (code)
			snprintf(ret_words, size, "%s: %s", snafu_status_name(result.status),
			         result.payload.data);
		snafu_buffer_done(&result.payload);
		return code ? NULL : bound;
	}
	snprintf(ret_words, size, "not declared: %s", name);
	return NULL;
}

/* The result's payload, behind its status unless that is ok. */
static const char *call(const char *name, const char *payload)
{
	static char words[65536];
	struct snafu_result result = {.payload = SNAFU_BUFFER(1 << 20)};
	struct snafu_bound *bound = bind(name, words, sizeof words);

	if (!bound)
		return words;
	/* A payload that ends where its memory ends shows a reader that goes on. */
	size_t size = strlen(payload);
	char *exact = malloc(size ? size : 1);
	memcpy(exact, payload, size);
	const struct snafu_request request = {exact, size, &context};
	language->call(state, bound, &request, &result);
	free(exact);
	snprintf(words, sizeof words, "%s%s%s",
	         result.status == SNAFU_OK ? "" : snafu_status_name(result.status),
	         result.status == SNAFU_OK ? "" : ": ", result.payload.data ? result.payload.data : "");
	snafu_buffer_done(&result.payload);
	return words;
}

#define CALL(NAME, PAYLOAD, WANTED) CHECK_STRING(call(NAME, PAYLOAD), WANTED)

static bool fails(const char *name, const char *payload, const char *status, const char *word)
{
	const char *got = call(name, payload);
	bool good = strncmp(got, status, strlen(status)) == 0 && strstr(got, word);

	if (!good)
		printf("# got: %s\n# wanted: %s ... %s\n", got, status, word);
	return good;
}

#define FAILS(NAME, PAYLOAD, STATUS, WORD) CHECK(fails(NAME, PAYLOAD, STATUS, WORD))
#define BAD(NAME, PAYLOAD, WORD)           FAILS(NAME, PAYLOAD, "bad-arguments", WORD)

/* ---- plain values ------------------------------------------------------------------ */

static const char values_source[] =
	"#include <complex.h>\n#include <stdbool.h>\n#include <stdint.h>\n#include <stdlib.h>\n"
	"#include <string.h>\n#include <assert.h>\n#include <stdio.h>\n#include \"lib.h\"\n"
	"int add(int a, int b) { return (int)((unsigned)a + (unsigned)b); }\n"
	"int8_t i8(int8_t x) { return x; }\n"
	"uint64_t u64(uint64_t x) { return x; }\n"
	"int64_t i64(int64_t x) { return x; }\n"
	"_Bool negate(_Bool x) { return !x; }\n"
	"char next(char c) { return c + 1; }\n"
	"float half(float x) { return x / 2; }\n"
	"long double third(long double x) { return x / 3; }\n"
	"double complex turn(double complex z) { return z * I; }\n"
	"double nan_of(double x) { return (x - x) / (x - x); }\n"
	"enum color { RED, GREEN = 5 };\n"
	"enum color other(enum color c) { return c == RED ? GREEN : RED; }\n"
	"const char *greet(const char *name) { static char b[100];\n"
	"	if (!name) return NULL; snprintf(b, sizeof b, \"Hello, %s\", name); return b; }\n"
	"const char *latin(void) { return \"caf\\xe9\"; }\n"
	"void nothing(void) { }\n"
	"double sum(const double *values, size_t n) { double s = 0; while (n--) s += *values++;\n"
	"	return s; }\n"
	"void scale(int *values, int n, int by) { for (int i = 0; i < n; i++) values[i] *= by; }\n"
	"double dot(const double *a, const double *b, size_t n) { double s = 0;\n"
	"	for (size_t i = 0; i < n; i++) s += a[i] * b[i]; return s; }\n"
	"int divide(int a, int b, int *rest) { *rest = a % b; return a / b; }\n"
	"void upper(char *text) { for (; *text; text++) if (*text >= 'a' && *text <= 'z')\n"
	"	*text -= 32; }\n"
	"int name_of(int n, char *buf, size_t size) { return snprintf(buf, size, \"n%d\", n); }\n"
	"int invert(unsigned char *dest, size_t *destLen, const unsigned char *src, size_t srcLen)\n"
	"	{ if (*destLen < srcLen) return -1; for (size_t i = 0; i < srcLen; i++)\n"
	"	dest[i] = ~src[i]; *destLen = srcLen; return 0; }\n"
	"int count_words(const char *const *words) { int n = 0; while (words[n]) n++; return n; }\n"
	"struct point { double x, y; };\n"
	"struct line { struct point from, to; char label[8]; };\n"
	"struct line flip(struct line l) { struct line r = { l.to, l.from, {0} };\n"
	"	memcpy(r.label, l.label, 8); return r; }\n"
	"void move(struct point *p, double dx) { p->x += dx; }\n"
	"double norm(const struct point *p) { return p->x * p->x + p->y * p->y; }\n"
	"struct flags { unsigned a : 3; signed b : 4; unsigned c : 9; _Bool d : 1; };\n"
	"void bump(struct flags *f) { f->a++; f->b--; f->c += 2; f->d = !f->d; }\n"
	"struct counter { int count; struct counter *self; };\n"
	"struct counter *counter_new(int start) { struct counter *c = malloc(sizeof *c);\n"
	"	c->count = start; c->self = c; return c; }\n"
	"int counter_next(struct counter *c) { return c->count++; }\n"
	"void counter_free(struct counter *c) { free(c); }\n"
	"int thing_open(struct thing **out) { *out = malloc(4); return *out ? 0 : -1; }\n"
	"int thing_use(struct thing *t) { return t ? 7 : 0; }\n"
	"void thing_close(struct thing *t) { free(t); }\n"
	"struct buffer { const unsigned char *data; size_t size; unsigned sum; };\n"
	"void buffer_add(struct buffer *b) { for (size_t i = 0; i < b->size; i++)\n"
	"	b->sum += b->data[i]; }\n"
	"void leave(int status) { exit(status); }\n"
	"int check(int x) { assert(x > 0); return helper(x); }\n"
	"int say(const char *text) { return printf(\"# %s\\n\", text); }\n"
	"int trace(const double m[][2], int rows) { return (int)(m[0][0] + m[1][1]) + rows; }\n"
	"int main(void) { exit(99); }\n";

static void declare_values(void)
{
	char *file = path_of("values.c");
	const char *point = "s:point/16/8{x@0=f8;y@8=f8;}";
	char signature[1024];

	declare(file, "add", "a:i4 b:i4 -> i4");
	declare(file, "i8", "x:i1 -> i1");
	declare(file, "u64", "x:u8 -> u8");
	declare(file, "i64", "x:i8 -> i8");
	declare(file, "negate", "x:b -> b");
	declare(file, "next", "c:c -> c");
	declare(file, "half", "x:f4 -> f4");
	declare(file, "third", "x:f16 -> f16");
	declare(file, "turn", "z:x16 -> x16");
	declare(file, "nan_of", "x:f8 -> f8");
	declare(file, "other", "c:E4:color{RED=0,GREEN=5} -> E4:color{RED=0,GREEN=5}");
	declare(file, "greet", "name:*kc -> *kc");
	declare(file, "latin", "-> *kc");
	declare(file, "nothing", "-> v");
	declare(file, "sum", "values:*kf8 n:u8 -> f8");
	declare(file, "scale", "values:*i4 n:i4 by:i4 -> v");
	declare(file, "dot", "a:*kf8 b:*kf8 n:u8 -> f8");
	declare(file, "divide", "a:i4 b:i4 rest:*i4 -> i4");
	declare(file, "upper", "text:*c -> v");
	declare(file, "name_of", "n:i4 buf:*c size:u8 -> i4");
	declare(file, "invert", "dest:*u1 destLen:*u8 src:*ku1 srcLen:u8 -> i4");
	declare(file, "count_words", "words:*k*kc -> i4");
	snprintf(signature, sizeof signature,
	         "l:s:line/40/8{from@0=%s;to@16=%s;label@32=[8]c;} -> "
	         "s:line/40/8{from@0=%s;to@16=%s;label@32=[8]c;}",
	         point, point, point, point);
	declare(file, "flip", signature);
	snprintf(signature, sizeof signature, "p:*%s dx:f8 -> v", point);
	declare(file, "move", signature);
	snprintf(signature, sizeof signature, "p:*k%s -> f8", point);
	declare(file, "norm", signature);
	declare(file, "bump", "f:*s:flags/4/4{a@0^3=u4;b@0.3^4=i4;c@0.7^9=u4;d@2^1=b;} -> v");
	declare(file, "counter_new", "start:i4 -> *s:counter/16/8{count@0=i4;self@8=*o:counter;}");
	declare(file, "counter_next", "c:*s:counter/16/8{count@0=i4;self@8=*o:counter;} -> i4");
	declare(file, "counter_free", "c:*s:counter/16/8{count@0=i4;self@8=*o:counter;} -> v");
	declare(file, "thing_open", "out:**o:thing -> i4");
	declare(file, "thing_use", "t:*o:thing -> i4");
	declare(file, "thing_close", "t:*o:thing -> v");
	declare(file, "buffer_add", "b:*s:buffer/24/8{data@0=*ku1;size@8=u8;sum@16=u4;} -> v");
	declare(file, "leave", "status:i4 -> v");
	declare(file, "check", "x:i4 -> i4");
	declare(file, "say", "text:*kc -> i4");
	declare(file, "trace", "m:*k[2]f8 rows:i4 -> i4");
	declare(file, "absent", "-> v");
	free(file);
}

static void test_scalars(void)
{
	CALL("add", "[2, 3]", "5");
	CALL("add", "{\"b\": -3, \"a\": 2}", "-1");
	BAD("add", "[2]", "missing");
	BAD("add", "", "missing");
	BAD("add", "[1,2,3]", "up to 2");
	BAD("add", "{\"a\":1,\"b\":2,\"c\":3}", "unknown");
	BAD("add", "{\"a\":1,\"a\":2,\"b\":3}", "given twice");
	BAD("add", "[2147483648, 0]", "-2147483648 to 2147483647");
	BAD("add", "[1.5, 0]", "expected an integer");
	BAD("add", "[\"1\", 0]", "expected an integer");
	BAD("add", "[1, 2", "not valid JSON");
	BAD("add", "7", "expected an object");
	CALL("i8", "[-128]", "-128");
	BAD("i8", "[128]", "-128 to 127");
	CALL("u64", "[18446744073709551615]", "18446744073709551615");
	BAD("u64", "[18446744073709551616]", "0 to 18446744073709551615");
	BAD("u64", "[-1]", "out of range");
	CALL("i64", "[-9223372036854775808]", "-9223372036854775808");
	BAD("i64", "[-9223372036854775809]", "out of range");
	BAD("i64", "[999999999999999999999999999999999999999999999999]", "out of range");
	CALL("negate", "[true]", "false");
	CALL("negate", "[0]", "true");
	BAD("negate", "[2]", "true or false");
	CALL("next", "[\"a\"]", "\"b\"");
	BAD("next", "[\"\"]", "one character");
	BAD("next", "[\"\\u00e9\"]", "one character");
	CALL("half", "[0.2]", "0.1");
	CALL("half", "[3]", "1.5");
	BAD("half", "[1e39]", "too large");
	CALL("third", "[1.5]", "0.5");
	CALL("turn", "[[1, 2]]", "[-2.0,1.0]");
	BAD("turn", "[[1, 2, 3]]", "[real, imaginary]");
	FAILS("nan_of", "[0]", "bad-result", "NaN");
	CALL("other", "[\"RED\"]", "\"GREEN\"");
	CALL("other", "[5]", "\"RED\"");
	BAD("other", "[\"BLUE\"]", "RED, GREEN");
	CALL("nothing", "[]", "null");
	CALL("nothing", "", "null");
	CALL("nothing", "{}", "null");
}

static void test_texts(void)
{
	CALL("greet", "[\"World\"]", "\"Hello, World\"");
	CALL("greet", "[null]", "null");
	CALL("greet", "[\"\\u00e9\\\"\"]", "\"Hello, \u00e9\\\"\"");
	BAD("greet", "[\"a\\u0000b\"]", "NUL");
	BAD("greet", "[7]", "expected a string");
	CALL("latin", "[]", "{\"base64\":\"Y2Fm6Q==\"}");
	CALL("greet", "[{\"base64\":\"Y2Fm6Q==\"}]", "{\"base64\":\"SGVsbG8sIGNhZuk=\"}");
	BAD("greet", "[{\"base64\":\"*\"}]", "base64");
	CALL("upper", "[\"abc\"]", "{\"text\":\"ABC\"}");
	CALL("name_of", "[42]", "{\"return\":3,\"buf\":\"n42\"}");
	CALL("name_of", "{\"n\":42,\"size\":2}", "{\"return\":3,\"buf\":\"n\"}");
	CALL("count_words", "[[\"a\",\"b\",\"c\"]]", "3");
	BAD("count_words", "[[\"a\",5]]", "words[1]");
}

static void test_arrays(void)
{
	CALL("sum", "[[1, 2.5]]", "3.5");
	CALL("sum", "[[]]", "0.0");
	CALL("sum", "{\"values\":[1,2,4],\"n\":2}", "3.0");
	BAD("sum", "{\"values\":[1,2],\"n\":3}", "only 2");
	BAD("sum", "[[1, \"x\"]]", "values[1]");
	CALL("scale", "[[1, 2], 3]", "{\"values\":[3,6]}");
	BAD("scale", "{\"values\":[1],\"n\":-1,\"by\":1}", "negative");
	CALL("scale", "{\"n\":2,\"by\":1}", "{\"values\":[0,0]}");
	CALL("dot", "[[1,2],[3,4]]", "11.0");
	BAD("dot", "[[1,2],[3]]", "a has 2, but b has 1");
	CALL("divide", "[7, 2]", "{\"return\":3,\"rest\":1}");
	CALL("invert", "{\"src\":\"AAH/\",\"destLen\":10}",
	     "{\"return\":0,\"dest\":\"//4A\",\"destLen\":3}");
	CALL("invert", "{\"src\":\"AAH/\",\"destLen\":1}",
	     "{\"return\":-1,\"dest\":\"AA==\",\"destLen\":1}");
	BAD("invert", "{\"src\":\"AAH/\",\"srcLen\":4}", "src has only 3");
	BAD("invert", "{\"src\":\"AAH/\",\"destLen\":99999999999999}", "more than");
	CALL("trace", "[[[1,2],[3,4]], 2]", "7");
	BAD("trace", "[[[1,2],[3,4,5]], 2]", "m[1]");
}

static void test_structs(void)
{
	CALL("flip", "[{\"from\":{\"x\":1,\"y\":2},\"label\":\"seven77\"}]",
	     "{\"from\":{\"x\":0.0,\"y\":0.0},\"to\":{\"x\":1.0,\"y\":2.0},\"label\":\"seven77\"}");
	BAD("flip", "[{\"label\":\"eight888\"}]", "l.label");
	BAD("flip", "[{\"from\":{\"z\":1}}]", "no field");
	CALL("move", "[{\"x\":1,\"y\":2}, 3]", "{\"p\":{\"x\":4.0,\"y\":2.0}}");
	CALL("norm", "[{\"x\":3,\"y\":4}]", "25.0");
	CALL("bump", "[{\"a\":7,\"b\":-8,\"c\":509,\"d\":false}]",
	     "{\"f\":{\"handle\":\"flags@1\",\"a\":0,\"b\":7,\"c\":511,\"d\":true}}");
	BAD("bump", "[{\"a\":8}]", "f.a");
}

static void test_handles(void)
{
	CALL("counter_new", "[5]", "{\"handle\":\"counter@2\",\"count\":5,\"self\":\"counter@2\"}");
	CALL("counter_next", "[\"counter@2\"]",
	     "{\"return\":5,\"c\":{\"handle\":\"counter@2\","
	     "\"count\":6,\"self\":\"counter@2\"}}");
	CALL("counter_next", "[{\"handle\":\"counter@2\",\"count\":40}]",
	     "{\"return\":40,\"c\":{"
	     "\"handle\":\"counter@2\",\"count\":41,\"self\":\"counter@2\"}}");
	BAD("counter_next", "[\"flags@1\"]", "no handle of a counter");
	BAD("counter_next", "[\"counter@9\"]", "there is no handle");
	BAD("counter_next", "[\"counter@02\"]", "there is no handle");
	BAD("counter_next", "[\"point@2\"]", "there is no handle");
	CALL("counter_free", "[\"counter@2\"]", "{\"c\":null}");
	BAD("counter_next", "[\"counter@2\"]", "any more");
	CALL("thing_open", "[]", "{\"return\":0,\"out\":\"thing@3\"}");
	CALL("thing_use", "[\"thing@3\"]", "7");
	CALL("thing_use", "[null]", "0");
	CALL("thing_close", "[\"thing@3\"]", "null");
	BAD("thing_use", "[\"thing@3\"]", "any more");
	CALL("buffer_add", "[{\"data\":\"AQID\"}]",
	     "{\"b\":{\"handle\":\"buffer@4\",\"size\":3,\"sum\":6}}");
	CALL("buffer_add", "[{\"handle\":\"buffer@4\",\"size\":2}]",
	     "{\"b\":{\"handle\":\"buffer@4\",\"size\":2,\"sum\":9}}");
	BAD("buffer_add", "[{\"handle\":\"buffer@4\",\"size\":9}]", "data has only");
	BAD("buffer_add", "[{\"handle\":\"buffer@4\",\"sum\":1,\"nix\":2}]", "no field");
	CALL("buffer_add", "[\"buffer@4\"]", "{\"b\":{\"handle\":\"buffer@4\",\"size\":2,\"sum\":12}}");
}

static void test_misbehaviour(void)
{
	FAILS("leave", "[3]", "raised", "it called exit(3)");
	FAILS("check", "[0]", "raised", "assertion failed: x > 0");
	CALL("check", "[20]", "40");
	CALL("say", "[\"printed\"]", "10");
	FAILS("absent", "[]", "load-failed", "defines no function absent");
}

static void test_left_out(void)
{
	char *broken = path_of("broken.c"), *needy = path_of("needy.c"),
		 *double_ = path_of("sub/two.c");

	FAILS("broken", "[]", "load-failed", "does not compile");
	FAILS("broken", "[]", "load-failed", "expected");
	FAILS("needy", "[]", "load-failed", "it needs missing_function");
	CHECK(strstr(warnings, "broken.c is left out") != NULL);
	CHECK(strstr(warnings, "needy.c is left out") != NULL);
	CALL("second_helper", "[4]", "12");
	CALL("tables", "[]", "11");
	free(broken);
	free(needy);
	free(double_);
}

/* ---- hot deployment -------------------------------------------------------------------- */

static const char *call_bound(struct snafu_bound *bound, const char *payload)
{
	static char words[4096];
	struct snafu_result result = {.payload = SNAFU_BUFFER(1 << 20)};
	const struct snafu_request request = {payload, strlen(payload), &context};

	language->call(state, bound, &request, &result);
	snprintf(words, sizeof words, "%s", result.payload.data ? result.payload.data : "");
	snafu_buffer_done(&result.payload);
	return words;
}

static void test_changed(void)
{
	char *helper = path_of("helper.c"), words[4096] = "";
	const char *files[] = {helper};
	struct snafu_bound *old = bind("tables", words, sizeof words), *next;

	CHECK(old != NULL);
	CHECK_STRING(call_bound(old, "[]"), "11");
	write_source("helper.c", "#include \"lib.h\"\nint helper(int x) { return 2 * x; }\n"
	                         "int read(void) { return 12; }\n"
	                         "int tables(void) { return read() + table[0]; }\n");
	CHECK_STRING(call("tables", "[]"), "11"); /* nobody has told it */
	language->changed(state, &functions, files, 1);
	next = bind("tables", words, sizeof words);
	if (!next)
		printf("# %s\n", words);
	CHECK(next != NULL && next != old);
	CHECK_STRING(call_bound(next, "[]"), "12");
	CHECK_STRING(call_bound(old, "[]"), "11"); /* calls go on */
	language->unbind(state, old);

	write_source("helper.c", "int tables(void) { return no_such_thing; }\n");
	language->changed(state, &functions, files, 1);
	FAILS("tables", "[]", "load-failed", "no_such_thing");
	CHECK_STRING(call_bound(next, "[]"), "12");
	write_source("helper.c", "#include \"lib.h\"\nint helper(int x) { return 2 * x; }\n"
	                         "int tables(void) { return 13; }\n");
	language->changed(state, &functions, files, 1);
	CALL("tables", "[]", "13");
	free(helper);
}

static void test_needs(void)
{
	struct snafu_function one = {.id = "a.f", .name = "f", .language = "c", .file = "a.c"};
	struct snafu_function same = one, other = one, header = one, java = one;

	other.id = "b.f";
	other.file = "b.c";
	header.file = "a.h";
	java.language = "java";
	CHECK(language->needs(&one, &same));
	CHECK(!language->needs(&one, &other));
	CHECK(!language->needs(&one, &java));
	CHECK(language->needs(&header, &other)); /* it may be the definition */
	other.name = "g";
	CHECK(!language->needs(&header, &other));
}

static void open_language(void)
{
	struct snafu_error error;
	void *symbol;

	if (snafu_part_open("lang", "c", SNAFU_LANGUAGE_SYMBOL, 0, &symbol, &error) ||
	    ((language = symbol), language->open(&options, &state, &error))) {
		printf("Bail out! %s\n", error.message);
		exit(1);
	}
}

int main(void)
{
	const char *build = getenv("SNAFU_BUILD");
	char *file = build ? snafu_path_join(build, "parts") : NULL;

	if (file)
		setenv("SNAFU_PARTS", file, 1);
	free(file);
	if (!mkdtemp(folder))
		return 1;
	write_source("values.c", values_source);
	write_source("lib.h", "struct thing;\nint helper(int);\nextern const int table[];\n");
	write_source("helper.c",
	             "#include \"lib.h\"\nint helper(int x) { return 2 * x; }\n"
	             "int read(void) { return 11; }\nint tables(void) { return read() + table[0]; }\n"
	             "int main(int c, char **v) { return helper(c); }\n");
	write_source("data.c", "const int table[] = {0};\n");
	write_source("broken.c", "int broken(void) { return }\n");
	write_source("needy.c", "int missing_function(void); int needy(void) { return "
	                        "missing_function(); }\n");
	file = path_of("cache");
	mkdir(file, 0700);
	options.cache_directory = file;
	file = path_of("second.c");
	write_source("second.c", "int helper(int x) { return 3 * x; }\n"
	                         "int second_helper(int x) { return helper(x); }\n");
	declare(file, "second_helper", "x:i4 -> i4");
	free(file);
	declare_values();
	file = path_of("broken.c");
	declare(file, "broken", "-> i4");
	free(file);
	file = path_of("needy.c");
	declare(file, "needy", "-> i4");
	free(file);
	file = path_of("helper.c");
	declare(file, "tables", "-> i4");
	free(file);
	options.functions = &functions;
	options.paths = (const char *const[]){folder};
	options.n_paths = 1;
	options.warn = warn;
	open_language();
	test_scalars();
	test_texts();
	test_arrays();
	test_structs();
	test_handles();
	test_misbehaviour();
	test_left_out();
	test_changed();
	test_needs();
	language->close(state);
	return tap_done();
}
