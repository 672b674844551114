/* tests/unit/python.h — what tests of the Python gateway share that call functions of
 * tests/data/python-calls/: opening the gateway, binding and calling by id, and a host in miniature
 * for functions that call functions. C's own stdout goes to a file, and TAP to the real one. */
#ifndef SNAFU_TESTS_UNIT_PYTHON_H
#define SNAFU_TESTS_UNIT_PYTHON_H

#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/parts.h"
#include "langs/language.h"
#include "langs/result.h"
#include "scanner/function.h"
#include "tests/unit/tap.h"

#define RESULT_CAP 100000
#define LOG_CAP    2000

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

static inline struct snafu_bound *bind_in(const char *folder, const char *id, char **ret_problem)
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

static inline struct snafu_bound *find(const char *id)
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

static inline void call_into(const char *id, bool fresh, const char *payload,
                             const struct snafu_context *in, struct snafu_result *result)
{
	struct snafu_bound *bound = find(id);
	const struct snafu_request request = {payload, strlen(payload), in};

	if (bound)
		(fresh ? python->call_fresh : python->call)(state, bound, &request, result);
}

static inline char *run(const char *id, bool fresh, const char *payload, char **ret_log)
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

static inline void check(const char *id, bool fresh, const char *payload, const char *expected)
{
	char *got = run(id, fresh, payload, NULL);

	if (!CHECK_STRING(got, expected))
		printf("# %s %s\n", id, payload);
	free(got);
}

static inline void check_kept(const char *id, const char *payload, const char *expected)
{
	check(id, false, payload, expected);
}

/* Twice the same: nothing is left behind. */
static inline void check_fresh(const char *id, const char *payload, const char *expected)
{
	check(id, true, payload, expected);
	check(id, true, payload, expected);
}

/* A host in miniature. */
static inline void invoke(void *unused, const struct snafu_context *caller,
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

static inline int open_python(void)
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

/* Before anything else: 0, or -1 when there is nothing to test. */
static inline int begin(void)
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
		return -1;
	}
	functions = stdout;
	stdout = fdopen(dup(1), "w");
	setlinebuf(stdout);
	dup2(fileno(errors), 2);
	dup2(fileno(errors), 1);
	return 0;
}

/* Closes Python; the exit status. */
static inline int end(void)
{
	python->leave(state);
	python->close(state);
	snafu_arena_done(&arena);
	return tap_done();
}

#endif
