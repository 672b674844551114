/* Functions for tests/e2e/executors.py. */
#include <stdlib.h>
#include <unistd.h>

static int count;

int twice(int x)
{
	return 2 * x;
}

int bump(void)
{
	return ++count;
}

int crash(void)
{
	volatile int *nowhere = 0;

	return *nowhere;
}

int process(void)
{
	return (int)getpid();
}
