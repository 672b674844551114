/* runtime/executors/in_process.c — see in_process.h. */
#include "runtime/executors/in_process.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/error.h"
#include "runtime/host_state.h"
#include "runtime/languages.h"
#include "scanner/function.h"

struct in_process {
	struct snafu_languages *languages;
};

int snafu_in_process_open(const struct snafu_executor_options *options, void **ret_state,
                          struct snafu_error *error)
{
	struct in_process *in_process = malloc(sizeof *in_process);

	if (!in_process)
		return snafu_fail(error, -ENOMEM, "no memory");
	in_process->languages = options->languages;
	*ret_state = in_process;
	return 0;
}

/* Two threads may bind the same function at once: one of the two is kept. */
int snafu_in_process_bind_to(const struct snafu_language *language, void *language_state,
                             struct snafu_service *service, struct snafu_result *result)
{
	struct snafu_bound *bound, *none = NULL;
	uint64_t start = snafu_now_ns();

	snafu_host_set_environment(service, language, language_state);
	int code = language->bind(language_state, service->function, &bound, result);

	result->init_ns += snafu_now_ns() - start;
	if (code)
		return code;
	service->language = language;
	service->language_state = language_state;
	if (!atomic_compare_exchange_strong(&service->bound, &none, bound) && none != bound &&
	    language->unbind)
		language->unbind(language_state, bound);
	return 0;
}

int snafu_in_process_bind(void *opaque, struct snafu_service *service, struct snafu_result *result)
{
	struct in_process *in_process = opaque;
	const struct snafu_language *language;
	struct snafu_error error;
	void *state;

	if (atomic_load_explicit(&service->bound, memory_order_acquire))
		return 0;
	uint64_t start = snafu_now_ns();
	int code = snafu_languages_get(in_process->languages, service->function->language, &language,
	                               &state, &error);
	if (code) {
		snafu_result_fail(result, SNAFU_LOAD_FAILED, "LanguageError", "%s", error.message);
		return code;
	}
	result->init_ns += snafu_now_ns() - start;
	return snafu_in_process_bind_to(language, state, service, result);
}

bool snafu_in_process_enter(struct snafu_job *job)
{
	const struct snafu_language *language = job->service->language;

	snafu_job_started(job, job->result.init_ns > 0);
	atomic_store_explicit(&job->loaded, true, memory_order_release);
	job->language = language;
	job->language_state = job->service->language_state;
	if (language->interrupt && language->thread_mark) {
		job->thread_mark = language->thread_mark(job->language_state);
		atomic_store(&job->interruptible, true);
	}
	/* Whoever gave it up while it was being loaded could not interrupt it. */
	if (!atomic_load(&job->unwanted))
		return true;
	snafu_result_fail(&job->result, SNAFU_CANCELLED, "Cancelled",
	                  "%s was given up while it was being loaded", job->function->id);
	return false;
}

void snafu_in_process_interrupt(void *state, struct snafu_job *job)
{
	(void)state;
	atomic_store(&job->unwanted, true);
	if (atomic_load(&job->interruptible))
		job->language->interrupt(job->language_state, job->thread_mark);
}

/* Both in-process executors call the same bound function; whoever is first unbinds it. */
void snafu_in_process_forget(void *state, struct snafu_service *service)
{
	struct snafu_bound *bound = atomic_exchange(&service->bound, NULL);

	(void)state;
	const struct snafu_language *language = service->language;

	if (bound && language->unbind)
		language->unbind(service->language_state, bound);
}

void snafu_in_process_close(void *state)
{
	free(state);
}
