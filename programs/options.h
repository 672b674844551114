/* programs/options.h — command-line options from one table: getopt_long reads
 * it, --help prints it, and a test compares it with the manual page. */
#ifndef SNAFU_PROGRAMS_OPTIONS_H
#define SNAFU_PROGRAMS_OPTIONS_H

#include <getopt.h>
#include <stddef.h>
#include <stdio.h>

#define OPTIONS_CAP 32 /* options of one program */

struct option_text {
	int key; /* the short letter; at least 256: has none */
	const char *name; /* the long name, or NULL */
	const char *argument; /* its argument in capitals, or NULL: takes none */
	const char *text; /* one or more lines, without a newline at the end */
};

/* What getopt_long() wants, made from the table. */
struct option_parser {
	struct option longs[OPTIONS_CAP + 1];
	char shorts[2 * OPTIONS_CAP + 2];
};

void options_prepare(const struct option_text *table, size_t count, struct option_parser *parser);
void options_print(const struct option_text *table, size_t count, FILE *out);

/* A whole number from LOWEST to HIGHEST, or -1. */
long options_number(const char *text, long lowest, long highest);

/* A list of words that grows: -I, -D, -a and the like. The words are borrowed. */
struct option_list {
	const char **words;
	size_t count;
};

/* 0 or -ENOMEM. */
int options_add(struct option_list *list, const char *word);

#endif
