/* convert/project/python.c — Python 2 as Python 3: convert_upgrade.py does it, for all files in
 * one process, and leaves the upgraded files and the patches in the stage. */
#include <errno.h>
#include <stdio.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/file.h"
#include "convert/project/state.h"

#define INPUT_CAP    (256u << 20) /* bytes */
#define OUTPUT_CAP   (256u << 20)
#define TIME_CAP     (6u * 3600 * 1000) /* ms for all files */
#define LOOK_MS      200 /* how often is looked how many are done */
#define CACHE_FOLDER "convert"

/* ---- places ----------------------------------------------------------------------------- */

static char *in_stage(const struct project *project, const char *folder, const char *rest)
{
	char *path;

	return asprintf(&path, "%s/" PROJECT_STAGE "/%s%s", project->mirror.work, folder, rest) < 0
	           ? NULL
	           : path;
}

char *project_staged(const struct project *project, const struct project_file *file)
{
	return in_stage(project, "", file->to);
}

char *project_staged_patch(const struct project *project, const struct project_file *file)
{
	char *path;

	return asprintf(&path, "%s/" PROJECT_STAGE "/" PROJECT_PATCHES "/%s.patch",
	                project->mirror.work, file->path) < 0
	           ? NULL
	           : path;
}

/* ---- what it says ----------------------------------------------------------------------- */

int project_note(struct project *project, struct project_file *file, unsigned line,
                 const char *kind, const char *words)
{
	struct project_note *note;

	if (project->summary->notes >= SNAFU_PROJECT_NOTES_CAP)
		return 0;
	note = snafu_arena_alloc(&project->arena, sizeof *note);
	if (!note)
		return -ENOMEM;
	*note = (struct project_note){.line = line,
	                              .kind = snafu_arena_string(&project->arena, kind),
	                              .words = snafu_arena_string(&project->arena, words)};
	*file->last_note = note;
	file->last_note = &note->next;
	project->summary->notes++;
	return note->kind && note->words ? 0 : -ENOMEM;
}

/* The next of LINE's tab-separated fields. */
static char *field(char **line)
{
	char *from = *line, *tab = strchr(from, '\t');

	if (tab)
		*tab = '\0';
	*line = tab ? tab + 1 : from + strlen(from);
	return from;
}

static enum project_fate fate_of(const char *word)
{
	return strcmp(word, "upgraded") == 0  ? PROJECT_UPGRADED
	       : strcmp(word, "same") == 0    ? PROJECT_SAME
	       : strcmp(word, "edited") == 0  ? PROJECT_EDITED
	       : strcmp(word, "python3") == 0 ? PROJECT_COPIED
	                                      : PROJECT_PYTHON2;
}

static int take_line(struct project *project, struct project_file **asked, size_t n_asked,
                     char *line)
{
	const char *kind = field(&line);
	size_t index = strtoul(field(&line), NULL, 10);

	if (index >= n_asked)
		return 0;
	struct project_file *file = asked[index];
	if (strcmp(kind, "note") == 0) {
		unsigned number = (unsigned)strtoul(field(&line), NULL, 10);
		const char *of = field(&line);

		return project_note(project, file, number, of, line);
	}
	if (strcmp(kind, "file") != 0)
		return 0;
	file->fate = fate_of(field(&line));
	file->compiles = strcmp(field(&line), "1") == 0;
	file->line = (unsigned)strtoul(field(&line), NULL, 10);
	file->why = *line ? snafu_arena_string(&project->arena, line) : NULL;
	file->upgraded = file->fate == PROJECT_UPGRADED;
	return 0;
}

static int take_output(struct project *project, struct project_file **asked, size_t n_asked,
                       char *text)
{
	int code = 0;

	for (char *line = text, *end; !code && line && (end = strchr(line, '\n')); line = end + 1) {
		*end = '\0';
		code = take_line(project, asked, n_asked, line);
	}
	return code;
}

/* ---- running it ------------------------------------------------------------------------- */

/* Looks how far the process has come: it adds a byte to a file for each Python file done. */
struct watch {
	const struct project *project;
	const char *progress;
	size_t files;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool over;
};

static void *watch_progress(void *opaque)
{
	struct watch *watch = opaque;
	struct stat status;

	pthread_mutex_lock(&watch->lock);
	while (!watch->over) {
		struct timespec until;

		if (stat(watch->progress, &status) == 0 && status.st_size > 0)
			project_working(watch->project, "upgrading Python, %lld of %zu files",
			                (long long)status.st_size, watch->files);
		clock_gettime(CLOCK_REALTIME, &until);
		until.tv_nsec += LOOK_MS * 1000000l;
		until.tv_sec += until.tv_nsec / 1000000000;
		until.tv_nsec %= 1000000000;
		pthread_cond_timedwait(&watch->changed, &watch->lock, &until);
	}
	pthread_mutex_unlock(&watch->lock);
	return NULL;
}

static int run(const struct project *project, const struct snafu_buffer *input,
               struct snafu_buffer *output, struct watch *watch, struct snafu_error *error)
{
	static const struct project_script script = {
		.name = "convert_upgrade.py",
		.timeout_ms = TIME_CAP,
		.failed = "Python files cannot be upgraded",
	};
	pthread_t thread;

	project_working(project, "reading Python");
	bool watched = pthread_create(&thread, NULL, watch_progress, watch) == 0;
	int code = project_run_script(&script, input, output, error);
	if (watched) {
		pthread_mutex_lock(&watch->lock);
		watch->over = true;
		pthread_cond_signal(&watch->changed);
		pthread_mutex_unlock(&watch->lock);
		pthread_join(thread, NULL);
	}
	return code;
}

static void add(struct snafu_buffer *input, const char *text)
{
	snafu_buffer_append(input, text, strlen(text) + 1);
}

static int write_input(struct project *project, struct project_file **asked, size_t n_asked,
                       const char *progress, struct snafu_buffer *input, struct snafu_error *error)
{
	char *stage = in_stage(project, "", ""), *patches = in_stage(project, PROJECT_PATCHES, "");
	char *cache = NULL, *own = NULL;
	int code = snafu_cache_directory(&cache, error);

	if (!code && !(own = snafu_path_join(cache, CACHE_FOLDER)))
		code = -ENOMEM;
	if (!code && stage && patches) {
		add(input, project->base);
		add(input, stage);
		add(input, patches);
		add(input, own);
		add(input, project->options->python);
		add(input, progress);
	}
	for (size_t i = 0; !code && i < n_asked; i++) {
		char *edited = snafu_mirror_is_edited(&project->mirror, asked[i]->to)
		                   ? snafu_mirror_path(&project->mirror, asked[i]->to)
		                   : NULL;

		add(input, asked[i]->path);
		add(input, asked[i]->to);
		add(input, edited ? edited : "");
		free(edited);
	}
	if (!code && (code = stage && patches ? snafu_buffer_failed(input) : -ENOMEM))
		snafu_fail(error, code, "too many Python files");
	free(stage);
	free(patches);
	free(cache);
	free(own);
	return code;
}

int project_upgrade(struct project *project, struct snafu_error *error)
{
	struct project_file **asked = calloc(project->count + 1, sizeof *asked);
	struct snafu_buffer input = SNAFU_BUFFER(INPUT_CAP), output = SNAFU_BUFFER(OUTPUT_CAP);
	char *stage = in_stage(project, "", ""), *progress = in_stage(project, "progress", "");
	size_t n = 0;
	int code = asked && stage && progress ? snafu_directory_make(stage, error)
	                                      : snafu_fail(error, -ENOMEM, "no memory");

	for (size_t i = 0; !code && i < project->count; i++)
		if (project->files[i].language && strcmp(project->files[i].language, "python") == 0)
			asked[n++] = &project->files[i];
	if (!code && n) {
		struct watch watch = {
			.project = project,
			.progress = progress,
			.files = n,
			.lock = PTHREAD_MUTEX_INITIALIZER,
			.changed = PTHREAD_COND_INITIALIZER,
		};

		code = write_input(project, asked, n, progress, &input, error);
		if (!code)
			code = run(project, &input, &output, &watch, error);
		if (!code && (code = take_output(project, asked, n, output.data)))
			snafu_fail(error, code, "no memory");
	}
	snafu_buffer_done(&input);
	snafu_buffer_done(&output);
	free(asked);
	free(stage);
	free(progress);
	return code;
}
