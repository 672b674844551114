/* scanner/java.c — the Java scanner: source (.java) and compiled code (.class,
 * .jar). It sorts the files given to their readers and makes their bytes fit:
 * UTF-8, no byte order mark, no NULs. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/file.h"
#include "base/parts.h"
#include "base/utf8.h"
#include "scanner/java_class.h"
#include "scanner/java_model.h"
#include "scanner/java_tree.h"
#include "scanner/scanner.h"

#define SOURCE_BUDGET_FACTOR 64 /* memory that source may take, by its size: see java_model.h */

/* What is kept from file to file. */
struct reading {
	struct snafu_java_unit unit;
	struct snafu_java_tree *tree; /* made for the first source file */
	struct snafu_functions *functions;
	struct snafu_error *error;
};

/* ---- the bytes of source ------------------------------------------------- */

/* A malloc'ed copy of Latin-1 text (or of UTF-8 text, when KEEP) with spaces for
 * NULs. */
static char *converted(const char *text, size_t size, bool keep, size_t *ret_size)
{
	char *copy = malloc(size * 2 + 1), *put = copy;

	for (size_t i = 0; copy && i < size; i++) {
		unsigned char byte = (unsigned char)text[i];

		if (byte < 0x80 || keep) {
			*put++ = byte ? (char)byte : ' ';
		} else {
			put += snafu_utf8_put(put, byte);
		}
	}
	if (copy) {
		*put = '\0';
		*ret_size = (size_t)(put - copy);
	}
	return copy;
}

/* Whether so many NULs cannot be an accident. */
static bool is_binary(const char *text, size_t size)
{
	size_t nuls = 0;

	for (const char *at = text; (at = memchr(at, '\0', (size_t)(text + size - at))); at++)
		nuls++;
	return nuls > 8 + size / 4096;
}

/* ---- files --------------------------------------------------------------- */

/* The folder above the package's: where the compiler and class loaders look.
 * FALLBACK when the folders do not spell the package. */
static const char *find_root(struct snafu_java_unit *unit, const char *path, const char *package,
                             const char *fallback)
{
	const char *base = snafu_path_base(path);
	size_t end = (size_t)(base - path), size = strlen(package);

	while (size) {
		size_t start = size;

		while (start && package[start - 1] != '.')
			start--;
		size_t name_size = size - start;
		if (end < name_size + 1 || path[end - 1] != '/' ||
		    memcmp(path + end - 1 - name_size, package + start, name_size) != 0 ||
		    (end > name_size + 1 && path[end - 2 - name_size] != '/'))
			return snafu_java_unit_copy(unit, fallback, strlen(fallback));
		end -= name_size + 1;
		size = start ? start - 1 : 0;
	}
	if (!end)
		return ".";
	return snafu_java_unit_copy(unit, path, end > 1 ? end - 1 : end);
}

static int read_text(struct reading *reading, const struct snafu_source *source, const char *text,
                     size_t size)
{
	struct snafu_java_unit *unit = &reading->unit;
	int code;

	snafu_java_unit_begin(unit, reading->functions);
	unit->file = snafu_java_unit_copy(unit, source->path, strlen(source->path));
	unit->budget = SOURCE_BUDGET_FACTOR * size + (1u << 20);
	code = snafu_java_tree_read(reading->tree, unit, text, size, source->module);
	if (code)
		return snafu_fail(reading->error, code, "no memory to read %s", source->path);
	if (unit->n_members)
		unit->root = find_root(unit, unit->file, unit->package, source->root);
	if (snafu_java_unit_emit(unit))
		return snafu_fail(reading->error, -ENOMEM, "no memory to read %s", source->path);
	return 0;
}

static int read_source(struct reading *reading, const struct snafu_source *source)
{
	const char *text = source->text;
	size_t size = source->size;

	if (!reading->tree && !(reading->tree = snafu_java_tree_new(reading->error)))
		return -ENOMEM;
	if (size >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0) {
		text += 3;
		size -= 3;
	}
	bool utf8 = snafu_utf8_is_valid(text, size);
	bool nuls = memchr(text, '\0', size) != NULL;
	if (nuls && is_binary(text, size)) {
		snafu_functions_diagnose(reading->functions, SNAFU_ERROR, source->path, 0,
		                         "binary, or UTF-16: Java source must be UTF-8");
		return 0;
	}
	if (utf8 && !nuls)
		return read_text(reading, source, text, size);
	if (!utf8)
		snafu_functions_diagnose(reading->functions, SNAFU_NOTE, source->path, 0,
		                         "not UTF-8: read as Latin-1");
	char *copy = converted(text, size, utf8, &size);
	if (!copy)
		return snafu_fail(reading->error, -ENOMEM, "no memory to read %s", source->path);
	int code = read_text(reading, source, copy, size);
	free(copy);
	return code;
}

static int no_memory(struct reading *reading, const struct snafu_source *source)
{
	return snafu_fail(reading->error, -ENOMEM, "no memory to read %s", source->path);
}

/* The class files among the sources make one unit, so that they know each other. */
static int read_classes(struct reading *reading, const struct snafu_source *sources, size_t count)
{
	struct snafu_java_unit *unit = &reading->unit;

	snafu_java_unit_begin(unit, reading->functions);
	for (size_t i = 0; i < count && !unit->out_of_memory; i++) {
		const struct snafu_source *source = &sources[i];

		if (!snafu_path_has_suffix(source->path, ".class"))
			continue;
		size_t n_types = unit->n_types;
		unit->file = snafu_java_unit_copy(unit, source->path, strlen(source->path));
		unit->budget += strlen(source->path) * 2 + strlen(source->root);
		const char *problem = snafu_java_class_read(unit, source->text, source->size, unit->file);
		if (problem)
			snafu_functions_diagnose(reading->functions, SNAFU_ERROR, source->path, 0,
			                         "not a usable class file: %s", problem);
		else if (unit->n_types > n_types)
			unit->types[n_types]->root =
				find_root(unit, unit->file, unit->types[n_types]->package, source->root);
	}
	if (!unit->n_types)
		return unit->out_of_memory ? no_memory(reading, sources) : 0;
	return snafu_java_unit_emit(unit) ? no_memory(reading, sources) : 0;
}

static int read_jar(struct reading *reading, const struct snafu_source *source)
{
	struct snafu_java_unit *unit = &reading->unit;
	struct snafu_error error;
	void *reader;

	if (snafu_part_open("read", "jar", SNAFU_JAR_SYMBOL, 0, &reader, &error)) {
		snafu_functions_diagnose(reading->functions, SNAFU_ERROR, source->path, 0, "%s",
		                         error.message);
		return 0;
	}
	snafu_java_unit_begin(unit, reading->functions);
	unit->file = snafu_java_unit_copy(unit, source->path, strlen(source->path));
	unit->jar = unit->root = unit->file; /* the jar is where its classes resolve from */
	if (((snafu_java_jar_reader *)reader)(unit, source->text, source->size, source->path) ||
	    snafu_java_unit_emit(unit))
		return no_memory(reading, source);
	return 0;
}

static int read_file(struct reading *reading, const struct snafu_source *source)
{
	if (snafu_path_has_suffix(source->path, ".class"))
		return 0; /* see read_classes() */
	if (snafu_path_has_suffix(source->path, ".jar"))
		return read_jar(reading, source);
	return read_source(reading, source);
}

static int scan(const struct snafu_source *sources, size_t count,
                const struct snafu_scan_options *options, struct snafu_functions *ret,
                struct snafu_error *error)
{
	struct reading reading = {.functions = ret, .error = error};
	int code = 0;

	(void)options;
	for (size_t i = 0; i < count && !code; i++)
		code = read_file(&reading, &sources[i]);
	if (!code)
		code = read_classes(&reading, sources, count);
	snafu_java_unit_done(&reading.unit);
	snafu_java_tree_free(reading.tree);
	return code;
}

static const char *const suffixes[] = {".java", ".class", ".jar", NULL};
/* Beside source they are what was made of it, or what it needs. */
static const char *const secondary_suffixes[] = {".class", ".jar", NULL};

extern const struct snafu_scanner snafu_scanner_java;
const struct snafu_scanner snafu_scanner_java = {
	.version = SNAFU_SCANNER_VERSION,
	.name = "java",
	.suffixes = suffixes,
	.secondary_suffixes = secondary_suffixes,
	.scan = scan,
	.batch = 64,
};
