/* runtime/instances/process.c — see process.h. */
#include "runtime/instances/process.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/error.h"
#include "runtime/instances/control_group.h"
#include "runtime/instances/zygote.h"

#define EXIT_MS   2000 /* between killing a process and word of its end */
#define HANGUP_MS 500 /* between the end of a process's socket and its own: then it is killed */
#define INCOMING  (EPOLLIN | EPOLLRDHUP)
#define HANGUP    (EPOLLRDHUP | EPOLLHUP | EPOLLERR)

#define OF(POINTER, MEMBER) \
	((struct snafu_process *)((char *)(POINTER)-offsetof(struct snafu_process, MEMBER)))

static struct snafu_reactor *reactor_of(const struct snafu_process *process)
{
	return process->station->options->reactor;
}

/* ---- the end ---------------------------------------------------------------------- */

static void close_socket(struct snafu_process *process)
{
	if (process->wire.fd < 0)
		return;
	snafu_reactor_unwatch(reactor_of(process), &process->socket);
	snafu_wire_close(&process->wire);
}

static void close_output(struct snafu_process *process)
{
	if (process->output.fd < 0)
		return;
	snafu_reactor_unwatch(reactor_of(process), &process->output);
	close(process->output.fd);
	process->output.fd = -1;
}

static void close_exit(struct snafu_process *process)
{
	if (process->executed && process->exit.fd >= 0)
		snafu_reactor_unwatch(reactor_of(process), &process->exit);
	process->exit.fd = -1;
	if (process->pidfd >= 0)
		close(process->pidfd);
	process->pidfd = -1;
}

void snafu_process_done(struct snafu_process *process)
{
	struct snafu_station *station = process->station;

	close_socket(process);
	close_output(process);
	close_exit(process);
	snafu_wire_done(&process->wire);
	if (process->parent)
		LIST_REMOVE(process, sibling);
	process->parent = NULL;
	if (process->leaving)
		TAILQ_REMOVE(&station->leaving, process, leaving_entry);
	station->n_leaving -= process->leaving || process->resigned;
	TAILQ_REMOVE(&station->processes, process, entry);
	station->n_processes--;
	if (process->in_control_group)
		snafu_control_group_remove(station->control_groups, process->number);
}

static int pass_frame(void *state, const struct snafu_frame *frame, char *body)
{
	struct snafu_process *process = state;
	int code = process->owner->frame(process, frame, body);

	if (code)
		process->hostile = true;
	process->deaf = code == -EOVERFLOW;
	return code;
}

/* Reads what it has said; true: it has hung up, or ought not to go on. */
static bool hear(struct snafu_process *process, bool until_end)
{
	int code;

	struct snafu_station *station = process->station;
	if (process->wire.fd < 0)
		return false;
	/* What a zygote says may be the end of another process, which is heard then. */
	char *scratch = station->n_hearing ? malloc(SNAFU_WIRE_SCRATCH + 1) : station->scratch;
	if (!scratch)
		return true;
	station->n_hearing++;
	process->news = true;
	do
		code = snafu_wire_read(&process->wire, scratch, until_end, pass_frame, process);
	while (code == 1 && until_end);
	station->n_hearing--;
	if (scratch != station->scratch)
		free(scratch);
	if (process->wire.fd < 0)
		return false;
	if (code == 1) /* more to come: says so again, also to who waits for the edge */
		snafu_reactor_change(reactor_of(process), &process->socket,
		                     INCOMING | (process->writing ? EPOLLOUT : 0));
	if (code == -EMSGSIZE)
		process->hostile = true;
	if (code < 0 && code != -EPIPE && code != -ECONNRESET)
		snafu_process_kill(process);
	return code < 0;
}

/* The last words, and the end. */
static void finish(struct snafu_process *process)
{
	hear(process, true);
	if (process->output.fd >= 0)
		process->owner->output(process, true);
	process->hung_up = process->exited = true;
	process->owner->gone(process);
}

static void leave_by(struct snafu_process *process, uint64_t at)
{
	struct snafu_station *station = process->station;
	struct snafu_process *before;

	if (process->leaving)
		TAILQ_REMOVE(&station->leaving, process, leaving_entry);
	station->n_leaving += !process->leaving && !process->resigned;
	process->leaving = true;
	process->leave_by = at;
	TAILQ_FOREACH_REVERSE(before, &station->leaving, snafu_process_list, leaving_entry)
	if (before->leave_by <= at)
		break;
	if (before)
		TAILQ_INSERT_AFTER(&station->leaving, before, process, leaving_entry);
	else
		TAILQ_INSERT_HEAD(&station->leaving, process, leaving_entry);
	if (TAILQ_FIRST(&station->leaving) == process || !snafu_timer_is_set(&station->undertaker))
		snafu_reactor_set_timer(station->options->reactor, &station->undertaker,
		                        TAILQ_FIRST(&station->leaving)->leave_by);
}

/* As long as nobody has waited for our own child, its pid, and its session's, are its own. */
static void send_signal(struct snafu_process *process, int number)
{
	if (process->executed)
		kill(process->foreign ? -process->pid : process->pid, number);
	else if (process->pidfd >= 0)
		syscall(SYS_pidfd_send_signal, process->pidfd, number, NULL, 0);
}

static void insist(struct snafu_process *process)
{
	process->insisted = true;
	send_signal(process, SIGKILL);
}

void snafu_process_undertake(struct snafu_timer *timer)
{
	struct snafu_station *station =
		(struct snafu_station *)((char *)timer - offsetof(struct snafu_station, undertaker));
	struct snafu_process *process;
	uint64_t now = snafu_now_ms();

	snafu_station_enter(station);
	while ((process = TAILQ_FIRST(&station->leaving)) && process->leave_by <= now) {
		if (process->insisted || !process->pid) {
			finish(process); /* nobody tells of its end */
			continue;
		}
		if (process->killed)
			insist(process);
		else
			snafu_process_kill(process);
		leave_by(process, now + EXIT_MS);
	}
	process = TAILQ_FIRST(&station->leaving);
	if (process)
		snafu_reactor_set_timer(station->options->reactor, timer, process->leave_by);
	snafu_station_leave(station);
}

/* A guardian (frame.h) kills what is below it when it is asked to end. */
void snafu_process_kill(struct snafu_process *process)
{
	process->kill_wanted = true;
	if (process->killed || process->exited || !process->pid)
		return; /* as soon as we know whom */
	send_signal(process, process->executed && !process->foreign ? SIGTERM : SIGKILL);
	if (process->executed)
		send_signal(process, SIGCONT); /* its function may have stopped it */
	process->killed = true;
	if (!process->leaving)
		leave_by(process, snafu_now_ms() + EXIT_MS);
}

void snafu_process_go_on(struct snafu_process *process)
{
	if (!process->exited && process->pid)
		send_signal(process, SIGCONT);
}

void snafu_process_resign(struct snafu_process *process)
{
	process->station->n_leaving += !process->leaving && !process->resigned;
	process->resigned = true;
}

void snafu_process_retire(struct snafu_process *process, uint64_t patience_ms)
{
	close_socket(process);
	close_output(process);
	process->hung_up = true;
	if (!process->leaving)
		leave_by(process, snafu_now_ms() + patience_ms);
}

void snafu_process_started(struct snafu_process *process, pid_t pid, int pidfd)
{
	process->pid = pid;
	if (process->pidfd >= 0)
		close(process->pidfd);
	process->pidfd = pidfd;
	if (process->kill_wanted)
		snafu_process_kill(process);
}

void snafu_process_exited(struct snafu_process *process, bool status_known, int status)
{
	process->exited = true;
	process->status_known = status_known;
	process->status = status;
	finish(process);
}

bool snafu_process_was_lost(const struct snafu_process *process)
{
	if (process->kill_wanted || process->hostile)
		return false;
	return !process->status_known ||
	       (WIFSIGNALED(process->status) && WTERMSIG(process->status) == SIGKILL);
}

void snafu_process_orphaned(struct snafu_process *process)
{
	LIST_REMOVE(process, sibling);
	process->parent = NULL;
	if (!process->pid || process->hung_up)
		finish(process);
}

void snafu_process_forget(struct snafu_process *process)
{
	snafu_process_kill(process);
	finish(process);
}

/* ---- what happens: the reactor's thread ------------------------------------------- */

static void socket_ready(struct snafu_watch *watch, uint32_t events)
{
	struct snafu_process *process = OF(watch, socket);
	struct snafu_station *station = process->station;
	bool over = false;

	snafu_station_enter(station);
	if (process->wire.fd < 0) { /* closed while we waited for the lock */
		snafu_station_leave(station);
		return;
	}
	if (events & EPOLLOUT && snafu_wire_flush(&process->wire) <= 0 && process->writing) {
		process->writing = false;
		snafu_reactor_change(reactor_of(process), &process->socket, INCOMING);
	}
	if (events & (INCOMING | HANGUP))
		over = hear(process, (events & HANGUP) != 0);
	if (over) {
		process->hung_up = true;
		close_socket(process);
		/* Without its socket it is of no use. Mostly it is about to end, and how it does
		 * tells why. */
		if (process->hostile)
			snafu_process_kill(process);
		if (!process->parent && !process->executed) {
			send_signal(process, SIGKILL);
			finish(process); /* nobody tells of its end */
		} else if (!process->killed) {
			leave_by(process, snafu_now_ms() + HANGUP_MS);
		}
	}
	snafu_station_leave(station);
}

static void output_ready(struct snafu_watch *watch, uint32_t events)
{
	struct snafu_process *process = OF(watch, output);
	struct snafu_station *station = process->station;

	snafu_station_enter(station);
	if (process->output.fd >= 0) {
		bool over = (events & (EPOLLHUP | EPOLLERR)) != 0;

		process->owner->output(process, over);
		if (over)
			close_output(process);
	}
	snafu_station_leave(station);
}

static void exit_ready(struct snafu_watch *watch, uint32_t events)
{
	struct snafu_process *process = OF(watch, exit);
	struct snafu_station *station = process->station;
	int status = 0;

	(void)events;
	snafu_station_enter(station);
	pid_t got = waitpid(process->pid, &status, WNOHANG);
	/* Somebody else in this process may have waited for it. */
	if (got != 0)
		snafu_process_exited(process, got == process->pid, status);
	snafu_station_leave(station);
}

/* ---- the beginning ---------------------------------------------------------------- */

int snafu_process_init(struct snafu_process *process, struct snafu_station *station,
                       const struct snafu_process_owner *owner, struct snafu_ends *ends,
                       size_t frame_cap, struct snafu_error *error)
{
	struct snafu_reactor *reactor = station->options->reactor;

	process->station = station;
	process->owner = owner;
	process->number = ++station->last_number;
	process->pidfd = -1;
	process->wire.fd = process->socket.fd = ends->socket;
	process->wire.cap = frame_cap;
	process->output.fd = ends->output;
	process->exit.fd = -1;
	process->socket.ready = socket_ready;
	process->output.ready = output_ready;
	process->exit.ready = exit_ready;
	int code = snafu_reactor_watch(reactor, &process->socket, INCOMING);
	if (!code) {
		code = snafu_reactor_watch(reactor, &process->output, EPOLLIN);
		if (code)
			snafu_reactor_unwatch(reactor, &process->socket);
	}
	if (code)
		return snafu_fail_errno(error, code, "cannot wait for a process of a function");
	ends->socket = ends->output = -1;
	TAILQ_INSERT_TAIL(&station->processes, process, entry);
	station->n_processes++;
	return 0;
}

void snafu_process_group(struct snafu_process *process, const struct snafu_group_limits *limits,
                         struct snafu_start *start, struct snafu_buffer *names)
{
	process->in_control_group =
		snafu_control_group_make(process->station->control_groups, process->number, limits, names);
	if (names->size && !snafu_buffer_failed(names))
		start->control_groups = names->data;
}

void snafu_process_executed(struct snafu_process *process, bool foreign, pid_t pid, int pidfd)
{
	process->executed = true;
	process->foreign = foreign;
	process->pid = pid;
	process->pidfd = process->exit.fd = pidfd;
	if (pidfd >= 0 && snafu_reactor_watch(reactor_of(process), &process->exit, EPOLLIN))
		process->exit.fd = -1;
}

int snafu_process_write(struct snafu_process *process, const struct snafu_buffer *head,
                        const char *rest, size_t rest_size, struct snafu_job *owner,
                        const int files[2])
{
	int code = snafu_wire_write(&process->wire, head, rest, rest_size, owner, files);

	if (code == 1 && !process->writing) {
		process->writing = true;
		code = snafu_reactor_change(reactor_of(process), &process->socket, INCOMING | EPOLLOUT);
	}
	return code < 0 ? code : 0;
}
