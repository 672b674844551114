/* langs/c_flags.c — with which flags a C source is compiled: those it was scanned
 * with. See c_build.h. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "langs/c_build.h"
#include "scanner/c_flags.h"

void snafu_c_main_name(const char *source, char ret_name[48])
{
	snprintf(ret_name, 48, "snafu_main_of_%016llx",
	         snafu_hash(SNAFU_HASH_START, source, strlen(source)));
}

int snafu_c_compile_flags(struct snafu_c_databases *databases, const char *root, const char *source,
                          const struct snafu_language_options *options,
                          const char *const **ret_flags)
{
	struct snafu_c_flags_options said = {
		.include_paths = options->include_paths,
		.n_include_paths = options->n_include_paths,
		.defines = options->defines,
		.n_defines = options->n_defines,
	};
	const char *const *flags;
	size_t count;
	char name[48];
	int code = snafu_c_source_flags(source, root, &said, databases, &flags, &count);

	if (code)
		return code;
	const char **words = snafu_arena_alloc(&databases->arena, (count + 2) * sizeof *words);
	snafu_c_main_name(source, name);
	if (words)
		words[count] = snafu_arena_format(&databases->arena, "-Dmain=%s", name);
	if (!words || !words[count])
		return -ENOMEM;
	if (count)
		memcpy(words, flags, count * sizeof *words);
	words[count + 1] = NULL;
	*ret_flags = words;
	return 0;
}
