/* exporter/connectors/web/listen.c — see listen.h. */
#include "exporter/connectors/web/listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/error.h"

static int parse_port(const char *text, unsigned *ret_port)
{
	size_t size = strlen(text);

	if (size == 0 || size > 5 || strspn(text, "0123456789") != size)
		return -EINVAL;
	unsigned long port = strtoul(text, NULL, 10);
	if (port > 65535)
		return -EINVAL;
	*ret_port = (unsigned)port;
	return 0;
}

/* Splits "[HOST:]PORT". */
static int parse(const char *listen, struct web_address *address, struct snafu_error *error)
{
	const char *host = "127.0.0.1", *host_end = NULL, *port = listen;
	size_t size = strlen(host);

	if (listen[0] == '[') {
		host = listen + 1;
		host_end = strchr(host, ']');
		port = host_end && host_end[1] == ':' ? host_end + 2 : "";
	} else if ((host_end = strrchr(listen, ':')) != NULL) {
		host = listen;
		port = host_end + 1;
		if (memchr(host, ':', (size_t)(host_end - host)))
			return snafu_fail(error, -EINVAL,
			                  "'%s': write an IPv6 address in brackets, as in [::1]:8080", listen);
	}
	if (host_end)
		size = (size_t)(host_end - host);
	if (parse_port(port, &address->port) < 0 || size == 0 || size >= sizeof address->host)
		return snafu_fail(error, -EINVAL,
		                  "cannot listen at '%s': give a port (8080), an address and a port "
		                  "(0.0.0.0:8080, [::1]:8080), or unix:PATH",
		                  listen);
	memcpy(address->host, host, size);
	address->host[size] = '\0';
	return 0;
}

static bool is_loopback(const struct sockaddr *address)
{
	const struct sockaddr_in *v4 = (const struct sockaddr_in *)(const void *)address;
	const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)(const void *)address;

	if (address->sa_family == AF_INET)
		return ntohl(v4->sin_addr.s_addr) >> 24 == 127;
	return IN6_IS_ADDR_LOOPBACK(&v6->sin6_addr);
}

static int fail(int code, const struct web_address *address, struct snafu_error *error)
{
	if (code == -EADDRINUSE)
		return snafu_fail(error, code,
		                  "port %u of %s is in use by another program: choose another "
		                  "with -L PORT (0 takes a free one)",
		                  address->port, address->host);
	if (code == -EACCES)
		return snafu_fail(error, code, "port %u may only be used by root: choose one above 1023",
		                  address->port);
	return snafu_fail_errno(error, code, "cannot listen at %s port %u", address->host,
	                        address->port);
}

/* Asks the kernel which port it was, and writes the URL. */
static int name_it(int socket, struct web_address *address)
{
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	} name;
	socklen_t size = sizeof name;

	if (getsockname(socket, &name.any, &size) < 0)
		return -errno;
	address->port = ntohs(name.any.sa_family == AF_INET ? name.v4.sin_port : name.v6.sin6_port);
	address->loopback = is_loopback(&name.any);
	bool bracketed = strchr(address->host, ':') != NULL;
	snprintf(address->url, sizeof address->url, bracketed ? "http://[%s]:%u" : "http://%s:%u",
	         address->host, address->port);
	return 0;
}

static int open_at(const struct addrinfo *info, int *ret_socket)
{
	int one = 1;
	int fd = socket(info->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	/* A port whose last user has just ended can be taken at once. */
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
	if (bind(fd, info->ai_addr, info->ai_addrlen) < 0 || listen(fd, WEB_BACKLOG) < 0) {
		int code = -errno;
		close(fd);
		return code;
	}
	*ret_socket = fd;
	return 0;
}

/* ---- Unix sockets ------------------------------------------------------------------ */

/* Whether nobody listens at the socket at NAME any more. */
static bool is_left_over(const struct sockaddr_un *name)
{
	struct stat status;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	bool refused = fd >= 0 && lstat(name->sun_path, &status) == 0 && S_ISSOCK(status.st_mode) &&
	               connect(fd, (const struct sockaddr *)name, sizeof *name) < 0 &&
	               errno == ECONNREFUSED;

	if (fd >= 0)
		close(fd);
	return refused;
}

static int open_path(const struct sockaddr_un *name)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	/* The file gets the mode of the socket. */
	if (fd >= 0 &&
	    (fchmod(fd, 0600) < 0 || bind(fd, (const struct sockaddr *)name, sizeof *name) < 0 ||
	     listen(fd, WEB_BACKLOG) < 0)) {
		int code = -errno;

		close(fd);
		return code;
	}
	return fd < 0 ? -errno : fd;
}

static int listen_path(const char *path, int *ret_socket, struct web_address *ret_address,
                       struct snafu_error *error)
{
	struct sockaddr_un name = {.sun_family = AF_UNIX};
	size_t size = strlen(path);

	if (size == 0 || size >= sizeof name.sun_path)
		return snafu_fail(error, -EINVAL, "the path of a Unix socket has 1 to %zu characters: '%s'",
		                  sizeof name.sun_path - 1, path);
	memcpy(name.sun_path, path, size + 1);
	int fd = open_path(&name);
	if (fd == -EADDRINUSE && is_left_over(&name) && unlink(path) == 0)
		fd = open_path(&name);
	if (fd == -EADDRINUSE)
		return snafu_fail(error, fd, "%s is there already: choose another path", path);
	if (fd < 0)
		return snafu_fail_errno(error, fd, "cannot listen at %s", path);
	*ret_address = (struct web_address){.path = strdup(path)};
	if (!ret_address->path) {
		close(fd);
		return snafu_fail(error, -ENOMEM, "no memory");
	}
	snprintf(ret_address->url, sizeof ret_address->url, WEB_UNIX_PREFIX "%s", path);
	*ret_socket = fd;
	return 0;
}

void web_unlisten(struct web_address *address)
{
	if (address->path)
		unlink(address->path);
	free(address->path);
	address->path = NULL;
}

int web_listen(const char *listen, int *ret_socket, struct web_address *ret_address,
               struct snafu_error *error)
{
	struct web_address address = {.port = 0};
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
	struct addrinfo *found = NULL;
	char port[8];
	int fd = -1;

	if (listen && strncmp(listen, WEB_UNIX_PREFIX, strlen(WEB_UNIX_PREFIX)) == 0)
		return listen_path(listen + strlen(WEB_UNIX_PREFIX), ret_socket, ret_address, error);
	int code = parse(listen ? listen : WEB_DEFAULT_LISTEN, &address, error);
	if (code < 0)
		return code;
	snprintf(port, sizeof port, "%u", address.port);
	int problem = getaddrinfo(address.host, port, &hints, &found);
	if (problem)
		return snafu_fail(error, -EINVAL, "cannot listen at '%s': %s", address.host,
		                  gai_strerror(problem));
	code = open_at(found, &fd);
	freeaddrinfo(found);
	if (code < 0)
		return fail(code, &address, error);
	code = name_it(fd, &address);
	if (code < 0) {
		close(fd);
		return fail(code, &address, error);
	}
	*ret_socket = fd;
	*ret_address = address;
	return 0;
}
