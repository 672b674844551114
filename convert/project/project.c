/* convert/project/project.c — the order of a conversion: see project.h. */
#include "convert/project/project.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/file.h"
#include "convert/project/make.h"
#include "convert/project/state.h"

#define WORDS_CAP    4096 /* bytes of what is said at once */
#define FAILED_SHOWN 10 /* files that do not compile; the report has all */

/* ---- words ------------------------------------------------------------------------------ */

/* Control characters of file names must not reach a terminal. */
static void make_plain(char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < 0x20 || *text == 0x7f)
			*text = '?';
}

/* Formats, and hands the words to TO, which MAY be NULL. */
static void say(const struct project *project, void (*to)(void *state, const char *words),
                const char *format, va_list arguments)
{
	char words[WORDS_CAP];

	if (!to)
		return;
	vsnprintf(words, sizeof words, format, arguments);
	make_plain(words);
	to(project->options->state, words);
}

void project_working(const struct project *project, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	say(project, project->options->working, format, arguments);
	va_end(arguments);
}

void project_tell(const struct project *project, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	say(project, project->options->tell, format, arguments);
	va_end(arguments);
}

void project_tell_failed(const struct project *project, const char *language)
{
	size_t n = 0;

	for (size_t i = 0; i < project->count; i++) {
		const struct project_file *file = &project->files[i];

		if (file->fate != PROJECT_FAILED || !file->language ||
		    strcmp(file->language, language) != 0)
			continue;
		if (n++ < FAILED_SHOWN)
			project_tell(project, "%s does not compile: %s", file->path, file->why);
	}
	if (n > FAILED_SHOWN)
		project_tell(project, "%zu more files do not compile: REPORT.md lists them",
		             n - FAILED_SHOWN);
}

const char *project_fate_name(enum project_fate fate)
{
	static const char *const names[] = {
		[PROJECT_COPIED] = "copied",   [PROJECT_UPGRADED] = "upgraded", [PROJECT_SAME] = "same",
		[PROJECT_PYTHON2] = "python2", [PROJECT_BROKEN] = "broken",     [PROJECT_EDITED] = "edited",
		[PROJECT_FAILED] = "failed",
	};
	return names[fate];
}

/* ---- where from, where to --------------------------------------------------------------- */

static bool is_below(const char *path, const char *folder)
{
	size_t size = strlen(folder);

	return strcmp(folder, "/") == 0 ||
	       (strncmp(path, folder, size) == 0 && (path[size] == '/' || !path[size]));
}

/* The real path that OUT will have: it need not be there yet, nor the folders above. */
static char *future_path(const char *out)
{
	char *real = realpath(out, NULL), *above, *joined;

	if (real || errno != ENOENT)
		return real;
	char *trimmed = strdup(out);
	for (size_t size = trimmed ? strlen(trimmed) : 0; size > 1 && trimmed[size - 1] == '/';)
		trimmed[--size] = '\0';
	char *folder = trimmed ? snafu_path_folder(trimmed) : NULL;
	above = folder && strcmp(folder, trimmed) != 0 ? future_path(folder) : NULL;
	joined = above ? snafu_path_join(above, snafu_path_base(trimmed)) : NULL;
	free(above);
	free(folder);
	free(trimmed);
	return joined;
}

/* Nothing of the code base may be written to, and a project is not converted into itself. */
static int check_places(const struct project *project, const char *out, struct snafu_error *error)
{
	char *real = future_path(out);
	int code = 0;

	if (!real)
		return snafu_fail_errno(error, -errno, "cannot write to %s", out);
	if (!project->is_file && is_below(real, project->legacy))
		code = snafu_fail(error, -EINVAL,
		                  "%s is in %s, which is only read: take a folder outside of it", out,
		                  project->options->legacy);
	else if (is_below(project->legacy, real))
		code = snafu_fail(error, -EINVAL, "%s is in %s: take another folder to write to",
		                  project->options->legacy, out);
	free(real);
	return code;
}

static int open_places(struct project *project, struct snafu_error *error)
{
	const struct snafu_project_options *options = project->options;
	char *real = realpath(options->legacy, NULL), *folder;
	struct stat status;

	if (!real || stat(real, &status)) {
		int code = snafu_fail_errno(error, -errno, "cannot open %s", options->legacy);

		free(real);
		return code;
	}
	if (access(real, R_OK)) {
		free(real);
		return snafu_fail_errno(error, -EACCES, "cannot read %s", options->legacy);
	}
	folder = S_ISDIR(status.st_mode) ? strdup(real) : snafu_path_folder(real);
	project->is_file = !S_ISDIR(status.st_mode);
	project->legacy = snafu_arena_string(&project->arena, real);
	project->base = snafu_arena_string(&project->arena, folder);
	const char *base = snafu_path_base(real);
	project->name = project->is_file ? snafu_arena_copy(&project->arena, base, strcspn(base, "."))
	                                 : snafu_arena_string(&project->arena, *base ? base : "root");
	free(real);
	free(folder);
	if (!project->legacy || !project->base || !project->name)
		return snafu_fail(error, -ENOMEM, "no memory");
	if (project->is_file && !S_ISREG(status.st_mode))
		return snafu_fail(error, -EINVAL, "%s is neither a file nor a folder", options->legacy);
	return check_places(project, options->out, error);
}

/* ---- the sequence ----------------------------------------------------------------------- */

static void tell_gone(void *state, const char *path)
{
	project_tell(state, "%s has no source any more, but was edited: it stays", path);
}

static void count_files(struct project *project)
{
	struct snafu_project_summary *summary = project->summary;

	summary->files = project->count;
	summary->left_out = project->n_left_out;
	summary->functions_before = project->before.count;
	summary->functions_after = project->after.count;
	summary->written = project->mirror.written;
	summary->same = project->mirror.same;
	summary->edited = project->mirror.kept;
	summary->removed = project->mirror.removed;
}

static void count_languages(struct project *project)
{
	struct snafu_project_summary *summary = project->summary;

	for (size_t i = 0; i < project->count; i++) {
		const struct project_file *file = &project->files[i];

		if (!file->language)
			continue;
		if (strcmp(file->language, "python") == 0) {
			summary->python++;
			summary->upgraded += file->fate == PROJECT_UPGRADED || file->fate == PROJECT_SAME;
			summary->python2 += file->fate == PROJECT_PYTHON2;
			summary->broken +=
				file->fate == PROJECT_BROKEN || (file->fate == PROJECT_COPIED && !file->compiles);
		} else if (strcmp(file->language, "c") == 0) {
			summary->c++;
			summary->c_failed += file->fate == PROJECT_FAILED;
		} else if (strcmp(file->language, "java") == 0) {
			summary->java++;
			summary->java_failed += file->fate == PROJECT_FAILED;
		}
	}
}

static int convert(struct project *project, struct snafu_error *error)
{
	static int (*const steps[])(struct project * project, struct snafu_error * error) = {
		project_inventory,      project_upgrade,       project_compare,
		project_place,          project_build_c,       project_build_java,
		project_write_makefile, project_find_examples, project_write_container,
	};
	int code = 0;

	for (size_t i = 0; !code && i < sizeof steps / sizeof *steps; i++)
		code = steps[i](project, error);
	if (code)
		return code;
	count_languages(project);
	code = project_write_words(project, error);
	if (!code)
		code = project_write_report(project, error);
	if (!code)
		code = project_write_report_json(project, error);
	project_working(project, "finishing");
	if (!code)
		code = snafu_mirror_finish(&project->mirror, tell_gone, project, error);
	return code;
}

int snafu_project_convert(const struct snafu_project_options *options,
                          struct snafu_project_summary *ret_summary, struct snafu_error *error)
{
	struct project project = {.options = options, .summary = ret_summary};
	int code = open_places(&project, error);

	*ret_summary = (struct snafu_project_summary){0};
	project.mirror = (struct snafu_mirror){.lock = -1, .journal = -1};
	if (!code)
		code = project_take_include_paths(&project, error);
	if (!code)
		code = snafu_mirror_open(&project.mirror, options->out, options->force, error);
	if (!code)
		code = convert(&project, error);
	if (options->working)
		options->working(options->state, NULL);
	count_files(&project);
	snafu_mirror_close(&project.mirror);
	snafu_functions_done(&project.before);
	snafu_functions_done(&project.after);
	free(project.files);
	free(project.wants);
	free(project.left_out);
	snafu_arena_done(&project.arena);
	return code;
}
