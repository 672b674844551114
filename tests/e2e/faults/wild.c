/* Functions for tests/e2e/faults-functions.py: what C can do to a process. */
#include <stdlib.h>
#include <string.h>

int twice(int n)
{
	return 2 * n;
}

/* Writes over its own stack, and whatever is above it. */
int trample(void)
{
	char here[16];

	for (volatile char *at = here;; at++)
		*at = 'x';
}

static int deeper(volatile int *above)
{
	volatile int here = *above + 1;

	return deeper(&here) + here;
}

int recurse(void)
{
	volatile int n = 0;

	return deeper(&n);
}

int jump(void)
{
	void (*nowhere)(void) = (void (*)(void))16;

	nowhere();
	return 1;
}

int free_twice(void)
{
	char *block = malloc(100);

	memset(block, 1, 100);
	free(block);
	free(block);
	free(block - 8);
	return block[0];
}
