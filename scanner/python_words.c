/* scanner/python_words.c — the smallest pieces of Python: keywords, names and
 * string literals. See python_lex.h. */
#include <string.h>

#include "scanner/python_lex.h"

#define HASH(FIRST, SECOND, LAST, SIZE) (((FIRST)*2u + (SECOND)*12u + (SIZE)*7u + (LAST)) & 127u)

/* A perfect hash: the multipliers were searched so that no two words meet. */
static const struct {
	char text[9];
	unsigned char size, word;
} words[128] = {
	[1] = {"True", 4, PYTHON_CONSTANT},
	[5] = {"del", 3, PYTHON_DEL},
	[7] = {"for", 3, PYTHON_FOR},
	[8] = {"except", 6, PYTHON_EXCEPT},
	[12] = {"import", 6, PYTHON_IMPORT},
	[14] = {"if", 2, PYTHON_IF},
	[21] = {"type", 4, PYTHON_TYPE},
	[23] = {"continue", 8, PYTHON_CONTINUE},
	[25] = {"not", 3, PYTHON_NOT},
	[32] = {"False", 5, PYTHON_CONSTANT},
	[39] = {"as", 2, PYTHON_AS},
	[42] = {"break", 5, PYTHON_BREAK},
	[44] = {"async", 5, PYTHON_ASYNC},
	[45] = {"from", 4, PYTHON_FROM},
	[52] = {"nonlocal", 8, PYTHON_NONLOCAL},
	[54] = {"or", 2, PYTHON_OR},
	[55] = {"is", 2, PYTHON_IS},
	[56] = {"return", 6, PYTHON_RETURN},
	[68] = {"assert", 6, PYTHON_ASSERT},
	[78] = {"try", 3, PYTHON_TRY},
	[79] = {"print", 5, PYTHON_PRINT},
	[81] = {"None", 4, PYTHON_CONSTANT},
	[83] = {"case", 4, PYTHON_CASE},
	[86] = {"while", 5, PYTHON_WHILE},
	[91] = {"else", 4, PYTHON_ELSE},
	[92] = {"elif", 4, PYTHON_ELIF},
	[94] = {"with", 4, PYTHON_WITH},
	[98] = {"finally", 7, PYTHON_FINALLY},
	[99] = {"and", 3, PYTHON_AND},
	[101] = {"yield", 5, PYTHON_YIELD},
	[105] = {"exec", 4, PYTHON_EXEC},
	[108] = {"class", 5, PYTHON_CLASS},
	[109] = {"await", 5, PYTHON_AWAIT},
	[111] = {"lambda", 6, PYTHON_LAMBDA},
	[113] = {"match", 5, PYTHON_MATCH},
	[116] = {"global", 6, PYTHON_GLOBAL},
	[118] = {"in", 2, PYTHON_IN},
	[120] = {"raise", 5, PYTHON_RAISE},
	[123] = {"pass", 4, PYTHON_PASS},
	[127] = {"def", 3, PYTHON_DEF},
};

enum python_word snafu_python_word(const char *name, size_t size)
{
	if (size < 2 || size > 8)
		return PYTHON_NAME;
	unsigned slot = HASH((unsigned char)name[0], (unsigned char)name[1],
	                     (unsigned char)name[size - 1], (unsigned)size);
	if (words[slot].size != size || memcmp(words[slot].text, name, size) != 0)
		return PYTHON_NAME;
	return words[slot].word;
}

bool snafu_python_is_name_byte(char c)
{
	unsigned char byte = (unsigned char)c;

	return byte >= 0x80 || byte == '_' || (byte >= '0' && byte <= '9') ||
	       ((byte | 0x20) >= 'a' && (byte | 0x20) <= 'z');
}

static const char *triple_end(const char *at, const char *end, char quote)
{
	const char *begin = at;

	while ((at = memchr(at, quote, (size_t)(end - at)))) {
		size_t slashes = 0;

		while (at - slashes > begin && at[-1 - (ptrdiff_t)slashes] == '\\')
			slashes++;
		if (slashes % 2 == 0 && at[1] == quote && at[2] == quote)
			return at + 3;
		at++;
	}
	return end;
}

static const char *single_end(const char *at, const char *end, char quote)
{
	for (; at < end && *at != '\n'; at++) {
		if (*at == quote)
			return at + 1;
		if (*at == '\\' && at + 1 < end)
			at++;
	}
	return at < end ? at : end;
}

const char *snafu_python_string_end(const char *at, const char *end)
{
	for (unsigned i = 0; i < 3 && at < end && *at != '"' && *at != '\''; i++) {
		if (!memchr("rRuUbBfF", *at, 8))
			return NULL;
		at++;
	}
	if (at >= end || (*at != '"' && *at != '\''))
		return NULL;
	if (at[1] == *at && at[2] == *at)
		return triple_end(at + 3, end, *at);
	return single_end(at + 1, end, *at);
}
