/* programs/options.c — see options.h. */
#include "programs/options.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_COLUMN 29

/* What getopt_long() wants, made from the table. */
struct parser {
	struct option longs[OPTIONS_CAP + 1];
	char shorts[2 * OPTIONS_CAP + 2];
};

static void prepare(const struct option_program *program, struct parser *parser)
{
	const struct option_text *table = program->table;
	size_t n_longs = 0, n_shorts = 0;

	*parser = (struct parser){0};
	for (size_t i = 0; i < program->count && i < OPTIONS_CAP; i++) {
		if (table[i].name)
			parser->longs[n_longs++] = (struct option){
				.name = table[i].name,
				.has_arg = table[i].argument ? required_argument : no_argument,
				.val = table[i].key,
			};
		if (table[i].key < 256) {
			parser->shorts[n_shorts++] = (char)table[i].key;
			if (table[i].argument)
				parser->shorts[n_shorts++] = ':';
		}
	}
}

int options_read(const struct option_program *program, int argc, char **argv, void *state)
{
	struct parser parser;
	int key, status = 0;

	prepare(program, &parser);
	while (!status && (key = getopt_long(argc, argv, parser.shorts, parser.longs, NULL)) != -1) {
		if (key == 'h') {
			program->print_help();
			return OPTIONS_ANSWERED;
		}
		if (key == 'V') {
			printf("%s " SNAFU_VERSION "\n", program->name);
			return OPTIONS_ANSWERED;
		}
		status = program->take(state, key, optarg);
	}
	return status;
}

static void print_option(const struct option_text *option, FILE *out)
{
	int column = 0;

	if (option->key < 256)
		column += fprintf(out, "  -%c%s", option->key, option->name ? ", " : "");
	else
		column += fprintf(out, "      ");
	if (option->name)
		column += fprintf(out, "--%s", option->name);
	if (option->argument)
		column += fprintf(out, " %s", option->argument);
	if (column >= TEXT_COLUMN - 1) {
		fputc('\n', out);
		column = 0;
	}
	for (const char *line = option->text; *line;) {
		size_t size = strcspn(line, "\n");

		fprintf(out, "%*s%.*s\n", TEXT_COLUMN - column, "", (int)size, line);
		column = 0;
		line += size + (line[size] == '\n');
	}
}

void options_print(const struct option_text *table, size_t count, FILE *out)
{
	for (size_t i = 0; i < count; i++)
		print_option(&table[i], out);
}

long options_number(const char *text, long lowest, long highest)
{
	char *end;

	errno = 0;
	long number = strtol(text, &end, 10);
	if (errno || end == text || *end || number < lowest || number > highest)
		return -1;
	return number;
}

int options_add(struct option_list *list, const char *word)
{
	const char **more = reallocarray(list->words, list->count + 1, sizeof *more);

	if (!more)
		return -ENOMEM;
	list->words = more;
	list->words[list->count++] = word;
	return 0;
}
