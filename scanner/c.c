/* scanner/c.c — the C scanner: hands batches of files to the program scan-c, which
 * has libclang (see scanner/c_helper/helper.h for what they say to each other), and
 * makes descriptors of its answers. When scan-c dies on a file, that file gets a
 * diagnostic, and scan-c is run again for those behind it. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/child.h"
#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/parts.h"
#include "scanner/c_answer.h"
#include "scanner/c_flags.h"
#include "scanner/c_includes.h"
#include "scanner/scanner.h"

#define BATCH             16
#define REQUEST_CAP       (16u << 20)
#define OUTPUT_CAP        (256u << 20) /* of one batch */
#define FILE_SECONDS      30 /* of computing for one file; scan-c keeps to it itself */
#define FILE_WALL_SECONDS 150 /* for one file, should scan-c fail to end itself */
#define HEAD_SIZE         4096 /* bytes in which a binary file shows a NUL */
#define FOLDERS_CAP       200 /* folders looked into for C sources */

extern const struct snafu_scanner snafu_scanner_c;

struct batch {
	const struct snafu_source **sources; /* those that scan-c is asked for */
	size_t count;
	struct snafu_c_databases databases;
	const struct snafu_scan_options *options;
	struct snafu_functions *ret;
	const char *helper; /* path of scan-c */
};

/* ---- which files -------------------------------------------------------------- */

static bool is_header(const struct snafu_source *source)
{
	return snafu_path_has_suffix(source->path, ".h");
}

static bool folder_has_sources(const char *path)
{
	DIR *folder = opendir(path);
	struct dirent *entry;
	bool has = false;

	while (folder && !has && (entry = readdir(folder)))
		has = snafu_path_has_suffix(entry->d_name, ".c");
	if (folder)
		closedir(folder);
	return has;
}

/* Whether one of the folders in FOLDER has C sources. */
static bool subfolders_have_sources(const char *path)
{
	DIR *folder = opendir(path);
	struct dirent *entry;
	bool has = false;

	for (unsigned i = 0; folder && !has && i < FOLDERS_CAP && (entry = readdir(folder)); i++) {
		char *inner = entry->d_name[0] == '.' ? NULL : snafu_path_join(path, entry->d_name);

		has = inner && folder_has_sources(inner);
		free(inner);
	}
	if (folder)
		closedir(folder);
	return has;
}

/* Whether the definitions of what a header declares are likely to be scanned, too:
 * there are C sources in its folder, in those above up to the root, or in one below
 * the root (src/). */
static bool has_sources(const struct snafu_source *header)
{
	char *folder = snafu_path_folder(header->path);
	size_t root = strlen(header->root ? header->root : "");
	bool has = header->root && subfolders_have_sources(header->root);

	while (folder && !has) {
		has = folder_has_sources(folder);
		if (strlen(folder) <= root || !strchr(folder, '/'))
			break;
		char *above = snafu_path_folder(folder);
		free(folder);
		folder = above;
	}
	free(folder);
	return has;
}

/* Whether the file can be C at all; says why not. */
static bool is_readable(const struct snafu_source *source, struct snafu_functions *ret)
{
	char head[HEAD_SIZE];
	struct stat about;
	int fd = open(source->path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	const char *problem = NULL;
	ssize_t got = 0;

	if (fd < 0 || fstat(fd, &about)) {
		snafu_functions_diagnose(ret, SNAFU_ERROR, source->path, 0, "cannot read it: %s",
		                         strerror(errno));
		if (fd >= 0)
			close(fd);
		return false;
	}
	if (!S_ISREG(about.st_mode))
		problem = "not a regular file";
	else if (about.st_size > SNAFU_SCAN_FILE_CAP)
		problem = "larger than the scanner reads";
	else if ((got = read(fd, head, sizeof head)) < 0)
		problem = "cannot read it";
	else if (memchr(head, '\0', (size_t)got))
		problem = "a binary file, not C";
	close(fd);
	if (problem)
		snafu_functions_diagnose(ret, SNAFU_ERROR, source->path, 0, "%s", problem);
	return !problem;
}

static bool is_wanted(const struct snafu_source *source, struct snafu_functions *ret)
{
	if (is_header(source) && !source->named && has_sources(source))
		return false;
	return is_readable(source, ret);
}

/* ---- asking scan-c ------------------------------------------------------------ */

static int write_file(struct batch *batch, const struct snafu_source *source,
                      struct snafu_buffer *request)
{
	const struct snafu_scan_options *options = batch->options;
	const struct snafu_c_flags_options flags_options = {
		.include_paths = options->include_paths,
		.n_include_paths = options->n_include_paths,
		.defines = options->defines,
		.n_defines = options->n_defines,
	};
	const char *const *flags;
	size_t count;
	int code = snafu_c_source_flags(source->path, source->root, &flags_options, &batch->databases,
	                                &flags, &count);

	if (code)
		return code;
	snafu_buffer_append_text(request, "{\"path\":");
	snafu_json_write_text(request, source->path);
	snafu_buffer_format(request, ",\"declarations\":%s,\"arguments\":[",
	                    is_header(source) ? "true" : "false");
	for (size_t i = 0; i < count; i++) {
		snafu_buffer_append_text(request, i ? "," : "");
		snafu_json_write_text(request, flags[i]);
	}
	snafu_buffer_append_text(request, "]}");
	return snafu_buffer_failed(request);
}

static int write_request(struct batch *batch, size_t first, struct snafu_buffer *request)
{
	snafu_buffer_format(request, "{\"seconds\":%d,\"files\":[", FILE_SECONDS);
	for (size_t i = first; i < batch->count; i++) {
		int code;

		if (i > first)
			snafu_buffer_append_byte(request, ',');
		code = write_file(batch, batch->sources[i], request);
		if (code)
			return code;
	}
	snafu_buffer_append_text(request, "]}");
	return snafu_buffer_failed(request);
}

/* Says how scan-c ended on SOURCE, or why it could not be run (CODE, FAILED). */
static void blame(struct batch *batch, const struct snafu_source *source, int code,
                  const struct snafu_error *failed, int status, const struct snafu_buffer *errors)
{
	const char *words = errors->data ? errors->data : "";
	int ended_by = !code && WIFSIGNALED(status) ? WTERMSIG(status) : 0;

	if (code == -ETIME || ended_by == SIGALRM || ended_by == SIGPROF)
		snafu_functions_diagnose(batch->ret, SNAFU_ERROR, source->path, 0,
		                         "left out: reading it took longer than %d s", FILE_SECONDS);
	else if (code == -EMSGSIZE)
		snafu_functions_diagnose(batch->ret, SNAFU_ERROR, source->path, 0,
		                         "left out: it has more functions than the scanner takes");
	else if (code)
		snafu_functions_diagnose(batch->ret, SNAFU_ERROR, source->path, 0, "left out: %s",
		                         failed->message);
	else if (ended_by)
		snafu_functions_diagnose(batch->ret, SNAFU_ERROR, source->path, 0,
		                         "left out: clang's parser died on it (%s)", strsignal(ended_by));
	else
		snafu_functions_diagnose(batch->ret, SNAFU_ERROR, source->path, 0,
		                         "left out: the C scanner failed on it: %.*s",
		                         (int)strcspn(words, "\n"), words);
}

/* Runs scan-c for the sources from FIRST on. RET_NEXT: the first that is still to
 * be read, because it died on the one before. */
static int run_helper(struct batch *batch, size_t first, size_t *ret_next,
                      struct snafu_error *error)
{
	struct snafu_buffer request = SNAFU_BUFFER(REQUEST_CAP), output = SNAFU_BUFFER(OUTPUT_CAP);
	struct snafu_buffer errors = SNAFU_BUFFER(4096);
	const char *argv[] = {batch->helper, NULL};
	struct snafu_error failed = {0};
	size_t n_ended = 0, count = batch->count - first;
	int status = 0, code = write_request(batch, first, &request);

	if (code) {
		snafu_buffer_done(&request);
		return snafu_fail(error, code, "out of memory while asking for C files");
	}
	code = snafu_child_run(
		&(struct snafu_child_options){
			.argv = argv,
			.input = request.data,
			.input_size = request.size,
			.timeout_ms = (unsigned)(FILE_WALL_SECONDS * count) * 1000,
			.output = &output,
			.errors = &errors,
		},
		&status, &failed);
	int read = snafu_c_answer_read(output.data ? output.data : "", output.size,
	                               batch->sources + first, count, batch->ret, &n_ended);
	if (read == -ENOMEM)
		code = snafu_fail(error, -ENOMEM, "out of memory while reading C functions");
	else if (n_ended < count) {
		blame(batch, batch->sources[first + n_ended], code, &failed, status, &errors);
		n_ended++;
	}
	*ret_next = first + n_ended;
	snafu_buffer_done(&request);
	snafu_buffer_done(&output);
	snafu_buffer_done(&errors);
	return read == -ENOMEM ? -ENOMEM : 0;
}

static int run_batch(struct batch *batch, struct snafu_error *error)
{
	struct snafu_error missing = {0};
	char *helper = NULL;
	int code = 0;

	if (snafu_part_find("scan-c", &helper, &missing)) {
		for (size_t i = 0; i < batch->count; i++)
			snafu_functions_diagnose(batch->ret, SNAFU_ERROR, batch->sources[i]->path, 0, "%s",
			                         missing.message);
		return 0;
	}
	batch->helper = helper;
	for (size_t next = 0; next < batch->count && !code;)
		code = run_helper(batch, next, &next, error);
	free(helper);
	return code;
}

/* ---- headers and sources together --------------------------------------------- */

static bool is_definition(const struct snafu_function *function)
{
	return snafu_path_has_suffix(function->file, ".c") && !function->reason;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Of a function that a named header declares and a source beside it defines, the
 * definition is enough. */
static int drop_declared(struct snafu_functions *functions)
{
	const char **defined = calloc(functions->count + 1, sizeof *defined);
	size_t n_defined = 0, kept = 0;

	if (!defined)
		return -ENOMEM;
	for (size_t i = 0; i < functions->count; i++)
		if (is_definition(&functions->functions[i]))
			defined[n_defined++] = functions->functions[i].name;
	qsort(defined, n_defined, sizeof *defined, compare_names);
	for (size_t i = 0; i < functions->count; i++) {
		const struct snafu_function *function = &functions->functions[i];

		if (snafu_path_has_suffix(function->file, ".c") ||
		    !bsearch(&function->name, defined, n_defined, sizeof *defined, compare_names))
			functions->functions[kept++] = *function;
	}
	functions->count = kept;
	free(defined);
	return 0;
}

static int scan(const struct snafu_source *sources, size_t count,
                const struct snafu_scan_options *options, struct snafu_functions *ret,
                struct snafu_error *error)
{
	struct batch batch = {.options = options, .ret = ret};
	int code = 0;

	batch.sources = calloc(count ? count : 1, sizeof *batch.sources);
	if (!batch.sources)
		return snafu_fail(error, -ENOMEM, "out of memory while scanning C files");
	for (size_t i = 0; i < count; i++)
		if (is_wanted(&sources[i], ret))
			batch.sources[batch.count++] = &sources[i];
	if (batch.count > 0)
		code = run_batch(&batch, error);
	if (!code && batch.count > 1)
		code = drop_declared(ret);
	snafu_c_databases_done(&batch.databases);
	free(batch.sources);
	return code;
}

static const char *const suffixes[] = {".c", ".h", NULL};
static const char *const companions[] = {"compile_commands.json", NULL};

const struct snafu_scanner snafu_scanner_c = {
	.version = SNAFU_SCANNER_VERSION,
	.name = "c",
	.suffixes = suffixes,
	.scan = scan,
	.batch = BATCH,
	.reads_paths = true,
	.companions = companions,
	.affected = snafu_c_affected,
	.together = true,
};
