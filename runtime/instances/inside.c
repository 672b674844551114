/* runtime/instances/inside.c — the life of a process that executes functions: set up,
 * then one START after the other, as it forks. See inside.h. */
#include "runtime/instances/inside.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "runtime/instances/instances.h"

/* What the host has set for itself is not for functions. */
static void reset_signals(void)
{
	sigset_t none;

	for (int number = 1; number < NSIG; number++)
		signal(number, SIG_DFL); /* not for all of them */
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_IGN); /* an error of write(), as Python has it */
	signal(SIGXFSZ, SIG_IGN);
}

/* Does what inside->start says. Returns in a process that was forked meanwhile, which has
 * another START. */
static void do_start(struct snafu_inside *inside)
{
	if (inside->start.here)
		snafu_inside_guard(inside);
	if (!snafu_inside_begin(inside))
		snafu_inside_finish(inside, EXIT_FAILURE);
	if (inside->start.role == SNAFU_START_ZYGOTE) {
		snafu_inside_zygote(inside, false);
		return;
	}
	snafu_inside_serve(inside);
	snafu_inside_finish(inside, EXIT_SUCCESS);
}

int snafu_inside_run(int socket)
{
	struct snafu_incoming *incoming;
	struct snafu_inside *inside = calloc(1, sizeof *inside);

	close_range((unsigned)socket + 1, ~0u, 0);
	fcntl(socket, F_SETFD, FD_CLOEXEC);
	reset_signals();
	setsid();
	if (!inside || snafu_channel_init(&inside->channel, socket) || snafu_inside_set_up(inside))
		return EXIT_FAILURE;
	if (inside->setup.zygote) {
		snafu_inside_zygote(inside, false);
	} else {
		if (snafu_channel_read(&inside->channel, true, &incoming) ||
		    snafu_inside_take_start(inside, incoming))
			return EXIT_FAILURE;
		if (!inside->start.here)
			snafu_inside_zygote(inside, true);
	}
	for (;;)
		do_start(inside);
}
