/* Functions for tests/e2e/calls.py, which copies this file once for each executor; see hop.py.
 * Their results are plain ASCII without quotes, and hold until the thread's next call. */
#include <snafu.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RESULT_SIZE 16384

static __thread char result[RESULT_SIZE];

/* Calls the first of PATH with the rest; the caller frees what comes back: the text of a result
 * without its quotes, or an error. */
static char *call_next(const char *path, const char *value, int *status)
{
	size_t head = strcspn(path, ",");
	char *name = strndup(path, head), *json = NULL, *said = NULL;

	if (name && asprintf(&json, "{\"path\": \"%s\", \"value\": \"%s\"}",
	                     path[head] ? path + head + 1 : "", value) >= 0)
		said = snafu_call(name, json, status);
	free(name);
	free(json);
	if (said && *status == SNAFU_CALL_OK && *said == '"') {
		size_t size = strlen(said);

		memmove(said, said + 1, size - 2);
		said[size - 2] = '\0';
	}
	return said;
}

/* A member of an error, which the caller frees. */
static char *member(const char *error, const char *name)
{
	const char *at = error ? strstr(error, name) : NULL;

	at = at ? at + strlen(name) + 3 : "";
	return strndup(at, strcspn(at, "\""));
}

char *relay_TAG_OF_NODE(const char *path, const char *value)
{
	char *said = NULL, *inner = NULL;
	int status = SNAFU_CALL_OK;

	if (asprintf(&said, "TAG_OF_NODE|%s|%ld|-", snafu_request_id(), snafu_remaining_ms()) < 0)
		return NULL;
	printf("hop %s\n", said);
	if (*path)
		inner = call_next(path, value, &status);
	snprintf(result, sizeof result, "%s;%s", said, *path ? inner ? inner : "" : value);
	free(said);
	free(inner);
	return result;
}

char *caught_TAG_OF_NODE(const char *path, const char *value)
{
	int status = SNAFU_CALL_OK;
	char *said = call_next(path, value, &status);
	char *type = member(said, "errorType"), *message = member(said, "errorMessage");

	if (status == SNAFU_CALL_OK)
		snprintf(result, sizeof result, "%s", said);
	else
		snprintf(result, sizeof result, "%s/%s", type, message);
	free(type);
	free(message);
	free(said);
	return result;
}

char *ping_TAG_OF_NODE(const char *to, const char *back)
{
	char *json = NULL;
	int status = SNAFU_CALL_FAILED;

	if (asprintf(&json, "{\"to\": \"%s\", \"back\": \"%s\"}", back, to) < 0)
		return NULL;
	char *said = snafu_call(to, json, &status);
	if (said && status == SNAFU_CALL_OK) {
		char *why = strchr(said, ' ');

		snprintf(result, sizeof result, "%d %.*s", atoi(said + 1) + 1,
		         why ? (int)strcspn(why + 1, "\"") : 0, why ? why + 1 : "");
	} else {
		char *type = member(said, "errorType");

		snprintf(result, sizeof result, "0 %s", type);
		free(type);
	}
	free(json);
	free(said);
	return result;
}

int fib_TAG_OF_NODE(int n)
{
	char json[40];
	int sum = 0;

	for (int i = 1; n > 1 && i <= 2; i++) {
		int status;

		snprintf(json, sizeof json, "{\"n\": %d}", n - i);
		char *said = snafu_call("fib_TAG_OF_NODE", json, &status);
		sum += said && status == SNAFU_CALL_OK ? atoi(said) : -1000000;
		free(said);
	}
	return n < 2 ? n : sum;
}

int hang_TAG_OF_NODE(const char *path, const char *value)
{
	volatile int turns = 0;

	(void)path, (void)value;
	for (;;)
		turns++;
}
