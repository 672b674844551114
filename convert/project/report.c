/* convert/project/report.c — REPORT.md: what was done, and what needs a human eye. */
#include <string.h>

#include "base/buffer.h"
#include "base/error.h"
#include "convert/project/state.h"

#define REPORT_CAP (128u << 20) /* bytes */

/* ---- Markdown --------------------------------------------------------------------------- */

/* Text that is none of Markdown's marks, on one line. */
static void plain(const char *text, struct snafu_buffer *into)
{
	for (; *text; text++) {
		if ((unsigned char)*text < 0x20 || *text == 0x7f) {
			snafu_buffer_append_byte(into, '?');
			continue;
		}
		if (strchr("\\`*_<>|[]#", *text))
			snafu_buffer_append_byte(into, '\\');
		snafu_buffer_append_byte(into, *text);
	}
}

/* The same between backticks, where nothing can be escaped. */
static void code(const char *text, struct snafu_buffer *into)
{
	snafu_buffer_append_byte(into, '`');
	for (; *text; text++)
		snafu_buffer_append_byte(into, *text == '`' || (unsigned char)*text < 0x20 || *text == 0x7f
		                                   ? '?'
		                                   : *text);
	snafu_buffer_append_byte(into, '`');
}

static void row(struct snafu_buffer *into, const char *what, size_t count)
{
	snafu_buffer_format(into, "| %s | %zu |\n", what, count);
}

/* ---- what was done ---------------------------------------------------------------------- */

static void write_counts(const struct project *project, struct snafu_buffer *into)
{
	const struct snafu_project_summary *summary = project->summary;

	snafu_buffer_append_text(into, "# Report of the conversion\n\nOf ");
	code(project->legacy, into);
	snafu_buffer_append_text(into, ", by snafu-convert " SNAFU_VERSION
	                               ". [report.json](report.json) says the same to "
	                               "programs.\n\n| | |\n| --- | --- |\n");
	row(into, "files", project->count);
	if (project->is_file)
		row(into, "of these, that come along since they are needed", summary->along);
	if (project->n_wants)
		row(into, "wanted besides, and not taken", project->n_wants);
	row(into, "left out", project->n_left_out);
	row(into, "functions found in the code base", project->before.count);
	row(into, "functions found in `src`", project->after.count);
	if (summary->python) {
		row(into, "Python files", summary->python);
		row(into, "of these, Python 2 that is Python 3 now", summary->upgraded);
		row(into, "that stay Python 2", summary->python2);
		row(into, "that no Python takes", summary->broken);
	}
	if (summary->c) {
		row(into, "C files", summary->c);
		row(into, "of these, that do not compile", summary->c_failed);
	}
	if (summary->java) {
		row(into, "Java files", summary->java);
		row(into, "of these, that do not compile", summary->java_failed);
	}
	row(into, "places that need a human eye", summary->notes);
	row(into, "examples that the smoke test calls", summary->examples);
}

static bool is_bad(const struct project_file *file)
{
	return file->fate == PROJECT_PYTHON2 || file->fate == PROJECT_BROKEN ||
	       file->fate == PROJECT_FAILED ||
	       (file->language && strcmp(file->language, "python") == 0 && !file->compiles);
}

static void write_bad(const struct project *project, struct snafu_buffer *into)
{
	bool any = false;

	for (size_t i = 0; i < project->count; i++) {
		const struct project_file *file = &project->files[i];

		if (!is_bad(file))
			continue;
		if (!any)
			snafu_buffer_append_text(into, "\n## Files that did not make it\n\n");
		any = true;
		snafu_buffer_append_text(into, "- ");
		code(file->to, into);
		if (file->line)
			snafu_buffer_format(into, ":%u", file->line);
		snafu_buffer_append_text(into, file->fate == PROJECT_PYTHON2
		                                   ? " stays as it was, and is served by a Python 2: "
		                                   : ": ");
		plain(file->why ? file->why : "it does not compile", into);
		snafu_buffer_append_byte(into, '\n');
	}
}

static void write_reason(const char *path, const char *why, struct snafu_buffer *into)
{
	snafu_buffer_append_text(into, "- ");
	code(path, into);
	snafu_buffer_append_text(into, ": ");
	plain(why, into);
	snafu_buffer_append_byte(into, '\n');
}

static void write_needs(const struct project *project, struct snafu_buffer *into)
{
	if (project->summary->along)
		snafu_buffer_append_text(into, "\n## Taken along\n\n");
	for (size_t i = 0; i < project->count; i++) {
		if (!project->files[i].needed)
			continue;
		write_reason(project->files[i].to, project->files[i].needed, into);
	}
	if (project->n_wants)
		snafu_buffer_append_text(into, "\n## Wanted, and not taken\n\n");
	for (size_t i = 0; i < project->n_wants; i++) {
		write_reason(project->wants[i].name, project->wants[i].why, into);
	}
}

static void write_left_out(const struct project *project, struct snafu_buffer *into)
{
	if (project->n_left_out)
		snafu_buffer_append_text(into, "\n## Left out\n\n");
	for (size_t i = 0; i < project->n_left_out; i++) {
		write_reason(project->left_out[i].path, project->left_out[i].why, into);
	}
}

/* ---- what needs a person ---------------------------------------------------------------- */

/* What the kinds of notes are about, the ones that break most first. */
static const struct kind {
	const char *name, *title;
} kinds[] = {
	{"kept", "What is Python 3 imports what has stayed Python 2"},
	{"module", "Modules that are missing"},
	{"name", "Names that are gone"},
	{"2to3", "What 2to3 was not sure of"},
	{"method", "Methods that Python 3 does not call any more"},
	{"class", "Classes that are made in another way"},
	{"scope", "Names that are not known any more where they are used"},
	{"bytes", "Bytes or text"},
	{"encoding", "Encodings"},
	{"order", "Comparisons and order"},
	{"division", "Divisions of what may be integers"},
	{"number", "Numbers"},
	{"hash", "Objects as keys"},
	{"code", "Code in texts"},
	{"syntax", "What Python 3 warns of"},
	{"extension", "Extensions in C"},
};

static void write_kind(const struct project *project, const struct kind *kind,
                       struct snafu_buffer *into)
{
	bool any = false;

	for (size_t i = 0; i < project->count; i++)
		for (const struct project_note *note = project->files[i].notes; note; note = note->next) {
			if (strcmp(note->kind, kind->name) != 0)
				continue;
			if (!any)
				snafu_buffer_format(into, "\n### %s\n\n", kind->title);
			any = true;
			snafu_buffer_append_text(into, "- ");
			code(project->files[i].to, into);
			if (note->line)
				snafu_buffer_format(into, ":%u", note->line);
			snafu_buffer_append_text(into, ": ");
			plain(note->words, into);
			snafu_buffer_append_byte(into, '\n');
		}
}

int project_write_report(struct project *project, struct snafu_error *error)
{
	struct snafu_buffer text = SNAFU_BUFFER(REPORT_CAP);

	write_counts(project, &text);
	write_bad(project, &text);
	write_needs(project, &text);
	if (project->summary->notes)
		snafu_buffer_append_text(
			&text, "\n## What needs a human eye\n\n2to3 changes how code is written; what it is "
				   "meant to do, it cannot know. Lines are those of the files in `src`.\n");
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		write_kind(project, &kinds[i], &text);
	write_left_out(project, &text);
	return project_put_text(project, "REPORT.md", &text, false, error);
}
