/* tests/fuzz/fuzz-json.c — any bytes into the JSON reader; what it takes must read
 * again as the same when it is written out anew. */
#include <stdint.h>
#include <stdlib.h>

#include "base/buffer.h"
#include "base/json.h"

/* Copies the value just read, walking it with the pull functions. */
static int copy(struct snafu_json_reader *reader, const struct snafu_json_value *value,
                struct snafu_buffer *into)
{
	struct snafu_json_value key, inner;
	struct snafu_buffer text = SNAFU_BUFFER(1 << 20);
	int more, count = 0;

	switch (value->type) {
	case SNAFU_JSON_STRING:
		if (snafu_json_unescape(value, &text) == 0)
			snafu_json_write_string(into, text.data ? text.data : "", text.size);
		snafu_buffer_done(&text);
		return 0;
	case SNAFU_JSON_ARRAY:
		snafu_buffer_append_byte(into, '[');
		while ((more = snafu_json_next_element(reader, &inner, NULL)) > 0) {
			if (count++)
				snafu_buffer_append_byte(into, ',');
			if (copy(reader, &inner, into))
				return -1;
		}
		snafu_buffer_append_byte(into, ']');
		return more;
	case SNAFU_JSON_OBJECT:
		snafu_buffer_append_byte(into, '{');
		while ((more = snafu_json_next_member(reader, &key, &inner, NULL)) > 0) {
			if (count++)
				snafu_buffer_append_byte(into, ',');
			copy(reader, &key, into);
			snafu_buffer_append_byte(into, ':');
			if (copy(reader, &inner, into))
				return -1;
		}
		snafu_buffer_append_byte(into, '}');
		return more;
	default: snafu_buffer_append(into, value->text, value->size); return 0;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct snafu_json_reader reader;
	struct snafu_json_value value;
	struct snafu_buffer first = SNAFU_BUFFER(16 << 20), second = SNAFU_BUFFER(16 << 20);

	int valid = snafu_json_validate((const char *)data, size, NULL) == 0;
	snafu_json_begin(&reader, (const char *)data, size);
	int copied = snafu_json_read(&reader, &value, NULL) == 0 &&
	             copy(&reader, &value, &first) == 0 && snafu_json_end(&reader, NULL) == 0;
	if (valid != copied)
		abort(); /* walking and skipping disagree */
	if (copied && !first.failed) {
		snafu_json_begin(&reader, first.data, first.size);
		if (snafu_json_read(&reader, &value, NULL) || copy(&reader, &value, &second) ||
		    second.size != first.size)
			abort(); /* what we wrote is not what we read */
	}
	snafu_buffer_done(&first);
	snafu_buffer_done(&second);
	return 0;
}
