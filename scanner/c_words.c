/* scanner/c_words.c — see c_words.h.
 *
 * A name is cut into words at underscores and at capitals (bufLen: buf len); a
 * length word glued to the end is cut off (keylen: key len). All in lower case. */
#include "scanner/c_words.h"

#include <string.h>

#define WORDS_CAP 8 /* further words of a name are not looked at */

struct words {
	char text[SNAFU_C_WORD_CAP + WORDS_CAP + 8];
	const char *word[WORDS_CAP];
	unsigned count;
};

/* NULL-terminated lists. */
static const char *const length_words[] = {
	"n",        "len",    "length", "size",  "sz",    "siz",    "count",  "cnt",
	"num",      "nbytes", "bytes",  "nmemb", "nelem", "nelems", "nitems", "cb",
	"capacity", "cap",    "max",    "limit", "argc",  NULL,
};
static const char *const glued_words[] = {"length", "len", "size", "count", "bytes", NULL};
static const char *const not_glued[] = {"account", "discount", "resize", "wavelength", NULL};
/* They say nothing of what has the length. */
static const char *const filling_words[] = {
	"max",   "buf",   "buffer", "byte",  "bytes",   "data",     "str",  "string",
	"array", "arr",   "elem",   "elems", "element", "elements", "item", "items",
	"char",  "chars", "alloc",  "of",    "in",      NULL,
};
static const char *const counting_words[] = {
	"n", "count", "cnt", "num", "nmemb", "nelem", "nelems", "nitems", "argc", NULL,
};
static const char *const measuring_words[] = {
	"len", "length", "size", "sz", "siz", "bytes", "byte", "nbytes", "cb", NULL,
};
static const char *const hungarian[] = {"p", "z", "a", "s", "sz", "lp", "psz", "pp", "ptr", NULL};
static const char *const output_words[] = {
	"dest", "dst", "destination", "out",    "output", "result", "results",
	"res",  "ret", "retval",      "target", "answer", NULL,
};
static const char *const buffer_words[] = {"buf", "buffer", "line", NULL};
static const char *const many_words[] = {
	"values", "vals",  "data",         "array",   "arr",     "vec",     "vector",  "list",
	"items",  "elems", "elements",     "numbers", "nums",    "samples", "points",  "matrix",
	"mat",    "table", "coefficients", "coeffs",  "weights", "argv",    "args",    "env",
	"envp",   "names", "strings",      "lines",   "words",   "tokens",  "xs",      "ys",
	"zs",     "keys",  "cells",        "row",     "rows",    "column",  "columns", NULL,
};
/* One number each: what a function that looks at many says of them. */
static const char *const single_words[] = {
	"min",    "minimum", "max",    "maximum",  "mean",   "avg",   "average",
	"sum",    "total",   "median", "variance", "stddev", "first", "last",
	"status", "err",     "error",  "rc",       "code",   "index", NULL,
};
static const char *const context_words[] = {
	"ctx",     "context", "user",   "userdata", "opaque",  "arg",   "priv",
	"private", "handle",  "cookie", "self",     "closure", "baton", NULL,
};

static bool is_in(const char *word, const char *const *list)
{
	for (; *list; list++)
		if (strcmp(word, *list) == 0)
			return true;
	return false;
}

static bool ends_with(const char *text, const char *end)
{
	size_t size = strlen(text), size_end = strlen(end);

	return size > size_end && strcmp(text + size - size_end, end) == 0;
}

static bool is_upper(char byte)
{
	return byte >= 'A' && byte <= 'Z';
}

static char lower(char byte)
{
	return is_upper(byte) ? (char)(byte - 'A' + 'a') : byte;
}

/* Cuts `keylen` into `key` and `len`, in the last word only. There is room for
 * one more NUL. */
static void cut_glued(struct words *words)
{
	if (words->count == 0 || words->count == WORDS_CAP)
		return;
	char *last = words->text + (words->word[words->count - 1] - words->text);
	if (is_in(last, length_words) || is_in(last, not_glued))
		return;
	for (const char *const *glued = glued_words; *glued; glued++)
		if (ends_with(last, *glued)) {
			char *cut = last + strlen(last) - strlen(*glued);

			memmove(cut + 1, cut, strlen(cut) + 1);
			*cut = '\0';
			words->word[words->count++] = cut + 1;
			return;
		}
}

static void cut(const char *name, struct words *words)
{
	size_t size = strlen(name);
	char *to = words->text;

	words->count = 0;
	if (size >= SNAFU_C_WORD_CAP)
		return;
	/* x1, x2: the digits only tell two of a kind apart. */
	while (size > 1 && name[size - 1] >= '0' && name[size - 1] <= '9')
		size--;
	for (size_t i = 0; i < size;) {
		while (i < size && name[i] == '_')
			i++;
		if (i == size || words->count == WORDS_CAP)
			break;
		words->word[words->count++] = to;
		do
			*to++ = lower(name[i++]);
		while (i < size && name[i] != '_' && !(is_upper(name[i]) && !is_upper(name[i - 1])));
		*to++ = '\0';
	}
	cut_glued(words);
}

/* Appends WORD to STEM, which has SNAFU_C_WORD_CAP bytes. */
static void append(char *stem, const char *word)
{
	size_t used = strlen(stem), size = strlen(word);

	if (used + size < SNAFU_C_WORD_CAP)
		memcpy(stem + used, word, size + 1);
}

enum snafu_c_length_word snafu_c_length_word(const char *name, char *ret_stem)
{
	char unused[SNAFU_C_WORD_CAP], *stem = ret_stem ? ret_stem : unused;
	struct words words;
	bool length = false, other = false;

	*stem = '\0';
	cut(name, &words);
	/* A number before what it counts: n_buf, nBuf, num_values. In any other place
	 * "n" and "num" are a name like others. */
	for (unsigned i = 0; i < words.count; i++) {
		const char *word = words.word[i];
		bool first = i == 0, last = i + 1 == words.count;

		if ((first || last) && is_in(word, length_words) &&
		    (last || is_in(word, counting_words) || strcmp(word, "max") == 0 ||
		     strcmp(word, "len") == 0 || strcmp(word, "size") == 0)) {
			length = true;
			if (strcmp(word, "argc") == 0)
				append(stem, "arg");
			continue;
		}
		if (!is_in(word, filling_words))
			other = true;
		if (strcmp(word, "max") != 0 && strcmp(word, "of") != 0)
			append(stem, word);
	}
	if (!length)
		return SNAFU_C_NO_LENGTH;
	return other ? SNAFU_C_LENGTH_OF : SNAFU_C_LENGTH_WORD;
}

bool snafu_c_word_counts(const char *name)
{
	struct words words;
	bool counts = false;

	cut(name, &words);
	for (unsigned i = 0; i < words.count; i++) {
		if (is_in(words.word[i], measuring_words))
			return false;
		counts |= is_in(words.word[i], counting_words);
	}
	return counts;
}

static enum snafu_c_word_match compare(const char *a, const char *b)
{
	size_t size_a = strlen(a), size_b = strlen(b);

	/* Without a plural's s. */
	if (size_a > 2 && a[size_a - 1] == 's')
		size_a--;
	if (size_b > 2 && b[size_b - 1] == 's')
		size_b--;
	size_t common = size_a < size_b ? size_a : size_b;
	if (common == 0 || memcmp(a, b, common) != 0)
		return SNAFU_C_MATCH_NONE;
	if (size_a == size_b)
		return SNAFU_C_MATCH_EXACT;
	return common >= 3 ? SNAFU_C_MATCH_CLOSE : SNAFU_C_MATCH_NONE;
}

enum snafu_c_word_match snafu_c_word_match(const char *pointer, const char *length)
{
	char stem[SNAFU_C_WORD_CAP], whole[SNAFU_C_WORD_CAP] = "";
	struct words words;

	while (*pointer == '_')
		pointer++;
	while (*length == '_')
		length++;
	/* nx is the length of x. */
	if (length[0] == 'n' && length[1] && strcmp(length + 1, pointer) == 0)
		return SNAFU_C_MATCH_EXACT;
	if (snafu_c_length_word(length, stem) == SNAFU_C_NO_LENGTH || !*stem)
		return SNAFU_C_MATCH_NONE;
	cut(pointer, &words);
	if (words.count == 1 && strcmp(words.word[0], "argv") == 0)
		return strcmp(stem, "arg") == 0 ? SNAFU_C_MATCH_EXACT : SNAFU_C_MATCH_NONE;
	for (unsigned i = 0; i < words.count; i++)
		append(whole, words.word[i]);
	enum snafu_c_word_match best = compare(whole, stem);
	if (words.count > 1 && is_in(words.word[0], hungarian)) {
		enum snafu_c_word_match match = compare(whole + strlen(words.word[0]), stem);

		best = match > best ? match : best;
	}
	return best;
}

static bool any_word_in(const char *name, const char *const *list)
{
	struct words words;

	cut(name, &words);
	for (unsigned i = 0; i < words.count; i++)
		if (is_in(words.word[i], list))
			return true;
	return false;
}

bool snafu_c_word_is_output(const char *name)
{
	struct words words;

	cut(name, &words);
	if (words.count == 0)
		return false;
	const char *first = words.word[0], *last = words.word[words.count - 1];
	return is_in(first, output_words) || is_in(last, output_words) ||
	       strncmp(first, "outb", 4) == 0 || strncmp(first, "dest", 4) == 0;
}

bool snafu_c_word_is_buffer(const char *name)
{
	return any_word_in(name, buffer_words);
}

bool snafu_c_word_is_many(const char *name)
{
	return any_word_in(name, many_words);
}

bool snafu_c_word_is_single(const char *name)
{
	struct words words;
	bool single = false;

	cut(name, &words);
	for (unsigned i = 0; i < words.count; i++) {
		if (is_in(words.word[i], single_words))
			single = true;
		else if (!is_in(words.word[i], output_words) && strcmp(words.word[i], "value") != 0)
			return false;
	}
	return single;
}

bool snafu_c_word_is_context(const char *name)
{
	return any_word_in(name, context_words);
}

bool snafu_c_word_is_made_up(const char *name)
{
	if (!*name)
		return true;
	if (strncmp(name, "arg", 3) != 0 || !name[3])
		return false;
	return name[3 + strspn(name + 3, "0123456789")] == '\0';
}
