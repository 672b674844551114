/* runtime/instances/crowd.c — see crowd.h: where calls come in, and who gets them. */
#include "runtime/instances/crowd.h"

#include <errno.h>

#include "base/clock.h"
#include "base/error.h"
#include "langs/language.h"
#include "runtime/service.h"
#include "runtime/settings/settings.h"
#include "scanner/function.h"

#define QUICK_NS      500000 /* calls shorter than this may be written ahead... */
#define AHEAD_NS      1000000 /* ...as many as take so long together... */
#define AHEAD_CAP     16 /* ...and not more */
#define WAKE_UP_NS    100000 /* waking somebody takes as long as so much work behind another call */
#define PRESSURE_NS   250000 /* so much work written ahead to everybody asks for one more... */
#define PATIENCE_MS   5 /* ...when it lasts so long; what calls wait before others are started */
#define COLD_MS       200 /* a first process that takes longer to start is not waited for alone */
#define STARTS_A_CORE 2 /* executed at the same time */

int snafu_crowd_supports(void *state, const char *name, struct snafu_error *error)
{
	struct snafu_station *station = state;
	const struct snafu_language *language;
	int code = snafu_languages_peek(station->options->languages, name, &language, error);

	if (!code && station->policy->stock && !language->forkable)
		return snafu_fail(error, -ENOTSUP,
		                  "%s functions cannot run as %s: their interpreter cannot be forked; "
		                  "take worker or spawn",
		                  name, station->name);
	return code;
}

/* ---- who gets a call -------------------------------------------------------------- */

/* How many calls may be with one instance. */
static size_t places(const struct snafu_crowd *crowd)
{
	if (crowd->station->policy->once || crowd->argv || !crowd->run_ns || crowd->run_ns > QUICK_NS ||
	    crowd->prints)
		return 1;
	uint64_t places = AHEAD_NS / crowd->run_ns;
	return places > AHEAD_CAP ? AHEAD_CAP : (size_t)places;
}

/* Behind a call that already takes longer than it should nobody is to wait. */
static bool takes_more(const struct snafu_crowd *crowd, const struct snafu_instance *instance,
                       uint64_t now)
{
	const struct snafu_job *running = instance->jobs.first;

	return instance->state == SNAFU_INSTANCE_BUSY && running && now < running->started + QUICK_NS &&
	       !instance->process.kill_wanted && !instance->n_invoked &&
	       snafu_settings_same_process(instance->settings, crowd->settings) &&
	       (!crowd->settings->instance_calls || instance->sent < crowd->settings->instance_calls);
}

/* Whoever has the fewest calls, less than MOST; NULL: nobody. */
static struct snafu_instance *find_place(const struct snafu_crowd *crowd, size_t most)
{
	struct snafu_instance *instance, *best = NULL;
	uint64_t now = snafu_now_ns();

	TAILQ_FOREACH(instance, &crowd->members, entry)
	if (instance->jobs.count < most && takes_more(crowd, instance, now)) {
		best = instance;
		most = instance->jobs.count;
	}
	return best;
}

static bool give_to(struct snafu_crowd *crowd, struct snafu_instance *instance,
                    struct snafu_job *job)
{
	if (!instance || snafu_instance_call(instance, job))
		return false;
	snafu_crowd_watch_behind(crowd);
	return true;
}

/* Gives JOB to somebody who will be through with what is before it sooner than another one is
 * awake, or when there is no core for another one. */
static bool give_behind(struct snafu_crowd *crowd, struct snafu_job *job)
{
	size_t most = places(crowd), busy = crowd->n_live - crowd->n_starting - crowd->n_idle;

	if (most < 2 || !busy)
		return false;
	if (busy < crowd->station->cores && most > WAKE_UP_NS / crowd->run_ns)
		most = WAKE_UP_NS / crowd->run_ns;
	return give_to(crowd, find_place(crowd, most), job);
}

/* Gives JOB to somebody who is idle. */
static bool give(struct snafu_crowd *crowd, struct snafu_job *job)
{
	struct snafu_instance *instance;

	while ((instance = snafu_crowd_take_idle(crowd))) {
		if (!instance->ready && !crowd->station->policy->stock)
			job->cold = true;
		if (snafu_instance_call(instance, job) == 0)
			return true;
		snafu_crowd_let_go(instance);
	}
	return false;
}

/* Whether quick calls have been piling up for a while; then one more is worth it. */
static bool pressed(struct snafu_crowd *crowd, const struct snafu_instance *instance)
{
	uint64_t now = snafu_now_ms();

	if (instance->jobs.count * crowd->run_ns < PRESSURE_NS) {
		crowd->pressed_since = 0;
		return false;
	}
	if (!crowd->pressed_since)
		crowd->pressed_since = now;
	if (now - crowd->pressed_since < PATIENCE_MS)
		return false;
	crowd->pressed_since = now;
	return true;
}

/* Gives JOB to somebody who will soon be through with what is before it. */
static bool give_ahead(struct snafu_crowd *crowd, struct snafu_job *job)
{
	size_t most = places(crowd);
	struct snafu_instance *instance = most < 2 ? NULL : find_place(crowd, most);

	if (!give_to(crowd, instance, job))
		return false;
	if (pressed(crowd, instance) && !crowd->n_starting && crowd->n_live < crowd->station->cores)
		snafu_crowd_start(crowd, NULL, NULL);
	return true;
}

/* Executing takes the machine's cores; what functions wait for does not wait for them. */
static bool must_wait_to_start(struct snafu_crowd *crowd, const struct snafu_job *job)
{
	struct snafu_station *station = crowd->station;

	if (!crowd->executes || !station->policy->once || job->context.depth ||
	    station->n_starting < station->cores * STARTS_A_CORE)
		return false;
	crowd->awaits_start = true;
	return true;
}

/* ---- waiting ---------------------------------------------------------------------- */

static void refuse(struct snafu_crowd *crowd, struct snafu_job *job)
{
	if (job->context.depth)
		snafu_result_fail(&job->result, SNAFU_OVER_LIMIT, "TooManyCalls",
		                  "all %zu processes of %s are busy, and may wait for this call "
		                  "themselves ([limits] instances)",
		                  crowd->n_live, crowd->function->id);
	else
		snafu_result_fail(&job->result, SNAFU_OVER_LIMIT, "TooManyCalls",
		                  "%zu calls of %s are waiting already ([limits] queue-length); try again "
		                  "later",
		                  crowd->waiting.count, crowd->function->id);
	snafu_station_end(crowd->station, job);
}

static void fail(struct snafu_crowd *crowd, struct snafu_job *job, const struct snafu_error *error)
{
	enum snafu_status status = SNAFU_LOAD_FAILED;
	const char *type = "ExecutorError";

	if (error->code == -EBUSY) {
		status = SNAFU_OVER_LIMIT;
		type = "TooManyProcesses";
	} else if (error->code == -EPIPE) { /* the one that was to be forked dies over and over */
		status = SNAFU_DIED;
		type = "ProcessDied";
	}
	snafu_result_fail(&job->result, status, type, "%s: no process could be started: %s",
	                  crowd->function->id, error->message);
	snafu_station_end(crowd->station, job);
}

static void watch_the_clock(struct snafu_crowd *crowd)
{
	if (!snafu_timer_is_set(&crowd->scale) && crowd->waiting.count)
		snafu_reactor_set_timer(crowd->station->options->reactor, &crowd->scale,
		                        snafu_now_ms() + PATIENCE_MS);
}

/* A call of a function by a function: somebody who is idle, or starting and not yet spoken for,
 * or new; or nobody. */
static void admit_nested(struct snafu_crowd *crowd, struct snafu_job *job)
{
	struct snafu_error error = {0};
	bool once = crowd->station->policy->once;

	if (!once && crowd->nested.count < crowd->n_starting) {
		snafu_job_queue_append(&crowd->nested, job);
		return;
	}
	if (!snafu_crowd_may_start(crowd)) {
		refuse(crowd, job);
		return;
	}
	int code = snafu_crowd_start(crowd, once ? job : NULL, &error);
	if (code)
		fail(crowd, job, &error);
	else if (!once)
		snafu_job_queue_append(&crowd->nested, job);
}

void snafu_crowd_replace(struct snafu_crowd *crowd)
{
	struct snafu_job_queue lost = {0};

	while (crowd->nested.count > crowd->n_starting)
		snafu_job_queue_append(&lost, snafu_job_queue_pop(&crowd->nested));
	while (lost.first)
		admit_nested(crowd, snafu_job_queue_pop(&lost));
}

/* Those for whom a process is being started do not count; one for a single call has its call
 * already. */
static void wait(struct snafu_crowd *crowd, struct snafu_job *job)
{
	bool once = crowd->station->policy->once;
	size_t served = once ? 0 : crowd->n_starting;

	if (crowd->waiting.count >= crowd->settings->queue_length + served &&
	    (once || !snafu_crowd_may_start(crowd) || snafu_crowd_start(crowd, NULL, NULL)))
		refuse(crowd, job);
	else
		snafu_job_queue_append(&crowd->waiting, job);
}

/* Starts one for JOB, which is bound to it. False: the job is to wait. */
static bool start_for(struct snafu_crowd *crowd, struct snafu_job *job)
{
	struct snafu_error error = {0};

	if (!snafu_crowd_may_start(crowd) || snafu_crowd_is_full(crowd) ||
	    must_wait_to_start(crowd, job))
		return false;
	int code = snafu_crowd_start(crowd, job, &error);
	if (code && crowd->n_live)
		return false;
	if (code)
		fail(crowd, job, &error);
	return true;
}

/* Whether calls take so long that each of those that wait is worth a process. What is not
 * known yet is seen by a first call, unless already its process makes one wait. */
static bool is_slow(const struct snafu_crowd *crowd, bool late)
{
	if (crowd->run_ns)
		return crowd->run_ns > QUICK_NS;
	return late &&
	       (crowd->n_live > crowd->n_starting || snafu_now_ms() >= crowd->last_start + COLD_MS);
}

/* For those that wait: at once where calls are known to take long, else when they have
 * waited for a moment. */
static void start_more(struct snafu_crowd *crowd, bool late)
{
	struct snafu_error error = {0};
	size_t wanted = crowd->waiting.count;

	if (crowd->station->policy->once) {
		if (!crowd->n_live && !crowd->awaits_start) /* it rests: nobody's end starts the next one */
			watch_the_clock(crowd);
		return;
	}
	if (wanted && !is_slow(crowd, late))
		wanted = (late && crowd->run_ns) || !crowd->n_live ? 1 : 0;
	/* What nested calls have started is theirs. */
	while (crowd->n_starting < wanted + crowd->nested.count && snafu_crowd_may_start(crowd))
		if (snafu_crowd_start(crowd, NULL, &error)) {
			while (!crowd->n_live && crowd->waiting.first)
				fail(crowd, snafu_job_queue_pop(&crowd->waiting), &error);
			return;
		}
	watch_the_clock(crowd);
}

void snafu_crowd_admit_again(struct snafu_crowd *crowd, struct snafu_job *job)
{
	struct snafu_error error = {0};

	job->place = NULL;
	job->started = 0;
	if (job->unwanted) {
		snafu_station_end(crowd->station, job);
	} else if (crowd->station->policy->stock && crowd->service &&
	           snafu_crowd_want_zygote(crowd, &error)) {
		fail(crowd, job, &error);
	} else if (job->context.depth) {
		if (!give(crowd, job))
			admit_nested(crowd, job);
	} else {
		snafu_job_queue_prepend(&crowd->waiting, job);
	}
}

void snafu_crowd_dispatch(struct snafu_crowd *crowd)
{
	while (crowd->nested.first && crowd->n_idle) {
		struct snafu_job *job = snafu_job_queue_pop(&crowd->nested);

		if (!give(crowd, job))
			admit_nested(crowd, job);
	}
	while (crowd->waiting.first) {
		struct snafu_job *job = snafu_job_queue_pop(&crowd->waiting);

		if (give_behind(crowd, job) || give(crowd, job) || give_ahead(crowd, job) ||
		    (crowd->station->policy->once && start_for(crowd, job)))
			continue;
		snafu_job_queue_prepend(&crowd->waiting, job);
		break;
	}
	if (crowd->waiting.first)
		start_more(crowd, false);
}

void snafu_crowd_admit_back(struct snafu_crowd *crowd, struct snafu_job_queue *queue)
{
	struct snafu_job_queue turned = {0};

	while (queue->first)
		snafu_job_queue_prepend(&turned, snafu_job_queue_pop(queue));
	while (turned.first)
		snafu_crowd_admit_again(crowd, snafu_job_queue_pop(&turned));
	if (!crowd->waiting.first)
		return;
	snafu_crowd_dispatch(crowd);
	if (crowd->waiting.first)
		start_more(crowd, true);
}

static void scale_up(struct snafu_timer *timer)
{
	struct snafu_crowd *crowd =
		(struct snafu_crowd *)((char *)timer - offsetof(struct snafu_crowd, scale));
	struct snafu_station *station = crowd->station;

	snafu_station_enter(station);
	if (crowd->waiting.first && station->policy->once)
		snafu_crowd_dispatch(crowd);
	else if (crowd->waiting.first)
		start_more(crowd, true);
	snafu_station_leave(station);
}

/* ---- slots of the executor -------------------------------------------------------- */

/* Processes that die at once are not started again and again. */
static bool is_resting(struct snafu_crowd *crowd, struct snafu_result *result)
{
	uint64_t now = snafu_now_ms();

	if (crowd->n_live || now >= crowd->not_before)
		return false;
	snafu_result_fail(result, SNAFU_DIED, "ProcessDied",
	                  "%s: its last %u processes died while they were being started; the next one "
	                  "is tried in %.1f s",
	                  crowd->function->id, crowd->failures,
	                  (double)(crowd->not_before - now) / 1000);
	return true;
}

static void admit(struct snafu_crowd *crowd, struct snafu_job *job)
{
	const struct snafu_policy *policy = crowd->station->policy;
	struct snafu_error error = {0};

	crowd->scale.expired = scale_up;
	crowd->last_call = snafu_now_ms();
	if (!snafu_settings_same_process(crowd->settings, job->settings)) {
		crowd->settings = job->settings;
		snafu_crowd_disband(crowd);
		snafu_crowd_replace(crowd);
	} else {
		crowd->settings = job->settings;
	}
	if (is_resting(crowd, &job->result)) {
		snafu_station_end(crowd->station, job);
		return;
	}
	if (policy->stock && snafu_crowd_want_zygote(crowd, &error)) {
		fail(crowd, job, &error);
		return;
	}
	/* Those that wait were here before; they have no claim on who is idle only while this is
	 * being changed. */
	if (!crowd->waiting.first && !crowd->nested.first &&
	    ((!job->context.depth && give_behind(crowd, job)) || give(crowd, job)))
		return;
	if (job->context.depth) {
		admit_nested(crowd, job);
	} else if (crowd->waiting.first ||
	           !(policy->once ? start_for(crowd, job) : give_ahead(crowd, job))) {
		wait(crowd, job);
		start_more(crowd, false);
	}
	if (policy->stock)
		snafu_crowd_refill_later(crowd);
}

void snafu_crowd_begin(void *state, struct snafu_job *job)
{
	struct snafu_station *station = state;
	struct snafu_crowd *crowd;

	snafu_station_enter(station);
	job->place = NULL;
	if (snafu_crowd_of(station, job->service, job->context.tenant, job->settings, &crowd,
	                   &job->result))
		snafu_station_end(station, job);
	else
		admit(crowd, job);
	snafu_station_leave(station);
}

int snafu_crowd_prepare(void *state, struct snafu_service *service, struct snafu_result *result)
{
	struct snafu_station *station = state;
	struct snafu_error error = {0};
	struct snafu_crowd *crowd;

	snafu_station_enter(station);
	int code =
		snafu_crowd_of(station, service, "", atomic_load(&service->settings), &crowd, result);
	if (!code && station->policy->stock)
		code = snafu_crowd_want_zygote(crowd, &error);
	else if (!code && !station->policy->once && !crowd->n_live)
		code = snafu_crowd_start(crowd, NULL, &error);
	if (error.code)
		snafu_result_fail(result, SNAFU_LOAD_FAILED, "ExecutorError", "%s", error.message);
	snafu_station_leave(station);
	return code;
}

/* In the queue of its crowd; or it has just ended. */
static void interrupt_waiting(struct snafu_station *station, struct snafu_job *job)
{
	struct snafu_crowd *crowd = atomic_load(&job->service->slots[station->options->number]);

	while (crowd && !snafu_job_queue_remove(&crowd->waiting, job) &&
	       !snafu_job_queue_remove(&crowd->nested, job))
		crowd = crowd->next_tenant;
	if (!crowd)
		return;
	snafu_result_fail(&job->result, SNAFU_CANCELLED, "Cancelled", "%s was cancelled",
	                  job->function->id);
	snafu_station_end(station, job);
}

void snafu_crowd_interrupt(void *state, struct snafu_job *job)
{
	struct snafu_station *station = state;

	snafu_station_enter(station);
	struct snafu_instance *instance = job->place;
	if (!instance)
		interrupt_waiting(station, job);
	else if (instance->jobs.first == job)
		snafu_instance_interrupt(instance);
	else
		job->unwanted = true;
	snafu_station_leave_for_later(station);
}

void snafu_crowd_close(void *state)
{
	snafu_station_close(state);
}
