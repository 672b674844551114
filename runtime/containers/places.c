/* runtime/containers/places.c — see places.h. */
#include "runtime/containers/places.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/condition.h"
#include "base/error.h"
#include "runtime/containers/places_state.h"
#include "runtime/records/events.h"
#include "runtime/executors/executor.h"
#include "runtime/host_state.h"
#include "runtime/job.h"
#include "runtime/settings/settings.h"

#define WAKE_MS 1000 /* the longest that a call waits before it looks round */
#define PING_MS 5000

void places_tell(const struct places *places, const char *name, const char *tenant,
                 const char *detail)
{
	snafu_event(places->options->host, &(struct snafu_event){.event = name,
	                                                         .executor = "container",
	                                                         .state = tenant,
	                                                         .detail = detail});
}

void places_lock(struct places *places)
{
	pthread_mutex_lock(&places->lock);
}

void places_unlock(struct places *places)
{
	pthread_mutex_unlock(&places->lock);
}

void places_wait(struct places *places, uint64_t until_ms)
{
	snafu_condition_wait_ms(&places->changed, &places->lock, until_ms);
}

void places_wake(struct places *places)
{
	places_lock(places);
	pthread_cond_broadcast(&places->changed);
	places_unlock(places);
}

/* ---- references ---------------------------------------------------------------------- */

void places_let_go(struct places *places, struct running *running)
{
	if (--running->references)
		return;
	TAILQ_INSERT_TAIL(&places->doomed, running, entry);
	pthread_cond_broadcast(&places->changed);
}

/* A place that nobody needs ends; the lock is held. */
static void sweep(struct places *places, struct place *place)
{
	if (place->running || place->starting || place->waiting)
		return;
	TAILQ_REMOVE(&places->all, place, entry);
	places->count--;
	free(place);
}

bool places_take_out(struct places *places, struct running *running)
{
	struct place *place = running->place;

	if (!place)
		return false;
	running->place = NULL;
	place->running = NULL;
	places_let_go(places, running);
	sweep(places, place);
	places->ended++;
	return true;
}

void places_discard(struct places *places, struct running *running, const char *why)
{
	places_lock(places);
	bool first = places_take_out(places, running);
	places_unlock(places);
	if (first)
		places_tell(places, "instance-ended", running->tenant, why);
}

void places_release(struct places *places, struct running *running)
{
	places_lock(places);
	running->used = snafu_now_ms();
	places_let_go(places, running);
	places_unlock(places);
}

/* ---- starting ------------------------------------------------------------------------ */

static int clean_up(struct places *places, struct snafu_error *error)
{
	int code = 0;

	pthread_mutex_lock(&places->cleaning);
	if (!places->cleaned)
		code = container_clean_up(&places->engine, error);
	if (code >= 0)
		places->cleaned = true;
	pthread_mutex_unlock(&places->cleaning);
	return code < 0 ? code : 0;
}

static uint64_t pool_number(const struct places *places)
{
	const struct snafu_pool *pool = snafu_host_pool_acquire(places->options->host);
	uint64_t number = snafu_host_pool_number(pool);

	snafu_host_pool_release(pool);
	return number;
}

bool places_has_other_functions(const struct places *places, const struct running *running)
{
	return running->pool != pool_number(places);
}

/* Frees RUNNING, which has no container. */
static void free_running(struct running *running)
{
	if (running)
		free(running->tenant);
	free(running);
}

static struct running *make_running(struct places *places, const char *tenant,
                                    struct snafu_error *error)
{
	struct running *running = calloc(1, sizeof *running);

	if (!running || !(running->tenant = strdup(tenant))) {
		free_running(running);
		snafu_fail(error, -ENOMEM, "no memory for a container");
		return NULL;
	}
	running->pool = pool_number(places);
	running->book = snafu_host_book(places->options->host);
	int code = clean_up(places, error);
	if (!code)
		code = container_start(&places->engine, places->options, tenant, &places->closing,
		                       &running->container, error);
	if (code) {
		free_running(running);
		return NULL;
	}
	return running;
}

struct start {
	struct places *places;
	struct place *place; /* stays while it is `starting` */
};

static void *run_start(void *state)
{
	struct places *places = ((struct start *)state)->places;
	struct place *place = ((struct start *)state)->place;
	struct snafu_error error = {0};
	struct running *running = make_running(places, place->tenant, &error);

	free(state);
	if (running)
		places_tell(places, "instance-started", place->tenant, running->container.name);
	places_lock(places);
	place->starting = false;
	place->attempt++;
	place->failure = error;
	if (running) {
		running->references = 1;
		running->used = snafu_now_ms();
		running->place = place;
		place->running = running;
		places->started++;
	}
	sweep(places, place);
	places->n_starting--;
	pthread_cond_broadcast(&places->changed);
	places_unlock(places); /* the last that is done here with PLACES */
	return NULL;
}

/* The lock is held. */
static int begin_start(struct places *places, struct place *place, struct snafu_error *error)
{
	struct start *start = malloc(sizeof *start);
	pthread_attr_t detached;
	pthread_t thread;

	if (!start)
		return snafu_fail(error, -ENOMEM, "no memory for a container");
	*start = (struct start){.places = places, .place = place};
	pthread_attr_init(&detached);
	pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED);
	int code = -pthread_create(&thread, &detached, run_start, start);
	pthread_attr_destroy(&detached);
	if (code) {
		free(start);
		return snafu_fail_errno(error, code, "cannot start a thread for a container");
	}
	place->starting = true;
	places->n_starting++;
	return 0;
}

/* ---- getting one ----------------------------------------------------------------------- */

/* One that nobody uses just now makes room for another tenant's; the lock is held. */
static bool make_room(struct places *places)
{
	struct place *place, *oldest = NULL;

	TAILQ_FOREACH(place, &places->all, entry)
	if (place->running && place->running->references == 1 && !place->waiting &&
	    (!oldest || place->running->used < oldest->running->used))
		oldest = place;
	return oldest && places_take_out(places, oldest->running);
}

/* The lock is held. NULL: ERROR says why. */
static struct place *find_place(struct places *places, const char *tenant,
                                struct snafu_error *error)
{
	size_t size = strlen(tenant) + 1, most = places->options->settings->containers;
	struct place *place;

	TAILQ_FOREACH(place, &places->all, entry)
	if (strcmp(place->tenant, tenant) == 0)
		return place;
	if (places->count >= most && !make_room(places)) {
		snafu_fail(error, -EBUSY,
		           "the containers of %zu tenants are busy already ([container] containers); try "
		           "again later",
		           places->count);
		return NULL;
	}
	place = calloc(1, sizeof *place + size);
	if (!place) {
		snafu_fail(error, -ENOMEM, "no memory for a container");
		return NULL;
	}
	memcpy(place->tenant, tenant, size);
	TAILQ_INSERT_TAIL(&places->all, place, entry);
	places->count++;
	return place;
}

/* 1: it is there; 0: wait and ask again. The lock is held. */
static int look(struct places *places, struct place *place, const struct snafu_job *job,
                unsigned seen, struct snafu_error *error)
{
	if (place->running && place->running->book != snafu_host_book(places->options->host)) {
		places_tell(places, "instance-ended", place->tenant, "settings have changed");
		places_take_out(places, place->running);
	}
	if (atomic_load(&places->closing))
		return snafu_fail(error, -ECANCELED, "the host is stopping");
	if (atomic_load(&job->claimed))
		return snafu_fail(error, -ECANCELED, "the call is over");
	if (place->running)
		return 1;
	if (place->attempt != seen && place->failure.code) {
		*error = place->failure;
		return error->code;
	}
	if (snafu_now_ms() >= job->deadline)
		return snafu_fail(error, -ETIME, "its container is still being started");
	return place->starting ? 0 : begin_start(places, place, error);
}

int places_acquire(struct places *places, struct snafu_job *job, struct running **ret_running,
                   struct snafu_error *error)
{
	uint64_t begin = snafu_now_ns();
	bool cold = false;
	int code;

	places_lock(places);
	struct place *place = find_place(places, job->context.tenant, error);
	if (!place) {
		places_unlock(places);
		return error->code;
	}
	place->waiting++;
	for (unsigned seen = place->attempt; (code = look(places, place, job, seen, error)) == 0;) {
		uint64_t next = snafu_now_ms() + WAKE_MS;

		cold = true;
		places_wait(places, next < job->deadline ? next : job->deadline);
	}
	if (code == 1) {
		*ret_running = place->running;
		place->running->references++;
		place->running->used = snafu_now_ms();
	}
	place->waiting--;
	sweep(places, place);
	places_unlock(places);
	if (cold)
		job->result.init_ns += snafu_now_ns() - begin;
	if (code == 1)
		atomic_store(&job->loaded, true);
	snafu_job_started(job, cold || job->cold);
	return code == 1 ? 0 : code;
}

/* ---- beginning and end ------------------------------------------------------------------- */

int places_prepare(struct places *places, struct snafu_error *error)
{
	struct snafu_buffer body = SNAFU_BUFFER(ENGINE_REPLY_CAP);

	if (atomic_exchange(&places->asked, true))
		return 0;
	int code = engine_do(&places->engine,
	                     &(struct engine_request){.method = "GET",
	                                              .path = "/_ping",
	                                              .patience_ms = PING_MS},
	                     "run functions in containers", &body, error);
	snafu_buffer_done(&body);
	return code;
}

static void init(struct places *places)
{
	TAILQ_INIT(&places->all);
	TAILQ_INIT(&places->doomed);
	pthread_mutex_init(&places->lock, NULL);
	pthread_mutex_init(&places->cleaning, NULL);
	snafu_condition_init(&places->changed);
}

static void done(struct places *places)
{
	engine_done(&places->engine);
	pthread_cond_destroy(&places->changed);
	pthread_mutex_destroy(&places->cleaning);
	pthread_mutex_destroy(&places->lock);
	free(places);
}

int places_open(const struct snafu_executor_options *options, struct places **ret_places,
                struct snafu_error *error)
{
	struct places *places = calloc(1, sizeof *places);

	if (!places)
		return snafu_fail(error, -ENOMEM, "no memory");
	places->options = options;
	init(places);
	int code = engine_open(&places->engine, &places->closing, error);
	if (!code) {
		code = -pthread_create(&places->janitor, NULL, places_keep_order, places);
		if (code)
			snafu_fail_errno(error, code, "cannot start a thread");
	}
	if (code)
		done(places);
	else
		*ret_places = places;
	return code;
}

/* Nothing is started or looked after from now on. */
static void stop_threads(struct places *places)
{
	atomic_store(&places->closing, true);
	places_wake(places);
	pthread_join(places->janitor, NULL);
	places_lock(places);
	while (places->n_starting)
		pthread_cond_wait(&places->changed, &places->lock);
	places_unlock(places);
}

void places_abandon(struct places *places)
{
	struct running *running;

	stop_threads(places);
	places->round++;
	while ((running = places_next_to_look(places))) /* the reference is kept */
		if (container_end(&running->container))
			break;
	places_remove_doomed(places);
}

void places_close(struct places *places)
{
	struct place *place, *next;

	stop_threads(places);
	places_lock(places);
	for (place = TAILQ_FIRST(&places->all); place; place = next) {
		next = TAILQ_NEXT(place, entry);
		if (place->running)
			places_take_out(places, place->running); /* frees the place */
	}
	places_unlock(places);
	places_remove_doomed(places);
	done(places);
}

void places_write_metrics(struct places *places, struct snafu_buffer *into)
{
	places_lock(places);
	unsigned long long started = places->started, ended = places->ended, running = started - ended;
	places_unlock(places);
	snafu_buffer_format(into,
	                    "# HELP snafu_containers Containers that run.\n"
	                    "# TYPE snafu_containers gauge\n"
	                    "snafu_containers %llu\n"
	                    "# HELP snafu_containers_started_total Containers that were started.\n"
	                    "# TYPE snafu_containers_started_total counter\n"
	                    "snafu_containers_started_total %llu\n"
	                    "# HELP snafu_containers_ended_total Containers that have ended.\n"
	                    "# TYPE snafu_containers_ended_total counter\n"
	                    "snafu_containers_ended_total %llu\n",
	                    running, started, ended);
}
