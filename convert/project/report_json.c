/* convert/project/report_json.c — report.json: the same as REPORT.md, for programs. */
#include <string.h>

#include "base/buffer.h"
#include "base/json.h"
#include "convert/project/state.h"

#define REPORT_CAP (128u << 20) /* bytes */

static void count(struct snafu_buffer *into, const char *name, size_t number, const char *comma)
{
	snafu_buffer_format(into, "%s\n    \"%s\": %zu", comma, name, number);
}

static void write_summary(const struct project *project, struct snafu_buffer *into)
{
	const struct snafu_project_summary *summary = project->summary;

	snafu_buffer_append_text(into, "  \"summary\": {");
	count(into, "files", project->count, "");
	count(into, "leftOut", project->n_left_out, ",");
	count(into, "functionsBefore", project->before.count, ",");
	count(into, "functionsAfter", project->after.count, ",");
	count(into, "python", summary->python, ",");
	count(into, "upgraded", summary->upgraded, ",");
	count(into, "python2", summary->python2, ",");
	count(into, "broken", summary->broken, ",");
	count(into, "c", summary->c, ",");
	count(into, "cFailed", summary->c_failed, ",");
	count(into, "java", summary->java, ",");
	count(into, "javaFailed", summary->java_failed, ",");
	count(into, "notes", summary->notes, ",");
	count(into, "examples", summary->examples, ",");
	snafu_buffer_append_text(into, "\n  }");
}

static void write_notes(const struct project_file *file, struct snafu_buffer *into)
{
	snafu_buffer_append_text(into, ", \"notes\": [");
	for (const struct project_note *note = file->notes; note; note = note->next) {
		snafu_buffer_format(into,
		                    "%s\n      {\"line\": %u, \"kind\": ", note == file->notes ? "" : ",",
		                    note->line);
		snafu_json_write_text(into, note->kind);
		snafu_buffer_append_text(into, ", \"text\": ");
		snafu_json_write_text(into, note->words);
		snafu_buffer_append_byte(into, '}');
	}
	snafu_buffer_append_byte(into, ']');
}

static void write_texts(const char *name, const char *const *texts, size_t n,
                        struct snafu_buffer *into)
{
	snafu_buffer_format(into, ", \"%s\": [", name);
	for (size_t i = 0; i < n; i++) {
		snafu_buffer_append_text(into, i ? ", " : "");
		snafu_json_write_text(into, texts[i]);
	}
	snafu_buffer_append_byte(into, ']');
}

static void write_file(const struct project_file *file, struct snafu_buffer *into)
{
	bool python = strcmp(file->language, "python") == 0;

	snafu_buffer_append_text(into, "    {\"path\": ");
	snafu_json_write_text(into, file->path);
	snafu_buffer_append_text(into, ", \"to\": ");
	snafu_json_write_text(into, file->to);
	snafu_buffer_append_text(into, ", \"language\": ");
	snafu_json_write_text(into, file->language);
	snafu_buffer_append_text(into, ", \"fate\": ");
	snafu_json_write_text(into, project_fate_name(file->fate));
	snafu_buffer_format(into, ", \"compiles\": %s, \"functions\": %zu",
	                    (python ? file->compiles : file->fate != PROJECT_FAILED) ? "true" : "false",
	                    file->functions);
	if (file->n_renamed)
		snafu_buffer_format(into, ", \"renamed\": %zu", file->n_renamed);
	if (file->n_lost)
		write_texts("lost", file->lost, file->n_lost, into);
	if (file->why) {
		snafu_buffer_format(into, ", \"line\": %u, \"why\": ", file->line);
		snafu_json_write_text(into, file->why);
	}
	if (file->notes)
		write_notes(file, into);
	snafu_buffer_append_byte(into, '}');
}

static void write_pair(struct snafu_buffer *into, const char *comma, const char *key,
                       const char *name, const char *why)
{
	snafu_buffer_format(into, "%s\n    {\"%s\": ", comma, key);
	snafu_json_write_text(into, name);
	snafu_buffer_append_text(into, ", \"why\": ");
	snafu_json_write_text(into, why);
	snafu_buffer_append_byte(into, '}');
}

/* Of a single source. */
static void write_needs(const struct project *project, struct snafu_buffer *into)
{
	const char *comma = "";

	snafu_buffer_append_text(into, "\n  ],\n  \"takenAlong\": [");
	for (size_t i = 0; i < project->count; i++)
		if (project->files[i].needed) {
			write_pair(into, comma, "path", project->files[i].path, project->files[i].needed);
			comma = ",";
		}
	snafu_buffer_append_text(into, "\n  ],\n  \"wanted\": [");
	for (size_t i = 0; i < project->n_wants; i++)
		write_pair(into, i ? "," : "", "name", project->wants[i].name, project->wants[i].why);
}

static void write_libraries(const struct project *project, struct snafu_buffer *into)
{
	snafu_buffer_append_text(into, "  \"libraries\": [");
	for (size_t i = 0; i < project->n_libraries; i++) {
		const struct project_library *library = &project->libraries[i];

		snafu_buffer_format(into, "%s\n    {\"name\": ", i ? "," : "");
		snafu_json_write_text(into, library->name);
		snafu_buffer_format(into, ", \"files\": %zu, \"built\": %s", library->count,
		                    library->built ? "true" : "false");
		if (library->why) {
			snafu_buffer_append_text(into, ", \"why\": ");
			snafu_json_write_text(into, library->why);
		}
		snafu_buffer_append_byte(into, '}');
	}
	snafu_buffer_append_text(into, "\n  ]");
}

int project_write_report_json(struct project *project, struct snafu_error *error)
{
	struct snafu_buffer text = SNAFU_BUFFER(REPORT_CAP);
	const char *comma = "";

	snafu_buffer_append_text(&text, "{\n  \"legacy\": ");
	snafu_json_write_text(&text, project->legacy);
	snafu_buffer_append_text(&text, ",\n");
	write_summary(project, &text);
	snafu_buffer_append_text(&text, ",\n  \"files\": [\n");
	for (size_t i = 0; i < project->count; i++) {
		if (!project->files[i].language)
			continue;
		snafu_buffer_append_text(&text, comma);
		write_file(&project->files[i], &text);
		comma = ",\n";
	}
	snafu_buffer_append_text(&text, "\n  ],\n  \"leftOut\": [");
	for (size_t i = 0; i < project->n_left_out; i++)
		write_pair(&text, i ? "," : "", "path", project->left_out[i].path,
		           project->left_out[i].why);
	if (project->is_file)
		write_needs(project, &text);
	snafu_buffer_append_text(&text, "\n  ],\n");
	write_libraries(project, &text);
	snafu_buffer_append_text(&text, "\n}\n");
	return project_put_text(project, "report.json", &text, false, error);
}
