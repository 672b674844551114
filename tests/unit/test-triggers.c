/* tests/unit/test-triggers.c — what a schedule, a watch and a topic may be. */
#include <stdlib.h>

#include "base/error.h"
#include "runtime/settings/triggers.h"
#include "tests/unit/tap.h"

static void check_schedules(void)
{
	static const char *const good[] = {
		"",
		"* * * * *",
		"*/5 * * * *",
		"0 0 1 1 0",
		"59 23 31 12 7",
		"0,15,30,45 8-18/2 1-15 jan-MAR,Dec mon-fri",
		"\t0  6\t* * Sun ",
		"rate(1 minute)",
		"rate(5 minutes)",
		"rate(12 hours)",
		"rate(1 day)",
	};
	static const char *const bad[] = {
		" ",
		"* * * *",
		"* * * * * *",
		"60 * * * *",
		"* 24 * * *",
		"* * 0 * *",
		"* * 32 * *",
		"* * * 13 *",
		"* * * * 8",
		"5-1 * * * *",
		"1, * * * *",
		",1 * * * *",
		"1/2 * * * *",
		"*/0 * * * *",
		"*/ * * * *",
		"1- * * * *",
		"-1 * * * *",
		"a * * * *",
		"* * * * monday",
		"* * * mon *",
		"*5 * * * *",
		"@daily",
		"rate(0 hours)",
		"rate(5)",
		"rate(5 weeks)",
		"rate(5 )",
		"rate(5minute)",
		"rate(1 day) x",
		"rate(1 dayss)",
		"rate(-1 days)",
		"1.5 * * * *",
		"99999999999999999999 * * * *",
		"rate(99999999999999999999 days)",
		"0 0 ? * *",
	};
	struct snafu_error error;

	for (size_t i = 0; i < sizeof good / sizeof *good; i++)
		if (!CHECK(snafu_schedule_check(good[i], &error) == 0))
			printf("# %s: %s\n", good[i], error.message);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		if (!CHECK(snafu_schedule_check(bad[i], &error) < 0))
			printf("# taken: %s\n", bad[i]);
	snafu_schedule_check("0 6 * 13 *", &error);
	CHECK_STRING(error.message,
	             "schedule: the month takes 1 to 12, lists, ranges and */steps, not '13'");
	snafu_schedule_check("0 6 * *", &error);
	CHECK_STRING(error.message, "schedule takes five fields (minute hour day month weekday) or "
	                            "rate(5 minutes), not '0 6 * *'");
}

static void check_names(void)
{
	char *name = calloc(1, 5000);

	CHECK(snafu_topic_check("", NULL) == 0);
	CHECK(snafu_topic_check("billing/orders.new-1_b", NULL) == 0);
	CHECK(snafu_topic_check("a b", NULL) < 0);
	CHECK(snafu_topic_check("a\nb", NULL) < 0);
	CHECK(snafu_topic_check("${x}", NULL) < 0);
	CHECK(snafu_watch_check("/var/in/*.[ch] x", NULL) == 0);
	CHECK(snafu_watch_check("a\tb", NULL) < 0);
	CHECK(snafu_watch_check("a\x7f", NULL) < 0);
	memset(name, 'a', 4999);
	CHECK(snafu_topic_check(name, NULL) < 0);
	CHECK(snafu_watch_check(name, NULL) < 0);
	name[255] = '\0';
	CHECK(snafu_topic_check(name, NULL) == 0);
	free(name);
}

int main(void)
{
	check_schedules();
	check_names();
	return tap_done();
}
