/* programs/snafu-convert.c — options in, a conversion run (convert/project/project.h), its
 * counts out. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "convert/project/project.h"
#include "programs/options.h"
#include "programs/progress.h"

enum { USAGE = 2 };

static const struct option_text option_table[] = {
	{'o', "output", "DIR", "write the project there"},
	{'f', "force", NULL, "also write anew what was edited there"},
	{'p', "python", "VERSION", "what Python files are: auto (default), 2 or 3"},
	{'I', "include", "DIR", "C: look for headers here (repeatable)"},
	{'D', "define", "NAME[=VALUE]", "C: define a macro (repeatable)"},
	{'q', "quiet", NULL, "only errors"},
	{'h', "help", NULL, "show this help"},
	{'V', "version", NULL, "show the version"},
};
#define N_OPTIONS (sizeof option_table / sizeof *option_table)

struct command_line {
	struct snafu_project_options options;
	struct option_list include_paths, defines;
	bool quiet;
};

static void print_help(void)
{
	printf("Usage: snafu-convert [OPTION]... -o DIR FILE|DIR\n"
	       "Make a project of services out of legacy code: Python 2 as Python 3, C and Java\n"
	       "built, all functions described. The code itself is only read.\n\n");
	options_print(option_table, N_OPTIONS, stdout);
	printf("\nA second run changes only what changed, and keeps what was edited. Exit status: 0,\n"
	       "also when files could not be converted (DIR/REPORT.md tells), 1 when nothing could be\n"
	       "converted, 2 for a usage error.\n"
	       "\n  snafu-convert -o shop-services ~/src/shop\n");
}

static int usage_error(const char *problem)
{
	if (problem)
		fprintf(stderr, "snafu-convert: %s\n", problem);
	fprintf(stderr, "Try 'snafu-convert --help'.\n");
	return USAGE;
}

static int take(void *state, int key, const char *argument)
{
	struct command_line *line = state;

	switch (key) {
	case 'o': line->options.out = argument; return 0;
	case 'f': line->options.force = true; return 0;
	case 'p': line->options.python = argument; return 0;
	case 'I': return options_add(&line->include_paths, argument) ? 1 : 0;
	case 'D': return options_add(&line->defines, argument) ? 1 : 0;
	case 'q': line->quiet = true; return 0;
	default: return usage_error(NULL);
	}
}

/* ---- what is said ----------------------------------------------------------------------- */

static void tell(void *state, const char *message)
{
	(void)state;
	progress_pause();
	fprintf(stderr, "snafu-convert: %s\n", message);
	progress_resume();
}

static const char *plural(size_t count)
{
	return count == 1 ? "" : "s";
}

static void print_languages(const struct snafu_project_summary *summary)
{
	if (summary->python)
		printf("Python: %zu file%s, %zu upgraded, %zu stay%s Python 2, %zu broken\n",
		       summary->python, plural(summary->python), summary->upgraded, summary->python2,
		       summary->python2 == 1 ? "s" : "", summary->broken);
	if (summary->c)
		printf("C: %zu file%s, %zu do not compile, %zu librar%s\n", summary->c, plural(summary->c),
		       summary->c_failed, summary->libraries, summary->libraries == 1 ? "y" : "ies");
	if (summary->java)
		printf("Java: %zu file%s, %zu do not compile\n", summary->java, plural(summary->java),
		       summary->java_failed);
}

static void print_summary(const struct command_line *line,
                          const struct snafu_project_summary *summary)
{
	const char *out = line->options.out;

	if (summary->along || summary->wanted)
		printf("Taken along: %zu file%s that %s needs; wanted besides, and not taken: %zu\n",
		       summary->along, plural(summary->along), line->options.legacy, summary->wanted);
	print_languages(summary);
	printf("Functions: %zu before, %zu now; %zu example%s\n", summary->functions_before,
	       summary->functions_after, summary->examples, plural(summary->examples));
	printf("Needs a human eye: %zu place%s, see %s/REPORT.md\n", summary->notes,
	       plural(summary->notes), out);
	printf("%s: %zu file%s written, %zu as before, %zu edited and kept, %zu removed\n", out,
	       summary->written, plural(summary->written), summary->same, summary->edited,
	       summary->removed);
}

/* ---- running ---------------------------------------------------------------------------- */

static int convert(struct command_line *line)
{
	struct snafu_project_options *options = &line->options;
	struct snafu_project_summary summary;
	struct snafu_error error;

	options->scan.include_paths = line->include_paths.words;
	options->scan.n_include_paths = line->include_paths.count;
	options->scan.defines = line->defines.words;
	options->scan.n_defines = line->defines.count;
	options->working = progress_say;
	options->tell = line->quiet ? NULL : tell;
	options->scan.progress = line->quiet ? NULL : progress_start("snafu-convert");
	int code = snafu_project_convert(options, &summary, &error);
	progress_stop();
	if (code) {
		fprintf(stderr, "snafu-convert: %s\n", error.message);
		return 1;
	}
	if (!line->quiet)
		print_summary(line, &summary);
	if (fflush(stdout)) {
		fprintf(stderr, "snafu-convert: cannot write to standard output\n");
		return 1;
	}
	return 0;
}

static const struct option_program program = {.name = "snafu-convert",
                                              .table = option_table,
                                              .count = N_OPTIONS,
                                              .print_help = print_help,
                                              .take = take};

static bool is_python(const char *name)
{
	return strcmp(name, "auto") == 0 || strcmp(name, "2") == 0 || strcmp(name, "3") == 0;
}

int main(int argc, char **argv)
{
	struct command_line line = {.options.python = "auto"};
	int status = options_read(&program, argc, argv, &line);

	if (status == OPTIONS_ANSWERED)
		return 0;
	if (!status && !line.options.out)
		status = usage_error("say where to write: -o DIR");
	if (!status && !is_python(line.options.python))
		status = usage_error("-p takes auto, 2 or 3");
	if (!status && optind != argc - 1)
		status = usage_error(optind == argc ? "no file or directory given"
		                                    : "one file or directory at a time");
	if (!status) {
		line.options.legacy = argv[optind];
		status = convert(&line);
	}
	free(line.include_paths.words);
	free(line.defines.words);
	return status;
}
