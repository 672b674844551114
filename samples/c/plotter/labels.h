/* labels.h — the text beside the drawing. */
#ifndef LABELS_H
#define LABELS_H

#include <stddef.h>

/* How many words a text has. */
size_t count_words(const char *text);

/* A text with every word's first letter in upper case; the caller frees it. */
char *title_case(const char *text);

/* The text cut to WIDTH characters, with an ellipsis when something is missing.
 * Returns the bytes written to BUFFER, without the NUL, or -1 if it is too small. */
int shorten(const char *text, size_t width, char *buffer, size_t size);

#endif
