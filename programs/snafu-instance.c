/* programs/snafu-instance.c — the helper program in which functions run outside of the
 * host's process: zygotes and instances. Executed by runtime/instances/ only, with a socket
 * as descriptor 3; runtime/instances/frame.h says what is spoken there. */
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "runtime/instances/frame.h"
#include "runtime/instances/instances.h"

int main(void)
{
	struct stat status;

	if (fstat(SNAFU_FRAME_SOCKET, &status) || !S_ISSOCK(status.st_mode)) {
		fprintf(stderr, "snafu-instance: this is a part of snafu, which executes it with a socket "
		                "as descriptor 3\n");
		return 2;
	}
	return snafu_inside_run(SNAFU_FRAME_SOCKET);
}
