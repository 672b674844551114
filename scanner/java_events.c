/* scanner/java_events.c — handlers as AWS Lambda has them, of which langs/java/Events.java
 * knows how they are called: a last parameter of the type ...runtime.Context is not the
 * caller's to give, an only one before it takes the whole payload, and so do streams. */
#include <string.h>

#include "scanner/java_model.h"

static bool ends_with(const char *text, const char *end)
{
	size_t size = strlen(text), end_size = strlen(end);

	return size >= end_size && strcmp(text + size - end_size, end) == 0;
}

static bool is_context(const struct snafu_java_unit *unit, const char *type)
{
	static const char qualified[] = ".runtime.Context";

	if (strcmp(type, "Context") != 0)
		return ends_with(type, qualified);
	for (const struct snafu_java_import *import = unit->imports; import; import = import->next)
		if (strcmp(import->simple, "Context") == 0)
			return ends_with(import->name, qualified);
	if (unit->package && ends_with(unit->package, ".runtime"))
		return true;
	for (const struct snafu_java_import *import = unit->imports; import; import = import->next)
		if (strcmp(import->simple, "*") == 0 && ends_with(import->name, ".runtime"))
			return true;
	return false;
}

static bool is_stream(const struct snafu_java_member *member, size_t i, const char *simple)
{
	const char *type = member->parameters[i].type, *dot = strrchr(type, '.');

	return strcmp(dot ? dot + 1 : type, simple) == 0;
}

size_t snafu_java_events(const struct snafu_java_unit *unit, const struct snafu_java_member *member,
                         bool *ret_whole)
{
	size_t count = member->n_parameters;
	bool context = count && !member->parameters[count - 1].variadic &&
	               is_context(unit, member->parameters[count - 1].type);

	*ret_whole = false;
	if (context)
		count--;
	if (count == 2 && strncmp(member->name, "handle", strlen("handle")) == 0 &&
	    is_stream(member, 0, "InputStream") && is_stream(member, 1, "OutputStream")) {
		*ret_whole = true;
		return 1;
	}
	*ret_whole = context && count == 1;
	return count;
}
