/* tests/unit/test-metrics.c — counters of calls and their Prometheus text. */
#include "runtime/records/metrics.h"

#include <pthread.h>

#include "base/buffer.h"
#include "runtime/records/records.h"
#include "scanner/function.h"
#include "tests/unit/tap.h"

#define THREADS 4
#define ROUNDS  10000

struct shared {
	struct snafu_metrics *metrics;
	const struct snafu_function *function;
};

static void end(struct snafu_metrics *metrics, const struct snafu_function *function,
                enum snafu_status status, uint64_t duration, const char *executor)
{
	const struct snafu_record record = {
		.status = status,
		.duration = duration,
		.executor = executor,
		.start = *executor ? "warm" : "",
		.queue = 2000,
	};

	snafu_metrics_end(metrics, function, &record);
}

static void *count(void *state)
{
	struct shared *shared = state;

	for (int i = 0; i < ROUNDS; i++) {
		snafu_metrics_begin(shared->metrics);
		end(shared->metrics, shared->function, SNAFU_OK, 20000, i % 2 ? "worker" : "inprocess");
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
	CHECK(snafu_metrics_new(3, &metrics, NULL) == 0);

	struct shared shared = {metrics, &functions.functions[0]};
	for (int i = 0; i < THREADS; i++)
		pthread_create(&threads[i], NULL, count, &shared);
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	snafu_metrics_begin(metrics);
	end(metrics, &functions.functions[0], SNAFU_RAISED, 20000000000u, "worker");
	snafu_metrics_begin(metrics);
	const struct snafu_record cold = {.duration = 10000,
	                                  .executor = "worker",
	                                  .start = "cold",
	                                  .init = 3000000};
	snafu_metrics_end(metrics, &functions.functions[1], &cold);
	snafu_metrics_begin(metrics);
	end(metrics, NULL, SNAFU_UNKNOWN_FUNCTION, 1, "");
	snafu_metrics_begin(metrics);

	snafu_metrics_write(metrics, &text);
	CHECK(text.failed == 0);
	CHECK(has(&text, "\nsnafu_functions 3\n"));
	CHECK(has(&text, "\nsnafu_calls_in_flight 1\n"));
#define HELLO "{function=\"hello.hello\",executor=\"worker\""
#define ODD   "{function=\"odd.\\\"\\\\\\n\",executor=\"worker\""
	CHECK(has(&text, "\nsnafu_calls_total" HELLO ",status=\"ok\"} 20000\n"));
	CHECK(has(&text, "\nsnafu_calls_total{function=\"hello.hello\",executor=\"inprocess\","
	                 "status=\"ok\"} 20000\n"));
	CHECK(has(&text, "\nsnafu_calls_total" HELLO ",status=\"raised\"} 1\n"));
	CHECK(has(&text, ODD ",status=\"ok\"} 1\n"));
	CHECK(has(&text, "{function=\"\",executor=\"\",status=\"unknown-function\"} 1\n"));
	CHECK(has(&text, "\nsnafu_call_duration_seconds_bucket" HELLO ",le=\"0.00001\"} 0\n"));
	CHECK(has(&text, "\nsnafu_call_duration_seconds_bucket" HELLO ",le=\"0.000025\"} 20000\n"));
	CHECK(has(&text, "\nsnafu_call_duration_seconds_bucket" HELLO ",le=\"10\"} 20000\n"));
	CHECK(has(&text, "\nsnafu_call_duration_seconds_bucket" HELLO ",le=\"+Inf\"} 20001\n"));
	CHECK(has(&text, "\nsnafu_call_duration_seconds_sum" HELLO "} 20.400000000\n"));
	CHECK(has(&text, "\nsnafu_call_duration_seconds_count" HELLO "} 20001\n"));
	CHECK(has(&text, "\nsnafu_call_queue_seconds_sum" HELLO "} 0.040002000\n"));
	CHECK(has(&text, "\nsnafu_call_queue_seconds_count" HELLO "} 20001\n"));
	CHECK(has(&text, "\nsnafu_call_init_seconds_sum" ODD "} 0.003000000\n"));
	CHECK(has(&text, "\nsnafu_call_init_seconds_count" ODD "} 1\n"));
	CHECK(!has(&text, "init_seconds_count" HELLO));
	CHECK(has(&text, "\nsnafu_cold_starts_total" ODD "} 1\n"));
	CHECK(!has(&text, "cold_starts_total" HELLO));
	CHECK(!has(&text, "queue_seconds_count{function=\"\""));
	CHECK(!has(&text, "never.called"));

	snafu_buffer_done(&text);
	snafu_metrics_free(metrics);
	snafu_metrics_free(NULL);
	snafu_functions_done(&functions);
	return tap_done();
}
