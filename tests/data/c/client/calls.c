/* Calls other functions of the host. */
#include <pthread.h>
#include <snafu.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* "STATUS JSON" */
char *relay(const char *function, const char *json)
{
	int status;
	char *said = snafu_call(function, json, &status), *both = NULL;

	if (asprintf(&both, "%d %s", status, said) < 0)
		both = NULL;
	free(said);
	return both;
}

int fib(int n)
{
	char json[2][20];
	int sum = 0;

	if (n < 2)
		return n;
	for (int i = 0; i < 2; i++) {
		snprintf(json[i], sizeof json[i], "{\"n\": %d}", n - 1 - i);
		char *said = snafu_call("calls.fib", json[i], NULL);
		sum += said ? atoi(said) : -1000;
		free(said);
	}
	return sum;
}

long remaining(void)
{
	return snafu_remaining_ms();
}

const char *id(void)
{
	return snafu_request_id();
}

static void *outside(void *text)
{
	int status;
	char *said = snafu_call("calls.fib", "[1]", &status);

	snprintf(text, 100, "%ld '%s' %d %s", snafu_remaining_ms(), snafu_request_id(), status, said);
	free(said);
	return NULL;
}

/* The same from a thread of the function's own. */
char *from_a_thread(void)
{
	char *text = calloc(1, 100);
	pthread_t thread;

	pthread_create(&thread, NULL, outside, text);
	pthread_join(thread, NULL);
	return text;
}
