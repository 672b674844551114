/* tests/modules/scan-phrase.c — a scanner that somebody else might write, for a language
 * that Snafu has never heard of. A function of it is a line; the comment above is its
 * documentation:
 *
 *     # Greets somebody.
 *     greet(name, mark=!): Hello, {name}{mark}
 *
 * tests/e2e/modules.py compiles it with nothing but cc, and drops it in. */
#include <errno.h>
#include <string.h>

#include "base/arena.h"
#include "scanner/scanner.h"

#define PARAMETERS_CAP 16

static const char *const suffixes[] = {".phrase", NULL};

/* The parameters between the parentheses. */
static int read_parameters(struct snafu_arena *arena, const char *text, size_t size,
                           struct snafu_function *function)
{
	struct snafu_parameter *all = snafu_arena_alloc(arena, PARAMETERS_CAP * sizeof *all);
	const char *end = text + size;

	while (all && text < end && function->n_parameters < PARAMETERS_CAP) {
		text += strspn(text, " ");
		size_t word = strcspn(text, ",)"), name = strcspn(text, "=,)");
		struct snafu_parameter *one = &all[function->n_parameters++];

		*one = (struct snafu_parameter){
			.name = snafu_arena_copy(arena, text, name),
			.fallback =
				name < word ? snafu_arena_copy(arena, text + name + 1, word - name - 1) : NULL,
			.kind = SNAFU_PARAMETER_NORMAL,
			.shape = snafu_shape_plain(SNAFU_SHAPE_STRING),
		};
		text += word + 1;
	}
	function->parameters = all;
	return all ? 0 : -ENOMEM;
}

static int read_line(const struct snafu_source *source, const char *line, unsigned number,
                     const char *doc, struct snafu_functions *ret)
{
	const char *open = strpbrk(line, "(\n"), *close = open ? strpbrk(open, ")\n") : NULL;

	if (!open || !close || *open != '(' || close[0] != ')' || close[1] != ':') {
		snafu_functions_diagnose(ret, SNAFU_WARNING, source->path, number, "this is no phrase");
		return 0;
	}
	struct snafu_function *function = snafu_functions_add(ret);
	if (!function)
		return -ENOMEM;
	char *id = snafu_arena_format(&ret->arena, "%s.%.*s", source->module, (int)(open - line), line);
	function->id = id;
	function->name = id + strlen(source->module) + 1;
	function->language = "phrase";
	function->file = source->path;
	function->root = source->root;
	function->line = number;
	function->returns_shape = snafu_shape_plain(SNAFU_SHAPE_STRING);
	if (doc)
		function->doc = snafu_arena_copy(&ret->arena, doc, strcspn(doc, "\n"));
	return read_parameters(&ret->arena, open + 1, (size_t)(close - open - 1), function);
}

static int scan(const struct snafu_source *sources, size_t count,
                const struct snafu_scan_options *options, struct snafu_functions *ret,
                struct snafu_error *error)
{
	(void)options;
	(void)error;
	for (size_t i = 0; i < count; i++) {
		const char *doc = NULL;
		unsigned number = 0;

		for (const char *line = sources[i].text; *line;) {
			size_t size = strcspn(line, "\n");
			int code = 0;

			number++;
			if (size && line[0] != '#')
				code = read_line(&sources[i], line, number, doc, ret);
			if (code)
				return code;
			doc = line[0] == '#' ? line + 1 + strspn(line + 1, " ") : NULL;
			line += size + (line[size] == '\n');
		}
	}
	return 0;
}

static bool claims(const char *head, size_t size)
{
	return size > 8 && memcmp(head, "#!phrase", 8) == 0;
}

extern const struct snafu_scanner snafu_scanner;
const struct snafu_scanner snafu_scanner = {
	.version = SNAFU_SCANNER_VERSION,
	.name = "phrase",
	.suffixes = suffixes,
	.claims = claims,
	.scan = scan,
};
