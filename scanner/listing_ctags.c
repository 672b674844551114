/* scanner/listing_ctags.c — a tags file (format 2, as tags(5) of
 * universal-ctags describes it) for editors: vim, readtags and the like.
 *
 * Lines are sorted by their bytes, so that readers may search by halves. Tabs,
 * newlines and backslashes in values are escaped. */
#include "scanner/listing.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/file.h"
#include "scanner/function.h"

static int compare(const void *left, const void *right)
{
	const struct snafu_function *a = *(const struct snafu_function *const *)left;
	const struct snafu_function *b = *(const struct snafu_function *const *)right;
	int order = strcmp(a->name, b->name);

	if (!order)
		order = strcmp(a->file, b->file);
	if (!order && a->line != b->line) {
		char a_line[16], b_line[16]; /* the tag's address is sorted as text: 10 before 9 */

		snprintf(a_line, sizeof a_line, "%u;", a->line ? a->line : 1);
		snprintf(b_line, sizeof b_line, "%u;", b->line ? b->line : 1);
		order = strcmp(a_line, b_line);
	}
	return order ? order : (a > b) - (a < b);
}

static void append_value(struct snafu_buffer *line, const char *text, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		unsigned char byte = (unsigned char)text[i];

		if (byte == '\\')
			snafu_buffer_append_text(line, "\\\\");
		else if (byte == '\t')
			snafu_buffer_append_text(line, "\\t");
		else if (byte == '\n')
			snafu_buffer_append_text(line, "\\n");
		else if (byte == '\r')
			snafu_buffer_append_text(line, "\\r");
		else if (byte < 0x20 || byte == 0x7F)
			snafu_buffer_format(line, "\\x%02X", byte);
		else
			snafu_buffer_append_byte(line, (char)byte);
	}
}

static const char *language_name(const struct snafu_function *function)
{
	static const char *const names[][2] = {
		{"c", "C"},
		{"java", "Java"},
		{"python", "Python"},
		{"python2", "Python"},
	};

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (strcmp(names[i][0], function->language) == 0)
			return names[i][1];
	return function->language;
}

/* How many bytes of the id name the module that FILE is, with the dot behind
 * it: a.b.Class.method in a/b.py below the root. */
static size_t module_size(const struct snafu_function *function)
{
	const char *path = function->file, *id = function->id;
	size_t root = function->root ? strlen(function->root) : 0;

	if (strncmp(function->language, "python", 6) != 0)
		return 0;
	if (root && strncmp(path, function->root, root) == 0 && path[root] == '/')
		path += root + 1;
	else
		path = snafu_path_base(path);
	size_t i = 0;
	while (path[i] && path[i] != '.' && (path[i] == id[i] || (path[i] == '/' && id[i] == '.')))
		i++;
	if (id[i] == '.' && (path[i] == '.' || !path[i]))
		return i + 1;
	/* A package is named by its folder: pkg/__init__.py */
	if (i > 0 && id[i - 1] == '.' && strncmp(path + i, "__init__.", 9) == 0)
		return i;
	const char *dot = strchr(id, '.');
	return dot ? (size_t)(dot - id) + 1 : 0;
}

/* The class or function that FUNCTION stands in. */
static void append_scope(struct snafu_buffer *line, const struct snafu_function *function)
{
	size_t begin = module_size(function), end = strlen(function->id) - strlen(function->name);

	if (function->kind == SNAFU_FUNCTION || end <= begin + 1)
		return;
	snafu_buffer_append_text(line,
	                         function->kind == SNAFU_NESTED_FUNCTION ? "\tfunction:" : "\tclass:");
	append_value(line, function->id + begin, end - 1 - begin);
}

static void append_signature(struct snafu_buffer *line, struct snafu_buffer *scratch,
                             const struct snafu_function *function)
{
	bool type_first = strncmp(function->language, "python", 6) != 0;
	size_t before = strlen(function->name), after = 0;

	snafu_buffer_clear(scratch);
	snafu_function_signature(function, scratch);
	if (snafu_buffer_failed(scratch))
		return;
	if (function->returns && type_first)
		before += strlen(function->returns) + 1;
	else if (function->returns)
		after = strlen(function->returns) + strlen(" -> ");
	if (before + after > scratch->size)
		return;
	for (size_t i = 0; i < scratch->size; i++)
		if (strchr("\n\t\r", scratch->data[i]))
			scratch->data[i] = ' ';
	snafu_buffer_append_text(line, "\tsignature:");
	append_value(line, scratch->data + before, scratch->size - before - after);
	if (function->returns) {
		snafu_buffer_append_text(line, "\ttyperef:typename:");
		append_value(line, function->returns, strlen(function->returns));
	}
}

static void append_tag(struct snafu_buffer *line, struct snafu_buffer *scratch,
                       const struct snafu_function *function)
{
	bool stands_alone = function->kind == SNAFU_FUNCTION || function->kind == SNAFU_NESTED_FUNCTION;
	unsigned number = function->line ? function->line : 1;

	append_value(line, function->name, strlen(function->name));
	snafu_buffer_append_byte(line, '\t');
	append_value(line, function->file, strlen(function->file));
	snafu_buffer_format(line, "\t%u;\"\t%c\tline:%u\tlanguage:%s", number, stands_alone ? 'f' : 'm',
	                    number, language_name(function));
	append_scope(line, function);
	append_signature(line, scratch, function);
	snafu_buffer_append_byte(line, '\n');
}

static int write_ctags(const struct snafu_functions *functions, FILE *out,
                       struct snafu_error *error)
{
	struct snafu_buffer line = SNAFU_BUFFER(SNAFU_LISTING_ENTRY_CAP);
	struct snafu_buffer scratch = SNAFU_BUFFER(SNAFU_LISTING_ENTRY_CAP);
	const struct snafu_function **sorted = calloc(functions->count + 1, sizeof *sorted);
	int code = 0;

	if (!sorted)
		return snafu_fail_errno(error, -ENOMEM, "cannot sort the tags");
	for (size_t i = 0; i < functions->count; i++)
		sorted[i] = &functions->functions[i];
	qsort(sorted, functions->count, sizeof *sorted, compare);
	snafu_buffer_append_text(&line, "!_TAG_FILE_FORMAT\t2\t/extended format/\n"
	                                "!_TAG_FILE_SORTED\t1\t/0=unsorted, 1=sorted, 2=foldcase/\n"
	                                "!_TAG_OUTPUT_MODE\tu-ctags\t/u-ctags or e-ctags/\n"
	                                "!_TAG_PROGRAM_NAME\tsnafu-scan\t//\n"
	                                "!_TAG_PROGRAM_VERSION\t" SNAFU_VERSION "\t//\n");
	for (size_t i = 0; !code; i++) {
		code = snafu_buffer_failed(&line);
		if (!code && fwrite_unlocked(line.data, 1, line.size, out) != line.size)
			code = -errno;
		snafu_buffer_clear(&line);
		if (i == functions->count)
			break;
		append_tag(&line, &scratch, sorted[i]);
	}
	if (!code && fflush(out))
		code = -errno;
	free(sorted);
	snafu_buffer_done(&line);
	snafu_buffer_done(&scratch);
	return code ? snafu_fail_errno(error, code, "cannot write the tags") : 0;
}

const struct snafu_listing snafu_listing_ctags = {.name = "ctags", .write = write_ctags};
