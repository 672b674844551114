/* exporter/show.h — results and errors for a person's eyes. */
#ifndef SNAFU_EXPORTER_SHOW_H
#define SNAFU_EXPORTER_SHOW_H

#include <stdbool.h>
#include <stddef.h>

struct snafu_buffer;

/* Replaces, in place, what could steer a terminal: control characters but for
 * newline and tab. */
void snafu_show_tame(char *text, size_t size);

/* Appends JSON over several lines, indented; what fits a line stays on one. Bytes
 * that are no JSON are appended as they are, tamed. */
void snafu_show_json(const char *json, size_t size, struct snafu_buffer *into);

/* Appends an error payload (langs/result.h) as `Type: message`, with TRACE followed
 * by the stack trace, a line each. No newline at the end. */
void snafu_show_error(const char *json, size_t size, bool trace, struct snafu_buffer *into);

#endif
