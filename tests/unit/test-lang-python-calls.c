/* tests/unit/test-lang-python-calls.c — the Python gateway beyond a plain call: isolated
 * calls, functions that call functions, events and contexts, captured output, files that
 * change, and an interpreter that is forked. The sources are in tests/data/python-calls/. */
#include "langs/language.h"

#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/file.h"
#include "base/parts.h"
#include "langs/result.h"
#include "scanner/function.h"
#include "tests/unit/child.h"
#include "tests/unit/tap.h"

#define RESULT_CAP 100000
#define LOG_CAP    2000
#define THREADS    4
#define CALLS      300

static const struct snafu_language *python;
static void *state;
static char data[PATH_MAX];
static FILE *functions; /* C's own stdout, which goes to a file */

/* CPython keeps much to the end of the process, on purpose. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
	return "leak:libpython3\n";
}

/* ---- functions ---- */

static struct snafu_arena arena;

/* What was bound, by id: what calls of functions find. */
static struct {
	const char *id;
	struct snafu_bound *bound;
} known[64];
static size_t n_known;

static struct snafu_bound *bind_in(const char *folder, const char *id, char **ret_problem)
{
	struct snafu_result result = {.payload = SNAFU_BUFFER(RESULT_CAP)};
	struct snafu_function *function = snafu_arena_alloc(&arena, sizeof *function);
	const char *kind = strchrnul(id, '#');
	struct snafu_bound *bound = NULL;
	char file[PATH_MAX + 300];

	snprintf(file, sizeof file, "%s/%.*s.py", folder, (int)strcspn(id, "."), id);
	id = strrchr(id, '/') ? strrchr(id, '/') + 1 : id;
	*function = (struct snafu_function){
		.id = snafu_arena_copy(&arena, id, (size_t)(kind - id)),
		.language = "python",
		.file = snafu_arena_string(&arena, file),
		.root = snafu_arena_string(&arena, folder),
		.kind = *kind ? SNAFU_METHOD : SNAFU_FUNCTION,
		.returns_shape = snafu_shape_plain(SNAFU_SHAPE_ANY),
	};
	function->name = strrchr(function->id, '.') + 1;
	if (python->bind(state, function, &bound, &result) && !ret_problem)
		printf("# %s\n", result.payload.data);
	if (ret_problem)
		*ret_problem = snafu_buffer_take(&result.payload);
	snafu_buffer_done(&result.payload);
	return bound;
}

static struct snafu_bound *find(const char *id)
{
	for (size_t i = 0; i < n_known; i++)
		if (strcmp(known[i].id, id) == 0)
			return known[i].bound;
	struct snafu_bound *bound = bind_in(data, id, NULL);
	known[n_known].id = id;
	known[n_known++].bound = bound;
	return bound;
}

/* ---- calls ---- */

static struct snafu_context context = {
	.request_id = "r1",
	.function = "the.function",
	.tenant = "",
	.trigger = "test",
	.client_context = "",
};

static void call_into(const char *id, bool fresh, const char *payload,
                      const struct snafu_context *in, struct snafu_result *result)
{
	struct snafu_bound *bound = find(id);
	const struct snafu_request request = {payload, strlen(payload), in};

	if (bound)
		(fresh ? python->call_fresh : python->call)(state, bound, &request, result);
}

static char *run(const char *id, bool fresh, const char *payload, char **ret_log)
{
	struct snafu_result result = {.payload = SNAFU_BUFFER(RESULT_CAP),
	                              .log = SNAFU_BUFFER(ret_log ? LOG_CAP : 0)};
	struct snafu_buffer text = SNAFU_BUFFER(RESULT_CAP + 100);

	call_into(id, fresh, payload, &context, &result);
	snafu_buffer_format(&text, "%s %s", snafu_status_name(result.status),
	                    result.payload.data ? result.payload.data : "");
	if (ret_log)
		*ret_log = result.log.size ? snafu_buffer_take(&result.log) : strdup("");
	snafu_result_done(&result);
	return snafu_buffer_take(&text);
}

static void check(const char *id, bool fresh, const char *payload, const char *expected)
{
	char *got = run(id, fresh, payload, NULL);

	if (!CHECK_STRING(got, expected))
		printf("# %s %s\n", id, payload);
	free(got);
}

static void check_kept(const char *id, const char *payload, const char *expected)
{
	check(id, false, payload, expected);
}

/* Twice the same: nothing is left behind. */
static void check_fresh(const char *id, const char *payload, const char *expected)
{
	check(id, true, payload, expected);
	check(id, true, payload, expected);
}

/* A host in miniature. */
static void invoke(void *unused, const struct snafu_context *caller,
                   const struct snafu_invocation *invocation, struct snafu_result *result)
{
	char text[64] = "";
	struct snafu_context inner = {
		.request_id = "inner",
		.function = invocation->function,
		.tenant = "",
		.trigger = "function",
		.client_context = "",
		.depth = caller ? caller->depth + 1 : 100,
	};
	(void)unused;

	snprintf(text, sizeof text, "%.*s", invocation->size < 60 ? (int)invocation->size : 0,
	         invocation->size ? invocation->payload : "");
	if (strncmp(invocation->function, "nowhere", 7) == 0) {
		snafu_result_fail(result, SNAFU_UNKNOWN_FUNCTION, "UnknownFunction", "there is no %s",
		                  invocation->function);
	} else if (invocation->asynchronous) {
		snafu_buffer_append_text(&result->payload, "{\"id\":\"q-1\"}");
		result->status = SNAFU_OK;
	} else {
		char *payload = strndup(invocation->payload ? invocation->payload : "", invocation->size);

		call_into(invocation->function, false, payload, &inner, result);
		free(payload);
	}
}

static int open_python(void)
{
	static const struct snafu_functions none;
	static const struct snafu_language_options options = {.functions = &none, .invoke = invoke};
	struct snafu_error error;
	void *address;

	if (snafu_part_open("lang", "python", SNAFU_LANGUAGE_SYMBOL, 1, &address, &error)) {
		printf("Bail out! %s\n", error.message);
		return -1;
	}
	python = address;
	/* Python asks C's stdout which descriptor is its own: what functions print stays out of
	 * the protocol. */
	FILE *protocol = stdout;
	stdout = functions;
	int code = python->open(&options, &state, NULL);
	stdout = protocol;
	return code;
}

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

/* ---- files that change ---- */

static char folder[] = "/tmp/snafu-python-XXXXXX";

static void write_file(const char *name, const char *text)
{
	char path[PATH_MAX];

	snprintf(path, sizeof path, "%s/%s", folder, name);
	FILE *file = fopen(path, "w");
	if (CHECK(file != NULL)) {
		fputs(text, file);
		fclose(file);
	}
}

static void tell_changed(const char *first, const char *second)
{
	char one[PATH_MAX], two[PATH_MAX];
	const char *files[] = {one, two};

	snprintf(one, sizeof one, "%s/%s", folder, first);
	snprintf(two, sizeof two, "%s/%s", folder, second ? second : "");
	python->changed(state, NULL, files, second ? 2 : 1);
}

static void check_bound(struct snafu_bound *bound, const char *payload, const char *expected)
{
	struct snafu_result result = {.payload = SNAFU_BUFFER(RESULT_CAP)};

	if (CHECK(bound != NULL)) {
		python->call(state, bound, &(struct snafu_request){payload, strlen(payload), &context},
		             &result);
		CHECK_STRING(result.payload.data, expected);
	}
	snafu_result_done(&result);
}

static void check_changes(void)
{
	char *problem;

	CHECK(mkdtemp(folder) != NULL);
	write_file("lib.py", "def name(): return 'lib 1'\n");
	write_file("app.py", "import lib\nn = 0\ndef f():\n    global n\n    n += 1\n"
	                     "    return [n, lib.name()]\n"
	                     "class C:\n    def __init__(self): self.n = 0\n"
	                     "    def up(self):\n        self.n += 1\n        return self.n\n");
	write_file("user.py", "import app\ndef g(): return app.f()\n");
	struct snafu_bound *old = bind_in(folder, "app.f", NULL),
					   *user = bind_in(folder, "user.g", NULL);
	struct snafu_bound *method = bind_in(folder, "app.C.up#method", NULL);
	check_bound(old, "", "[1,\"lib 1\"]");
	check_bound(user, "", "[2,\"lib 1\"]");
	check_bound(method, "", "1");
	check_bound(method, "", "2");

	/* New versions of two files at once: the importer gets the new one. */
	write_file("lib.py", "def name(): return 'lib two'\n");
	write_file("app.py", "import lib\ndef f(x=5): return ['new', x, lib.name()]\n"
	                     "class C:\n    def up(self): return 'new'\n");
	tell_changed("app.py", "lib.py");
	check_bound(old, "", "[3,\"lib 1\"]");
	struct snafu_bound *new = bind_in(folder, "app.f", NULL);
	check_bound(new, "", "[\"new\",5,\"lib two\"]");
	check_bound(old, "", "[4,\"lib 1\"]");
	check_bound(user, "", "[5,\"lib 1\"]"); /* it has imported the old one */
	python->unbind(state, method);
	method = bind_in(folder, "app.C.up#method", NULL);
	check_bound(method, "", "\"new\"");
	struct snafu_result result = {.payload = SNAFU_BUFFER(RESULT_CAP)};
	python->call_fresh(state, new, &(struct snafu_request){"[1]", 3, &context}, &result);
	CHECK_STRING(result.payload.data, "[\"new\",1,\"lib two\"]");
	snafu_result_done(&result);
	python->unbind(state, old);

	/* Loaded anew itself, the importer gets what is there now. */
	tell_changed("user.py", NULL);
	python->unbind(state, user);
	user = bind_in(folder, "user.g", NULL);
	check_bound(user, "", "[\"new\",5,\"lib two\"]");

	/* A broken file: the old module stays for those who import it. */
	write_file("app.py", "def f(:\n");
	tell_changed("app.py", NULL);
	CHECK(bind_in(folder, "app.f", &problem) == NULL);
	CHECK(problem && strstr(problem, "SyntaxError") && strstr(problem, "app.py\\\", line 1"));
	free(problem);
	write_file("third.py", "import app\ndef h(): return app.f(7)\n");
	struct snafu_bound *third = bind_in(folder, "third.h", NULL);
	check_bound(third, "", "[\"new\",7,\"lib two\"]");
	check_bound(new, "", "[\"new\",5,\"lib two\"]");

	/* One that fails while it runs, and then comes right. */
	write_file("app.py", "import lib\nraise RuntimeError('not yet')\n");
	tell_changed("app.py", NULL);
	CHECK(bind_in(folder, "app.f", &problem) == NULL);
	CHECK(problem && strstr(problem, "not yet") && strstr(problem, "line 2"));
	free(problem);
	write_file("app.py", "def f(): raise ValueError('line two now')\n");
	tell_changed("app.py", NULL);
	python->unbind(state, new);
	new = bind_in(folder, "app.f", NULL);
	if (CHECK(new != NULL)) {
		python->call(state, new, &(struct snafu_request){"", 0, &context}, &result);
		CHECK(strstr(result.payload.data, "def f(): raise ValueError('line two now')") != NULL);
		snafu_result_done(&result);
		python->unbind(state, new);
	}
	python->unbind(state, third);
	python->unbind(state, user);
	python->unbind(state, method);
	char command[4][PATH_MAX];
	static const char *const names[] = {"lib.py", "app.py", "user.py", "third.py"};
	for (int i = 0; i < 4; i++) {
		snprintf(command[i], sizeof command[i], "%s/%s", folder, names[i]);
		unlink(command[i]);
	}
	rmdir(folder);
}

/* ---- forks ---- */

/* In a child, forked as a zygote does it: the page faults of its first call, or -1. */
static long faults_of_first_call(bool settled)
{
	int ends[2];
	long faults = -1;

	if (pipe(ends))
		return -1;
	python->before_fork(state);
	pid_t child = tap_fork();
	python->after_fork(state, child == 0);
	if (child == 0) {
		struct snafu_result result = {.payload = SNAFU_BUFFER(RESULT_CAP)};
		struct rusage before, after;

		if (settled)
			python->settle(state, true);
		getrusage(RUSAGE_SELF, &before);
		call_into("state.up", false, "[3]", &context, &result);
		getrusage(RUSAGE_SELF, &after);
		faults = after.ru_minflt - before.ru_minflt;
		if (result.status != SNAFU_OK || strncmp(result.payload.data, "[3,[3],", 7) != 0)
			faults = -1;
		CHECK(write(ends[1], &faults, sizeof faults) == sizeof faults);
		tap_child_end();
	}
	close(ends[1]);
	if (read(ends[0], &faults, sizeof faults) != sizeof faults)
		faults = -1;
	close(ends[0]);
	CHECK(tap_wait(child));
	return faults;
}

/* What chance.roll says in a child, malloc'ed, or NULL. */
static char *roll_in_child(void)
{
	char text[1000] = "";
	int ends[2];

	if (pipe(ends))
		return NULL;
	python->before_fork(state);
	pid_t child = tap_fork();
	python->after_fork(state, child == 0);
	if (child == 0) {
		char *got = run("chance.roll", false, "", NULL);

		python->settle(state, true);
		CHECK(write(ends[1], got, strlen(got)) > 0);
		tap_child_end();
	}
	close(ends[1]);
	ssize_t size = read(ends[0], text, sizeof text - 1);
	close(ends[0]);
	CHECK(tap_wait(child));
	return size > 0 ? strdup(text) : NULL;
}

/* No two elements at the same place are equal. */
static bool differ(const char *one, const char *two)
{
	size_t parts = 0;

	while (one && two && strncmp(one, "ok [", 4) == 0 && strncmp(two, "ok [", 4) == 0) {
		size_t n = 4, m = 4;

		for (; one[n] && two[m]; n++, m++, parts++) {
			size_t size = strcspn(one + n, ",]"), other = strcspn(two + m, ",]");

			if (size == other && strncmp(one + n, two + m, size) == 0)
				return false;
			n += size;
			m += other;
		}
		break;
	}
	return parts == 5;
}

static int tasks(void)
{
	struct stat about;

	return stat("/proc/self/task", &about) ? -1 : (int)about.st_nlink - 2;
}

/* In a child of its own, which has one thread. */
static void check_forks(void)
{
	pid_t child = tap_fork();

	if (child) {
		CHECK(tap_wait(child));
		return;
	}
	if (!CHECK(open_python() == 0) || !CHECK(find("state.up") != NULL))
		tap_child_end();
	CHECK(tasks() == 1);
	python->settle(state, false);
	long plain = faults_of_first_call(false), settled = faults_of_first_call(true);
	printf("# page faults of a child's first call: %ld, settled %ld\n", plain, settled);
	CHECK(plain >= 0 && settled >= 0);
#if !defined __SANITIZE_ADDRESS__ && !defined __SANITIZE_THREAD__ /* their own memory faults, too */
	CHECK(settled < plain);
#endif
	CHECK(tasks() == 1);
	char *one = find("chance.roll") ? roll_in_child() : NULL, *two = roll_in_child();
	CHECK(differ(one, two));
	free(one);
	free(two);
	/* The parent is as it was. */
	check_kept("state.up", "[1]", "ok [1,[1],[1]]");
	python->close(state);
	tap_child_end();
}

int main(void)
{
	const char *build = getenv("SNAFU_BUILD"), *source = getenv("SNAFU_SOURCE");
	char parts[PATH_MAX], sources[PATH_MAX];
	FILE *errors = tmpfile();

	snprintf(parts, sizeof parts, "%s/parts", build ? build : ".");
	setenv("SNAFU_PARTS", parts, 1);
	setenv("AWS_REGION", "eu-west-1", 1);
	unsetenv("VIRTUAL_ENV");
	snprintf(sources, sizeof sources, "%s/tests/data/python-calls", source ? source : "..");
	if (!realpath(sources, data) || !errors) {
		printf("Bail out! no %s\n", sources);
		return 1;
	}
	functions = stdout;
	stdout = fdopen(dup(1), "w");
	setlinebuf(stdout);
	dup2(fileno(errors), 2);
	dup2(fileno(errors), 1);
	check_forks();
	n_known = 0;
	if (!CHECK(open_python() == 0))
		return tap_done();
	check_isolated();
	check_isolated_threads();
	check_client();
	check_pool();
	check_no_time();
	check_events();
	check_output();
	check_changes();
	python->leave(state);
	python->close(state);
	snafu_arena_done(&arena);
	return tap_done();
}
