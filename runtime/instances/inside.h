/* runtime/instances/inside.h — the process side of the isolation ladder: what the helper
 * program snafu-instance does with the frames of frame.h. Private to inside*.c.
 *
 * A process that executes functions has one above it that looks after it: the zygote that
 * forked it, or, when the helper was executed for one function (START here), a guardian
 * that the helper leaves behind when it forks itself. Whoever is above is the subreaper,
 * so that whatever the function started comes to it when the function's process ends, and
 * it kills that (below.h). It sees when the host hangs up, too, while the function's
 * process may be stuck in the function. So a function's process needs no thread of its own.
 *
 * Zygotes and guardians have one thread. In an instance the function may start others. */
#ifndef SNAFU_RUNTIME_INSTANCES_INSIDE_H
#define SNAFU_RUNTIME_INSTANCES_INSIDE_H

#include <sys/types.h>

#include "base/error.h"
#include "langs/language.h"
#include "runtime/instances/below.h"
#include "runtime/instances/board.h"
#include "runtime/instances/channel.h"
#include "runtime/instances/invoked.h"
#include "scanner/function.h"

#define SNAFU_INSIDE_BODY_CAP (64u << 20) /* bytes of a body without payload that we write */
/* Frames that may wait for their reader: answers to all that threads of a function may have
 * asked, and calls that were written ahead. */
#define SNAFU_INSIDE_AHEAD (SNAFU_INVOKED_CAP + 32)

struct snafu_inside {
	struct snafu_channel channel;
	struct snafu_below below; /* of a zygote */

	/* What SETUP said. */
	struct snafu_setup setup;
	struct snafu_functions functions;
	struct snafu_language_options options;
	struct snafu_languages *languages;
	const struct snafu_language *language; /* NULL: not yet opened */
	void *language_state;
	bool opened; /* it was tried */
	struct snafu_error language_error;

	/* What START said. */
	struct snafu_incoming *start_frame; /* holds the texts */
	struct snafu_start start;
	uint64_t start_number;
	const struct snafu_function *function; /* that was loaded, or NULL */
	struct snafu_bound *bound;

	/* An instance's calls (inside_wait.c). */
	pid_t pid;
	pthread_mutex_t lock; /* guards what follows */
	pthread_cond_t arrived;
	bool reading; /* a thread is at it */
	struct snafu_incoming *ahead; /* came, and wait for their reader; oldest first */
	unsigned n_ahead;
	struct snafu_board *board; /* NULL: no call is ever taken back */
	int gone; /* why no frame will come any more; 0: they may */
	uint64_t last_invocation;
	unsigned n_invoking; /* threads that wait for an answer */
};

/* (inside_setup.c) Reads the first frame. 0 or a negative errno: no way to go on. */
int snafu_inside_set_up(struct snafu_inside *inside);
/* Opens the language unless that was tried before; whether it is open. */
bool snafu_inside_open(struct snafu_inside *inside);
/* Takes a START frame, which becomes INSIDE's. -EBADMSG. */
int snafu_inside_take_start(struct snafu_inside *inside, struct snafu_incoming *incoming);

/* (inside_begin.c) Gets this process ready as START says, loads the function, and tells
 * the host. False: it failed, the host was told, and the process is to end. */
bool snafu_inside_begin(struct snafu_inside *inside);
/* Tells the host on CHANNEL that START's function is loaded, or not. */
int snafu_inside_ready(struct snafu_channel *channel, uint64_t number,
                       const struct snafu_result *result);

/* (inside_limits.c) Control groups, limits, environment and directory. BEFORE: the function is not
 * yet loaded; what only helps later is left to the second time. -errno with ERROR filled. */
int snafu_inside_limit(struct snafu_inside *inside, bool before, struct snafu_error *error);

/* (inside_serve.c) Serves calls until the host hangs up or wants no more. */
void snafu_inside_serve(struct snafu_inside *inside);
/* Ends the process: what functions left for its end is run. */
void snafu_inside_finish(struct snafu_inside *inside, int status) __attribute__((noreturn));

/* (inside_wait.c) The next frame of that kind (ANSWER: with that number); it is the
 * caller's, free(). Any thread of an instance. -EPIPE, -EBADMSG. */
int snafu_inside_wait(struct snafu_inside *inside, enum snafu_frame_kind kind, uint64_t number,
                      struct snafu_incoming **ret);
/* struct snafu_language_options' invoke(). */
void snafu_inside_invoke(void *state, const struct snafu_context *caller,
                         const struct snafu_invocation *invocation, struct snafu_result *result);

/* (inside_zygote.c) Forks as the host asks. Returns only in a process that it has forked,
 * which has START to do; the zygote itself ends in here. FIRST: a START is there. */
void snafu_inside_zygote(struct snafu_inside *inside, bool first);
/* Forks, and returns in the child; the parent looks after it and ends as it does. */
void snafu_inside_guard(struct snafu_inside *inside);
#endif
