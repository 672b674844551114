/* exporter/connectors/web/linger.c — clients that still send when their reply is
 * out: those whose body was refused unread.
 *
 * When a socket with unread bytes is closed, TCP resets the connection, and the
 * client may never see the reply that tells why. So its descriptor is kept, what
 * comes is thrown away, and it is closed when the client has read the reply and
 * closed its side, or when its time is up. MHD closes its own descriptor as ever. */
#include <errno.h>
#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "exporter/connectors/web/web.h"

#define TURN_BYTES (4u << 20) /* thrown away in one turn of the loop */

/* The reply is out, and MHD is about to close the connection. */
void web_linger(struct web_request *request)
{
	struct epoll_event event = {.events = EPOLLIN | EPOLLRDHUP | EPOLLET, .data.ptr = NULL};
	struct web *web = request->web;

	if (web->n_lingerers == WEB_LINGER_CAP || web->closing)
		return;
	int fd = fcntl(request->fd, F_DUPFD_CLOEXEC, 0);
	if (fd < 0)
		return;
	if (epoll_ctl(web->epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0) {
		close(fd);
		return;
	}
	web->lingerers[web->n_lingerers++] =
		(struct web_lingerer){.fd = fd, .until = web->now + WEB_LINGER_MS};
}

/* Whether this one is to be heard further. */
static bool hear(const struct web *web, struct web_lingerer *lingerer)
{
	size_t taken = 0;

	if (web->now >= lingerer->until || lingerer->bytes > WEB_LINGER_BYTES)
		return false;
	while (taken < TURN_BYTES) {
		/* With MSG_TRUNC, TCP drops the bytes instead of copying them. */
		ssize_t n = recv(lingerer->fd, NULL, TURN_BYTES, MSG_TRUNC | MSG_DONTWAIT);
		if (n == 0)
			return false;
		if (n < 0) {
			lingerer->bytes += taken;
			return errno == EAGAIN || errno == EINTR;
		}
		taken += (size_t)n;
	}
	lingerer->bytes += taken;
	web->event_loop.wake((void *)web); /* there is more, and no edge to come */
	return true;
}

void web_hear_out(struct web *web)
{
	for (size_t i = 0; i < web->n_lingerers;) {
		if (hear(web, &web->lingerers[i])) {
			i++;
			continue;
		}
		close(web->lingerers[i].fd);
		web->lingerers[i] = web->lingerers[--web->n_lingerers];
	}
}

void web_lingerers_done(struct web *web)
{
	for (size_t i = 0; i < web->n_lingerers; i++)
		close(web->lingerers[i].fd);
	web->n_lingerers = 0;
}
