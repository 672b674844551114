/* All the places where a library keeps what it remembers. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int count = 5;
static int zeroed;
static char large[4 << 20];
static char *text;
static _Thread_local int mine = 7;
static int constructed;
static int (*hook)(void);

static int plain(void)
{
	return 1;
}

static int other(void)
{
	return 2;
}

static void __attribute__((constructor)) construct(void)
{
	constructed = 3;
	hook = plain;
}

int up(void)
{
	return ++count;
}

/* One digit each: 6 1 1 8 3 1 when nothing was called before. */
int all(int at)
{
	int digits = ++count;

	digits = digits * 10 + ++zeroed;
	digits = digits * 10 + ++large[at];
	digits = digits * 10 + ++mine;
	digits = digits * 10 + constructed++;
	digits = digits * 10 + hook();
	hook = other;
	return digits;
}

const char *keep(const char *new_text)
{
	const char *old = text ? text : "none";

	text = strdup(new_text);
	return old;
}

struct box {
	int n;
	struct box *next;
};
struct secret *secret_new(void)
{
	return malloc(1);
}
int secret_use(struct secret *secret)
{
	return secret != NULL;
}

int leave(int code)
{
	count = 1000;
	if (code)
		exit(code);
	return count;
}

/* Others may run meanwhile. */
int slowly(int n)
{
	for (int i = 0; i < n; i++) {
		count++;
		usleep(2000);
	}
	return count;
}
