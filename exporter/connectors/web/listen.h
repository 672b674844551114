/* exporter/connectors/web/listen.h — where the web connector listens. */
#ifndef SNAFU_EXPORTER_CONNECTORS_WEB_LISTEN_H
#define SNAFU_EXPORTER_CONNECTORS_WEB_LISTEN_H

#include <stdbool.h>

struct snafu_error;

#define WEB_DEFAULT_LISTEN "127.0.0.1:8080"
#define WEB_BACKLOG        4096 /* connections the kernel holds until we accept them */

#define WEB_UNIX_PREFIX "unix:" /* in front of the path of a Unix socket */

struct web_address {
	char host[256]; /* as given, without brackets */
	char url[300]; /* "http://127.0.0.1:8080", with the port that was taken */
	unsigned port;
	bool loopback; /* reachable from this machine alone, over TCP */
	char *path; /* of a Unix socket, owned; NULL: TCP */
};

/* Opens a listening socket at LISTEN ("8080", "0.0.0.0:8080", "[::1]:0",
 * "localhost:8080", "unix:/run/snafu.sock"; NULL: the default) and says where it is. RET_SOCKET is
 * non-blocking and closed on exec; the caller closes it. -EINVAL: LISTEN is not
 * of that form; -EADDRINUSE, -EACCES, -EADDRNOTAVAIL, ... A Unix socket is the user's
 * alone; one that nobody listens at is replaced. */
int web_listen(const char *listen, int *ret_socket, struct web_address *ret_address,
               struct snafu_error *error);

/* Frees, and takes a Unix socket away. */
void web_unlisten(struct web_address *address);

#endif
