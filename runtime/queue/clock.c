/* runtime/queue/clock.c — the queue's clock, see work.h.
 *
 * Within a run it follows the monotonic clock. The file notes what it showed, when, on
 * the monotonic clock and on the wall: after a restart on the same boot the monotonic
 * clock tells how long the host was away; after a reboot the wall does, if it has not
 * been set back. A wall clock that was set while the host ran changes nothing. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "runtime/queue/work.h"

#define BOOT_FILE "/proc/sys/kernel/random/boot_id"
#define BOOT_CAP  64

static void read_boot(char boot[BOOT_CAP])
{
	FILE *file = fopen(BOOT_FILE, "re");

	if (!file || !fgets(boot, BOOT_CAP, file))
		boot[0] = '\0';
	boot[strcspn(boot, "\n")] = '\0';
	if (file)
		fclose(file);
}

uint64_t snafu_work_now(const struct snafu_work *work)
{
	return (uint64_t)((int64_t)snafu_now_ms() + work->clock_offset);
}

int snafu_work_clock_open(struct snafu_work *work, struct snafu_error *error)
{
	int64_t shown = 0, monotonic = 0, wall = 0;
	int64_t now = (int64_t)snafu_now_ms(), wall_now = (int64_t)snafu_wall_ms();
	char boot[BOOT_CAP], noted[BOOT_CAP];

	int code = snafu_store_recall(work->store, "clock", &shown, NULL, 0, error);
	if (!code)
		code = snafu_store_recall(work->store, "monotonic", &monotonic, noted, BOOT_CAP, error);
	if (!code)
		code = snafu_store_recall(work->store, "wall", &wall, NULL, 0, error);
	if (code)
		return code;
	read_boot(boot);
	int64_t away = *boot && strcmp(boot, noted) == 0 ? now - monotonic : wall_now - wall;
	if (shown <= 0) { /* a new file */
		shown = wall_now;
		away = 0;
	}
	work->clock_offset = shown + (away > 0 ? away : 0) - now;
	work->clock_noted = 0;
	return 0;
}

int snafu_work_clock_note(struct snafu_work *work, struct snafu_error *error)
{
	char boot[BOOT_CAP];
	int64_t now = (int64_t)snafu_now_ms();

	read_boot(boot);
	int code = snafu_store_note(work->store, "clock", now + work->clock_offset, NULL, error);
	if (!code)
		code = snafu_store_note(work->store, "monotonic", now, boot, error);
	if (!code)
		code = snafu_store_note(work->store, "wall", (int64_t)snafu_wall_ms(), NULL, error);
	if (!code)
		work->clock_noted = (uint64_t)now;
	return code;
}
