/* scanner/scan.c — snafu_scan(): spreads the files that walk.c found over the
 * cores, lets each language's scanner read its share, and joins the results in
 * the files' order. */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "scanner/convention.h"
#include "scanner/scanner.h"
#include "scanner/walk.h"

#define JOBS_CAP          256
#define THREAD_STACK_SIZE (4u << 20) /* tree-sitter recurses on deep trees */

/* Some sources of one scanner that stand next to each other in the walk. */
struct batch {
	const struct snafu_scanner *scanner;
	struct snafu_walked *first;
	size_t count;
	struct snafu_functions functions;
};

struct scan {
	struct batch *batches;
	size_t n_batches;
	atomic_size_t next;
	atomic_int failed; /* 0 or the first negative errno */
	const struct snafu_scan_options *options;
};

/* Reads what the scanner wants as bytes; a file that cannot be read gets a
 * diagnostic and is left out. Returns how many sources are left. */
static size_t read_sources(struct batch *batch, struct snafu_source *sources)
{
	size_t count = 0;

	for (size_t i = 0; i < batch->count; i++) {
		struct snafu_source source = batch->first[i].source;
		struct snafu_error error;
		char *text;

		if (!batch->scanner->reads_paths) {
			if (snafu_file_read(source.path, SNAFU_SCAN_FILE_CAP, &text, &source.size, &error)) {
				snafu_functions_diagnose(&batch->functions, SNAFU_ERROR, source.path, 0, "%s",
				                         error.message);
				continue;
			}
			source.text = text;
		}
		sources[count++] = source;
	}
	return count;
}

/* The functions of a source stand together, in the order of the sources. */
static void recognise(struct batch *batch, const struct snafu_source *sources, size_t count)
{
	struct snafu_functions *functions = &batch->functions;
	size_t source = 0;

	for (size_t first = 0, end; first < functions->count; first = end) {
		const char *file = snafu_function_source(&functions->functions[first]);

		for (end = first + 1; end < functions->count; end++)
			if (snafu_function_source(&functions->functions[end]) != file)
				break;
		for (size_t i = 0; i < count && strcmp(sources[source].path, file) != 0; i++)
			source = (source + 1) % count;
		if (strcmp(sources[source].path, file) == 0)
			snafu_convention_recognise(&sources[source], functions, first, end);
	}
}

static int scan_batch(struct batch *batch, const struct snafu_scan_options *options)
{
	struct snafu_source *sources = calloc(batch->count, sizeof *sources);

	if (!sources)
		return -ENOMEM;
	size_t count = read_sources(batch, sources);
	int code = count ? batch->scanner->scan(sources, count, options, &batch->functions, NULL) : 0;
	if (!code)
		recognise(batch, sources, count);
	for (size_t i = 0; i < count; i++)
		free((char *)sources[i].text);
	free(sources);
	return code;
}

static void *work(void *state)
{
	struct scan *scan = state;
	size_t index;

	while ((index = atomic_fetch_add(&scan->next, 1)) < scan->n_batches && !scan->failed) {
		struct snafu_scan_progress *progress = scan->options->progress;
		int code = scan_batch(&scan->batches[index], scan->options);
		int none = 0;

		if (progress)
			progress->done += scan->batches[index].count;

		if (code)
			atomic_compare_exchange_strong(&scan->failed, &none, code);
	}
	return NULL;
}

static size_t count_jobs(const struct scan *scan)
{
	long cores = sysconf(_SC_NPROCESSORS_ONLN);
	size_t jobs = scan->options->jobs ? scan->options->jobs : cores > 0 ? (size_t)cores : 1;

	if (jobs > scan->n_batches)
		jobs = scan->n_batches;
	return jobs > JOBS_CAP ? JOBS_CAP : jobs;
}

/* The calling thread works too, so one file needs no other thread. */
static void run(struct scan *scan)
{
	pthread_t threads[JOBS_CAP];
	pthread_attr_t attributes;
	size_t started = 0, jobs = count_jobs(scan);

	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, THREAD_STACK_SIZE);
	while (started + 1 < jobs && pthread_create(&threads[started], &attributes, work, scan) == 0)
		started++;
	pthread_attr_destroy(&attributes);
	work(scan);
	for (size_t i = 0; i < started; i++)
		pthread_join(threads[i], NULL);
}

static int compare_by_scanner(const void *a, const void *b)
{
	const struct snafu_walked *one = a, *other = b;

	int by_name = strcmp(one->scanner->name, other->scanner->name);

	if (by_name)
		return by_name;
	return one->number < other->number ? -1 : one->number > other->number;
}

void snafu_walk_sort(struct snafu_walk *walk)
{
	if (walk->count)
		qsort(walk->found, walk->count, sizeof *walk->found, compare_by_scanner);
}

static int make_batches(struct snafu_walked *found, size_t count, struct scan *scan)
{
	scan->batches = calloc(count ? count : 1, sizeof *scan->batches);
	if (!scan->batches)
		return -ENOMEM;
	for (size_t at = 0; at < count;) {
		const struct snafu_scanner *scanner = found[at].scanner;
		struct batch *batch = &scan->batches[scan->n_batches++];
		size_t most = scanner->batch ? scanner->batch : 1;

		*batch = (struct batch){.scanner = scanner, .first = &found[at]};
		while (at < count && found[at].scanner == scanner && batch->count < most) {
			batch->count++;
			at++;
		}
	}
	return 0;
}

static int join(struct scan *scan, struct snafu_functions *ret)
{
	int code = scan->failed;

	for (size_t i = 0; i < scan->n_batches; i++) {
		struct snafu_functions *functions = &scan->batches[i].functions;

		if (!code && ret->count + functions->count > SNAFU_SCAN_FUNCTIONS_CAP) {
			snafu_functions_diagnose(ret, SNAFU_ERROR, scan->batches[i].first->source.path, 0,
			                         "more than %d functions: the rest is left out",
			                         SNAFU_SCAN_FUNCTIONS_CAP);
			snafu_functions_done(functions);
		} else if (!code) {
			code = snafu_functions_absorb(ret, functions);
		}
		snafu_functions_done(functions);
	}
	return code;
}

int snafu_scan_walked(struct snafu_walked *found, size_t count,
                      const struct snafu_scan_options *options, struct snafu_functions *functions,
                      struct snafu_error *error)
{
	struct snafu_scan_options defaults = {0};
	struct scan scan = {.options = options ? options : &defaults};
	int code = make_batches(found, count, &scan);

	if (!code) {
		if (scan.options->progress)
			scan.options->progress->files = count;
		run(&scan);
		code = join(&scan, functions);
	}
	free(scan.batches);
	return code ? snafu_fail(error, code, "no memory to scan %zu files", count) : 0;
}

int snafu_scan(const char *const *paths, size_t count, const struct snafu_scan_options *options,
               struct snafu_functions *ret, struct snafu_error *error)
{
	struct snafu_functions functions = {0};
	struct snafu_walk walk = {.functions = &functions};
	int code = snafu_walk(&walk, paths, count, error);

	if (!code) {
		snafu_walk_sort(&walk);
		code = snafu_scan_walked(walk.found, walk.count, options, &functions, error);
	}
	snafu_walk_done(&walk);
	if (code)
		snafu_functions_done(&functions);
	else
		*ret = functions;
	return code;
}
