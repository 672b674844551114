/* exporter/connectors/web/web.c — the web connector as the programs and the crew
 * see it: opening, the event loop that the crew leads with, the end. */
#include "exporter/connectors/web/web.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "runtime/settings/settings.h"

#define OTHER_FILES   256 /* descriptors for everything but connections */
#define LAST_ROUNDS   100 /* turns of the loop to send the last replies... */
#define LAST_ROUND_MS 10 /* ...each so long at most */

void web_read_clock(struct web *web)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
	web->now = (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* Each connection takes a descriptor; most systems allow 1,024 unless asked. Returns how many
 * connections there may be: where they could take all descriptors, nobody new would be heard,
 * and no process of a function could be started. */
static size_t allow_descriptors(size_t connections)
{
	struct rlimit limit;
	rlim_t wanted = connections + OTHER_FILES;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return connections;
	if (limit.rlim_cur < wanted) {
		limit.rlim_cur = limit.rlim_max < wanted ? limit.rlim_max : wanted;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
	return connections < limit.rlim_max / 2 ? connections : (size_t)(limit.rlim_max / 2);
}

/* MHD leaves percent-encoding alone: we undo it where the end of a text is known,
 * and can refuse NUL and bad UTF-8. */
static size_t leave_encoded(void *state, struct MHD_Connection *connection, char *text)
{
	(void)state;
	(void)connection;
	return strlen(text);
}

/* Puts our own descriptors into MHD's epoll set. MHD passes over events without a
 * pointer (it uses them to wake itself up). Edge-triggered, every write to the
 * eventfd wakes the loop once and nothing needs to be read. */
static int join_epoll(struct web *web)
{
	struct epoll_event event = {.events = EPOLLIN | EPOLLET, .data.ptr = NULL};
	int runtime_fd = snafu_host_wake_fd(web->host);
	const union MHD_DaemonInfo *info = MHD_get_daemon_info(web->daemon, MHD_DAEMON_INFO_EPOLL_FD);

	if (!info)
		return -EIO;
	web->epoll_fd = info->epoll_fd;
	if (epoll_ctl(web->epoll_fd, EPOLL_CTL_ADD, web->wake_fd, &event) < 0 ||
	    epoll_ctl(web->epoll_fd, EPOLL_CTL_ADD, web->watch_fd, &event) < 0 ||
	    epoll_ctl(web->epoll_fd, EPOLL_CTL_ADD, runtime_fd, &event) < 0)
		return -errno;
	return 0;
}

static int start(struct web *web, int socket, struct snafu_error *error)
{
	web->daemon =
		MHD_start_daemon(MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL, web_access, web,
	                     MHD_OPTION_LISTEN_SOCKET, (MHD_socket)socket, MHD_OPTION_CONNECTION_LIMIT,
	                     (unsigned)web->connections_cap, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
	                     (size_t)WEB_CONNECTION_MEMORY, MHD_OPTION_NOTIFY_CONNECTION,
	                     web_connection_changed, web, MHD_OPTION_NOTIFY_COMPLETED,
	                     web_request_ended, web, MHD_OPTION_UNESCAPE_CALLBACK, leave_encoded, NULL,
	                     MHD_OPTION_STRICT_FOR_CLIENT, 0, MHD_OPTION_END);
	if (!web->daemon) {
		close(socket);
		return snafu_fail(error, -EIO, "the HTTP server does not start");
	}
	web->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	web->watch_fd = epoll_create1(EPOLL_CLOEXEC);
	int code = web->wake_fd < 0 || web->watch_fd < 0 ? -errno : join_epoll(web);
	if (code < 0)
		return snafu_fail_errno(error, code, "the HTTP server does not start");
	return 0;
}

static void say_ready(struct web *web)
{
	web->said_ready = true;
	fprintf(stderr, "snafu: ready on %s\n", web->address.url);
}

static void wait_for_events(void *state, int timeout_ms)
{
	struct web *web = state;

	if (!web->said_ready)
		say_ready(web);
	web_read_clock(web);
	web->turn++;
	atomic_store(&web->waiting, true);
	web_deliver(web);
	MHD_run_wait(web->daemon, web_next_deadline(web, timeout_ms));
	atomic_store(&web->waiting, false);
	web_read_clock(web);
	web_hang_up_slow(web);
	web_look_for_leavers(web);
	if (web->n_lingerers > 0)
		web_hear_out(web);
}

static void wake(void *state)
{
	struct web *web = state;
	uint64_t one = 1;

	/* Fails only when the counter is full, and then the loop is awake. */
	if (write(web->wake_fd, &one, sizeof one) < 0)
		return;
}

static void close_web(void *state);

static int open_web(const struct snafu_connector_options *options, void **ret_state,
                    struct snafu_error *error)
{
	const struct snafu_settings *settings = snafu_host_settings(options->host);
	struct web *web = calloc(1, sizeof *web);
	int socket;

	if (!web)
		return snafu_fail(error, -ENOMEM, "no memory for the web connector");
	web->host = options->host;
	web->event_loop = (struct snafu_event_loop){wait_for_events, wake, web};
	web->connections_cap = allow_descriptors(settings->connections);
	web->idle_timeout = settings->idle_timeout;
	web->choose_tenant = settings->choose_tenant;
	web->wake_fd = web->watch_fd = -1;
	web_read_clock(web);
	TAILQ_INIT(&web->waiting_list);
	TAILQ_INIT(&web->calling_list);
	TAILQ_INIT(&web->replying_list);
	int code = web_listen(options->listen, &socket, &web->address, error);
	if (!code)
		code = start(web, socket, error);
	if (code) {
		close_web(web);
		return code;
	}
	*ret_state = web;
	return 0;
}

static const struct snafu_event_loop *event_loop(void *state)
{
	struct web *web = state;

	return &web->event_loop;
}

static void stop(void *state)
{
	struct web *web = state;

	atomic_store(&web->stopping, true);
	wake(web);
}

/* The crew has come to rest: every call has ended. Sends what is still to be
 * sent, and gives up on clients that do not take it. */
static void finish(struct web *web)
{
	struct web_request *request;

	for (int i = 0; i < LAST_ROUNDS; i++) {
		bool busy = !TAILQ_EMPTY(&web->replying_list) || !TAILQ_EMPTY(&web->calling_list);
		if (!busy && !atomic_load(&web->finished))
			break;
		wait_for_events(web, LAST_ROUND_MS);
	}
	/* MHD aborts the process when it is stopped with a suspended connection. */
	web->closing = true;
	TAILQ_FOREACH(request, &web->calling_list, entry)
	if (request->phase == WEB_SUSPENDED)
		MHD_resume_connection(request->connection);
	MHD_run_wait(web->daemon, 0);
}

static void close_web(void *state)
{
	struct web *web = state;

	if (web->daemon) {
		atomic_store(&web->stopping, true);
		web->said_ready = true;
		finish(web);
		MHD_stop_daemon(web->daemon);
		web_deliver(web); /* what came in the last moment, and was refused */
	}
	web_canceller_stop(web);
	web_lingerers_done(web);
	if (web->wake_fd >= 0)
		close(web->wake_fd);
	if (web->watch_fd >= 0)
		close(web->watch_fd);
	web_documents_done(web);
	web_unlisten(&web->address);
	free(web);
}

extern const struct snafu_connector snafu_connector;
const struct snafu_connector snafu_connector = {
	.version = SNAFU_CONNECTOR_VERSION,
	.name = "web",
	.open = open_web,
	.event_loop = event_loop,
	.stop = stop,
	.close = close_web,
};
