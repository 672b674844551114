/* convert/project/flags.c — with which flags C is compiled: those that were given or that a
 * compile_commands.json of the code base says, as they hold in OUT. They stand in the Makefile,
 * and, where they are not the usual ones, in src/compile_commands.json, where Snafu finds
 * them. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "convert/project/state.h"
#include "scanner/c_flags.h"

#define DATABASE_CAP SNAFU_C_DATABASE_SIZE_CAP
#define FLAG_CAP     (64u << 10) /* bytes of one */

/* ---- the folders of headers that were given --------------------------------------------- */

static bool is_below(const char *path, const char *folder)
{
	size_t size = strlen(folder);

	return strcmp(folder, "/") == 0 ||
	       (strncmp(path, folder, size) == 0 && (path[size] == '/' || !path[size]));
}

int project_take_include_paths(struct project *project, struct snafu_error *error)
{
	const struct snafu_scan_options *given = &project->options->scan;
	size_t n = given->n_include_paths;
	const char **paths = snafu_arena_alloc(&project->arena, (n + 1) * sizeof *paths);

	if (!paths)
		return snafu_fail(error, -ENOMEM, "no memory");
	for (size_t i = 0; i < n; i++) {
		char *real = realpath(given->include_paths[i], NULL);

		if (!real)
			return snafu_fail_errno(error, -errno, "cannot open the folder of headers %s",
			                        given->include_paths[i]);
		paths[i] = snafu_arena_string(&project->arena, real);
		free(real);
		if (!paths[i])
			return snafu_fail(error, -ENOMEM, "no memory");
	}
	project->scan = *given;
	project->scan.include_paths = paths;
	return 0;
}

int project_want_include_paths(struct project *project)
{
	int code = 0;

	for (size_t i = 0; !code && i < project->scan.n_include_paths; i++)
		if (!is_below(project->scan.include_paths[i], project->base))
			code = project_want(project, project->scan.include_paths[i],
			                    "headers that are outside of the code base: they stay there");
	return code;
}

/* ---- one flag --------------------------------------------------------------------------- */

/* Takes "a/.." and "." out of an absolute path, in place. */
static void make_normal(char *path)
{
	char *to = path;

	for (char *at = path; *at;) {
		size_t size = strcspn(at + 1, "/") + 1;

		if (size == 3 && memcmp(at, "/..", 3) == 0) {
			while (to > path && *--to != '/')
				;
		} else if (size > 1 && !(size == 2 && at[1] == '.')) {
			memmove(to, at, size);
			to += size;
		}
		at += size;
	}
	if (to == path)
		*to++ = '/';
	*to = '\0';
}

void project_write_flag(const struct project *project, const char *flag, const char *sources,
                        struct snafu_buffer *into)
{
	size_t size = strlen(project->base), before = strcspn(flag, "/");
	char *path = flag[before] ? strdup(flag + before) : NULL;

	if (path && (before == 0 || strncmp(flag, "-I", 2) == 0))
		make_normal(path);
	if (path && is_below(path, project->base)) {
		const char *rest = path + (path[size] ? size + 1 : size);

		snafu_buffer_format(into, "%.*s%s%s%s%s", (int)before, flag, sources,
		                    *project->prefix || *rest ? "/" : "", project->prefix, rest);
		if (into->size && into->data[into->size - 1] == '/')
			into->data[--into->size] = '\0';
	} else {
		snafu_buffer_format(into, "%.*s%s", (int)before, flag, path ? path : "");
	}
	free(path);
}

int project_flags_of(const struct project *project, const struct project_file *file,
                     struct snafu_c_databases *databases, const char *const **ret_flags,
                     size_t *ret_count)
{
	struct snafu_c_flags_options options = {
		.include_paths = project->scan.include_paths,
		.n_include_paths = project->scan.n_include_paths,
		.defines = project->scan.defines,
		.n_defines = project->scan.n_defines,
	};
	const char *const *flags;
	size_t count;
	int code =
		snafu_c_source_flags(file->place, project->base, &options, databases, &flags, &count);

	if (code)
		return code;
	if (count && databases->own && strcmp(flags[count - 1], databases->own) == 0)
		count--; /* Snafu's own header, which Snafu finds wherever it is */
	*ret_flags = flags;
	*ret_count = count;
	return 0;
}

/* ---- the database ----------------------------------------------------------------------- */

static int write_entry(const struct project *project, const struct project_file *file,
                       struct snafu_c_databases *databases, struct snafu_buffer *into)
{
	const char *const *flags;
	size_t count;
	int code = project_flags_of(project, file, databases, &flags, &count);

	if (code)
		return code;
	snafu_buffer_append_text(into, into->size ? ",\n" : "[\n");
	snafu_buffer_append_text(into, "{\"directory\": \".\", \"file\": ");
	snafu_json_write_text(into, file->to + strlen(PROJECT_SOURCES "/"));
	snafu_buffer_append_text(into, ", \"arguments\": [\"cc\"");
	for (size_t i = 0; i < count; i++) {
		struct snafu_buffer flag = SNAFU_BUFFER(FLAG_CAP);

		project_write_flag(project, flags[i], ".", &flag);
		snafu_buffer_append_text(into, ", ");
		snafu_json_write_text(into, flag.data ? flag.data : "");
		snafu_buffer_done(&flag);
	}
	snafu_buffer_append_text(into, "]}");
	return 0;
}

int project_write_database(struct project *project, struct snafu_error *error)
{
	struct snafu_buffer text = SNAFU_BUFFER(DATABASE_CAP);
	struct snafu_c_databases databases = {0};
	int code = 0;

	for (size_t i = 0; !code && i < project->count; i++) {
		const struct project_file *file = &project->files[i];

		if (file->language && strcmp(file->language, "c") == 0 && !file->link &&
		    snafu_path_has_suffix(file->path, ".c"))
			code = write_entry(project, file, &databases, &text);
	}
	bool unusual = databases.count || project->scan.n_include_paths || project->scan.n_defines;
	snafu_c_databases_done(&databases);
	if (code || !text.size || !unusual) {
		snafu_buffer_done(&text);
		return code ? snafu_fail(error, code, "no memory for the flags of C") : 0;
	}
	snafu_buffer_append_text(&text, "\n]\n");
	return project_put_text(project, PROJECT_SOURCES "/" PROJECT_DATABASE, &text, false, error);
}
