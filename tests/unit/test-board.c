/* tests/unit/test-board.c — of a call that may be taken back: it is begun or taken back, whoever
 * is quicker, and never both. */
#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

#include "runtime/instances/board.h"
#include "tests/unit/tap.h"

#define CALLS  2000
#define ROUNDS 50

struct race {
	struct snafu_board *theirs;
	uint64_t first;
	atomic_uint go;
	unsigned char begun[CALLS];
};

static void *begin_all(void *state)
{
	struct race *race = state;

	atomic_store(&race->go, 1);
	for (uint64_t i = 0; i < CALLS; i++)
		race->begun[i] = snafu_board_begin(race->theirs, race->first + i);
	return NULL;
}

/* All numbers from FIRST on are written; somebody begins them, we take back what is left. */
static bool race_once(uint64_t first, size_t *ret_begun)
{
	struct race race = {.first = first};
	struct snafu_board *ours;
	pthread_t thread;
	uint64_t begun;
	int file;

	if (snafu_board_make(&ours, first - 1, &file))
		return false;
	race.theirs = snafu_board_map(file);
	close(file);
	pthread_create(&thread, NULL, begin_all, &race);
	while (!atomic_load(&race.go))
		;
	while (!snafu_board_take_back(ours, first, first + CALLS - 1, &begun))
		;
	pthread_join(thread, NULL);
	bool good = begun >= first && begun < first + CALLS;
	for (uint64_t i = 0; i < CALLS; i++)
		good &= race.begun[i] == (first + i <= begun);
	*ret_begun = (size_t)(begun - first + 1);
	snafu_board_close(race.theirs);
	snafu_board_close(ours);
	return good;
}

static void test_race(void)
{
	const uint64_t firsts[] = {1, UINT32_MAX - CALLS / 2, UINT64_C(1) << 40};
	bool good = true;
	size_t begun;

	for (size_t i = 0; i < sizeof firsts / sizeof *firsts; i++)
		for (int round = 0; round < ROUNDS; round++)
			good &= race_once(firsts[i], &begun);
	CHECK(good);
}

static void test_by_hand(void)
{
	struct snafu_board *ours, *theirs;
	uint64_t begun = 0;
	int file;

	CHECK(snafu_board_make(&ours, 7, &file) == 0);
	theirs = snafu_board_map(file);
	CHECK(theirs != NULL);
	/* Nobody can make it smaller, so that looking at it ended the host. */
	CHECK(ftruncate(file, 0) < 0);
	close(file);
	/* 7 was begun before there was a board; 8 and 9 wait. */
	CHECK(snafu_board_take_back(ours, 7, 9, &begun) && begun == 7);
	CHECK(!snafu_board_begin(theirs, 8));
	CHECK(!snafu_board_begin(theirs, 9));
	CHECK(snafu_board_begin(theirs, 10));
	CHECK(!snafu_board_take_back(ours, 11, 12, &begun)); /* 11 is the oldest, and not begun */
	CHECK(snafu_board_begin(theirs, 11));
	CHECK(snafu_board_take_back(ours, 10, 12, &begun) && begun == 11);
	CHECK(!snafu_board_begin(theirs, 12));
	/* Whoever claims to have begun what was never written has begun all that was. */
	CHECK(snafu_board_begin(theirs, 1000));
	CHECK(snafu_board_take_back(ours, 13, 15, &begun) && begun == 15);
	snafu_board_close(theirs);
	snafu_board_close(ours);
}

int main(void)
{
	test_by_hand();
	test_race();
	return tap_done();
}
