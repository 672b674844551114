/* runtime/instances/crowd_members.c — the processes of a crowd: started, idle, in stock, let
 * go. */
#include <errno.h>

#include "base/clock.h"
#include "base/error.h"
#include "runtime/instances/crowd.h"
#include "runtime/instances/zygote.h"
#include "runtime/settings/settings.h"

#define LEAVE_MS        2000 /* what a process gets to end by itself */
#define STOCK_FIRST     2 /* processes forked ahead... */
#define STOCK_A_CORE    8 /* ...and at most, under load */
#define REFILL_DELAY_MS 1 /* so that answers go out first... */
#define REFILL_LAZY_MS  4 /* ...and those who have asked get a core, while there is no hurry */
#define ZYGOTES_A_START 4 /* that may turn out dead, one after the other: functions may kill them */

static struct snafu_reactor *reactor_of(const struct snafu_crowd *crowd)
{
	return crowd->station->options->reactor;
}

bool snafu_crowd_may_start(const struct snafu_crowd *crowd)
{
	return crowd->n_live < crowd->settings->instances && crowd->service &&
	       !crowd->station->closing && snafu_now_ms() >= crowd->not_before;
}

/* The one that there was has ended, which has not been told yet. */
static int another_zygote(struct snafu_crowd *crowd, struct snafu_error *error)
{
	snafu_crowd_drop_zygote(crowd);
	return crowd->station->policy->stock ? snafu_crowd_want_zygote(crowd, error) : 0;
}

static int no_room(const struct snafu_crowd *crowd, struct snafu_error *error)
{
	return snafu_fail(
		error, -EBUSY,
		"%zu processes of functions are at work already ([limits] all-instances, or a "
		"twentieth of the files that the host may open)",
		snafu_station_used(crowd->station));
}

bool snafu_crowd_is_full(const struct snafu_crowd *crowd)
{
	return crowd->station->policy->stock &&
	       crowd->n_members >= crowd->settings->instances * (1 + SNAFU_CROWD_LEAVING);
}

int snafu_crowd_start(struct snafu_crowd *crowd, struct snafu_job *job, struct snafu_error *error)
{
	struct snafu_instance *instance;
	bool stock = crowd->station->policy->stock;

	if (!snafu_station_make_room(crowd->station, crowd))
		return no_room(crowd, error);
	if (job)
		job->cold = true;
	int code = snafu_instance_start(crowd, stock && !job, job, &instance, error);
	for (int i = 0; code == -EPIPE && i < ZYGOTES_A_START; i++) {
		code = another_zygote(crowd, error);
		if (!code)
			code = snafu_instance_start(crowd, stock && !job, job, &instance, error);
	}
	if (code)
		return code;
	instance->state = SNAFU_INSTANCE_STARTING;
	TAILQ_INSERT_TAIL(&crowd->members, instance, entry);
	crowd->n_members++;
	crowd->n_live++;
	crowd->n_starting++;
	crowd->starts++;
	crowd->last_start = snafu_now_ms();
	if (crowd->executes)
		crowd->station->n_starting++;
	if (stock && !job) {
		/* It can be given a call even before it is there. */
		TAILQ_INSERT_TAIL(&crowd->idle, instance, idle_entry);
		instance->in_stock = true;
		crowd->n_idle++;
	}
	return 0;
}

static void take_out(struct snafu_instance *instance)
{
	struct snafu_crowd *crowd = instance->crowd;

	if (!instance->in_stock)
		return;
	TAILQ_REMOVE(&crowd->idle, instance, idle_entry);
	instance->in_stock = false;
	crowd->n_idle--;
}

struct snafu_instance *snafu_crowd_take_idle(struct snafu_crowd *crowd)
{
	struct snafu_instance *instance;

	while ((instance = TAILQ_FIRST(&crowd->idle))) {
		take_out(instance);
		if (instance->state == SNAFU_INSTANCE_IDLE)
			instance->state = SNAFU_INSTANCE_BUSY;
		if (snafu_settings_same_process(instance->settings, crowd->settings) &&
		    !instance->process.kill_wanted && !instance->process.hung_up)
			return instance;
		snafu_crowd_let_go(instance);
	}
	return NULL;
}

static void leave(struct snafu_instance *instance)
{
	struct snafu_crowd *crowd = instance->crowd;

	take_out(instance);
	if (instance->state == SNAFU_INSTANCE_LEAVING)
		return;
	if (instance->state == SNAFU_INSTANCE_STARTING) {
		crowd->n_starting--;
		if (crowd->executes)
			crowd->station->n_starting--;
	}
	crowd->n_live--;
	instance->state = SNAFU_INSTANCE_LEAVING;
}

void snafu_crowd_let_go(struct snafu_instance *instance)
{
	leave(instance);
	if (!instance->jobs.first && !instance->process.exited) {
		snafu_invoked_drop(&instance->invoked);
		snafu_process_retire(&instance->process, LEAVE_MS);
	}
}

/* ---- idle ones are ended after a while --------------------------------------------- */

static void reap(struct snafu_timer *timer)
{
	struct snafu_crowd *crowd =
		(struct snafu_crowd *)((char *)timer - offsetof(struct snafu_crowd, reap));
	struct snafu_station *station = crowd->station;
	struct snafu_instance *last;

	snafu_station_enter(station);
	uint64_t now = snafu_now_ms(), patience = crowd->settings->instance_idle;
	if (station->policy->stock) {
		if (now >= crowd->last_call + patience) {
			snafu_crowd_disband(crowd);
			crowd->stock = 0;
		} else {
			snafu_reactor_set_timer(reactor_of(crowd), timer, crowd->last_call + patience);
		}
		snafu_station_leave(station);
		return;
	}
	while ((last = TAILQ_LAST(&crowd->idle, snafu_instance_list)) &&
	       last->idle_since + patience <= now)
		snafu_crowd_let_go(last);
	if (last)
		snafu_reactor_set_timer(reactor_of(crowd), timer, last->idle_since + patience);
	snafu_station_leave(station);
}

static void reap_later(struct snafu_crowd *crowd, uint64_t now)
{
	if (snafu_timer_is_set(&crowd->reap))
		return;
	crowd->reap.expired = reap;
	snafu_reactor_set_timer(reactor_of(crowd), &crowd->reap, now + crowd->settings->instance_idle);
}

void snafu_crowd_put_idle(struct snafu_instance *instance)
{
	struct snafu_crowd *crowd = instance->crowd;
	uint64_t now = snafu_now_ms();

	instance->state = SNAFU_INSTANCE_IDLE;
	instance->idle_since = now;
	instance->in_stock = true;
	TAILQ_INSERT_HEAD(&crowd->idle, instance, idle_entry);
	crowd->n_idle++;
	reap_later(crowd, now);
}

/* ---- the stock -------------------------------------------------------------------- */

int snafu_crowd_want_zygote(struct snafu_crowd *crowd, struct snafu_error *error)
{
	struct snafu_zygote *language;

	if (crowd->zygote)
		return 0;
	if (!snafu_station_make_room(crowd->station, crowd))
		return no_room(crowd, error);
	int code = snafu_zygote_for_crowd(crowd, &crowd->zygote, error);
	if (!code)
		code = snafu_zygote_for_language(crowd->station, crowd->function, &language, error);
	if (code)
		return code;
	crowd->zygote_function = (uint32_t)snafu_known_find(&language->known, crowd->function);
	crowd->stock = STOCK_FIRST;
	reap_later(crowd, snafu_now_ms());
	return 0;
}

/* Those whose one call has been answered. */
static void let_spent_go(struct snafu_crowd *crowd)
{
	struct snafu_instance *instance, *next;

	crowd->spent = false;
	for (instance = TAILQ_FIRST(&crowd->members); instance; instance = next) {
		next = TAILQ_NEXT(instance, entry);
		if (instance->state == SNAFU_INSTANCE_LEAVING && !instance->process.hung_up)
			snafu_crowd_let_go(instance);
	}
}

static void refill(struct snafu_timer *timer)
{
	struct snafu_crowd *crowd =
		(struct snafu_crowd *)((char *)timer - offsetof(struct snafu_crowd, refill));
	struct snafu_station *station = crowd->station;

	snafu_station_enter(station);
	if (crowd->spent)
		let_spent_go(crowd);
	while (crowd->zygote && crowd->zygote->ready && crowd->n_idle < crowd->stock &&
	       snafu_station_has_room(station) && snafu_crowd_may_start(crowd) &&
	       !snafu_crowd_is_full(crowd))
		if (snafu_crowd_start(crowd, NULL, NULL))
			break;
	snafu_station_leave(station);
}

void snafu_crowd_refill_later(struct snafu_crowd *crowd)
{
	size_t most = crowd->station->cores * STOCK_A_CORE;

	if (!crowd->n_idle && crowd->zygote && crowd->zygote->ready && crowd->stock < most)
		crowd->stock = crowd->stock * 2 < most ? crowd->stock * 2 : most;
	if ((crowd->n_idle >= crowd->stock || !crowd->zygote) && !crowd->spent)
		return;
	bool hurry = crowd->n_idle + 1 < crowd->stock;
	uint64_t due = snafu_now_ms() + (hurry ? REFILL_DELAY_MS : REFILL_LAZY_MS);
	if (snafu_timer_is_set(&crowd->refill) && crowd->refill.at <= due)
		return;
	crowd->refill.expired = refill;
	snafu_reactor_set_timer(reactor_of(crowd), &crowd->refill, due);
}

void snafu_crowd_spend(struct snafu_instance *instance)
{
	leave(instance);
	instance->crowd->spent = true;
	snafu_crowd_refill_later(instance->crowd);
}

void snafu_crowd_prefer(struct snafu_instance *instance)
{
	struct snafu_crowd *crowd = instance->crowd;

	TAILQ_REMOVE(&crowd->idle, instance, idle_entry);
	TAILQ_INSERT_HEAD(&crowd->idle, instance, idle_entry);
}

void snafu_crowd_drop_zygote(struct snafu_crowd *crowd)
{
	struct snafu_zygote *zygote = crowd->zygote;

	crowd->zygote = NULL;
	if (!zygote)
		return;
	zygote->crowd = NULL;
	zygote->old = true;
	snafu_process_resign(&zygote->process);
	if (LIST_EMPTY(&zygote->children))
		snafu_process_retire(&zygote->process, LEAVE_MS);
}
