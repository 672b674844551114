/* convert/templates.c — see templates.h. */
#include "convert/templates.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/parts.h"
#include "convert/output.h"
#include "convert/rendered.h"
#include "langs/result.h"
#include "runtime/languages.h"
#include "scanner/scanner.h"

#define RENDERER  "templates/render.py"
#define LANGUAGE  "python"
#define ERROR_CAP (16u << 10)

struct snafu_templates {
	const char *const *folders;
	size_t n_folders;
	char *renderer; /* path of render.py */
	struct snafu_functions functions; /* in it */
	struct snafu_languages *languages;
	const struct snafu_language *language;
	void *language_state;
};

/* ---- the renderer -------------------------------------------------------------------- */

static const struct snafu_function *find_function(const struct snafu_templates *templates,
                                                  const char *name)
{
	for (size_t i = 0; i < templates->functions.count; i++)
		if (strcmp(templates->functions.functions[i].name, name) == 0)
			return &templates->functions.functions[i];
	return NULL;
}

/* "TemplateError: app.j2:3: ..." */
static int fail_result(const struct snafu_result *result, const char *what,
                       struct snafu_error *error)
{
	struct snafu_buffer text = SNAFU_BUFFER(ERROR_CAP);

	snafu_result_read_error(result->payload.data ? result->payload.data : "", result->payload.size,
	                        "errorMessage", &text);
	int code = snafu_fail(error, -EINVAL, "cannot %s: %.900s", what,
	                      text.data ? text.data : snafu_status_name(result->status));
	snafu_buffer_done(&text);
	return code;
}

/* Calls render.py's function NAME with PAYLOAD; RESULT is the caller's to free. */
static int call(struct snafu_templates *templates, const char *name,
                const struct snafu_buffer *payload, const char *what, struct snafu_result *result,
                struct snafu_error *error)
{
	const struct snafu_function *function = find_function(templates, name);
	const struct snafu_context context = {.request_id = "",
	                                      .function = name,
	                                      .tenant = "",
	                                      .trigger = "",
	                                      .client_context = "",
	                                      .deadline = UINT64_MAX};
	const struct snafu_request request = {
		.payload = payload->data,
		.size = payload->size,
		.context = &context,
	};
	struct snafu_bound *bound;

	*result = (struct snafu_result){.payload = SNAFU_BUFFER(SNAFU_TEMPLATES_RESULT_CAP)};
	if (payload->failed)
		return snafu_fail_errno(error, payload->failed, "cannot %s", what);
	if (!function)
		return snafu_fail(error, -ENOENT, "%s has no function %s", templates->renderer, name);
	if (templates->language->bind(templates->language_state, function, &bound, result))
		return fail_result(result, what, error);
	templates->language->call(templates->language_state, bound, &request, result);
	return result->status == SNAFU_OK ? 0 : fail_result(result, what, error);
}

static void write_folders(const struct snafu_templates *templates, struct snafu_buffer *into)
{
	char *own = snafu_path_folder(templates->renderer);

	snafu_buffer_append_text(into, "\"folders\": [");
	for (size_t i = 0; i < templates->n_folders; i++) {
		snafu_json_write_text(into, templates->folders[i]);
		snafu_buffer_append_text(into, ", ");
	}
	snafu_json_write_text(into, own ? own : "");
	snafu_buffer_append_byte(into, ']');
	free(own);
}

static int open_language(struct snafu_templates *templates, struct snafu_error *error)
{
	const struct snafu_scan_options scan = {.jobs = 1};
	const char *const *paths = (const char *const *)&templates->renderer;
	int code = snafu_scan(paths, 1, &scan, &templates->functions, error);

	if (code)
		return code;
	const struct snafu_language_options options = {
		.functions = &templates->functions,
		.paths = paths,
		.n_paths = 1,
	};
	code = snafu_languages_new(&options, &templates->languages, error);
	if (!code)
		code = snafu_languages_get(templates->languages, LANGUAGE, &templates->language,
		                           &templates->language_state, error);
	return code;
}

int snafu_templates_open(const char *const *folders, size_t n_folders,
                         struct snafu_templates **ret_templates, struct snafu_error *error)
{
	struct snafu_templates *templates = calloc(1, sizeof *templates);
	struct stat status;

	if (!templates)
		return snafu_fail(error, -ENOMEM, "no memory");
	templates->folders = folders;
	templates->n_folders = n_folders;
	int code = 0;
	for (size_t i = 0; i < n_folders && !code; i++)
		if (stat(folders[i], &status) || !S_ISDIR(status.st_mode))
			code = snafu_fail(error, -ENOTDIR, "%s is no folder of templates", folders[i]);
	if (!code)
		code = snafu_part_find(RENDERER, &templates->renderer, error);
	if (!code)
		code = open_language(templates, error);
	if (code)
		snafu_templates_close(templates);
	else
		*ret_templates = templates;
	return code;
}

void snafu_templates_close(struct snafu_templates *templates)
{
	if (!templates)
		return;
	if (templates->languages) {
		snafu_languages_leave(templates->languages);
		snafu_languages_free(templates->languages);
	}
	snafu_functions_done(&templates->functions);
	free(templates->renderer);
	free(templates);
}

/* ---- what it is asked for ------------------------------------------------------------ */

int snafu_templates_each(struct snafu_templates *templates,
                         void (*each)(void *state, const char *name, const char *title),
                         void *state, struct snafu_error *error)
{
	struct snafu_buffer payload = SNAFU_BUFFER(1u << 20);
	struct snafu_result result;

	snafu_buffer_append_byte(&payload, '{');
	write_folders(templates, &payload);
	snafu_buffer_append_byte(&payload, '}');
	int code = call(templates, "targets", &payload, "list the targets", &result, error);
	if (!code)
		code = rendered_targets(result.payload.data, result.payload.size, each, state, error);
	snafu_buffer_done(&payload);
	snafu_result_done(&result);
	return code;
}

int snafu_templates_render(struct snafu_templates *templates, const char *target, const char *model,
                           size_t size, struct snafu_output *output,
                           void (*tell)(void *state, const struct snafu_template_news *news),
                           void *state, bool *ret_wants_sources, struct snafu_error *error)
{
	struct snafu_buffer payload = SNAFU_BUFFER(size + (1u << 20)), what = SNAFU_BUFFER(512);
	struct snafu_result result;
	const struct rendered_teller teller = {.tell = tell, .state = state};

	snafu_buffer_format(&what, "make files for %.200s", target);
	snafu_buffer_append_text(&payload, "{\"target\": ");
	snafu_json_write_text(&payload, target);
	snafu_buffer_append_text(&payload, ", ");
	write_folders(templates, &payload);
	snafu_buffer_append_text(&payload, ", \"model\": ");
	snafu_buffer_append(&payload, model, size);
	snafu_buffer_append_byte(&payload, '}');
	int code =
		call(templates, "render", &payload, what.data ? what.data : "make files", &result, error);
	if (!code)
		code = rendered_write(result.payload.data, result.payload.size, output, &teller,
		                      ret_wants_sources, error);
	snafu_buffer_done(&payload);
	snafu_buffer_done(&what);
	snafu_result_done(&result);
	return code;
}
