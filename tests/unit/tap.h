/* tests/unit/tap.h — the few words a unit test needs. A test program prints the
 * Test Anything Protocol: one line a check, a plan at the end. tests/tap.py, which
 * runs it, ends it when it hangs. */
#ifndef SNAFU_TESTS_UNIT_TAP_H
#define SNAFU_TESTS_UNIT_TAP_H

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static int tap_count, tap_failures;
static bool tap_child; /* its checks are not in the parent's plan: see child.h */

#define CHECK(CONDITION)          tap_check((CONDITION), __FILE__, __LINE__, #CONDITION)
#define CHECK_STRING(GOT, WANTED) tap_string((GOT), (WANTED), __FILE__, __LINE__, #GOT)

static inline bool tap_check(bool good, const char *file, int line, const char *text)
{
	tap_count++;
	tap_failures += !good;
	printf("%s%s %d - %s:%d: %s\n", tap_child ? "# in a child: " : "", good ? "ok" : "not ok",
	       tap_count, file, line, text);
	return good;
}

static inline bool tap_string(const char *got, const char *wanted, const char *file, int line,
                              const char *text)
{
	bool good = got && wanted ? strcmp(got, wanted) == 0 : got == wanted;

	tap_check(good, file, line, text);
	if (!good)
		printf("#    got: %s\n# wanted: %s\n", got ? got : "(null)", wanted ? wanted : "(null)");
	return good;
}

/* The last line of main(): `return tap_done();` */
static inline int tap_done(void)
{
	printf("1..%d\n", tap_count);
	return tap_failures != 0;
}

#endif
