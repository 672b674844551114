/* convert/project/c.c — the C sources as libraries, one for the files of each folder: compiled
 * for real, so that what does not compile is known. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/file.h"
#include "convert/project/make.h"
#include "convert/project/state.h"
#include "langs/c_elf.h"

#define MESSAGES_CAP  (4u << 20) /* bytes of what the compiler says */
#define SOURCE_CAP    (32u << 20)
#define LIBRARIES_CAP 10000

/* ---- Python's own interface ------------------------------------------------------------- */

static const char *const python_names[] = {
	"Py_InitModule", "PyString_",          "PyInt_",         "PyClass_",
	"PyFile_",       "PyCObject_",         "Py_FindMethod",  "staticforward",
	"DL_EXPORT",     "PyUnicode_GET_SIZE", "_Py_HashSecret",
};

/* An extension of Python's is no library to be called from outside: setup.py builds it. Notes what
 * Python 3 has not any more. */
static int note_extension(struct project *project, struct project_file *file, char *text)
{
	bool seen[sizeof python_names / sizeof *python_names] = {false};
	unsigned number = 1;
	int code = project_note(project, file, 0, "extension",
	                        "an extension of Python's: setup.py builds it, and Snafu calls what "
	                        "Python code calls of it");

	for (char *line = text, *end; !code && line; line = end, number++) {
		end = strchr(line, '\n');
		if (end)
			*end++ = '\0';
		for (size_t i = 0; !code && i < sizeof python_names / sizeof *python_names; i++) {
			char words[96];

			if (seen[i] || !strstr(line, python_names[i]))
				continue;
			seen[i] = true;
			snprintf(words, sizeof words, "%s... is gone from Python's C interface",
			         python_names[i]);
			code = project_note(project, file, number, "extension", words);
		}
	}
	return code;
}

/* Whether FILE is to be compiled. */
static int judge(struct project *project, struct project_file *file, bool *ret_is_source)
{
	char *text;
	size_t size;
	int code = 0;

	*ret_is_source = false;
	if (!file->language || strcmp(file->language, "c") != 0 || file->link ||
	    !snafu_path_has_suffix(file->path, ".c"))
		return 0;
	if (snafu_file_read(file->place, SOURCE_CAP, &text, &size, NULL))
		return 0;
	if (strstr(text, "<Python.h>") || strstr(text, "\"Python.h\"")) {
		code = note_extension(project, file, text);
	} else if (!project_make_can_name(file->to)) {
		file->fate = PROJECT_FAILED;
		file->why = "a name that make cannot take";
	} else {
		*ret_is_source = true;
	}
	free(text);
	return code;
}

/* ---- libraries -------------------------------------------------------------------------- */

/* The name of the library of FILE's folder, "a-b" for a/b. */
static const char *library_name(struct project *project, const struct project_file *file)
{
	size_t size = (size_t)(snafu_path_base(file->path) - file->path);
	char *name = size > 1 ? snafu_arena_copy(&project->arena, file->path, size - 1)
	                      : snafu_arena_string(&project->arena, project->name);

	for (char *at = name; at && *at; at++)
		if (*at == '/')
			*at = '-';
		else if (!strchr("._-+", *at) && !(*at >= '0' && *at <= '9') &&
		         !((*at | 32) >= 'a' && (*at | 32) <= 'z'))
			*at = '_';
	return name;
}

static struct project_library *library_of(struct project *project, const char *name)
{
	for (size_t i = 0; i < project->n_libraries; i++)
		if (strcmp(project->libraries[i].name, name) == 0)
			return &project->libraries[i];
	if (project->n_libraries >= LIBRARIES_CAP)
		return NULL;
	struct project_library *library = &project->libraries[project->n_libraries++];
	*library = (struct project_library){.name = name};
	library->files =
		snafu_arena_alloc(&project->arena, (project->count + 1) * sizeof *library->files);
	return library->files ? library : NULL;
}

/* Which files make which library. */
static int gather(struct project *project)
{
	project->libraries =
		snafu_arena_alloc(&project->arena,
	                      (project->count < LIBRARIES_CAP ? project->count + 1 : LIBRARIES_CAP) *
	                          sizeof *project->libraries);
	if (!project->libraries)
		return -ENOMEM;
	for (size_t i = 0; i < project->count; i++) {
		struct project_file *file = &project->files[i];
		bool is_source;
		int code = judge(project, file, &is_source);

		if (code)
			return code;
		if (!is_source)
			continue;
		const char *name = library_name(project, file);
		struct project_library *library = name ? library_of(project, name) : NULL;
		if (!library)
			return -ENOMEM;
		library->files[library->count++] = file;
	}
	return 0;
}

/* ---- what the compiler said ------------------------------------------------------------- */

#define MISSING ": No such file or directory"

/* Of "x.h: No such file or directory" where the code base has such a file: the folder that would
 * have to be given. NULL: it has none. */
static const char *find_header(struct project *project, const char *words)
{
	const char *end = strstr(words, MISSING);
	size_t size = end ? (size_t)(end - words) : 0;

	for (size_t i = 0; size && i < project->count; i++) {
		const char *path = project->files[i].path;
		size_t length = strlen(path);

		if (length > size && path[length - size - 1] == '/' &&
		    memcmp(path + length - size, words, size) == 0)
			return snafu_arena_copy(&project->arena, path, length - size - 1);
	}
	return NULL;
}

/* LINE as "src/a.c:3:10: fatal error: words": the line and the words. */
static void take_words(struct project *project, struct project_file *file, const char *line)
{
	size_t size = strlen(file->to);
	const char *words = strstr(line, "error: ");

	words = words ? words + strlen("error: ") : line;
	if (strncmp(line, file->to, size) == 0 && line[size] == ':')
		file->line = (unsigned)strtoul(line + size + 1, NULL, 10);
	const char *folder = find_header(project, words);
	file->why = folder ? snafu_arena_format(&project->arena, "%.*s (there is one: -I %s/%s)",
	                                        (int)strcspn(words, "\n"), words, project->base, folder)
	                   : snafu_arena_copy(&project->arena, words, strnlen(words, PROJECT_REASON));
}

/* "make: *** [Makefile:9: build/src/a.o] Error 1": the file whose object that is. */
static struct project_file *failed_file(const struct project *project, const char *line)
{
	const char *begin = strstr(line, PROJECT_BUILD "/" PROJECT_SOURCES "/");
	const char *end = begin ? strstr(begin, ".o]") : NULL;
	size_t skip = strlen(PROJECT_BUILD "/" PROJECT_SOURCES "/") + strlen(project->prefix);

	if (!end || (size_t)(end - begin) <= skip)
		return NULL;
	char *path;
	if (asprintf(&path, "%.*s.c", (int)(end - begin - (long)skip), begin + skip) < 0)
		return NULL;
	struct project_file *file = project_find(project, path);
	free(path);
	return file;
}

/* Of what make has said: which files failed, and why. */
static void take_messages(struct project *project, char *text)
{
	const char *first = NULL;

	for (char *line = text, *end; line; line = end) {
		end = strchr(line, '\n');
		if (end)
			*end++ = '\0';
		if (strncmp(line, "make", 4) == 0 && strstr(line, "***")) {
			struct project_file *file = failed_file(project, line);

			if (file) {
				file->fate = PROJECT_FAILED;
				take_words(project, file, first ? first : "the compiler failed");
			}
			first = NULL;
		} else if (!first && strstr(line, "error: ")) {
			first = line;
		}
	}
}

/* Those that have no object, whatever was said of them. */
static void drop_failed(struct project *project, struct project_library *library)
{
	size_t kept = 0;

	for (size_t i = 0; i < library->count; i++) {
		struct project_file *file = library->files[i];
		char *object = project_object(project, file);
		char *place = object ? snafu_mirror_path(&project->mirror, object) : NULL;
		bool there = place && access(place, F_OK) == 0;

		if (there && file->fate != PROJECT_FAILED) {
			library->files[kept++] = file;
		} else if (file->fate != PROJECT_FAILED) {
			file->fate = PROJECT_FAILED;
			file->why = "it was not compiled";
		}
		free(object);
		free(place);
	}
	library->count = kept;
}

/* ---- names that two files define -------------------------------------------------------- */

static bool clashes(struct snafu_c_symbols *one, const struct snafu_c_symbols *others, size_t count)
{
	for (size_t i = 0; i < count; i++)
		for (size_t j = 0; j < one->n_defined; j++)
			if (snafu_c_symbols_define(&others[i], one->defined[j]))
				return true;
	return false;
}

/* A file that defines what one before it in the folder does, as the tools of a folder of tools do,
 * gets a library of its own. */
static int split(struct project *project, struct project_library *library)
{
	struct snafu_c_symbols *symbols = calloc(library->count + 1, sizeof *symbols);
	size_t count = library->count, kept = 0;
	int code = symbols ? 0 : -ENOMEM;

	for (size_t i = 0; !code && i < count; i++) {
		struct project_file *file = library->files[i];
		char *object = project_object(project, file);
		char *place = object ? snafu_mirror_path(&project->mirror, object) : NULL;
		const char *base = snafu_path_base(file->path);

		if (place && snafu_c_symbols_read(place, &symbols[kept], NULL) == 0 &&
		    clashes(&symbols[kept], symbols, kept)) {
			const char *name = snafu_arena_format(&project->arena, "%s-%.*s", library->name,
			                                      (int)(strlen(base) - 2), base);
			struct project_library *own = name ? library_of(project, name) : NULL;

			snafu_c_symbols_done(&symbols[kept]);
			symbols[kept] = (struct snafu_c_symbols){0};
			if (own)
				own->files[own->count++] = file;
			else
				code = -ENOMEM;
		} else {
			library->files[kept++] = file;
		}
		free(object);
		free(place);
	}
	library->count = kept;
	for (size_t i = 0; symbols && i < kept; i++)
		snafu_c_symbols_done(&symbols[i]);
	free(symbols);
	return code;
}

/* ---- the whole -------------------------------------------------------------------------- */

static void check_libraries(struct project *project, char *said)
{
	size_t kept = 0;

	for (size_t i = 0; i < project->n_libraries; i++) {
		struct project_library *library = &project->libraries[i];
		char *path, *place;

		if (!library->count)
			continue;
		place = asprintf(&path, "lib/lib%s.so", library->name) < 0
		            ? NULL
		            : snafu_mirror_path(&project->mirror, path);
		library->built = place && access(place, F_OK) == 0;
		if (place)
			free(path);
		free(place);
		if (!library->built) {
			char *words = said ? strstr(said, "ld: ") : NULL;

			library->why = words ? snafu_arena_copy(&project->arena, words, strcspn(words, "\n"))
			                     : "it could not be linked";
			project_tell(project, "lib%s.so: %s", library->name, library->why);
		}
		project->libraries[kept++] = *library;
	}
	project->n_libraries = kept;
	project->summary->libraries = kept;
}

static int compile(struct project *project, struct snafu_error *error)
{
	struct snafu_buffer said = SNAFU_BUFFER(MESSAGES_CAP);
	int status, code = project_drop_stale(project, error);

	if (!code)
		code = project_make(project, "objects", &said, &status, error);
	if (!code && said.data)
		take_messages(project, said.data);
	snafu_buffer_done(&said);
	for (size_t i = 0, n = project->n_libraries; !code && i < n; i++) {
		drop_failed(project, &project->libraries[i]);
		if (split(project, &project->libraries[i]))
			code = snafu_fail(error, -ENOMEM, "no memory");
	}
	return code;
}

int project_build_c(struct project *project, struct snafu_error *error)
{
	struct snafu_buffer said = SNAFU_BUFFER(MESSAGES_CAP);
	int status, code = gather(project);

	if (code || !project->n_libraries)
		return code ? snafu_fail(error, code, "no memory") : 0;
	project_working(project, "compiling C");
	code = compile(project, error);
	if (!code)
		code = project_make(project, "libraries", &said, &status, error);
	if (!code)
		check_libraries(project, said.data);
	if (!code)
		project_tell_failed(project, "c");
	snafu_buffer_done(&said);
	return code;
}
