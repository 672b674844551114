/* convert/project/container.c — snafu.ini, and what makes a container image of the project: the
 * templates of the target docker (convert/templates.h). */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/file.h"
#include "convert/context.h"
#include "convert/model.h"
#include "convert/output.h"
#include "convert/project/state.h"
#include "convert/stubs/stubs.h"
#include "convert/templates.h"
#include "runtime/settings/book.h"

#define INI    "snafu.ini"
#define TARGET "docker"

/* ---- settings --------------------------------------------------------------------------- */

static int complete_ini(struct project *project, const char *before, struct snafu_error *error)
{
	struct snafu_buffer text = SNAFU_BUFFER(SNAFU_STUB_INI_CAP + (64u << 10));
	struct snafu_stub_changes changes;
	struct snafu_settings_book *book;
	size_t left_out;
	int code = snafu_book_read(NULL, &book, error);

	if (code)
		return code;
	code = snafu_stub_ini_write(&project->after, book, before, &text, &changes, &left_out, error);
	if (!code && changes.gone.size)
		project_tell(project, INI ": not in the source any more: %s", changes.gone.data);
	if (!code && left_out)
		project_tell(project, INI ": %zu further functions do not fit into it", left_out);
	if (!code) { /* what a person has set in it stays in it */
		bool force = project->mirror.force;

		project->mirror.force = true;
		code = snafu_mirror_put(&project->mirror, INI, text.data, text.size, false, error);
		project->mirror.force = force;
	}
	snafu_buffer_done(&changes.gone);
	snafu_buffer_done(&text);
	snafu_book_free(book);
	return code < 0 ? code : 0;
}

static int write_ini(struct project *project, struct snafu_error *error)
{
	char *path = snafu_mirror_path(&project->mirror, INI), *before = NULL;
	size_t size;
	int code = path ? 0 : snafu_fail(error, -ENOMEM, "no memory");

	if (!code && !project->mirror.force && access(path, F_OK) == 0)
		code = snafu_file_read(path, SNAFU_STUB_INI_CAP, &before, &size, error);
	if (!code)
		code = complete_ini(project, before, error);
	free(before);
	free(path);
	return code;
}

/* ---- the image -------------------------------------------------------------------------- */

struct taking {
	struct project *project;
	const char *folder; /* where the files are made */
	struct snafu_error *error;
	int code;
};

/* A file that was made goes to OUT, by OUT's rules. */
static void take_file(void *state, const struct snafu_template_news *news)
{
	struct taking *taking = state;
	size_t size = strlen(taking->folder);

	if (!news->path) {
		project_tell(taking->project, "Dockerfile: not carried over: %s", news->text);
		return;
	}
	if (news->fate < 0 && !taking->code)
		taking->code = snafu_fail(taking->error, news->fate, "%s", news->text);
	if (taking->code || strncmp(news->path, taking->folder, size) != 0)
		return;
	const char *path = news->path + size + 1;
	if (strcmp(path, INI) == 0)
		return; /* it is there already */
	int fate = snafu_mirror_copy(&taking->project->mirror, path, news->path, false, taking->error);
	if (fate == SNAFU_MIRROR_KEPT)
		project_tell(taking->project, "%s was edited: it stays", path);
	if (fate < 0)
		taking->code = fate;
}

static int render(struct project *project, const struct snafu_buffer *model,
                  struct snafu_error *error)
{
	char *folder;
	if (asprintf(&folder, "%s/" PROJECT_STAGE "/" TARGET, project->mirror.work) < 0)
		return snafu_fail(error, -ENOMEM, "no memory");
	struct taking taking = {.project = project, .folder = folder, .error = error};
	struct snafu_output output = {.folder = folder};
	struct snafu_templates *templates;
	struct snafu_error problem;
	bool wants_sources;

	if (snafu_templates_open(NULL, 0, &templates, &problem)) {
		project_tell(project, "there is no container file: %s", problem.message);
	} else {
		if (snafu_templates_render(templates, TARGET, model->data, model->size, &output, take_file,
		                           &taking, &wants_sources, &problem))
			project_tell(project, "there is no container file: %s", problem.message);
		snafu_templates_close(templates);
		snafu_output_done(&output);
	}
	free(folder);
	return taking.code;
}

static void warn(void *state, const char *message)
{
	project_tell(state, "%s", message);
}

/* What is wrong with settings is a person's to mend, and no reason to end here. */
static int write_container(struct project *project, struct snafu_error *error)
{
	struct snafu_buffer model = SNAFU_BUFFER(SNAFU_MODEL_CAP);
	char *sources = snafu_mirror_path(&project->mirror, PROJECT_SOURCES);
	char *ini = snafu_mirror_path(&project->mirror, INI);
	const char *path = sources;
	struct snafu_settings_book *book = NULL;
	struct snafu_context context = {0};
	struct snafu_error problem;
	int code = sources && ini ? snafu_book_read(ini, &book, &problem) : -ENOMEM;

	if (!code)
		code = snafu_context_plan(project->mirror.root, &path, 1, &context, &problem);
	if (!code) {
		const struct snafu_model_options options = {
			.functions = &project->after,
			.book = book,
			.context = &context,
			.project = project->name,
			.warn = warn,
			.warn_state = project,
		};

		code = snafu_model_write(&options, &model, &problem);
		snafu_context_done(&context);
	}
	if (code)
		project_tell(project, "there is no container file: %s",
		             sources && ini ? problem.message : "no memory");
	code = code ? 0 : render(project, &model, error);
	snafu_book_free(book);
	snafu_buffer_done(&model);
	free(sources);
	free(ini);
	return code;
}

int project_write_container(struct project *project, struct snafu_error *error)
{
	int code = write_ini(project, error);

	project_working(project, "writing container files");
	return code ? code : write_container(project, error);
}
