/* convert/templates.h — deployment descriptors: a model (model.h) filled into the templates of a
 * target.
 *
 * A target is a folder with a target.json and Jinja2 templates; nothing here names one. They are
 * looked for in the folders that are given, then in templates/ of Snafu's parts. Rendering
 * is done by templates/render.py, which runs inside of this process as any Python function
 * would. So: on the main thread, and a process that renders does not start a host as well. */
#ifndef SNAFU_CONVERT_TEMPLATES_H
#define SNAFU_CONVERT_TEMPLATES_H

#include <stdbool.h>
#include <stddef.h>

struct snafu_buffer;
struct snafu_error;
struct snafu_output;
struct snafu_templates;

#define SNAFU_TEMPLATES_RESULT_CAP (256u << 20) /* bytes of all that one target makes */
#define SNAFU_TEMPLATES_FILES_CAP  100000 /* files that one target makes */

/* What became of one file, or what the target cannot express. */
struct snafu_template_news {
	const char *path; /* NULL: it is a note */
	int fate; /* enum snafu_output_fate, or a negative errno */
	const char *text; /* the note, one line; or the problem of a negative fate */
};

/* FOLDERS are borrowed until snafu_templates_close(). Starts the interpreter; where Jinja2 is
 * missing, ERROR says so. */
int snafu_templates_open(const char *const *folders, size_t n_folders,
                         struct snafu_templates **ret_templates, struct snafu_error *error);
void snafu_templates_close(struct snafu_templates *templates); /* NULL is welcome */

/* EACH target, by name. */
int snafu_templates_each(struct snafu_templates *templates,
                         void (*each)(void *state, const char *name, const char *title),
                         void *state, struct snafu_error *error);

/* Fills MODEL (SIZE bytes of JSON) into TARGET's templates, writes the files below
 * OUTPUT's folder, which MUST be set, and TELLS of each, and of what TARGET cannot express.
 * RET_WANTS_SOURCES: the files only do with the sources beside them (context.h). One file that
 * cannot be written does not keep the others from it. -ENOENT: there is no such target. */
int snafu_templates_render(struct snafu_templates *templates, const char *target, const char *model,
                           size_t size, struct snafu_output *output,
                           void (*tell)(void *state, const struct snafu_template_news *news),
                           void *state, bool *ret_wants_sources, struct snafu_error *error);

#endif
