/* bench/peers/constant-reply.c — the yardstick of the web connector: a plain
 * libmicrohttpd server that gives the same reply to every request. One thread,
 * epoll, one response object for all, nothing looked at.
 *
 * Prints its port on stdout, ends when stdin does. */
#include <arpa/inet.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

static char payload[] = "\"hello\"";

static enum MHD_Result answer(void *state, struct MHD_Connection *connection, const char *url,
                              const char *method, const char *version, const char *upload,
                              size_t *upload_size, void **request)
{
	static int seen;

	(void)url;
	(void)method;
	(void)version;
	(void)upload;
	if (!*request) {
		*request = &seen;
		return MHD_YES;
	}
	if (*upload_size > 0) {
		*upload_size = 0;
		return MHD_YES;
	}
	*request = NULL;
	return MHD_queue_response(connection, MHD_HTTP_OK, state);
}

int main(void)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	struct MHD_Response *response =
		MHD_create_response_from_buffer(strlen(payload), payload, MHD_RESPMEM_PERSISTENT);
	MHD_add_response_header(response, "Content-Type", "application/json");
	struct MHD_Daemon *daemon =
		MHD_start_daemon(MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_INTERNAL_POLLING_THREAD, 0, NULL,
	                     NULL, answer, response, MHD_OPTION_SOCK_ADDR, (struct sockaddr *)&address,
	                     MHD_OPTION_END);
	if (!daemon) {
		fprintf(stderr, "constant-reply: libmicrohttpd does not start\n");
		return 1;
	}
	printf("%u\n", (unsigned)MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_BIND_PORT)->port);
	fflush(stdout);
	while (getchar() != EOF)
		continue;
	MHD_stop_daemon(daemon);
	MHD_destroy_response(response);
	return 0;
}
