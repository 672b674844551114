/* convert/stubs/export.c — a stub for each file of a scan: see stubs.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/file.h"
#include "convert/output.h"
#include "convert/stubs/stubs.h"
#include "runtime/settings/function_config.h"
#include "scanner/function.h"

#define SUFFIX   ".config"
#define INI      "snafu.ini"
#define GONE_CAP 8192 /* bytes of names */

/* Where the stub goes, or the config is that is there already, by whichever name: malloc'ed. */
static char *find_place(const struct snafu_output *output, const char *source)
{
	char *there = output->folder || output->force ? NULL : snafu_function_config_path(source);

	return there ? there : snafu_output_path(output, source, SUFFIX);
}

/* Completes the config that is there. */
static int update(const struct snafu_function *functions, size_t count, const char *config,
                  size_t size, struct snafu_output *output, const struct snafu_buffer *stub,
                  struct snafu_stub_news *news, struct snafu_buffer *gone,
                  struct snafu_error *error)
{
	struct snafu_buffer merged = SNAFU_BUFFER(SNAFU_CONFIG_FILE_CAP);
	struct snafu_stub_changes changes;
	struct snafu_error problem;
	int code = snafu_stub_merge(config, size, stub, functions, count, &merged, &changes, &problem);

	if (code)
		snafu_fail(error, code, "%s: %s: it stays as it is", news->path, problem.message);
	else if (!changes.settings && !changes.functions)
		code = SNAFU_OUTPUT_KEPT;
	else
		code = snafu_output_replace(output, news->path, merged.data, merged.size, error);
	news->updated = code == SNAFU_OUTPUT_WRITTEN;
	news->functions = (long)changes.functions;
	if (changes.gone.data)
		snafu_buffer_append_text(gone, changes.gone.data);
	snafu_buffer_done(&changes.gone);
	snafu_buffer_done(&merged);
	return code;
}

static int write_or_update(const struct snafu_function *functions, size_t count,
                           struct snafu_output *output, const struct snafu_buffer *stub,
                           struct snafu_stub_news *news, struct snafu_buffer *gone,
                           struct snafu_error *error)
{
	char *config;
	size_t size;
	int code;

	if (output->force || access(news->path, F_OK) || snafu_output_has_written(output, news->path))
		return snafu_output_write(output, news->path, stub->data, stub->size, error);
	code = snafu_file_read(news->path, SNAFU_CONFIG_FILE_CAP, &config, &size, error);
	if (code)
		return code;
	code = update(functions, count, config, size, output, stub, news, gone, error);
	free(config);
	return code;
}

/* The COUNT functions are one file's. */
static int export_file(const struct snafu_function *functions, size_t count,
                       const struct snafu_settings_book *book, struct snafu_output *output,
                       struct snafu_buffer *stub, struct snafu_buffer *gone,
                       struct snafu_stub_news *ret_news, struct snafu_error *error)
{
	struct snafu_error problem;
	const char *source = snafu_function_source(functions);
	char *path = find_place(output, source);

	*ret_news = (struct snafu_stub_news){.source = functions->file,
	                                     .path = path,
	                                     .fate = SNAFU_OUTPUT_KEPT};
	if (!path)
		return snafu_fail(error, -ENOMEM, "no memory for the stub of %s", source);
	snafu_buffer_clear(stub);
	snafu_buffer_clear(gone);
	ret_news->functions =
		snafu_stub_write(functions, count, book, stub, &ret_news->left_out, &problem);
	if (ret_news->functions == 0)
		ret_news->source = NULL;
	else if (ret_news->functions < 0)
		ret_news->fate = (int)ret_news->functions;
	else
		ret_news->fate = write_or_update(functions, count, output, stub, ret_news, gone, &problem);
	ret_news->gone = gone->data ? gone->data : "";
	if (ret_news->fate < 0) {
		snafu_fail(error, ret_news->fate, "%s", problem.message);
		ret_news->problem = error->message;
	}
	return 0;
}

int snafu_stubs_export(const struct snafu_functions *functions,
                       const struct snafu_settings_book *book, struct snafu_output *output,
                       void (*tell)(void *state, const struct snafu_stub_news *news), void *state,
                       struct snafu_error *error)
{
	struct snafu_buffer stub = SNAFU_BUFFER(SNAFU_CONFIG_FILE_CAP), gone = SNAFU_BUFFER(GONE_CAP);
	int code = 0;

	for (size_t i = 0, count; i < functions->count && !code; i += count) {
		const struct snafu_function *first = &functions->functions[i];
		struct snafu_stub_news news;
		struct snafu_error problem;

		for (count = 1; i + count < functions->count; count++)
			if (strcmp(snafu_function_source(&first[count]), snafu_function_source(first)) != 0)
				break;
		code = export_file(first, count, book, output, &stub, &gone, &news, &problem);
		if (code)
			snafu_fail(error, code, "%s", problem.message);
		else if (news.source)
			tell(state, &news);
		free((char *)news.path);
	}
	snafu_buffer_done(&stub);
	snafu_buffer_done(&gone);
	return code;
}

/* Where the snafu.ini goes: into the output's folder, or where the first of the sources is. */
static char *ini_place(const struct snafu_output *output)
{
	struct stat status;

	if (output->folder)
		return snafu_path_join(output->folder, INI);
	if (stat(output->paths[0], &status) == 0 && S_ISDIR(status.st_mode))
		return snafu_path_join(output->paths[0], INI);
	char *folder = snafu_path_folder(output->paths[0]);
	char *place = folder ? snafu_path_join(folder, INI) : NULL;

	free(folder);
	return place;
}

static int write_ini(const struct snafu_functions *functions,
                     const struct snafu_settings_book *book, struct snafu_output *output,
                     const char *before, struct snafu_stub_news *news, char **ret_gone,
                     struct snafu_error *error)
{
	struct snafu_buffer text = SNAFU_BUFFER(SNAFU_STUB_INI_CAP + (64u << 10));
	struct snafu_stub_changes changes;
	int code =
		snafu_stub_ini_write(functions, book, before, &text, &changes, &news->left_out, error);

	news->functions = (long)changes.functions;
	news->updated = before != NULL;
	if (!code && before && !changes.settings && !changes.functions)
		code = SNAFU_OUTPUT_KEPT;
	else if (!code)
		code = snafu_output_replace(output, news->path, text.data, text.size, error);
	*ret_gone = snafu_buffer_take(&changes.gone);
	snafu_buffer_done(&text);
	return code;
}

int snafu_stub_ini_export(const struct snafu_functions *functions,
                          const struct snafu_settings_book *book, struct snafu_output *output,
                          void (*tell)(void *state, const struct snafu_stub_news *news),
                          void *state, struct snafu_error *error)
{
	char *path = ini_place(output), *before = NULL, *gone = NULL;
	struct snafu_stub_news news = {.source = path, .path = path};
	struct snafu_error problem;
	size_t size;

	if (!path)
		return snafu_fail(error, -ENOMEM, "no memory for a " INI);
	int code = output->force || access(path, F_OK)
	               ? 0
	               : snafu_file_read(path, SNAFU_STUB_INI_CAP, &before, &size, &problem);
	if (!code)
		code = write_ini(functions, book, output, before, &news, &gone, &problem);
	news.fate = code;
	news.gone = gone ? gone : "";
	news.problem = code < 0 ? problem.message : NULL;
	tell(state, &news);
	free(before);
	free(gone);
	free(path);
	return 0;
}
