/* exporter/connectors/web/leave.c — clients that leave.
 *
 * MHD does not look at suspended connections, and misses the end of a stream that
 * came together with the bytes before it (it takes the next edge for granted). So
 * every socket is in an epoll set of our own, too, that tells of closed ones only.
 *
 * A client that leaves while its function runs will not read the result: the call
 * is cancelled, so that a runaway function ends with the person who gives up on
 * it. Cancelling may block (an interpreter must be asked), so a thread of its own
 * does that; it is started when the first client leaves. */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "exporter/connectors/web/web.h"

#define LEAVERS_A_TURN 64

struct web_canceller {
	struct snafu_host *host;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	struct web_request *wanted; /* under the lock */
	bool ended, busy; /* under the lock */
	_Atomic(struct web_request *) done; /* a stack that the leader empties */
};

static void *cancel_calls(void *state)
{
	struct web_canceller *canceller = state;

	pthread_mutex_lock(&canceller->lock);
	while (!canceller->ended) {
		struct web_request *request = canceller->wanted;
		if (!request) {
			pthread_cond_wait(&canceller->wake, &canceller->lock);
			continue;
		}
		canceller->wanted = request->next_cancel;
		canceller->busy = true;
		pthread_mutex_unlock(&canceller->lock);
		/* The address is what names the call, and stays taken until we are done. */
		snafu_host_cancel(canceller->host, &request->call);
		request->next_cancel = atomic_load(&canceller->done);
		while (!atomic_compare_exchange_weak(&canceller->done, &request->next_cancel, request))
			continue;
		pthread_mutex_lock(&canceller->lock);
		canceller->busy = false;
	}
	pthread_mutex_unlock(&canceller->lock);
	return NULL;
}

static struct web_canceller *start_canceller(struct snafu_host *host)
{
	struct web_canceller *canceller = calloc(1, sizeof *canceller);

	if (!canceller)
		return NULL;
	canceller->host = host;
	pthread_mutex_init(&canceller->lock, NULL);
	pthread_cond_init(&canceller->wake, NULL);
	if (pthread_create(&canceller->thread, NULL, cancel_calls, canceller) == 0)
		return canceller;
	pthread_cond_destroy(&canceller->wake);
	pthread_mutex_destroy(&canceller->lock);
	free(canceller);
	return NULL;
}

void web_cancel(struct web_request *request)
{
	struct web *web = request->web;

	if (request->cancelling)
		return;
	if (!web->canceller)
		web->canceller = start_canceller(web->host);
	struct web_canceller *canceller = web->canceller;
	if (!canceller)
		return; /* the deadline will end the call */
	request->cancelling = true;
	pthread_mutex_lock(&canceller->lock);
	request->next_cancel = canceller->wanted;
	canceller->wanted = request;
	pthread_cond_signal(&canceller->wake);
	pthread_mutex_unlock(&canceller->lock);
}

static void let_go(struct web_canceller *canceller)
{
	struct web_request *next;

	for (struct web_request *at = atomic_exchange(&canceller->done, NULL); at; at = next) {
		next = at->next_cancel;
		at->cancelling = false;
		web_request_free(at);
	}
}

void web_watch(struct web_request *request)
{
	struct epoll_event event = {.events = EPOLLRDHUP | EPOLLET, .data.ptr = request};

	/* Where it fails, clocks end calls and connections. */
	epoll_ctl(request->web->watch_fd, EPOLL_CTL_ADD, request->fd, &event);
}

/* The descriptor may live on as a lingerer's, so it does not leave the set by
 * being closed. */
void web_unwatch(struct web_request *request)
{
	epoll_ctl(request->web->watch_fd, EPOLL_CTL_DEL, request->fd, NULL);
	request->web->n_left -= request->left;
}

static void note(struct web_request *request)
{
	if (request->left)
		return;
	request->left = true;
	request->web->n_left++;
	if (request->phase == WEB_SUSPENDED)
		web_cancel(request);
}

/* Gives MHD another edge, so that it reads the end of the stream. What the client
 * has sent before can still be read, and its reply be sent. */
void web_nudge(struct web_request *request)
{
	shutdown(request->fd, SHUT_RD);
}

void web_look_for_leavers(struct web *web)
{
	struct epoll_event events[LEAVERS_A_TURN];
	struct web_request *request;

	if (web->canceller)
		let_go(web->canceller);
	/* At most once in a tick of the coarse clock, since it is a system call. */
	web->unlooked = web->looked == web->now;
	if (web->unlooked)
		return;
	web->looked = web->now;
	/* Those of the last time: MHD has read by now what they sent before. */
	if (web->n_left > 0)
		TAILQ_FOREACH(request, &web->waiting_list, entry)
	if (request->left)
		web_nudge(request);
	int n = epoll_wait(web->watch_fd, events, LEAVERS_A_TURN, 0);
	for (int i = 0; i < n; i++)
		note(events[i].data.ptr);
	web->unlooked = n > 0; /* for the nudges, and there may be more */
}

/* After the last call. A canceller that is stuck in an interpreter stays behind with
 * what it holds: the process is about to end. */
void web_canceller_stop(struct web *web)
{
	struct web_canceller *canceller = web->canceller;

	if (!canceller)
		return;
	pthread_mutex_lock(&canceller->lock);
	canceller->ended = true;
	bool stuck = canceller->busy;
	pthread_cond_signal(&canceller->wake);
	pthread_mutex_unlock(&canceller->lock);
	if (stuck) {
		pthread_detach(canceller->thread);
		return;
	}
	pthread_join(canceller->thread, NULL);
	let_go(canceller);
	for (struct web_request *at = canceller->wanted, *next; at; at = next) {
		next = at->next_cancel;
		at->cancelling = false;
		web_request_free(at);
	}
	pthread_cond_destroy(&canceller->wake);
	pthread_mutex_destroy(&canceller->lock);
	free(canceller);
	web->canceller = NULL;
}
