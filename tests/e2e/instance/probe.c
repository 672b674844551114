/* tests/e2e/instance/probe.c — functions for tests/e2e/instance.py. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static int calls;

static void at_end(void)
{
	printf("at the end of C\n");
}

int count(int step)
{
	if (!calls)
		atexit(at_end);
	calls += step;
	return calls;
}

int speak(int n)
{
	printf("C says %d\n", n);
	return n;
}

int forks(int n)
{
	fork();
	return n;
}

int crash(int n)
{
	return *(volatile int *)(long)n;
}
