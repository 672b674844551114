/* runtime/metrics.c — see metrics.h. */
#include "runtime/metrics.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/error.h"
#include "scanner/function.h"

#define N_STATUSES (SNAFU_INTERNAL + 1)

/* Upper bounds of the histogram's buckets; the last bucket has none. */
static const struct bound {
	uint64_t ns;
	const char *label; /* seconds */
} bounds[] = {
	{10000, "0.00001"},  {25000, "0.000025"}, {50000, "0.00005"},  {100000, "0.0001"},
	{250000, "0.00025"}, {500000, "0.0005"},  {1000000, "0.001"},  {2500000, "0.0025"},
	{5000000, "0.005"},  {10000000, "0.01"},  {25000000, "0.025"}, {50000000, "0.05"},
	{100000000, "0.1"},  {250000000, "0.25"}, {1000000000, "1"},   {10000000000, "10"},
};
#define N_BOUNDS (sizeof bounds / sizeof *bounds)

struct counters {
	_Atomic uint64_t by_status[N_STATUSES];
	_Atomic uint64_t buckets[N_BOUNDS + 1];
	_Atomic uint64_t nanoseconds;
};

struct snafu_metrics {
	const struct snafu_functions *functions;
	_Atomic uint64_t started;
	_Atomic uint64_t ended;
	struct counters nameless; /* calls of no known function, and what had no memory */
	/* One slot a function, filled at its first call. */
	_Atomic(struct counters *) slots[];
};

int snafu_metrics_new(const struct snafu_functions *functions, struct snafu_metrics **ret_metrics,
                      struct snafu_error *error)
{
	struct snafu_metrics *metrics;

	metrics = calloc(1, sizeof *metrics + functions->count * sizeof metrics->slots[0]);
	if (!metrics)
		return snafu_fail(error, -ENOMEM, "no memory for the counters of %zu functions",
		                  functions->count);
	metrics->functions = functions;
	*ret_metrics = metrics;
	return 0;
}

void snafu_metrics_free(struct snafu_metrics *metrics)
{
	if (!metrics)
		return;
	for (size_t i = 0; i < metrics->functions->count; i++)
		free(atomic_load(&metrics->slots[i]));
	free(metrics);
}

static void add(_Atomic uint64_t *counter, uint64_t n)
{
	atomic_fetch_add_explicit(counter, n, memory_order_relaxed);
}

static uint64_t get(const _Atomic uint64_t *counter)
{
	return atomic_load_explicit(counter, memory_order_relaxed);
}

void snafu_metrics_begin(struct snafu_metrics *metrics)
{
	add(&metrics->started, 1);
}

static struct counters *counters_of(struct snafu_metrics *metrics,
                                    const struct snafu_function *function)
{
	const struct snafu_functions *functions = metrics->functions;

	if (!function || function < functions->functions ||
	    function >= functions->functions + functions->count)
		return &metrics->nameless;

	_Atomic(struct counters *) *slot = &metrics->slots[function - functions->functions];
	struct counters *there = atomic_load_explicit(slot, memory_order_acquire);
	if (there)
		return there;
	struct counters *fresh = calloc(1, sizeof *fresh);
	if (!fresh)
		return &metrics->nameless;
	if (atomic_compare_exchange_strong(slot, &there, fresh))
		return fresh;
	free(fresh); /* another thread was first */
	return there;
}

void snafu_metrics_end(struct snafu_metrics *metrics, const struct snafu_function *function,
                       enum snafu_status status, uint64_t duration_ns)
{
	struct counters *counters = counters_of(metrics, function);
	size_t bucket = 0;

	while (bucket < N_BOUNDS && duration_ns > bounds[bucket].ns)
		bucket++;
	add(&counters->by_status[status], 1);
	add(&counters->buckets[bucket], 1);
	add(&counters->nanoseconds, duration_ns);
	add(&metrics->ended, 1);
}

/* A label's value: backslash, quote and newline are escaped. */
static void write_label(const char *name, struct snafu_buffer *into)
{
	for (; *name; name++) {
		if (*name == '\\' || *name == '"')
			snafu_buffer_append_byte(into, '\\');
		if (*name == '\n')
			snafu_buffer_append_text(into, "\\n");
		else
			snafu_buffer_append_byte(into, *name);
	}
}

static void write_counts(const char *name, const struct counters *counters,
                         struct snafu_buffer *into)
{
	for (int status = 0; status < N_STATUSES; status++) {
		uint64_t n = get(&counters->by_status[status]);
		if (n == 0)
			continue;
		snafu_buffer_append_text(into, "snafu_calls_total{function=\"");
		write_label(name, into);
		snafu_buffer_format(into, "\",status=\"%s\"} %llu\n", snafu_status_name(status),
		                    (unsigned long long)n);
	}
}

static void write_histogram(const char *name, const struct counters *counters,
                            struct snafu_buffer *into)
{
	uint64_t total = 0;

	for (size_t i = 0; i <= N_BOUNDS; i++) {
		total += get(&counters->buckets[i]);
		snafu_buffer_append_text(into, "snafu_call_duration_seconds_bucket{function=\"");
		write_label(name, into);
		snafu_buffer_format(into, "\",le=\"%s\"} %llu\n", i < N_BOUNDS ? bounds[i].label : "+Inf",
		                    (unsigned long long)total);
	}
	unsigned long long ns = get(&counters->nanoseconds);
	snafu_buffer_append_text(into, "snafu_call_duration_seconds_sum{function=\"");
	write_label(name, into);
	snafu_buffer_format(into, "\"} %llu.%09llu\n", ns / 1000000000, ns % 1000000000);
	snafu_buffer_append_text(into, "snafu_call_duration_seconds_count{function=\"");
	write_label(name, into);
	snafu_buffer_format(into, "\"} %llu\n", (unsigned long long)total);
}

static void write_all(const struct snafu_metrics *metrics,
                      void (*write)(const char *, const struct counters *, struct snafu_buffer *),
                      struct snafu_buffer *into)
{
	const struct snafu_functions *functions = metrics->functions;

	for (size_t i = 0; i < functions->count; i++) {
		struct counters *counters = atomic_load_explicit(&metrics->slots[i], memory_order_acquire);
		if (counters)
			write(functions->functions[i].id, counters, into);
	}
	for (int status = 0; status < N_STATUSES; status++)
		if (get(&metrics->nameless.by_status[status]) > 0) {
			write("", &metrics->nameless, into);
			break;
		}
}

void snafu_metrics_write(const struct snafu_metrics *metrics, struct snafu_buffer *into)
{
	/* Ended first: what begins meanwhile can only make the difference larger. */
	uint64_t ended = get(&metrics->ended), started = get(&metrics->started);

	snafu_buffer_append_text(into, "# HELP snafu_functions Functions on offer.\n"
	                               "# TYPE snafu_functions gauge\n");
	snafu_buffer_format(into, "snafu_functions %zu\n", metrics->functions->count);
	snafu_buffer_append_text(into, "# HELP snafu_calls_in_flight Calls that have not ended.\n"
	                               "# TYPE snafu_calls_in_flight gauge\n");
	snafu_buffer_format(into, "snafu_calls_in_flight %llu\n",
	                    (unsigned long long)(started > ended ? started - ended : 0));
	snafu_buffer_append_text(into, "# HELP snafu_calls_total Calls that ended, by status.\n"
	                               "# TYPE snafu_calls_total counter\n");
	write_all(metrics, write_counts, into);
	snafu_buffer_append_text(into, "# HELP snafu_call_duration_seconds "
	                               "Time from a call's start to its end.\n"
	                               "# TYPE snafu_call_duration_seconds histogram\n");
	write_all(metrics, write_histogram, into);
}
