/* runtime/instances/output.c — see output.h. */
#include "runtime/instances/output.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/buffer.h"
#include "langs/result.h"

#define READ_SIZE  (16u << 10) /* bytes read at once */
#define READS_CAP  16 /* before others get their turn: the pipe holds no more */
#define SPLICE_CAP (1u << 20) /* bytes thrown away at once */

size_t snafu_output_read(int fd, struct snafu_buffer *log, size_t cap)
{
	struct snafu_result result = {.log = *log};
	uint64_t seen = 0;

	result.log.cap = cap;
	size_t got = snafu_output_capture(fd, &result, &seen);
	*log = result.log;
	return got;
}

/* Throws away what is in the pipe but for the last READ_SIZE bytes. */
static void drop(int fd)
{
	int held = 0, nowhere;

	if (ioctl(fd, FIONREAD, &held) < 0 || held <= (int)READ_SIZE)
		return;
	nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
	if (nowhere < 0)
		return;
	size_t left = (size_t)held - READ_SIZE;
	while (left) {
		ssize_t gone = splice(fd, NULL, nowhere, NULL, left < SPLICE_CAP ? left : SPLICE_CAP,
		                      SPLICE_F_NONBLOCK);

		if (gone <= 0)
			break;
		left -= (size_t)gone;
	}
	close(nowhere);
}

size_t snafu_output_capture(int fd, struct snafu_result *result, uint64_t *seen)
{
	char piece[READ_SIZE];
	size_t total = 0;

	if (*seen > SNAFU_OUTPUT_CAP)
		drop(fd);
	for (int i = 0; i < READS_CAP; i++) {
		ssize_t got = read(fd, piece, sizeof piece);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			break;
		if (result)
			snafu_result_log(result, piece, (size_t)got);
		total += (size_t)got;
		if ((size_t)got < sizeof piece)
			break;
	}
	*seen += total;
	return total;
}
