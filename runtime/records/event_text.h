/* runtime/records/event_text.h — events and records as lines of JSON: private to runtime/. */
#ifndef SNAFU_RUNTIME_RECORDS_EVENT_TEXT_H
#define SNAFU_RUNTIME_RECORDS_EVENT_TEXT_H

#include <stdint.h>

struct snafu_buffer;
struct snafu_message;

/* Appends one line, with its newline; a record becomes the event "call-ended". */
void snafu_event_text(const struct snafu_message *message, struct snafu_buffer *into);
/* Appends a line that says that so many were left out here. */
void snafu_event_text_lost(uint64_t lines, struct snafu_buffer *into);

#endif
