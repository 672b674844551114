/* labels.c — see labels.h. */
#include "labels.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

size_t count_words(const char *text)
{
	size_t count = 0;

	for (int inside = 0; *text; text++) {
		int letter = !isspace((unsigned char)*text);

		count += letter && !inside;
		inside = letter;
	}
	return count;
}

char *title_case(const char *text)
{
	char *copy = strdup(text);

	for (char *at = copy; at && *at; at++)
		if (at == copy || isspace((unsigned char)at[-1]))
			*at = (char)toupper((unsigned char)*at);
	return copy;
}

int shorten(const char *text, size_t width, char *buffer, size_t size)
{
	size_t length = strlen(text);
	int needed = length <= width || width < 3
	                 ? snprintf(buffer, size, "%.*s", (int)width, text)
	                 : snprintf(buffer, size, "%.*s...", (int)width - 3, text);

	return needed < 0 || (size_t)needed >= size ? -1 : needed;
}

int main(void)
{
	puts("The plotter is a library: nobody runs this.");
	return 0;
}
