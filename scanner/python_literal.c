/* scanner/python_literal.c — which values a default that is a literal suggests.
 * See python_types.h. */
#include "scanner/python_types.h"

#include <string.h>

#include "scanner/python_lex.h"

static const struct snafu_shape *number_shape(const char *at)
{
	if (at[0] == '0' && at[1] && strchr("xXoObB", at[1]))
		return snafu_shape_plain(at[2 + strspn(at + 2, "0123456789abcdefABCDEF_lL")]
		                             ? SNAFU_SHAPE_ANY
		                             : SNAFU_SHAPE_INTEGER);
	size_t whole = strspn(at, "0123456789_");
	if (at[whole + (at[whole] == 'l' || at[whole] == 'L')] == '\0')
		return snafu_shape_plain(SNAFU_SHAPE_INTEGER);
	at += whole;
	at += *at == '.';
	at += strspn(at, "0123456789_");
	if (*at == 'e' || *at == 'E') {
		at += at[1] == '-' || at[1] == '+' ? 2 : 1;
		at += strspn(at, "0123456789_");
	}
	return *at ? snafu_shape_plain(SNAFU_SHAPE_ANY) : snafu_shape_plain(SNAFU_SHAPE_NUMBER);
}

const struct snafu_shape *snafu_python_literal_shape(const char *text)
{
	size_t size = strlen(text);
	const char *at = text + (*text == '-' || *text == '+');

	if ((*at >= '0' && *at <= '9') || (*at == '.' && at[1] >= '0' && at[1] <= '9'))
		return number_shape(at);
	if (strcmp(text, "True") == 0 || strcmp(text, "False") == 0)
		return snafu_shape_plain(SNAFU_SHAPE_BOOLEAN);
	if (snafu_python_string_end(text, text + size) == text + size)
		return snafu_shape_plain(strcspn(text, "bB") < strcspn(text, "'\"") ? SNAFU_SHAPE_BYTES
		                                                                    : SNAFU_SHAPE_STRING);
	if (*text == '[' || (*text == '(' && (text[1] == ')' || strchr(text, ','))))
		return text[size - 1] == (*text == '[' ? ']' : ')') ? snafu_shape_plain(SNAFU_SHAPE_ARRAY)
		                                                    : snafu_shape_plain(SNAFU_SHAPE_ANY);
	if (*text == '{' && text[size - 1] == '}')
		return snafu_shape_plain(size == 2 || strchr(text, ':') ? SNAFU_SHAPE_MAP
		                                                        : SNAFU_SHAPE_ARRAY);
	return snafu_shape_plain(SNAFU_SHAPE_ANY);
}
