/* runtime/executors/container.c — a container for each tenant, on the Docker engine, that runs
 * Snafu itself: started when the first call wants it, looked after, removed when nobody has
 * wanted it for a while.
 *
 * A call runs on the thread that it is given, which waits for the answer. A thread of the
 * executor's own removes what is idle or ill. */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "base/clock.h"
#include "base/error.h"
#include "runtime/containers/container.h"
#include "runtime/containers/engine.h"
#include "runtime/containers/exchange.h"
#include "runtime/events.h"
#include "runtime/executors/executor.h"
#include "runtime/job.h"
#include "runtime/service.h"
#include "runtime/settings.h"
#include "scanner/function.h"

#define TENANTS_CAP   64 /* containers at the same time */
#define EXCHANGES_CAP 64 /* connections that are kept for one */
#define TRIES         2 /* starts for one call: the first may find a container that has ended */
#define LOOK_MS       1000 /* between two rounds of the janitor */
#define NEWS_MS       1000 /* how long the engine may take to notice that one has ended */
#define NEWS_STEP_MS  20
#define WORDS_CAP     4096

/* A container that runs. Those who use it have a reference; the place has one. */
struct running {
	struct container container;
	size_t references;
	struct exchange *spare[EXCHANGES_CAP];
	size_t n_spare;
	uint64_t used; /* snafu_now_ms(), last */
};

/* One tenant's. */
struct place {
	TAILQ_ENTRY(place) entry;
	struct running *running; /* NULL: there is none */
	bool starting; /* somebody is at it: wait for `changed` */
	char tenant[];
};

struct containers {
	const struct snafu_executor_options *options;
	struct engine engine;
	pthread_mutex_t lock; /* guards all below, and job->place of calls under way */
	pthread_cond_t changed;
	TAILQ_HEAD(, place) places;
	size_t n_places;
	pthread_t janitor;
	atomic_bool closing;
	_Atomic uint64_t started, ended;
};

static void tell(struct containers *containers, const char *name, const char *tenant,
                 const char *detail)
{
	snafu_event(containers->options->host, &(struct snafu_event){.event = name,
	                                                             .executor = "container",
	                                                             .state = tenant,
	                                                             .detail = detail});
}

/* ---- references -------------------------------------------------------------------- */

/* Takes a reference away; the lock is held. What has none left is returned, to be freed
 * without the lock. */
static struct running *let_go(struct running *running)
{
	return running && --running->references == 0 ? running : NULL;
}

static void destroy(struct running *running)
{
	if (!running)
		return;
	while (running->n_spare)
		exchange_free(running->spare[--running->n_spare]);
	container_remove(&running->container);
	free(running);
}

/* RUNNING is of no use any more. */
static void discard(struct containers *containers, struct place *place, struct running *running,
                    const char *why)
{
	struct running *last = NULL;

	pthread_mutex_lock(&containers->lock);
	bool first = place->running == running;
	if (first) {
		place->running = NULL;
		last = let_go(running);
	}
	pthread_mutex_unlock(&containers->lock);
	if (first) {
		atomic_fetch_add(&containers->ended, 1);
		tell(containers, "instance-ended", place->tenant, why);
	}
	destroy(last);
}

/* ---- getting one ------------------------------------------------------------------ */

/* The lock is held. */
static struct place *find_place(struct containers *containers, const char *tenant)
{
	struct place *place;
	size_t size = strlen(tenant) + 1;

	TAILQ_FOREACH(place, &containers->places, entry)
	if (strcmp(place->tenant, tenant) == 0)
		return place;
	if (containers->n_places == TENANTS_CAP || !(place = calloc(1, sizeof *place + size)))
		return NULL;
	memcpy(place->tenant, tenant, size);
	TAILQ_INSERT_TAIL(&containers->places, place, entry);
	containers->n_places++;
	return place;
}

/* Starts the container of PLACE; the lock is held, but not meanwhile. */
static int start(struct containers *containers, struct place *place, struct snafu_error *error)
{
	struct running *running = calloc(1, sizeof *running);
	int code = running ? 0 : snafu_fail(error, -ENOMEM, "no memory");

	place->starting = true;
	pthread_mutex_unlock(&containers->lock);
	if (!code)
		code = container_start(&containers->engine, containers->options, place->tenant,
		                       &containers->closing, &running->container, error);
	if (!code) {
		atomic_fetch_add(&containers->started, 1);
		tell(containers, "instance-started", place->tenant, running->container.id);
	}
	pthread_mutex_lock(&containers->lock);
	place->starting = false;
	pthread_cond_broadcast(&containers->changed);
	if (code) {
		free(running);
		return code;
	}
	running->references = 1;
	place->running = running;
	return 0;
}

/* A reference to the container of TENANT, started if need be. */
static int acquire(struct containers *containers, struct snafu_job *job, struct place **ret_place,
                   struct running **ret_running, struct snafu_error *error)
{
	uint64_t begin = snafu_now_ns();
	bool cold = false;
	int code = 0;

	pthread_mutex_lock(&containers->lock);
	struct place *place = find_place(containers, job->context.tenant);
	if (!place)
		code = snafu_fail(error, -EBUSY, "there are containers of %d tenants already", TENANTS_CAP);
	while (!code && !place->running) {
		cold = true;
		if (atomic_load(&containers->closing))
			code = snafu_fail(error, -ECANCELED, "the host is stopping");
		else if (place->starting)
			pthread_cond_wait(&containers->changed, &containers->lock);
		else
			code = start(containers, place, error);
	}
	if (!code) {
		*ret_place = place;
		*ret_running = place->running;
		place->running->references++;
		place->running->used = snafu_now_ms();
	}
	pthread_mutex_unlock(&containers->lock);
	if (cold)
		job->result.init_ns += snafu_now_ns() - begin;
	if (!code)
		atomic_store(&job->loaded, true);
	snafu_job_started(job, cold || job->cold);
	return code;
}

static void release(struct containers *containers, struct running *running)
{
	pthread_mutex_lock(&containers->lock);
	running->used = snafu_now_ms();
	struct running *last = let_go(running);
	pthread_mutex_unlock(&containers->lock);
	destroy(last);
}

/* ---- calls ------------------------------------------------------------------------- */

static enum exchange_end exchange(struct containers *containers, struct running *running,
                                  struct snafu_job *job)
{
	pthread_mutex_lock(&containers->lock);
	struct exchange *exchange =
		running->n_spare ? running->spare[--running->n_spare] : exchange_new(&running->container);
	if (exchange && atomic_load(&job->claimed)) /* somebody has ended the call already */
		exchange_cancel(exchange);
	job->place = exchange;
	pthread_mutex_unlock(&containers->lock);
	if (!exchange) {
		snafu_result_fail(&job->result, SNAFU_INTERNAL, "OutOfMemory", "no memory for the call");
		return EXCHANGE_DONE;
	}
	enum exchange_end end = exchange_run(exchange, job);
	pthread_mutex_lock(&containers->lock);
	job->place = NULL;
	bool keep = end == EXCHANGE_DONE && running->n_spare < EXCHANGES_CAP;
	if (keep)
		running->spare[running->n_spare++] = exchange;
	pthread_mutex_unlock(&containers->lock);
	if (!keep)
		exchange_free(exchange);
	return end;
}

static void fail_broken(struct running *running, struct snafu_job *job, struct snafu_buffer *words)
{
	uint64_t end = snafu_now_ms() + NEWS_MS;
	bool runs;

	/* The engine hears of a death a moment later than we do. */
	while ((runs = container_runs(&running->container, words)) && snafu_now_ms() < end)
		poll(NULL, 0, NEWS_STEP_MS);
	snafu_result_fail(&job->result, SNAFU_DIED, "ContainerDied", "%s: its container %s%s%s",
	                  job->function->id, runs ? "gave no answer that makes sense" : "has ended",
	                  words->size ? ": " : "", words->size ? words->data : "");
}

/* The function has come after the container was started, which has not seen it yet. */
static bool is_stale(enum exchange_end end, const struct snafu_job *job, bool last)
{
	return end == EXCHANGE_DONE && job->result.status == SNAFU_UNKNOWN_FUNCTION && !last;
}

/* Whether it is over; if not, the container was gone before the call got there. */
static bool try(struct containers *containers, struct snafu_job *job, bool last)
{
	struct snafu_buffer words = SNAFU_BUFFER(WORDS_CAP);
	struct running *running;
	struct place *place;
	struct snafu_error error;

	int code = acquire(containers, job, &place, &running, &error);
	if (code) {
		snafu_result_fail(&job->result, code == -ECANCELED ? SNAFU_UNAVAILABLE : SNAFU_LOAD_FAILED,
		                  "ContainerError", "%s: %s", job->function->id, error.message);
		return true;
	}
	enum exchange_end end = exchange(containers, running, job);
	bool again = end == EXCHANGE_UNREACHABLE || is_stale(end, job, last);
	if (end == EXCHANGE_BROKEN || (end == EXCHANGE_UNREACHABLE && last))
		fail_broken(running, job, &words);
	else if (end == EXCHANGE_CANCELLED)
		snafu_result_fail(&job->result, SNAFU_CANCELLED, "Cancelled", "%s was cancelled",
		                  job->function->id);
	if (again || end == EXCHANGE_BROKEN)
		discard(containers, place, running,
		        words.size             ? words.data
		        : end == EXCHANGE_DONE ? "it does not know the function"
		                               : "it did not answer");
	release(containers, running);
	snafu_buffer_done(&words);
	return !again;
}

static void run(void *state, struct snafu_job *job)
{
	for (int i = 1; i <= TRIES; i++)
		if (try(state, job, i == TRIES))
			return;
}

static void interrupt(void *state, struct snafu_job *job)
{
	struct containers *containers = state;

	pthread_mutex_lock(&containers->lock);
	if (job->place)
		exchange_cancel(job->place);
	pthread_mutex_unlock(&containers->lock);
}

static int prepare(void *state, struct snafu_service *service, struct snafu_result *result)
{
	(void)state;
	(void)service;
	(void)result;
	return 0; /* whose container it is to be is known with the first call */
}

/* ---- the janitor ------------------------------------------------------------------- */

/* Takes what is idle out of its place; the lock is held. */
static struct running *take_idle(struct containers *containers, struct place **ret_place)
{
	uint64_t now = snafu_now_ms(), idle = containers->options->settings->instance_idle;
	struct place *place;

	TAILQ_FOREACH(place, &containers->places, entry)
	{
		struct running *running = place->running;

		if (!running || running->references > 1 || now - running->used < idle)
			continue;
		place->running = NULL;
		*ret_place = place;
		return let_go(running);
	}
	return NULL;
}

/* Looks at one that nobody has used lately; the lock is held, but not meanwhile. */
static void look_after(struct containers *containers, struct place *place)
{
	struct snafu_buffer words = SNAFU_BUFFER(WORDS_CAP);
	struct running *running = place->running;

	running->references++;
	pthread_mutex_unlock(&containers->lock);
	bool good =
		container_answers(&running->container) || container_runs(&running->container, &words);
	if (!good)
		discard(containers, place, running, words.size ? words.data : "it has ended");
	pthread_mutex_lock(&containers->lock);
	struct running *last = let_go(running);
	if (last) {
		pthread_mutex_unlock(&containers->lock);
		destroy(last);
		pthread_mutex_lock(&containers->lock);
	}
	snafu_buffer_done(&words);
}

static void *keep_order(void *state)
{
	struct containers *containers = state;
	struct place *place;
	struct running *idle;

	pthread_mutex_lock(&containers->lock);
	while (!atomic_load(&containers->closing)) {
		uint64_t until = snafu_now_ms() + LOOK_MS;
		struct timespec at = {.tv_sec = (time_t)(until / 1000),
		                      .tv_nsec = (long)(until % 1000) * 1000000};

		pthread_cond_timedwait(&containers->changed, &containers->lock, &at);
		while ((idle = take_idle(containers, &place))) {
			pthread_mutex_unlock(&containers->lock);
			destroy(idle);
			atomic_fetch_add(&containers->ended, 1);
			tell(containers, "instance-ended", place->tenant, "it was idle");
			pthread_mutex_lock(&containers->lock);
		}
		/* Places stay as long as the executor does. */
		TAILQ_FOREACH(place, &containers->places, entry)
		if (place->running && !atomic_load(&containers->closing))
			look_after(containers, place);
	}
	pthread_mutex_unlock(&containers->lock);
	return NULL;
}

/* ---- start and end ----------------------------------------------------------------- */

static void stop(void *state)
{
	struct containers *containers = state;
	struct place *place;

	atomic_store(&containers->closing, true);
	pthread_mutex_lock(&containers->lock);
	pthread_cond_broadcast(&containers->changed);
	pthread_mutex_unlock(&containers->lock);
	pthread_join(containers->janitor, NULL);
	while ((place = TAILQ_FIRST(&containers->places))) {
		TAILQ_REMOVE(&containers->places, place, entry);
		destroy(let_go(place->running));
		free(place);
	}
	engine_done(&containers->engine);
	pthread_cond_destroy(&containers->changed);
	pthread_mutex_destroy(&containers->lock);
	free(containers);
}

static int begin(const struct snafu_executor_options *options, void **ret_state,
                 struct snafu_error *error)
{
	struct containers *containers = calloc(1, sizeof *containers);
	pthread_condattr_t monotonic;

	if (!containers)
		return snafu_fail(error, -ENOMEM, "no memory");
	containers->options = options;
	TAILQ_INIT(&containers->places);
	int code = engine_open(&containers->engine, error);
	if (!code) {
		code = container_clean_up(&containers->engine, error);
		code = code < 0 ? code : 0;
	}
	pthread_mutex_init(&containers->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&containers->changed, &monotonic);
	pthread_condattr_destroy(&monotonic);
	if (!code) {
		code = -pthread_create(&containers->janitor, NULL, keep_order, containers);
		if (code)
			snafu_fail_errno(error, code, "cannot start a thread");
	}
	if (code) {
		engine_done(&containers->engine);
		free(containers);
		return code;
	}
	*ret_state = containers;
	return 0;
}

static void write_metrics(void *state, struct snafu_buffer *into)
{
	struct containers *containers = state;

	snafu_buffer_format(into,
	                    "# HELP snafu_containers_started_total Containers that were started.\n"
	                    "# TYPE snafu_containers_started_total counter\n"
	                    "snafu_containers_started_total %llu\n"
	                    "# HELP snafu_containers_ended_total Containers that have ended.\n"
	                    "# TYPE snafu_containers_ended_total counter\n"
	                    "snafu_containers_ended_total %llu\n",
	                    (unsigned long long)containers->started,
	                    (unsigned long long)containers->ended);
}

extern const struct snafu_executor snafu_executor;
const struct snafu_executor snafu_executor = {
	.version = SNAFU_EXECUTOR_VERSION,
	.name = "container",
	.open = begin,
	.prepare = prepare,
	.run = run,
	.interrupt = interrupt,
	.write_metrics = write_metrics,
	.close = stop,
};
