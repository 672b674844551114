/* base/sha256.h — SHA-256 (FIPS 180-4): what a file's content is known by. Pure; any thread. */
#ifndef SNAFU_BASE_SHA256_H
#define SNAFU_BASE_SHA256_H

#include <stddef.h>
#include <stdint.h>

#define SNAFU_SHA256_TEXT_SIZE 65 /* 64 lower-case hexadecimal digits and the NUL */

struct snafu_sha256 {
	uint32_t state[8];
	uint64_t size; /* bytes so far */
	unsigned char block[64]; /* those that fill no block yet */
};

void snafu_sha256_begin(struct snafu_sha256 *sum);
void snafu_sha256_add(struct snafu_sha256 *sum, const void *bytes, size_t size);
/* SUM is used up. */
void snafu_sha256_end(struct snafu_sha256 *sum, char ret_text[SNAFU_SHA256_TEXT_SIZE]);

/* All at once. */
void snafu_sha256_of(const void *bytes, size_t size, char ret_text[SNAFU_SHA256_TEXT_SIZE]);

#endif
