/* runtime/instances/channel.h — a function's process and its socket to the host: frames
 * read with few system calls, and written whole.
 *
 * One thread at a time reads (inside_wait.c sees to it); any thread writes. */
#ifndef SNAFU_RUNTIME_INSTANCES_CHANNEL_H
#define SNAFU_RUNTIME_INSTANCES_CHANNEL_H

#include <pthread.h>
#include <stdbool.h>

#include "runtime/instances/frame.h"

#define SNAFU_CHANNEL_BODY_CAP  (2047u << 20) /* bytes of a frame's body */
#define SNAFU_CHANNEL_READ_SIZE (64u << 10) /* bytes read ahead */
#define SNAFU_CHANNEL_FILES_CAP 64 /* descriptors that came and were not yet taken */
#define SNAFU_CHANNEL_SPARE_CAP (1u << 20) /* bytes of a body's memory that is kept for the next */

/* A frame that has come. */
struct snafu_incoming {
	struct snafu_incoming *next; /* in a list of those that wait for their reader */
	struct snafu_frame frame;
	size_t capacity; /* of the body's memory */
	char body[]; /* frame.size bytes, then a NUL */
};

struct snafu_channel {
	int fd; /* -1: closed */
	pthread_mutex_t writing;
	char *bytes; /* read, not yet taken: from `at` to `used` */
	size_t at, used;
	struct snafu_incoming *partial; /* the frame whose body is coming */
	size_t partial_size; /* bytes of its body that are there */
	struct snafu_incoming *spare; /* memory of an earlier frame */
	int files[SNAFU_CHANNEL_FILES_CAP]; /* that came along, oldest first */
	unsigned n_files;
};

/* FD stays the caller's. 0 or -ENOMEM. */
int snafu_channel_init(struct snafu_channel *channel, int fd);

/* Begins anew on FD: what was read and came along is dropped. For a process that has just
 * been forked from the one that used the channel. */
void snafu_channel_reset(struct snafu_channel *channel, int fd);

/* The next frame, which the caller gives back. WAIT: until there is one; else NULL may come.
 * -EPIPE when the other side has gone, -EBADMSG when it talks nonsense, -ENOMEM. */
int snafu_channel_read(struct snafu_channel *channel, bool wait, struct snafu_incoming **ret);

/* Frees a frame; NULL is welcome. The thread that reads. */
void snafu_channel_give_back(struct snafu_channel *channel, struct snafu_incoming *incoming);

/* Takes the oldest COUNT descriptors that came along; false when there are not so many. */
bool snafu_channel_take_files(struct snafu_channel *channel, int *ret_files, unsigned count);

/* Writes a frame: its body is BODY and then the SIZE bytes of PAYLOAD. FILE: a descriptor
 * that goes along, or -1. 0, -EPIPE, or another negative errno. */
int snafu_channel_write(struct snafu_channel *channel, enum snafu_frame_kind kind, uint64_t number,
                        const struct snafu_buffer *body, const char *payload, size_t size,
                        int file);

#endif
