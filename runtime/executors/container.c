/* runtime/executors/container.c — a container for each tenant, on the Docker engine, that runs
 * Snafu itself (runtime/containers/places.h).
 *
 * A call runs on the thread that it is given, which waits for the answer. */
#include <errno.h>
#include <poll.h>

#include "base/clock.h"
#include "base/error.h"
#include "runtime/containers/engine.h"
#include "runtime/containers/exchange.h"
#include "runtime/containers/places.h"
#include "runtime/executors/executor.h"
#include "runtime/job.h"
#include "scanner/function.h"

#define TRIES        2 /* for one call: the first may find a container that has ended */
#define NEWS_MS      1000 /* how long the engine may take to notice that one has ended */
#define NEWS_STEP_MS 20
#define WORDS_CAP    4096

static enum exchange_end exchange(struct places *places, struct running *running,
                                  struct snafu_job *job)
{
	places_lock(places);
	struct exchange *exchange =
		running->n_spare ? running->spare[--running->n_spare] : exchange_new(&running->container);
	if (exchange && atomic_load(&job->claimed)) /* somebody has ended the call already */
		exchange_cancel(exchange);
	job->place = exchange;
	places_unlock(places);
	if (!exchange) {
		snafu_result_fail(&job->result, SNAFU_INTERNAL, "OutOfMemory", "no memory for the call");
		return EXCHANGE_DONE;
	}
	enum exchange_end end = exchange_run(exchange, job);
	places_lock(places);
	job->place = NULL;
	bool keep = end == EXCHANGE_DONE && !exchange_is_cancelled(exchange) &&
	            running->n_spare < PLACES_EXCHANGES_CAP;
	if (keep)
		running->spare[running->n_spare++] = exchange;
	places_unlock(places);
	if (!keep)
		exchange_free(exchange);
	return end;
}

static void fail_broken(const struct running *running, struct snafu_job *job)
{
	uint64_t end = snafu_now_ms() + NEWS_MS;
	struct snafu_buffer words = SNAFU_BUFFER(WORDS_CAP);
	enum container_state state;

	/* The engine hears of a death a moment later than we do. */
	while ((state = container_look(&running->container, &words, NULL)) == CONTAINER_RUNS &&
	       snafu_now_ms() < end)
		poll(NULL, 0, NEWS_STEP_MS);
	snafu_result_fail(&job->result, SNAFU_DIED, "ContainerDied", "%s: its container %s%s%s",
	                  job->function->id,
	                  state == CONTAINER_ENDED  ? "has ended"
	                  : state == CONTAINER_RUNS ? "gave no answer that makes sense"
	                                            : "gave no answer, and",
	                  state == CONTAINER_ENDED && words.size ? ": "
	                  : words.size                           ? " "
	                                                         : "",
	                  words.size ? words.data : "");
	snafu_buffer_done(&words);
}

static void fail_unstarted(struct snafu_job *job, const struct snafu_error *error)
{
	enum snafu_status status = SNAFU_LOAD_FAILED;
	const char *type = "ContainerError";

	if (error->code == -EBUSY) {
		status = SNAFU_OVER_LIMIT;
		type = "TooManyContainers";
	} else if (error->code == -ETIME) {
		status = SNAFU_DEADLINE;
		type = "DeadlineExceeded";
	} else if (engine_is_away(error->code)) {
		status = SNAFU_UNAVAILABLE;
		type = "EngineUnavailable";
	} else if (error->code == -ECANCELED) {
		status = SNAFU_UNAVAILABLE;
		type = "Unavailable";
	}
	snafu_result_fail(&job->result, status, type, "%s: %s", job->function->id, error->message);
}

/* Why RUNNING is of no use for any call any more; NULL: it is. */
static const char *is_spoilt(const struct places *places, const struct running *running,
                             const struct snafu_job *job, enum exchange_end end)
{
	switch (end) {
	case EXCHANGE_UNREACHABLE: return "it is gone";
	case EXCHANGE_BROKEN: return "it did not answer a call";
	case EXCHANGE_CANCELLED: return NULL;
	case EXCHANGE_DONE: break;
	}
	/* A function may have come later. */
	if (job->result.status == SNAFU_UNKNOWN_FUNCTION && places_has_other_functions(places, running))
		return "it does not know the functions of now";
	return NULL;
}

/* Whether it is over; if not, the function has not run. */
static bool try(struct places *places, struct snafu_job *job, bool last)
{
	struct snafu_error error = {0};
	struct running *running;

	if (places_acquire(places, job, &running, &error)) {
		fail_unstarted(job, &error);
		return true;
	}
	enum exchange_end end = exchange(places, running, job);
	const char *spoilt = is_spoilt(places, running, job, end);
	bool over = last || !spoilt || end == EXCHANGE_BROKEN;
	if (spoilt)
		places_discard(places, running, spoilt);
	if (over && (end == EXCHANGE_BROKEN || end == EXCHANGE_UNREACHABLE))
		fail_broken(running, job);
	else if (end == EXCHANGE_CANCELLED)
		snafu_result_fail(&job->result, SNAFU_CANCELLED, "Cancelled", "%s was cancelled",
		                  job->function->id);
	places_release(places, running);
	return over;
}

static void run(void *state, struct snafu_job *job)
{
	for (int i = 1; !try(state, job, i == TRIES); i++)
		;
}

static void interrupt(void *state, struct snafu_job *job)
{
	places_lock(state);
	if (job->place)
		exchange_cancel(job->place);
	places_unlock(state);
	places_wake(state);
}

static int prepare(void *state, struct snafu_service *service, struct snafu_result *result)
{
	struct snafu_error error;
	int code = places_prepare(state, &error);

	(void)service; /* whose container it is to be is known with the first call */
	if (code)
		snafu_result_fail(result, SNAFU_UNAVAILABLE, "EngineUnavailable", "%s", error.message);
	return code;
}

static int begin(const struct snafu_executor_options *options, void **ret_state,
                 struct snafu_error *error)
{
	struct places *places;
	int code = places_open(options, &places, error);

	if (!code)
		*ret_state = places;
	return code;
}

static void write_metrics(void *state, struct snafu_buffer *into)
{
	places_write_metrics(state, into);
}

static void stop(void *state)
{
	places_close(state);
}

static void abandon(void *state)
{
	places_abandon(state);
}

extern const struct snafu_executor snafu_executor;
const struct snafu_executor snafu_executor = {
	.version = SNAFU_EXECUTOR_VERSION,
	.name = "container",
	.elsewhere = true,
	.open = begin,
	.prepare = prepare,
	.run = run,
	.interrupt = interrupt,
	.write_metrics = write_metrics,
	.close = stop,
	.abandon = abandon,
};
