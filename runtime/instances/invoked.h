/* runtime/instances/invoked.h — calls that functions in processes make of other functions:
 * INVOKE frames, carried out by the host, answered with ANSWER. */
#ifndef SNAFU_RUNTIME_INSTANCES_INVOKED_H
#define SNAFU_RUNTIME_INSTANCES_INVOKED_H

#include <stdint.h>
#include <sys/queue.h>

#include "runtime/instances/frame.h"

#define SNAFU_INVOKED_CAP  256 /* under way for one process */
#define SNAFU_INVOKED_DEAF 8 /* the largest answers that may wait to be read by it */

struct snafu_instance;
struct snafu_invoked;

LIST_HEAD(snafu_invoked_list, snafu_invoked);

/* INSTANCE has asked for it: begun when the lock is let go. The lock is held. 0, or a negative
 * errno when it has said what may not be said. */
int snafu_invoked_take(struct snafu_instance *instance, const struct snafu_frame *frame,
                       const char *body);
/* Nobody waits for the answers any more. The lock is held. */
void snafu_invoked_drop(struct snafu_invoked_list *list);
/* Begins all of a list. No lock. */
void snafu_invoked_begin(struct snafu_invoked *first);

#endif
