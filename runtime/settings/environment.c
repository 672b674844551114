/* runtime/settings/environment.c — variables of functions' environments: see settings.h. */
#include <string.h>

#include "base/buffer.h"
#include "runtime/settings/settings.h"

bool snafu_environment_next(const char **at, struct snafu_variable *ret_variable)
{
	while (**at) {
		size_t size = strcspn(*at, "\n");
		const char *line = *at, *sign = memchr(line, '=', size);

		*at += size + (line[size] == '\n');
		if (!sign || sign == line)
			continue;
		*ret_variable = (struct snafu_variable){
			.name = line,
			.name_size = (size_t)(sign - line),
			.value = sign + 1,
			.value_size = size - (size_t)(sign + 1 - line),
		};
		return true;
	}
	return false;
}

static bool has(const char *environment, const struct snafu_variable *wanted)
{
	struct snafu_variable variable;

	while (snafu_environment_next(&environment, &variable))
		if (variable.name_size == wanted->name_size &&
		    memcmp(variable.name, wanted->name, wanted->name_size) == 0)
			return true;
	return false;
}

static void append(const struct snafu_variable *variable, struct snafu_buffer *into)
{
	if (into->size)
		snafu_buffer_append_byte(into, '\n');
	snafu_buffer_append(into, variable->name, variable->name_size);
	snafu_buffer_append_byte(into, '=');
	snafu_buffer_append(into, variable->value, variable->value_size);
}

void snafu_environment_merge(const char *under, const char *over, struct snafu_buffer *into)
{
	struct snafu_variable variable;

	for (const char *at = under; snafu_environment_next(&at, &variable);)
		if (!has(over, &variable))
			append(&variable, into);
	/* A name that stands there twice means what is said last. */
	for (const char *at = over; snafu_environment_next(&at, &variable);)
		if (!has(at, &variable))
			append(&variable, into);
}

bool snafu_environment_is_name(const char *name, size_t size)
{
	if (!size || (*name >= '0' && *name <= '9'))
		return false;
	for (size_t i = 0; i < size; i++)
		if (!strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_", name[i]) ||
		    !name[i])
			return false;
	return true;
}
