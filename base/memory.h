/* base/memory.h — giving memory back to the system. */
#ifndef SNAFU_BASE_MEMORY_H
#define SNAFU_BASE_MEMORY_H

/* For the end of a long start-up: gives back the heap's free pages, and lets go of
 * the pages of program files that only the start touched (symbol tables,
 * relocations, grammars, initialisation). What is needed again comes back from the
 * page cache by itself. Other threads may run meanwhile. Best effort. */
void snafu_memory_settle(void);

#endif
