/* Functions for tests/e2e/limits.py: each goes for one limit. Below zero: minus errno. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define MANY 4096

void bounds_loop(void)
{
	for (volatile int i = 0;; i++)
		;
}

int bounds_hog(int mebibytes)
{
	char *bytes = malloc((size_t)mebibytes << 20);

	if (!bytes)
		return -ENOMEM;
	memset(bytes, 1, (size_t)mebibytes << 20);
	free(bytes);
	return mebibytes;
}

int bounds_files(int number)
{
	int held[MANY], count = 0, code = 0;

	while (count < number && count < MANY && (held[count] = open("/dev/null", O_RDONLY)) >= 0)
		count++;
	code = count < number ? -errno : count;
	while (count--)
		close(held[count]);
	return code;
}

/* How many there were before it was over. */
int bounds_children(int number)
{
	pid_t held[MANY];
	int count = 0, all;

	while (count < number && count < MANY && (held[count] = fork()) >= 0) {
		if (held[count] == 0) {
			sleep(600);
			_exit(0);
		}
		count++;
	}
	all = count;
	while (count--) {
		kill(held[count], SIGKILL);
		waitpid(held[count], NULL, 0);
	}
	return all;
}

int bounds_write(int kibibytes)
{
	static const char bytes[1024];
	char path[64];
	int code = kibibytes, fd;

	snprintf(path, sizeof path, "/tmp/snafu-limits-%d", (int)getpid());
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	for (int i = 0; i < kibibytes && code > 0; i++)
		if (write(fd, bytes, sizeof bytes) != sizeof bytes)
			code = -errno;
	close(fd);
	unlink(path);
	return code;
}

const char *bounds_text(int size)
{
	static char *bytes;

	free(bytes);
	bytes = malloc((size_t)size + 1);
	if (!bytes)
		return NULL;
	memset(bytes, 'x', (size_t)size);
	bytes[size] = '\0';
	return bytes;
}

int bounds_length(const char *text)
{
	return (int)strlen(text);
}

/* Waits until there is a file. */
bool bounds_meet(const char *go)
{
	while (access(go, F_OK))
		usleep(10000);
	return true;
}

bool bounds_queued(const char *go)
{
	return bounds_meet(go);
}
