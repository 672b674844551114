/* scanner/python.c — the Python scanner, for Python 2 and 3.
 *
 * A file goes through these steps, each in files of its own:
 *   python_text        bytes → UTF-8 lines
 *   python_skim        lines → outline: definitions, blocks, and a short text of headers
 *   python_signature   headers → parameters and decorators, through tree-sitter
 *   python_names       which definition of a name wins
 *   python_types       annotations → shapes
 *   python_doc         docstrings
 *   python_describe    all of that → function descriptors
 * Here they are called in turn, and what is wrong with the file is told. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "scanner/python_describe.h"
#include "scanner/python_text.h"
#include "scanner/scanner.h"

#define BATCH 32 /* files for which one parser and one set of buffers are used */

struct scan {
	struct python_reader *reader;
	struct python_text text;
	struct python_outline outline;
	struct snafu_buffer work[2];
	struct snafu_functions *ret;
};

static unsigned line_at(const struct python_outline *outline, size_t offset)
{
	const char *at = outline->text, *end = outline->text + offset;
	unsigned line = 1;

	while (at < end && (at = memchr(at, '\n', (size_t)(end - at)))) {
		line++;
		at++;
	}
	return line;
}

/* Python 3 alone has some of it, so what Python 2 alone has is an error in it. */
static bool is_python2(struct python_outline *outline)
{
	if (!outline->python2)
		return false;
	if (!outline->python3)
		return true;
	snafu_python_break(outline, outline->python2_owner, outline->python2 - 1,
	                   "this is Python 2 syntax in a file that also has Python 3 syntax");
	return false;
}

static bool names_python2(const char *text, size_t size)
{
	const char *newline = memchr(text, '\n', size);
	size_t first = newline ? (size_t)(newline - text) : size;

	return size > 2 && text[0] == '#' && text[1] == '!' && memmem(text, first, "python2", 7);
}

static int compare_problems(const void *a, const void *b)
{
	const struct python_problem *one = a, *other = b;

	return one->at < other->at ? -1 : one->at > other->at;
}

static void tell_problems(struct scan *scan, const struct snafu_source *source)
{
	struct python_outline *outline = &scan->outline;

	qsort(outline->problems, outline->n_problems, sizeof *outline->problems, compare_problems);

	if (scan->text.problem)
		snafu_functions_diagnose(scan->ret, SNAFU_WARNING, source->path, 0, "%s",
		                         scan->text.problem);
	for (size_t i = 0; i < outline->n_problems; i++)
		snafu_functions_diagnose(scan->ret, SNAFU_WARNING, source->path,
		                         line_at(outline, outline->problems[i].at), "syntax error: %s",
		                         outline->problems[i].what);
	if (outline->n_problems == PYTHON_PROBLEMS_CAP)
		snafu_functions_diagnose(scan->ret, SNAFU_NOTE, source->path, 0,
		                         "further syntax errors of this file are not listed");
	if (outline->truncated)
		snafu_functions_diagnose(scan->ret, SNAFU_WARNING, source->path, 0,
		                         "more than %d functions and classes: the rest is left out",
		                         PYTHON_DEFINITIONS_CAP);
}

static int describe(struct scan *scan, const struct snafu_source *source,
                    struct python_signature *signatures)
{
	struct python_description description = {
		.source = source,
		.outline = &scan->outline,
		.signatures = signatures,
		.work = scan->work,
		.ret = scan->ret,
	};
	int code =
		snafu_python_read_signatures(scan->reader, &scan->outline, &scan->ret->arena, signatures);

	description.python2 = is_python2(&scan->outline);
	if (code == 0)
		code = snafu_python_names_begin(&scan->outline, signatures, &scan->ret->arena,
		                                &description.names);
	if (code == 0)
		code = snafu_python_types_begin(&description.names, &scan->ret->arena, &description.types);
	if (code == 0)
		code = snafu_python_describe(&description);
	snafu_python_types_done(&description.types);
	snafu_python_names_done(&description.names);
	return code;
}

static int scan_file(struct scan *scan, const struct snafu_source *source)
{
	int code = snafu_python_decode(source->text, source->size, &scan->text);

	if (code == -EILSEQ) {
		snafu_functions_diagnose(scan->ret, SNAFU_ERROR, source->path, 0, "%s", scan->text.problem);
		return 0;
	}
	if (code == 0)
		code = snafu_python_skim(scan->text.bytes, scan->text.size, &scan->outline);
	if (code)
		return code;
	if (names_python2(scan->text.bytes, scan->text.size) && !scan->outline.python2)
		scan->outline.python2 = 1;
	struct python_signature *signatures =
		calloc(scan->outline.n_definitions + 1, sizeof *signatures);
	if (!signatures)
		return -ENOMEM;
	code = describe(scan, source, signatures);
	free(signatures);
	if (code == 0)
		tell_problems(scan, source);
	return code;
}

static int scan(const struct snafu_source *sources, size_t count,
                const struct snafu_scan_options *options, struct snafu_functions *ret,
                struct snafu_error *error)
{
	struct scan scan = {.ret = ret};
	int code;

	(void)options;
	scan.reader = snafu_python_reader_new(&code);
	if (!scan.reader)
		return snafu_fail(error, code, "the Python grammar cannot be used: %s",
		                  code == -ENOMEM ? "memory is out"
		                                  : "it does not fit the installed tree-sitter library");
	code = 0;
	for (size_t i = 0; i < count && code == 0; i++)
		code = scan_file(&scan, &sources[i]);
	snafu_python_reader_free(scan.reader);
	snafu_python_outline_done(&scan.outline);
	snafu_python_text_done(&scan.text);
	snafu_buffer_done(&scan.work[0]);
	snafu_buffer_done(&scan.work[1]);
	return code ? snafu_fail(error, code, "memory is out while Python files are scanned") : 0;
}

static bool claims(const char *head, size_t size)
{
	const char *newline = memchr(head, '\n', size);
	size_t first = newline ? (size_t)(newline - head) : size;

	return size > 2 && head[0] == '#' && head[1] == '!' && memmem(head, first, "python", 6);
}

extern const struct snafu_scanner snafu_scanner_python;
static const char *const suffixes[] = {".py", ".pyw", NULL};
const struct snafu_scanner snafu_scanner_python = {
	.version = SNAFU_SCANNER_VERSION,
	.name = "python",
	.suffixes = suffixes,
	.claims = claims,
	.scan = scan,
	.batch = BATCH,
	.package_file = "__init__.py",
};
