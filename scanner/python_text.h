/* scanner/python_text.h — the bytes of a Python file as the text that the other
 * parts read: UTF-8, lines ended by \n alone, no byte order mark.
 *
 * Private to the Python scanner: python.c calls it. */
#ifndef SNAFU_SCANNER_PYTHON_TEXT_H
#define SNAFU_SCANNER_PYTHON_TEXT_H

#include <stddef.h>

#include "base/buffer.h"

struct python_text {
	const char *bytes; /* a NUL stands behind them, none inside */
	size_t size;
	const char *problem; /* the file has a flaw, yet this is what can be read of it: what */
	char encoding[32]; /* as the file names it; "" when it does not */
	struct snafu_buffer copy; /* holds the bytes where they had to be changed */
};

/* Reads the encoding from the byte order mark or the PEP 263 line, and decodes.
 * RET must be zeroed or used before; its copy is used again. BYTES (followed by a
 * NUL) must outlive RET. 0; -EILSEQ when it is no text at all, with the reason in
 * `problem`; -ENOMEM. */
int snafu_python_decode(const char *bytes, size_t size, struct python_text *ret);

void snafu_python_text_done(struct python_text *text);

#endif
