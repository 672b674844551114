/* tests/unit/test-metrics.c — counters of calls and their Prometheus text. */
#include "runtime/metrics.h"

#include <pthread.h>

#include "base/buffer.h"
#include "scanner/function.h"
#include "tests/unit/tap.h"

#define THREADS 4
#define ROUNDS  10000

struct shared {
	struct snafu_metrics *metrics;
	const struct snafu_function *function;
};

static void *count(void *state)
{
	struct shared *shared = state;

	for (int i = 0; i < ROUNDS; i++) {
		snafu_metrics_begin(shared->metrics);
		snafu_metrics_end(shared->metrics, shared->function, SNAFU_OK, 20000);
	}
	return NULL;
}

static bool has(const struct snafu_buffer *text, const char *line)
{
	return text->data && strstr(text->data, line) != NULL;
}

int main(void)
{
	struct snafu_functions functions = {0};
	struct snafu_metrics *metrics = NULL;
	struct snafu_buffer text = SNAFU_BUFFER(1 << 20);
	pthread_t threads[THREADS];

	snafu_functions_add(&functions)->id = "hello.hello";
	snafu_functions_add(&functions)->id = "odd.\"\\\n";
	snafu_functions_add(&functions)->id = "never.called";
	CHECK(snafu_metrics_new(&functions, &metrics, NULL) == 0);

	struct shared shared = {metrics, &functions.functions[0]};
	for (int i = 0; i < THREADS; i++)
		pthread_create(&threads[i], NULL, count, &shared);
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	snafu_metrics_begin(metrics);
	snafu_metrics_end(metrics, &functions.functions[0], SNAFU_RAISED, 20000000000u);
	snafu_metrics_begin(metrics);
	snafu_metrics_end(metrics, &functions.functions[1], SNAFU_OK, 10000);
	snafu_metrics_begin(metrics);
	snafu_metrics_end(metrics, NULL, SNAFU_UNKNOWN_FUNCTION, 1);
	snafu_metrics_begin(metrics);

	snafu_metrics_write(metrics, &text);
	CHECK(text.failed == 0);
	CHECK(has(&text, "\nsnafu_functions 3\n"));
	CHECK(has(&text, "\nsnafu_calls_in_flight 1\n"));
	CHECK(has(&text, "\nsnafu_calls_total{function=\"hello.hello\",status=\"ok\"} 40000\n"));
	CHECK(has(&text, "\nsnafu_calls_total{function=\"hello.hello\",status=\"raised\"} 1\n"));
	CHECK(has(&text, "{function=\"odd.\\\"\\\\\\n\",status=\"ok\"} 1\n"));
	CHECK(has(&text, "{function=\"\",status=\"unknown-function\"} 1\n"));
	CHECK(has(&text, "bucket{function=\"hello.hello\",le=\"0.00001\"} 0\n"));
	CHECK(has(&text, "bucket{function=\"hello.hello\",le=\"0.000025\"} 40000\n"));
	CHECK(has(&text, "bucket{function=\"hello.hello\",le=\"10\"} 40000\n"));
	CHECK(has(&text, "bucket{function=\"hello.hello\",le=\"+Inf\"} 40001\n"));
	CHECK(has(&text, "_sum{function=\"hello.hello\"} 20.800000000\n"));
	CHECK(has(&text, "_count{function=\"hello.hello\"} 40001\n"));
	CHECK(!has(&text, "never.called"));

	snafu_buffer_done(&text);
	snafu_metrics_free(metrics);
	snafu_metrics_free(NULL);
	snafu_functions_done(&functions);
	return tap_done();
}
