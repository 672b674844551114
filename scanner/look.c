/* scanner/look.c — see look.h. */
#include "scanner/look.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "scanner/scanner.h"

static bool is_word_byte(char byte)
{
	return (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') ||
	       (byte >= 'A' && byte <= 'Z') || byte == '_';
}

/* What a word begins or ends with must not go on, where it is a letter. */
static bool has_word(const char *text, size_t size, const char *word)
{
	size_t length = strlen(word);
	const char *at = text, *end = text + size;

	while (at < end && (at = memmem(at, (size_t)(end - at), word, length)) != NULL) {
		bool begins = at == text || !is_word_byte(at[-1]) || !is_word_byte(*word);
		bool ends =
			at + length == end || !is_word_byte(at[length]) || !is_word_byte(word[length - 1]);

		if (begins && ends)
			return true;
		at++;
	}
	return false;
}

static const struct snafu_look_answer *find_kept(const struct snafu_look *look, const char *file,
                                                 const char *word)
{
	for (size_t i = 0; i < look->n_kept; i++)
		if (look->kept[i].file == file && look->kept[i].word == word)
			return &look->kept[i];
	return NULL;
}

static bool keep(struct snafu_look *look, const char *file, const char *word, bool answer)
{
	if (look->n_kept < SNAFU_LOOK_KEPT_CAP)
		look->kept[look->n_kept++] = (struct snafu_look_answer){file, word, answer};
	return answer;
}

bool snafu_look_says(struct snafu_look *look, const char *word)
{
	const struct snafu_look_answer *kept = find_kept(look, NULL, word);
	const struct snafu_source *source = look->source;

	if (kept)
		return kept->answer;
	return keep(look, NULL, word, source->text && has_word(source->text, source->size, word));
}

bool snafu_look_java_says(struct snafu_look *look, const char *package)
{
	return !look->source->text || snafu_look_says(look, package);
}

/* FILE of the source's folder or of the one above it: text that the caller frees, or NULL. */
static char *read_beside(const struct snafu_look *look, const char *file, bool above,
                         size_t *ret_size)
{
	char *folder = snafu_path_folder(look->source->path);
	char *up = folder && above ? snafu_path_join(folder, "..") : NULL, *text = NULL;
	char *path = !above || up ? snafu_path_join(up ? up : folder, file) : NULL;

	if (path)
		snafu_file_read(path, SNAFU_LOOK_FILE_CAP, &text, ret_size, NULL);
	free(path);
	free(up);
	free(folder);
	return text;
}

bool snafu_look_beside(struct snafu_look *look, const char *file, const char *word)
{
	const struct snafu_look_answer *kept = find_kept(look, file, word);
	bool has = false;

	if (kept)
		return kept->answer;
	for (int above = 0; above < 2 && !has; above++) {
		size_t size;
		char *text = read_beside(look, file, above, &size);

		has = text && (!word || has_word(text, size, word));
		free(text);
	}
	return keep(look, file, word, has);
}

bool snafu_look_entry_says(struct snafu_look *look, const char *file, const char *key,
                           const char *value)
{
	bool says = false;

	for (int above = 0; above < 2 && !says; above++) {
		size_t size;
		char *text = read_beside(look, file, above, &size);

		says = text &&
		       snafu_look_entry_has(text, size, snafu_path_base(look->source->path), key, value);
		free(text);
	}
	return says;
}

/* ---- decorators -------------------------------------------------------------------- */

/* Where the line of the function's `def` begins. */
static size_t find_line(struct snafu_look *look)
{
	const char *text = look->source->text;
	size_t size = look->source->size;

	if (!look->line || look->line > look->function->line) {
		look->line = 1;
		look->line_at = 0;
	}
	while (look->line < look->function->line) {
		const char *at = memchr(text + look->line_at, '\n', size - look->line_at);

		if (!at)
			break;
		look->line_at = (size_t)(at - text) + 1;
		look->line++;
	}
	return look->line_at;
}

/* The line before the one that begins at AT, blanks in front left out; false: there is none. */
static bool line_before(const char *text, size_t *at, const char **ret_line, size_t *ret_size)
{
	size_t end = *at, begin;

	if (end == 0)
		return false;
	for (begin = --end; begin > 0 && text[begin - 1] != '\n'; begin--)
		continue;
	*at = begin;
	while (begin < end && strchr(" \t\f", text[begin]))
		begin++;
	*ret_line = text + begin;
	*ret_size = end - begin;
	return true;
}

/* NAME: NULL for any. Decorators of several lines end the search. */
static bool is_decorated(struct snafu_look *look, const char *name)
{
	const char *text = look->source->text, *line;
	size_t at, size, length = name ? strlen(name) : 0;

	if (!text || !look->function->line)
		return false;
	at = find_line(look);
	while (line_before(text, &at, &line, &size)) {
		if (size == 0 || *line == '#' || *line == '\r')
			continue;
		if (*line != '@')
			return false;
		if (!name || (size > length && memcmp(line + 1, name, length) == 0 &&
		              (size == length + 1 || !is_word_byte(line[length + 1]))))
			return true;
	}
	return false;
}

bool snafu_look_decorated(struct snafu_look *look, const char *name)
{
	return is_decorated(look, name);
}

bool snafu_look_is_decorated(struct snafu_look *look)
{
	return is_decorated(look, NULL);
}

bool snafu_look_is_file(const struct snafu_look *look, const char *name)
{
	return strcmp(snafu_path_base(look->source->path), name) == 0;
}

/* ---- signatures -------------------------------------------------------------------- */

bool snafu_look_is_python(const struct snafu_function *function)
{
	bool is =
		strcmp(function->language, "python") == 0 || strcmp(function->language, "python2") == 0;

	return is && function->kind == SNAFU_FUNCTION && !function->generator;
}

bool snafu_look_is_java(const struct snafu_function *function)
{
	return strcmp(function->language, "java") == 0;
}

bool snafu_look_named(const struct snafu_function *function, const char *name)
{
	return strcmp(function->name, name) == 0;
}

/* The scanner leaves the context out of what it lists, and says so. */
bool snafu_look_is_handler(const struct snafu_function *function)
{
	return function->context_hidden;
}

bool snafu_look_parameter(const struct snafu_function *function, size_t index, const char *name)
{
	size_t count = function->n_parameters + function->context_hidden;

	return index < count && function->parameters[index].kind <= SNAFU_PARAMETER_NORMAL &&
	       strcmp(function->parameters[index].name, name) == 0;
}

size_t snafu_look_positional(const struct snafu_function *function)
{
	size_t count = function->n_parameters + function->context_hidden;

	for (size_t i = 0; i < count; i++)
		if (function->parameters[i].kind > SNAFU_PARAMETER_NORMAL)
			return SIZE_MAX;
	return count;
}

bool snafu_look_type(const struct snafu_function *function, size_t index, const char *type)
{
	if (index >= function->n_parameters || !function->parameters[index].type)
		return false;
	const char *is = function->parameters[index].type, *dot = strrchr(is, '.');
	return strcmp(is, type) == 0 || (dot && strcmp(dot + 1, type) == 0);
}
