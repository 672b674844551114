/* scanner/c_helper/main.c — the program scan-c: reads the request, parses file by
 * file, and keeps a hostile file from taking the machine with it. See helper.h. */
#include "scanner/c_helper/helper.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"

#define REQUEST_CAP     (16u << 20)
#define FILES_CAP       1024
#define ARGUMENTS_CAP   4096 /* of one file */
#define OUTPUT_CAP      (256u << 20) /* of one file */
#define MEMORY_CAP      ((rlim_t)4 << 30)
#define SECONDS_DEFAULT 30 /* of computing for one file */
#define FOLLOWING_CAP   5 /* errors reported of a file that misses a header */
#define WALL_FACTOR     4 /* how much longer it may take on a busy machine */

struct request {
	struct snafu_arena arena;
	struct helper_file files[FILES_CAP];
	size_t n_files;
	const char *resources; /* clang's own headers */
	unsigned seconds;
};

/* ---- no devices, no pipes ------------------------------------------------------
 *
 * libclang reads whatever an #include names, /dev/zero to its end that never
 * comes. It opens files through these functions, which stand in the way of the
 * C library's. */

static int open_regular(int folder, const char *path, int flags, mode_t mode)
{
	struct stat about;
	int fd = (int)syscall(SYS_openat, folder, path, flags | O_NONBLOCK, mode);

	if (fd >= 0 && (fstat(fd, &about) || !(S_ISREG(about.st_mode) || S_ISDIR(about.st_mode)))) {
		close(fd);
		errno = EACCES;
		return -1;
	}
	return fd;
}

int open(const char *path, int flags, ...)
{
	va_list arguments;

	va_start(arguments, flags);
	mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(arguments, mode_t) : 0;
	va_end(arguments);
	return open_regular(AT_FDCWD, path, flags, mode);
}

int open64(const char *path, int flags, ...) __attribute__((alias("open")));

/* ---- the request --------------------------------------------------------------- */

static char *copy_string(struct request *request, const struct snafu_json_value *value)
{
	struct snafu_buffer plain = SNAFU_BUFFER(REQUEST_CAP);
	char *copy = NULL;

	if (value->type == SNAFU_JSON_STRING && snafu_json_unescape(value, &plain) == 0)
		copy = snafu_arena_copy(&request->arena, plain.data ? plain.data : "", plain.size);
	snafu_buffer_done(&plain);
	return copy;
}

static int read_arguments(struct request *request, struct snafu_json_reader *reader,
                          struct helper_file *file, struct snafu_error *error)
{
	const char **arguments = snafu_arena_alloc(&request->arena, ARGUMENTS_CAP * sizeof *arguments);
	struct snafu_json_value value;
	int more, count = 0;

	while ((more = snafu_json_next_element(reader, &value, error)) > 0)
		if (arguments && count < ARGUMENTS_CAP)
			arguments[count++] = copy_string(request, &value);
	file->arguments = arguments;
	file->n_arguments = count;
	return more;
}

static int read_file(struct request *request, struct snafu_json_reader *reader,
                     struct snafu_error *error)
{
	struct snafu_json_value key, value;
	struct helper_file file = {.path = NULL};
	int more;

	while ((more = snafu_json_next_member(reader, &key, &value, error)) > 0) {
		int code = 0;

		if (snafu_json_equals(&key, "path"))
			file.path = copy_string(request, &value);
		else if (snafu_json_equals(&key, "declarations"))
			file.declarations = value.type == SNAFU_JSON_TRUE;
		else if (snafu_json_equals(&key, "arguments") && value.type == SNAFU_JSON_ARRAY)
			code = read_arguments(request, reader, &file, error);
		else
			code = snafu_json_skip(reader, &value, error);
		if (code)
			return code;
	}
	if (!more && file.path && request->n_files < FILES_CAP)
		request->files[request->n_files++] = file;
	return more;
}

static int read_request(const char *text, size_t size, struct request *request,
                        struct snafu_error *error)
{
	struct snafu_json_reader reader;
	struct snafu_json_value key, value;
	int64_t number;

	snafu_json_begin(&reader, text, size);
	int more = snafu_json_read(&reader, &value, error);
	if (more || value.type != SNAFU_JSON_OBJECT)
		return more ? more : snafu_fail(error, -EINVAL, "the request is no JSON object");
	while ((more = snafu_json_next_member(&reader, &key, &value, error)) > 0) {
		int code = 0;

		if (snafu_json_equals(&key, "seconds") && value.type == SNAFU_JSON_INTEGER) {
			if (snafu_json_int64(&value, &number) == 0 && number > 0 && number < 3600)
				request->seconds = (unsigned)number;
		} else if (snafu_json_equals(&key, "resources") && value.type == SNAFU_JSON_STRING) {
			request->resources = copy_string(request, &value);
		} else if (snafu_json_equals(&key, "files") && value.type == SNAFU_JSON_ARRAY) {
			while (!code && (more = snafu_json_next_element(&reader, &value, error)) > 0)
				code = value.type == SNAFU_JSON_OBJECT
				           ? read_file(request, &reader, error)
				           : snafu_fail(error, -EINVAL, "a file is no JSON object");
			code = code ? code : more;
		} else {
			code = snafu_json_skip(&reader, &value, error);
		}
		if (code)
			return code;
	}
	return more;
}

static int read_input(struct snafu_buffer *into, struct snafu_error *error)
{
	for (;;) {
		char bytes[65536];
		ssize_t got = read(0, bytes, sizeof bytes);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return snafu_fail_errno(error, -errno, "cannot read the request");
		if (got == 0)
			return 0;
		if (snafu_buffer_append(into, bytes, (size_t)got))
			return snafu_fail(error, -EMSGSIZE, "the request is larger than %u bytes", REQUEST_CAP);
	}
}

/* ---- clang's own headers -------------------------------------------------------- */

static bool has_headers(const char *resources)
{
	char *header = resources && *resources ? snafu_path_join(resources, "include/stddef.h") : NULL;
	bool has = header && access(header, R_OK) == 0;

	free(header);
	return has;
}

/* The newest PREFIX/lib/clang/VERSION below /usr/lib/llvm-*: its headers fit any
 * libclang well enough. */
static const char *search_resources(struct snafu_arena *arena)
{
	const char *found = NULL;

	for (int version = 30; version >= 3 && !found; version--) {
		const char *folder = snafu_arena_format(arena, "/usr/lib/llvm-%d/lib/clang", version);
		DIR *entries = folder ? opendir(folder) : NULL;
		struct dirent *entry;

		while (entries && (entry = readdir(entries)) && !found) {
			const char *path = snafu_arena_format(arena, "%s/%s", folder, entry->d_name);

			if (entry->d_name[0] != '.' && has_headers(path))
				found = path;
		}
		if (entries)
			closedir(entries);
	}
	return found;
}

static const char *find_resources(struct request *request)
{
	if (has_headers(request->resources))
		return request->resources;
	if (has_headers(SNAFU_CLANG_RESOURCES))
		return SNAFU_CLANG_RESOURCES;
	return search_resources(&request->arena);
}

/* ---- parsing -------------------------------------------------------------------- */

/* Hands what is gathered to the parent: what follows may end this process. */
static int flush(struct snafu_buffer *out)
{
	int code = snafu_buffer_failed(out);

	for (size_t at = 0; at < out->size;) {
		ssize_t put = write(1, out->data + at, out->size - at);

		if (put < 0 && errno != EINTR)
			return -errno;
		at += put > 0 ? (size_t)put : 0;
	}
	snafu_buffer_clear(out);
	return code;
}

static void write_diagnostic(struct snafu_buffer *out, bool fatal, const char *file, unsigned line,
                             const char *message)
{
	snafu_buffer_format(out, "{\"diagnostic\":{\"severity\":\"%s\",\"line\":%u",
	                    fatal ? "error" : "warning", line);
	if (file) {
		snafu_buffer_append_text(out, ",\"file\":");
		snafu_json_write_text(out, file);
	}
	snafu_buffer_append_text(out, ",\"message\":");
	snafu_json_write_text(out, message);
	snafu_buffer_append_text(out, "}}\n");
}

static bool is_missing_header(const char *message)
{
	return strstr(message, "file not found") != NULL;
}

/* Writes an error, each once in the life of this process: headers are read many
 * times. ONLY_MISSING: no other than headers that are missing. Returns whether it
 * was written. */
static bool report_diagnostic(struct helper_unit *unit, CXDiagnostic diagnostic, bool only_missing,
                              struct helper_names *reported)
{
	CXString text = clang_getDiagnosticSpelling(diagnostic);
	const char *message = clang_getCString(text), *hint = "";
	char *longer = NULL, *key = NULL;
	bool written = false;
	CXFile file;
	unsigned line;

	clang_getExpansionLocation(clang_getDiagnosticLocation(diagnostic), &file, &line, NULL, NULL);
	CXString name = clang_getFileName(file);
	const char *path = file ? clang_getCString(name) : unit->file->path;
	if (is_missing_header(message))
		hint = ": give the folder that has it with -I";
	if ((!only_missing || *hint) && asprintf(&longer, "%s%s", message, hint) >= 0 &&
	    asprintf(&key, "%s:%u", path, line) >= 0 && helper_names_add(reported, key)) {
		write_diagnostic(unit->out, unit->n_functions == 0, path, line, longer);
		written = true;
	}
	free(longer);
	free(key);
	clang_disposeString(text);
	clang_disposeString(name);
	return written;
}

static bool misses_headers(CXTranslationUnit unit, unsigned count)
{
	bool misses = false;

	for (unsigned i = 0; i < count && !misses; i++) {
		CXDiagnostic diagnostic = clang_getDiagnostic(unit, i);
		CXString text = clang_getDiagnosticSpelling(diagnostic);

		misses = is_missing_header(clang_getCString(text));
		clang_disposeString(text);
		clang_disposeDiagnostic(diagnostic);
	}
	return misses;
}

static void report_diagnostics(struct helper_unit *unit, struct helper_names *reported)
{
	unsigned count = clang_getNumDiagnostics(unit->unit), written = 0;
	/* Most errors behind a missing header follow from that. */
	bool missing = misses_headers(unit->unit, count);
	unsigned cap = missing ? FOLLOWING_CAP : HELPER_DIAGNOSTICS_CAP;

	for (unsigned i = 0; i < count && (missing || written < cap); i++) {
		CXDiagnostic diagnostic = clang_getDiagnostic(unit->unit, i);

		if (clang_getDiagnosticSeverity(diagnostic) >= CXDiagnostic_Error)
			written += report_diagnostic(unit, diagnostic, written >= cap, reported);
		clang_disposeDiagnostic(diagnostic);
	}
}

static void parse(CXIndex index, const struct helper_file *file, const char *resources,
                  struct helper_names *reported, struct snafu_buffer *out)
{
	/* At its limit of errors clang would stop reading; the time and memory that many
	 * errors take are limited above. */
	const char *arguments[ARGUMENTS_CAP + 8] = {"-x", "c", "-w", "-ferror-limit=0"};
	struct helper_unit unit = {.file = file, .out = out};
	int count = 4;

	if (resources) {
		arguments[count++] = "-resource-dir";
		arguments[count++] = resources;
	}
	for (int i = 0; i < file->n_arguments; i++)
		arguments[count++] = file->arguments[i];
	enum CXErrorCode code =
		clang_parseTranslationUnit2(index, file->path, arguments, count, NULL, 0,
	                                CXTranslationUnit_SkipFunctionBodies |
	                                    CXTranslationUnit_KeepGoing,
	                                &unit.unit);
	if (code != CXError_Success) {
		write_diagnostic(out, true, NULL, 0,
		                 code == CXError_Crashed ? "clang's parser crashed on this file"
		                                         : "clang cannot parse this file with these flags");
		return;
	}
	unit.main = clang_getFile(unit.unit, file->path);
	if (!resources)
		write_diagnostic(out, false, NULL, 0,
		                 "clang's own headers (stddef.h) are missing: "
		                 "install libclang-common-14-dev");
	if (unit.main)
		helper_list_functions(index, &unit);
	report_diagnostics(&unit, reported);
	clang_disposeTranslationUnit(unit.unit);
	helper_names_done(&unit.external);
	helper_names_done(&unit.defined);
	helper_names_done(&unit.listed);
	free(unit.parts);
}

/* Ends this process by SIGPROF or SIGALRM when the time is over; 0: no limit. */
static void set_time_limit(unsigned seconds)
{
	const struct itimerval limit = {.it_value.tv_sec = seconds};

	setitimer(ITIMER_PROF, &limit, NULL);
	alarm(WALL_FACTOR * seconds);
}

static int run(struct request *request)
{
	const char *resources = find_resources(request);
	CXIndex index = clang_createIndex(0, 0);
	struct snafu_buffer out = SNAFU_BUFFER(OUTPUT_CAP);
	struct helper_names reported = {.count = 0};
	int code = 0;

	for (size_t i = 0; i < request->n_files && !code; i++) {
		snafu_buffer_format(&out, "{\"begin\":%zu}\n", i);
		code = flush(&out);
		if (code)
			break;
		set_time_limit(request->seconds);
		parse(index, &request->files[i], resources, &reported, &out);
		set_time_limit(0);
		snafu_buffer_format(&out, "{\"end\":%zu}\n", i);
		code = flush(&out);
	}
	clang_disposeIndex(index);
	helper_names_done(&reported);
	snafu_buffer_done(&out);
	return code;
}

static void limit_self(void)
{
	struct rlimit none = {0, 0}, memory = {MEMORY_CAP, MEMORY_CAP};

	setrlimit(RLIMIT_CORE, &none);
#ifndef SNAFU_SANITIZED /* sanitizers reserve terabytes of addresses */
	setrlimit(RLIMIT_AS, &memory);
#else
	(void)memory;
#endif
	/* A crash shall be one, with its signal: the parent goes on without the file. */
	setenv("LIBCLANG_DISABLE_CRASH_RECOVERY", "1", 1);
	/* No compiler run behind our back, and no flags from the environment. */
	unsetenv("CCC_OVERRIDE_OPTIONS");
	unsetenv("CPATH");
}

int main(void)
{
	struct snafu_buffer input = SNAFU_BUFFER(REQUEST_CAP);
	struct request *request = calloc(1, sizeof *request);
	struct snafu_error error = {0};

	if (!request)
		return 1;
	request->seconds = SECONDS_DEFAULT;
	limit_self();
	int code = read_input(&input, &error);
	if (!code)
		code = read_request(input.data ? input.data : "", input.size, request, &error);
	if (code)
		fprintf(stderr, "scan-c: %s\n", error.message);
	else
		code = run(request);
	snafu_buffer_done(&input);
	snafu_arena_done(&request->arena);
	free(request);
	return code != 0;
}
