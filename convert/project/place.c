/* convert/project/place.c — what goes where in OUT: sources, patches, configs. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/file.h"
#include "convert/project/state.h"
#include "convert/stubs/stubs.h"
#include "runtime/settings/book.h"
#include "runtime/settings/function_config.h"
#include "scanner/scanner.h"

#define CONFIG      ".config"
#define NATIVE      "{\n  \"Python2\": \"native\"\n}\n"
#define ADDRESS_CAP 8192
#define SOURCE_CAP  SNAFU_PROJECT_FILE_CAP /* bytes */

/* ---- sources ---------------------------------------------------------------------------- */

/* The patch of a file that a person went on from stays as well. */
static int place_patch(struct project *project, const struct project_file *file,
                       struct snafu_error *error)
{
	char *patch = project_staged_patch(project, file), *path;
	int code = patch && asprintf(&path, PROJECT_PATCHES "/%s.patch", file->path) >= 0
	               ? 0
	               : snafu_fail(error, -ENOMEM, "no memory");

	if (!code) {
		code = file->upgraded ? snafu_mirror_copy(&project->mirror, path, patch, false, error)
		                      : snafu_mirror_leave(&project->mirror, path, error);
		if (code == SNAFU_MIRROR_KEPT)
			project_tell(project, "%s was edited: it stays", path);
		free(path);
	}
	free(patch);
	return code < 0 ? code : 0;
}

#define MARK "\xef\xbb\xbf" /* the byte order mark of Windows' editors, which javac does not take */

static bool has_mark(const struct project_file *file)
{
	char head[3] = "";
	FILE *stream = file->language && strcmp(file->language, "java") == 0 &&
	                       snafu_path_has_suffix(file->path, ".java")
	                   ? fopen(file->place, "re")
	                   : NULL;
	bool has = stream && fread(head, 1, sizeof head, stream) == sizeof head &&
	           memcmp(head, MARK, sizeof head) == 0;

	if (stream)
		fclose(stream);
	return has;
}

static int place_without_mark(struct project *project, struct project_file *file,
                              struct snafu_error *error)
{
	char *text;
	size_t size;
	int code = snafu_file_read(file->place, SOURCE_CAP, &text, &size, error);

	if (code)
		return code;
	code = snafu_mirror_put(&project->mirror, file->to, text + strlen(MARK), size - strlen(MARK),
	                        file->executable, error);
	free(text);
	if (code >= 0 && project_note(project, file, 0, "encoding",
	                              "had a byte order mark, which javac does not take: left out"))
		code = snafu_fail(error, -ENOMEM, "no memory");
	return code;
}

static int place_source(struct project *project, struct project_file *file,
                        struct snafu_error *error)
{
	char *staged = file->upgraded ? project_staged(project, file) : NULL;
	int code;

	if (file->upgraded && !staged)
		return snafu_fail(error, -ENOMEM, "no memory");
	if (file->link)
		code = snafu_mirror_link(&project->mirror, file->to, file->link, error);
	else if (has_mark(file))
		code = place_without_mark(project, file, error);
	else
		code = snafu_mirror_copy(&project->mirror, file->to, staged ? staged : file->place,
		                         file->executable, error);
	free(staged);
	if (code == SNAFU_MIRROR_KEPT) {
		project_tell(project, "%s was edited: it stays", file->to);
		file->fate = PROJECT_EDITED;
	}
	if (code >= 0 && (file->upgraded || file->fate == PROJECT_EDITED))
		code = place_patch(project, file, error);
	return code < 0 ? code : 0;
}

int project_put_text(struct project *project, const char *path, struct snafu_buffer *text,
                     bool executable, struct snafu_error *error)
{
	int code = snafu_buffer_failed(text);

	if (code)
		snafu_fail(error, code, "%s would be too long", path);
	else
		code = snafu_mirror_put(&project->mirror, path, text->data ? text->data : "", text->size,
		                        executable, error);
	snafu_buffer_done(text);
	if (code == SNAFU_MIRROR_KEPT)
		project_tell(project, "%s was edited: it stays", path);
	return code < 0 ? code : 0;
}

/* ---- configs ---------------------------------------------------------------------------- */

/* FILE is the config of another one, which is completed where it stands. */
static bool is_config(const struct project *project, const struct project_file *file)
{
	size_t size = strlen(file->path), cut = strlen(CONFIG);

	if (file->language || file->link || size <= cut || !snafu_path_has_suffix(file->path, CONFIG))
		return false;
	char *source = strndup(file->path, size - cut);
	const struct project_file *found = source ? project_find(project, source) : NULL;

	free(source);
	return found && found->language;
}

/* The config that there is to start from: that of OUT, or of the code base, or what says that the
 * source stays Python 2; "{}" when there is none. malloc'ed. */
static int read_config(const struct project *project, const struct project_file *file,
                       const char *path, char **ret_text, size_t *ret_size,
                       struct snafu_error *error)
{
	const char *text = file && file->fate == PROJECT_PYTHON2 ? NATIVE : "";
	char *there = snafu_mirror_path(&project->mirror, path);
	char *before =
		file ? snafu_arena_format((struct snafu_arena *)&project->arena, "%s" CONFIG, file->place)
			 : NULL;
	const char *from = NULL;

	if (there && !project->mirror.force && access(there, F_OK) == 0)
		from = there;
	else if (before && access(before, F_OK) == 0)
		from = before;
	int code = there ? 0 : snafu_fail(error, -ENOMEM, "no memory");
	if (!code && from) {
		code = snafu_file_read(from, SNAFU_CONFIG_FILE_CAP, ret_text, ret_size, error);
	} else if (!code) {
		*ret_text = strdup(text);
		*ret_size = strlen(text);
		code = *ret_text ? 0 : snafu_fail(error, -ENOMEM, "no memory");
	}
	free(there);
	return code;
}

/* It replaces what a person has edited, too: nothing of that is lost. */
static int put_config(struct project *project, const char *path, const struct snafu_buffer *text,
                      struct snafu_error *error)
{
	bool force = project->mirror.force;

	project->mirror.force = true;
	int code = snafu_mirror_put(&project->mirror, path, text->data, text->size, false, error);
	project->mirror.force = force;
	return code < 0 ? code : 0;
}

/* Of a config that cannot be completed, nothing is lost either. */
static int keep_config(struct project *project, const char *path, const char *why,
                       struct snafu_error *error)
{
	project_tell(project, "%s stays as it is: %s", path, why);
	return snafu_mirror_leave(&project->mirror, path, error);
}

/* Of a source, whose COUNT functions these are; PATH: below OUT. */
static int place_stub(struct project *project, const struct project_file *file, const char *path,
                      const struct snafu_function *functions, size_t count,
                      const struct snafu_settings_book *book, struct snafu_error *error)
{
	struct snafu_buffer stub = SNAFU_BUFFER(SNAFU_CONFIG_FILE_CAP);
	struct snafu_buffer merged = SNAFU_BUFFER(SNAFU_CONFIG_FILE_CAP);
	struct snafu_stub_changes changes = {0};
	struct snafu_error problem;
	char *config = NULL;
	size_t size, left_out;
	long written = snafu_stub_write(functions, count, book, &stub, &left_out, &problem);
	int code = written < 0 ? (int)written : 0;

	if (written > 0)
		code = read_config(project, file, path, &config, &size, &problem);
	if (!code && config && *config) {
		code = snafu_stub_merge(config, size, &stub, functions, count, &merged, &changes, &problem);
		if (!code && changes.gone.size)
			project_tell(project, "%s: not in the source any more: %s", path, changes.gone.data);
	}
	if (code)
		code = keep_config(project, path, problem.message, error);
	else if (written > 0)
		code = put_config(project, path, merged.size ? &merged : &stub, error);
	free(config);
	snafu_buffer_done(&changes.gone);
	snafu_buffer_done(&merged);
	snafu_buffer_done(&stub);
	return code;
}

static int place_stubs(struct project *project, struct snafu_error *error)
{
	size_t skip = strlen(project->mirror.root) + 1;
	size_t below = skip + strlen(PROJECT_SOURCES "/") + strlen(project->prefix);
	struct snafu_settings_book *book;
	int code = snafu_book_read(NULL, &book, error);

	if (code)
		return code;
	for (size_t i = 0, count; !code && i < project->after.count; i += count) {
		const struct snafu_function *first = &project->after.functions[i];
		const char *source = snafu_function_source(first);
		struct snafu_buffer path = SNAFU_BUFFER(ADDRESS_CAP);

		for (count = 1; i + count < project->after.count; count++)
			if (strcmp(snafu_function_source(&first[count]), source) != 0)
				break;
		if (strlen(source) <= below)
			continue;
		snafu_buffer_format(&path, "%s" CONFIG, source + skip);
		if (!path.failed)
			code = place_stub(project, project_find(project, source + below), path.data, first,
			                  count, book, error);
		snafu_buffer_done(&path);
	}
	snafu_book_free(book);
	return code;
}

/* ---- the whole -------------------------------------------------------------------------- */

static int scan_result(struct project *project, struct snafu_error *error)
{
	char *sources = snafu_mirror_path(&project->mirror, PROJECT_SOURCES);
	const char *path = sources;
	int code = sources ? snafu_scan(&path, 1, &project->scan, &project->after, error)
	                   : snafu_fail(error, -ENOMEM, "no memory");

	free(sources);
	return code;
}

/* How many functions each file has in the end. */
static void count_functions(struct project *project)
{
	size_t skip =
		strlen(project->mirror.root) + strlen("/" PROJECT_SOURCES "/") + strlen(project->prefix);

	for (size_t i = 0; i < project->after.count; i++) {
		const char *source = snafu_function_source(&project->after.functions[i]);
		struct project_file *file =
			strlen(source) > skip ? project_find(project, source + skip) : NULL;

		if (file)
			file->functions++;
	}
}

int project_place(struct project *project, struct snafu_error *error)
{
	int code = 0;

	project_working(project, "writing");
	for (size_t i = 0; !code && i < project->count; i++) {
		struct project_file *file = &project->files[i];

		if (!is_config(project, file))
			code = place_source(project, file, error);
		if (file->fate == PROJECT_PYTHON2)
			project_tell(project, "%s stays Python 2: %s", file->path, file->why ? file->why : "");
		else if (file->fate == PROJECT_BROKEN)
			project_tell(project, "%s is taken by no Python: %s", file->path,
			             file->why ? file->why : "");
	}
	project_working(project, "scanning the result");
	if (!code)
		code = project_write_database(project, error);
	if (!code) /* what has gone from the code base has no functions any more */
		snafu_mirror_sweep(&project->mirror, PROJECT_SOURCES, CONFIG);
	if (!code)
		code = scan_result(project, error);
	if (!code)
		count_functions(project);
	if (!code)
		code = place_stubs(project, error);
	return code;
}
