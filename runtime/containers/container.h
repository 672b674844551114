/* runtime/containers/container.h — one container that runs Snafu with the host's sources, from
 * its start to its removal.
 *
 * It has no network, no privileges and a root that cannot be written to; the way in is a Unix
 * socket in a folder that is mounted into it. What is in there may be anything but what we
 * put there, since it runs somebody's code: the socket is never reached through a link. */
#ifndef SNAFU_RUNTIME_CONTAINERS_CONTAINER_H
#define SNAFU_RUNTIME_CONTAINERS_CONTAINER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct engine;
struct snafu_buffer;
struct snafu_error;
struct snafu_executor_options;

#define CONTAINER_START_MS 60000 /* until Snafu in it answers */
#define CONTAINER_SOCKET   "web.sock"
#define CONTAINER_FOLDER   "/run/snafu" /* where it is in the container */
#define CONTAINER_SETTINGS "/etc/snafu.ini"
#define CONTAINER_LABEL    "snafu.host" /* pid:start:boot:namespace of who started it */

struct container {
	const struct engine *engine;
	char *id; /* the engine's; NULL: it was not created */
	char *folder; /* ours alone, on the host; NULL: not made */
	char *inside; /* the folder in it that is mounted */
	char *socket; /* path on the host */
	char *settings; /* path on the host */
};

/* Creates, starts and waits until it answers, or STOP is set. Blocks. */
int container_start(const struct engine *engine, const struct snafu_executor_options *options,
                    const char *tenant, const atomic_bool *stop, struct container *ret_container,
                    struct snafu_error *error);

/* Kills and removes it, with its folder. Blocks; NULLs are welcome in it. */
void container_remove(struct container *container);

/* Whether it still runs; if not, WORDS say what is known. */
bool container_runs(const struct container *container, struct snafu_buffer *words);

/* A connected socket, or a negative errno. */
int container_connect(const struct container *container);

/* Removes what hosts have left behind that are no more; returns how many, or a negative
 * errno. */
int container_clean_up(const struct engine *engine, struct snafu_error *error);

/* (describe.c) Writes what the engine wants to know to create it; IMAGE is its image. */
int container_describe(const struct container *container,
                       const struct snafu_executor_options *options, const char *image,
                       const char *tenant, struct snafu_buffer *into, struct snafu_error *error);

/* (owner.c) Who runs here, as CONTAINER_LABEL has it; and whether LABEL names somebody who is
 * known to be gone. */
void container_owner(struct snafu_buffer *into);
bool container_owner_is_gone(const char *label);

#endif
