/* tests/unit/test-buffer.c — capped buffers. */
#include "base/buffer.h"

#include <errno.h>
#include <stdlib.h>

#include "tests/unit/tap.h"

int main(void)
{
	struct snafu_buffer buffer = SNAFU_BUFFER(10);

	CHECK(snafu_buffer_append_text(&buffer, "12345") == 0);
	CHECK(snafu_buffer_format(&buffer, "%d", 67890) == 0);
	CHECK_STRING(buffer.data, "1234567890");
	CHECK(snafu_buffer_append_byte(&buffer, 'x') == -EMSGSIZE);
	CHECK(snafu_buffer_failed(&buffer) == -EMSGSIZE);
	CHECK_STRING(buffer.data, "1234567890");
	snafu_buffer_clear(&buffer);
	CHECK(buffer.size == 0 && snafu_buffer_append_text(&buffer, "new") == 0);

	char *taken = snafu_buffer_take(&buffer);
	CHECK_STRING(taken, "new");
	free(taken);
	CHECK(buffer.size == 0);
	taken = snafu_buffer_take(&buffer);
	CHECK_STRING(taken, "");
	free(taken);
	CHECK(snafu_buffer_append(&buffer, "x", (size_t)-1) == -EMSGSIZE);
	snafu_buffer_done(&buffer);
	snafu_buffer_done(&buffer);
	return tap_done();
}
