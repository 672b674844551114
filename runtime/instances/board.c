/* runtime/instances/board.c — see board.h. */
#include "runtime/instances/board.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stddef.h>
#include <sys/mman.h>
#include <unistd.h>

#define TRIES_CAP 1000 /* a hostile process may write to it all the time */

/* The low halves of two numbers: of the call that was begun last, and of the last one that was
 * taken back. Calls are compared by distance; there are never so many under way. */
struct snafu_board {
	_Atomic uint64_t word;
};

static uint64_t pair(uint32_t begun, uint32_t taken)
{
	return (uint64_t)taken << 32 | begun;
}

static uint32_t begun_of(uint64_t word)
{
	return (uint32_t)word;
}

static uint32_t taken_of(uint64_t word)
{
	return (uint32_t)(word >> 32);
}

static struct snafu_board *map(int file)
{
	void *at = mmap(NULL, sizeof(struct snafu_board), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);

	return at == MAP_FAILED ? NULL : at;
}

int snafu_board_make(struct snafu_board **ret_board, uint64_t running, int *ret_file)
{
	int file = memfd_create("snafu-board", MFD_CLOEXEC | MFD_ALLOW_SEALING), code = 0;
	struct snafu_board *board = NULL;

	/* Sealed: a process that shrinks it would end whoever looks at it. */
	if (file < 0 || ftruncate(file, sizeof *board) ||
	    fcntl(file, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) || !(board = map(file)))
		code = -errno;
	if (code) {
		if (file >= 0)
			close(file);
		return code;
	}
	atomic_store(&board->word, pair((uint32_t)running, (uint32_t)running));
	*ret_board = board;
	*ret_file = file;
	return 0;
}

bool snafu_board_take_back(struct snafu_board *board, uint64_t running, uint64_t last,
                           uint64_t *ret_begun)
{
	uint64_t word = atomic_load(&board->word);
	unsigned tries = 0;
	int32_t ahead;

	do {
		ahead = (int32_t)(begun_of(word) - (uint32_t)running);
		if (ahead < 0 || ++tries > TRIES_CAP)
			return false;
	} while (
		!atomic_compare_exchange_weak(&board->word, &word, pair(begun_of(word), (uint32_t)last)));
	*ret_begun = running + (uint64_t)ahead < last ? running + (uint64_t)ahead : last;
	return true;
}

struct snafu_board *snafu_board_map(int file)
{
	return map(file);
}

bool snafu_board_begin(struct snafu_board *board, uint64_t call)
{
	uint64_t word = atomic_load(&board->word);

	do
		if ((int32_t)(taken_of(word) - (uint32_t)call) >= 0)
			return false;
	while (
		!atomic_compare_exchange_weak(&board->word, &word, pair((uint32_t)call, taken_of(word))));
	return true;
}

void snafu_board_close(struct snafu_board *board)
{
	if (board)
		munmap(board, sizeof *board);
}
