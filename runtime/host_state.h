/* runtime/host_state.h — what the files of the host share: private to runtime/. */
#ifndef SNAFU_RUNTIME_HOST_STATE_H
#define SNAFU_RUNTIME_HOST_STATE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "base/error.h"
#include "langs/language.h"
#include "runtime/executors/executor.h"
#include "runtime/host.h"
#include "runtime/settings/settings.h"

struct snafu_away;
struct snafu_deployer;
struct snafu_function;
struct snafu_generation;
struct snafu_host_settings;
struct snafu_host_variable;
struct snafu_job;
struct snafu_queue;
struct snafu_reactor;
struct snafu_recorder;
struct snafu_service;
struct snafu_settings_book;

/* An executor that was opened, or could not be. */
struct snafu_open_executor {
	char *name;
	const struct snafu_executor *executor; /* NULL: it could not be opened */
	void *state;
	struct snafu_executor_options options;
	struct snafu_error error;
};

struct snafu_host {
	struct snafu_host_options options;
	struct snafu_settings settings;
	pthread_mutex_t generation_lock; /* guards the pointer alone */
	struct snafu_generation *generation; /* what is on offer: a reference */
	pthread_mutex_t variables_lock;
	struct snafu_host_variable *variables; /* of this process's environment */
	struct snafu_host_settings *all_settings; /* of host_settings.c */
	atomic_bool speaks_http; /* some function is called with HTTP requests */
	struct snafu_scanned *first; /* of the start: `language_options` has it for ever */
	struct snafu_generation *told; /* which the languages look at; NULL: the first scan */
	struct snafu_generation *kept_generations; /* those that a language may look at */
	int64_t scanned_at; /* ns since 1970, when the scan began */
	struct snafu_scan_options rescan_options;
	struct snafu_deployer *deployer; /* NULL: nothing is watched */
	_Atomic(struct snafu_service *) retired; /* nobody needs them; a stack */
	struct snafu_service *kept; /* the same, but a language may still look at them */
	void (*wake_undertaker)(struct snafu_host *host); /* some are retired; any thread. NULL:
	                                                   * they wait for the end of the host */
	struct snafu_language_options language_options;
	struct snafu_languages *languages;
	struct snafu_metrics *metrics;
	struct snafu_recorder *recorder; /* NULL: nobody wants records or events */
	struct snafu_reactor *reactor;
	struct snafu_away *away;
	struct snafu_crew *crew;
	char *queue_file; /* NULL: none, and `queue_error` says why */
	struct snafu_error queue_error;
	struct snafu_queue *queue; /* NULL likewise */
	pthread_mutex_t lock; /* guards the opening of executors */
	struct snafu_open_executor executors[SNAFU_EXECUTORS_CAP];
	atomic_size_t n_executors; /* entries below it never change again */
};

/* Reports a line as report.h has it. Any thread. */
void snafu_host_report(const struct snafu_host *host, enum snafu_severity severity,
                       const char *format, ...) __attribute__((format(printf, 3, 4)));

/* What changes, in a line for whoever runs the host. */
void snafu_host_news(const struct snafu_host *host, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* (host_pool.c) Keeps GENERATION until the host is closed. */
void snafu_host_keep_generation(struct snafu_host *host, struct snafu_generation *generation);

/* (host_conventions.c) Settles by which convention each of FUNCTIONS, just scanned, is called, and
 * leaves out those that nobody wants (-c). -ENOMEM. */
int snafu_host_take_conventions(struct snafu_host *host, struct snafu_functions *functions);

/* (host_settings.c) Reads what there is to read about settings, but of functions. */
int snafu_host_open_settings(struct snafu_host *host, struct snafu_error *error);
void snafu_host_close_settings(struct snafu_host *host);
/* What holds for calls of FUNCTION by nobody in particular; lives as long as the host. The
 * executor in it is one name, of one that there is. Any thread. */
const struct snafu_settings *snafu_host_settings_for(struct snafu_host *host,
                                                     const struct snafu_function *function);
/* All that the settings file says now; lives as long as the host. Any thread. */
const struct snafu_settings_book *snafu_host_book(const struct snafu_host *host);
/* What holds for a call of SERVICE by TENANT; allocates nothing but the first time.
 * RET_RUNNING MAY be NULL: how many calls are under way of a tenant that has settings of its
 * own, else NULL; lives as long as the host. */
const struct snafu_settings *snafu_host_settings_of(struct snafu_host *host,
                                                    struct snafu_service *service,
                                                    const char *tenant, atomic_uint **ret_running);
/* Whether calls through the door TRIGGER are welcome; if not, ERROR says so. */
bool snafu_host_opens(const struct snafu_settings *settings, const char *trigger,
                      const struct snafu_function *function, struct snafu_error *error);
/* The handler that a config calls NAME (FunctionName), as a tail of its id: malloc'ed; NULL:
 * there is none. */
char *snafu_host_handler(struct snafu_host *host, const char *name);
/* Tells of settings for functions that are not there, once they are all known. */
void snafu_host_check_settings(struct snafu_host *host);
/* Reads again what has changed, and gives the services of the current generation their
 * new settings; calls under way keep theirs. What is bad stays as it was. */
void snafu_host_reload_settings(struct snafu_host *host);

/* (host_environment.c) The function of SERVICE is about to be loaded in this process: sets the
 * variables that its settings name. */
void snafu_host_set_environment(const struct snafu_service *service,
                                const struct snafu_language *language, void *language_state);
void snafu_host_close_environment(struct snafu_host *host);

/* (host_pool.c) The current generation, a reference. */
struct snafu_generation *snafu_host_generation(struct snafu_host *host);
/* Puts GENERATION in its place, and takes the reference. */
void snafu_host_publish(struct snafu_host *host, struct snafu_generation *generation);
/* The service that NAME stands for, a reference; errors as from snafu_pool_find(). */
int snafu_host_find(struct snafu_host *host, const char *name, struct snafu_service **ret_service,
                    struct snafu_error *error);
/* Nobody has a reference to SERVICE. Any thread. */
void snafu_host_retire(struct snafu_host *host, struct snafu_service *service);
/* Tells the executors of services that are retired, and frees them; may block. */
void snafu_host_bury(struct snafu_host *host);
/* The same at the end, when executors and languages are closed. */
void snafu_host_close_pool(struct snafu_host *host);

/* (host_executors.c) The executor NAME, opened if it is not yet. */
int snafu_host_executor(struct snafu_host *host, const char *name,
                        const struct snafu_open_executor **ret_executor, struct snafu_error *error);

/* What LIST ("fork", or "python=fork,java=inprocess,worker") says for LANGUAGE; a name without
 * a language is for those that are not named. */
#define SNAFU_EXECUTOR_NAME_CAP 64
bool snafu_executor_choose(const char *list, const char *language,
                           char ret_name[SNAFU_EXECUTOR_NAME_CAP]);

/* Whether functions like SERVICE's can run there; -ENOTSUP, and ERROR says what to take instead. */
int snafu_host_executor_takes(const struct snafu_open_executor *open,
                              const struct snafu_service *service, struct snafu_error *error);

/* The executor that the caller of SERVICE wants, if callers may choose. */
int snafu_host_wanted_executor(struct snafu_host *host, const char *wanted,
                               const struct snafu_service *service,
                               const struct snafu_open_executor **ret_executor,
                               struct snafu_error *error);

void snafu_host_close_executors(struct snafu_host *host);
/* Where threads are stuck: only what would outlive the process. */
void snafu_host_abandon_executors(struct snafu_host *host);

/* (host_calls.c) For the crew and the calls that are away. */
void snafu_host_run_job(void *state, struct snafu_job *job);
void snafu_host_give_up_running(void *state, struct snafu_job *job, int status, int running);
void snafu_host_give_up_away(void *state, struct snafu_job *job, int status);

/* (host_records.c) Counts and notes a call that ends with RESULT, right before the door
 * hears of it. Whoever has claimed the job. */
void snafu_host_record(struct snafu_host *host, struct snafu_job *job,
                       const struct snafu_result *result);

/* (host_queue.c) Where asynchronous calls go; cheap until one comes. */
int snafu_host_open_queue(struct snafu_host *host, struct snafu_error *error);
void snafu_host_close_queue(struct snafu_host *host);
void snafu_host_queue_call(struct snafu_host *host, struct snafu_call *call);

/* What struct snafu_language_options calls `invoke`. */
void snafu_host_invoke(void *state, const struct snafu_context *caller,
                       const struct snafu_invocation *invocation, struct snafu_result *result);

#endif
