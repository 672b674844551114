/* convert/project/make.c — see make.h. */
#include "convert/project/make.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/child.h"
#include "base/error.h"
#include "base/file.h"
#include "convert/project/state.h"
#include "scanner/c_flags.h"

#define MAKEFILE_CAP (64u << 20) /* bytes */
#define TIME_CAP     (2u * 3600 * 1000) /* ms for one run of make */
#define PLAIN        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./+-@,"

bool project_make_can_name(const char *name)
{
	return name[strspn(name, PLAIN)] == '\0' && *name;
}

char *project_object(const struct project *project, const struct project_file *file)
{
	char *path;

	(void)project;
	return asprintf(&path, PROJECT_BUILD "/%.*s.o", (int)(strlen(file->to) - 2), file->to) < 0
	           ? NULL
	           : path;
}

/* ---- flags ------------------------------------------------------------------------------ */

/* A word for the shell, in a recipe. */
static void write_word(const char *word, struct snafu_buffer *into)
{
	bool plain = word[strspn(word, PLAIN "=:%^")] == '\0';

	snafu_buffer_append_byte(into, ' ');
	if (!plain)
		snafu_buffer_append_byte(into, '\'');
	for (; *word; word++)
		if (*word == '\'')
			snafu_buffer_append_text(into, "'\\''");
		else if (*word == '$')
			snafu_buffer_append_text(into, "$$");
		else
			snafu_buffer_append_byte(into, *word);
	if (!plain)
		snafu_buffer_append_byte(into, '\'');
}

static int write_flags(const struct project *project, const struct project_file *file,
                       struct snafu_c_databases *databases, struct snafu_buffer *into)
{
	const char *const *flags;
	size_t count;
	int code = project_flags_of(project, file, databases, &flags, &count);

	for (size_t i = 0; !code && i < count; i++) {
		struct snafu_buffer word = SNAFU_BUFFER(64u << 10);

		if (!strchr(flags[i], '\n'))
			project_write_flag(project, flags[i], PROJECT_SOURCES, &word);
		if (word.data)
			write_word(word.data, into);
		snafu_buffer_done(&word);
	}
	return code;
}

/* ---- rules ------------------------------------------------------------------------------ */

static void write_objects(const struct project *project, const struct project_library *library,
                          struct snafu_buffer *into)
{
	for (size_t i = 0; i < library->count; i++) {
		char *object = project_object(project, library->files[i]);

		snafu_buffer_format(into, " \\\n\t%s", object ? object : "");
		free(object);
	}
	snafu_buffer_append_text(into, "\n");
}

/* A `main` gets a name by which it can be called, and does not clash. */
static int write_rule(const struct project *project, const struct project_file *file,
                      struct snafu_c_databases *databases, struct snafu_buffer *into)
{
	char *object = project_object(project, file), name[512];
	const char *base = snafu_path_base(file->path);

	if (!object)
		return -ENOMEM;
	snprintf(name, sizeof name, "-Dmain=main_of_%.*s", (int)(strlen(base) - 2), base);
	for (char *at = name + strlen("-Dmain="); *at; at++)
		if (!strchr("_abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", *at))
			*at = '_';
	snafu_buffer_format(into, "%s: %s\n\t@mkdir -p $(@D)\n\t$(CC) $(CFLAGS) -fPIC -MMD -MP", object,
	                    file->to);
	int code = write_flags(project, file, databases, into);
	write_word(name, into);
	snafu_buffer_format(into, " -c -o $@ %s\n", file->to);
	free(object);
	return code;
}

int project_drop_stale(struct project *project, struct snafu_error *error)
{
	struct snafu_c_databases databases = {0};
	char *makefile = snafu_mirror_path(&project->mirror, "Makefile"), *before = NULL;
	size_t size;
	int code = makefile ? 0 : -ENOMEM;

	if (!code && snafu_file_read(makefile, MAKEFILE_CAP, &before, &size, NULL))
		before = NULL;
	for (size_t i = 0; !code && i < project->n_libraries; i++)
		for (size_t j = 0; !code && j < project->libraries[i].count; j++) {
			const struct project_file *file = project->libraries[i].files[j];
			struct snafu_buffer rule = SNAFU_BUFFER(MAKEFILE_CAP);
			char *object = project_object(project, file);
			char *place = object ? snafu_mirror_path(&project->mirror, object) : NULL;

			code = place ? write_rule(project, file, &databases, &rule) : -ENOMEM;
			if (!code && !(before && rule.data && strstr(before, rule.data)))
				unlink(place);
			snafu_buffer_done(&rule);
			free(object);
			free(place);
		}
	snafu_c_databases_done(&databases);
	free(before);
	free(makefile);
	return code ? snafu_fail(error, code, "no memory for the rules of the C sources") : 0;
}

static int write_c(const struct project *project, struct snafu_buffer *into)
{
	struct snafu_c_databases databases = {0};
	int code = 0;

	snafu_buffer_append_text(into, "libraries:");
	for (size_t i = 0; i < project->n_libraries; i++)
		snafu_buffer_format(into, " lib/lib%s.so", project->libraries[i].name);
	snafu_buffer_append_text(into, "\n");
	for (size_t i = 0; !code && i < project->n_libraries; i++) {
		const struct project_library *library = &project->libraries[i];

		snafu_buffer_format(into, "\n# %s\nobjects_%zu =", library->name, i);
		write_objects(project, library, into);
		snafu_buffer_format(into,
		                    "lib/lib%s.so: $(objects_%zu)\n\t@mkdir -p $(@D)\n"
		                    "\t$(CC) $(CFLAGS) $(LDFLAGS) -shared -o $@ $(objects_%zu) $(LDLIBS)\n"
		                    "-include $(objects_%zu:.o=.d)\n",
		                    library->name, i, i, i);
		for (size_t j = 0; !code && j < library->count; j++)
			code = write_rule(project, library->files[j], &databases, into);
	}
	snafu_buffer_append_text(into, "\nobjects:");
	for (size_t i = 0; i < project->n_libraries; i++)
		snafu_buffer_format(into, " $(objects_%zu)", i);
	snafu_buffer_append_text(into, "\n");
	snafu_c_databases_done(&databases);
	return code;
}

static void write_java(const struct project *project, struct snafu_buffer *into)
{
	if (!project->class_path)
		return;
	snafu_buffer_append_text(into, "\nclasses:\n\t@mkdir -p " PROJECT_CLASSES
	                               "\n\t$(JAVAC) -d " PROJECT_CLASSES " -encoding ");
	snafu_buffer_append_text(into, project->java_encoding);
	snafu_buffer_append_text(into, " -g -parameters -nowarn -proc:none -cp");
	write_word(*project->class_path ? project->class_path : PROJECT_CLASSES, into);
	snafu_buffer_append_text(into, " @java-sources.txt\n");
}

static int write_all(const struct project *project, struct snafu_buffer *into)
{
	snafu_buffer_append_text(
		into,
		"# How the parts that are not Python are built. Snafu serves `src` without any of\n"
		"# this; it is for those who want to link against the libraries or to take the\n"
		"# classes elsewhere.\n\nCC ?= cc\nCFLAGS ?= -O2 -g\nLDLIBS ?= -lm\nJAVAC ?= javac\n\n"
		"all:");
	snafu_buffer_append_text(into, project->n_libraries ? " libraries" : "");
	snafu_buffer_append_text(into, project->class_path ? " classes" : "");
	snafu_buffer_append_text(into, "\n\n.PHONY: all libraries objects classes clean\nclean:\n"
	                               "\trm -rf " PROJECT_BUILD " lib " PROJECT_CLASSES "\n\n");
	int code = project->n_libraries ? write_c(project, into) : 0;
	write_java(project, into);
	return code ? code : snafu_buffer_failed(into);
}

/* ---- running ---------------------------------------------------------------------------- */

int project_make(struct project *project, const char *target, struct snafu_buffer *said,
                 int *ret_status, struct snafu_error *error)
{
	struct snafu_buffer text = SNAFU_BUFFER(MAKEFILE_CAP);
	char *makefile = snafu_path_join(project->mirror.work, "Makefile"), jobs[32];
	const char *const environment[] = {"LC_ALL=C", "MAKEFLAGS=", NULL};
	int code = makefile ? write_all(project, &text) : -ENOMEM;

	if (code)
		snafu_fail(error, code, "too many C sources for a Makefile");
	else
		code = snafu_file_write(makefile, text.data, text.size, error);
	snafu_buffer_done(&text);
	snprintf(jobs, sizeof jobs, "-j%ld", sysconf(_SC_NPROCESSORS_ONLN));
	const char *argv[] = {"make", "-k", "-s", "-O", jobs, "-f", makefile, target, NULL};
	struct snafu_child_options options = {
		.argv = argv,
		.directory = project->mirror.root,
		.environment = environment,
		.timeout_ms = TIME_CAP,
		.errors = said,
	};
	if (!code)
		code = snafu_child_run(&options, ret_status, error);
	if (code == -ENOENT)
		snafu_fail(error, code,
		           "there is no make to build the C sources: install it (Debian: apt "
		           "install make gcc)");
	free(makefile);
	return code;
}

int project_write_makefile(struct project *project, struct snafu_error *error)
{
	struct snafu_buffer text = SNAFU_BUFFER(MAKEFILE_CAP);

	if (!project->n_libraries && !project->class_path)
		return 0;
	if (write_all(project, &text)) {
		snafu_buffer_done(&text);
		return snafu_fail(error, -EMSGSIZE, "too many sources for a Makefile");
	}
	return project_put_text(project, "Makefile", &text, false, error);
}
