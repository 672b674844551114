/* runtime/instances/process.h — one process: its socket, its output, its end. What is said
 * over the socket is the business of whoever owns it: an instance or a zygote.
 *
 * The station's lock is held everywhere (station.h). */
#ifndef SNAFU_RUNTIME_INSTANCES_PROCESS_H
#define SNAFU_RUNTIME_INSTANCES_PROCESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>
#include <sys/types.h>

#include "runtime/instances/wire.h"
#include "runtime/instances/launcher.h"
#include "runtime/instances/station.h"
#include "runtime/reactor.h"

struct snafu_group_limits;
struct snafu_process;

struct snafu_process_owner {
	/* A frame; anything but 0 when it is not one that may come now: the process is killed. */
	int (*frame)(struct snafu_process *process, const struct snafu_frame *frame, char *body);
	/* What it printed: reads process->output till there is nothing. */
	void (*output)(struct snafu_process *process, bool hung_up);
	/* The process has ended, or is beyond reach. Frees what the process is part of,
	 * after snafu_process_done(). */
	void (*gone)(struct snafu_process *process);
};

struct snafu_process {
	struct snafu_station *station;
	const struct snafu_process_owner *owner;
	TAILQ_ENTRY(snafu_process) entry, leaving_entry;
	struct snafu_zygote *parent; /* NULL: executed by the host, or the zygote is gone */
	LIST_ENTRY(snafu_process) sibling; /* of the same zygote */
	uint64_t number; /* START's */
	struct snafu_wire wire;
	struct snafu_watch socket, output, exit;
	bool news; /* nothing of what was read together has been looked at yet */
	bool writing; /* the socket is watched for room as well */
	pid_t pid; /* 0: not known yet */
	int pidfd; /* -1: none */
	bool executed; /* our own child */
	bool foreign; /* a language's own program */
	bool kill_wanted, killed, insisted; /* by us; asked to end, and killed for good */
	bool hung_up; /* its socket is closed */
	bool exited; /* its end was seen */
	bool status_known;
	int status; /* as from waitpid() */
	bool leaving; /* in the station's list */
	bool resigned; /* it will be, as soon as its children have ended */
	uint64_t leave_by; /* ms */
	bool hostile; /* it said what may not be said... */
	bool deaf; /* ...or that too often */
	bool in_control_group;
};

/* Takes the ends (theirs are closed by the caller) and watches. */
int snafu_process_init(struct snafu_process *process, struct snafu_station *station,
                       const struct snafu_process_owner *owner, struct snafu_ends *ends,
                       size_t frame_cap, struct snafu_error *error);
/* Limits for it and all that it starts, where control groups may be made: START says which, in
 * NAMES, which must live as long. */
#define SNAFU_PROCESS_GROUPS_CAP 16384 /* bytes of their names */
void snafu_process_group(struct snafu_process *process, const struct snafu_group_limits *limits,
                         struct snafu_start *start, struct snafu_buffer *names);
/* Executed by the host: now watched for its exit. */
void snafu_process_executed(struct snafu_process *process, bool foreign, pid_t pid, int pidfd);

/* Writes a frame, as snafu_wire_write() does. -EPIPE: the process will be gone soon. */
int snafu_process_write(struct snafu_process *process, const struct snafu_buffer *head,
                        const char *rest, size_t rest_size, struct snafu_job *owner,
                        const int files[2]);

void snafu_process_kill(struct snafu_process *process);
/* One that somebody has stopped goes on. */
void snafu_process_go_on(struct snafu_process *process);
/* It counts no more: it will leave as soon as its children have ended. */
void snafu_process_resign(struct snafu_process *process);
/* Closes its socket, so that it ends by itself; whoever does not in time is killed. */
void snafu_process_retire(struct snafu_process *process, uint64_t patience_ms);
/* Its zygote has told its pid, and its end. PIDFD is taken. */
void snafu_process_started(struct snafu_process *process, pid_t pid, int pidfd);
void snafu_process_exited(struct snafu_process *process, bool status_known, int status);
/* Whoever could have told of its end is gone. */
void snafu_process_orphaned(struct snafu_process *process);
/* Ends it for us, whatever has become of it. */
void snafu_process_forget(struct snafu_process *process);

/* Of one that has ended: whether that was not its own doing, but somebody's SIGKILL (the kernel's,
 * too, when memory is out), or the end of its zygote. */
bool snafu_process_was_lost(const struct snafu_process *process);
/* For the owner's gone(). */
void snafu_process_done(struct snafu_process *process);

/* The station's timer: no lock. */
void snafu_process_undertake(struct snafu_timer *timer);

#endif
