/* tests/unit/test-lang-python-calls.c — the Python gateway beyond a plain call: isolated calls,
 * functions that call functions, events and contexts, captured output. */
#include "tests/unit/python.h"

#include <pthread.h>
#include <sys/stat.h>

#define THREADS 4
#define CALLS   300

/* ---- isolated ---- */

static void check_isolated(void)
{
	check_fresh("state.up", "[2]", "ok [2,[2],[2]]");
	check_kept("state.up", "[2]", "ok [2,[2],[2]]");
	check_kept("state.up", "[3]", "ok [5,[2,3],[2,3]]");
	check_fresh("state.up", "", "ok [1,[1],[1]]");
	check_fresh("state.others", "", "ok [1,1,1,11,true]");
	check_fresh("state.late", "", "ok [1,true,true]");
	check_fresh("state.decorated", "[7]", "ok [1,[7]]");
	check_fresh("state.point", "{\"p\": {\"x\": 1}}",
	            "ok [{\"x\":1,\"y\":2,\"tags\":[1]},true,true,1]");
	check_fresh("state.point", "[{\"x\": 1}, \"BLUE\"]",
	            "ok [{\"x\":1,\"y\":2,\"tags\":[1]},true,true,2]");
	check_fresh("state.line", "[{\"a\": {\"x\": 1}, \"b\": {\"x\": 2}}]", "ok [true,true]");
	check_fresh("state.Account.add#method", "[2]", "ok [2,2]");
	check_fresh("state.Account.add#method", "{\"n\": 2, \"self\": [5]}", "ok [7,2]");
	check_fresh("state.Account.made", "", "ok 1");
	check_fresh("state.Account.balance#method", "", "ok 1");
	check_fresh("state.threads", "[50]", "ok 100");
	check_fresh("state.later", "", "ok [1,[1],[1]]");
	check_fresh("state.generated", "[3]", "ok [1,2,3]");
	check_fresh("neighbour.of_state", "", "ok [1,[1],[1]]");
	check_fresh("kit/tool.used", "", "ok 1");
	/* What others did meanwhile is untouched. */
	check_kept("state.up", "[1]", "ok [6,[2,3,1],[2,3,1]]");
	check_kept("neighbour.up", "", "ok 1");
	char *got = run("state.fails", true, "", NULL);
	CHECK(strstr(got, "\"errorMessage\":\"1\"") != NULL);
	free(got);
	check_fresh("state.up", "{\"m\": 1}",
	            "bad-arguments {\"errorType\":\"ArgumentError\",\"errorMessage\":\"m: unknown; "
	            "usage: up()\",\"arguments\":[{\"name\":\"m\",\"problem\":\"unknown\"}]}");
}

static void *call_isolated(void *unused)
{
	long wrong = 0;

	for (int i = 0; i < CALLS; i++) {
		char *got = run("state.threads", true, "[3]", NULL);
		char *other = run("state.Account.add#method", true, "[4]", NULL);

		wrong += strcmp(got, "ok 6") != 0 || strcmp(other, "ok [4,4]") != 0;
		free(got);
		free(other);
	}
	python->leave(state);
	return unused ? unused : (void *)wrong;
}

static void check_isolated_threads(void)
{
	pthread_t threads[THREADS];

	for (int i = 0; i < THREADS; i++)
		pthread_create(&threads[i], NULL, call_isolated, NULL);
	for (int i = 0; i < THREADS; i++) {
		void *wrong;

		pthread_join(threads[i], &wrong);
		CHECK(wrong == NULL);
	}
}

/* ---- functions that call functions ---- */

static void check_client(void)
{
	check_kept("client.calls", "",
	           "ok [[null,null],[1,[2,3.5]],[{\"a\":null},\"\xc3\xa9\"],"
	           "[1000000000000000000000000000000,null]]");
	check_kept("client.fib", "[10]", "ok 55");
	check("client.fib", true, "[8]", "ok 21");
	check_kept("client.catches", "",
	           "ok [\"raised\",\"ValueError\",\"boo\",1,\"ValueError: boo\"]");
	char *got = run("client.lets_go", false, "", NULL);
	CHECK(strncmp(got, "raised {\"errorType\":\"CallError\",\"errorMessage\":\"ValueError: boo\"",
	              60) == 0);
	free(got);
	check_kept("client.misuse", "[\"mixed\"]",
	           "ok \"TypeError: give a function's arguments either all by position or all by "
	           "name\"");
	check_kept("client.misuse", "[\"name\"]",
	           "ok \"TypeError: the first argument is the function's name, a string\"");
	check_kept("client.misuse", "[\"form\"]",
	           "ok \"TypeError: the arguments cannot be sent: result[0]: a class has no JSON "
	           "form\"");
	check_kept("client.misuse", "[\"unknown\"]",
	           "ok \"CallError: UnknownFunction: there is no nowhere.nothing\"");
	check_kept("client.later", "", "ok \"q-1\"");
	check_kept("client.outside", "", "ok null");
	check_kept(
		"client.deeper", "",
		"ok [[\"r1\",\"the.function\",0,\"test\"],[\"inner\",\"client.where\",1,\"function\"],"
		"[\"r1\",\"the.function\",0,\"test\"]]");
	check_kept("client.in_thread", "",
	           "ok [[[\"r1\",\"the.function\",0,\"test\"],"
	           "[\"inner\",\"client.where\",1,\"function\"]]]");
}

/* Threads that live longer than the call that had them started. */
static void check_pool(void)
{
	char *log, *got = run("client.in_pool", false, "[\"one\"]", &log);

	CHECK_STRING(got, "ok [\"r1\",\"the.function\",0,\"test\"]");
	CHECK_STRING(log, "from the pool for one\n");
	free(got);
	free(log);
	context.request_id = "r2";
	got = run("client.in_pool", false, "[\"two\"]", &log);
	CHECK_STRING(got, "ok [\"r2\",\"the.function\",0,\"test\"]");
	CHECK_STRING(log, "from the pool for two\n");
	free(got);
	free(log);
	context.request_id = "r1";
	got = run("client.outlives", false, "", &log);
	CHECK_STRING(got, "ok null");
	free(got);
	free(log);
	got = run("client.after", false, "", &log);
	CHECK_STRING(got, "ok [null,1]");
	CHECK_STRING(log, "");
	free(got);
	free(log);
}

static void check_no_time(void)
{
	context.deadline = 1;
	char *got = run("client.calls", false, "", NULL);
	CHECK(strncmp(got, "deadline ", 9) == 0);
	free(got);
	context.deadline = 0;
}

/* ---- events ---- */

static void check_events(void)
{
	check_kept("events.handler", "", "ok {}");
	check_kept("events.handler", "{\"a\": 1}", "ok {\"a\":1}");
	check_kept("events.handler", "{}", "ok {}");
	check_kept("events.handler", "[1, 2]", "ok [1,2]");
	check_kept("events.handler", "\"text\"", "ok \"text\"");
	check_kept("events.handler", "{\"event\": [1]}", "ok [1]");
	check_kept("events.handler", "{\"context\": {\"x\": 1}, \"event\": null}", "ok null");
	check_kept("events.handler", "{\"event\": 1, \"other\": 2}", "ok {\"event\":1,\"other\":2}");
	check_kept("events.handler", "{\"context\": 1}", "ok {\"context\":1}");
	check_kept("events.handler", "{\"event\": {\"event\": 1}}", "ok {\"event\":1}");
	check_kept(
		"events.handler", "{\"event\": 1",
		"bad-arguments {\"errorType\":\"ArgumentError\",\"errorMessage\":\"the payload is not "
		"valid JSON: a comma or } is expected at line 1, column 12\"}");
	check_kept("events.typed", "{\"b\": 1, \"a\": 2}", "ok [\"a\",\"b\"]");
	check_kept("events.Service.handle#method", "[1]", "ok [\"none\",[1],\"the.function\"]");
	check_kept("events.Service.handle#method", "{\"event\": 1, \"self\": [\"me\"]}",
	           "ok [\"me\",1,\"the.function\"]");
	check("events.handler", true, "{\"a\": 1}", "ok {\"a\":1}");
	context.memory = 256u << 20;
	context.client_context = "{\"custom\": {\"k\": 1}, \"client\": {\"app_title\": \"t\"}}";
	check_kept("events.about", "{}",
	           "ok {\"id\":\"r1\",\"name\":\"the.function\",\"version\":\"$LATEST\",\"arn\":"
	           "\"arn:aws:lambda:eu-west-1:000000000000:function:the.function\",\"memory\":\"256\","
	           "\"group\":\"/aws/lambda/the.function\",\"stream\":true,\"left\":900000,"
	           "\"identity\":[null,null],\"client\":[{\"k\":1},null,\"t\"],\"tenant\":\"\","
	           "\"trigger\":\"test\"}");
	context.client_context = "not JSON";
	char *got = run("events.about", false, "", NULL);
	CHECK(strstr(got, "\"client\":null") != NULL);
	free(got);
	context.client_context = "";
	check_kept("events.other", "[1, 2, 3]", "ok [1,2,3]");
}

/* ---- output ---- */

static void check_log(const char *id, const char *payload, const char *expected)
{
	char *log, *got = run(id, false, payload, &log);

	CHECK_STRING(log, expected);
	free(got);
	free(log);
}

static void *print_often(void *name)
{
	char payload[64], line[16], *log;
	long wrong = 0;

	snprintf(payload, sizeof payload, "[\"%s\", 3]", (char *)name);
	snprintf(line, sizeof line, "%s\n", (char *)name);
	for (int i = 0; i < CALLS; i++) {
		char expected[128], *got = run("prints.often", false, payload, &log);

		snprintf(expected, sizeof expected, "%s 0\n%s%s 1\n%s%s 2\n%s", (char *)name, line,
		         (char *)name, line, (char *)name, line);
		wrong += strcmp(log, expected) != 0;
		free(got);
		free(log);
	}
	python->leave(state);
	return (void *)wrong;
}

static void check_output(void)
{
	static char names[THREADS][4] = {"ann", "bob", "cat", "dan"};
	pthread_t threads[THREADS];
	struct stat before, after;

	check_log("prints.quiet", "", "");
	check_log("prints.several", "[\"x\"]",
	          "out x\nerr without newline \xff bytes\na\nb\nINFO logged x\n");
	check_log("prints.outer", "[\"y\"]", "before y\nafter y\n");
	check_log("prints.threaded", "", "from a thread\n");
	check_log("prints.raises", "", "before it fails\n");
	char *log, *got = run("prints.much", false, "[2000]", &log);
	CHECK(strlen(log) <= LOG_CAP && strstr(log, "line 1999\n") != NULL);
	free(got);
	free(log);
	for (int i = 0; i < THREADS; i++)
		pthread_create(&threads[i], NULL, print_often, names[i]);
	for (int i = 0; i < THREADS; i++) {
		void *wrong;

		pthread_join(threads[i], &wrong);
		CHECK(wrong == NULL);
	}
	/* It goes where it went before as well. */
	fstat(2, &before);
	check_log("prints.inner", "[\"z\"]", "inner z\n");
	fstat(2, &after);
	CHECK(after.st_size == before.st_size + 8);
}

int main(void)
{
	if (begin())
		return 1;
	if (!CHECK(open_python() == 0))
		return tap_done();
	check_isolated();
	check_isolated_threads();
	check_client();
	check_pool();
	check_no_time();
	check_events();
	check_output();
	return end();
}
