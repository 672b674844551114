/* programs/describe.c — see describe.h. */
#include "programs/describe.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/file.h"
#include "convert/context.h"
#include "convert/model.h"
#include "convert/output.h"
#include "convert/templates.h"

#define FOLDER_CAP 4096

struct telling {
	const struct describe_options *options;
	size_t written, kept, failed;
};

static void tell(void *state, const struct snafu_template_news *news)
{
	struct telling *telling = state;
	bool quiet = telling->options->quiet;

	if (!news->path) {
		if (!quiet)
			fprintf(stderr, "snafu-export: not carried over: %s\n", news->text);
		return;
	}
	if (news->fate < 0) {
		telling->failed++;
		fprintf(stderr, "snafu-export: %s\n", news->text);
		return;
	}
	telling->written += news->fate == SNAFU_OUTPUT_WRITTEN;
	telling->kept += news->fate == SNAFU_OUTPUT_KEPT;
	if (!quiet)
		fprintf(stderr, "snafu-export: %s%s\n", news->path,
		        news->fate == SNAFU_OUTPUT_KEPT ? " is there already and stays" : "");
}

static void warn(void *state, const char *message)
{
	const struct describe_options *options = state;

	if (!options->quiet)
		fprintf(stderr, "snafu-export: %s\n", message);
}

static int copy_sources(const struct snafu_context *context, struct snafu_output *output,
                        struct telling *telling, struct snafu_error *error)
{
	size_t copied, kept;
	int code = snafu_context_copy(context, output, &copied, &kept, error);

	if (!code && (copied || kept) && !telling->options->quiet)
		fprintf(stderr,
		        "snafu-export: %zu file%s of the sources stand in %s; %zu others there differ and "
		        "stay (-f overwrites)\n",
		        copied, copied == 1 ? "" : "s", output->folder, kept);
	return code;
}

static int write_files(const struct describe_options *options, const struct snafu_buffer *model,
                       const struct snafu_context *context, struct snafu_output *output,
                       struct snafu_error *error)
{
	struct snafu_templates *templates;
	struct telling telling = {.options = options};
	bool wants_sources = false;
	int code = snafu_templates_open(options->templates, options->n_templates, &templates, error);

	if (code)
		return code;
	code = snafu_templates_render(templates, options->target, model->data, model->size, output,
	                              tell, &telling, &wants_sources, error);
	snafu_templates_close(templates);
	if (!code && wants_sources && !output->preview)
		code = copy_sources(context, output, &telling, error);
	if (!code && !options->quiet)
		fprintf(stderr, "snafu-export: %zu file%s %s; %zu kept%s\n", telling.written,
		        telling.written == 1 ? "" : "s", output->preview ? "shown" : "written",
		        telling.kept, telling.kept ? " (-f overwrites)" : "");
	return !code && telling.failed ? 1 : code;
}

/* The snafu beside this program: malloc'ed, NULL when there is none. */
static char *find_snafu(void)
{
	char *self = realpath("/proc/self/exe", NULL);
	char *folder = self ? snafu_path_folder(self) : NULL;
	char *path = folder ? snafu_path_join(folder, "snafu") : NULL;

	free(self);
	free(folder);
	if (path && access(path, X_OK) == 0)
		return path;
	free(path);
	return NULL;
}

static int describe_in(const struct describe_options *options,
                       const struct snafu_functions *functions,
                       const struct snafu_settings_book *book, struct snafu_output *output,
                       struct snafu_error *error)
{
	struct snafu_buffer model = SNAFU_BUFFER(SNAFU_MODEL_CAP);
	struct snafu_context context;
	int code = snafu_context_plan(output->folder, output->paths, output->n_paths, &context, error);

	if (code)
		return code;
	char *program = find_snafu();
	const struct snafu_model_options model_options = {
		.functions = functions,
		.book = book,
		.context = &context,
		.scan = options->scan,
		.project = options->project,
		.image = options->image,
		.port = options->port,
		.program = program,
		.warn = warn,
		.warn_state = (void *)options,
	};
	code = snafu_model_write(&model_options, &model, error);
	if (!code && !options->target)
		printf("%s\n", model.data);
	else if (!code)
		code = write_files(options, &model, &context, output, error);
	free(program);
	snafu_buffer_done(&model);
	snafu_context_done(&context);
	return code;
}

int describe(const struct describe_options *options, const struct snafu_functions *functions,
             const struct snafu_settings_book *book, struct snafu_output *output)
{
	struct snafu_buffer folder = SNAFU_BUFFER(FOLDER_CAP);
	struct snafu_error error = {0};

	if (!output->folder && options->target) {
		snafu_buffer_format(&folder, "deploy/%s", options->target);
		output->folder = folder.data;
	}
	int code = describe_in(options, functions, book, output, &error);
	if (code < 0)
		fprintf(stderr, "snafu-export: %s\n", error.message);
	if (folder.data && output->folder == folder.data)
		output->folder = NULL;
	snafu_buffer_done(&folder);
	return code ? 1 : 0;
}

static void print_target(void *state, const char *name, const char *title)
{
	(void)state;
	printf("%-14s %s\n", name, title);
}

int describe_list(const struct describe_options *options)
{
	struct snafu_templates *templates;
	struct snafu_error error;
	int code = snafu_templates_open(options->templates, options->n_templates, &templates, &error);

	if (!code) {
		code = snafu_templates_each(templates, print_target, NULL, &error);
		snafu_templates_close(templates);
	}
	if (code)
		fprintf(stderr, "snafu-export: %s\n", error.message);
	return code ? 1 : 0;
}
