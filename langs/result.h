/* langs/result.h — how a call ended, and what came out.
 *
 * Payloads are JSON bytes from door to function and back; only the language
 * looks inside. */
#ifndef SNAFU_LANGS_RESULT_H
#define SNAFU_LANGS_RESULT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"

struct snafu_error;
struct snafu_function;

/* Bytes: room for an error object even where results are capped lower. */
#define SNAFU_RESULT_ERROR_CAP (64u << 10)

/* How a call ended. Each door maps it to its own codes; the web connector's are
 * in the comments. */
enum snafu_status {
	SNAFU_OK, /* 200: result is the function's value */
	SNAFU_BAD_ARGUMENTS, /* 400: each bad argument is named */
	SNAFU_UNKNOWN_FUNCTION, /* 404 */
	SNAFU_TOO_LARGE, /* 413: payload over its cap */
	SNAFU_OVER_LIMIT, /* 429: concurrency or queue is at its cap */
	SNAFU_RAISED, /* 500: the function failed by its own doing */
	SNAFU_BAD_RESULT, /* 500: the function's value has no JSON form, or is too large */
	SNAFU_LOAD_FAILED, /* 500: the source could not be loaded or compiled */
	SNAFU_DIED, /* 502: its process died */
	SNAFU_UNAVAILABLE, /* 503: the host is stopping */
	SNAFU_DEADLINE, /* 504: it took too long */
	SNAFU_CANCELLED, /* 499: whoever called did not want to wait any longer */
	SNAFU_INTERNAL, /* 500: our own fault: out of memory and the like */
};

/* What came out. When status is not SNAFU_OK, the payload is an object with
 * errorType, errorMessage and, where the language has one, stackTrace (array of
 * strings); SNAFU_BAD_ARGUMENTS may add "arguments": [{"name", "problem"}]. */
struct snafu_result {
	enum snafu_status status;
	struct snafu_buffer payload; /* JSON; the cap is the result size cap */
	/* The end of what the function printed while it ran, stdout and stderr as they
	 * came; cap 0: not wanted. Filled by snafu_result_log() only. */
	struct snafu_buffer log;
	/* Set by who knows; 0: not measured. */
	uint64_t init_ns; /* loading what was not there yet: processes, interpreters, the source */
	uint64_t run_ns; /* inside the language */
	uint64_t peak_memory; /* bytes; of the process, if the function has its own */
};

/* Adds to the log; of what is longer than the cap the end is kept. Never fails. */
void snafu_result_log(struct snafu_result *result, const char *bytes, size_t size);

/* Frees what it holds; harmless on a zeroed one. */
void snafu_result_done(struct snafu_result *result);

/* Replaces whatever RESULT holds by the error object. TYPE is a word like
 * "ArgumentError". Never fails: if memory is out, the payload is a constant. */
void snafu_result_fail(struct snafu_result *result, enum snafu_status status, const char *type,
                       const char *format, ...) __attribute__((format(printf, 4, 5)));

/* The same, with a stack trace of N lines, innermost last. */
void snafu_result_fail_trace(struct snafu_result *result, enum snafu_status status,
                             const char *type, const char *message, const char *const *trace,
                             size_t n);

/* Appends the text of the member NAME ("errorType", "errorMessage") of an error object; nothing
 * where there is none. */
void snafu_result_read_error(const char *payload, size_t size, const char *name,
                             struct snafu_buffer *into);

/* Appends a line on why FILE cannot be loaded, out of what failed. */
void snafu_result_say_load(const struct snafu_result *result, const char *file,
                           struct snafu_buffer *into);

/* Bad arguments, gathered one by one and then reported together.
 *
 *     struct snafu_argument_problems problems = {0};
 *     snafu_argument_problem(&problems, "n", "missing (int)");
 *     if (problems.count) return snafu_argument_problems_fail(&problems, function, result);
 */
struct snafu_argument_problems {
	struct snafu_buffer message, json; /* capped at a few KiB; more problems are only counted */
	unsigned count;
};
void snafu_argument_problem(struct snafu_argument_problems *problems, const char *name,
                            const char *format, ...) __attribute__((format(printf, 3, 4)));
/* Fills RESULT with SNAFU_BAD_ARGUMENTS, adds the signature, frees PROBLEMS. */
void snafu_argument_problems_fail(struct snafu_argument_problems *problems,
                                  const struct snafu_function *function,
                                  struct snafu_result *result);
void snafu_argument_problems_done(struct snafu_argument_problems *problems);

/* "raised", "deadline", ... for logs. */
const char *snafu_status_name(enum snafu_status status);

#endif
