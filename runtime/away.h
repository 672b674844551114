/* runtime/away.h — calls that an executor has begun and not yet ended, or that a function
 * has made on its own thread: their deadlines, and whoever else ends them before their
 * time. Threads: any. */
#ifndef SNAFU_RUNTIME_AWAY_H
#define SNAFU_RUNTIME_AWAY_H

#include <stdbool.h>
#include <stddef.h>

struct snafu_away;
struct snafu_call;
struct snafu_error;
struct snafu_job;
struct snafu_reactor;

/* GIVE_UP ends a job's call with STATUS (SNAFU_DEADLINE, SNAFU_CANCELLED,
 * SNAFU_UNAVAILABLE) and interrupts it; called once a job at most, without a lock. */
int snafu_away_new(struct snafu_reactor *reactor,
                   void (*give_up)(void *state, struct snafu_job *job, int status), void *state,
                   struct snafu_away **ret_away, struct snafu_error *error);
void snafu_away_free(struct snafu_away *away); /* empty */

/* JOB is about to be begun. */
void snafu_away_add(struct snafu_away *away, struct snafu_job *job);
/* JOB has ended. */
void snafu_away_remove(struct snafu_away *away, struct snafu_job *job);
/* The same for a job that the calling thread has run itself: waits until nobody gives it up
 * any more, so that no interrupt hits what the thread does next. Whether it was given up. */
bool snafu_away_leave(struct snafu_away *away, struct snafu_job *job);

size_t snafu_away_count(struct snafu_away *away);

/* Gives up the job of CALL with SNAFU_CANCELLED; -ESRCH when there is none. */
int snafu_away_cancel(struct snafu_away *away, const struct snafu_call *call);
/* Gives up all with SNAFU_UNAVAILABLE. */
void snafu_away_give_up_all(struct snafu_away *away);

#endif
