/* runtime/instances/inside_begin.c — from START to READY. */
#include <stdio.h>

#include "base/clock.h"
#include "runtime/instances/inside.h"

int snafu_inside_ready(struct snafu_channel *channel, uint64_t number,
                       const struct snafu_result *result)
{
	struct snafu_buffer body = SNAFU_BUFFER(SNAFU_INSIDE_BODY_CAP);

	snafu_pack_result(&body, result);
	int code = snafu_channel_write(channel, SNAFU_FRAME_READY, number, &body, result->payload.data,
	                               result->payload.size, -1);
	snafu_buffer_done(&body);
	return code;
}

/* After a fork each page costs a fault when it is first written to: now rather than while
 * somebody waits. Only what the language's every call writes to: the rest may never be. */
static void touch_pages(struct snafu_inside *inside)
{
	volatile char *bytes = inside->channel.bytes;

	*bytes = 0;
	fflush(NULL); /* as after each call */
	if (inside->language->settle)
		inside->language->settle(inside->language_state, true);
}

static void load(struct snafu_inside *inside, struct snafu_result *result)
{
	const struct snafu_function *function = &inside->functions.functions[inside->start.function];
	struct snafu_error error;

	if (snafu_inside_limit(inside, true, &error)) {
		snafu_result_fail(result, SNAFU_LOAD_FAILED, "LoadError", "%s", error.message);
		return;
	}
	if (inside->function != function) {
		if (inside->language->bind(inside->language_state, function, &inside->bound, result)) {
			if (result->status == SNAFU_OK)
				snafu_result_fail(result, SNAFU_LOAD_FAILED, "LoadError", "%s cannot be loaded",
				                  function->id);
			return;
		}
		inside->function = function;
	}
	if (snafu_inside_limit(inside, false, &error))
		snafu_result_fail(result, SNAFU_LOAD_FAILED, "LoadError", "%s", error.message);
}

bool snafu_inside_begin(struct snafu_inside *inside)
{
	struct snafu_result result = {.payload = SNAFU_BUFFER(inside->start.result_size)};
	uint64_t begun = snafu_now_ns();

	load(inside, &result);
	if (result.status == SNAFU_OK && inside->start.ahead)
		touch_pages(inside);
	result.init_ns = snafu_now_ns() - begun;
	bool good = result.status == SNAFU_OK;
	if (snafu_inside_ready(&inside->channel, inside->start_number, &result))
		good = false;
	snafu_result_done(&result);
	return good;
}
