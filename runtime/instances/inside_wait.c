/* runtime/instances/inside_wait.c — several threads that wait for different frames on one
 * socket: one of them reads, and hands on what is not for itself. */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "runtime/instances/inside.h"

static bool wanted(const struct snafu_incoming *incoming, enum snafu_frame_kind kind,
                   uint64_t number)
{
	return incoming->frame.kind == kind &&
	       (kind == SNAFU_FRAME_CALL || incoming->frame.number == number);
}

/* Takes the frame out of those that have come; NULL: it has not. */
static struct snafu_incoming *take_ahead(struct snafu_inside *inside, enum snafu_frame_kind kind,
                                         uint64_t number)
{
	for (struct snafu_incoming **at = &inside->ahead; *at; at = &(*at)->next) {
		struct snafu_incoming *incoming = *at;

		if (!wanted(incoming, kind, number))
			continue;
		*at = incoming->next;
		inside->n_ahead--;
		return incoming;
	}
	return NULL;
}

static int keep_ahead(struct snafu_inside *inside, struct snafu_incoming *incoming)
{
	struct snafu_incoming **at = &inside->ahead;

	if (inside->n_ahead == SNAFU_INSIDE_AHEAD ||
	    (incoming->frame.kind != SNAFU_FRAME_CALL && incoming->frame.kind != SNAFU_FRAME_ANSWER)) {
		free(incoming);
		return -EBADMSG;
	}
	while (*at)
		at = &(*at)->next;
	incoming->next = NULL;
	*at = incoming;
	inside->n_ahead++;
	return 0;
}

static int take_board(struct snafu_inside *inside)
{
	int file;

	if (inside->board || !snafu_channel_take_files(&inside->channel, &file, 1))
		return -EBADMSG;
	inside->board = snafu_board_map(file);
	close(file);
	return inside->board ? 0 : -ENOMEM;
}

int snafu_inside_wait(struct snafu_inside *inside, enum snafu_frame_kind kind, uint64_t number,
                      struct snafu_incoming **ret)
{
	struct snafu_incoming *incoming = NULL;

	pthread_mutex_lock(&inside->lock);
	while (!(incoming = take_ahead(inside, kind, number)) && !inside->gone) {
		if (inside->reading) {
			pthread_cond_wait(&inside->arrived, &inside->lock);
			continue;
		}
		inside->reading = true;
		pthread_mutex_unlock(&inside->lock);
		int code = snafu_channel_read(&inside->channel, true, &incoming);
		pthread_mutex_lock(&inside->lock);
		inside->reading = false;
		bool mine = !code && wanted(incoming, kind, number);
		if (!code && incoming->frame.kind == SNAFU_FRAME_BOARD) {
			code = take_board(inside);
			free(incoming);
		} else if (!code && !mine) {
			code = keep_ahead(inside, incoming);
		}
		if (code)
			inside->gone = code;
		pthread_cond_broadcast(&inside->arrived);
		if (mine)
			break;
	}
	int code = incoming ? 0 : inside->gone;
	pthread_mutex_unlock(&inside->lock);
	if (!code)
		*ret = incoming;
	return code;
}

void snafu_inside_invoke(void *state, const struct snafu_context *caller,
                         const struct snafu_invocation *invocation, struct snafu_result *result)
{
	struct snafu_inside *inside = state;
	struct snafu_buffer body = SNAFU_BUFFER(SNAFU_INSIDE_BODY_CAP);
	struct snafu_incoming *incoming = NULL;
	uint64_t number;
	int code;

	if (inside->pid != getpid()) {
		snafu_result_fail(
			result, SNAFU_UNAVAILABLE, "Unavailable",
			"only the function's own process can call %s, not one that it has started",
			invocation->function);
		return;
	}
	pthread_mutex_lock(&inside->lock);
	bool crowded = inside->n_invoking == SNAFU_INVOKED_CAP;
	number = crowded ? 0 : ++inside->last_invocation;
	inside->n_invoking += !crowded;
	pthread_mutex_unlock(&inside->lock);
	if (crowded) {
		snafu_result_fail(result, SNAFU_OVER_LIMIT, "TooManyCalls",
		                  "%s could not be called: %d threads of the caller wait for calls already",
		                  invocation->function, SNAFU_INVOKED_CAP);
		return;
	}
	snafu_pack_invocation(&body, caller, invocation);
	code = snafu_channel_write(&inside->channel, SNAFU_FRAME_INVOKE, number, &body,
	                           invocation->payload, invocation->payload ? invocation->size : 0, -1);
	snafu_buffer_done(&body);
	if (!code)
		code = snafu_inside_wait(inside, SNAFU_FRAME_ANSWER, number, &incoming);
	pthread_mutex_lock(&inside->lock);
	inside->n_invoking--;
	pthread_mutex_unlock(&inside->lock);
	if (!code)
		code = snafu_unpack_result(incoming->body, incoming->frame.size, result);
	free(incoming);
	if (code == -EMSGSIZE)
		snafu_result_fail(result, SNAFU_BAD_RESULT, "ResultTooLarge",
		                  "what %s returned is larger than results may be", invocation->function);
	else if (code)
		snafu_result_fail(result, SNAFU_UNAVAILABLE, "Unavailable",
		                  "%s could not be called: the host has gone", invocation->function);
}
