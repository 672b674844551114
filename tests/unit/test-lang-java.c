/* tests/unit/test-lang-java.c — the Java gateway as the host sees it: bind,
 * call, fail, from several threads. The functions are those of
 * tests/data/java/. */
#include <ftw.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/parts.h"
#include "langs/language.h"
#include "langs/result.h"
#include "scanner/function.h"
#include "tests/unit/tap.h"

#define RESULT_CAP    20000
#define FUNCTIONS_CAP 4096

static const struct snafu_context context;
static const struct snafu_language *language;
static void *state;
static char data[2048]; /* tests/data/java */
static char warnings[8192];

static void warn(void *nothing, const char *message)
{
	(void)nothing;
	strncat(warnings, message, sizeof warnings - strlen(warnings) - 1);
	strncat(warnings, "\n", sizeof warnings - strlen(warnings) - 1);
}

/* Binds and calls once; the result's payload is malloc'ed. */
static enum snafu_status call_in(const char *file, const char *root, const char *id,
                                 const char *payload, char **ret_text)
{
	static struct snafu_function functions[FUNCTIONS_CAP]; /* bound ones stay in use */
	static unsigned count;
	struct snafu_function *function =
		&functions[__atomic_fetch_add(&count, 1, __ATOMIC_RELAXED) % FUNCTIONS_CAP];
	struct snafu_result result = {.payload = SNAFU_BUFFER(RESULT_CAP)};
	struct snafu_bound *bound;
	char path[PATH_MAX];

	snprintf(path, sizeof path, "%s/%s", root, file);
	*function = (struct snafu_function){
		.id = id,
		.name = strrchr(id, '.') + 1,
		.language = "java",
		.file = strdup(path),
		.root = strdup(root),
		.kind = SNAFU_STATIC_METHOD,
		.returns_shape = snafu_shape_plain(SNAFU_SHAPE_ANY),
	};
	if (language->bind(state, function, &bound, &result) == 0)
		language->call(state, bound, &(struct snafu_request){payload, strlen(payload), &context},
		               &result);
	*ret_text = snafu_buffer_take(&result.payload);
	return result.status;
}

/* A function of Basics.java: its status and JSON, or the start of it. */
#define BASICS(ID, PAYLOAD, STATUS, WANTED) \
	basics("Basics." ID, (PAYLOAD), (STATUS), (WANTED), __LINE__)

static void basics(const char *id, const char *payload, enum snafu_status status,
                   const char *wanted, int line)
{
	char *text;
	enum snafu_status got = call_in("Basics.java", data, id, payload, &text);
	bool good = got == status &&
	            (status == SNAFU_OK ? strcmp(text, wanted) == 0 : strstr(text, wanted) != NULL);

	tap_check(good, __FILE__, line, id);
	if (!good)
		printf("#    got: %s %s\n# wanted: %s %s\n", snafu_status_name(got), text,
		       snafu_status_name(status), wanted);
	free(text);
}

static void test_arguments(void)
{
	BASICS("nothing", "", SNAFU_OK, "1");
	BASICS("nothing", "[]", SNAFU_OK, "1");
	BASICS("nothing", " { } ", SNAFU_OK, "1");
	BASICS("silent", "", SNAFU_OK, "null");
	BASICS("add", "[1,2,3]", SNAFU_OK, "6");
	BASICS("add", "{\"c\":3,\"a\":1,\"b\":2}", SNAFU_OK, "6");
	BASICS("add", "[1.0,2e0,3]", SNAFU_OK, "6");
	BASICS("add", "{\"a\":1,\"b\":\"x\",\"cc\":3}", SNAFU_BAD_ARGUMENTS,
	       "\"arguments\":[{\"name\":\"b\",\"problem\":\"expected int, got the string \\\"x\\\"\"},"
	       "{\"name\":\"cc\",\"problem\":\"unknown (did you mean 'c'?)\"},"
	       "{\"name\":\"c\",\"problem\":\"missing (int)\"}]");
	BASICS("add", "{\"a\":1,\"a\":2,\"b\":3,\"c\":4}", SNAFU_BAD_ARGUMENTS, "a: given twice");
	BASICS("add", "[1,2,3,4]", SNAFU_BAD_ARGUMENTS, "it takes 3 arguments, got 4");
	BASICS("add", "[1,2]", SNAFU_BAD_ARGUMENTS, "c: missing (int); usage: int add(int a, int b");
	BASICS("add", "5", SNAFU_BAD_ARGUMENTS, "expected an object");
	BASICS("small", "[-128]", SNAFU_OK, "-128");
	BASICS("small", "[128]", SNAFU_BAD_ARGUMENTS, "out of the range of byte");
	BASICS("large", "[-9223372036854775808]", SNAFU_OK, "-9223372036854775808");
	BASICS("large", "[9223372036854775808]", SNAFU_BAD_ARGUMENTS, "out of the range of long");
	BASICS("large", "[1e999999999]", SNAFU_BAD_ARGUMENTS, "out of range");
	BASICS("large", "[1.5]", SNAFU_BAD_ARGUMENTS, "expected long");
	BASICS("letter", "[\"a\"]", SNAFU_OK, "\"b\"");
	BASICS("letter", "[\"ab\"]", SNAFU_BAD_ARGUMENTS, "a string of one character");
	BASICS("single", "[0.1]", SNAFU_OK, "0.1");
	BASICS("single", "[1e39]", SNAFU_BAD_ARGUMENTS, "out of the range of float");
	BASICS("half", "[3]", SNAFU_OK, "1.5");
	BASICS("boxed", "[null]", SNAFU_OK, "null");
	BASICS("small", "[null]", SNAFU_BAD_ARGUMENTS, "expected byte, got null");
	BASICS("square", "[123456789012345678901234567890]", SNAFU_OK,
	       "15241578753238836750495351562536198787501905199875019052100");
	BASICS("exact", "[0.1000000000000000000001]", SNAFU_OK, "0.1000000000000000000001");
	BASICS("main", "", SNAFU_OK, "null");
}

static void test_strings(void)
{
	BASICS("echo", "[\"h\\u00e9\\n\\ud83d\\ude00 \xc3\xbc\\u0000\"]", SNAFU_OK,
	       "\"h\xc3\xa9\\n\xf0\x9f\x98\x80 \xc3\xbc\\u0000\"");
	BASICS("echo", "[\"\\ud83d\"]", SNAFU_BAD_ARGUMENTS, "surrogate");
	BASICS("echo", "[\"\xff\"]", SNAFU_BAD_ARGUMENTS, "not UTF-8");
	BASICS("echo", "[\"\xc0\x80\"]", SNAFU_BAD_ARGUMENTS, "not UTF-8");
	BASICS("echo", "[\"\xed\xa0\x80\"]", SNAFU_BAD_ARGUMENTS, "not UTF-8");
	BASICS("echo", "[\"a\nb\"]", SNAFU_BAD_ARGUMENTS, "control character");
	BASICS("echo", "[\"a", SNAFU_BAD_ARGUMENTS, "malformed JSON");
	BASICS("echo", "[\"\\u12\"]", SNAFU_BAD_ARGUMENTS, "malformed JSON");
	BASICS("echo", "[NaN]", SNAFU_BAD_ARGUMENTS, "malformed JSON");
	BASICS("echo", "[\"a\"] x", SNAFU_BAD_ARGUMENTS, "malformed JSON");
	BASICS("add", "[01,2,3]", SNAFU_BAD_ARGUMENTS, "leading zero");
	BASICS("add", "[1,,2]", SNAFU_BAD_ARGUMENTS, "malformed JSON");
	char deep[1000];
	memset(deep, '[', sizeof deep - 1);
	deep[sizeof deep - 1] = '\0';
	BASICS("any", deep, SNAFU_BAD_ARGUMENTS, "more than 128");
}

static void test_structures(void)
{
	BASICS("any", "[{\"a\":[1,2.5,null,true,12345678901234567890,0.10000000000000000000001]}]",
	       SNAFU_OK, "{\"a\":[1,2.5,null,true,12345678901234567890,0.10000000000000000000001]}");
	BASICS("kind", "[1]", SNAFU_OK, "\"Long\"");
	BASICS("kind", "[12345678901234567890]", SNAFU_OK, "\"BigInteger\"");
	BASICS("kind", "[0.5]", SNAFU_OK, "\"Double\"");
	BASICS("twice", "[[1,2]]", SNAFU_OK, "[2,4]");
	BASICS("twice", "[[1,\"x\"]]", SNAFU_BAD_ARGUMENTS, "at [1]: expected int");
	BASICS("reverse", "[\"AQID\"]", SNAFU_OK, "\"AwIB\"");
	BASICS("reverse", "[\"%\"]", SNAFU_BAD_ARGUMENTS, "base64");
	BASICS("join", "[\"-\",\"a\",\"b\"]", SNAFU_OK, "\"a-b\"");
	BASICS("join", "[\"-\"]", SNAFU_OK, "\"\"");
	BASICS("join", "{\"separator\":\"-\",\"parts\":[\"a\",\"b\"]}", SNAFU_OK, "\"a-b\"");
	BASICS("total", "[[1,2,3]]", SNAFU_OK, "6");
	BASICS("group", "[{\"10\":[\"a\"],\"9\":[\"a\",\"b\"]}]", SNAFU_OK, "{\"a\":[9,10],\"b\":[9]}");
	BASICS("count", "[[\"a\",\"b\",\"a\"]]", SNAFU_OK, "2");
	BASICS("maybe", "", SNAFU_OK, "\"hello you\"");
	BASICS("maybe", "[\"Ann\"]", SNAFU_OK, "\"hello Ann\"");
	BASICS("firstOf", "[3]", SNAFU_OK, "3");
	BASICS("firstOf", "", SNAFU_OK, "null");
	BASICS("mix", "[\"GREEN\",\"GREEN\"]", SNAFU_OK, "\"GREEN\"");
	BASICS("mix", "[\"RED\",\"BLUE\"]", SNAFU_BAD_ARGUMENTS, "expected one of RED, GREEN");
	BASICS("move", "{\"p\":{\"x\":1,\"y\":2},\"dx\":5}", SNAFU_OK, "{\"x\":6,\"y\":2}");
	BASICS("move", "{\"p\":{\"x\":1},\"dx\":5}", SNAFU_BAD_ARGUMENTS, "missing: y");
	BASICS("corner", "[{\"content\":null,\"more\":[{\"x\":5,\"y\":6}]}]", SNAFU_OK,
	       "{\"x\":5,\"y\":6}");
	BASICS("older", "[{\"name\":\"Ann\",\"age\":41,\"path\":[{\"x\":1,\"y\":2}]}]", SNAFU_OK,
	       "{\"name\":\"Ann\",\"age\":42,\"path\":[{\"x\":1,\"y\":2}]}");
	BASICS("older", "[{\"agee\":41}]", SNAFU_BAD_ARGUMENTS, "did you mean 'age'?");
	BASICS("older", "[{\"age\":-1}]", SNAFU_RAISED, "\"errorMessage\":\"age -1\"");
	BASICS("tomorrow", "[\"2024-02-28\"]", SNAFU_OK, "\"2024-02-29\"");
	BASICS("tomorrow", "[\"28.2.2024\"]", SNAFU_BAD_ARGUMENTS, "ISO 8601");
	BASICS("epoch", "[\"2024-01-01T00:00:00Z\"]", SNAFU_OK, "\"2024-01-01T00:00:00Z\"");
	BASICS("id", "[\"00000000-0000-0000-0000-000000000001\"]", SNAFU_OK,
	       "\"00000000-0000-0000-0000-000000000001\"");
	BASICS("apply", "[\"f\"]", SNAFU_BAD_ARGUMENTS,
	       "f: a Function<String, String> cannot be given as JSON: it is an interface");
	BASICS("orNone", "[null]", SNAFU_OK, "\"null\"");
}

static void test_overloads(void)
{
	BASICS("pick", "[1]", SNAFU_OK, "\"int\"");
	BASICS("pick", "[5000000000]", SNAFU_OK, "\"long\"");
	BASICS("pick", "[1.5]", SNAFU_OK, "\"double\"");
	BASICS("pick", "[\"a\"]", SNAFU_OK, "\"String\"");
	BASICS("pick", "[true]", SNAFU_OK, "\"Object\"");
	BASICS("pick", "[[1,2]]", SNAFU_OK, "\"int[]\"");
	BASICS("pick", "[[\"a\"],2]", SNAFU_OK, "\"List,int\"");
	BASICS("pick", "{\"name\":\"a\",\"n\":1}", SNAFU_OK, "\"name\"");
	BASICS("pick", "{\"title\":\"a\",\"n\":1}", SNAFU_OK, "\"title\"");
	BASICS("pick", "[1,2,3]", SNAFU_BAD_ARGUMENTS, "String pick(String name, int n) | ");
}

static void test_objects(void)
{
	BASICS("next", "", SNAFU_OK, "1");
	BASICS("next", "", SNAFU_OK, "2");
	BASICS("Inner.up", "", SNAFU_OK, "3"); /* the same outer object */
	BASICS("Point.sum", "{\"this\":{\"x\":1,\"y\":2}}", SNAFU_OK, "3");
	BASICS("Point.sum", "{\"this\":[3,4]}", SNAFU_OK, "7");
	BASICS("Point.sum", "", SNAFU_BAD_ARGUMENTS, "Point(int x, int y)");
	BASICS("Point.sum", "{\"this\":[3,4],\"z\":1}", SNAFU_BAD_ARGUMENTS, "z: unknown");
	BASICS("Colour.weight", "{\"this\":\"GREEN\"}", SNAFU_OK, "7");
	BASICS("Colour.weight", "{\"this\":\"RED\"}", SNAFU_OK, "0");
	BASICS("Colour.weight", "", SNAFU_BAD_ARGUMENTS, "one of RED, GREEN");
	BASICS("Hidden.shout", "{\"this\":\"hi\",\"times\":2}", SNAFU_OK, "\"HIHI\"");
	BASICS("Bean.getAge", "{\"this\":{\"age\":3}}", SNAFU_OK, "3");
	BASICS("packaged", "", SNAFU_OK, "2");
	BASICS("secret", "", SNAFU_LOAD_FAILED, "is private");
	BASICS("nope", "", SNAFU_LOAD_FAILED, "no method nope");
	BASICS("Nope.x", "", SNAFU_LOAD_FAILED, "no class Basics.Nope");
}

static void test_results(void)
{
	BASICS("nan", "", SNAFU_BAD_RESULT, "result is NaN");
	BASICS("cycle", "", SNAFU_BAD_RESULT, "result[0].up refers back to result");
	char deep[2 * 128 + 2];
	memset(deep, '[', 128);
	deep[128] = '1';
	memset(deep + 129, ']', 128);
	deep[257] = '\0';
	BASICS("deep", "[128]", SNAFU_OK, deep);
	BASICS("deep", "[129]", SNAFU_BAD_RESULT, "more than 128");
	BASICS("thread", "", SNAFU_BAD_RESULT, "java.lang.Thread, which has no JSON form");
	BASICS("naturals", "", SNAFU_BAD_RESULT, "larger than the cap of 20000 bytes");
	BASICS("words", "[\"a b\"]", SNAFU_OK, "[\"a\",\"b\"]");
	BASICS("later", "[\"x\",false]", SNAFU_OK, "\"x\"");
	BASICS("later", "[\"x\",true]", SNAFU_RAISED, "java.lang.IllegalStateException");
	BASICS("type", "", SNAFU_OK, "\"java.lang.String\"");
	BASICS("loader", "", SNAFU_OK, "\"found\"");
}

static void test_failures(void)
{
	BASICS("fail", "[\"no\"]", SNAFU_RAISED,
	       "{\"errorType\":\"java.lang.IllegalStateException\",\"errorMessage\":\"no\","
	       "\"stackTrace\":[\"at Basics.fail(Basics.java:");
	BASICS("parse", "[\"q\"]", SNAFU_RAISED,
	       "\"Caused by: java.lang.NumberFormatException: For input string: \\\"q\\\"\"");
	BASICS("endless", "[0]", SNAFU_RAISED, "java.lang.StackOverflowError");
	BASICS("hog", "", SNAFU_RAISED, "java.lang.OutOfMemoryError");
	BASICS("exit", "[3]", SNAFU_RAISED, "the function called System.exit(3)");
	BASICS("halt", "[4]", SNAFU_RAISED, "\"SystemExit\"");
	BASICS("nothing", "", SNAFU_OK, "1");
}

static void *sleep_long(void *mark)
{
	char *text;

	pthread_mutex_lock(((pthread_mutex_t **)mark)[0]);
	*((unsigned long **)mark)[1] = language->thread_mark(state);
	pthread_mutex_unlock(((pthread_mutex_t **)mark)[0]);
	enum snafu_status status = call_in("Basics.java", data, "Basics.spin", "", &text);
	bool good = status == SNAFU_RAISED && strstr(text, "java.lang.InterruptedException");
	free(text);
	/* The mark would hold for the next call too. */
	pthread_mutex_lock(((pthread_mutex_t **)mark)[0]);
	*((unsigned long **)mark)[1] = 0;
	pthread_mutex_unlock(((pthread_mutex_t **)mark)[0]);
	status = call_in("Basics.java", data, "Basics.interrupted", "", &text);
	good = good && status == SNAFU_OK && strcmp(text, "false") == 0;
	free(text);
	language->leave(state);
	return good ? mark : NULL;
}

static void test_interrupt(void)
{
	pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
	unsigned long mark = 0;
	void *shared[] = {&mutex, &mark}, *good = NULL;
	pthread_t thread;

	CHECK(pthread_create(&thread, NULL, sleep_long, shared) == 0);
	/* It may not be in its call yet; an interruption that comes too early does nothing. */
	while (pthread_tryjoin_np(thread, &good) != 0) {
		pthread_mutex_lock(&mutex);
		if (mark)
			language->interrupt(state, mark);
		pthread_mutex_unlock(&mutex);
		sched_yield();
	}
	CHECK(good != NULL);
}

static void *call_often(void *nothing)
{
	bool good = true;

	(void)nothing;
	for (int i = 0; i < 50; i++) {
		char *text, payload[64], wanted[64];

		snprintf(payload, sizeof payload, "[%d,%d,1]", i, i);
		snprintf(wanted, sizeof wanted, "%d", 2 * i + 1);
		good = call_in("Basics.java", data, "Basics.add", payload, &text) == SNAFU_OK && good &&
		       strcmp(text, wanted) == 0;
		free(text);
	}
	language->leave(state);
	return good ? &language : NULL;
}

/* Large payloads and results, which replace the arrays that threads keep. */
static void test_large(void)
{
	char *payload = malloc(3 << 20), *text;

	memset(payload, 'x', 3 << 20);
	payload[0] = '[';
	payload[1] = '"';
	payload[(3 << 20) - 3] = '"';
	payload[(3 << 20) - 2] = ']';
	payload[(3 << 20) - 1] = '\0';
	CHECK(call_in("Basics.java", data, "Basics.echo", payload, &text) == SNAFU_BAD_RESULT);
	free(text);
	CHECK(call_in("Basics.java", data, "Basics.kind", payload, &text) == SNAFU_OK);
	CHECK_STRING(text, "\"String\"");
	free(text);
	payload[15000] = '"';
	payload[15001] = ']';
	payload[15002] = '\0';
	CHECK(call_in("Basics.java", data, "Basics.echo", payload, &text) == SNAFU_OK);
	CHECK(text && strlen(text) == 15000 && strncmp(text, payload + 1, 15000) == 0);
	free(text);
	free(payload);
	BASICS("nothing", "", SNAFU_OK, "1");
}

/* The source tree of a Maven project: neighbours, resources, files that do not
 * compile; and a folder of programs that share class names. */
static void check_file(const char *root, const char *file, const char *id, const char *payload,
                       enum snafu_status status, const char *wanted)
{
	char *text, folder[2200];

	snprintf(folder, sizeof folder, "%s/%s", data, root);
	enum snafu_status got = call_in(file, folder, id, payload, &text);
	if (!CHECK(got == status) || status != SNAFU_OK)
		CHECK_STRING(text && strstr(text, wanted) ? wanted : text, wanted);
	else
		CHECK_STRING(text, wanted);
	free(text);
}

static void test_tree(void)
{
	const char *cart = "src/main/java/shop/Cart.java", *broken = "src/main/java/shop/Broken.java";

	check_file("tree", cart, "shop.Cart.put", "[{\"name\":\"tea\",\"price\":3,\"count\":2}]",
	           SNAFU_OK, "1");
	CHECK(strstr(warnings, "Broken.java:9: bad operand types") != NULL);
	check_file("tree", cart, "shop.Cart.total", "", SNAFU_OK, "6");
	check_file("tree", cart, "shop.Cart.greeting", "", SNAFU_OK, "\"good day\"");
	check_file("tree", cart, "shop.Cart.plugin", "[\"Loud\"]", SNAFU_OK, "\"LOUD\"");
	check_file("tree", cart, "shop.Cart.plugin", "[\"Soft\"]", SNAFU_RAISED,
	           "java.lang.ClassNotFoundException");
	check_file("tree", cart, "shop.Cart.helper", "", SNAFU_OK, "\"helped\"");
	check_file("tree", cart, "shop.Cart.broken", "", SNAFU_LOAD_FAILED, "does not compile: ");
	check_file("tree", cart, "shop.Cart.whole", "", SNAFU_OK, "\"whole\"");
	check_file("tree", broken, "shop.Broken.half", "[4]", SNAFU_LOAD_FAILED, "Broken.java:9: ");
	check_file("tree", "src/main/java/shop/Item.java", "shop.Item.price", "{\"this\":[\"x\",5,1]}",
	           SNAFU_OK, "5");
}

static void test_exercises(void)
{
	check_file("exercises", "One.java", "One.who", "", SNAFU_OK, "\"one\"");
	check_file("exercises", "Two.java", "Two.who", "", SNAFU_OK, "\"two\"");
	check_file("exercises", "Old.java", "Old.word", "", SNAFU_OK, "\"gar\xc3\xa7on\"");
	check_file("exercises", "Starts.java", "Starts.n", "", SNAFU_LOAD_FAILED,
	           "\"errorType\":\"java.lang.NumberFormatException\"");
	check_file("exercises", "Gone.java", "Gone.n", "", SNAFU_LOAD_FAILED, "Gone.java");
}

/* Debian's libcommons-lang3-java, a jar whose class files have no names. */
static void test_jar(void)
{
	const char *folder = "/usr/share/java", *file = "commons-lang3.jar";
	static const struct {
		const char *id, *payload, *wanted;
	} calls[] = {
		{"StringUtils.capitalize", "[\"ab\"]", "\"Ab\""},
		{"StringUtils.isEmpty", "[null]", "true"},
		{"StringUtils.join", "[[1,2,3],\"-\"]", "\"1-2-3\""},
		{"StringUtils.join", "[[\"a\",\"b\"]]", "\"ab\""},
		{"StringUtils.abbreviate", "[\"abcdefghijkl\",6]", "\"abc...\""},
		{"StringUtils.leftPad", "[\"7\",3,\"0\"]", "\"007\""},
		{"StringUtils.getLevenshteinDistance", "[\"kitten\",\"sitting\"]", "3"},
		{"StringUtils.isAnyBlank", "[\"a\",\" \"]", "true"},
		{"StringUtils.split", "[\"a b\"]", "[\"a\",\"b\"]"},
		{"ArrayUtils.contains", "[[1,2,3],2]", "true"},
		{"ArrayUtils.reverse", "[[1,2,3]]", "null"},
		{"math.NumberUtils.max", "[1,5,3]", "5"},
		{"math.NumberUtils.toInt", "[\"12\",7]", "12"},
		{"math.Fraction.getFraction", "[\"1/3\"]", "\"1/3\""},
	};
	char path[PATH_MAX], id[256];

	snprintf(path, sizeof path, "%s/%s", folder, file);
	if (access(path, R_OK)) {
		printf("ok %d # SKIP no %s (libcommons-lang3-java)\n", ++tap_count, path);
		return;
	}
	for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
		char *text;

		snprintf(id, sizeof id, "org.apache.commons.lang3.%s", calls[i].id);
		CHECK(call_in(file, folder, strdup(id), calls[i].payload, &text) == SNAFU_OK);
		CHECK_STRING(text, calls[i].wanted);
		free(text);
	}
}

static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *ftw)
{
	(void)status;
	(void)type;
	(void)ftw;
	return remove(path);
}

static bool open_language(const char *cache)
{
	static struct snafu_language_options options;
	struct snafu_error error = {0};
	char parts[PATH_MAX];
	void *address;

	options.cache_directory = cache;
	options.warn = warn;
	snprintf(parts, sizeof parts, "%s/parts", getenv("SNAFU_BUILD"));
	setenv("SNAFU_PARTS", parts, 1);
	setenv("SNAFU_JAVA_OPTIONS", "-Xmx256m", 1);
	int code = snafu_part_open("lang", "java", SNAFU_LANGUAGE_SYMBOL, 0, &address, &error);
	language = address;
	if (!code)
		code = language->open(&options, &state, &error);
	if (code)
		printf("# %s\n", error.message);
	return code == 0;
}

int main(void)
{
	char cache[] = "/tmp/snafu-test-java-XXXXXX";
	struct sigaction pipe_action;
	pthread_t threads[4];

	if (!getenv("SNAFU_BUILD") || !getenv("SNAFU_SOURCE")) {
		printf("1..0 # SKIP SNAFU_BUILD and SNAFU_SOURCE are not set\n");
		return 0;
	}
	snprintf(data, sizeof data, "%s/tests/data/java", getenv("SNAFU_SOURCE"));
	signal(SIGPIPE, SIG_IGN);
	CHECK(mkdtemp(cache) != NULL);
	if (!CHECK(open_language(cache)))
		return tap_done();
	sigaction(SIGPIPE, NULL, &pipe_action);
	CHECK(pipe_action.sa_handler == SIG_IGN);
	test_arguments();
	test_strings();
	test_structures();
	test_overloads();
	test_objects();
	test_results();
	test_failures();
	test_large();
	test_tree();
	test_exercises();
	test_jar();
	for (int i = 0; i < 4; i++)
		CHECK(pthread_create(&threads[i], NULL, call_often, NULL) == 0);
	for (int i = 0; i < 4; i++) {
		void *good;

		pthread_join(threads[i], &good);
		CHECK(good != NULL);
	}
	test_interrupt();
	language->leave(state);
	language->close(state);
	nftw(cache, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
	return tap_done();
}
