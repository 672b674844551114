/* langs/include/snafu.h — for C sources that Snafu serves: calls of other functions of the
 * same host, in whatever language, and what is known of the call that is being served.
 *
 *     #include <snafu.h>
 *
 *     int status;
 *     char *json = snafu_call("statistics.mean", "[[1, 2, 4]]", &status);
 *     if (status == SNAFU_CALL_OK)
 *         ...json is "2.3333333333333335"...
 *     free(json);
 *
 * Snafu finds this header by itself when it reads and compiles sources. Nothing is to be
 * linked. All of it may be used by any thread; on a thread that the function started itself
 * the call counts as coming from nowhere, without a deadline. */
#ifndef SNAFU_LANGS_INCLUDE_SNAFU_H
#define SNAFU_LANGS_INCLUDE_SNAFU_H

#ifdef __cplusplus
extern "C" {
#endif

enum {
	SNAFU_CALL_OK = 200,
	SNAFU_CALL_ACCEPTED = 202, /* snafu_call_async(): it is in the queue */
	SNAFU_CALL_BAD_ARGUMENTS = 400,
	SNAFU_CALL_UNKNOWN_FUNCTION = 404,
	SNAFU_CALL_TOO_LARGE = 413,
	SNAFU_CALL_OVER_LIMIT = 429,
	SNAFU_CALL_CANCELLED = 499,
	SNAFU_CALL_FAILED = 500, /* the function raised, or could not be loaded */
	SNAFU_CALL_DIED = 502, /* its process did */
	SNAFU_CALL_UNAVAILABLE = 503,
	SNAFU_CALL_DEADLINE = 504
};

/* Calls FUNCTION, an id or the unambiguous end of one, with the arguments JSON: an object by
 * name, an array by position, NULL for none. Returns when the call has ended: the result as
 * JSON, or, when STATUS (may be NULL) is not SNAFU_CALL_OK, an object with errorType,
 * errorMessage and perhaps stackTrace. The text is the caller's, who frees it with free(); NULL
 * only when memory is out (STATUS: SNAFU_CALL_FAILED). The inner call ends at the outer one's
 * deadline, and calls inside each other are counted (the setting call-depth). */
char *snafu_call(const char *function, const char *json, int *status);

/* The same, without waiting: the call is accepted for sure, and made later. The text is
 * {"id": "..."} and STATUS SNAFU_CALL_ACCEPTED; else as above. */
char *snafu_call_async(const char *function, const char *json, int *status);

/* How long the call that this thread serves may still take, in milliseconds; 0 when its time is
 * over; -1 outside of any call. */
long snafu_remaining_ms(void);

/* The id of the call that this thread serves, in a buffer of the thread's own that holds until
 * that call ends; "" outside of any call. */
const char *snafu_request_id(void);

#ifdef __cplusplus
}
#endif
#endif
