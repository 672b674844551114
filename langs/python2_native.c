/* langs/python2_native.c — which program serves Python 2 functions as they are: see python2.h
 * and python2_driver.py. */
#include "langs/python2.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/child.h"
#include "base/error.h"
#include "base/file.h"
#include "base/parts.h"
#include "scanner/function.h"

#define PROBE_TIME_CAP 20000 /* ms to ask a program whether it is Python 2 */

static const char *const interpreters[] = {"python2.7", "python2", "pypy", "jython"};

/* NAME in PATH: malloc'ed, or NULL. */
static char *find_program(const char *name)
{
	const char *path = getenv("PATH");

	for (const char *at = path ? path : "/usr/local/bin:/usr/bin:/bin"; *at;) {
		size_t size = strcspn(at, ":");
		char *folder = strndup(at, size);
		char *file = folder && *folder ? snafu_path_join(folder, name) : NULL;

		free(folder);
		if (file && access(file, X_OK) == 0)
			return file;
		free(file);
		at += size + (at[size] == ':');
	}
	return NULL;
}

/* Whether PROGRAM is a Python 2 that runs: there are stand-ins that only say what to install, and
 * pypy may be one of Python 3. */
static bool is_python2(const char *program)
{
	const char *argv[] = {program, "-c", "import sys; sys.exit(sys.version_info[0] != 2)", NULL};
	struct snafu_buffer said = SNAFU_BUFFER(4096);
	struct snafu_child_options options = {
		.argv = argv,
		.timeout_ms = PROBE_TIME_CAP,
		.errors = &said,
	};
	int status, code = snafu_child_run(&options, &status, NULL);

	snafu_buffer_done(&said);
	return code == 0 && status == 0;
}

/* The first interpreter that there is: malloc'ed, or NULL. Jython is the last choice and slow to
 * ask, so it is taken at its word. */
static char *find_interpreter(void)
{
	size_t count = sizeof interpreters / sizeof *interpreters;

	for (size_t i = 0; i < count; i++) {
		char *program = find_program(interpreters[i]);

		if (program && (i + 1 == count || is_python2(program)))
			return program;
		free(program);
	}
	return NULL;
}

static char *found; /* for the life of the process */

static void look(void)
{
	found = find_interpreter();
}

/* What find_interpreter() found, looked for once: borrowed, or NULL. */
static const char *interpreter(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, look);
	return found;
}

static void free_words(char **words)
{
	for (size_t i = 0; words && words[i]; i++)
		free(words[i]);
	free(words);
}

static int make_words(char *program, char *driver, const struct snafu_function *function,
                      char ***ret_words, struct snafu_error *error)
{
	const char *more[] = {function->file, function->root ? function->root : ".", function->id,
	                      snafu_function_kind_name(function->kind),
	                      function->convention ? function->convention : ""};
	size_t n = 2;
	char **words = calloc(sizeof more / sizeof *more + 3, sizeof *words);

	if (!words) {
		free(program);
		free(driver);
		return snafu_fail(error, -ENOMEM, "no memory");
	}
	words[0] = program;
	words[1] = driver;
	for (size_t i = 0; i < sizeof more / sizeof *more; i++)
		if ((words[n] = strdup(more[i])))
			n++;
	if (n < 2 + sizeof more / sizeof *more) {
		free_words(words);
		return snafu_fail(error, -ENOMEM, "no memory");
	}
	*ret_words = words;
	return 1;
}

int python2_command(const struct snafu_function *function, const char *variant, char ***ret_argv,
                    struct snafu_error *error)
{
	char *driver;

	if (strcmp(variant, "native") != 0)
		return 0;
	if (!interpreter())
		return snafu_fail(error, -ENOENT,
		                  "there is no Python 2 for %s (looked for python2.7, python2, pypy, "
		                  "jython): install one (Debian: apt install jython), or take "
		                  "--python2 upgrade",
		                  function->file);
	int code = snafu_part_find("python2_driver.py", &driver, error);
	char *program = code ? NULL : strdup(interpreter());
	if (!code && !program) {
		free(driver);
		code = snafu_fail(error, -ENOMEM, "no memory");
	}
	return code ? code : make_words(program, driver, function, ret_argv, error);
}
