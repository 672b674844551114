/* runtime/instances/huge_text.h — an interpreter's code and constants on huge pages. */
#ifndef SNAFU_RUNTIME_INSTANCES_HUGE_TEXT_H
#define SNAFU_RUNTIME_INSTANCES_HUGE_TEXT_H

#define SNAFU_HUGE_TEXT_CAP 8 /* huge pages, of 2 MiB: that much memory of a process's own */

/* Moves what libraries have mapped of their files, where it covers whole huge pages, to huge
 * pages of this process. A fork hands these on whole; pages of files it leaves out, and each child
 * faults on them again: a third of all its faults. Where the kernel has no huge pages, nothing
 * changes. Once, in a process with one thread that has its interpreter loaded and is about to
 * fork. */
void snafu_huge_text(void);

#endif
