/* convert/project_words.c — what tells people and programs how to use the project: README.md,
 * openapi.json. */
#include <errno.h>
#include <string.h>

#include "base/buffer.h"
#include "base/error.h"
#include "convert/project_state.h"
#include "exporter/openapi.h"

#define OPENAPI_CAP (256u << 20) /* bytes */
#define README_CAP  (64u << 10)

static int write_openapi(struct project *project, struct snafu_error *error)
{
	struct snafu_buffer text = SNAFU_BUFFER(OPENAPI_CAP);
	struct snafu_openapi_options options = {.title = project->name, .calls = true};
	int code = snafu_openapi_write(&project->after, &options, &text, error);

	if (code) {
		snafu_buffer_done(&text);
		return code;
	}
	return project_put_text(project, "openapi.json", &text, false, error);
}

/* A function to show in the README: the first that can be called. */
static const struct snafu_function *shown(const struct project *project)
{
	for (size_t i = 0; i < project->after.count; i++)
		if (!project->after.functions[i].reason)
			return &project->after.functions[i];
	return NULL;
}

static int write_readme(struct project *project, struct snafu_error *error)
{
	struct snafu_buffer text = SNAFU_BUFFER(README_CAP);
	const struct snafu_function *function = shown(project);

	snafu_buffer_format(&text,
	                    "# %s, as services\n\n"
	                    "%zu functions, made callable by Snafu. In this folder:\n\n"
	                    "```sh\n"
	                    "snafu src                # serve them on http://127.0.0.1:8080\n"
	                    "```\n\n",
	                    project->name, project->after.count);
	if (function)
		snafu_buffer_format(&text,
		                    "Then, in another terminal (or in a browser, which shows a form for "
		                    "each function):\n\n"
		                    "```sh\n"
		                    "curl localhost:8080/functions\n"
		                    "curl localhost:8080/invoke/%s -d '{...}'\n"
		                    "```\n\n",
		                    function->id);
	return project_put_text(project, "README.md", &text, false, error);
}

int project_write_words(struct project *project, struct snafu_error *error)
{
	int code = write_openapi(project, error);

	return code ? code : write_readme(project, error);
}
