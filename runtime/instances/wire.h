/* runtime/instances/wire.h — frames over the socket of one process, without ever
 * blocking: what does not fit into the socket waits here, and what has come in part, too.
 *
 * The other side is hostile: the size of what it says is capped. Not locked: whoever
 * has the process has the wire. */
#ifndef SNAFU_RUNTIME_INSTANCES_WIRE_H
#define SNAFU_RUNTIME_INSTANCES_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runtime/instances/frame.h"

struct snafu_buffer;
struct snafu_job;

#define SNAFU_WIRE_SCRATCH   (64u << 10) /* bytes read at once */
#define SNAFU_WIRE_FILES_CAP 8 /* descriptors that have come and that nobody has taken */

struct snafu_wire_piece;

struct snafu_wire {
	int fd; /* -1: closed */
	size_t cap; /* bytes of a body that comes */
	bool takes_files; /* descriptors may come along */

	/* Private. */
	struct snafu_wire_piece *first, *last; /* to be written... */
	size_t pending; /* ...bytes of it: for whoever writes to see that nobody reads */
	struct snafu_frame frame; /* that has come in part... */
	size_t frame_got;
	char *body; /* ...and its body */
	size_t body_got;
	int files[SNAFU_WIRE_FILES_CAP];
	size_t n_files;
};

/* A frame under way in INTO: begin, append the body, end. EXTRA bytes of the body are
 * not in INTO, and follow. */
size_t snafu_frame_begin(struct snafu_buffer *into, enum snafu_frame_kind kind, uint64_t number);
void snafu_frame_end(struct snafu_buffer *into, size_t begin, size_t extra);

/* Writes HEAD and then REST. What the socket does not take now is kept: a copy of HEAD, a
 * copy of REST or, when it is OWNER's payload, a reference to OWNER. FILES (two, one
 * and -1, or NULL) go along, and are closed here in any case. 0: all is written. 1: the
 * rest waits for snafu_wire_flush(), when the socket is writable. -EPIPE and others: the
 * process is gone. */
int snafu_wire_write(struct snafu_wire *wire, const struct snafu_buffer *head, const char *rest,
                     size_t rest_size, struct snafu_job *owner, const int files[2]);
int snafu_wire_flush(struct snafu_wire *wire);

/* Reads what is there, all of it when UNTIL_END (the other side has hung up), and hands
 * over each frame with its body, which has a NUL behind it and is only lent. SCRATCH has
 * SNAFU_WIRE_SCRATCH + 1 bytes. EACH returns 0, or anything else to end the
 * reading, which is returned then. 0; 1: there may be more; -EPIPE: the end; -EMSGSIZE: a
 * body over the cap; -ENOMEM. EACH may close the wire. */
int snafu_wire_read(struct snafu_wire *wire, char *scratch, bool until_end,
                    int (*each)(void *state, const struct snafu_frame *frame, char *body),
                    void *state);

/* A descriptor that came along, in the order in which they came; -1: none. Caller closes. */
int snafu_wire_take_file(struct snafu_wire *wire);

/* Closes the socket, and forgets what is still to be written. Any number of times. */
void snafu_wire_close(struct snafu_wire *wire);
/* The rest; not inside EACH. */
void snafu_wire_done(struct snafu_wire *wire);

#endif
