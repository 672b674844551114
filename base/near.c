/* base/near.c — see near.h. */
#include "base/near.h"

#include <ctype.h>
#include <string.h>

unsigned snafu_name_distance(const char *a, size_t a_size, const char *b, size_t b_size,
                             unsigned cap)
{
	unsigned row[SNAFU_NEAR_NAME_CAP + 1];
	size_t difference = a_size > b_size ? a_size - b_size : b_size - a_size;

	if (difference > cap || a_size > SNAFU_NEAR_NAME_CAP || b_size > SNAFU_NEAR_NAME_CAP)
		return cap + 1;
	for (size_t j = 0; j <= b_size; j++)
		row[j] = (unsigned)j;
	for (size_t i = 1; i <= a_size; i++) {
		unsigned diagonal = row[0], least;

		row[0] = least = (unsigned)i;
		for (size_t j = 1; j <= b_size; j++) {
			unsigned above = row[j], best = diagonal;

			best += tolower((unsigned char)a[i - 1]) != tolower((unsigned char)b[j - 1]);
			if (above + 1 < best)
				best = above + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			diagonal = above;
			row[j] = best;
			if (best < least)
				least = best;
		}
		if (least > cap)
			return cap + 1;
	}
	return row[b_size];
}

struct snafu_near snafu_near_begin(const char *typed, size_t typed_size)
{
	unsigned far = typed_size > SNAFU_NEAR_NAME_CAP ? 0 : (unsigned)typed_size / 3 + 2;

	return (struct snafu_near){.typed = typed, .typed_size = typed_size, .distance = far};
}

void snafu_near_offer(struct snafu_near *near, const char *name)
{
	if (near->distance == 0)
		return;
	unsigned distance =
		snafu_name_distance(near->typed, near->typed_size, name, strlen(name), near->distance - 1);
	/* One that shares no byte with what was typed is not like it. */
	if (distance < near->distance && distance < near->typed_size) {
		near->distance = distance;
		near->name = name;
	}
}
