/* runtime/instances/board.h — a page that the host and a process share, on which the process
 * notes the call that it begins with. So the host can take calls back that it has written
 * behind one that turns out to take long, and be sure that they are not begun.
 *
 * One word holds both: a call is begun, or taken back, never both. The process is hostile:
 * what it writes there is only believed of its own calls. */
#ifndef SNAFU_RUNTIME_INSTANCES_BOARD_H
#define SNAFU_RUNTIME_INSTANCES_BOARD_H

#include <stdbool.h>
#include <stdint.h>

struct snafu_board;

/* The host's: made when a first call is written behind another one, RUNNING, which counts as
 * begun. *RET_FILE is for the process; the caller closes it. 0 or a negative errno. */
int snafu_board_make(struct snafu_board **ret_board, uint64_t running, int *ret_file);
/* Takes back what is not begun of the calls up to LAST, where RUNNING is the oldest that has not
 * been answered: whatever is later than *RET_BEGUN, which is from RUNNING to LAST. False: nothing
 * was, since RUNNING itself is not begun. */
bool snafu_board_take_back(struct snafu_board *board, uint64_t running, uint64_t last,
                           uint64_t *ret_begun);

/* The process's: FILE stays the caller's. NULL: it cannot be mapped. */
struct snafu_board *snafu_board_map(int file);
/* Notes that CALL begins; false when it was taken back. */
bool snafu_board_begin(struct snafu_board *board, uint64_t call);

/* Both sides. NULL is welcome. */
void snafu_board_close(struct snafu_board *board);

#endif
