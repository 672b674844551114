/* convert/project/words.c — what tells people and programs how to use the project: README.md,
 * openapi.json. */
#include <string.h>

#include "base/buffer.h"
#include "base/error.h"
#include "convert/project/state.h"
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

/* ---- README.md -------------------------------------------------------------------------- */

/* A function to show: one that stands alone and can be called, best with few parameters. */
static const struct snafu_function *find_shown(const struct project *project)
{
	const struct snafu_function *best = NULL;

	for (size_t i = 0; i < project->after.count; i++) {
		const struct snafu_function *function = &project->after.functions[i];

		if (function->reason || function->name[0] == '_' ||
		    (function->kind != SNAFU_FUNCTION && function->kind != SNAFU_STATIC_METHOD))
			continue;
		if (!best || (function->n_parameters &&
		              (!best->n_parameters || function->n_parameters < best->n_parameters)))
			best = function;
	}
	return best;
}

static void write_call(const struct snafu_function *function, struct snafu_buffer *into)
{
	snafu_buffer_format(into, "curl localhost:8080/invoke/%s -d '{", function->id);
	for (size_t i = 0; i < function->n_parameters; i++)
		if (snafu_parameter_required(&function->parameters[i]))
			snafu_buffer_format(into, "%s\"%s\": ...",
			                    into->data[into->size - 1] == '{' ? "" : ", ",
			                    function->parameters[i].name);
	snafu_buffer_append_text(into, "}'\n");
}

static void write_use(const struct project *project, struct snafu_buffer *into)
{
	const struct snafu_function *function = find_shown(project);

	snafu_buffer_format(into,
	                    "# %s, as services\n\n"
	                    "%zu functions, each callable over HTTP, made by snafu-convert. In this "
	                    "folder:\n\n"
	                    "```sh\n"
	                    "snafu -s snafu.ini src\n"
	                    "```\n\n"
	                    "serves them on `http://127.0.0.1:8080`: in a browser, with a form for "
	                    "each; for programs, as `openapi.json` describes them.\n",
	                    project->name, project->after.count);
	if (function) {
		snafu_buffer_append_text(into, "\n```sh\n");
		write_call(function, into);
		snafu_buffer_append_text(into, "```\n");
	}
	snafu_buffer_format(into,
	                    "\n```sh\n./smoke-test\n```\n\n"
	                    "calls the %zu example%s that the documentation of the code shows "
	                    "(`examples.json`), and says which do not give what they should. More can "
	                    "be told in the configs: `\"Examples\": [{\"Payload\": [1], \"Result\": "
	                    "2}]` in a function's entry.\n",
	                    project->summary->examples, project->summary->examples == 1 ? "" : "s");
}

static void write_parts(const struct project *project, struct snafu_buffer *into)
{
	const struct snafu_project_summary *summary = project->summary;

	snafu_buffer_append_text(
		into, "\n| what is here | |\n| --- | --- |\n"
			  "| `REPORT.md` | what was done, and what needs a human eye: read this first |\n"
			  "| `src/` | the sources |\n"
			  "| `src/.../*.config` | settings of each file and its functions, all commented |\n"
			  "| `snafu.ini` | settings of the whole, all commented |\n"
			  "| `openapi.json` | all functions, for programs |\n"
			  "| `Dockerfile` | an image that serves them |\n");
	if (summary->upgraded)
		snafu_buffer_append_text(into, "| `diffs/` | what was changed in each Python file |\n");
	if (summary->libraries)
		snafu_buffer_format(into, "| `lib/`, `Makefile` | the C sources as %zu librar%s |\n",
		                    summary->libraries, summary->libraries == 1 ? "y" : "ies");
	if (project->class_path)
		snafu_buffer_append_text(into, "| `classes/`, `Makefile` | the Java sources compiled |\n");
	snafu_buffer_append_text(
		into, "| `MANIFEST.sha256` | what snafu-convert has written: what does not match it, "
			  "somebody has edited |\n");
}

static void write_more(const struct project *project, struct snafu_buffer *into)
{
	const struct snafu_project_summary *summary = project->summary;

	if (summary->libraries || project->class_path)
		snafu_buffer_append_text(
			into, "\n`make` builds the libraries and classes again. Snafu needs neither: it "
				  "compiles what it serves by itself, so that a function that crashes or calls "
				  "exit() can be caught.\n");
	if (summary->python2)
		snafu_buffer_format(
			into,
			"\n%zu file%s still Python 2 (see `REPORT.md`): calling them needs one, "
			"such as Debian's `jython`.\n",
			summary->python2, summary->python2 == 1 ? " is" : "s are");
	snafu_buffer_append_text(
		into, "\nA container, on a machine with Docker and an image of Snafu (see `Dockerfile`):\n"
			  "\n```sh\ndocker build -t ");
	snafu_buffer_format(into, "%s .\n```\n", "service");
	snafu_buffer_append_text(
		into, "\nWhen the code base has changed, run snafu-convert again: it changes what has "
			  "changed and keeps what was edited here.\n");
}

static int write_readme(struct project *project, struct snafu_error *error)
{
	struct snafu_buffer text = SNAFU_BUFFER(README_CAP);

	write_use(project, &text);
	write_parts(project, &text);
	write_more(project, &text);
	return project_put_text(project, "README.md", &text, false, error);
}

int project_write_words(struct project *project, struct snafu_error *error)
{
	int code = write_openapi(project, error);

	return code ? code : write_readme(project, error);
}
