/* programs/debug.c — see debug.h. */
#include "programs/debug.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "programs/progress.h"

static bool stuck; /* the last time there was no room; the writer's */
static size_t left_out; /* bytes */

/* As many whole lines as a pipe takes at once: then a write that poll() allows does not
 * block. */
static size_t piece_of(const char *lines, size_t size)
{
	if (size <= PIPE_BUF)
		return size;
	const char *newline = memrchr(lines, '\n', PIPE_BUF);
	return newline ? (size_t)(newline + 1 - lines) : PIPE_BUF;
}

static bool has_room(void)
{
	struct pollfd file = {.fd = STDERR_FILENO, .events = POLLOUT};
	int ready;

	do
		ready = poll(&file, 1, stuck ? 0 : DEBUG_PATIENCE_MS);
	while (ready < 0 && errno == EINTR);
	stuck = ready == 0;
	return ready > 0;
}

static bool put(const char *bytes, size_t size)
{
	while (size) {
		if (!has_room())
			return false;
		ssize_t written = write(STDERR_FILENO, bytes, size);

		if (written < 0 && errno != EINTR && errno != EAGAIN)
			return false;
		if (written > 0) {
			bytes += written;
			size -= (size_t)written;
		}
	}
	return true;
}

void debug_write(void *unused, const char *lines, size_t size)
{
	char note[96];

	(void)unused;
	progress_pause();
	if (left_out) {
		snprintf(note, sizeof note, "{\"event\":\"debug-output-lost\",\"bytes\":%zu}\n", left_out);
		if (put(note, strlen(note)))
			left_out = 0;
	}
	while (size) {
		size_t piece = piece_of(lines, size);

		if (left_out || !put(lines, piece))
			left_out += piece;
		lines += piece;
		size -= piece;
	}
	progress_resume();
}
