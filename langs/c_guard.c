/* langs/c_guard.c — see c_guard.h. */
#include "langs/c_guard.h"

#include <stdio.h>
#include <string.h>

static __thread struct snafu_c_guard *innermost;

void snafu_c_guard_enter(struct snafu_c_guard *guard)
{
	guard->outer = innermost;
	guard->words[0] = '\0';
	innermost = guard;
}

void snafu_c_guard_leave(struct snafu_c_guard *guard)
{
	innermost = guard->outer;
}

void snafu_c_guard_catch(const char *words)
{
	struct snafu_c_guard *guard = innermost;

	if (!guard)
		return;
	snprintf(guard->words, sizeof guard->words, "%s", words);
	longjmp(guard->back, 1);
}

const char *const snafu_c_guard_names[] = {
	"exit", "_exit", "_Exit", "quick_exit", "abort", "pthread_exit", "__assert_fail", NULL,
};

const char snafu_c_guard_source[] =
	"/* Linked into what Snafu compiles: see langs/c_guard.h of its source. */\n"
	"extern int snprintf(char *, unsigned long, const char *, ...);\n"
	"void (*snafu_guard_catch)(const char *);\n"
	"static void ends(const char *name, int status)\n"
	"{\n"
	"	char words[100];\n"
	"	snprintf(words, sizeof words, \"it called %s(%d)\", name, status);\n"
	"	if (snafu_guard_catch) snafu_guard_catch(words);\n"
	"}\n"
	"#define WRAP(NAME) \\\n"
	"	extern void __real_##NAME(int) __attribute__((noreturn)); \\\n"
	"	void __wrap_##NAME(int status) { ends(#NAME, status); __real_##NAME(status); }\n"
	"WRAP(exit) WRAP(_exit) WRAP(_Exit) WRAP(quick_exit)\n"
	"extern void __real_abort(void) __attribute__((noreturn));\n"
	"void __wrap_abort(void)\n"
	"{\n"
	"	if (snafu_guard_catch) snafu_guard_catch(\"it called abort()\");\n"
	"	__real_abort();\n"
	"}\n"
	"extern void __real_pthread_exit(void *) __attribute__((noreturn));\n"
	"void __wrap_pthread_exit(void *value)\n"
	"{\n"
	"	if (snafu_guard_catch) snafu_guard_catch(\"it called pthread_exit()\");\n"
	"	__real_pthread_exit(value);\n"
	"}\n"
	"extern void __real___assert_fail(const char *, const char *, unsigned, const char *)\n"
	"	__attribute__((noreturn));\n"
	"void __wrap___assert_fail(const char *text, const char *file, unsigned line,\n"
	"                          const char *function)\n"
	"{\n"
	"	char words[250];\n"
	"	snprintf(words, sizeof words, \"assertion failed: %s (%s:%u)\", text, file, line);\n"
	"	if (snafu_guard_catch) snafu_guard_catch(words);\n"
	"	__real___assert_fail(text, file, line, function);\n"
	"}\n"
	"/* What snafu.h declares, see langs/c_client.h. */\n"
	"#define WEAK __attribute__((weak))\n"
	"struct snafu_c_client {\n"
	"	char *(*call)(const char *, const char *, int *, int);\n"
	"	long (*remaining_ms)(void);\n"
	"	const char *(*request_id)(void);\n"
	"};\n"
	"const struct snafu_c_client *snafu_client;\n"
	"WEAK char *snafu_call(const char *function, const char *json, int *status)\n"
	"{\n"
	"	return snafu_client ? snafu_client->call(function, json, status, 0) : 0;\n"
	"}\n"
	"WEAK char *snafu_call_async(const char *function, const char *json, int *status)\n"
	"{\n"
	"	return snafu_client ? snafu_client->call(function, json, status, 1) : 0;\n"
	"}\n"
	"WEAK long snafu_remaining_ms(void)\n"
	"{\n"
	"	return snafu_client ? snafu_client->remaining_ms() : -1;\n"
	"}\n"
	"WEAK const char *snafu_request_id(void)\n"
	"{\n"
	"	return snafu_client ? snafu_client->request_id() : \"\";\n"
	"}\n";
