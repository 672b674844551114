/* tests/unit/java.h — the Java gateway opened for a unit test, with a folder of its own. */
#ifndef SNAFU_TESTS_UNIT_JAVA_H
#define SNAFU_TESTS_UNIT_JAVA_H

#include <ftw.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/parts.h"
#include "langs/language.h"
#include "langs/result.h"
#include "scanner/function.h"
#include "tests/unit/tap.h"

static const struct snafu_language *language;
static void *state;
static char java_test_folder[] = "/tmp/snafu-test-java-XXXXXX";

static int java_test_remove(const char *path, const struct stat *status, int type, struct FTW *ftw)
{
	(void)status;
	(void)type;
	(void)ftw;
	return remove(path);
}

/* Fills in the cache directory: the folder. */
static bool java_test_open(struct snafu_language_options *options)
{
	struct snafu_error error = {0};
	char parts[PATH_MAX];
	void *address;

	if (access(java_test_folder, F_OK) && !mkdtemp(java_test_folder))
		return false;
	options->cache_directory = java_test_folder;
	snprintf(parts, sizeof parts, "%s/parts", getenv("SNAFU_BUILD"));
	setenv("SNAFU_PARTS", parts, 1);
	setenv("SNAFU_JAVA_OPTIONS", "-Xmx256m", 0);
	int code = snafu_part_open("lang", "java", SNAFU_LANGUAGE_SYMBOL, 0, &address, &error);
	language = address;
	if (!code)
		code = language->open(options, &state, &error);
	if (code)
		printf("# %s\n", error.message);
	return code == 0;
}

static void java_test_close(void)
{
	language->leave(state);
	language->close(state);
	nftw(java_test_folder, java_test_remove, 8, FTW_DEPTH | FTW_PHYS);
}

#endif
