/* Functions for tests/e2e/web-load.py. */
#include <time.h>

/** Quick. */
int add(int a, int b)
{
	return a + b;
}

/** Takes a while without computing. */
int nap(int milliseconds)
{
	struct timespec time = {milliseconds / 1000, milliseconds % 1000 * 1000000L};

	while (nanosleep(&time, &time))
		;
	return milliseconds;
}

/** Takes a while and computes. */
unsigned spin(unsigned turns)
{
	volatile unsigned sum = 0;

	for (unsigned i = 0; i < turns; i++)
		sum += i;
	return sum;
}
