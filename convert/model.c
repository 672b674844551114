/* convert/model.c — see model.h. */
#include "convert/model.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/file.h"
#include "base/ini.h"
#include "base/json.h"
#include "convert/context.h"
#include "convert/model_settings.h"
#include "runtime/settings/book.h"
#include "runtime/settings/function_config.h"
#include "scanner/scanner.h"

#define SIGNATURE_CAP (64u << 10)
#define LANGUAGES_CAP 32

struct model {
	const struct snafu_model_options *options;
	struct snafu_buffer *into;
	struct snafu_error *error;
	/* The config of the source that the last function was in. */
	const char *source; /* borrowed; NULL: none yet */
	struct snafu_function_config *config;
	char *file_place, *root_place; /* of the last function */
	const char *file, *root;
	struct snafu_arena texts;
};

/* ---- parts --------------------------------------------------------------------------- */

static void text_member(struct snafu_buffer *into, const char *name, const char *text)
{
	model_member(into, name);
	snafu_json_write_text(into, text);
}

/* hello.py is hello. */
static void write_project_name(const struct model *model)
{
	const struct snafu_context *context = model->options->context;
	const char *name = model->options->project;
	const char *base = context->count ? snafu_path_base(context->entries[0].whole) : "functions";
	size_t size = strcspn(base, ".");

	if (name)
		snafu_json_write_text(model->into, name);
	else
		snafu_json_write_string(model->into, base, size ? size : strlen(base));
}

static void write_project(const struct model *model)
{
	const struct snafu_model_options *options = model->options;

	model_member(model->into, "project");
	snafu_buffer_append_byte(model->into, '{');
	model_member(model->into, "name");
	write_project_name(model);
	text_member(model->into, "image", options->image);
	model_member(model->into, "port");
	snafu_json_write_uint64(model->into, options->port ? options->port : SNAFU_MODEL_PORT);
	snafu_buffer_append_byte(model->into, '}');
}

static void write_paths(const struct model *model)
{
	const struct snafu_context *context = model->options->context;

	model_member(model->into, "paths");
	snafu_buffer_append_byte(model->into, '[');
	for (size_t i = 0; i < context->count; i++) {
		char *place = snafu_context_place(context, context->entries[i].path);
		struct stat status;

		model_element(model->into);
		snafu_buffer_append_byte(model->into, '{');
		text_member(model->into, "path", context->entries[i].path);
		text_member(model->into, "whole", context->entries[i].whole);
		text_member(model->into, "place", place);
		model_member(model->into, "folder");
		snafu_buffer_append_text(model->into, stat(context->entries[i].whole, &status) == 0 &&
		                                              S_ISDIR(status.st_mode)
		                                          ? "true"
		                                          : "false");
		snafu_buffer_append_byte(model->into, '}');
		free(place);
	}
	snafu_buffer_append_byte(model->into, ']');
}

/* Folders of headers as they are there, or else as they were given: /usr/include. */
static void write_scan_options(const struct model *model)
{
	const struct snafu_scan_options *scan = model->options->scan;

	model_member(model->into, "include_paths");
	snafu_buffer_append_byte(model->into, '[');
	for (size_t i = 0; scan && i < scan->n_include_paths; i++) {
		char *place = snafu_context_place(model->options->context, scan->include_paths[i]);

		model_element(model->into);
		snafu_buffer_append_byte(model->into, '{');
		text_member(model->into, "path", scan->include_paths[i]);
		text_member(model->into, "place", place);
		snafu_buffer_append_byte(model->into, '}');
		free(place);
	}
	snafu_buffer_append_byte(model->into, ']');
	model_member(model->into, "defines");
	snafu_buffer_append_byte(model->into, '[');
	for (size_t i = 0; scan && i < scan->n_defines; i++) {
		model_element(model->into);
		snafu_json_write_text(model->into, scan->defines[i]);
	}
	snafu_buffer_append_byte(model->into, ']');
}

static int write_settings_file(const struct model *model)
{
	const char *path = model->options->book->path;
	char *text = NULL;
	size_t size = 0;

	model_member(model->into, "settings_file");
	if (*path) {
		int code = snafu_file_read(path, SNAFU_INI_FILE_CAP, &text, &size, model->error);

		if (code)
			return code;
		snafu_json_write_string(model->into, text, size);
	} else {
		snafu_buffer_append_text(model->into, "null");
	}
	free(text);
	return 0;
}

static void write_languages(const struct model *model)
{
	const struct snafu_functions *functions = model->options->functions;
	const char *known[LANGUAGES_CAP];
	size_t count = 0;

	model_member(model->into, "languages");
	snafu_buffer_append_byte(model->into, '[');
	for (size_t i = 0; i < functions->count && count < LANGUAGES_CAP; i++) {
		const char *language = functions->functions[i].language;
		size_t at = 0;

		while (at < count && strcmp(known[at], language) != 0)
			at++;
		if (at < count)
			continue;
		known[count++] = language;
		model_element(model->into);
		snafu_json_write_text(model->into, language);
	}
	snafu_buffer_append_byte(model->into, ']');
}

/* ---- functions ----------------------------------------------------------------------- */

static void write_parameters(struct snafu_buffer *into, const struct snafu_function *function)
{
	model_member(into, "parameters");
	snafu_buffer_append_byte(into, '[');
	for (size_t i = 0; i < function->n_parameters; i++) {
		const struct snafu_parameter *parameter = &function->parameters[i];

		model_element(into);
		snafu_buffer_append_byte(into, '{');
		text_member(into, "name", parameter->name);
		text_member(into, "kind", snafu_parameter_kind_name(parameter->kind));
		text_member(into, "type", parameter->type);
		model_member(into, "required");
		snafu_buffer_append_text(into, snafu_parameter_required(parameter) ? "true" : "false");
		snafu_buffer_append_byte(into, '}');
	}
	snafu_buffer_append_byte(into, ']');
}

/* The first line that says something. */
static void write_doc(struct snafu_buffer *into, const char *doc)
{
	model_member(into, "doc");
	doc += doc ? strspn(doc, " \t\r\n") : 0;
	if (doc)
		snafu_json_write_string(into, doc, strcspn(doc, "\r\n"));
	else
		snafu_buffer_append_text(into, "null");
}

/* Functions of a file stand together: what was found for the last one mostly does. */
static const char *place_of(const struct model *model, const char *path, const char **known,
                            char **place)
{
	if (*known != path && (!*known || strcmp(*known, path) != 0)) {
		free(*place);
		*place = snafu_context_place(model->options->context, path);
		*known = path;
	}
	return *place;
}

static void write_descriptor(struct model *model, const struct snafu_function *function)
{
	struct snafu_buffer *into = model->into, signature = SNAFU_BUFFER(SIGNATURE_CAP);

	text_member(into, "id", function->id);
	text_member(into, "name", function->name);
	text_member(into, "language", function->language);
	text_member(into, "kind", snafu_function_kind_name(function->kind));
	text_member(into, "source", snafu_function_source(function));
	text_member(into, "file",
	            place_of(model, snafu_function_source(function), &model->file, &model->file_place));
	text_member(into, "root",
	            place_of(model, function->root ? function->root : "", &model->root,
	                     &model->root_place));
	model_member(into, "line");
	snafu_json_write_uint64(into, function->line);
	snafu_function_signature(function, &signature);
	text_member(into, "signature", signature.data ? signature.data : function->name);
	snafu_buffer_done(&signature);
	write_doc(into, function->doc);
	text_member(into, "reason", function->reason);
	text_member(into, "convention", function->convention);
	text_member(into, "returns", function->returns);
	model_member(into, "asynchronous");
	snafu_buffer_append_text(into, function->asynchronous ? "true" : "false");
	model_member(into, "generator");
	snafu_buffer_append_text(into, function->generator ? "true" : "false");
	write_parameters(into, function);
}

static void write_http(struct snafu_buffer *into, const struct snafu_function *function)
{
	struct snafu_buffer path = SNAFU_BUFFER(SIGNATURE_CAP);

	snafu_buffer_format(&path, "/invoke/%s", function->id);
	model_member(into, "http");
	snafu_buffer_append_byte(into, '{');
	text_member(into, "method", "POST");
	text_member(into, "path", path.data ? path.data : "/");
	snafu_buffer_append_byte(into, '}');
	snafu_buffer_done(&path);
}

static void tell_warnings(const struct model *model)
{
	const struct snafu_model_options *options = model->options;
	char *words = model->config->warnings.data;

	while (options->warn && words && *words) {
		size_t size = strcspn(words, "\n");
		char *line = strndup(words, size);

		if (line)
			options->warn(options->warn_state, line);
		free(line);
		words += size + (words[size] == '\n');
	}
}

/* The config of FUNCTION's source. */
static int find_config(struct model *model, const struct snafu_function *function)
{
	const char *source = snafu_function_source(function);

	if (model->source && strcmp(model->source, source) == 0)
		return 0;
	snafu_function_config_free(model->config);
	model->config = NULL;
	model->source = source;
	char *path = snafu_function_config_path(source);
	int code = path ? snafu_function_config_read(path, &model->config, model->error) : 0;
	free(path);
	if (model->config)
		tell_warnings(model);
	return code;
}

static int write_function(struct model *model, const struct snafu_function *function)
{
	struct snafu_settings settings;
	int code = find_config(model, function);

	if (!code)
		code = snafu_book_resolve(model->options->book, -1, model->config, function->id,
		                          &model->texts, &settings);
	if (code)
		return code == -ENOMEM ? snafu_fail(model->error, code, "no memory for settings") : code;
	model_element(model->into);
	snafu_buffer_append_byte(model->into, '{');
	write_descriptor(model, function);
	write_http(model->into, function);
	model_write_environment(settings.environment, model->into);
	model_write_settings(&settings, model->into);
	snafu_buffer_append_byte(model->into, '}');
	return 0;
}

static int write_functions(struct model *model)
{
	const struct snafu_functions *functions = model->options->functions;
	int code = 0;

	model_member(model->into, "functions");
	snafu_buffer_append_byte(model->into, '[');
	for (size_t i = 0; i < functions->count && !code; i++)
		code = write_function(model, &functions->functions[i]);
	snafu_buffer_append_byte(model->into, ']');
	return code;
}

/* ---- the whole ----------------------------------------------------------------------- */

int snafu_model_write(const struct snafu_model_options *options, struct snafu_buffer *into,
                      struct snafu_error *error)
{
	struct model model = {.options = options, .into = into, .error = error};

	snafu_buffer_append_byte(into, '{');
	model_member(into, "snafu");
	snafu_buffer_append_text(into, "{\"version\": \"" SNAFU_VERSION "\", \"program\": ");
	snafu_json_write_text(into, options->program ? options->program : SNAFU_BINDIR "/snafu");
	snafu_buffer_append_byte(into, '}');
	write_project(&model);
	write_paths(&model);
	write_scan_options(&model);
	int code = write_settings_file(&model);
	model_write_table(options->book, into);
	model_write_tenants(options->book, into);
	write_languages(&model);
	if (!code)
		code = write_functions(&model);
	snafu_buffer_append_byte(into, '}');
	snafu_function_config_free(model.config);
	free(model.file_place);
	free(model.root_place);
	snafu_arena_done(&model.texts);
	if (!code && into->failed)
		code = snafu_fail_errno(error, into->failed, "what is known of the functions");
	return code;
}
