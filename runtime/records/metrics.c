/* runtime/records/metrics.c — see metrics.h. */
#include "runtime/records/metrics.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/file.h"
#include "runtime/records/records.h"
#include "scanner/function.h"

#define N_STATUSES     (SNAFU_INTERNAL + 1)
#define LEAST_SLOTS    256
#define ENTRIES_CAP    100000 /* functions that have counters of their own */
#define HISTOGRAMS_CAP 2000 /* ...and histograms: fifty lines each */

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

struct histogram {
	_Atomic uint64_t buckets[N_BOUNDS + 1];
	_Atomic uint64_t nanoseconds;
};

/* The calls of one function on one executor. (The nameless' histograms may have more calls
 * than its counters: those of functions that have none.) */
struct counters {
	struct counters *next; /* of the same function */
	const char *executor; /* "": refused before it came to one */
	_Atomic uint64_t by_status[N_STATUSES];
	_Atomic uint64_t cold;
	struct histogram duration, queue;
	struct histogram init; /* of the calls that had something to load */
};

/* A function by its id: one that was changed goes on counting, one that is gone stays. */
struct entry {
	struct entry *next; /* in the same slot */
	_Atomic(struct counters *) counters; /* a list; entries come in front */
	atomic_bool brief; /* its histograms are in those of the nameless */
	char id[];
};

struct snafu_metrics {
	atomic_size_t functions; /* on offer */
	atomic_size_t n_entries;
	_Atomic uint64_t started;
	_Atomic uint64_t ended;
	struct counters nameless; /* calls of no known function, and what had no memory */
	size_t mask; /* slots - 1 */
	_Atomic(struct entry *) slots[]; /* a hash table; entries are made at the first call and
	                                  * stay, so that nobody needs a lock */
};

int snafu_metrics_new(size_t count, struct snafu_metrics **ret_metrics, struct snafu_error *error)
{
	struct snafu_metrics *metrics;
	size_t slots = LEAST_SLOTS;

	while (slots < 2 * count)
		slots *= 2;
	metrics = calloc(1, sizeof *metrics + slots * sizeof metrics->slots[0]);
	if (!metrics)
		return snafu_fail(error, -ENOMEM, "no memory for the counters of %zu functions", count);
	metrics->functions = count;
	metrics->mask = slots - 1;
	metrics->nameless.executor = "";
	*ret_metrics = metrics;
	return 0;
}

static void free_entry(struct entry *entry)
{
	for (struct counters *at = atomic_load(&entry->counters), *next; at; at = next) {
		next = at->next;
		free(at);
	}
	free(entry);
}

void snafu_metrics_free(struct snafu_metrics *metrics)
{
	if (!metrics)
		return;
	for (size_t i = 0; i <= metrics->mask; i++)
		for (struct entry *at = atomic_load(&metrics->slots[i]), *next; at; at = next) {
			next = at->next;
			free_entry(at);
		}
	free(metrics);
}

void snafu_metrics_set_functions(struct snafu_metrics *metrics, size_t count)
{
	metrics->functions = count;
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

static struct counters *find(struct counters *first, const char *executor)
{
	while (first && first->executor != executor && strcmp(first->executor, executor) != 0)
		first = first->next;
	return first;
}

/* NULL when there is no memory, or no room for more. */
static struct entry *entry_of(struct snafu_metrics *metrics, const char *id)
{
	size_t size = strlen(id) + 1;
	_Atomic(struct entry *) *slot =
		&metrics->slots[snafu_hash(SNAFU_HASH_START, id, size - 1) & metrics->mask];
	struct entry *first = atomic_load_explicit(slot, memory_order_acquire), *fresh = NULL;

	for (;;) {
		struct entry *at = first;

		while (at && strcmp(at->id, id) != 0)
			at = at->next;
		if (at) {
			free(fresh); /* another thread was first */
			return at;
		}
		if (!fresh) {
			if (metrics->n_entries >= ENTRIES_CAP || !(fresh = calloc(1, sizeof *fresh + size)))
				return NULL;
			memcpy(fresh->id, id, size);
		}
		fresh->next = first;
		if (atomic_compare_exchange_weak(slot, &first, fresh))
			break;
	}
	fresh->brief = atomic_fetch_add(&metrics->n_entries, 1) >= HISTOGRAMS_CAP;
	return fresh;
}

static struct counters *counters_of(struct snafu_metrics *metrics, struct entry *entry,
                                    const char *executor)
{
	if (!entry)
		return &metrics->nameless;
	struct counters *first = atomic_load_explicit(&entry->counters, memory_order_acquire);
	struct counters *there = find(first, executor);
	if (there)
		return there;
	struct counters *fresh = calloc(1, sizeof *fresh);
	if (!fresh)
		return &metrics->nameless;
	fresh->executor = executor;
	do {
		there = find(first, executor);
		if (there) {
			free(fresh); /* another thread was first */
			return there;
		}
		fresh->next = first;
	} while (!atomic_compare_exchange_weak(&entry->counters, &first, fresh));
	return fresh;
}

static void observe(struct histogram *histogram, uint64_t ns)
{
	size_t bucket = 0;

	while (bucket < N_BOUNDS && ns > bounds[bucket].ns)
		bucket++;
	add(&histogram->buckets[bucket], 1);
	add(&histogram->nanoseconds, ns);
}

void snafu_metrics_end(struct snafu_metrics *metrics, const struct snafu_function *function,
                       const struct snafu_record *record)
{
	struct entry *entry = function ? entry_of(metrics, function->id) : NULL;
	struct counters *counters = counters_of(metrics, entry, record->executor);
	struct counters *times = entry && entry->brief ? &metrics->nameless : counters;

	add(&counters->by_status[record->status], 1);
	if (*record->start == 'c')
		add(&counters->cold, 1);
	observe(&times->duration, record->duration);
	if (*record->start)
		observe(&times->queue, record->queue);
	if (record->init)
		observe(&times->init, record->init);
	add(&metrics->ended, 1);
}

/* ---- as text --------------------------------------------------------------------- */

/* A label's value: backslash, quote and newline are escaped. */
void snafu_metrics_write_label(const char *name, struct snafu_buffer *into)
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

/* NAME and the two labels that all have; the bracket stays open. */
static void write_start(const char *name, const char *function, const struct counters *counters,
                        struct snafu_buffer *into)
{
	snafu_buffer_append_text(into, name);
	snafu_buffer_append_text(into, "{function=\"");
	snafu_metrics_write_label(function, into);
	snafu_buffer_append_text(into, "\",executor=\"");
	snafu_metrics_write_label(counters->executor, into);
	snafu_buffer_append_byte(into, '"');
}

static void write_counts(const char *function, const struct counters *counters,
                         struct snafu_buffer *into)
{
	for (int status = 0; status < N_STATUSES; status++) {
		uint64_t n = get(&counters->by_status[status]);
		if (n == 0)
			continue;
		write_start("snafu_calls_total", function, counters, into);
		snafu_buffer_format(into, ",status=\"%s\"} %llu\n", snafu_status_name(status),
		                    (unsigned long long)n);
	}
}

static void write_cold(const char *function, const struct counters *counters,
                       struct snafu_buffer *into)
{
	unsigned long long n = get(&counters->cold);

	if (n == 0)
		return;
	write_start("snafu_cold_starts_total", function, counters, into);
	snafu_buffer_format(into, "} %llu\n", n);
}

static void write_histogram(const char *name, const char *function, const struct counters *counters,
                            const struct histogram *histogram, struct snafu_buffer *into)
{
	uint64_t total = 0;
	char full[64];

	for (size_t i = 0; i <= N_BOUNDS; i++)
		total += get(&histogram->buckets[i]);
	if (total == 0)
		return;
	total = 0;
	snprintf(full, sizeof full, "%s_bucket", name);
	for (size_t i = 0; i <= N_BOUNDS; i++) {
		total += get(&histogram->buckets[i]);
		write_start(full, function, counters, into);
		snafu_buffer_format(into, ",le=\"%s\"} %llu\n", i < N_BOUNDS ? bounds[i].label : "+Inf",
		                    (unsigned long long)total);
	}
	unsigned long long ns = get(&histogram->nanoseconds);
	snprintf(full, sizeof full, "%s_sum", name);
	write_start(full, function, counters, into);
	snafu_buffer_format(into, "} %llu.%09llu\n", ns / 1000000000, ns % 1000000000);
	snprintf(full, sizeof full, "%s_count", name);
	write_start(full, function, counters, into);
	snafu_buffer_format(into, "} %llu\n", (unsigned long long)total);
}

static void write_duration(const char *function, const struct counters *counters,
                           struct snafu_buffer *into)
{
	write_histogram("snafu_call_duration_seconds", function, counters, &counters->duration, into);
}

static void write_queue(const char *function, const struct counters *counters,
                        struct snafu_buffer *into)
{
	write_histogram("snafu_call_queue_seconds", function, counters, &counters->queue, into);
}

static void write_init(const char *function, const struct counters *counters,
                       struct snafu_buffer *into)
{
	write_histogram("snafu_call_init_seconds", function, counters, &counters->init, into);
}

static void write_all(const struct snafu_metrics *metrics,
                      void (*write)(const char *, const struct counters *, struct snafu_buffer *),
                      struct snafu_buffer *into)
{
	for (size_t i = 0; i <= metrics->mask; i++)
		for (const struct entry *entry =
		         atomic_load_explicit(&metrics->slots[i], memory_order_acquire);
		     entry; entry = entry->next)
			for (const struct counters *at =
			         atomic_load_explicit(&entry->counters, memory_order_acquire);
			     at; at = at->next)
				write(entry->id, at, into);
	write("", &metrics->nameless, into);
}

static const struct family {
	const char *name, *type, *help;
	void (*write)(const char *, const struct counters *, struct snafu_buffer *);
} families[] = {
	{"snafu_calls_total", "counter", "Calls that ended, by status.", write_counts},
	{"snafu_cold_starts_total", "counter", "Calls for which something had to be started.",
     write_cold},
	{"snafu_call_duration_seconds", "histogram", "Time from a call's start to its end.",
     write_duration},
	{"snafu_call_queue_seconds", "histogram", "Time that calls waited for an executor.",
     write_queue},
	{"snafu_call_init_seconds", "histogram", "Time that calls took to load what was not there.",
     write_init},
};

void snafu_metrics_write(const struct snafu_metrics *metrics, struct snafu_buffer *into)
{
	/* Ended first: what begins meanwhile can only make the difference larger. */
	uint64_t ended = get(&metrics->ended), started = get(&metrics->started);

	snafu_buffer_append_text(into, "# HELP snafu_functions Functions on offer.\n"
	                               "# TYPE snafu_functions gauge\n");
	snafu_buffer_format(into, "snafu_functions %zu\n", atomic_load(&metrics->functions));
	snafu_buffer_append_text(into, "# HELP snafu_calls_in_flight Calls that have not ended.\n"
	                               "# TYPE snafu_calls_in_flight gauge\n");
	snafu_buffer_format(into, "snafu_calls_in_flight %llu\n",
	                    (unsigned long long)(started > ended ? started - ended : 0));
	for (size_t i = 0; i < sizeof families / sizeof *families; i++) {
		const struct family *family = &families[i];

		snafu_buffer_format(into, "# HELP %s %s\n# TYPE %s %s\n", family->name, family->help,
		                    family->name, family->type);
		write_all(metrics, family->write, into);
	}
}
