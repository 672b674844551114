/* runtime/host.h — the host: the pool of functions, and calls to them.
 *
 * A door makes a call object, starts it, and hears of its end exactly once,
 * whoever gives up first: the function, the deadline or the shutdown. */
#ifndef SNAFU_RUNTIME_HOST_H
#define SNAFU_RUNTIME_HOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "langs/request.h"
#include "langs/result.h"
#include "runtime/report.h"
#include "scanner/scanner.h"

struct snafu_host;
struct snafu_pool;
struct snafu_crew;
struct snafu_queue;
struct snafu_settings;
struct snafu_buffer;
struct snafu_error;

struct snafu_host_options {
	const char *const *paths; /* sources, directories, libraries: what the user named */
	size_t n_paths;
	struct snafu_scan_options scan;
	const char *settings_path; /* snafu.ini; NULL: none. Watched, too */
	const char *executors; /* -e: "fork" or "python=fork,java=inprocess"; NULL: the default */
	const char *convention; /* -c: any, none, or the one whose functions are wanted; NULL: as the
	                         * settings say */
	const char *python2; /* "upgrade" or "native", whatever the settings say; NULL: as they say */
	struct snafu_reporter reporter; /* gets diagnostics and warnings */
	/* What changes while the host runs, one line each, with the reporter's state. Any thread.
	 * MAY be NULL. */
	void (*news)(void *state, const char *line);
	/* Where records of calls go: "csv,sqlite=PATH"; NULL: as the settings say. */
	const char *loggers;
	/* Debug output, whole lines, see events.h; on a thread of its own. NULL: none. */
	size_t (*debug)(void *state, const char *lines, size_t size, int patience_ms);
	void *debug_state;
	/* What takes long just now, see struct snafu_language_options; MAY be NULL. */
	void (*working)(void *state, const char *what);
	void *working_state;
};

/* Scans the paths and fills the pool. No interpreter is started yet. Options
 * and what they point to are borrowed until snafu_host_close(). */
int snafu_host_open(const struct snafu_host_options *options, struct snafu_host **ret_host,
                    struct snafu_error *error);

/* Ends the interpreters and frees all. All doors must be closed. When STUCK threads
 * are still inside functions (see snafu_crew_run()), the interpreters are left
 * alone, and the process must end by _exit(). */
void snafu_host_close(struct snafu_host *host, int stuck);

/* Loads the modules of the files that were named on the command line, so that
 * their errors show at once and the first call is quick. Failures are reported,
 * not returned: other functions still work. */
void snafu_host_preload(struct snafu_host *host);

/* Hot deployment: watches the sources from now on, on a thread of its own, and offers
 * what has changed in them. Called once at most. */
int snafu_host_watch(struct snafu_host *host, struct snafu_error *error);
/* Ends it; false when its thread is stuck in a function's module, and the process must end
 * by _exit(). Harmless when nothing is watched. */
bool snafu_host_unwatch(struct snafu_host *host);

/* The functions on offer now. Sources may change while the host runs (hot deployment):
 * the pool, and every descriptor in it, stays as it is until it is released. Any thread. */
const struct snafu_pool *snafu_host_pool_acquire(struct snafu_host *host);
void snafu_host_pool_release(const struct snafu_pool *pool); /* NULL is welcome */
/* Another number is another pool: for what is made of one and kept. */
uint64_t snafu_host_pool_number(const struct snafu_pool *pool);

/* The function of POOL that a person means by NAME: an id, an unambiguous tail of one, or the name
 * that a source's config gives it (FunctionName). As snafu_pool_find(). Any thread. */
int snafu_host_meant(struct snafu_host *host, const struct snafu_pool *pool, const char *name,
                     const struct snafu_function **ret_function, struct snafu_error *error);

/* Whether NAME is a word for struct snafu_host_options' `convention`. */
bool snafu_host_convention_known(const char *name);
/* Whether there may be functions that are called with HTTP requests (scanner/convention.h). Any
 * thread; costs nothing. */
bool snafu_host_speaks_http(const struct snafu_host *host);

struct snafu_crew *snafu_host_crew(struct snafu_host *host);
const struct snafu_settings *snafu_host_settings(const struct snafu_host *host);
/* The most bytes of arguments that any function may be called with now. */
uint64_t snafu_host_largest_payload(const struct snafu_host *host);
struct snafu_queue *snafu_host_queue(struct snafu_host *host);

/* Appends all that the host and its executors count, in Prometheus' text format. */
void snafu_host_write_metrics(struct snafu_host *host, struct snafu_buffer *into);

/* Becomes readable when the runtime has something to do: every door with an event loop
 * MUST end its wait() then. */
int snafu_host_wake_fd(const struct snafu_host *host);

/* A call. The door allocates it, zeroed, fills the upper part, and keeps it until
 * `finished` was called. Texts may be NULL, and need not live on after the start. */
struct snafu_call {
	const char *function; /* id or unambiguous tail */
	char *payload; /* malloc'ed JSON, or NULL and 0: the host takes it */
	size_t payload_size;
	const char *executor; /* one of the ladder's names; NULL: as the settings say */
	const char *tenant;
	const char *trigger; /* which door */
	const char *client_context; /* JSON */
	const struct snafu_context *caller; /* the call that makes this one, or NULL */
	uint64_t deadline; /* snafu_now_ms(), when that is before the call timeout; 0: none */
	unsigned attempt; /* of an asynchronous call: 2 is the first retry; 0 means 1 */
	/* Put it into the queue (queue.h): it ends with {"id": ...} as soon as it is durable, and
	 * is run later under the same request id. */
	bool asynchronous;
	/* Called once, on any thread, RESULT filled; must not block. May be called
	 * before snafu_host_submit() has returned. */
	void (*finished)(struct snafu_call *call);
	void *state; /* the door's own */

	/* Filled in by the host; a request id that is there already is kept. */
	char request_id[SNAFU_REQUEST_ID_SIZE];
	struct snafu_result result; /* the door's to free, snafu_result_done() */
};

/* Runs the call and returns when it has ended; `finished` may be NULL. For doors that
 * have a thread to spare, such as the command line, and for functions that call others.
 * In-process, a deadline cannot make it return earlier than the function lets go; what
 * functions call is interrupted then (while somebody runs the reactor). */
void snafu_host_call(struct snafu_host *host, struct snafu_call *call);

/* Queues the call for the crew (crew.h), or sends it to a process, and returns. */
void snafu_host_submit(struct snafu_host *host, struct snafu_call *call);

/* Ends a submitted call with SNAFU_CANCELLED and asks its function to stop, best
 * effort. Whether it was still under way: if not, `finished` was or is being called
 * by somebody else. Any thread but not from `finished`; may block for a moment. */
bool snafu_host_cancel(struct snafu_host *host, const struct snafu_call *call);

/* Fills request_id for a reply that needs no call. */
void snafu_request_id(char ret_id[SNAFU_REQUEST_ID_SIZE]);

#endif
