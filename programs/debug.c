/* programs/debug.c — see debug.h. */
#include "programs/debug.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "programs/progress.h"

#define SAY_PATIENCE_MS 1000

/* Standard error, opened once more so as not to block: its own description may be shared
 * with other programs. -1: it cannot be, and poll() must do. */
static int own_fd = -1;
static bool is_file; /* which takes all at once */
static atomic_bool silent; /* nobody has read the last line that was said */

void debug_prepare(void)
{
	struct stat status;

	if (fstat(STDERR_FILENO, &status))
		return;
	is_file = S_ISREG(status.st_mode);
	if (S_ISFIFO(status.st_mode) || S_ISCHR(status.st_mode))
		own_fd = open("/proc/self/fd/2", O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
}

static bool has_room(int patience_ms)
{
	struct pollfd file = {.fd = STDERR_FILENO, .events = POLLOUT};
	int ready;

	do
		ready = poll(&file, 1, patience_ms);
	while (ready < 0 && errno == EINTR);
	return ready > 0;
}

/* As many whole lines as a pipe takes at once or not at all. */
static size_t piece_of(const char *lines, size_t size)
{
	if (is_file || size <= PIPE_BUF)
		return size;
	const char *newline = memrchr(lines, '\n', PIPE_BUF);
	return newline ? (size_t)(newline + 1 - lines) : PIPE_BUF;
}

/* Bytes that were written, 0 when there is no room. */
static size_t put(const char *bytes, size_t size, int patience_ms)
{
	ssize_t written;

	if (own_fd < 0 && !has_room(patience_ms))
		return 0;
	do
		written = write(own_fd < 0 ? STDERR_FILENO : own_fd, bytes, size);
	while (written < 0 && errno == EINTR);
	if (written >= 0)
		return (size_t)written;
	/* What cannot be written at all is let go of. */
	if (errno != EAGAIN)
		return size;
	return own_fd >= 0 && patience_ms && has_room(patience_ms) ? put(bytes, size, 0) : 0;
}

size_t debug_write(void *unused, const char *lines, size_t size, int patience_ms)
{
	size_t done = 0;

	(void)unused;
	progress_pause();
	while (done < size) {
		size_t written = put(lines + done, piece_of(lines + done, size - done), patience_ms);

		if (!written)
			break;
		done += written;
	}
	progress_resume();
	return done;
}

void debug_say(const char *format, ...)
{
	va_list arguments;

	silent = !has_room(silent ? 0 : SAY_PATIENCE_MS);
	if (silent)
		return;
	va_start(arguments, format);
	progress_pause();
	vfprintf(stderr, format, arguments);
	progress_resume();
	va_end(arguments);
}
