/* runtime/records/metrics_families.c — puts samples of the same name together: Prometheus' format
 * wants them in one group behind one HELP and one TYPE, but several executors have the
 * same ones. */
#include <stdbool.h>
#include <string.h>

#include "base/buffer.h"
#include "runtime/records/metrics.h"

#define FAMILIES_CAP 64 /* what is over it stays where it is */

struct family {
	const char *name; /* in the text */
	size_t size;
	bool has_help, has_type;
	struct snafu_buffer comments, samples;
};

struct families {
	struct family members[FAMILIES_CAP];
	size_t count;
};

static struct family *find(struct families *families, const char *name, size_t size, size_t cap)
{
	for (size_t i = 0; i < families->count; i++)
		if (families->members[i].size == size && memcmp(families->members[i].name, name, size) == 0)
			return &families->members[i];
	if (families->count == FAMILIES_CAP)
		return NULL;
	struct family *family = &families->members[families->count++];
	*family = (struct family){.name = name,
	                          .size = size,
	                          .comments = SNAFU_BUFFER(cap),
	                          .samples = SNAFU_BUFFER(cap)};
	return family;
}

/* One line of SIZE bytes, with its newline. */
static void sort_in(struct families *families, const char *line, size_t size, size_t cap,
                    struct snafu_buffer *into)
{
	static const char help[] = "# HELP ", type[] = "# TYPE ";
	const size_t length = sizeof help - 1;
	bool is_help = size > length && memcmp(line, help, length) == 0;
	bool is_type = size > length && memcmp(line, type, length) == 0;
	const char *name = is_help || is_type ? line + length : line;
	struct family *family = find(families, name, strcspn(name, "{ \n"), cap);

	if (!family)
		snafu_buffer_append(into, line, size);
	else if (!is_help && !is_type)
		snafu_buffer_append(&family->samples, line, size);
	else if (is_help ? !family->has_help : !family->has_type)
		snafu_buffer_append(&family->comments, line, size);
	if (family) {
		family->has_help = family->has_help || is_help;
		family->has_type = family->has_type || is_type;
	}
}

void snafu_metrics_write_grouped(const struct snafu_buffer *samples, struct snafu_buffer *into)
{
	struct families families = {.count = 0};
	const char *line = samples->data ? samples->data : "";

	while (*line) {
		size_t size = strcspn(line, "\n");

		size += line[size] == '\n';
		sort_in(&families, line, size, samples->size, into);
		line += size;
	}
	for (size_t i = 0; i < families.count; i++) {
		struct family *family = &families.members[i];

		snafu_buffer_append(into, family->comments.data, family->comments.size);
		snafu_buffer_append(into, family->samples.data, family->samples.size);
		snafu_buffer_done(&family->comments);
		snafu_buffer_done(&family->samples);
	}
}
