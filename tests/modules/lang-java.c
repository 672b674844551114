/* tests/modules/lang-java.c — a stand-in for the Java gateway, for tests of what is
 * around it: no virtual machine, and functions that do what a test needs, by name:
 *
 *     echo          gives its payload back
 *     raise         fails
 *     large {n}     gives a string of n characters
 *     wait {path}   returns when somebody has opened the FIFO at `path` for writing
 *                   and closed it again, or fails when it is interrupted
 *     anything else "hello" */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include "base/json.h"
#include "langs/language.h"
#include "langs/result.h"
#include "scanner/function.h"

#define POLL_MS 5

static _Atomic unsigned long interrupted;

static int start(const struct snafu_language_options *options, void **ret_state,
                 struct snafu_error *error)
{
	static char nothing;

	(void)options;
	(void)error;
	*ret_state = &nothing;
	return 0;
}

static int bind(void *state, const struct snafu_function *function, struct snafu_bound **ret_bound,
                struct snafu_result *result)
{
	(void)state;
	(void)result;
	*ret_bound = (struct snafu_bound *)function;
	return 0;
}

static unsigned long thread_mark(void *state)
{
	(void)state;
	return (unsigned long)pthread_self();
}

static void interrupt(void *state, unsigned long mark)
{
	(void)state;
	interrupted = mark;
}

/* The one member of the payload. */
static int argument(const char *payload, size_t size, struct snafu_json_value *ret_value)
{
	struct snafu_json_reader reader;
	struct snafu_json_value key;

	snafu_json_begin(&reader, payload, size);
	if (snafu_json_read(&reader, ret_value, NULL) < 0 || ret_value->type != SNAFU_JSON_OBJECT ||
	    snafu_json_next_member(&reader, &key, ret_value, NULL) != 1)
		return -EINVAL;
	return 0;
}

static void wait_for_release(const struct snafu_json_value *path, struct snafu_result *result)
{
	struct snafu_buffer name = SNAFU_BUFFER(4096);
	struct pollfd fifo = {.events = POLLIN};

	snafu_json_unescape(path, &name);
	fifo.fd = open(name.data, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	snafu_buffer_done(&name);
	/* A FIFO that nobody has opened for writing yet gives no event. */
	while (fifo.fd >= 0 && poll(&fifo, 1, POLL_MS) == 0)
		if (interrupted == (unsigned long)pthread_self()) {
			interrupted = 0;
			close(fifo.fd);
			snafu_result_fail(result, SNAFU_RAISED, "Interrupted", "the wait was interrupted");
			return;
		}
	if (fifo.fd >= 0)
		close(fifo.fd);
	snafu_buffer_append_text(&result->payload, "\"released\"");
}

/* Prints a text. */
static void say(const struct snafu_json_value *value, struct snafu_result *result)
{
	struct snafu_buffer text = SNAFU_BUFFER(1 << 20);

	snafu_json_unescape(value, &text);
	snafu_result_log(result, text.data, text.size);
	snafu_buffer_done(&text);
}

static void call(void *state, struct snafu_bound *bound, const struct snafu_request *request,
                 struct snafu_result *result)
{
	const char *payload = request->payload;
	size_t size = request->size;
	const char *name = ((const struct snafu_function *)bound)->name;
	struct snafu_json_value value;
	int64_t n;

	(void)state;
	/* An interrupt that came too late for the call before is not for this one. */
	if (interrupted == (unsigned long)pthread_self())
		interrupted = 0;
	result->status = SNAFU_OK;
	if (strcmp(name, "echo") == 0) {
		if (size > 0 && snafu_json_validate(payload, size, NULL) < 0)
			snafu_result_fail(result, SNAFU_BAD_ARGUMENTS, "ArgumentError", "not JSON");
		else
			snafu_buffer_append(&result->payload, size ? payload : "null", size ? size : 4);
		if (argument(payload, size, &value) == 0 && value.type == SNAFU_JSON_STRING)
			say(&value, result);
	} else if (strcmp(name, "raise") == 0) {
		static const char *const trace[] = {"one", "two"};
		snafu_result_fail_trace(result, SNAFU_RAISED, "Failure", "it \"failed\"", trace, 2);
	} else if (strcmp(name, "large") == 0 && argument(payload, size, &value) == 0 &&
	           snafu_json_int64(&value, &n) == 0) {
		char *room = snafu_buffer_reserve(&result->payload, (size_t)n + 2);
		memset(room, 'x', (size_t)n + 2);
		room[0] = room[n + 1] = '"';
		result->payload.size += (size_t)n + 2;
	} else if (strcmp(name, "wait") == 0 && argument(payload, size, &value) == 0) {
		wait_for_release(&value, result);
	} else {
		snafu_buffer_append_text(&result->payload, "\"hello\"");
	}
}

extern const struct snafu_language snafu_language;
const struct snafu_language snafu_language = {
	.version = SNAFU_LANGUAGE_VERSION,
	.name = "java",
	.open = start,
	.bind = bind,
	.call = call,
	.thread_mark = thread_mark,
	.interrupt = interrupt,
	.parallel = true,
};
