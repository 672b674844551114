/* runtime/instances/control_group.h — limits that hold for a process and all that it
 * starts: memory and number of processes, in a control group for each process, where this
 * process may make such groups. Where not, nothing happens: the limits that a
 * process sets for itself still hold. Version 2 of control groups, else version 1. */
#ifndef SNAFU_RUNTIME_INSTANCES_CONTROL_GROUP_H
#define SNAFU_RUNTIME_INSTANCES_CONTROL_GROUP_H

#include <stdbool.h>
#include <stdint.h>

struct snafu_buffer;
struct snafu_control_groups;

/* Makes a place named after this process and NAME, and removes those of processes that are
 * no more. RET_GROUPS is NULL where that is not permitted. */
void snafu_control_groups_open(const char *name, struct snafu_control_groups **ret_groups);
/* Also after a NULL. The groups must be empty by then. */
void snafu_control_groups_close(struct snafu_control_groups *groups);

/* Makes the group NUMBER with its limits (0: none) and appends to FILES the files that the
 * process is to write its pid to, one a line. False: there is none. */
struct snafu_group_limits {
	uint64_t memory; /* bytes */
	uint64_t processes;
	bool several; /* calls of several: memory that is out costs one process, not all */
};
bool snafu_control_group_make(struct snafu_control_groups *groups, uint64_t number,
                              const struct snafu_group_limits *limits, struct snafu_buffer *files);
/* Kills what is left in it, where the kernel can, and removes it; if not now, then later. */
void snafu_control_group_remove(struct snafu_control_groups *groups, uint64_t number);

#endif
