/* bench/peers/wake-up.c — what it costs that a process wakes another one and is
 * answered: the median round trip of a byte over a socket pair, in µs.
 *
 *     wake-up ROUNDS */
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static double now_us(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec * 1e6 + (double)time.tv_nsec / 1e3;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

int main(int argc, char **argv)
{
	long rounds = argc == 2 ? strtol(argv[1], NULL, 10) : 0;
	int ends[2];
	char byte = 1;

	if (rounds < 1 || rounds > 10000000 || socketpair(AF_UNIX, SOCK_STREAM, 0, ends)) {
		fprintf(stderr, "usage: wake-up ROUNDS\n");
		return 2;
	}
	double *times = calloc((size_t)rounds, sizeof *times);
	if (!times)
		return 1;
	if (fork() == 0) {
		close(ends[0]);
		while (read(ends[1], &byte, 1) == 1 && write(ends[1], &byte, 1) == 1)
			;
		_exit(0);
	}
	close(ends[1]);
	for (long i = 0; i < rounds; i++) {
		double start = now_us();

		if (write(ends[0], &byte, 1) != 1 || read(ends[0], &byte, 1) != 1)
			return 1;
		times[i] = now_us() - start;
		usleep(100); /* so that the other one sleeps, as a worker does */
	}
	qsort(times, (size_t)rounds, sizeof *times, compare);
	printf("%.1f\n", times[rounds / 2]);
	free(times);
	return 0;
}
