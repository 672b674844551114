/* runtime/instances/inside_limits.c — what holds for a function's process besides its code:
 * control groups, limits, environment, working directory.
 *
 * Limits are set twice. Before the function is loaded they are soft: compilers, which a
 * language may have to run for it, take the hard ones (base/child.c), since they are not
 * the function. Then they are hard. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#include "base/file.h"
#include "runtime/instances/inside.h"

#define PATH_CAP 4096

/* Sanitizers reserve far more than any limit. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED true
#else
#define SANITIZED false
#endif

/* ---- control groups ------------------------------------------------------------------ */

static int join_group(const char *path, struct snafu_error *error)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return snafu_fail_errno(error, -errno, "cannot open %s", path);
	int code = write(fd, "0", 1) == 1 ? 0 : -errno; /* 0: whoever writes */
	close(fd);
	return code ? snafu_fail_errno(error, code, "cannot join %s", path) : 0;
}

/* Calls EACH for every line of TEXT, which is shorter than PATH_CAP or left to fail. */
static int each_line(const char *text, int (*each)(const char *line, struct snafu_error *error),
                     struct snafu_error *error)
{
	int code = 0;

	while (!code && *text) {
		size_t size = strcspn(text, "\n");
		char *line = strndup(text, size);

		if (!line)
			return snafu_fail(error, -ENOMEM, "no memory");
		if (size)
			code = each(line, error);
		free(line);
		text += size + (text[size] == '\n');
	}
	return code;
}

/* ---- limits -------------------------------------------------------------------------- */

/* Tasks of the whole machine: a rough start for a limit that counts all that a user has. */
static uint64_t count_tasks(void)
{
	struct sysinfo machine;

	return sysinfo(&machine) ? 0 : machine.procs;
}

static int set_limit(int which, const char *name, uint64_t value, bool hard,
                     struct snafu_error *error)
{
	struct rlimit limit;

	if (getrlimit((__rlimit_resource_t)which, &limit))
		return snafu_fail_errno(error, -errno, "cannot read the limit of %s", name);
	if (limit.rlim_max != RLIM_INFINITY && value > limit.rlim_max)
		value = limit.rlim_max;
	limit.rlim_cur = value;
	if (hard)
		limit.rlim_max = value;
	if (setrlimit((__rlimit_resource_t)which, &limit))
		return snafu_fail_errno(error, -errno, "cannot limit %s", name);
	return 0;
}

static int set_limits(struct snafu_inside *inside, bool hard, struct snafu_error *error)
{
	const struct snafu_start *start = &inside->start;
	int code = set_limit(RLIMIT_CORE, "core dumps", 0, hard, error);

	if (!code && start->memory && !inside->language->limits_memory && !SANITIZED)
		code = set_limit(RLIMIT_DATA, "memory", start->memory, hard, error);
	if (!code && start->open_files)
		code = set_limit(RLIMIT_NOFILE, "open files", start->open_files, hard, error);
	if (!code && start->file_size)
		code = set_limit(RLIMIT_FSIZE, "the size of files", start->file_size, hard, error);
	/* All processes of the user count; exact is only a control group. */
	if (!code && start->processes)
		code = set_limit(RLIMIT_NPROC, "processes", start->processes + count_tasks(), hard, error);
	return code;
}

/* A zygote hands descriptors on, and has to do with more of all than a function. */
static int lift_limits(struct snafu_error *error)
{
	static const int all[] = {RLIMIT_DATA, RLIMIT_NOFILE, RLIMIT_FSIZE, RLIMIT_NPROC};

	for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
		struct rlimit limit;

		if (getrlimit((__rlimit_resource_t)all[i], &limit))
			return snafu_fail_errno(error, -errno, "cannot read a limit");
		limit.rlim_cur = limit.rlim_max;
		if (setrlimit((__rlimit_resource_t)all[i], &limit))
			return snafu_fail_errno(error, -errno, "cannot lift a limit");
	}
	return 0;
}

/* ---- environment and directory ------------------------------------------------------- */

static int set_variable(const char *line, struct snafu_error *error)
{
	const char *sign = strchr(line, '=');
	char *name = sign ? strndup(line, (size_t)(sign - line)) : NULL;
	int code = name && *name && setenv(name, sign + 1, 1) ? -errno : 0;

	free(name);
	return code ? snafu_fail_errno(error, code, "cannot set %s", line) : 0;
}

/* The languages that are open already have their own idea of the environment. */
static int tell_variable(struct snafu_inside *inside, const char *environment)
{
	while (inside->language->set_environment && *environment) {
		size_t size = strcspn(environment, "\n");
		const char *sign = memchr(environment, '=', size);
		char *line = sign && sign > environment ? strndup(environment, size) : NULL;

		if (line) {
			line[sign - environment] = '\0';
			inside->language->set_environment(inside->language_state, line,
			                                  line + (sign - environment) + 1);
		}
		free(line);
		environment += size + (environment[size] == '\n');
	}
	return 0;
}

/* PATH as seen from the directory that the process is still in. */
static int make_absolute(const char *here, const char **path)
{
	if (!*path || **path == '/')
		return 0;
	char *absolute = snafu_path_join(here, *path);
	if (!absolute)
		return -ENOMEM;
	*path = absolute; /* for as long as the process lives */
	return 0;
}

/* What was named relative to the host's directory must be found from another, too. */
static int make_all_absolute(struct snafu_inside *inside)
{
	struct snafu_functions *functions = &inside->functions;
	const char *const *lists[] = {inside->setup.paths, inside->setup.include_paths};
	size_t counts[] = {inside->setup.n_paths, inside->setup.n_include_paths};
	char here[PATH_CAP];
	int code = getcwd(here, sizeof here) ? 0 : -errno;

	for (int list = 0; list < 2; list++)
		for (size_t i = 0; !code && i < counts[list]; i++)
			code = make_absolute(here, (const char **)&lists[list][i]);
	for (size_t i = 0; !code && i < functions->count; i++) {
		struct snafu_function *function = &functions->functions[i];

		code = make_absolute(here, &function->file);
		if (!code)
			code = make_absolute(here, &function->root);
	}
	return code;
}

static int change_directory(struct snafu_inside *inside, struct snafu_error *error)
{
	const char *directory = inside->start.directory;

	if (!*directory)
		return 0;
	int code = make_all_absolute(inside);
	if (!code && chdir(directory))
		code = -errno;
	return code ? snafu_fail_errno(error, code, "cannot work in %s", directory) : 0;
}

int snafu_inside_limit(struct snafu_inside *inside, bool before, struct snafu_error *error)
{
	const struct snafu_start *start = &inside->start;
	bool zygote = start->role == SNAFU_START_ZYGOTE;
	int code = 0;

	if (!before)
		return zygote ? lift_limits(error) : set_limits(inside, true, error);
	bool opened = inside->opened;
	code = each_line(start->control_groups, join_group, error);
	if (!code)
		code = each_line(start->environment, set_variable, error);
	if (!code)
		code = change_directory(inside, error);
	if (!code && !snafu_inside_open(inside)) {
		*error = inside->language_error;
		return error->code;
	}
	if (!code && opened)
		code = tell_variable(inside, start->environment);
	if (!code && !inside->bound) /* a copy of who has loaded it needs only those that stay */
		code = set_limits(inside, false, error);
	return code;
}
