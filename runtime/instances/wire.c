/* runtime/instances/wire.c — see wire.h. */
#include "runtime/instances/wire.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/buffer.h"
#include "runtime/job.h"

#define READS_CAP 32 /* reads of one process before the others get their turn */

/* Something that the socket did not take at once. */
struct snafu_wire_piece {
	struct snafu_wire_piece *next;
	const char *at;
	size_t size;
	char *copy; /* owned, or NULL */
	struct snafu_job *owner; /* a reference, or NULL */
	int files[2]; /* still to be sent with the first byte; -1: none */
};

/* ---- writing ---------------------------------------------------------------------- */

size_t snafu_frame_begin(struct snafu_buffer *into, enum snafu_frame_kind kind, uint64_t number)
{
	const struct snafu_frame frame = {.kind = kind, .number = number};
	size_t begin = into->size;

	snafu_buffer_append(into, &frame, sizeof frame);
	return begin;
}

void snafu_frame_end(struct snafu_buffer *into, size_t begin, size_t extra)
{
	if (snafu_buffer_failed(into))
		return;
	uint32_t size = (uint32_t)(into->size - begin - sizeof(struct snafu_frame) + extra);
	memcpy(into->data + begin + offsetof(struct snafu_frame, size), &size, sizeof size);
}

static void close_files(const int files[2])
{
	for (size_t i = 0; i < 2; i++)
		if (files[i] >= 0)
			close(files[i]);
}

static void free_piece(struct snafu_wire_piece *piece)
{
	close_files(piece->files);
	snafu_job_free(piece->owner);
	free(piece->copy);
	free(piece);
}

/* Bytes written (0: the socket is full), or a negative errno. */
static ssize_t send_some(int fd, struct iovec *parts, size_t n_parts, const int files[2])
{
	struct msghdr message = {.msg_iov = parts, .msg_iovlen = n_parts};
	union {
		char bytes[CMSG_SPACE(2 * sizeof(int))];
		struct cmsghdr align;
	} control = {0};

	if (files && files[0] >= 0) {
		size_t size = (files[1] >= 0 ? 2 : 1) * sizeof(int);

		message.msg_control = control.bytes;
		message.msg_controllen = CMSG_SPACE(size);
		struct cmsghdr *header = CMSG_FIRSTHDR(&message);
		header->cmsg_level = SOL_SOCKET;
		header->cmsg_type = SCM_RIGHTS;
		header->cmsg_len = CMSG_LEN(size);
		memcpy(CMSG_DATA(header), files, size);
	}
	for (;;) {
		ssize_t sent = sendmsg(fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);

		if (sent >= 0)
			return sent;
		if (errno == EAGAIN || errno == EWOULDBLOCK || errno == ENOBUFS)
			return 0;
		if (errno != EINTR)
			return -errno;
	}
}

/* Keeps SIZE bytes AT for later. */
static int keep(struct snafu_wire *wire, const char *at, size_t size, struct snafu_job *owner,
                const int files[2])
{
	struct snafu_wire_piece *piece = calloc(1, sizeof *piece);

	if (!piece)
		return -ENOMEM;
	piece->files[0] = piece->files[1] = -1;
	piece->at = at;
	piece->size = size;
	if (owner)
		piece->owner = snafu_job_ref(owner);
	else
		piece->at = piece->copy = malloc(size);
	if (!piece->at) {
		free_piece(piece);
		return -ENOMEM;
	}
	if (piece->copy)
		memcpy(piece->copy, at, size);
	if (files)
		memcpy(piece->files, files, sizeof piece->files);
	*(wire->last ? &wire->last->next : &wire->first) = piece;
	wire->last = piece;
	wire->pending += size;
	return 0;
}

/* FILES are taken. */
static int write_parts(struct snafu_wire *wire, const struct snafu_buffer *head, const char *rest,
                       size_t rest_size, struct snafu_job *owner, int files[2])
{
	struct iovec parts[] = {{head->data, head->size}, {(void *)rest, rest_size}};
	ssize_t sent = 0;
	int code = 0;

	if (wire->fd < 0)
		return -EPIPE;
	if (snafu_buffer_failed(head))
		return snafu_buffer_failed(head);
	if (!wire->first)
		sent = send_some(wire->fd, parts, rest_size ? 2 : 1, files);
	if (sent < 0)
		return (int)sent;
	size_t done = (size_t)sent, of_rest = done > head->size ? done - head->size : 0;
	if (done == head->size + rest_size)
		return 0;
	if (done < head->size)
		code = keep(wire, head->data + done, head->size - done, NULL, done ? NULL : files);
	if (!code && done == 0)
		files[0] = files[1] = -1;
	if (!code && of_rest < rest_size)
		code = keep(wire, rest + of_rest, rest_size - of_rest, owner, NULL);
	return code ? code : 1;
}

int snafu_wire_write(struct snafu_wire *wire, const struct snafu_buffer *head, const char *rest,
                     size_t rest_size, struct snafu_job *owner, const int files[2])
{
	int mine[2] = {files ? files[0] : -1, files ? files[1] : -1};
	int code = write_parts(wire, head, rest, rest_size, owner, mine);

	close_files(mine);
	return code;
}

int snafu_wire_flush(struct snafu_wire *wire)
{
	while (wire->first) {
		struct snafu_wire_piece *piece = wire->first;
		struct iovec part = {(void *)piece->at, piece->size};
		ssize_t sent = send_some(wire->fd, &part, 1, piece->files);

		if (sent <= 0)
			return sent < 0 ? (int)sent : 1;
		close_files(piece->files);
		piece->files[0] = piece->files[1] = -1;
		piece->at += sent;
		piece->size -= (size_t)sent;
		wire->pending -= (size_t)sent;
		if (piece->size)
			continue;
		wire->first = piece->next;
		if (!wire->first)
			wire->last = NULL;
		free_piece(piece);
	}
	return 0;
}

/* ---- reading ---------------------------------------------------------------------- */

static void take_files(struct snafu_wire *wire, struct msghdr *message)
{
	for (struct cmsghdr *header = CMSG_FIRSTHDR(message); header;
	     header = CMSG_NXTHDR(message, header)) {
		if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS)
			continue;
		size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (size_t i = 0; i < count; i++) {
			int fd;

			memcpy(&fd, CMSG_DATA(header) + i * sizeof fd, sizeof fd);
			if (wire->n_files < SNAFU_WIRE_FILES_CAP)
				wire->files[wire->n_files++] = fd;
			else
				close(fd);
		}
	}
}

/* Bytes read, 0: nothing is there now, or a negative errno (-EPIPE: the end). */
static ssize_t receive_some(struct snafu_wire *wire, char *into, size_t size)
{
	union {
		char bytes[CMSG_SPACE(SNAFU_WIRE_FILES_CAP * sizeof(int))];
		struct cmsghdr align;
	} control;
	struct iovec part = {into, size};
	struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
	ssize_t got;

	if (wire->takes_files) {
		message.msg_control = control.bytes;
		message.msg_controllen = sizeof control.bytes;
	}
	do
		got = recvmsg(wire->fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return errno == EAGAIN || errno == EWOULDBLOCK ? 0 : -errno;
	if (wire->takes_files)
		take_files(wire, &message);
	return got ? got : -EPIPE;
}

/* The frame's header is complete: makes room for the body. */
static int make_room(struct snafu_wire *wire)
{
	if (wire->frame.size > wire->cap)
		return -EMSGSIZE;
	wire->body = malloc((size_t)wire->frame.size + 1);
	wire->body_got = 0;
	return wire->body ? 0 : -ENOMEM;
}

static int hand_over(struct snafu_wire *wire,
                     int (*each)(void *, const struct snafu_frame *, char *), void *state)
{
	const struct snafu_frame frame = wire->frame;
	char *body = wire->body;

	wire->body = NULL;
	wire->frame_got = 0;
	body[frame.size] = '\0';
	int code = each(state, &frame, body);
	free(body);
	return code;
}

/* Takes from AT what completes the frame that has begun; RET_USED says how much. */
static int complete(struct snafu_wire *wire, const char *at, size_t size, size_t *ret_used,
                    int (*each)(void *, const struct snafu_frame *, char *), void *state)
{
	size_t used = 0;

	if (wire->frame_got < sizeof wire->frame) {
		size_t missing = sizeof wire->frame - wire->frame_got;

		used = size < missing ? size : missing;
		memcpy((char *)&wire->frame + wire->frame_got, at, used);
		wire->frame_got += used;
	}
	*ret_used = used;
	if (wire->frame_got < sizeof wire->frame)
		return 0;
	int code = wire->body ? 0 : make_room(wire);
	if (code)
		return code;
	size_t missing = wire->frame.size - wire->body_got, left = size - used;
	size_t more = left < missing ? left : missing;
	memcpy(wire->body + wire->body_got, at + used, more);
	wire->body_got += more;
	*ret_used += more;
	return wire->body_got == wire->frame.size ? hand_over(wire, each, state) : 0;
}

/* Hands over the frames in what was read. Whole ones are handed over where they are. */
static int digest(struct snafu_wire *wire, char *at, size_t size,
                  int (*each)(void *, const struct snafu_frame *, char *), void *state)
{
	while (size && wire->fd >= 0) {
		struct snafu_frame frame;
		size_t used;
		int code;

		if (!wire->frame_got && size >= sizeof frame) {
			memcpy(&frame, at, sizeof frame);
			if (frame.size > wire->cap)
				return -EMSGSIZE;
			if (size >= sizeof frame + frame.size) {
				char *body = at + sizeof frame, after = body[frame.size];

				body[frame.size] = '\0';
				code = each(state, &frame, body);
				if (code)
					return code;
				body[frame.size] = after;
				at += sizeof frame + frame.size;
				size -= sizeof frame + frame.size;
				continue;
			}
		}
		code = complete(wire, at, size, &used, each, state);
		if (code)
			return code;
		at += used;
		size -= used;
	}
	return 0;
}

int snafu_wire_read(struct snafu_wire *wire, char *scratch, bool until_end,
                    int (*each)(void *state, const struct snafu_frame *frame, char *body),
                    void *state)
{
	for (int i = 0; i < READS_CAP; i++) {
		bool direct = wire->body && wire->frame.size - wire->body_got > 0;
		size_t room = direct ? wire->frame.size - wire->body_got : (size_t)SNAFU_WIRE_SCRATCH;
		char *into = direct ? wire->body + wire->body_got : scratch;
		ssize_t got = receive_some(wire, into, room);
		int code = 0;

		if (got <= 0)
			return (int)got;
		if (direct) {
			wire->body_got += (size_t)got;
			if (wire->body_got == wire->frame.size)
				code = hand_over(wire, each, state);
		} else {
			code = digest(wire, scratch, (size_t)got, each, state);
		}
		if (code || wire->fd < 0)
			return code;
		if ((size_t)got < room && !until_end && !wire->takes_files)
			return 0;
	}
	return 1;
}

int snafu_wire_take_file(struct snafu_wire *wire)
{
	if (!wire->n_files)
		return -1;
	int fd = wire->files[0];
	wire->n_files--;
	memmove(wire->files, wire->files + 1, wire->n_files * sizeof *wire->files);
	return fd;
}

void snafu_wire_close(struct snafu_wire *wire)
{
	while (wire->first) {
		struct snafu_wire_piece *piece = wire->first;

		wire->first = piece->next;
		free_piece(piece);
	}
	wire->last = NULL;
	wire->pending = 0;
	if (wire->fd >= 0)
		close(wire->fd);
	wire->fd = -1;
}

void snafu_wire_done(struct snafu_wire *wire)
{
	int fd;

	snafu_wire_close(wire);
	while ((fd = snafu_wire_take_file(wire)) >= 0)
		close(fd);
	free(wire->body);
	wire->body = NULL;
}
