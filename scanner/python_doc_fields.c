/* scanner/python_doc_fields.c — what a docstring says of each parameter. Three
 * habits of writing are known:
 *
 *     :param int n: how many        Sphinx; Epytext has @param n: how many
 *     Args:                         Google
 *         n (int): how many
 *     Parameters                    NumPy
 *     ----------
 *     n : int
 *         how many */
#include <errno.h>
#include <string.h>

#include "scanner/python_doc.h"

#define PARAMETER_DOC_CAP 4096 /* bytes of one parameter's words */
#define DOCUMENTED_CAP    200 /* parameters of one function that are looked for */
#define LINES_CAP         5000 /* of one docstring that are looked at */

struct line {
	const char *at, *end; /* without the blanks around it */
	size_t indent;
	const char *next;
};

struct finder {
	struct snafu_arena *arena;
	struct snafu_parameter *parameters;
	size_t n_parameters;
	struct snafu_buffer words;
	bool failed;
};

static struct line read_line(const char *text)
{
	struct line line = {.at = text, .end = strchrnul(text, '\n')};

	line.next = *line.end ? line.end + 1 : NULL;
	while (line.at < line.end && *line.at == ' ')
		line.at++;
	line.indent = (size_t)(line.at - text);
	while (line.end > line.at && (line.end[-1] == ' ' || line.end[-1] == '\r'))
		line.end--;
	return line;
}

static bool is_empty(const struct line *line)
{
	return line->at == line->end;
}

static struct snafu_parameter *find(struct finder *finder, const char *name, const char *end)
{
	while (name < end && (*name == '*' || *name == '\\' || *name == '`'))
		name++;
	while (end > name && (end[-1] == '`' || end[-1] == ' '))
		end--;
	for (size_t i = 0; i < finder->n_parameters; i++)
		if (strlen(finder->parameters[i].name) == (size_t)(end - name) &&
		    memcmp(finder->parameters[i].name, name, (size_t)(end - name)) == 0)
			return &finder->parameters[i];
	return NULL;
}

static void add_words(struct finder *finder, const char *at, const char *end)
{
	if (at == end || finder->words.size + (size_t)(end - at) >= PARAMETER_DOC_CAP)
		return;
	if (finder->words.size)
		snafu_buffer_append_byte(&finder->words, ' ');
	snafu_buffer_append(&finder->words, at, (size_t)(end - at));
}

static void set_doc(struct finder *finder, struct snafu_parameter *parameter)
{
	if (parameter && !parameter->doc && finder->words.size) {
		parameter->doc = snafu_arena_copy(finder->arena, finder->words.data, finder->words.size);
		finder->failed |= !parameter->doc;
	}
	snafu_buffer_clear(&finder->words);
}

/* Adds the lines below that are indented deeper than INDENT. Returns the first
 * line that is not. */
static const char *add_deeper(struct finder *finder, const char *next, size_t indent)
{
	while (next) {
		struct line line = read_line(next);

		if (is_empty(&line) || line.indent <= indent)
			break;
		add_words(finder, line.at, line.end);
		next = line.next;
	}
	return next;
}

/* `:param int n: how many`. Returns where to go on, NULL when LINE is no field. */
static const char *read_field(struct finder *finder, const struct line *line)
{
	static const char *const words[] = {"param ",   "parameter ", "arg ",  "argument ",
	                                    "keyword ", "key ",       "kwarg "};
	const char *at = line->at + 1;
	const char *colon = memchr(at, ':', (size_t)(line->end - at));

	if ((*line->at != ':' && *line->at != '@') || !colon)
		return NULL;
	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		size_t n = strlen(words[i]);

		if ((size_t)(colon - at) <= n || memcmp(at, words[i], n) != 0)
			continue;
		const char *name = colon;
		while (name > at + n && name[-1] != ' ')
			name--;
		const char *text = colon + 1;
		while (text < line->end && *text == ' ')
			text++;
		add_words(finder, text, line->end);
		const char *next = add_deeper(finder, line->next, line->indent);
		set_doc(finder, find(finder, name, colon));
		return next ? next : "";
	}
	return NULL;
}

static bool is_word(const struct line *line, const char *const *words, bool colon)
{
	size_t size = (size_t)(line->end - line->at);

	if (colon) {
		if (size == 0 || line->end[-1] != ':')
			return false;
		size--;
	}
	for (; *words; words++)
		if (strlen(*words) == size && strncasecmp(line->at, *words, size) == 0)
			return true;
	return false;
}

static const char *const section_words[] = {
	"args",         "arguments",         "parameters",       "params",
	"keyword args", "keyword arguments", "other parameters", NULL,
};

static const char *read_google(struct finder *finder, const char *next, size_t indent)
{
	size_t inner = 0;

	for (unsigned n = 0; next && *next && n < LINES_CAP; n++) {
		struct line line = read_line(next);

		if (is_empty(&line)) {
			next = line.next;
			continue;
		}
		if (line.indent <= indent || (inner && line.indent < inner))
			break;
		inner = line.indent;
		const char *name_end = line.at;
		while (name_end < line.end && !memchr(" (:", *name_end, 3))
			name_end++;
		const char *colon = name_end;
		for (int depth = 0; colon < line.end && (depth > 0 || *colon != ':'); colon++)
			depth += (*colon == '(') - (*colon == ')');
		if (colon < line.end) {
			const char *text = colon + 1;
			while (text < line.end && *text == ' ')
				text++;
			add_words(finder, text, line.end);
		}
		next = add_deeper(finder, line.next, line.indent);
		set_doc(finder, colon < line.end ? find(finder, line.at, name_end) : NULL);
	}
	return next;
}

static const char *read_numpy(struct finder *finder, const char *next, size_t indent)
{
	for (unsigned n = 0; next && *next && n < LINES_CAP; n++) {
		struct line line = read_line(next);

		if (is_empty(&line)) {
			next = line.next;
			continue;
		}
		struct line below = line.next ? read_line(line.next) : line;
		if (line.indent != indent ||
		    (below.at < below.end && strspn(below.at, "-") == (size_t)(below.end - below.at)))
			break;
		const char *names = line.at, *colon = memchr(names, ':', (size_t)(line.end - names));
		const char *names_end = colon ? colon : line.end;
		next = add_deeper(finder, line.next, line.indent);
		while (names < names_end) { /* x, y : float */
			const char *comma = memchr(names, ',', (size_t)(names_end - names));
			const char *end = comma ? comma : names_end;
			struct snafu_parameter *parameter = find(finder, names, end);

			if (parameter && !parameter->doc && finder->words.size)
				parameter->doc =
					snafu_arena_copy(finder->arena, finder->words.data, finder->words.size);
			names = end + 1;
			while (names < names_end && *names == ' ')
				names++;
		}
		snafu_buffer_clear(&finder->words);
	}
	return next;
}

int snafu_python_document(struct snafu_arena *arena, const char *doc,
                          struct snafu_parameter *parameters, size_t n_parameters)
{
	struct finder finder = {
		.arena = arena,
		.parameters = parameters,
		.n_parameters = n_parameters,
		.words = SNAFU_BUFFER(PARAMETER_DOC_CAP),
	};
	const char *next = doc;

	if (n_parameters > DOCUMENTED_CAP)
		finder.n_parameters = DOCUMENTED_CAP;
	if (n_parameters == 0 || !(strstr(doc, "param") || strstr(doc, "Param") || strstr(doc, "rg")))
		return 0;
	for (unsigned n = 0; next && *next && n < LINES_CAP; n++) {
		struct line line = read_line(next);
		struct line below = line.next ? read_line(line.next) : (struct line){.at = "", .end = ""};
		const char *after = NULL;

		next = line.next;
		if (is_empty(&line))
			continue;
		if (*line.at == ':' || *line.at == '@')
			after = read_field(&finder, &line);
		else if (is_word(&line, section_words, true))
			after = read_google(&finder, line.next, line.indent);
		else if (below.end - below.at >= 3 && *below.at == '-' &&
		         is_word(&line, section_words, false))
			after = read_numpy(&finder, below.next, line.indent);
		if (after)
			next = after;
	}
	snafu_buffer_done(&finder.words);
	return finder.failed ? -ENOMEM : 0;
}
