/* runtime/containers/container.h — one container that runs Snafu with the host's sources, from
 * its start to its removal.
 *
 * It has no network, no privileges and a root that cannot be written to; the way in is a Unix
 * socket in a tiny file system of its own, which is reached through /proc/PID/root. What is in
 * there may be anything but what we put there, since it runs somebody's code: the socket is
 * never reached through a link that leads out. */
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
#define CONTAINER_FOLDER   "/run/snafu" /* where its socket is, in it */
#define CONTAINER_SOCKET   "web.sock"
#define CONTAINER_SETTINGS "/etc/snafu.ini"
#define CONTAINER_LABEL    "snafu.host" /* pid:start:boot:namespace of who started it */

struct container {
	const struct engine *engine;
	char *name; /* the engine's, too; NULL: nothing was made */
	char *folder; /* ours alone, on the host; NULL: not made */
	char *settings; /* path on the host */
	int socket; /* its file, O_PATH; -1: not yet */
	char address[32]; /* where to connect to: a path that leads to the socket */
};

/* Creates, starts and waits until it answers, or STOP is set. Blocks. */
int container_start(const struct engine *engine, const struct snafu_executor_options *options,
                    const char *tenant, const atomic_bool *stop, struct container *ret_container,
                    struct snafu_error *error);

/* Kills and removes it, with its folder, and frees all. Fails when the engine is away: then
 * nothing has changed. Blocks; NULLs are welcome in it. */
int container_remove(struct container *container);
/* The same, but frees nothing: somebody may still use it. */
int container_end(const struct container *container);
/* Removes its folder and frees all, and leaves it to the engine and to the next host. */
void container_forget(struct container *container);

enum container_state {
	CONTAINER_RUNS,
	CONTAINER_ENDED,
	CONTAINER_UNKNOWN, /* the engine does not say */
};

/* Asks the engine; if it does not run, WORDS say what is known. RET_PID MAY be NULL: that of
 * the first process in it, in the engine's namespace. */
enum container_state container_look(const struct container *container, struct snafu_buffer *words,
                                    long *ret_pid);

/* Whether Snafu in it says that it is well; waits for half a second at most. */
bool container_answers(const struct container *container);

/* Removes what hosts have left behind that are no more; returns how many, or a negative
 * errno. */
int container_clean_up(const struct engine *engine, struct snafu_error *error);

/* (describe.c) Writes what the engine wants to know to create it; IMAGE is its image. */
int container_describe(const struct container *container,
                       const struct snafu_executor_options *options, const char *image,
                       const char *tenant, struct snafu_buffer *into, struct snafu_error *error);

/* (inner_settings.c) The settings file of the Snafu in it, for TENANT. */
int container_write_settings(const char *path, const struct snafu_executor_options *options,
                             const char *tenant, struct snafu_error *error);

/* (owner.c) Who runs here, as CONTAINER_LABEL has it; and whether LABEL names somebody who is
 * known to be gone. */
void container_owner(struct snafu_buffer *into);
bool container_owner_is_gone(const char *label);

#endif
