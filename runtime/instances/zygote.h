/* runtime/instances/zygote.h — processes that only fork others: one for each language that
 * can be forked, which has its interpreter started and runs nobody's code; and, for an
 * executor with a stock, one for each function, which has loaded it.
 *
 * The station's lock is held everywhere (station.h). */
#ifndef SNAFU_RUNTIME_INSTANCES_ZYGOTE_H
#define SNAFU_RUNTIME_INSTANCES_ZYGOTE_H

#include <sys/queue.h>

#include "base/buffer.h"
#include "runtime/instances/process.h"
#include "runtime/instances/setup.h"

struct snafu_crowd;
struct snafu_error;

LIST_HEAD(snafu_sibling_list, snafu_process);

struct snafu_zygote {
	struct snafu_process process;
	char *language; /* owned; NULL: it is a function's */
	struct snafu_crowd *crowd; /* whose it is; NULL: a language's, or not wanted any more */
	struct snafu_known known; /* a language's */
	struct snafu_sibling_list children;
	struct snafu_buffer log; /* the end of what it has printed */
	bool ready; /* a function's: it is loaded */
	bool old; /* a language's: another one knows more functions */
	uint64_t begun; /* snafu_now_ns() */
	size_t n_asked; /* forks that it has not told of... */
	uint64_t asked; /* ...since then, ms */
};

/* The station's timer: looks after zygotes that do not do as they are told. No lock. */
void snafu_zygotes_wake(struct snafu_timer *timer);

/* The zygote of FUNCTION's language, executed if there is none. */
int snafu_zygote_for_language(struct snafu_station *station, const struct snafu_function *function,
                              struct snafu_zygote **ret_zygote, struct snafu_error *error);

/* A zygote for CROWD's function, forked from the language's. */
int snafu_zygote_for_crowd(struct snafu_crowd *crowd, struct snafu_zygote **ret_zygote,
                           struct snafu_error *error);

/* Has CHILD, whose ends are ENDS, forked from ZYGOTE with START. Theirs are closed. */
int snafu_zygote_fork(struct snafu_zygote *zygote, struct snafu_process *child,
                      const struct snafu_start *start, struct snafu_ends *ends);

/* FUNCTION will be freed. */
void snafu_zygotes_forget(struct snafu_station *station, const struct snafu_function *function);
void snafu_zygotes_close(struct snafu_station *station);

/* Path of the helper program, or NULL. */
const char *snafu_station_helper(struct snafu_station *station, struct snafu_error *error);

#endif
