/* langs/c_guard.h — C code that wants to end the process, and may not.
 *
 * Legacy code calls exit() when something is wrong, or fails an assert(). In what
 * Snafu compiles itself these calls are linked (ld's --wrap) to a function that
 * comes back here, and the call fails instead of the host. What the function held
 * (memory, locks, files) stays as it was. Code of existing libraries, other threads
 * and signals such as SIGSEGV are not covered: those end the process. */
#ifndef SNAFU_LANGS_C_GUARD_H
#define SNAFU_LANGS_C_GUARD_H

#include <setjmp.h>

struct snafu_c_guard {
	jmp_buf back;
	struct snafu_c_guard *outer; /* a call inside a call, on the same thread */
	char words[256]; /* what the function did, after the return to BACK */
};

/* Around a call, on the stack of its thread:
 *     snafu_c_guard_enter(&guard);
 *     if (setjmp(guard.back) == 0) ...call; else ...guard.words says why;
 *     snafu_c_guard_leave(&guard);
 */
void snafu_c_guard_enter(struct snafu_c_guard *guard);
void snafu_c_guard_leave(struct snafu_c_guard *guard);

/* The source of the file that is linked into compiled code, and the names that are
 * wrapped to it. It wants the address of snafu_c_guard_catch() put into its variable
 * "snafu_guard_catch", and that of snafu_c_client (c_client.h) into "snafu_client". */
#define SNAFU_C_GUARD_FILE "snafu-guard.c" /* its name in the cache; never a source of the user's */
extern const char snafu_c_guard_source[];
extern const char *const snafu_c_guard_names[]; /* NULL-terminated */

/* Does not return when the thread is inside a guarded call. */
void snafu_c_guard_catch(const char *words);

#endif
