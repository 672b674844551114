/* langs/java_home.c — see java_home.h. */
#include "langs/java_home.h"

#include <errno.h>
#include <glob.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"

#define RELEASE_CAP (64u << 10) /* bytes of a JDK's `release` file */

static bool has(const char *home, const char *name)
{
	char *path = snafu_path_join(home, name);
	bool there = path && access(path, R_OK) == 0;

	free(path);
	return there;
}

/* The 17 of JAVA_VERSION="17.0.15" in the file `release`; 0 when it does not say. */
static unsigned major_of(const char *home)
{
	char *path = snafu_path_join(home, "release"), *text = NULL;
	size_t size;
	unsigned long major = 0;

	if (path && snafu_file_read(path, RELEASE_CAP, &text, &size, NULL) == 0) {
		const char *found = strstr(text, "JAVA_VERSION=\"");

		if (found)
			major = strtoul(found + strlen("JAVA_VERSION=\""), NULL, 10);
	}
	free(text);
	free(path);
	return major < 1000 ? (unsigned)major : 0;
}

/* The folder above bin/ of PROGRAM as found in PATH, links resolved: malloc'ed. */
static char *home_of_program(const char *program)
{
	const char *path = getenv("PATH");
	char *home = NULL;

	while (!home && path && *path) {
		const char *colon = strchrnul(path, ':');
		char *file, resolved[PATH_MAX];

		if (asprintf(&file, "%.*s/%s", (int)(colon - path), path, program) < 0)
			return NULL;
		if (access(file, X_OK) == 0 && realpath(file, resolved)) {
			char *folder = snafu_path_folder(resolved);

			if (folder && strcmp(snafu_path_base(folder), "bin") == 0)
				home = snafu_path_folder(folder);
			free(folder);
		}
		free(file);
		path = *colon ? colon + 1 : colon;
	}
	return home;
}

/* Takes HOME; fills RET_HOME when a JVM new enough is there. Older ones are noted. */
static bool try_home(char *home, struct snafu_java_home *ret_home, unsigned *ret_older)
{
	unsigned major = home && has(home, "lib/server/libjvm.so") ? major_of(home) : 0;

	if (major >= SNAFU_JAVA_OLDEST) {
		ret_home->library = snafu_path_join(home, "lib/server/libjvm.so");
		ret_home->home = home;
		ret_home->major = major;
		return ret_home->library;
	}
	if (major)
		*ret_older = major;
	free(home);
	return false;
}

static bool try_system(struct snafu_java_home *ret_home, unsigned *ret_older)
{
	glob_t found = {0};
	bool good = false;

	if (glob("/usr/lib/jvm/*", 0, NULL, &found) == 0)
		for (size_t i = 0; i < found.gl_pathc && !good; i++)
			good = try_home(realpath(found.gl_pathv[i], NULL), ret_home, ret_older);
	globfree(&found);
	return good;
}

/* A JDK with a compiler; its own version must do for this JVM (--release). */
static char *find_compiler(const struct snafu_java_home *home)
{
	if (has(home->home, "bin/javac"))
		return strdup(home->home);
	char *other = home_of_program("javac");
	if (other && major_of(other) >= home->major)
		return other;
	free(other);
	glob_t found = {0};
	char *compiler = NULL;
	if (glob("/usr/lib/jvm/*", 0, NULL, &found) == 0)
		for (size_t i = 0; i < found.gl_pathc && !compiler; i++)
			if (has(found.gl_pathv[i], "bin/javac") && major_of(found.gl_pathv[i]) >= home->major)
				compiler = strdup(found.gl_pathv[i]);
	globfree(&found);
	return compiler;
}

int snafu_java_home_find(struct snafu_java_home *ret_home, struct snafu_error *error)
{
	const char *named = getenv("JAVA_HOME");
	struct snafu_java_home home = {0};
	unsigned older = 0;

	if ((named && named[0] && try_home(realpath(named, NULL), &home, &older)) ||
	    try_home(home_of_program("java"), &home, &older) ||
	    try_home(realpath(SNAFU_JAVA_HOME, NULL), &home, &older) || try_system(&home, &older)) {
		home.compiler = find_compiler(&home);
		*ret_home = home;
		return 0;
	}
	if (older)
		return snafu_fail(error, -ENOENT,
		                  "Java functions need Java %d or later, only Java %u was found: install "
		                  "default-jdk-headless or set JAVA_HOME",
		                  SNAFU_JAVA_OLDEST, older);
	return snafu_fail(error, -ENOENT,
	                  "no Java was found (JAVA_HOME, java in PATH, %s, /usr/lib/jvm): install "
	                  "default-jdk-headless or set JAVA_HOME",
	                  SNAFU_JAVA_HOME);
}

void snafu_java_home_done(struct snafu_java_home *home)
{
	free(home->home);
	free(home->library);
	free(home->compiler);
	*home = (struct snafu_java_home){0};
}
