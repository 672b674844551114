/* runtime/request_id.c — names of calls: random UUIDs, version 4 (RFC 9562). */
#include <sys/random.h>

#include "base/clock.h"
#include "runtime/host.h"

void snafu_request_id(char ret_id[SNAFU_REQUEST_ID_SIZE])
{
	static _Thread_local unsigned char pool[256];
	static _Thread_local size_t used = sizeof pool;
	static const char hex[] = "0123456789abcdef";

	if (used == sizeof pool) {
		/* Up to 256 bytes come whole once the kernel's generator is ready. */
		if (getrandom(pool, sizeof pool, 0) != sizeof pool)
			for (size_t i = 0; i < sizeof pool; i++)
				pool[i] = (unsigned char)(snafu_now_ns() >> (i % 8));
		used = 0;
	}
	unsigned char *bytes = pool + used;
	used += 16;
	bytes[6] = (unsigned char)((bytes[6] & 0x0F) | 0x40); /* version 4 */
	bytes[8] = (unsigned char)((bytes[8] & 0x3F) | 0x80);
	for (int i = 0, at = 0; i < 16; i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			ret_id[at++] = '-';
		ret_id[at++] = hex[bytes[i] >> 4];
		ret_id[at++] = hex[bytes[i] & 15];
	}
	ret_id[SNAFU_REQUEST_ID_SIZE - 1] = '\0';
}
