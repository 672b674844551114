/* runtime/instances/channel.c — see channel.h. */
#include "runtime/instances/channel.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#define SPARE_SIZE 4000 /* of a frame at least: most later ones then fit into the same memory */

int snafu_channel_init(struct snafu_channel *channel, int fd)
{
	*channel = (struct snafu_channel){.fd = fd};
	pthread_mutex_init(&channel->writing, NULL);
	channel->bytes = malloc(SNAFU_CHANNEL_READ_SIZE);
	return channel->bytes ? 0 : -ENOMEM;
}

void snafu_channel_reset(struct snafu_channel *channel, int fd)
{
	for (unsigned i = 0; i < channel->n_files; i++)
		close(channel->files[i]);
	channel->n_files = 0;
	channel->at = channel->used = 0;
	free(channel->partial);
	channel->partial = NULL;
	channel->fd = fd;
}

/* ---- reading ----------------------------------------------------------------------- */

/* Keeps the descriptors that came with MESSAGE. */
static int keep_files(struct snafu_channel *channel, struct msghdr *message)
{
	int code = message->msg_flags & MSG_CTRUNC ? -EBADMSG : 0;

	for (struct cmsghdr *part = CMSG_FIRSTHDR(message); part; part = CMSG_NXTHDR(message, part)) {
		if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS)
			continue;
		size_t count = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (size_t i = 0; i < count; i++) {
			int file;

			memcpy(&file, CMSG_DATA(part) + i * sizeof file, sizeof file);
			if (channel->n_files < SNAFU_CHANNEL_FILES_CAP) {
				channel->files[channel->n_files++] = file;
			} else {
				close(file);
				code = -EBADMSG;
			}
		}
	}
	return code;
}

/* Reads once into INTO; the number of bytes, 0 when there are none yet. Whoever sleeps in
 * recvmsg() is woken when the other side reads what we have written, too; in poll() not. */
static ssize_t receive(struct snafu_channel *channel, bool wait, char *into, size_t room)
{
	union {
		char bytes[CMSG_SPACE(SNAFU_CHANNEL_FILES_CAP * sizeof(int))];
		struct cmsghdr align;
	} control;
	struct iovec part = {.iov_base = into, .iov_len = room};

	for (;;) {
		struct msghdr message = {.msg_iov = &part,
		                         .msg_iovlen = 1,
		                         .msg_control = control.bytes,
		                         .msg_controllen = sizeof control.bytes};
		ssize_t got = recvmsg(channel->fd, &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);

		if (got == 0)
			return -EPIPE;
		if (got > 0) {
			int code = message.msg_controllen ? keep_files(channel, &message) : 0;

			return code ? code : got;
		}
		if (errno == EAGAIN && !wait)
			return 0;
		if (errno == EAGAIN)
			poll(&(struct pollfd){.fd = channel->fd, .events = POLLIN}, 1, -1);
		else if (errno != EINTR)
			return errno == ECONNRESET ? -EPIPE : -errno;
	}
}

static struct snafu_incoming *make_incoming(struct snafu_channel *channel,
                                            const struct snafu_frame *frame)
{
	struct snafu_incoming *incoming = channel->spare;

	if (incoming && incoming->capacity >= frame->size) {
		channel->spare = NULL;
	} else {
		size_t capacity = frame->size < SPARE_SIZE ? SPARE_SIZE : frame->size;

		incoming = malloc(sizeof *incoming + capacity + 1);
		if (!incoming)
			return NULL;
		incoming->capacity = capacity;
	}
	incoming->next = NULL;
	incoming->frame = *frame;
	incoming->body[frame->size] = '\0';
	return incoming;
}

void snafu_channel_give_back(struct snafu_channel *channel, struct snafu_incoming *incoming)
{
	if (incoming && !channel->spare && incoming->capacity <= SNAFU_CHANNEL_SPARE_CAP)
		channel->spare = incoming;
	else
		free(incoming);
}

/* Begins the next frame if its header is there. */
static int begin_frame(struct snafu_channel *channel)
{
	struct snafu_frame frame;

	if (channel->partial || channel->used - channel->at < sizeof frame)
		return 0;
	memcpy(&frame, channel->bytes + channel->at, sizeof frame);
	if (frame.size > SNAFU_CHANNEL_BODY_CAP)
		return -EBADMSG;
	channel->partial = make_incoming(channel, &frame);
	if (!channel->partial)
		return -ENOMEM;
	channel->at += sizeof frame;
	channel->partial_size = 0;
	return 0;
}

/* Moves what was read into the frame that is coming; whether that is complete. */
static bool fill_frame(struct snafu_channel *channel)
{
	if (!channel->partial)
		return false;
	size_t wanted = channel->partial->frame.size - channel->partial_size;
	size_t there = channel->used - channel->at;
	size_t size = wanted < there ? wanted : there;

	memcpy(channel->partial->body + channel->partial_size, channel->bytes + channel->at, size);
	channel->partial_size += size;
	channel->at += size;
	return size == wanted;
}

/* Reads more: a large body straight into its place, else ahead. */
static ssize_t read_more(struct snafu_channel *channel, bool wait)
{
	struct snafu_incoming *partial = channel->partial;
	ssize_t got;

	if (partial && partial->frame.size - channel->partial_size >= SNAFU_CHANNEL_READ_SIZE) {
		got = receive(channel, wait, partial->body + channel->partial_size,
		              partial->frame.size - channel->partial_size);
		if (got > 0)
			channel->partial_size += (size_t)got;
		return got;
	}
	memmove(channel->bytes, channel->bytes + channel->at, channel->used - channel->at);
	channel->used -= channel->at;
	channel->at = 0;
	got = receive(channel, wait, channel->bytes + channel->used,
	              SNAFU_CHANNEL_READ_SIZE - channel->used);
	if (got > 0)
		channel->used += (size_t)got;
	return got;
}

int snafu_channel_read(struct snafu_channel *channel, bool wait, struct snafu_incoming **ret)
{
	for (;;) {
		int code = begin_frame(channel);

		if (code)
			return code;
		if (fill_frame(channel)) {
			*ret = channel->partial;
			channel->partial = NULL;
			return 0;
		}
		ssize_t got = read_more(channel, wait);
		if (got < 0)
			return (int)got;
		if (got == 0) {
			*ret = NULL;
			return 0;
		}
	}
}

bool snafu_channel_take_files(struct snafu_channel *channel, int *ret_files, unsigned count)
{
	if (channel->n_files < count)
		return false;
	memcpy(ret_files, channel->files, count * sizeof *ret_files);
	channel->n_files -= count;
	memmove(channel->files, channel->files + count, channel->n_files * sizeof *channel->files);
	return true;
}

/* ---- writing ----------------------------------------------------------------------- */

/* Writes all of MESSAGE's parts; what goes along goes with the first bytes. */
static int send_all(int fd, struct msghdr *message)
{
	while (message->msg_iovlen) {
		ssize_t put = sendmsg(fd, message, MSG_NOSIGNAL);

		if (put < 0 && errno == EAGAIN)
			poll(&(struct pollfd){.fd = fd, .events = POLLOUT}, 1, -1);
		else if (put < 0 && errno != EINTR)
			return errno == ECONNRESET ? -EPIPE : -errno;
		if (put < 0)
			continue;
		message->msg_control = NULL;
		message->msg_controllen = 0;
		for (size_t left = (size_t)put; message->msg_iovlen;) {
			struct iovec *part = message->msg_iov;
			size_t size = part->iov_len < left ? part->iov_len : left;

			part->iov_base = (char *)part->iov_base + size;
			part->iov_len -= size;
			left -= size;
			if (part->iov_len)
				break;
			message->msg_iov++;
			message->msg_iovlen--;
		}
	}
	return 0;
}

int snafu_channel_write(struct snafu_channel *channel, enum snafu_frame_kind kind, uint64_t number,
                        const struct snafu_buffer *body, const char *payload, size_t size, int file)
{
	union {
		char bytes[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = {{0}};
	size_t all = body->size + size;

	if (channel->fd < 0)
		return -EPIPE;
	if (snafu_buffer_failed(body))
		return snafu_buffer_failed(body);
	if (all > SNAFU_CHANNEL_BODY_CAP)
		return -EMSGSIZE;
	struct snafu_frame frame = {.size = (uint32_t)all, .kind = kind, .number = number};
	struct iovec parts[] = {{.iov_base = &frame, .iov_len = sizeof frame},
	                        {.iov_base = body->data, .iov_len = body->size},
	                        {.iov_base = (char *)payload, .iov_len = size}};
	struct msghdr message = {.msg_iov = parts, .msg_iovlen = size ? 3 : 2};
	if (file >= 0) {
		message.msg_control = control.bytes;
		message.msg_controllen = sizeof control.bytes;
		*CMSG_FIRSTHDR(&message) = (struct cmsghdr){.cmsg_len = CMSG_LEN(sizeof file),
		                                            .cmsg_level = SOL_SOCKET,
		                                            .cmsg_type = SCM_RIGHTS};
		memcpy(CMSG_DATA(CMSG_FIRSTHDR(&message)), &file, sizeof file);
	}
	pthread_mutex_lock(&channel->writing);
	int code = send_all(channel->fd, &message);
	pthread_mutex_unlock(&channel->writing);
	return code;
}
