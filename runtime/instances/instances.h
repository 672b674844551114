/* runtime/instances/instances.h — what the helper program snafu-instance runs. */
#ifndef SNAFU_RUNTIME_INSTANCES_INSTANCES_H
#define SNAFU_RUNTIME_INSTANCES_INSTANCES_H

/* Lives as the host wants that listens on SOCKET (frame.h), in this process and those that
 * it forks; returns the exit status of this one. Changes the process's signal handlers,
 * session and descriptors. */
int snafu_inside_run(int socket);

#endif
