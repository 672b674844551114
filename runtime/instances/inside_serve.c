/* runtime/instances/inside_serve.c — an instance: call after call, and its end. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/clock.h"
#include "runtime/instances/inside.h"

/* The instance, for fork handlers. */
static struct snafu_inside *serving;

/* A process that the function has forked has no part in the talk with the host. */
static void leave_channel(void)
{
	if (serving->channel.fd >= 0)
		close(serving->channel.fd);
	serving->channel.fd = -1;
}

static uint64_t peak_memory(void)
{
	struct rusage usage;

	return getrusage(RUSAGE_SELF, &usage) ? 0 : (uint64_t)usage.ru_maxrss * 1024;
}

static int answer(struct snafu_inside *inside, uint64_t number, struct snafu_result *result,
                  struct snafu_buffer *body)
{
	snafu_buffer_clear(body);
	snafu_pack_result(body, result);
	return snafu_channel_write(&inside->channel, SNAFU_FRAME_RESULT, number, body,
	                           result->payload.data, result->payload.size, -1);
}

/* Runs one call; BODY is room for the answer. */
static int run(struct snafu_inside *inside, const struct snafu_incoming *incoming,
               struct snafu_buffer *body)
{
	/* No log: what the function prints goes into the pipe. */
	struct snafu_result result = {.payload = SNAFU_BUFFER(inside->start.result_size)};
	struct snafu_context context;
	struct snafu_request request;

	int code = snafu_unpack_call(incoming->body, incoming->frame.size, &context, &request);
	if (code)
		return code;
	uint64_t begun = snafu_now_ns();
	inside->language->call(inside->language_state, inside->bound, &request, &result);
	if (getpid() != inside->pid) { /* the function forked, and came out here as well */
		fflush(NULL);
		_exit(result.status == SNAFU_OK ? EXIT_SUCCESS : EXIT_FAILURE);
	}
	if (!result.run_ns)
		result.run_ns = snafu_now_ns() - begun;
	result.peak_memory = peak_memory();
	fflush(NULL);
	code = answer(inside, incoming->frame.number, &result, body);
	snafu_result_done(&result);
	return code;
}

void snafu_inside_serve(struct snafu_inside *inside)
{
	struct snafu_buffer body = SNAFU_BUFFER(SNAFU_INSIDE_BODY_CAP);
	int code;

	inside->pid = getpid();
	serving = inside;
	pthread_atfork(NULL, NULL, leave_channel);
	do {
		struct snafu_incoming *incoming;

		code = snafu_inside_wait(inside, SNAFU_FRAME_CALL, 0, &incoming);
		if (code)
			break;
		if (!inside->board || snafu_board_begin(inside->board, incoming->frame.number))
			code = run(inside, incoming, &body);
		pthread_mutex_lock(&inside->lock);
		if (inside->reading)
			free(incoming);
		else
			snafu_channel_give_back(&inside->channel, incoming);
		pthread_mutex_unlock(&inside->lock);
		/* One that was forked ahead ends when the host lets it go: ending takes a while of
		 * a core, which whoever waits for the answer wants at this moment. */
	} while (!code && (inside->start.role != SNAFU_START_ONCE || inside->start.ahead));
	snafu_buffer_done(&body);
}

void snafu_inside_finish(struct snafu_inside *inside, int status)
{
	const struct snafu_language *language = inside->language;

	if (language && language->finish)
		language->finish(inside->language_state);
	else if (language && language->close)
		language->close(inside->language_state);
	fflush(NULL);
	_exit(status);
}
