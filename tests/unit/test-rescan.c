/* tests/unit/test-rescan.c — what has changed since a scan that left no list: hot deployment's
 * first look. With real hosts: tests/e2e/deploy.py. */
#include "scanner/rescan.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/tap.h"

#define TRIES 1000 /* of a millisecond, until the clock of the files has gone on */

static char folder[] = "/tmp/snafu-rescan-XXXXXX";

static void name_file(char *path, size_t size, const char *name)
{
	snprintf(path, size, "%s/%s", folder, name);
}

/* Writes the file, as if long ago, and gives when its entry says it was changed. */
static int64_t write_file(const char *name, const char *text)
{
	const struct timespec times[2] = {{.tv_sec = 1000}, {.tv_sec = 1000}};
	char path[100];
	struct stat about = {0};

	name_file(path, sizeof path, name);
	FILE *file = fopen(path, "w");
	CHECK(file && fputs(text, file) >= 0 && fclose(file) == 0);
	CHECK(utimensat(AT_FDCWD, path, times, 0) == 0 && stat(path, &about) == 0);
	return (int64_t)about.st_ctim.tv_sec * 1000000000 + about.st_ctim.tv_nsec;
}

static enum snafu_change look(int64_t since, const char *name, const char *module)
{
	const char *paths[] = {folder};
	enum snafu_change changes[8] = {0};
	struct snafu_catalogue now;
	char path[100];
	int found = SNAFU_UNSETTLED;

	if (!CHECK(snafu_catalogue_make(&now, paths, 1, NULL) == 0) || !CHECK(now.walk.count <= 8))
		return SNAFU_UNSETTLED;
	CHECK(snafu_catalogue_compare(NULL, &now, since, NULL, 0, changes) == 0);
	name_file(path, sizeof path, name);
	for (size_t i = 0; i < now.walk.count; i++)
		if (strcmp(now.walk.found[i].source.path, path) == 0) {
			found = (int)changes[i];
			CHECK_STRING(now.walk.found[i].source.module, module);
		}
	snafu_catalogue_done(&now);
	return (enum snafu_change)found;
}

int main(void)
{
	char path[100], module[100];

	if (!CHECK(mkdtemp(folder) != NULL))
		return tap_done();
	int64_t since = write_file("m.py", "def f(): pass\n") + 1;
	CHECK(look(since, "m.py", "m") == SNAFU_SAME);
	/* The folder becomes a package: the file is the same, and its functions get other ids. */
	for (int i = 0; i < TRIES && write_file("__init__.py", "") < since; i++)
		usleep(1000);
	snprintf(module, sizeof module, "%s.m", strrchr(folder, '/') + 1);
	CHECK(look(since, "m.py", module) == SNAFU_REREAD);
	snprintf(module, sizeof module, "%s", strrchr(folder, '/') + 1);
	CHECK(look(since, "__init__.py", module) == SNAFU_CHANGED);
	for (int i = 0; i < 2; i++) {
		name_file(path, sizeof path, i ? "m.py" : "__init__.py");
		unlink(path);
	}
	rmdir(folder);
	return tap_done();
}
