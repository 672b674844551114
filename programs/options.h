/* programs/options.h — command-line options from one table: getopt_long reads
 * it, --help prints it, and a test compares it with the manual page. */
#ifndef SNAFU_PROGRAMS_OPTIONS_H
#define SNAFU_PROGRAMS_OPTIONS_H

#include <stddef.h>
#include <stdio.h>

#define OPTIONS_CAP 32 /* options of one program */

struct option_text {
	int key; /* the short letter; at least 256: has none */
	const char *name; /* the long name, or NULL */
	const char *argument; /* its argument in capitals, or NULL: takes none */
	const char *text; /* one or more lines, without a newline at the end */
};

/* A program that has options; `h` and `V` of its table are --help and --version. */
struct option_program {
	const char *name;
	const struct option_text *table;
	size_t count;
	void (*print_help)(void);
	/* Takes one of the others; 0, or the exit status of an error that it has told of. */
	int (*take)(void *state, int key, const char *argument);
};

#define OPTIONS_ANSWERED (-1) /* --help or --version: nothing is left to do */

/* Reads the options; the words begin at optind then. 0, OPTIONS_ANSWERED, or an exit status. */
int options_read(const struct option_program *program, int argc, char **argv, void *state);

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
