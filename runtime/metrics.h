/* runtime/metrics.h — counters of calls, for GET /metrics and whoever wants them.
 *
 * The host counts every call once where it begins and once where it ends. Memory
 * is bounded: a block of counters for each function that was called at least once, and
 * each executor that it was called on. Nothing here takes a lock; every function may be called from
 * any thread at any time between snafu_metrics_new() and snafu_metrics_free(). */
#ifndef SNAFU_RUNTIME_METRICS_H
#define SNAFU_RUNTIME_METRICS_H

struct snafu_buffer;
struct snafu_error;
struct snafu_function;
struct snafu_functions;
struct snafu_metrics;
struct snafu_record;

/* FUNCTIONS (the pool's) is borrowed and must outlive the metrics. -ENOMEM. */
int snafu_metrics_new(const struct snafu_functions *functions, struct snafu_metrics **ret_metrics,
                      struct snafu_error *error);
void snafu_metrics_free(struct snafu_metrics *metrics);

/* A call was accepted. */
void snafu_metrics_begin(struct snafu_metrics *metrics);

/* It ended as RECORD says. FUNCTION is the entry that snafu_pool_find() gave, NULL when
 * no function was found. Each begin has one end. The name of the executor in RECORD must
 * outlive the metrics. */
void snafu_metrics_end(struct snafu_metrics *metrics, const struct snafu_function *function,
                       const struct snafu_record *record);

/* Appends everything in Prometheus' text format, version 0.0.4. */
void snafu_metrics_write(const struct snafu_metrics *metrics, struct snafu_buffer *into);

#endif
