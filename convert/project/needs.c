/* convert/project/needs.c — a single source and what it needs of its folder: convert_needs.py
 * tells. Where it cannot, the source comes alone, and that is said. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/array.h"
#include "base/buffer.h"
#include "base/error.h"
#include "base/file.h"
#include "convert/project/state.h"
#include "scanner/c_flags.h"
#include "scanner/walk.h"

#define SCRIPT     "convert_needs.py"
#define INPUT_CAP  (1u << 20) /* bytes */
#define OUTPUT_CAP (16u << 20)
#define TIME_CAP   (15u * 60 * 1000) /* ms */
#define WANTS_CAP  2000

static void add(struct snafu_buffer *input, const char *text)
{
	snafu_buffer_append(input, text, strlen(text) + 1);
}

/* ---- asking ----------------------------------------------------------------------------- */

/* The language of the source; NULL: none that has needs. */
static int find_language(const struct project *project, const char **ret_language,
                         struct snafu_error *error)
{
	static const char *const known[] = {"python", "java", "c"};
	struct snafu_functions none = {0};
	struct snafu_walk found = {.functions = &none};
	int code = snafu_walk(&found, &project->legacy, 1, error);

	*ret_language = NULL;
	for (size_t i = 0; !code && found.count == 1 && i < sizeof known / sizeof *known; i++)
		if (strcmp(found.found[0].scanner->name, known[i]) == 0)
			*ret_language = known[i];
	snafu_walk_done(&found);
	snafu_functions_done(&none);
	return code;
}

static int add_flags(const struct project *project, struct snafu_buffer *input)
{
	struct project_file file = {.place = project->legacy};
	struct snafu_c_databases databases = {0};
	const char *const *flags;
	size_t count;
	int code = project_flags_of(project, &file, &databases, &flags, &count);

	for (size_t i = 0; !code && i < count; i++)
		add(input, flags[i]);
	snafu_c_databases_done(&databases);
	return code;
}

static int write_input(const struct project *project, const char *language,
                       struct snafu_buffer *input)
{
	char *work = snafu_path_join(project->mirror.work, "needs");

	if (!work)
		return -ENOMEM;
	add(input, language);
	add(input, project->legacy);
	add(input, project->mirror.root);
	add(input, work);
	free(work);
	int code = strcmp(language, "c") == 0 ? add_flags(project, input) : 0;
	return code ? code : snafu_buffer_failed(input);
}

static int run(const struct snafu_buffer *input, struct snafu_buffer *output,
               struct snafu_error *error)
{
	const struct project_script script = {
		.name = SCRIPT,
		.timeout_ms = TIME_CAP,
		.failed = SCRIPT " failed",
	};
	int code = project_run_script(&script, input, output, error);

	if (!code && (!output->size || output->data[output->size - 1] != '\0'))
		code = snafu_fail(error, -EINVAL, SCRIPT " failed: its answer has no end");
	return code;
}

/* ---- taking ----------------------------------------------------------------------------- */

static int take_file(struct project *project, const char *path, const char *why)
{
	char *place = snafu_path_join(project->base, path);
	struct stat status;
	size_t before = project->count;
	int code = place ? 0 : -ENOMEM;

	if (!code && (stat(place, &status) || access(place, R_OK)))
		code = project_leave_out(project, path, strerror(errno));
	else if (!code)
		code = project_add_file(project, place, path, &status, NULL);
	if (!code && *why && project->count > before) {
		project->files[before].needed = snafu_arena_string(&project->arena, why);
		project->summary->along++;
	}
	free(place);
	return code;
}

int project_want(struct project *project, const char *name, const char *why)
{
	if (project->n_wants >= WANTS_CAP)
		return 0;
	if (snafu_array_grow(&project->wants, &project->wants_capacity, project->n_wants,
	                     sizeof *project->wants))
		return -ENOMEM;
	struct project_want *want = &project->wants[project->n_wants];
	*want = (struct project_want){snafu_arena_string(&project->arena, name),
	                              snafu_arena_string(&project->arena, why)};
	project->n_wants++;
	project->summary->wanted++;
	project_tell(project, "wanted, but not taken: %s (%s)", name, why);
	return want->name && want->why ? 0 : -ENOMEM;
}

/* The base folder, and then kind, path and why of each: see convert_needs.py. */
static int take_output(struct project *project, const struct snafu_buffer *output)
{
	const char *at = output->data, *end = at + output->size, *words[3];
	int code = 0;

	project->base = snafu_arena_string(&project->arena, at);
	if (!project->base)
		return -ENOMEM;
	at += strlen(at) + 1;
	while (!code) {
		size_t n = 0;

		for (; n < 3 && at < end; n++) {
			words[n] = at;
			at += strlen(at) + 1;
		}
		if (n < 3)
			break;
		code = strcmp(words[0], "take") == 0 ? take_file(project, words[1], words[2])
		                                     : project_want(project, words[1], words[2]);
	}
	return code;
}

int project_take_along(struct project *project, struct snafu_error *error)
{
	struct snafu_buffer input = SNAFU_BUFFER(INPUT_CAP), output = SNAFU_BUFFER(OUTPUT_CAP);
	struct snafu_error problem;
	const char *language;
	int code = find_language(project, &language, error);

	if (code)
		return code;
	project_working(project, "looking for what %s needs", snafu_path_base(project->legacy));
	if (language && (code = write_input(project, language, &input)))
		snafu_fail(&problem, code, "there are too many flags");
	else if (language)
		code = run(&input, &output, &problem);
	if (code)
		project_tell(project, "%s is converted alone: %s", project->legacy, problem.message);
	code = language && !code ? take_output(project, &output)
	                         : take_file(project, snafu_path_base(project->legacy), "");
	snafu_buffer_done(&input);
	snafu_buffer_done(&output);
	return code ? snafu_fail(error, code, "no memory to list what %s needs", project->legacy) : 0;
}
