/* convert/rendered.c — see rendered.h. */
#include "convert/rendered.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "convert/output.h"

#define NAME_CAP 4096 /* bytes of a path, or of a name */
#define NOTE_CAP (16u << 10)

struct file {
	struct snafu_buffer path, text;
	bool executable;
};

struct writing {
	struct snafu_json_reader json;
	struct snafu_output *output;
	const struct rendered_teller *teller;
	size_t count;
	struct snafu_error *error;
};

/* Each of an object's members to TAKE, which reads VALUE to its end. */
static int each_member(struct writing *writing, void *state,
                       int (*take)(struct writing *writing, void *state,
                                   const struct snafu_json_value *key,
                                   struct snafu_json_value *value))
{
	struct snafu_json_value key, value;
	int more, code = 0;

	while (!code &&
	       (more = snafu_json_next_member(&writing->json, &key, &value, writing->error)) > 0)
		code = take(writing, state, &key, &value);
	return code ? code : more;
}

static int take_text(struct writing *writing, struct snafu_json_value *value,
                     struct snafu_buffer *into)
{
	if (value->type != SNAFU_JSON_STRING)
		return snafu_fail(writing->error, -EINVAL, "render.py gave something that is no text");
	int code = snafu_json_unescape(value, into);
	return code ? snafu_fail_errno(writing->error, code, "a text from the templates") : 0;
}

/* ---- files --------------------------------------------------------------------------- */

/* Whether PATH stays where it is put. */
static bool is_below(const char *path)
{
	if (!*path || *path == '/')
		return false;
	for (const char *at = path; at; at = strchr(at, '/')) {
		at += *at == '/';
		size_t size = strcspn(at, "/");

		if (size == 0 || (at[0] == '.' && (size == 1 || (size == 2 && at[1] == '.'))))
			return false;
	}
	return true;
}

static int take_file_member(struct writing *writing, void *state,
                            const struct snafu_json_value *key, struct snafu_json_value *value)
{
	struct file *file = state;

	if (snafu_json_equals(key, "path"))
		return take_text(writing, value, &file->path);
	if (snafu_json_equals(key, "text"))
		return take_text(writing, value, &file->text);
	if (snafu_json_equals(key, "executable"))
		file->executable = value->type == SNAFU_JSON_TRUE;
	return snafu_json_skip(&writing->json, value, writing->error);
}

static void make_executable(const char *path)
{
	struct stat status;

	if (stat(path, &status) == 0)
		(void)chmod(path, status.st_mode | ((status.st_mode & 0444) >> 2));
}

static int write_file(struct writing *writing, const struct file *file)
{
	struct snafu_output *output = writing->output;
	const char *relative = file->path.data ? file->path.data : "";
	struct snafu_error problem;
	struct snafu_template_news news = {0};

	if (!is_below(relative) || memchr(relative, '\0', file->path.size))
		return snafu_fail(writing->error, -EINVAL, "the templates have a file of no good name: %s",
		                  relative);
	char *path = snafu_path_join(output->folder, relative);
	if (!path)
		return snafu_fail(writing->error, -ENOMEM, "no memory for %s", relative);
	if (output->preview)
		fprintf(output->preview, "==> %s <==\n", path);
	news.path = path;
	news.fate = snafu_output_write(output, path, file->text.data ? file->text.data : "",
	                               file->text.size, &problem);
	news.text = news.fate < 0 ? problem.message : NULL;
	if (news.fate == SNAFU_OUTPUT_WRITTEN && file->executable && !output->preview)
		make_executable(path);
	writing->teller->tell(writing->teller->state, &news);
	free(path);
	return 0;
}

static int take_file(struct writing *writing, struct snafu_json_value *value)
{
	struct file file = {
		.path = SNAFU_BUFFER(NAME_CAP),
		.text = SNAFU_BUFFER(SNAFU_TEMPLATES_RESULT_CAP),
	};
	int code;

	if (value->type != SNAFU_JSON_OBJECT || ++writing->count > SNAFU_TEMPLATES_FILES_CAP)
		return snafu_fail(writing->error, -EINVAL,
		                  "the templates gave no list of files, or more "
		                  "than %d",
		                  SNAFU_TEMPLATES_FILES_CAP);
	code = each_member(writing, &file, take_file_member);
	if (!code)
		code = write_file(writing, &file);
	snafu_buffer_done(&file.path);
	snafu_buffer_done(&file.text);
	return code;
}

/* ---- notes --------------------------------------------------------------------------- */

static int take_note(struct writing *writing, struct snafu_json_value *value)
{
	struct snafu_buffer text = SNAFU_BUFFER(NOTE_CAP);
	int code = take_text(writing, value, &text);

	if (!code) {
		struct snafu_template_news news = {.text = text.data ? text.data : ""};

		writing->teller->tell(writing->teller->state, &news);
	}
	snafu_buffer_done(&text);
	return code;
}

static int each_element(struct writing *writing,
                        int (*take)(struct writing *writing, struct snafu_json_value *value))
{
	struct snafu_json_value value;
	int more, code = 0;

	while (!code && (more = snafu_json_next_element(&writing->json, &value, writing->error)) > 0)
		code = take(writing, &value);
	return code ? code : more;
}

/* ---- the whole ----------------------------------------------------------------------- */

static int take_member(struct writing *writing, void *state, const struct snafu_json_value *key,
                       struct snafu_json_value *value)
{
	bool *wants_sources = state;

	if (snafu_json_equals(key, "sources"))
		*wants_sources = value->type == SNAFU_JSON_TRUE;
	if (value->type == SNAFU_JSON_ARRAY && snafu_json_equals(key, "notes"))
		return each_element(writing, take_note);
	if (value->type == SNAFU_JSON_ARRAY && snafu_json_equals(key, "files"))
		return each_element(writing, take_file);
	return snafu_json_skip(&writing->json, value, writing->error);
}

int rendered_write(const char *json, size_t size, struct snafu_output *output,
                   const struct rendered_teller *teller, bool *ret_wants_sources,
                   struct snafu_error *error)
{
	struct writing writing = {.output = output, .teller = teller, .error = error};
	struct snafu_json_value value;
	bool wants_sources = false;

	snafu_json_begin(&writing.json, json, size);
	int code = snafu_json_read(&writing.json, &value, error);
	if (!code && value.type != SNAFU_JSON_OBJECT)
		code = snafu_fail(error, -EINVAL, "render.py gave no object");
	if (!code)
		code = each_member(&writing, &wants_sources, take_member);
	if (!code)
		*ret_wants_sources = wants_sources;
	return code;
}

struct target {
	struct snafu_buffer name, title;
};

static int take_target_member(struct writing *writing, void *state,
                              const struct snafu_json_value *key, struct snafu_json_value *value)
{
	struct target *target = state;

	if (snafu_json_equals(key, "name"))
		return take_text(writing, value, &target->name);
	if (snafu_json_equals(key, "title"))
		return take_text(writing, value, &target->title);
	return snafu_json_skip(&writing->json, value, writing->error);
}

int rendered_targets(const char *json, size_t size,
                     void (*each)(void *state, const char *name, const char *title), void *state,
                     struct snafu_error *error)
{
	struct writing writing = {.error = error};
	struct snafu_json_value value;
	int more = 0;

	snafu_json_begin(&writing.json, json, size);
	int code = snafu_json_read(&writing.json, &value, error);
	if (!code && value.type != SNAFU_JSON_ARRAY)
		code = snafu_fail(error, -EINVAL, "render.py gave no list");
	while (!code && (more = snafu_json_next_element(&writing.json, &value, error)) > 0) {
		struct target target = {.name = SNAFU_BUFFER(NAME_CAP), .title = SNAFU_BUFFER(NAME_CAP)};

		code = value.type == SNAFU_JSON_OBJECT
		           ? each_member(&writing, &target, take_target_member)
		           : snafu_fail(error, -EINVAL, "render.py gave no list of targets");
		if (!code)
			each(state, target.name.data ? target.name.data : "",
			     target.title.data ? target.title.data : "");
		snafu_buffer_done(&target.name);
		snafu_buffer_done(&target.title);
	}
	return code ? code : more;
}
