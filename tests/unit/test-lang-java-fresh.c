/* tests/unit/test-lang-java-fresh.c — isolated calls of Java functions, what their calls
 * print, and their calls of other functions, from several threads. The functions are those
 * of tests/data/java/Fresh*.java. */
#include <limits.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "tests/unit/java.h"

#define RESULT_CAP 20000
#define LOG_CAP    100
#define DEPTH_CAP  20
#define COLLECTED  10000 /* calls whose loaders must go */
#define METASPACE  (96l << 20) /* bytes that they must fit into */
#define THREADS    4
#define RATE_CALLS 3000
#define BOUNDS_CAP 64

static char file[PATH_MAX], root[PATH_MAX - 64];

/* ---- calling -------------------------------------------------------------------- */

static struct snafu_bound *bind(const char *id)
{
	static struct snafu_function functions[BOUNDS_CAP];
	static struct snafu_bound *bounds[BOUNDS_CAP];
	static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
	struct snafu_result result = {.payload = SNAFU_BUFFER(RESULT_CAP)};
	size_t i = 0;

	pthread_mutex_lock(&mutex);
	while (functions[i].id && strcmp(functions[i].id, id) != 0)
		i++;
	if (!functions[i].id) {
		functions[i] = (struct snafu_function){
			.id = strdup(id),
			.name = strrchr(id, '.') + 1,
			.language = "java",
			.file = file,
			.root = root,
			.kind = SNAFU_STATIC_METHOD,
		};
		if (language->bind(state, &functions[i], &bounds[i], &result))
			printf("# %s: %s\n", id, result.payload.data);
	}
	pthread_mutex_unlock(&mutex);
	snafu_result_done(&result);
	return bounds[i];
}

static struct snafu_result run(bool fresh, const char *id, const char *payload,
                               const struct snafu_context *context)
{
	static const struct snafu_context none = {
		.request_id = "", .function = "", .tenant = "", .trigger = "", .client_context = ""};
	struct snafu_result result = {.payload = SNAFU_BUFFER(RESULT_CAP),
	                              .log = SNAFU_BUFFER(LOG_CAP)};
	const struct snafu_request request = {payload, strlen(payload), context ? context : &none};
	struct snafu_bound *bound = bind(id);

	if (!bound)
		result.status = SNAFU_LOAD_FAILED;
	else
		(fresh ? language->call_fresh : language->call)(state, bound, &request, &result);
	return result;
}

static bool is(bool fresh, const char *id, const char *payload, enum snafu_status status,
               const char *wanted)
{
	struct snafu_result result = run(fresh, id, payload, NULL);
	bool good = result.status == status && result.payload.data &&
	            (status == SNAFU_OK ? strcmp(result.payload.data, wanted) == 0
	                                : strstr(result.payload.data, wanted) != NULL);

	if (!good)
		printf("#    got: %s %s\n# wanted: %s %s\n", snafu_status_name(result.status),
		       result.payload.data, snafu_status_name(status), wanted);
	snafu_result_done(&result);
	return good;
}

#define CALL(ID, PAYLOAD, WANTED)  CHECK(is(false, "Fresh." ID, (PAYLOAD), SNAFU_OK, (WANTED)))
#define FRESH(ID, PAYLOAD, WANTED) CHECK(is(true, "Fresh." ID, (PAYLOAD), SNAFU_OK, (WANTED)))

/* ---- the host's part: calls from functions come back at once, on the same thread -- */

static struct snafu_context last_caller;
static bool had_caller;

static void invoke(void *nothing, const struct snafu_context *caller,
                   const struct snafu_invocation *invocation, struct snafu_result *result)
{
	struct snafu_context context = {
		.request_id = "inner",
		.function = invocation->function,
		.tenant = "",
		.trigger = "function",
		.client_context = "",
		.depth = caller ? caller->depth + 1 : 1,
	};
	char *payload = strndup(invocation->payload, invocation->size);

	(void)nothing;
	if (strcmp(payload, "[2]") == 0)
		had_caller = caller;
	if (caller && strcmp(payload, "[2]") == 0)
		last_caller = (struct snafu_context){.depth = caller->depth, .deadline = caller->deadline};
	if (invocation->asynchronous) {
		snafu_buffer_append_text(&result->payload, "{\"id\":\"some-id\"}");
	} else if (context.depth > DEPTH_CAP) {
		snafu_result_fail(result, SNAFU_OVER_LIMIT, "TooDeep", "deep");
	} else {
		snafu_result_done(result);
		*result = run(context.depth % 2 == 0, invocation->function, payload, &context);
	}
	free(payload);
}

/* ---- tests -------------------------------------------------------------------------- */

static void test_state(void)
{
	CALL("count", "", "1");
	CALL("count", "", "2");
	FRESH("count", "", "1");
	FRESH("count", "", "1");
	CALL("count", "", "3");
	FRESH("remember", "[\"a\"]", "[\"first\",\"a\"]");
	FRESH("remember", "[\"b\"]", "[\"first\",\"b\"]");
	FRESH("other", "", "1"); /* state of another class */
	FRESH("other", "", "1");
	FRESH("ownObject", "", "1"); /* the object of an instance method */
	FRESH("ownObject", "", "1");
	CALL("ownObject", "", "1");
	CALL("ownObject", "", "2");
	FRESH("local", "", "1"); /* a ThreadLocal */
	FRESH("local", "", "1");
	CALL("local", "", "1");
	CALL("local", "", "2");
	FRESH("lambda", "[3]", "[1,2,3]");
	FRESH("enumerate", "", "[\"RED:1\",\"GREEN:2\"]");
	FRESH("record", "{\"p\":{\"x\":1,\"y\":[{\"x\":2,\"y\":[]}]}}",
	      "{\"x\":2,\"y\":[{\"x\":1,\"y\":[]}]}");
	FRESH("byName", "[\"Fresh$Other\"]", "\"Fresh$Other is mine\"");
	FRESH("resource", "", "true");
	FRESH("contextLoader", "", "true");
	CHECK(is(true, "Fresh.fail", "", SNAFU_RAISED, "\"stackTrace\":[\"at Fresh.fail(Fresh.java:"));
	CHECK(is(true, "Fresh.count", "[1]", SNAFU_BAD_ARGUMENTS, "it takes 0 arguments"));
}

/* Classes without state are not defined anew; those that could tell the difference are. */
static void test_sharing(void)
{
	CHECK(is(true, "Fresh.Plain.same", "", SNAFU_OK, "0"));
	CHECK(is(true, "Fresh.Plain.same", "", SNAFU_OK, "0"));
	CHECK(is(true, "Fresh.Plain.ownObject", "", SNAFU_OK, "1"));
	CHECK(is(true, "Fresh.Plain.ownObject", "", SNAFU_OK, "1"));
	FRESH("identity", "", "true");
}

static void test_log(void)
{
	struct snafu_result result = run(false, "Fresh.print", "[\"hello\",3]", NULL);

	CHECK(result.status == SNAFU_OK);
	CHECK_STRING(result.log.data,
	             "out hello\nerr hello\nout hello\nerr hello\nout hello\nerr hello\n");
	snafu_result_done(&result);
	result = run(true, "Fresh.print", "[\"hello\",100]", NULL);
	CHECK(result.log.size == LOG_CAP);
	CHECK_STRING(result.log.data + LOG_CAP - 20, "out hello\nerr hello\n");
	snafu_result_done(&result);
	result = run(true, "Fresh.printInThread", "[\"x\"]", NULL);
	CHECK_STRING(result.log.data, "in a thread: x\n");
	snafu_result_done(&result);
	result = run(false, "Fresh.count", "", NULL);
	CHECK(result.log.size == 0);
	snafu_result_done(&result);
	result = run(false, "Fresh.printAround", "", NULL);
	CHECK_STRING(result.log.data, "before\nafter\n");
	snafu_result_done(&result);
}

static void test_invoke(void)
{
	CALL("sum", "[5]", "15"); /* recursive, fresh and not by turns */
	CALL("callByName", "", "{\"x\":5,\"y\":[]}");
	CALL("callTyped", "", "7");
	CALL("callInThread", "", "3");
	CHECK(had_caller);
	CALL("async", "", "\"some-id\"");
	CALL("caught", "", "[\"raised\",\"java.lang.IllegalStateException\",\"no\",true]");
	CHECK(is(false, "Fresh.uncaught", "", SNAFU_RAISED, "{\"errorType\":\"snafu.CallException\""));
	CHECK(is(false, "Fresh.endless", "", SNAFU_RAISED, "TooDeep"));
	CALL("render", "", "[3,3,3]"); /* calls while its result is written */
	CALL("sum", "[3]", "6");
}

static void test_context(void)
{
	const struct snafu_context context = {
		.request_id = "some-request",
		.function = "Fresh.context",
		.tenant = "ann",
		.trigger = "http",
		.client_context = "{\"a\":1}",
		.deadline = snafu_now_ms() + 60000,
		.memory = 64 << 20,
		.depth = 2,
	};
	struct snafu_result result = run(true, "Fresh.context", "", &context);

	CHECK_STRING(
		result.payload.data,
		"[\"some-request\",\"Fresh.context\",\"ann\",\"http\",\"{\\\"a\\\":1}\",true,67108864,2]");
	snafu_result_done(&result);
	result = run(false, "Fresh.contextInThread", "", &context);
	CHECK_STRING(result.payload.data, "\"some-request\"");
	snafu_result_done(&result);
	result = run(false, "Fresh.callInThread", "", &context);
	CHECK(had_caller && last_caller.depth == 2 && last_caller.deadline == context.deadline);
	snafu_result_done(&result);
	/* A thread that outlives its call belongs to none. */
	result = run(false, "Fresh.later", "", &context);
	snafu_result_done(&result);
	CALL("laterDone", "", "3");
	CHECK(!had_caller);
}

static void *call_often(void *nothing)
{
	bool good = true;

	(void)nothing;
	for (int i = 0; i < 100 && good; i++) {
		struct snafu_result result = run(true, "Fresh.print", "[\"t\",1]", NULL);

		good = is(true, "Fresh.count", "", SNAFU_OK, "1") &&
		       strcmp(result.log.data, "out t\nerr t\n") == 0;
		snafu_result_done(&result);
	}
	language->leave(state);
	return good ? &language : NULL;
}

static void test_threads(void)
{
	pthread_t threads[THREADS];
	void *good;

	for (int i = 0; i < THREADS; i++)
		CHECK(pthread_create(&threads[i], NULL, call_often, NULL) == 0);
	for (int i = 0; i < THREADS; i++) {
		pthread_join(threads[i], &good);
		CHECK(good != NULL);
	}
}

struct sleeper {
	pthread_mutex_t mutex;
	unsigned long mark;
	bool good;
};

static void set_mark(struct sleeper *sleeper, unsigned long mark)
{
	pthread_mutex_lock(&sleeper->mutex);
	sleeper->mark = mark;
	pthread_mutex_unlock(&sleeper->mutex);
}

/* Sleeps in a call inside of the call that is interrupted. */
static void *sleep_long(void *opaque)
{
	struct sleeper *sleeper = opaque;

	set_mark(sleeper, language->thread_mark(state));
	sleeper->good = is(true, "Fresh.sleepInside", "", SNAFU_OK, "[\"InterruptedException\",true]");
	set_mark(sleeper, 0);
	sleeper->good = is(true, "Fresh.interrupted", "", SNAFU_OK, "false") && sleeper->good;
	language->leave(state);
	return NULL;
}

static void test_interrupt(void)
{
	struct sleeper sleeper = {.mutex = PTHREAD_MUTEX_INITIALIZER};
	pthread_t thread;

	CHECK(pthread_create(&thread, NULL, sleep_long, &sleeper) == 0);
	while (pthread_tryjoin_np(thread, NULL) != 0) {
		pthread_mutex_lock(&sleeper.mutex);
		if (sleeper.mark && is(false, "Fresh.asleep", "", SNAFU_OK, "true"))
			language->interrupt(state, sleeper.mark);
		pthread_mutex_unlock(&sleeper.mutex);
		sched_yield();
	}
	CHECK(sleeper.good);
}

/* Of all threads, in µs: it tells more than the time on a busy machine. */
static double processor_time(void)
{
	struct timespec time;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
	return (double)time.tv_sec * 1e6 + (double)time.tv_nsec / 1e3;
}

/* For people: what calls cost. */
static void rate(const char *id, const char *payload)
{
	for (int round = 0; round < 4; round++) {
		double start = processor_time();

		for (int i = 0; i < RATE_CALLS; i++) {
			struct snafu_result result = run(round % 2, id, payload, NULL);
			snafu_result_done(&result);
		}
		printf("# %s %s: %.1f us of processor time a call\n", id, round % 2 ? "fresh" : "plain",
		       (processor_time() - start) / RATE_CALLS);
	}
}

static void test_collection(void)
{
	struct snafu_result result;
	bool good = true;

	for (int i = 0; i < COLLECTED; i++)
		good = is(true, "Fresh.local", "", SNAFU_OK, "1") && good;
	CHECK(good);
	result = run(false, "Fresh.metaspace", "", NULL);
	CHECK(strtol(result.payload.data, NULL, 10) < METASPACE);
	printf("# metaspace after %d calls: %s bytes\n", COLLECTED, result.payload.data);
	snafu_result_done(&result);
}

int main(int count, char **arguments)
{
	static struct snafu_language_options options = {.invoke = invoke};

	if (!getenv("SNAFU_BUILD") || !getenv("SNAFU_SOURCE")) {
		printf("1..0 # SKIP SNAFU_BUILD and SNAFU_SOURCE are not set\n");
		return 0;
	}
	snprintf(root, sizeof root, "%s/tests/data/java", getenv("SNAFU_SOURCE"));
	snprintf(file, sizeof file, "%s/Fresh.java", root);
	if (!CHECK(java_test_open(&options)))
		return tap_done();
	test_state();
	test_sharing();
	test_log();
	test_invoke();
	test_context();
	test_threads();
	test_interrupt();
	test_collection();
	if (count > 1 && strcmp(arguments[1], "rate") == 0) {
		rate("Fresh.Counter.count", "");
		rate("Fresh.count", "");
		rate("Fresh.Plain.hello", "[\"x\"]");
		rate("Fresh.lambda", "[3]");
	}
	java_test_close();
	return tap_done();
}
