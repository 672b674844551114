/* runtime/records/metrics.h — counters of calls, for GET /metrics and whoever wants them.
 *
 * The host counts every call once where it begins and once where it ends. Memory
 * is bounded: a block of counters for each function that was called at least once, and
 * each executor that it was called on. Nothing here takes a lock; every function may be
 * called from
 * any thread at any time between snafu_metrics_new() and snafu_metrics_free(). */
#ifndef SNAFU_RUNTIME_RECORDS_METRICS_H
#define SNAFU_RUNTIME_RECORDS_METRICS_H

#include <stddef.h>

struct snafu_buffer;
struct snafu_error;
struct snafu_function;
struct snafu_metrics;
struct snafu_record;

/* COUNT: how many functions there are now. -ENOMEM. */
int snafu_metrics_new(size_t count, struct snafu_metrics **ret_metrics, struct snafu_error *error);
void snafu_metrics_free(struct snafu_metrics *metrics);

/* There are COUNT functions now. What was counted of those that are gone stays. */
void snafu_metrics_set_functions(struct snafu_metrics *metrics, size_t count);

/* A call was accepted. */
void snafu_metrics_begin(struct snafu_metrics *metrics);

/* It ended as RECORD says. FUNCTION is told by its id; NULL when no function was
 * found. Each begin has one end. The name of the executor in RECORD must
 * outlive the metrics. */
void snafu_metrics_end(struct snafu_metrics *metrics, const struct snafu_function *function,
                       const struct snafu_record *record);

/* Appends everything in Prometheus' text format, version 0.0.4. */
void snafu_metrics_write(const struct snafu_metrics *metrics, struct snafu_buffer *into);

/* Appends SAMPLES, which several have written, with those of one name together, behind
 * their HELP and TYPE (metrics_families.c). */
void snafu_metrics_write_grouped(const struct snafu_buffer *samples, struct snafu_buffer *into);

/* Appends NAME as the value of a label: backslash, quote and newline are escaped. */
void snafu_metrics_write_label(const char *name, struct snafu_buffer *into);

#endif
