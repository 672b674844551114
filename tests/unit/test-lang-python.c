/* tests/unit/test-lang-python.c — the Python gateway through its table of
 * functions: every case in tests/data/python/NAME.cases, then threads, interrupts,
 * a function that forks, output, and the end.
 *
 * A .cases file holds `file PATH [ROOT]` lines, calls (`id payload`, the id with
 * #method or #property where it is one), and under each call what comes out,
 * after "= "; @ stands for the folder of the data. `test-lang-python --print
 * NAME` writes the file anew with what comes out now: read it before you keep it. */
#include "langs/language.h"

#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdlib.h>
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
#define THREADS    4
#define CALLS      3000

static const struct snafu_context context;
static const struct snafu_language *python;
static void *state;
static char data[PATH_MAX];

static int open_python(void)
{
	static const struct snafu_functions none;
	static const struct snafu_language_options options = {.functions = &none};
	struct snafu_error error;
	void *address;

	if (snafu_part_open("lang", "python", SNAFU_LANGUAGE_SYMBOL, 1, &address, &error)) {
		printf("Bail out! %s\n", error.message);
		return -1;
	}
	python = address;
	return python->open(&options, &state, NULL);
}

/* CPython keeps much to the end of the process, on purpose. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
	return "leak:libpython3\n";
}

/* ---- calls ---- */

static struct snafu_arena arena; /* of descriptors, which live as long as what is bound */

static const struct snafu_function *describe(const char *file, const char *root, const char *id)
{
	struct snafu_function *function = snafu_arena_alloc(&arena, sizeof *function);
	const char *kind = strchrnul(id, '#');

	*function = (struct snafu_function){
		.id = snafu_arena_copy(&arena, id, (size_t)(kind - id)),
		.language = "python",
		.file = snafu_arena_string(&arena, file),
		.root = snafu_arena_string(&arena, root),
		.kind = strcmp(kind, "#method") == 0     ? SNAFU_METHOD
	            : strcmp(kind, "#property") == 0 ? SNAFU_PROPERTY
	                                             : SNAFU_FUNCTION,
		.returns_shape = snafu_shape_plain(SNAFU_SHAPE_ANY),
	};
	const char *dot = strrchr(function->id, '.');
	function->name = dot ? dot + 1 : function->id;
	return function;
}

/* A function of the data folder's FILE. */
static struct snafu_bound *bind(const char *file, const char *id)
{
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	struct snafu_result result = {.payload = SNAFU_BUFFER(RESULT_CAP)};
	struct snafu_bound *bound = NULL;
	char *path = snafu_path_join(data, file);

	pthread_mutex_lock(&lock);
	const struct snafu_function *function = describe(path, data, id);
	pthread_mutex_unlock(&lock);
	free(path);
	if (python->bind(state, function, &bound, &result))
		printf("# %s\n", result.payload.data);
	snafu_buffer_done(&result.payload);
	return bound;
}

/* `status payload` of a call, malloc'ed, with the data folder's path as @. */
static char *outcome(struct snafu_bound *bound, struct snafu_result *result, const char *payload)
{
	struct snafu_buffer text = SNAFU_BUFFER(RESULT_CAP + 100);
	size_t size = strlen(data);

	if (bound)
		python->call(state, bound, &(struct snafu_request){payload, strlen(payload), &context},
		             result);
	snafu_buffer_format(&text, "%s ", snafu_status_name(result->status));
	for (const char *at = result->payload.data ? result->payload.data : ""; *at;) {
		bool here = strncmp(at, data, size) == 0;

		snafu_buffer_append_byte(&text, here ? '@' : *at);
		at += here ? size : 1;
	}
	snafu_buffer_done(&result->payload);
	return snafu_buffer_take(&text);
}

static char *call(struct snafu_bound *bound, const char *payload)
{
	struct snafu_result result = {.payload = SNAFU_BUFFER(RESULT_CAP)};

	return outcome(bound, &result, payload);
}

static void check_call(struct snafu_bound *bound, const char *payload, const char *expected)
{
	char *got = call(bound, payload);

	CHECK_STRING(got, expected);
	free(got);
}

/* ---- cases ---- */

static char *run_case(const char *file, const char *root, char *line)
{
	struct snafu_result result = {.payload = SNAFU_BUFFER(RESULT_CAP)};
	struct snafu_bound *bound = NULL;
	char *payload = strchrnul(line, ' ');

	if (*payload)
		*payload++ = '\0';
	if (python->bind(state, describe(file, root, line), &bound, &result))
		bound = NULL;
	return outcome(bound, &result, payload);
}

/* `PATH [ROOT]`, both below the data folder unless absolute; owned by the caller. */
static void take_file_line(char *line, char **ret_file, char **ret_root)
{
	char *below = strchr(line, ' ');

	if (below)
		*below++ = '\0';
	free(*ret_file);
	free(*ret_root);
	*ret_file = line[0] == '/' ? strdup(line) : snafu_path_join(data, line);
	*ret_root =
		below && below[0] == '/' ? strdup(below) : snafu_path_join(data, below ? below : "");
}

static void run_cases(const char *name, bool print)
{
	char path[PATH_MAX + 100], *file = NULL, *root = NULL, *line = NULL;
	size_t capacity = 0;
	ssize_t size;

	snprintf(path, sizeof path, "%s/%s.cases", data, name);
	FILE *cases = fopen(path, "r");
	if (!CHECK(cases != NULL))
		return;
	char *got = NULL, *what = NULL;
	while ((size = getline(&line, &capacity, cases)) > 0) {
		line[strcspn(line, "\n")] = '\0';
		if (strncmp(line, "= ", 2) == 0) {
			if (!print && !CHECK_STRING(got, line + 2))
				printf("# %s: %s\n", name, what);
			continue;
		}
		if (print)
			puts(line);
		if (strncmp(line, "file ", 5) == 0) {
			take_file_line(line + 5, &file, &root);
		} else if (line[0] && line[0] != '#') {
			free(got);
			free(what);
			what = strdup(line);
			got = run_case(file, root, line);
			if (print)
				printf("= %s\n", got);
		}
	}
	free(got);
	free(what);
	free(file);
	free(root);
	free(line);
	fclose(cases);
}

/* ---- threads ---- */

static struct snafu_bound *shared[4];

static void *call_often(void *unused)
{
	static const char *const payloads[] = {"", "[1, 2]", "[{\"a\": [1.5, \"x\", null]}]",
	                                       "{\"x\": \"3\"}"};
	static const char *const expected[] = {"ok \"Hello, world\"", "ok [1,2.0,\"x\"]",
	                                       "ok {\"a\":[1.5,\"x\",null]}", "ok [\"wrapped\",5]"};
	long wrong = 0;

	for (int i = 0; i < CALLS; i++) {
		char *got = call(shared[i % 4], payloads[i % 4]);

		wrong += strcmp(got, expected[i % 4]) != 0;
		free(got);
	}
	python->leave(state);
	return unused ? unused : (void *)wrong;
}

static void check_threads(void)
{
	pthread_t threads[THREADS];

	shared[0] = bind("calls.py", "calls.hello");
	shared[1] = bind("calls.py", "calls.add");
	shared[2] = bind("calls.py", "calls.echo");
	shared[3] = bind("calls.py", "calls.decorated");
	for (int i = 0; i < THREADS; i++)
		pthread_create(&threads[i], NULL, call_often, NULL);
	for (int i = 0; i < THREADS; i++) {
		void *wrong;

		pthread_join(threads[i], &wrong);
		CHECK(wrong == NULL);
	}
}

static void *bind_once(void *unused)
{
	struct snafu_bound *bound = bind("once.py", "once.loads");
	char *got = bound ? call(bound, "") : NULL;

	python->leave(state);
	(void)unused;
	return got;
}

static void check_loaded_once(void)
{
	pthread_t threads[THREADS];

	for (int i = 0; i < THREADS; i++)
		pthread_create(&threads[i], NULL, bind_once, NULL);
	for (int i = 0; i < THREADS; i++) {
		void *got;

		pthread_join(threads[i], &got);
		CHECK_STRING((char *)got, "ok 1");
		free(got);
	}
}

/* ---- interrupts ---- */

static struct {
	struct snafu_bound *bound;
	unsigned long mark;
	int pipe[2];
} stuck;

static void *call_stuck(void *unused)
{
	char payload[32];

	stuck.mark = python->thread_mark(state);
	snprintf(payload, sizeof payload, "[%d]", stuck.pipe[1]);
	char *got = call(stuck.bound, payload);
	/* The thread is as good as new. */
	char *next = call(shared[0], "");
	CHECK_STRING(next, "ok \"Hello, world\"");
	free(next);
	python->leave(state);
	(void)unused;
	return got;
}

static void check_interrupt(const char *id)
{
	pthread_t thread;
	char byte;
	void *got;

	stuck.bound = bind("calls.py", id);
	CHECK(pipe(stuck.pipe) == 0);
	pthread_create(&thread, NULL, call_stuck, NULL);
	CHECK(read(stuck.pipe[0], &byte, 1) == 1); /* it runs */
	python->interrupt(state, stuck.mark);
	pthread_join(thread, &got);
	CHECK(got && strncmp(got, "deadline {\"errorType\":\"DeadlineExceeded\"", 40) == 0);
	free(got);
	close(stuck.pipe[0]);
	close(stuck.pipe[1]);
}

static void check_late_interrupt(void)
{
	unsigned long mark = python->thread_mark(state);

	check_call(shared[0], "", "ok \"Hello, world\"");
	python->interrupt(state, mark); /* it has ended: nothing happens */
	python->interrupt(state, 12345); /* no thread of ours */
	for (int i = 0; i < 100; i++)
		check_call(shared[0], "", "ok \"Hello, world\"");
}

/* ---- output ---- */

static void check_output(void)
{
	struct snafu_bound *prints = bind("calls.py", "calls.prints");
	char path[] = "/tmp/snafu-test-XXXXXX", text[32] = "";
	int file = mkstemp(path), before = dup(1);

	fflush(stdout);
	dup2(file, 1);
	char *got = call(prints, "[\"no newline\"]");
	ssize_t size = pread(file, text, sizeof text - 1, 0);
	dup2(before, 1);
	CHECK(size == 10);
	CHECK_STRING(text, "no newline");
	CHECK_STRING(got, "ok null");
	free(got);
	close(before);
	close(file);
	unlink(path);
}

/* ---- the end ---- */

static void check_close(void)
{
	char path[] = "/tmp/snafu-test-XXXXXX", payload[100], text[16] = "";
	int file = mkstemp(path);

	snprintf(payload, sizeof payload, "[\"%s\"]", path);
	check_call(bind("calls.py", "calls.at_exit"), payload, "ok null");
	python->leave(state);
	python->close(state); /* a daemon thread of Python is still there */
	CHECK(pread(file, text, sizeof text - 1, 0) == 3);
	CHECK_STRING(text, "bye");
	CHECK(python->thread_mark(state) == 0);
	char *got = call(shared[0], "");
	CHECK(strncmp(got, "unavailable", 11) == 0);
	free(got);
	close(file);
	unlink(path);
}

/* In a child: the end comes while a call never returns. */
static void check_close_beside_stuck_call(void)
{
	pid_t child = tap_fork();

	if (child == 0) {
		pthread_t thread;
		char byte;

		if (CHECK(open_python() == 0) && CHECK(pipe(stuck.pipe) == 0) &&
		    CHECK((stuck.bound = bind("calls.py", "calls.started")) != NULL)) {
			pthread_create(&thread, NULL, call_stuck, NULL);
			CHECK(read(stuck.pipe[0], &byte, 1) == 1);
			python->close(state);
		}
		tap_child_end();
	}
	CHECK(tap_wait(child));
}

int main(int count, char **arguments)
{
	const char *build = getenv("SNAFU_BUILD"), *source = getenv("SNAFU_SOURCE");
	char parts[PATH_MAX], folder[PATH_MAX];

	snprintf(parts, sizeof parts, "%s/parts", build ? build : ".");
	setenv("SNAFU_PARTS", parts, 1);
	unsetenv("VIRTUAL_ENV");
	snprintf(folder, sizeof folder, "%s/tests/data/python", source ? source : "..");
	if (!realpath(folder, data)) {
		printf("Bail out! no %s\n", folder);
		return 1;
	}
	if (count == 3 && strcmp(arguments[1], "--print") == 0) {
		if (open_python())
			return 1;
		run_cases(arguments[2], true);
		return 0;
	}
	check_close_beside_stuck_call();
	if (!CHECK(open_python() == 0))
		return tap_done();
	run_cases("calls", false);
	run_cases("annotations", false);
	run_cases("results", false);
	run_cases("loading", false);
	run_cases("standard", false);
	check_threads();
	check_loaded_once();
	check_interrupt("calls.started");
	check_interrupt("calls.waits");
	check_late_interrupt();
	check_output();
	check_close();
	snafu_arena_done(&arena);
	return tap_done();
}
