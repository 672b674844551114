/* runtime/containers/owner.c — who started a container, in a label: so that what a killed
 * host has left behind is told from what belongs to one that runs. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buffer.h"
#include "runtime/containers/container.h"

#define STAT_CAP    4096
#define BOOT_SIZE   36 /* a UUID */
#define START_FIELD 20 /* of /proc/PID/stat, counted from behind the name */

/* When process PID began, in clock ticks since the start of the machine; 0: there is none. */
static uint64_t start_of(long pid)
{
	char path[64], *text;
	uint64_t start = 0;
	size_t size;

	snprintf(path, sizeof path, "/proc/%ld/stat", pid);
	FILE *file = fopen(path, "re");
	if (!file)
		return 0;
	text = calloc(1, STAT_CAP);
	size = text ? fread(text, 1, STAT_CAP - 1, file) : 0;
	fclose(file);
	char *at = size ? strrchr(text, ')') : NULL;
	for (int i = 0; at && i < START_FIELD; i++)
		at = strchr(at + 1, ' ');
	if (at)
		start = strtoull(at, NULL, 10);
	free(text);
	return start;
}

static void boot_id(char to[BOOT_SIZE + 1])
{
	FILE *file = fopen("/proc/sys/kernel/random/boot_id", "re");
	size_t size = file ? fread(to, 1, BOOT_SIZE, file) : 0;

	to[size] = '\0';
	if (file)
		fclose(file);
}

/* Processes of another namespace have other numbers. */
static unsigned long name_space(void)
{
	struct stat status;

	return stat("/proc/self/ns/pid", &status) ? 0 : (unsigned long)status.st_ino;
}

void container_owner(struct snafu_buffer *into)
{
	char boot[BOOT_SIZE + 1];

	boot_id(boot);
	snafu_buffer_format(into, "%ld:%" PRIu64 ":%s:%lu", (long)getpid(), start_of(getpid()), boot,
	                    name_space());
}

bool container_owner_is_gone(const char *label)
{
	char boot[BOOT_SIZE + 1], theirs[BOOT_SIZE + 1];
	unsigned long space;
	uint64_t start;
	long pid;

	if (sscanf(label, "%ld:%" SCNu64 ":%36[^:]:%lu", &pid, &start, theirs, &space) != 4 || pid <= 0)
		return false;
	boot_id(boot);
	if (strcmp(boot, theirs) != 0)
		return true;
	return space == name_space() && start_of(pid) != start;
}
