/* base/error.h — what went wrong, in words for the person who can mend it.
 *
 * A function that can fail returns 0 or a negative errno and takes a
 * struct snafu_error * as its last parameter; NULL means that the caller
 * does not want the words. An error owns nothing: it can live on the stack and
 * be copied. */
#ifndef SNAFU_BASE_ERROR_H
#define SNAFU_BASE_ERROR_H

#define SNAFU_ERROR_MESSAGE_CAP 1024 /* bytes, with the NUL; longer text is cut at a character */

struct snafu_error {
	int code; /* negative errno, 0 when nothing failed */
	/* One or two lines: what, where, what to do; no newline at the end. */
	char message[SNAFU_ERROR_MESSAGE_CAP];
};

/* Fills ERROR (when not NULL) and returns CODE, so that a caller can write
 * `return snafu_fail(error, -EINVAL, "...")`. */
int snafu_fail(struct snafu_error *error, int code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* The same with `: <text of CODE>` behind the message, for failed system calls. */
int snafu_fail_errno(struct snafu_error *error, int code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif
