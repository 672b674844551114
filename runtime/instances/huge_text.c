/* runtime/instances/huge_text.c — see huge_text.h.
 *
 * The mappings of a library follow each other: headers, code, constants; with the code in
 * between they make one span. The parts of a span that are whole huge pages are copied, and the
 * copies are moved to where they were copied from. At no moment is there something else than the
 * same bytes, so even this code may be among them. */
#include "runtime/instances/huge_text.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25 /* Linux 6.1 */
#endif

#define HUGE_PAGE ((uintptr_t)2 << 20)
#define LINE_CAP  4200 /* of /proc/self/maps: a path and some numbers */

struct mapping {
	uintptr_t begin, end;
	bool readable, writable, executable;
	char path[LINE_CAP];
};

/* What of a library lies together, and is only read. */
struct span {
	uintptr_t begin, end;
	uintptr_t code_begin, code_end; /* of it */
	char path[LINE_CAP];
};

struct found {
	struct {
		uintptr_t begin;
		bool executable;
	} pages[SNAFU_HUGE_TEXT_CAP];
	size_t count;
};

static bool parse(const char *line, struct mapping *ret)
{
	char mode[5] = "";
	int path = 0;

	if (sscanf(line, "%" SCNxPTR "-%" SCNxPTR " %4s %*s %*s %*s %n", &ret->begin, &ret->end, mode,
	           &path) < 3)
		return false;
	ret->readable = mode[0] == 'r';
	ret->writable = mode[1] == 'w';
	ret->executable = mode[2] == 'x';
	snprintf(ret->path, sizeof ret->path, "%s", path && mode[3] == 'p' ? line + path : "");
	return true;
}

static void look_at_span(const struct span *span, struct found *found)
{
	uintptr_t at = (span->begin + HUGE_PAGE - 1) & ~(HUGE_PAGE - 1);

	for (; span->code_end && at + HUGE_PAGE <= span->end; at += HUGE_PAGE) {
		if (found->count == SNAFU_HUGE_TEXT_CAP)
			return;
		found->pages[found->count].begin = at;
		found->pages[found->count++].executable =
			at < span->code_end && at + HUGE_PAGE > span->code_begin;
	}
}

static void add_to_span(struct span *span, const struct mapping *mapping)
{
	span->end = mapping->end;
	if (!mapping->executable)
		return;
	if (!span->code_end)
		span->code_begin = mapping->begin;
	span->code_end = mapping->end;
}

static void look_for_pages(FILE *maps, struct found *found)
{
	char line[LINE_CAP];
	struct mapping mapping;
	struct span span = {0};

	while (fgets(line, sizeof line, maps)) {
		if (!parse(line, &mapping))
			continue;
		bool text = mapping.readable && !mapping.writable && mapping.path[0] == '/';
		if (!text || mapping.begin != span.end || strcmp(mapping.path, span.path) != 0) {
			look_at_span(&span, found);
			span = (struct span){.begin = mapping.begin};
			memcpy(span.path, mapping.path, sizeof span.path);
		}
		if (text)
			add_to_span(&span, &mapping);
	}
	look_at_span(&span, found);
}

/* Constants between code become executable with it. */
static void move(uintptr_t begin, bool executable)
{
	char *room =
		mmap(NULL, 2 * HUGE_PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (room == MAP_FAILED)
		return;
	char *copy = room + (HUGE_PAGE - (uintptr_t)room % HUGE_PAGE) % HUGE_PAGE;
	madvise(copy, HUGE_PAGE, MADV_HUGEPAGE);
	/* Not memcpy(): sanitizers look for objects there. */
	struct iovec to = {copy, HUGE_PAGE}, from = {(void *)begin, HUGE_PAGE};
	bool whole = process_vm_readv(getpid(), &to, 1, &from, 1, 0) == (ssize_t)HUGE_PAGE;
	/* Small pages would be copied one by one in each fork, and cost more than they save. */
	bool huge = whole && madvise(copy, HUGE_PAGE, MADV_COLLAPSE) == 0;
	if (huge && mprotect(copy, HUGE_PAGE, PROT_READ | (executable ? PROT_EXEC : 0)) == 0)
		mremap(copy, HUGE_PAGE, HUGE_PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, (void *)begin);
	munmap(room, 2 * HUGE_PAGE);
}

void snafu_huge_text(void)
{
	FILE *maps = fopen("/proc/self/maps", "re");
	struct found found = {.count = 0};

	if (!maps)
		return;
	look_for_pages(maps, &found);
	fclose(maps);
	for (size_t i = 0; i < found.count; i++)
		move(found.pages[i].begin, found.pages[i].executable);
}
