/* runtime/executors/in_process.h — what the executors share that call functions in this
 * process, on the thread that they are given. */
#ifndef SNAFU_RUNTIME_EXECUTORS_IN_PROCESS_H
#define SNAFU_RUNTIME_EXECUTORS_IN_PROCESS_H

#include "langs/language.h"
#include "runtime/executors/executor.h"
#include "runtime/job.h"
#include "runtime/service.h"

/* Slots of struct snafu_executor. */
int snafu_in_process_open(const struct snafu_executor_options *options, void **ret_state,
                          struct snafu_error *error);
int snafu_in_process_bind(void *state, struct snafu_service *service, struct snafu_result *result);
void snafu_in_process_interrupt(void *state, struct snafu_job *job);
void snafu_in_process_forget(void *state, struct snafu_service *service);
void snafu_in_process_close(void *state);

/* Binds the function of SERVICE in a language that is open; it may be bound already. */
int snafu_in_process_bind_to(const struct snafu_language *language, void *language_state,
                             struct snafu_service *service, struct snafu_result *result);

/* The job's function is bound and about to be called: from now on it can be interrupted. False:
 * the job was given up before, and has its result; the function is not to be called. */
bool snafu_in_process_enter(struct snafu_job *job);

#endif
