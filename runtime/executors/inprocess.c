/* runtime/executors/inprocess.c — the host's own interpreter, JVM or loaded
 * library, on the calling thread; state is kept from call to call. */
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/error.h"
#include "langs/language.h"
#include "runtime/executors/executor.h"
#include "runtime/job.h"
#include "runtime/languages.h"
#include "scanner/function.h"

/* A function that is ready to be called; all set before `bound`. */
struct slot {
	const struct snafu_language *language;
	void *language_state;
	_Atomic(struct snafu_bound *) bound;
};

struct inprocess {
	struct snafu_languages *languages;
	const struct snafu_functions *functions;
	struct slot *slots; /* one a function */
};

static int start(struct snafu_languages *languages, const struct snafu_functions *functions,
                 void **ret_state, struct snafu_error *error)
{
	struct inprocess *inprocess = calloc(1, sizeof *inprocess);

	if (inprocess)
		inprocess->slots =
			calloc(functions->count ? functions->count : 1, sizeof *inprocess->slots);
	if (!inprocess || !inprocess->slots) {
		free(inprocess);
		return snafu_fail(error, -ENOMEM, "no memory for %zu functions", functions->count);
	}
	inprocess->languages = languages;
	inprocess->functions = functions;
	*ret_state = inprocess;
	return 0;
}

/* Two threads may bind the same function at once; both get the same answer from
 * the language and write the same values. */
static int bind_slot(struct inprocess *inprocess, const struct snafu_function *function,
                     struct slot **ret_slot, struct snafu_result *result)
{
	struct slot *slot = &inprocess->slots[function - inprocess->functions->functions];
	const struct snafu_language *language;
	struct snafu_bound *bound;
	struct snafu_error error;
	void *state;

	*ret_slot = slot;
	if (atomic_load_explicit(&slot->bound, memory_order_acquire))
		return 0;
	int code =
		snafu_languages_get(inprocess->languages, function->language, &language, &state, &error);
	if (code) {
		snafu_result_fail(result, SNAFU_LOAD_FAILED, "LanguageError", "%s", error.message);
		return code;
	}
	code = language->bind(state, function, &bound, result);
	if (code)
		return code;
	slot->language = language;
	slot->language_state = state;
	atomic_store_explicit(&slot->bound, bound, memory_order_release);
	return 0;
}

static int prepare(void *state, const struct snafu_function *function, struct snafu_result *result)
{
	struct slot *slot;

	return bind_slot(state, function, &slot, result);
}

static void run(void *state, struct snafu_job *job)
{
	struct slot *slot;

	if (bind_slot(state, job->function, &slot, &job->result))
		return;
	const struct snafu_language *language = slot->language;
	atomic_store_explicit(&job->loaded, true, memory_order_release);
	job->language = language;
	job->language_state = slot->language_state;
	if (language->interrupt && language->thread_mark) {
		job->thread_mark = language->thread_mark(slot->language_state);
		atomic_store_explicit(&job->interruptible, true, memory_order_release);
	}
	language->call(slot->language_state, slot->bound, job->payload, job->payload_size,
	               &job->result);
}

static void interrupt(void *state, struct snafu_job *job)
{
	(void)state;
	if (atomic_load_explicit(&job->interruptible, memory_order_acquire))
		job->language->interrupt(job->language_state, job->thread_mark);
}

static void finish(void *state)
{
	struct inprocess *inprocess = state;

	free(inprocess->slots);
	free(inprocess);
}

extern const struct snafu_executor snafu_executor_inprocess;
const struct snafu_executor snafu_executor_inprocess = {
	.version = SNAFU_EXECUTOR_VERSION,
	.name = "inprocess",
	.open = start,
	.prepare = prepare,
	.run = run,
	.interrupt = interrupt,
	.close = finish,
};
