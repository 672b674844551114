/* base/pack.h — numbers and texts as bytes, for messages between processes of one
 * machine: host byte order, texts with their length. The writer is a buffer; the
 * reader checks every length, since the bytes may come from a process that runs
 * somebody's code. */
#ifndef SNAFU_BASE_PACK_H
#define SNAFU_BASE_PACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"

/* Each appends; a failure sticks to the buffer. */
void snafu_pack_u32(struct snafu_buffer *into, uint32_t number);
void snafu_pack_u64(struct snafu_buffer *into, uint64_t number);
/* TEXT may be NULL, and comes back as NULL. */
void snafu_pack_text(struct snafu_buffer *into, const char *text);
void snafu_pack_bytes(struct snafu_buffer *into, const void *bytes, size_t size);

struct snafu_unpacker {
	const char *at, *end;
	bool failed; /* something did not fit; everything read since then is 0 or NULL */
};

/* BYTES is borrowed for as long as what was unpacked is used. */
void snafu_unpack_begin(struct snafu_unpacker *unpacker, const void *bytes, size_t size);
uint32_t snafu_unpack_u32(struct snafu_unpacker *unpacker);
uint64_t snafu_unpack_u64(struct snafu_unpacker *unpacker);
/* Points into BYTES, where a NUL ends it. */
const char *snafu_unpack_text(struct snafu_unpacker *unpacker);
const char *snafu_unpack_bytes(struct snafu_unpacker *unpacker, size_t *ret_size);
/* 0 when all was read and nothing failed, else -EBADMSG. */
int snafu_unpack_end(const struct snafu_unpacker *unpacker);

#endif
