/* runtime/instances/station.c — see station.h. */
#include "runtime/instances/station.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "runtime/instances/wire.h"
#include "runtime/instances/control_group.h"
#include "runtime/instances/crowd.h"
#include "runtime/instances/invoked.h"
#include "runtime/instances/process.h"
#include "runtime/instances/zygote.h"

#define FRAME_CAP      (512u << 20) /* bytes that the host packs at once: the biggest setup */
#define FRAME_KEEP     (256u << 10) /* a larger buffer is not kept */
#define WARNING_CAP    1200
#define CLOSE_MS       1500 /* what processes get to end by themselves when the host does */
#define CLOSE_MORE_MS  3000 /* ...and then to be killed */
#define CLOSE_PULSE_MS 20

#define OF_LATER(POINTER) \
	((struct snafu_station *)((char *)(POINTER)-offsetof(struct snafu_station, later)))

static void do_later(struct snafu_timer *timer)
{
	struct snafu_station *station = OF_LATER(timer);

	snafu_station_enter(station);
	snafu_crowds_sweep(station);
	snafu_station_leave(station);
}

/* Each process takes three descriptors of the host. */
static void allow_descriptors(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur >= limit.rlim_max)
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

int snafu_station_open(const struct snafu_executor_options *options,
                       const struct snafu_policy *policy, const char *name,
                       struct snafu_station **ret_station, struct snafu_error *error)
{
	struct snafu_station *station = calloc(1, sizeof *station);
	long cores = sysconf(_SC_NPROCESSORS_ONLN);

	if (station)
		station->scratch = malloc(SNAFU_WIRE_SCRATCH + 1);
	if (!station || !station->scratch) {
		free(station);
		return snafu_fail(error, -ENOMEM, "no memory");
	}
	station->options = options;
	station->policy = policy;
	station->name = name;
	station->cores = cores > 0 ? (size_t)cores : 1;
	station->memory = (uint64_t)sysconf(_SC_PHYS_PAGES) * (uint64_t)sysconf(_SC_PAGESIZE);
	station->frame = SNAFU_BUFFER(FRAME_CAP);
	station->later.expired = do_later;
	station->waker.expired = snafu_zygotes_wake;
	station->undertaker.expired = snafu_process_undertake;
	TAILQ_INIT(&station->processes);
	TAILQ_INIT(&station->leaving);
	TAILQ_INIT(&station->crowds);
	pthread_mutex_init(&station->lock, NULL);
	snafu_control_groups_open(name, &station->control_groups);
	allow_descriptors();
	snafu_station_limit(station);
	*ret_station = station;
	return 0;
}

/* Runs the reactor, as nobody else does any more, until all processes are gone. */
static void await_processes(struct snafu_station *station, uint64_t until)
{
	struct snafu_reactor *reactor = station->options->reactor;

	while (!TAILQ_EMPTY(&station->processes) && snafu_now_ms() < until) {
		struct pollfd due = {.fd = snafu_reactor_fd(reactor), .events = POLLIN};

		poll(&due, 1, snafu_reactor_timeout(reactor, CLOSE_PULSE_MS));
		snafu_reactor_run(reactor);
	}
}

void snafu_station_close(struct snafu_station *station)
{
	struct snafu_process *process, *next;

	snafu_station_enter(station);
	station->closing = true;
	snafu_crowds_close(station);
	snafu_zygotes_close(station);
	snafu_station_leave(station);
	await_processes(station, snafu_now_ms() + CLOSE_MS);
	snafu_station_enter(station);
	TAILQ_FOREACH(process, &station->processes, entry)
	snafu_process_kill(process);
	snafu_station_leave(station);
	await_processes(station, snafu_now_ms() + CLOSE_MORE_MS);
	snafu_station_enter(station);
	for (process = TAILQ_FIRST(&station->processes); process; process = next) {
		next = TAILQ_NEXT(process, entry);
		snafu_process_forget(process);
	}
	snafu_crowds_sweep(station);
	snafu_station_leave(station);
	snafu_reactor_clear_timer(station->options->reactor, &station->later);
	snafu_reactor_clear_timer(station->options->reactor, &station->waker);
	snafu_reactor_clear_timer(station->options->reactor, &station->undertaker);
	snafu_control_groups_close(station->control_groups);
	pthread_mutex_destroy(&station->lock);
	snafu_buffer_done(&station->frame);
	free(station->helper);
	free(station->scratch);
	free(station);
}

void snafu_station_enter(struct snafu_station *station)
{
	pthread_mutex_lock(&station->lock);
}

void snafu_station_leave(struct snafu_station *station)
{
	struct snafu_job_queue ended = station->ended;
	struct snafu_invoked *invoked = station->invoked;

	station->ended = (struct snafu_job_queue){0};
	station->invoked = NULL;
	pthread_mutex_unlock(&station->lock);
	while (ended.first)
		snafu_job_ended(snafu_job_queue_pop(&ended));
	snafu_invoked_begin(invoked);
}

void snafu_station_leave_for_later(struct snafu_station *station)
{
	snafu_reactor_set_timer(station->options->reactor, &station->later, snafu_now_ms());
	pthread_mutex_unlock(&station->lock);
}

void snafu_station_end(struct snafu_station *station, struct snafu_job *job)
{
	job->place = NULL;
	snafu_job_queue_append(&station->ended, job);
}

struct snafu_buffer *snafu_station_frame(struct snafu_station *station)
{
	if (station->frame.capacity > FRAME_KEEP)
		snafu_buffer_done(&station->frame);
	station->frame.cap = FRAME_CAP;
	snafu_buffer_clear(&station->frame);
	return &station->frame;
}

void snafu_station_warn(const struct snafu_station *station, const char *format, ...)
{
	char line[WARNING_CAP];
	va_list arguments;

	if (!station->options->warn)
		return;
	va_start(arguments, format);
	vsnprintf(line, sizeof line, format, arguments);
	va_end(arguments);
	station->options->warn(station->options->warn_state, line);
}
