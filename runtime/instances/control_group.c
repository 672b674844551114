/* runtime/instances/control_group.c — see control_group.h. */
#include "runtime/instances/control_group.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buffer.h"

#define ROOT       "/sys/fs/cgroup"
#define PREFIX     "snafu-"
#define TEXT_CAP   4096 /* bytes of /proc/self/cgroup and of a path */
#define RETRY_CAP  64 /* groups that could not be removed yet */
#define ROUNDS_CAP 8 /* of killing what is in a group */

enum controller { MEMORY, PIDS, N_CONTROLLERS };
static const char *const controllers[N_CONTROLLERS] = {"memory", "pids"};

struct snafu_control_groups {
	bool unified; /* version 2 */
	char *places[N_CONTROLLERS]; /* our directory in each hierarchy; version 2: in the first */
	uint64_t left[RETRY_CAP];
	size_t n_left;
};

static int write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	ssize_t written = write(fd, text, strlen(text));
	int code = written < 0 ? -errno : 0;
	close(fd);
	return code;
}

static int write_file(const char *directory, const char *name, const char *text)
{
	char path[TEXT_CAP];

	if (snprintf(path, sizeof path, "%s/%s", directory, name) >= (int)sizeof path)
		return -ENAMETOOLONG;
	return write_text(path, text);
}

/* Where this process itself is in the hierarchy of CONTROLLER ("" for version 2), as
 * /proc/self/cgroup says: "4:memory:/path". */
static void find_own(const char *controller, char path[TEXT_CAP])
{
	char line[TEXT_CAP];
	FILE *file = fopen("/proc/self/cgroup", "re");

	snprintf(path, TEXT_CAP, "/");
	while (file && fgets(line, sizeof line, file)) {
		char *names = strchr(line, ':'), *at = names ? strchr(names + 1, ':') : NULL;

		if (!at)
			continue;
		*at++ = '\0';
		at[strcspn(at, "\n")] = '\0';
		if (strcmp(names + 1, controller) == 0)
			snprintf(path, TEXT_CAP, "%s", at);
	}
	if (file)
		fclose(file);
}

/* Groups of hosts that are no more: their directories, and those inside. */
static void remove_tree(const char *path, int depth)
{
	DIR *directory = depth > 0 ? opendir(path) : NULL;
	const struct dirent *entry;
	char inner[TEXT_CAP];

	while (directory && (entry = readdir(directory)))
		if (entry->d_type == DT_DIR && entry->d_name[0] != '.' &&
		    snprintf(inner, sizeof inner, "%s/%s", path, entry->d_name) < (int)sizeof inner)
			remove_tree(inner, depth - 1);
	if (directory)
		closedir(directory);
	rmdir(path);
}

static void sweep(const char *parent)
{
	DIR *directory = opendir(parent);
	const struct dirent *entry;
	char path[TEXT_CAP];

	while (directory && (entry = readdir(directory))) {
		if (strncmp(entry->d_name, PREFIX, strlen(PREFIX)) != 0)
			continue;
		long pid = strtol(entry->d_name + strlen(PREFIX), NULL, 10);
		if (pid > 0 && kill((pid_t)pid, 0) < 0 && errno == ESRCH &&
		    snprintf(path, sizeof path, "%s/%s", parent, entry->d_name) < (int)sizeof path)
			remove_tree(path, 2);
	}
	if (directory)
		closedir(directory);
}

/* Makes our directory in the hierarchy at MOUNT. NULL: not permitted. */
static char *make_place(const char *mount, const char *controller, const char *name)
{
	char own[TEXT_CAP], parent[TEXT_CAP], path[TEXT_CAP];
	struct stat status;

	find_own(controller, own);
	if (snprintf(parent, sizeof parent, "%s%s", mount, strcmp(own, "/") == 0 ? "" : own) >=
	    (int)sizeof parent)
		return NULL;
	if (stat(parent, &status) < 0)
		snprintf(parent, sizeof parent, "%s", mount);
	sweep(parent);
	if (snprintf(path, sizeof path, "%s/" PREFIX "%ld-%s", parent, (long)getpid(), name) >=
	        (int)sizeof path ||
	    (mkdir(path, 0700) < 0 && errno != EEXIST))
		return NULL;
	return strdup(path);
}

static bool open_unified(struct snafu_control_groups *groups, const char *name)
{
	if (access(ROOT "/cgroup.controllers", F_OK) < 0)
		return false;
	groups->places[0] = make_place(ROOT, "", name);
	if (!groups->places[0])
		return false;
	groups->unified = true;
	/* The controllers are handed down from above, else this says no. */
	return write_file(groups->places[0], "cgroup.subtree_control", "+memory +pids") == 0;
}

static bool open_separate(struct snafu_control_groups *groups, const char *name)
{
	char mount[TEXT_CAP];
	bool any = false;

	for (size_t i = 0; i < N_CONTROLLERS; i++) {
		snprintf(mount, sizeof mount, ROOT "/%s", controllers[i]);
		if (access(mount, W_OK) == 0)
			groups->places[i] = make_place(mount, controllers[i], name);
		any |= groups->places[i] != NULL;
	}
	return any;
}

static void free_groups(struct snafu_control_groups *groups)
{
	for (size_t i = 0; i < N_CONTROLLERS; i++) {
		if (groups->places[i])
			remove_tree(groups->places[i], 2); /* with groups that have got empty only now */
		free(groups->places[i]);
	}
	free(groups);
}

void snafu_control_groups_open(const char *name, struct snafu_control_groups **ret_groups)
{
	struct snafu_control_groups *groups = calloc(1, sizeof *groups);

	*ret_groups = NULL;
	if (!groups)
		return;
	if (open_unified(groups, name) || (!groups->unified && open_separate(groups, name)))
		*ret_groups = groups;
	else
		free_groups(groups);
}

/* Limits that one kernel or the other does not know are left out. */
static void limit(const struct snafu_control_groups *groups, enum controller controller,
                  const char *path, const struct snafu_group_limits *limits)
{
	uint64_t memory = limits->memory, processes = limits->processes;
	char number[32];

	if (memory && (groups->unified || controller == MEMORY)) {
		snprintf(number, sizeof number, "%" PRIu64, memory);
		write_file(path, groups->unified ? "memory.max" : "memory.limit_in_bytes", number);
		if (groups->unified) {
			write_file(path, "memory.swap.max", "0");
			write_file(path, "memory.oom.group", limits->several ? "0" : "1");
		} else {
			write_file(path, "memory.memsw.limit_in_bytes", number);
		}
	}
	if (processes && (groups->unified || controller == PIDS)) {
		snprintf(number, sizeof number, "%" PRIu64, processes);
		write_file(path, "pids.max", number);
	}
}

static bool path_of(const char *place, uint64_t number, char path[TEXT_CAP])
{
	return place && snprintf(path, TEXT_CAP, "%s/%" PRIu64, place, number) < TEXT_CAP;
}

static void remove_some(struct snafu_control_groups *groups)
{
	char path[TEXT_CAP];
	size_t kept = 0;

	for (size_t i = 0; i < groups->n_left; i++) {
		bool busy = false;

		for (size_t k = 0; k < N_CONTROLLERS; k++)
			if (path_of(groups->places[k], groups->left[i], path) && rmdir(path) < 0)
				busy |= errno == EBUSY;
		if (busy)
			groups->left[kept++] = groups->left[i];
	}
	groups->n_left = kept;
}

bool snafu_control_group_make(struct snafu_control_groups *groups, uint64_t number,
                              const struct snafu_group_limits *limits, struct snafu_buffer *files)
{
	char path[TEXT_CAP];
	bool any = false;

	if (!groups)
		return false;
	remove_some(groups);
	for (size_t i = 0; i < N_CONTROLLERS; i++) {
		if (!path_of(groups->places[i], number, path) || mkdir(path, 0700) < 0)
			continue;
		limit(groups, (enum controller)i, path, limits);
		snafu_buffer_format(files, "%s%s/cgroup.procs", any ? "\n" : "", path);
		any = true;
	}
	return any;
}

/* What version 2 does by itself, in rounds: whoever forks meanwhile is met in the next one. */
static void kill_members(const char *path)
{
	char file[TEXT_CAP], line[32];

	if (snprintf(file, sizeof file, "%s/cgroup.procs", path) >= (int)sizeof file)
		return;
	for (int round = 0; round < ROUNDS_CAP; round++) {
		FILE *members = fopen(file, "re");
		bool any = false;

		while (members && fgets(line, sizeof line, members)) {
			long pid = strtol(line, NULL, 10);

			any |= pid > 1 && kill((pid_t)pid, SIGKILL) == 0;
		}
		if (members)
			fclose(members);
		if (!any)
			return;
	}
}

static void kill_all(const struct snafu_control_groups *groups, const char *path)
{
	if (groups->unified)
		write_file(path, "cgroup.kill", "1");
	else
		kill_members(path);
}

void snafu_control_group_remove(struct snafu_control_groups *groups, uint64_t number)
{
	char path[TEXT_CAP];
	bool busy = false;

	for (size_t i = 0; groups && i < N_CONTROLLERS; i++) {
		if (!path_of(groups->places[i], number, path))
			continue;
		kill_all(groups, path);
		busy |= rmdir(path) < 0 && errno == EBUSY;
	}
	if (busy && groups->n_left < RETRY_CAP)
		groups->left[groups->n_left++] = number;
}

void snafu_control_groups_close(struct snafu_control_groups *groups)
{
	if (!groups)
		return;
	remove_some(groups);
	free_groups(groups);
}
