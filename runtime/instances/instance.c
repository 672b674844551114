/* runtime/instances/instance.c — see instance.h. */
#include "runtime/instances/instance.h"

#include <errno.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/error.h"
#include "runtime/instances/board.h"
#include "runtime/instances/control_group.h"
#include "runtime/instances/crowd.h"
#include "runtime/instances/output.h"
#include "runtime/instances/tell.h"
#include "runtime/instances/zygote.h"
#include "runtime/settings/settings.h"
#include "scanner/function.h"

#define LOG_CAP (16u << 10) /* bytes kept of what it prints outside of calls */

/* ---- calls ------------------------------------------------------------------------ */

/* JOB is the one that runs now. */
static void begin(struct snafu_instance *instance, struct snafu_job *job)
{
	/* What was loaded for it while it waited was the beginning. */
	job->started = snafu_now_ns() - job->result.init_ns;
	instance->seen = 0;
	snafu_tell_call(instance, job);
	if (job->unwanted)
		snafu_instance_interrupt(instance);
}

/* The first call that is written behind another one comes with a board. */
static int add_board(struct snafu_instance *instance, const struct snafu_job *job,
                     struct snafu_buffer *frame, int *ret_file)
{
	const struct snafu_job *running = instance->jobs.first;

	if (!running || running == job || instance->board)
		return 0;
	int code = snafu_board_make(&instance->board, running->number, ret_file);
	if (!code)
		snafu_frame_end(frame, snafu_frame_begin(frame, SNAFU_FRAME_BOARD, 0), 0);
	return code;
}

static int write_call(struct snafu_instance *instance, struct snafu_job *job)
{
	struct snafu_buffer *frame = snafu_station_frame(instance->process.station);
	int files[2] = {-1, -1};

	int code = add_board(instance, job, frame, &files[0]);
	if (code)
		return code;
	size_t at = snafu_frame_begin(frame, SNAFU_FRAME_CALL, ++instance->sent);

	job->number = instance->sent;
	snafu_pack_call(frame, &job->context, job->payload_size);
	snafu_frame_end(frame, at, job->payload_size);
	code =
		snafu_process_write(&instance->process, frame, job->payload, job->payload_size, job, files);
	if (code)
		snafu_process_kill(&instance->process); /* its socket is closed, or memory is out */
	return code;
}

static void take_job(struct snafu_instance *instance, struct snafu_job *job)
{
	job->place = instance;
	snafu_job_queue_append(&instance->jobs, job);
	if (instance->jobs.first == job)
		begin(instance, job);
}

int snafu_instance_call(struct snafu_instance *instance, struct snafu_job *job)
{
	int code = write_call(instance, job);

	if (!code)
		take_job(instance, job);
	return code;
}

void snafu_instance_take_back(struct snafu_instance *instance, struct snafu_job_queue *ret_back)
{
	struct snafu_job_queue kept = {0};
	uint64_t begun;

	if (!instance->board || !instance->jobs.first ||
	    !snafu_board_take_back(instance->board, instance->jobs.first->number, instance->sent,
	                           &begun))
		return;
	while (instance->jobs.first) {
		struct snafu_job *job = snafu_job_queue_pop(&instance->jobs);

		snafu_job_queue_append(job->number > begun ? ret_back : &kept, job);
	}
	instance->jobs = kept;
}

void snafu_instance_interrupt(struct snafu_instance *instance)
{
	instance->interrupted = true;
	snafu_process_kill(&instance->process);
}

/* ---- what it says ----------------------------------------------------------------- */

static void read_output(struct snafu_process *process, bool hung_up)
{
	struct snafu_instance *instance = (struct snafu_instance *)process;
	/* What comes before it is ready belongs to loading the function, which its zygote has done
	 * for a stock. */
	bool loaded = instance->ready || process->station->policy->stock;
	struct snafu_job *job = loaded ? instance->jobs.first : NULL;

	(void)hung_up;
	if (!job) {
		snafu_output_read(process->output.fd, &instance->log, LOG_CAP);
		return;
	}
	if (snafu_output_capture(process->output.fd, job->result.log.cap ? &job->result : NULL,
	                         &instance->seen))
		instance->crowd->prints = true;
}

static int heard_ready(struct snafu_instance *instance, const struct snafu_frame *frame,
                       const char *body)
{
	struct snafu_result result = {.payload = SNAFU_BUFFER(instance->settings->result_size)};

	if (instance->ready || frame->number != instance->process.number)
		return -EBADMSG;
	int code = snafu_unpack_result(body, frame->size, &result);
	if (!code) {
		read_output(&instance->process, false);
		instance->ready = result.status == SNAFU_OK;
		if (instance->ready) {
			snafu_tell_started(instance);
			if (instance->jobs.first && !instance->sent)
				write_call(instance, instance->jobs.first);
			snafu_crowd_ready(instance);
		} else {
			snafu_crowd_not_ready(instance, &result);
		}
	}
	snafu_result_done(&result);
	return code;
}

/* Believes no figure that cannot be: they are summed up. INIT_NS was measured here, until
 * READY was heard: the call may have begun before. */
static void check_figures(const struct snafu_instance *instance, struct snafu_job *job,
                          uint64_t init_ns)
{
	struct snafu_result *result = &job->result;
	uint64_t took = snafu_now_ns() - job->started, own = result->init_ns;

	result->run_ns = result->run_ns < took ? result->run_ns : took;
	uint64_t most = took - result->run_ns;
	if (init_ns > most)
		init_ns = most;
	result->init_ns = init_ns + (own < most - init_ns ? own : most - init_ns);
	if (result->peak_memory > instance->process.station->memory)
		result->peak_memory = 0;
}

static int heard_result(struct snafu_instance *instance, const struct snafu_frame *frame,
                        const char *body)
{
	struct snafu_job *job = instance->jobs.first;

	if (!job || !instance->ready || frame->number != job->number)
		return -EBADMSG;
	/* Once for all that was read together: calls are only written ahead to who is silent. */
	if (instance->process.output.fd >= 0 && instance->process.news)
		read_output(&instance->process, false);
	instance->process.news = false;
	uint64_t init_ns = job->result.init_ns;
	int code = snafu_unpack_result(body, frame->size, &job->result);
	if (code) {
		snafu_buffer_clear(&job->result.payload);
		return code;
	}
	check_figures(instance, job, init_ns);
	snafu_job_queue_pop(&instance->jobs);
	snafu_station_end(instance->process.station, job);
	if (instance->jobs.first)
		begin(instance, instance->jobs.first);
	snafu_crowd_answered(instance, job);
	return 0;
}

static int hear(struct snafu_process *process, const struct snafu_frame *frame, char *body)
{
	struct snafu_instance *instance = (struct snafu_instance *)process;

	switch (frame->kind) {
	case SNAFU_FRAME_READY: return heard_ready(instance, frame, body);
	case SNAFU_FRAME_RESULT: return heard_result(instance, frame, body);
	case SNAFU_FRAME_INVOKE: return snafu_invoked_take(instance, frame, body);
	default: return -EBADMSG;
	}
}

/* The call that ran has died with it, and is not repeated; those that waited behind it were
 * not begun. */
static void gone(struct snafu_process *process)
{
	struct snafu_instance *instance = (struct snafu_instance *)process;

	snafu_tell_ended(instance);
	snafu_invoked_drop(&instance->invoked);
	snafu_crowd_gone(instance);
	snafu_process_done(process);
	snafu_board_close(instance->board);
	snafu_buffer_done(&instance->log);
	free(instance);
}

static const struct snafu_process_owner owner = {.frame = hear,
                                                 .output = read_output,
                                                 .gone = gone};

/* ---- the start -------------------------------------------------------------------- */

static struct snafu_instance *make(struct snafu_crowd *crowd, struct snafu_ends *ends,
                                   struct snafu_error *error)
{
	struct snafu_instance *instance = calloc(1, sizeof *instance);
	const struct snafu_settings *settings = crowd->settings;
	uint64_t largest = settings->result_size > settings->payload_size ? settings->result_size
	                                                                  : settings->payload_size;

	if (!instance) {
		snafu_fail(error, -ENOMEM, "no memory");
		return NULL;
	}
	instance->crowd = crowd;
	instance->settings = settings;
	instance->begun = snafu_now_ns();
	LIST_INIT(&instance->invoked);
	if (snafu_process_init(&instance->process, crowd->station, &owner, ends,
	                       largest + SNAFU_FRAME_SLACK, error)) {
		free(instance);
		return NULL;
	}
	return instance;
}

/* Executes a program for it: SETUP and START are written at once. Its call follows when it is
 * ready, so that what the call prints can be told from what loading the function prints. */
static int execute(struct snafu_instance *instance, struct snafu_start *start,
                   struct snafu_job *job, struct snafu_ends *ends, struct snafu_error *error)
{
	struct snafu_crowd *crowd = instance->crowd;
	struct snafu_station *station = crowd->station;
	const char *const helper[] = {crowd->argv ? "" : snafu_station_helper(station, error), NULL};
	const char *const *argv = crowd->argv ? (const char *const *)crowd->argv : helper;
	struct snafu_buffer *frame;
	pid_t pid;
	int pidfd;

	if (!argv[0])
		return -ENOENT;
	frame = snafu_station_frame(station);
	long index = snafu_setup_for_function(frame, station, crowd->language, crowd->function);
	if (index < 0)
		return snafu_fail(error, (int)index, "no memory");
	int code = snafu_launch(argv, crowd->argv != NULL, ends, &pid, &pidfd, error);
	if (code)
		return code;
	snafu_process_executed(&instance->process, crowd->argv != NULL, pid, pidfd);
	start->here = 1;
	start->function = (uint32_t)index;
	snafu_start_write(frame, start, instance->process.number);
	/* Should it fail, the process is about to be gone. */
	snafu_process_write(&instance->process, frame, NULL, 0, NULL, NULL);
	if (job)
		take_job(instance, job);
	return 0;
}

static int fork_one(struct snafu_instance *instance, struct snafu_start *start,
                    struct snafu_job *job, struct snafu_ends *ends, struct snafu_error *error)
{
	struct snafu_crowd *crowd = instance->crowd;
	struct snafu_zygote *zygote = crowd->zygote;

	if (!zygote) {
		int code = snafu_zygote_for_language(crowd->station, crowd->function, &zygote, error);

		if (code)
			return code;
		start->function = (uint32_t)snafu_known_find(&zygote->known, crowd->function);
	} else {
		start->function = crowd->zygote_function;
	}
	int code = snafu_zygote_fork(zygote, &instance->process, start, ends);
	if (!code && job)
		code = snafu_instance_call(instance, job);
	return code ? snafu_fail(error, code, "the process that forks others has ended") : 0;
}

int snafu_instance_start(struct snafu_crowd *crowd, bool ahead, struct snafu_job *job,
                         struct snafu_instance **ret_instance, struct snafu_error *error)
{
	struct snafu_start start = snafu_start_from(crowd->settings);
	struct snafu_buffer names = SNAFU_BUFFER(SNAFU_PROCESS_GROUPS_CAP);
	struct snafu_ends ends;

	int code = snafu_ends_open(&ends, error);
	if (code)
		return code;
	struct snafu_instance *instance = make(crowd, &ends, error);
	if (!instance) {
		snafu_ends_close(&ends);
		return -ENOMEM;
	}
	instance->log = SNAFU_BUFFER(LOG_CAP);
	start.role = crowd->station->policy->once ? SNAFU_START_ONCE : SNAFU_START_INSTANCE;
	start.ahead = ahead;
	struct snafu_group_limits limits = {.memory = crowd->settings->memory,
	                                    .processes = crowd->settings->processes};
	if (!crowd->zygote) /* its children are in that one's group */
		snafu_process_group(&instance->process, &limits, &start, &names);
	if (crowd->executes)
		code = execute(instance, &start, job, &ends, error);
	else
		code = fork_one(instance, &start, job, &ends, error);
	snafu_buffer_done(&names);
	snafu_ends_close_theirs(&ends);
	if (code) {
		snafu_process_done(&instance->process);
		free(instance);
		return code;
	}
	*ret_instance = instance;
	return 0;
}
