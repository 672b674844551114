/* base/memory.c — see memory.h. */
#include "base/memory.h"

#include <malloc.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>

#define LINE_CAP 4352 /* a mapping's line: numbers and a path */

/* One mapping of /proc/self/smaps. */
struct mapping {
	uintptr_t start, end;
	bool from_file;
};

/* Whether LINE heads a mapping that nobody can write to and that a file backs. */
static bool is_head(const char *line, struct mapping *ret_mapping)
{
	unsigned long start, end, inode;
	char permissions[5];

	if (sscanf(line, "%lx-%lx %4s %*s %*s %lu", &start, &end, permissions, &inode) != 4)
		return false;
	*ret_mapping = (struct mapping){
		.start = start,
		.end = end,
		.from_file =
			inode != 0 && permissions[0] == 'r' && permissions[1] == '-' && permissions[3] == 'p',
	};
	return true;
}

void snafu_memory_settle(void)
{
	FILE *stream = fopen("/proc/self/smaps", "re");
	struct mapping mapping = {0};
	char line[LINE_CAP];
	unsigned long anonymous;

	malloc_trim(0);
	if (!stream)
		return;
	while (fgets(line, sizeof line, stream)) {
		if (is_head(line, &mapping))
			continue;
		/* Pages that the loader has written to (relocations) are no longer the
		 * file's: such a mapping must stay. */
		if (sscanf(line, "Anonymous: %lu kB", &anonymous) == 1 && anonymous == 0 &&
		    mapping.from_file)
			madvise((void *)mapping.start, mapping.end - mapping.start, MADV_DONTNEED);
	}
	fclose(stream);
}
