/* langs/c_flags.c — with which flags a C source is compiled. See c_build.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "langs/c_build.h"

#define FLAGS_CAP 900

struct flags {
	struct snafu_arena *arena;
	const char *words[FLAGS_CAP + 1];
	size_t count;
};

static void add(struct flags *flags, const char *prefix, const char *text)
{
	const char *word = snafu_arena_format(flags->arena, "%s%s", prefix, text);

	if (word && flags->count < FLAGS_CAP)
		flags->words[flags->count++] = word;
}

void snafu_c_main_name(const char *source, char ret_name[48])
{
	snprintf(ret_name, 48, "snafu_main_of_%016llx",
	         snafu_hash(SNAFU_HASH_START, source, strlen(source)));
}

const char *const *snafu_c_flags(struct snafu_arena *arena, const char *root, const char *source,
                                 const struct snafu_language_options *options)
{
	struct flags flags = {.arena = arena};
	char *folder = snafu_path_folder(source), *include = snafu_path_join(root, "include");
	char name[48];

	if (folder)
		add(&flags, "-I", folder);
	add(&flags, "-I", root);
	if (include)
		add(&flags, "-I", include);
	for (size_t i = 0; i < options->n_include_paths; i++)
		add(&flags, "-I", options->include_paths[i]);
	for (size_t i = 0; i < options->n_defines; i++)
		add(&flags, "-D", options->defines[i]);
	snafu_c_main_name(source, name);
	add(&flags, "-Dmain=", name);
	free(folder);
	free(include);
	const char **words = snafu_arena_alloc(arena, (flags.count + 1) * sizeof *words);
	if (words && flags.count)
		memcpy(words, flags.words, flags.count * sizeof *words);
	return words;
}
