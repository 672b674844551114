/* Functions for tests/e2e/busy.py. */
#include <snafu.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static int count;

int add(int a, int b)
{
	return a + b;
}

int bump(void)
{
	return ++count;
}

int talk(int lines)
{
	for (int i = 0; i < lines; i++)
		printf("line %d\n", i);
	return lines;
}

int nap(int milliseconds)
{
	usleep((useconds_t)milliseconds * 1000);
	return milliseconds;
}

/* Also beyond its deadline, but not for ever. */
int spin(int milliseconds)
{
	clock_t end = clock() + (clock_t)milliseconds * (CLOCKS_PER_SEC / 1000);

	while (clock() < end)
		continue;
	return milliseconds;
}

/* Both kinds of calls by functions; -1 when one was refused. */
int fib(int n)
{
	char json[2][20];
	int sum = 0, status;

	if (n < 2)
		return n;
	for (int i = 0; i < 2; i++) {
		snprintf(json[i], sizeof json[i], "{\"n\": %d}", n - 1 - i);
		char *said = snafu_call("fib", json[i], &status);
		int part = said && status == SNAFU_CALL_OK ? atoi(said) : -1;
		free(said);
		if (part < 0)
			return -1;
		sum += part;
	}
	free(snafu_call_async("bump", NULL, &status));
	return sum;
}
