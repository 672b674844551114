/* runtime/instances/zygote.c — see zygote.h. */
#include "runtime/instances/zygote.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/pack.h"
#include "base/parts.h"
#include "runtime/instances/control_group.h"
#include "runtime/instances/crowd.h"
#include "runtime/instances/output.h"
#include "runtime/service.h"
#include "runtime/settings/settings.h"
#include "scanner/function.h"

#define LOG_CAP   (8u << 10) /* bytes kept of what a zygote prints */
#define FRAME_CAP SNAFU_FRAME_SLACK
#define LEAVE_MS  1000 /* what a zygote gets to end its children */

#define WAKE_MS    250 /* without word of a fork: it may have been stopped */
#define GIVE_UP_MS 20000 /* ...and it is beyond help */

#define OF_PROCESS(POINTER) ((struct snafu_zygote *)(POINTER)) /* it is the first member */

static struct snafu_process *find_child(struct snafu_zygote *zygote, uint64_t number)
{
	struct snafu_process *child;

	LIST_FOREACH(child, &zygote->children, sibling)
	if (child->number == number)
		return child;
	return NULL;
}

/* It has done one of the things that it was asked for. */
static void note_answer(struct snafu_zygote *zygote)
{
	zygote->n_asked -= zygote->n_asked > 0;
	zygote->asked = snafu_now_ms();
}

static int heard_started(struct snafu_zygote *zygote, const struct snafu_frame *frame,
                         const char *body)
{
	int pidfd = snafu_wire_take_file(&zygote->process.wire);
	struct snafu_process *child = find_child(zygote, frame->number);
	struct snafu_unpacker unpacker;

	snafu_unpack_begin(&unpacker, body, frame->size);
	uint32_t pid = snafu_unpack_u32(&unpacker);
	int code = snafu_unpack_end(&unpacker);
	note_answer(zygote);
	if (!code && child && pid > 1 && pid <= INT32_MAX)
		snafu_process_started(child, (pid_t)pid, pidfd);
	else if (pidfd >= 0)
		close(pidfd);
	return code;
}

static void retire_old(struct snafu_zygote *zygote)
{
	if (zygote->old && LIST_EMPTY(&zygote->children))
		snafu_process_retire(&zygote->process, LEAVE_MS);
}

static int heard_exited(struct snafu_zygote *zygote, const struct snafu_frame *frame,
                        const char *body)
{
	struct snafu_process *child = find_child(zygote, frame->number);
	struct snafu_unpacker unpacker;

	snafu_unpack_begin(&unpacker, body, frame->size);
	uint32_t status = snafu_unpack_u32(&unpacker);
	snafu_unpack_u64(&unpacker); /* peak memory: results have told */
	snafu_unpack_u64(&unpacker);
	snafu_unpack_u64(&unpacker);
	int code = snafu_unpack_end(&unpacker);
	if (child && !child->pid) /* it could not be forked */
		note_answer(zygote);
	if (!code && child)
		snafu_process_exited(child, true, (int)status);
	retire_old(zygote);
	return code;
}

/* A function's zygote has loaded it, or could not. */
static int heard_ready(struct snafu_zygote *zygote, const struct snafu_frame *frame,
                       const char *body)
{
	struct snafu_result result = {.payload = SNAFU_BUFFER(SNAFU_FRAME_SLACK)};
	int code = snafu_unpack_result(body, frame->size, &result);

	if (!code && zygote->crowd && !zygote->ready) {
		zygote->ready = result.status == SNAFU_OK;
		zygote->asked = snafu_now_ms();
		snafu_crowd_zygote_ready(zygote->crowd, zygote, &result);
	}
	snafu_result_done(&result);
	return code;
}

static int hear(struct snafu_process *process, const struct snafu_frame *frame, char *body)
{
	struct snafu_zygote *zygote = OF_PROCESS(process);

	switch (frame->kind) {
	case SNAFU_FRAME_STARTED: return heard_started(zygote, frame, body);
	case SNAFU_FRAME_EXITED: return heard_exited(zygote, frame, body);
	case SNAFU_FRAME_READY: return heard_ready(zygote, frame, body);
	default: return -EBADMSG;
	}
}

static void read_output(struct snafu_process *process, bool hung_up)
{
	struct snafu_zygote *zygote = OF_PROCESS(process);

	(void)hung_up;
	snafu_output_read(process->output.fd, &zygote->log, LOG_CAP);
}

static void leave_table(struct snafu_zygote *zygote)
{
	struct snafu_zygote **zygotes = zygote->process.station->zygotes;

	for (size_t i = 0; i < SNAFU_LANGUAGES_CAP; i++)
		if (zygotes[i] == zygote) {
			memmove(&zygotes[i], &zygotes[i + 1], (SNAFU_LANGUAGES_CAP - i - 1) * sizeof *zygotes);
			zygotes[SNAFU_LANGUAGES_CAP - 1] = NULL;
			return;
		}
}

static bool was_killed(const struct snafu_process *process)
{
	return process->status_known && WIFSIGNALED(process->status) &&
	       WTERMSIG(process->status) == SIGKILL;
}

static void gone(struct snafu_process *process)
{
	struct snafu_zygote *zygote = OF_PROCESS(process);
	struct snafu_station *station = process->station;
	struct snafu_process *child, *next;

	leave_table(zygote);
	if (zygote->language && !zygote->old && !station->closing && !process->kill_wanted)
		snafu_station_warn(station, "the process that starts %s functions has ended%s%.200s",
		                   zygote->language, zygote->log.size ? ": " : "; another one takes over",
		                   zygote->log.size ? zygote->log.data : "");
	if (zygote->crowd)
		snafu_crowd_zygote_gone(zygote->crowd, zygote);
	for (child = LIST_FIRST(&zygote->children); child; child = next) {
		next = LIST_NEXT(child, sibling);
		if (!zygote->language && (!child->pid ? !zygote->ready : was_killed(process))) {
			/* As this, so that one; the kernel may have taken this for that one's memory. */
			child->status_known = process->status_known;
			child->status = process->status;
			child->hostile |= process->hostile;
		}
		snafu_process_orphaned(child);
	}
	snafu_process_done(process);
	snafu_known_done(&zygote->known);
	snafu_buffer_done(&zygote->log);
	free(zygote->language);
	free(zygote);
}

static const struct snafu_process_owner owner = {.frame = hear,
                                                 .output = read_output,
                                                 .gone = gone};

/* ---- the beginning ---------------------------------------------------------------- */

const char *snafu_station_helper(struct snafu_station *station, struct snafu_error *error)
{
	if (!station->helper && snafu_part_find(SNAFU_HELPER, &station->helper, error))
		return NULL;
	return station->helper;
}

static int make(struct snafu_station *station, struct snafu_ends *ends,
                struct snafu_zygote **ret_zygote, struct snafu_error *error)
{
	struct snafu_zygote *zygote = calloc(1, sizeof *zygote);
	int code = zygote ? 0 : snafu_fail(error, -ENOMEM, "no memory");

	if (!code)
		code = snafu_process_init(&zygote->process, station, &owner, ends, FRAME_CAP, error);
	if (code) {
		free(zygote);
		return code;
	}
	zygote->process.wire.takes_files = true;
	zygote->log = SNAFU_BUFFER(LOG_CAP);
	zygote->begun = snafu_now_ns();
	LIST_INIT(&zygote->children);
	*ret_zygote = zygote;
	return 0;
}

/* Not a callback: nothing has been heard of it yet. */
static void unmake(struct snafu_zygote *zygote)
{
	snafu_process_done(&zygote->process);
	snafu_known_done(&zygote->known);
	free(zygote->language);
	free(zygote);
}

static int execute(struct snafu_zygote *zygote, const struct snafu_function *function,
                   const struct snafu_ends *ends, struct snafu_error *error)
{
	struct snafu_station *station = zygote->process.station;
	const char *helper = snafu_station_helper(station, error);
	const char *const argv[] = {helper, NULL};
	pid_t pid;
	int pidfd;

	if (!helper)
		return -ENOENT;
	zygote->language = strdup(function->language);
	struct snafu_buffer *frame = snafu_station_frame(station);
	if (!zygote->language || snafu_setup_for_language(frame, station, function, &zygote->known))
		return snafu_fail(error, -ENOMEM, "no memory");
	int code = snafu_launch(argv, false, ends, &pid, &pidfd, error);
	if (code)
		return code;
	snafu_process_executed(&zygote->process, false, pid, pidfd);
	snafu_process_write(&zygote->process, frame, NULL, 0, NULL, NULL);
	return 0;
}

int snafu_zygote_for_language(struct snafu_station *station, const struct snafu_function *function,
                              struct snafu_zygote **ret_zygote, struct snafu_error *error)
{
	struct snafu_ends ends;
	struct snafu_zygote *zygote;
	size_t place = 0;

	for (; place < SNAFU_LANGUAGES_CAP && station->zygotes[place]; place++) {
		zygote = station->zygotes[place];
		if (strcmp(zygote->language, function->language) != 0 || zygote->old ||
		    zygote->process.hung_up || zygote->process.kill_wanted)
			continue;
		if (snafu_known_find(&zygote->known, function) < 0) {
			zygote->old = true; /* the function is newer than it; it stays for its children */
			retire_old(zygote);
			continue;
		}
		*ret_zygote = zygote;
		return 0;
	}
	if (place == SNAFU_LANGUAGES_CAP)
		return snafu_fail(error, -EBUSY, "too many languages have processes");
	int code = snafu_ends_open(&ends, error);
	if (code)
		return code;
	code = make(station, &ends, &zygote, error);
	if (code) {
		snafu_ends_close(&ends);
		return code;
	}
	code = execute(zygote, function, &ends, error);
	snafu_ends_close_theirs(&ends);
	if (code) {
		unmake(zygote);
		return code;
	}
	station->zygotes[place] = zygote;
	*ret_zygote = zygote;
	return 0;
}

/* One group for all that it forks: to make one for each call would take longer than most
 * calls. Not even all together may use up the machine. */
static struct snafu_group_limits group_limits(const struct snafu_station *station,
                                              const struct snafu_settings *settings)
{
	uint64_t most = station->memory / 4 * 3, all = settings->memory * settings->instances;

	return (struct snafu_group_limits){
		.memory = settings->memory && all < most ? all : most,
		.processes = settings->processes + settings->instances * (1 + SNAFU_CROWD_LEAVING),
		.several = true,
	};
}

int snafu_zygote_for_crowd(struct snafu_crowd *crowd, struct snafu_zygote **ret_zygote,
                           struct snafu_error *error)
{
	struct snafu_station *station = crowd->station;
	struct snafu_start start = snafu_start_from(crowd->settings);
	struct snafu_buffer names = SNAFU_BUFFER(SNAFU_PROCESS_GROUPS_CAP);
	struct snafu_zygote *language, *zygote;
	struct snafu_ends ends;

	int code = snafu_zygote_for_language(station, crowd->function, &language, error);
	if (!code)
		code = snafu_ends_open(&ends, error);
	if (code)
		return code;
	code = make(station, &ends, &zygote, error);
	if (code) {
		snafu_ends_close(&ends);
		return code;
	}
	zygote->crowd = crowd;
	start.role = SNAFU_START_ZYGOTE;
	start.function = (uint32_t)snafu_known_find(&language->known, crowd->function);
	struct snafu_group_limits limits = group_limits(station, crowd->settings);
	snafu_process_group(&zygote->process, &limits, &start, &names);
	snafu_zygote_fork(language, &zygote->process, &start, &ends);
	snafu_buffer_done(&names);
	*ret_zygote = zygote;
	return 0;
}

int snafu_zygote_fork(struct snafu_zygote *zygote, struct snafu_process *child,
                      const struct snafu_start *start, struct snafu_ends *ends)
{
	struct snafu_buffer *frame = snafu_station_frame(child->station);
	const int files[2] = {ends->theirs[0], ends->theirs[1]};

	ends->theirs[0] = ends->theirs[1] = -1;
	child->parent = zygote;
	LIST_INSERT_HEAD(&zygote->children, child, sibling);
	snafu_start_write(frame, start, child->number);
	if (!zygote->n_asked++)
		zygote->asked = snafu_now_ms();
	if (!snafu_timer_is_set(&child->station->waker))
		snafu_reactor_set_timer(child->station->options->reactor, &child->station->waker,
		                        snafu_now_ms() + WAKE_MS);
	int code = snafu_process_write(&zygote->process, frame, NULL, 0, NULL, files);
	if (code) /* it is about to be gone, and its children with it: nobody asks it again */
		snafu_process_kill(&zygote->process);
	return code;
}

/* One that is loading its function takes its time. */
static bool is_late(const struct snafu_zygote *zygote, uint64_t patience_ms)
{
	return zygote->n_asked && (zygote->language || zygote->ready) &&
	       snafu_now_ms() >= zygote->asked + patience_ms;
}

/* A function can stop (SIGSTOP) the process that it was forked by. */
static void wake(struct snafu_zygote *zygote)
{
	if (is_late(zygote, GIVE_UP_MS))
		snafu_process_kill(&zygote->process);
	else if (is_late(zygote, WAKE_MS))
		snafu_process_go_on(&zygote->process);
}

void snafu_zygotes_wake(struct snafu_timer *timer)
{
	struct snafu_station *station =
		(struct snafu_station *)((char *)timer - offsetof(struct snafu_station, waker));
	const struct snafu_crowd *crowd;
	bool any = false;

	snafu_station_enter(station);
	for (size_t i = 0; i < SNAFU_LANGUAGES_CAP && station->zygotes[i]; i++) {
		wake(station->zygotes[i]);
		any |= station->zygotes[i]->n_asked > 0;
	}
	TAILQ_FOREACH(crowd, &station->crowds, entry)
	{
		if (!crowd->zygote)
			continue;
		wake(crowd->zygote);
		any |= crowd->zygote->n_asked > 0;
	}
	if (any)
		snafu_reactor_set_timer(station->options->reactor, timer, snafu_now_ms() + WAKE_MS);
	snafu_station_leave(station);
}

void snafu_zygotes_forget(struct snafu_station *station, const struct snafu_function *function)
{
	for (size_t i = 0; i < SNAFU_LANGUAGES_CAP && station->zygotes[i]; i++) {
		const struct snafu_known *known = &station->zygotes[i]->known;
		long at = snafu_known_find(known, function);

		if (at >= 0)
			known->functions[at].id = NULL;
	}
}

void snafu_zygotes_close(struct snafu_station *station)
{
	for (size_t i = 0; i < SNAFU_LANGUAGES_CAP && station->zygotes[i]; i++)
		snafu_process_retire(&station->zygotes[i]->process, LEAVE_MS);
}
