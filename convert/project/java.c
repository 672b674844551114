/* convert/project/java.c — the Java sources compiled, with the jars of the code base on the class
 * path. A file that does not compile is left out, and what needs it, round by round. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/child.h"
#include "base/error.h"
#include "base/file.h"
#include "base/utf8.h"
#include "convert/project/make.h"
#include "convert/project/state.h"

#define MESSAGES_CAP (8u << 20) /* bytes of what javac says */
#define LIST_CAP     (64u << 20)
#define SOURCE_CAP   (32u << 20)
#define ROUNDS_CAP   10 /* of leaving out what does not compile */
#define TIME_CAP     (2u * 3600 * 1000) /* ms for one run of javac */
#define SOURCES      "java-sources.txt"
#define MADE         PROJECT_CLASSES "/.made" /* what the classes were made of */

static bool is_source(const struct project_file *file)
{
	return file->language && strcmp(file->language, "java") == 0 && !file->link &&
	       snafu_path_has_suffix(file->path, ".java") &&
	       strcmp(snafu_path_base(file->path), "module-info.java") != 0 &&
	       strcmp(snafu_path_base(file->path), "package-info.java") != 0;
}

static bool is_jar(const struct project_file *file)
{
	return !file->link && snafu_path_has_suffix(file->path, ".jar") && !strchr(file->to, ':');
}

static int find_class_path(struct project *project)
{
	struct snafu_buffer path = SNAFU_BUFFER(1u << 20);

	for (size_t i = 0; i < project->count; i++)
		if (is_jar(&project->files[i]))
			snafu_buffer_format(&path, "%s%s", path.size ? ":" : "", project->files[i].to);
	int code = snafu_buffer_failed(&path);
	project->class_path = snafu_arena_string(&project->arena, path.data ? path.data : "");
	snafu_buffer_done(&path);
	return code ? code : project->class_path ? 0 : -ENOMEM;
}

/* javac takes one encoding for all: Latin-1, which takes everything, when one is no UTF-8. */
static int find_encoding(struct project *project)
{
	int code = 0;

	project->java_encoding = "UTF-8";
	for (size_t i = 0; !code && i < project->count; i++) {
		struct project_file *file = &project->files[i];
		char *text;
		size_t size;

		if (!is_source(file) || snafu_file_read(file->place, SOURCE_CAP, &text, &size, NULL))
			continue;
		if (!memchr(text, 0, size) && !snafu_utf8_is_valid(text, size)) {
			project->java_encoding = "ISO-8859-1";
			code = project_note(project, file, 0, "encoding",
			                    "is not UTF-8: all Java is compiled as ISO-8859-1");
		}
		free(text);
	}
	return code;
}

/* The files that javac is to take, as its argument files want them: in quotes. */
static int write_list(const struct project *project, struct snafu_buffer *into)
{
	for (size_t i = 0; i < project->count; i++) {
		const struct project_file *file = &project->files[i];

		if (!is_source(file) || file->fate == PROJECT_FAILED)
			continue;
		snafu_buffer_append_byte(into, '"');
		for (const char *at = file->to; *at; at++) {
			if (*at == '"' || *at == '\\')
				snafu_buffer_append_byte(into, '\\');
			snafu_buffer_append_byte(into, *at);
		}
		snafu_buffer_append_text(into, "\"\n");
	}
	return snafu_buffer_failed(into);
}

/* ---- javac ------------------------------------------------------------------------------ */

/* "src/a/B.java:12: error: words": notes it of its file. Whether that was new. */
static bool take_line(struct project *project, char *line)
{
	char *mark = strstr(line, ".java:"), *end;
	size_t skip = strlen(PROJECT_SOURCES "/") + strlen(project->prefix);

	if (!mark || strncmp(line, PROJECT_SOURCES "/", strlen(PROJECT_SOURCES "/")) != 0)
		return false;
	unsigned number = (unsigned)strtoul(mark + strlen(".java:"), &end, 10);
	if (strncmp(end, ": error: ", strlen(": error: ")) != 0)
		return false;
	mark[strlen(".java")] = '\0';
	struct project_file *file = strlen(line) > skip ? project_find(project, line + skip) : NULL;
	if (!file || file->fate == PROJECT_FAILED)
		return false;
	file->fate = PROJECT_FAILED;
	file->line = number;
	end += strlen(": error: ");
	file->why = snafu_arena_copy(&project->arena, end, strnlen(end, PROJECT_REASON));
	return true;
}

static size_t take_messages(struct project *project, char *text)
{
	size_t failed = 0;

	for (char *line = text, *end; line; line = end) {
		end = strchr(line, '\n');
		if (end)
			*end++ = '\0';
		failed += take_line(project, line);
	}
	return failed;
}

static int run_javac(struct project *project, const char *list, struct snafu_buffer *said,
                     int *ret_status, struct snafu_error *error)
{
	char *at;
	if (asprintf(&at, "@%s", list) < 0)
		return snafu_fail(error, -ENOMEM, "no memory");
	const char *class_path = *project->class_path ? project->class_path : PROJECT_CLASSES;
	const char *argv[] = {
		"javac", "-d",          PROJECT_CLASSES, "-encoding",  project->java_encoding,
		"-g",    "-parameters", "-nowarn",       "-proc:none", "-Xmaxerrs",
		"10000", "-cp",         class_path,      at,           NULL};
	const char *const environment[] = {"LC_ALL=C.UTF-8", NULL};
	struct snafu_child_options options = {
		.argv = argv,
		.directory = project->mirror.root,
		.environment = environment,
		.timeout_ms = TIME_CAP,
		.errors = said,
	};
	int code = snafu_child_run(&options, ret_status, error);

	free(at);
	return code == -ENOENT ? snafu_fail(error, code,
	                                    "there is no javac for the Java sources: install a JDK "
	                                    "(Debian: apt install default-jdk-headless)")
	                       : code;
}

/* One round. 1: some files were left out, try the rest. */
static int try_once(struct project *project, const char *list, struct snafu_error *error)
{
	struct snafu_buffer text = SNAFU_BUFFER(LIST_CAP), said = SNAFU_BUFFER(MESSAGES_CAP);
	int status = 0, code = write_list(project, &text);

	if (code)
		snafu_fail(error, code, "too many Java sources");
	else
		code = snafu_file_write(list, text.data ? text.data : "", text.size, error);
	if (!code && text.size)
		code = run_javac(project, list, &said, &status, error);
	if (!code && status != 0) {
		char *first = said.data
		                  ? snafu_arena_copy(&project->arena, said.data, strcspn(said.data, "\n"))
		                  : NULL;

		code = said.data && take_messages(project, said.data) ? 1 : 0;
		if (!code)
			project_tell(project, "javac failed: %s", first ? first : "no reason given");
	}
	snafu_buffer_done(&text);
	snafu_buffer_done(&said);
	return code;
}

/* ---- what was made already -------------------------------------------------------------- */

/* Of all that goes into the classes. */
static void hash_inputs(const struct project *project, char ret_hash[SNAFU_SHA256_TEXT_SIZE])
{
	struct snafu_sha256 sum;

	snafu_sha256_begin(&sum);
	for (size_t i = 0; i < project->count; i++) {
		const struct project_file *file = &project->files[i];
		char hash[SNAFU_SHA256_TEXT_SIZE] = "";
		char *place =
			is_source(file) || is_jar(file) ? snafu_mirror_path(&project->mirror, file->to) : NULL;

		if (place && snafu_mirror_hash(place, hash) == 0) {
			snafu_sha256_add(&sum, file->to, strlen(file->to) + 1);
			snafu_sha256_add(&sum, hash, sizeof hash);
		}
		free(place);
	}
	snafu_sha256_end(&sum, ret_hash);
}

/* A line with the hash, and for each file that failed its path, line and reason, with NULs
 * between. Whether the classes are those that would be made. */
static bool read_made(struct project *project, const char *place, const char *hash)
{
	char *text;
	size_t size, used = strlen(hash) + 1;

	if (snafu_file_read(place, LIST_CAP, &text, &size, NULL))
		return false;
	bool same = size >= used && strcmp(text, hash) == 0;
	while (same && used < size) {
		const char *path = text + used, *line = path + strlen(path) + 1;
		const char *why = line < text + size ? line + strlen(line) + 1 : line;
		struct project_file *file = project_find(project, path);

		if (why >= text + size)
			break;
		used = (size_t)(why - text) + strlen(why) + 1;
		if (!file)
			continue;
		file->fate = PROJECT_FAILED;
		file->line = (unsigned)strtoul(line, NULL, 10);
		file->why = snafu_arena_string(&project->arena, why);
	}
	free(text);
	return same;
}

static int write_made(const struct project *project, const char *place, const char *hash,
                      struct snafu_error *error)
{
	struct snafu_buffer text = SNAFU_BUFFER(LIST_CAP);

	snafu_buffer_append(&text, hash, strlen(hash) + 1);
	for (size_t i = 0; i < project->count; i++) {
		const struct project_file *file = &project->files[i];

		if (!is_source(file) || file->fate != PROJECT_FAILED)
			continue;
		snafu_buffer_append(&text, file->path, strlen(file->path) + 1);
		snafu_buffer_format(&text, "%u", file->line);
		snafu_buffer_append_byte(&text, '\0');
		snafu_buffer_append(&text, file->why, strlen(file->why) + 1);
	}
	int code = snafu_buffer_failed(&text);
	code = code ? snafu_fail(error, code, "too many Java sources")
	            : snafu_file_write(place, text.data, text.size, error);
	snafu_buffer_done(&text);
	return code;
}

/* ---- the whole -------------------------------------------------------------------------- */

static int compile(struct project *project, const char *hash, struct snafu_error *error)
{
	char *list = snafu_path_join(project->mirror.work, "java-sources");
	char *made = snafu_mirror_path(&project->mirror, MADE);
	char *classes = snafu_mirror_path(&project->mirror, PROJECT_CLASSES);
	int code = list && made && classes ? 1 : snafu_fail(error, -ENOMEM, "no memory");

	if (code == 1 && read_made(project, made, hash)) {
		code = 0;
	} else if (code == 1) {
		project_working(project, "compiling Java");
		for (unsigned round = 0; code == 1 && round < ROUNDS_CAP; round++)
			code = try_once(project, list, error);
		if (code >= 0)
			code = snafu_directory_make(classes, error);
		if (!code)
			code = write_made(project, made, hash, error);
	}
	free(list);
	free(made);
	free(classes);
	return code;
}

int project_build_java(struct project *project, struct snafu_error *error)
{
	struct snafu_buffer text = SNAFU_BUFFER(LIST_CAP);
	char hash[SNAFU_SHA256_TEXT_SIZE];
	size_t n = 0;

	for (size_t i = 0; i < project->count; i++)
		n += is_source(&project->files[i]);
	if (!n)
		return 0;
	if (find_class_path(project))
		return snafu_fail(error, -ENOMEM, "the class path is too long");
	if (find_encoding(project))
		return snafu_fail(error, -ENOMEM, "no memory");
	hash_inputs(project, hash);
	int code = compile(project, hash, error);
	if (!code && write_list(project, &text))
		code = snafu_fail(error, -EMSGSIZE, "too many Java sources");
	if (!code)
		code = project_put_text(project, SOURCES, &text, false, error);
	if (!code)
		project_tell_failed(project, "java");
	snafu_buffer_done(&text);
	return code;
}
