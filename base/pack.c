/* base/pack.c — see pack.h. */
#include "base/pack.h"

#include <errno.h>
#include <string.h>

#define NO_TEXT UINT32_MAX /* the length of a text that is NULL */

void snafu_pack_u32(struct snafu_buffer *into, uint32_t number)
{
	snafu_buffer_append(into, &number, sizeof number);
}

void snafu_pack_u64(struct snafu_buffer *into, uint64_t number)
{
	snafu_buffer_append(into, &number, sizeof number);
}

void snafu_pack_text(struct snafu_buffer *into, const char *text)
{
	if (text)
		snafu_pack_bytes(into, text, strlen(text));
	else
		snafu_pack_u32(into, NO_TEXT);
}

void snafu_pack_bytes(struct snafu_buffer *into, const void *bytes, size_t size)
{
	if (size >= NO_TEXT && !into->failed)
		into->failed = -EMSGSIZE;
	snafu_pack_u32(into, (uint32_t)size);
	snafu_buffer_append(into, bytes, size);
	snafu_buffer_append_byte(into, '\0');
}

void snafu_unpack_begin(struct snafu_unpacker *unpacker, const void *bytes, size_t size)
{
	*unpacker = (struct snafu_unpacker){.at = bytes, .end = (const char *)bytes + size};
}

static const char *take(struct snafu_unpacker *unpacker, size_t size)
{
	const char *at = unpacker->at;

	if (unpacker->failed || (size_t)(unpacker->end - at) < size) {
		unpacker->failed = true;
		return NULL;
	}
	unpacker->at += size;
	return at;
}

uint32_t snafu_unpack_u32(struct snafu_unpacker *unpacker)
{
	uint32_t number = 0;
	const char *at = take(unpacker, sizeof number);

	if (at)
		memcpy(&number, at, sizeof number);
	return number;
}

uint64_t snafu_unpack_u64(struct snafu_unpacker *unpacker)
{
	uint64_t number = 0;
	const char *at = take(unpacker, sizeof number);

	if (at)
		memcpy(&number, at, sizeof number);
	return number;
}

const char *snafu_unpack_bytes(struct snafu_unpacker *unpacker, size_t *ret_size)
{
	uint32_t size = snafu_unpack_u32(unpacker);

	*ret_size = 0;
	if (unpacker->failed || size == NO_TEXT)
		return NULL;
	const char *at = take(unpacker, (size_t)size + 1);
	if (at && at[size] != '\0') {
		unpacker->failed = true;
		return NULL;
	}
	if (at)
		*ret_size = size;
	return at;
}

const char *snafu_unpack_text(struct snafu_unpacker *unpacker)
{
	size_t size;
	const char *text = snafu_unpack_bytes(unpacker, &size);

	if (text && strlen(text) != size) {
		unpacker->failed = true;
		return NULL;
	}
	return text;
}

int snafu_unpack_end(const struct snafu_unpacker *unpacker)
{
	return unpacker->failed || unpacker->at != unpacker->end ? -EBADMSG : 0;
}
