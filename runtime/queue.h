/* runtime/queue.h — asynchronous calls: accepted durably, run later, at least once.
 *
 * A call is accepted when it is committed to the queue's file: whatever happens to the
 * process from then on, it is run until it ends well, is given up (a dead letter), or
 * somebody forgets it. A host that dies while a call runs makes it run again.
 *
 * The file is opened, and the module with the database loaded (queue-sqlite.so), by the
 * queue's own thread when the first asynchronous call comes, or at once when the file
 * is there and has work in it. Many calls that come at once share one commit.
 *
 * One host at a time works with a file; another one refuses asynchronous calls, says
 * which process has the file, and takes over when that has ended. */
#ifndef SNAFU_RUNTIME_QUEUE_H
#define SNAFU_RUNTIME_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/error.h"
#include "runtime/report.h"
#include "scanner/scanner.h"

struct snafu_call;
struct snafu_queue;
struct snafu_settings;

#define SNAFU_QUEUE_LIST_CAP 1000 /* calls in one list */

/* What the queue wants of its host. Everything is borrowed until snafu_queue_close(). */
struct snafu_queue_options {
	const char *file; /* of the queue; its folder is made when it is missing */
	const struct snafu_settings *settings; /* of the instance */
	/* What holds for calls of a function, by its id, by TENANT ("": nobody in particular);
	 * any thread. NULL: it is not there. */
	const struct snafu_settings *(*settings_of)(void *state, const char *function,
	                                            const char *tenant);
	/* As snafu_host_submit() and snafu_host_cancel(). */
	void (*submit)(void *state, struct snafu_call *call);
	bool (*cancel)(void *state, const struct snafu_call *call);
	struct snafu_reporter reporter;
	void *state;
};

/* Cheap: neither a file nor a thread is touched. */
int snafu_queue_new(const struct snafu_queue_options *options, struct snafu_queue **ret_queue,
                    struct snafu_error *error);

/* From now on calls are run; until then they are only accepted. Opens the file when
 * there is work in it. */
void snafu_queue_resume(struct snafu_queue *queue);

/* Accepts CALL, whose function is an id: takes its payload, and ends it with
 * {"id": "..."} once it is durable, or with what is wrong (SNAFU_UNAVAILABLE: the disk is
 * full, another host has the file; SNAFU_OVER_LIMIT). DEPTH: calls inside each other that
 * led to this one. Any thread; never blocks. */
void snafu_queue_submit(struct snafu_queue *queue, struct snafu_call *call, unsigned depth);

enum snafu_queue_verb {
	SNAFU_QUEUE_SHOW, /* one call, with its result or error */
	SNAFU_QUEUE_LIST, /* calls, latest first, without payloads and results */
	SNAFU_QUEUE_REDRIVE, /* runs a call that has failed again; all dead ones without an id */
	SNAFU_QUEUE_FORGET, /* removes a call; stops it, best effort, when it runs */
};

/* Something asked of the queue. The asker's; texts are borrowed until `finished`. */
struct snafu_queue_order {
	enum snafu_queue_verb verb;
	const char *id;
	const char *tenant; /* whose calls alone there are for the asker; NULL: all */
	const char *state_name; /* LIST: "waiting", "running", "succeeded", ...; NULL: all */
	const char *function; /* LIST, and REDRIVE of all: an id; NULL: all */
	uint64_t limit; /* LIST: up to SNAFU_QUEUE_LIST_CAP; 0: 100 */
	uint64_t before; /* LIST: the `next` of the list before; 0: from the latest */
	/* Called once, on any thread, also before snafu_queue_ask() returns; must not block. */
	void (*finished)(struct snafu_queue_order *order);
	void *state;

	/* The answer. */
	int code; /* 0; -ENOENT: no such call; -EBUSY: not in this state; -EINVAL; others */
	struct snafu_error error; /* when code is not 0 */
	struct snafu_buffer reply; /* JSON; the asker's to free */
	unsigned retry_after; /* SHOW: seconds after which asking again may tell more; 0: ended */

	struct snafu_queue_order *next; /* the queue's */
};
void snafu_queue_ask(struct snafu_queue *queue, struct snafu_queue_order *order);

/* Calls and orders that are not answered yet. */
size_t snafu_queue_busy(struct snafu_queue *queue);

/* No further calls are begun. */
void snafu_queue_pause(struct snafu_queue *queue);

/* Nothing new is accepted or begun; returns when all that was asked is answered. */
void snafu_queue_stop(struct snafu_queue *queue);

/* When no call that the queue has submitted is under way any more: notes how they ended,
 * and frees all. NULL is welcome. */
void snafu_queue_close(struct snafu_queue *queue);

/* Appends samples in Prometheus' text format. Any thread. */
void snafu_queue_write_metrics(struct snafu_queue *queue, struct snafu_buffer *into);

#endif
