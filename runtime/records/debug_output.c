/* runtime/records/debug_output.c — see debug_output.h. */
#include "runtime/records/debug_output.h"

#include <string.h>

#include "runtime/records/event_text.h"
#include "runtime/records/record_queue.h"

#define LINE_ROOM    (32u << 10) /* bytes of one line, at most */
#define FLUSH_AT     (256u << 10) /* bytes that are written at once, when many come */
#define WORTH_MOVING (SNAFU_DEBUG_CAP / 8) /* bytes of room that are worth moving the rest */
#define PATIENCE_MS  1000 /* at the end, for a reader that has stopped */

void snafu_debug_output_init(struct snafu_debug_output *output)
{
	output->lines = SNAFU_BUFFER(SNAFU_DEBUG_CAP);
}

void snafu_debug_output_done(struct snafu_debug_output *output)
{
	snafu_buffer_done(&output->lines);
}

static size_t waiting(const struct snafu_debug_output *output)
{
	return output->lines.size - output->begin;
}

/* Makes the room in front of what waits room behind it. */
static void close_up(struct snafu_debug_output *output)
{
	size_t left = waiting(output);

	if (!output->begin)
		return;
	memmove(output->lines.data, output->lines.data + output->begin, left);
	output->lines.size = left;
	output->lines.data[left] = '\0';
	output->begin = 0;
}

static void write_some(struct snafu_debug_output *output, int patience_ms)
{
	size_t left = waiting(output);

	if (!left)
		return;
	size_t written =
		output->write(output->state, output->lines.data + output->begin, left, patience_ms);
	output->stuck = written < left;
	output->begin += written;
	/* Bytes are moved when more of them are gone than are left. */
	if (waiting(output) <= output->begin)
		close_up(output);
}

static bool has_room(struct snafu_debug_output *output)
{
	if (output->lines.size + LINE_ROOM > SNAFU_DEBUG_CAP && output->begin >= WORTH_MOVING)
		close_up(output);
	return output->lines.size + LINE_ROOM <= SNAFU_DEBUG_CAP;
}

bool snafu_debug_output_add(struct snafu_debug_output *output, const struct snafu_message *message)
{
	if (!output->stuck && waiting(output) >= FLUSH_AT)
		write_some(output, 0);
	if (!has_room(output)) {
		output->lost++;
		return false;
	}
	if (output->lost)
		snafu_event_text_lost(output->lost, &output->lines);
	output->lost = 0;
	snafu_event_text(message, &output->lines);
	return true;
}

void snafu_debug_output_flush(struct snafu_debug_output *output)
{
	write_some(output, 0);
	/* Where it was full, the note is for those who read on, though nothing new happens. */
	if (output->lost && has_room(output)) {
		snafu_event_text_lost(output->lost, &output->lines);
		output->lost = 0;
	}
}

void snafu_debug_output_finish(struct snafu_debug_output *output)
{
	size_t before;

	snafu_debug_output_flush(output);
	do {
		before = waiting(output);
		write_some(output, PATIENCE_MS);
		snafu_debug_output_flush(output);
	} while (waiting(output) && waiting(output) < before);
}
