/* runtime/records/debug_output.h — lines of debug output on their way out: private to runtime/, the
 * recorder's thread alone.
 *
 * Lines wait for whoever reads them, up to a cap; what is over it is left out, and a line
 * "debug-output-lost" stands where that was. */
#ifndef SNAFU_RUNTIME_RECORDS_DEBUG_OUTPUT_H
#define SNAFU_RUNTIME_RECORDS_DEBUG_OUTPUT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"

struct snafu_message;

#define SNAFU_DEBUG_CAP (8u << 20) /* bytes that wait */

struct snafu_debug_output {
	/* As in struct snafu_recorder_options. */
	size_t (*write)(void *state, const char *lines, size_t size, int patience_ms);
	void *state;
	struct snafu_buffer lines; /* from `begin` on: not yet written */
	size_t begin;
	uint64_t lost; /* lines since the last note */
	bool stuck; /* the last time nobody took all */
};

void snafu_debug_output_init(struct snafu_debug_output *output);
void snafu_debug_output_done(struct snafu_debug_output *output);

/* False: there was no room for the line. */
bool snafu_debug_output_add(struct snafu_debug_output *output, const struct snafu_message *message);

/* Writes what is taken. */
void snafu_debug_output_flush(struct snafu_debug_output *output);
/* The same at the end: waits for whoever reads, as long as that goes on. */
void snafu_debug_output_finish(struct snafu_debug_output *output);

#endif
