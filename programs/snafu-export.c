/* programs/snafu-export.c — options in, convert/'s parts wired together: what else can be made
 * of source code. Each --thing is one entry of `tasks`. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "convert/output.h"
#include "convert/stubs/stubs.h"
#include "programs/describe.h"
#include "programs/options.h"
#include "programs/progress.h"
#include "runtime/settings/book.h"
#include "scanner/scanner.h"

enum { USAGE = 2 };
enum { STUBS = 256, TEMPLATES, MODEL, NAME, IMAGE }; /* options without a letter */

#define LIST     "list" /* a target that is none */
#define PORT_CAP 65535

static const struct option_text option_table[] = {
	{STUBS, "stubs", NULL, "write a commented FILE.config for each source, and a snafu.ini"},
	{'t', "target", "NAME", "write a deployment descriptor; 'list' tells which there are"},
	{MODEL, "model", NULL, "print as JSON what templates of descriptors are given"},
	{'o', "output", "DIR",
     "write below DIR instead of beside the sources; descriptors:\n"
     "instead of deploy/NAME"},
	{'f', "force", NULL, "overwrite files that are there"},
	{'n', "dry-run", NULL, "write nothing; print what would be written"},
	{'I', "include", "DIR", "C: look for headers here (repeatable)"},
	{'D', "define", "NAME[=VALUE]", "C: define a macro (repeatable)"},
	{'s', "settings", "FILE", "start from these settings (snafu.ini)"},
	{NAME, "name", "NAME", "descriptors: the project's name"},
	{IMAGE, "image", "NAME", "descriptors: the name of the container image"},
	{'p', "port", "PORT", "descriptors: where Snafu listens (default 8080)"},
	{TEMPLATES, "templates", "DIR", "look for targets here, too (repeatable)"},
	{'q', "quiet", NULL, "only errors"},
	{'h', "help", NULL, "show this help"},
	{'V', "version", NULL, "show the version"},
};
#define N_OPTIONS (sizeof option_table / sizeof *option_table)

/* What all tasks start from. */
struct materials {
	const struct snafu_functions *functions;
	const struct snafu_settings_book *book;
	struct snafu_output output;
	struct describe_options describe;
	bool quiet, dry;
};

struct task {
	int key; /* the option that asks for it */
	/* 0, or 1 having said what went wrong. */
	int (*run)(struct materials *materials);
};

struct command_line {
	const struct task *task;
	const char *folder, *settings;
	struct option_list include_paths, defines, templates;
	struct describe_options describe;
	bool force, dry, quiet;
};

/* ---- stubs ------------------------------------------------------------------------- */

struct counts {
	const struct materials *materials;
	size_t written, updated, kept, failed;
	long functions;
};

static void tell_stub(void *state, const struct snafu_stub_news *news)
{
	struct counts *counts = state;
	bool quiet = counts->materials->quiet;

	if (news->fate < 0) {
		counts->failed++;
		fprintf(stderr, "snafu-export: %s\n", news->problem);
		return;
	}
	if (*news->gone && !quiet)
		fprintf(stderr, "snafu-export: %s: not in the source any more: %s\n", news->path,
		        news->gone);
	if (news->fate == SNAFU_OUTPUT_KEPT) {
		counts->kept++;
		return;
	}
	if (news->updated)
		counts->updated++;
	else
		counts->written++;
	counts->functions += news->functions;
	if (!quiet)
		fprintf(stderr, "snafu-export: %s: %s%ld function%s\n", news->path,
		        news->updated ? "added " : "", news->functions, news->functions == 1 ? "" : "s");
	if (news->left_out)
		fprintf(stderr, "snafu-export: %s: %zu further functions do not fit into it\n", news->path,
		        news->left_out);
}

static int write_stubs(struct materials *materials)
{
	struct counts counts = {.materials = materials}, ini = {.materials = materials};
	struct snafu_error error;

	if (snafu_stubs_export(materials->functions, materials->book, &materials->output, tell_stub,
	                       &counts, &error) ||
	    (counts.functions + (long)counts.kept > 0 &&
	     snafu_stub_ini_export(materials->functions, materials->book, &materials->output, tell_stub,
	                           &ini, &error))) {
		fprintf(stderr, "snafu-export: %s\n", error.message);
		return 1;
	}
	if (!materials->quiet)
		fprintf(stderr,
		        "snafu-export: %zu stub%s %s, %zu updated, for %ld function%s; %zu had all\n",
		        counts.written, counts.written == 1 ? "" : "s",
		        materials->dry ? "shown" : "written", counts.updated, counts.functions,
		        counts.functions == 1 ? "" : "s", counts.kept);
	return counts.failed + ini.failed ? 1 : 0;
}

static int write_descriptors(struct materials *materials)
{
	return describe(&materials->describe, materials->functions, materials->book,
	                &materials->output);
}

static const struct task tasks[] = {
	{.key = STUBS, .run = write_stubs},
	{.key = 't', .run = write_descriptors},
	{.key = MODEL, .run = write_descriptors},
};

/* ---- options --------------------------------------------------------------------------- */

static void print_help(void)
{
	printf("Usage: snafu-export --stubs|--target NAME [OPTION]... FILE|DIR...\n"
	       "Write, for the functions of Python, Java and C sources, what they can be configured "
	       "with,\nor what another platform wants to know to run them.\n\n");
	options_print(option_table, N_OPTIONS, stdout);
	printf("\nA stub changes nothing until it is edited; snafu reads it when it stands beside its\n"
	       "source. Exit status: 0, 1 when something could not be read or written, 2 for a usage\n"
	       "error.\n"
	       "\n  snafu-export --stubs src\n"
	       "  snafu-export --stubs -n hello.py\n"
	       "  snafu-export --target docker -o deploy src\n");
}

static int usage_error(void)
{
	fprintf(stderr, "Try 'snafu-export --help'.\n");
	return USAGE;
}

/* Whether KEY asks for a task. */
static bool take_task(struct command_line *line, int key)
{
	for (size_t i = 0; i < sizeof tasks / sizeof *tasks; i++)
		if (tasks[i].key == key) {
			line->task = &tasks[i];
			return true;
		}
	return false;
}

static int take_port(struct command_line *line, const char *argument)
{
	long port = options_number(argument, 1, PORT_CAP);

	if (port < 0) {
		fprintf(stderr, "snafu-export: a port is a number from 1 to %d\n", PORT_CAP);
		return usage_error();
	}
	line->describe.port = (unsigned)port;
	return 0;
}

/* Takes one option; 0 or the exit status of an error. */
static int take(void *state, int key, const char *argument)
{
	struct command_line *line = state;

	switch (key) {
	case 'o': line->folder = argument; return 0;
	case 'f': line->force = true; return 0;
	case 'n': line->dry = true; return 0;
	case 'I': return options_add(&line->include_paths, argument) ? 1 : 0;
	case 'D': return options_add(&line->defines, argument) ? 1 : 0;
	case 's': line->settings = argument; return 0;
	case 't': line->describe.target = argument; break;
	case 'p': return take_port(line, argument);
	case NAME: line->describe.project = argument; return 0;
	case IMAGE: line->describe.image = argument; return 0;
	case TEMPLATES: return options_add(&line->templates, argument) ? 1 : 0;
	case 'q': line->quiet = true; return 0;
	}
	return take_task(line, key) ? 0 : usage_error();
}

/* ---- running --------------------------------------------------------------------------- */

/* What of the sources could not be read. Whether that is all there was. */
static bool tell_diagnostics(const struct command_line *line,
                             const struct snafu_functions *functions)
{
	bool bad = false;

	for (size_t i = 0; i < functions->n_diagnostics; i++) {
		const struct snafu_diagnostic *said = &functions->diagnostics[i];

		bad |= said->severity == SNAFU_ERROR;
		if (said->severity == SNAFU_NOTE || (line->quiet && said->severity != SNAFU_ERROR))
			continue;
		fprintf(stderr, "snafu-export: %s%s%s\n", said->file ? said->file : "",
		        said->file ? ": " : "", said->message);
	}
	return bad && !functions->count;
}

static int run_task(const struct command_line *line, const struct snafu_functions *functions,
                    const struct snafu_scan_options *scan, const char *const *paths, size_t count)
{
	struct materials materials = {
		.functions = functions,
		.output = {.folder = line->folder,
	               .paths = paths,
	               .n_paths = count,
	               .force = line->force,
	               .preview = line->dry ? stdout : NULL},
		.describe = line->describe,
		.quiet = line->quiet,
		.dry = line->dry,
	};
	struct snafu_settings_book *book;
	struct snafu_error error;

	if (snafu_book_read(line->settings, &book, &error)) {
		fprintf(stderr, "snafu-export: %s\n", error.message);
		return 1;
	}
	materials.book = book;
	materials.describe.scan = scan;
	int status = line->task->run(&materials);
	if (line->dry && fflush(stdout)) {
		fprintf(stderr, "snafu-export: cannot write to standard output\n");
		status = 1;
	}
	snafu_output_done(&materials.output);
	snafu_book_free(book);
	return status;
}

static int export(const struct command_line *line, const char *const *paths, size_t count)
{
	struct snafu_scan_options options = {
		.include_paths = line->include_paths.words,
		.n_include_paths = line->include_paths.count,
		.defines = line->defines.words,
		.n_defines = line->defines.count,
		.progress = line->quiet ? NULL : progress_start("snafu-export"),
	};
	struct snafu_functions functions = {0};
	struct snafu_error error;

	progress_say(NULL, "scanning");
	int status = snafu_scan(paths, count, &options, &functions, &error) ? 1 : 0;
	progress_stop();
	if (status)
		fprintf(stderr, "snafu-export: %s\n", error.message);
	else if (tell_diagnostics(line, &functions))
		status = 1;
	else
		status = run_task(line, &functions, &options, paths, count);
	snafu_functions_done(&functions);
	return status;
}

static const struct option_program program = {.name = "snafu-export",
                                              .table = option_table,
                                              .count = N_OPTIONS,
                                              .print_help = print_help,
                                              .take = take};

int main(int argc, char **argv)
{
	struct command_line line = {0};
	int status = options_read(&program, argc, argv, &line);

	if (status == OPTIONS_ANSWERED)
		return 0;
	line.describe.templates = line.templates.words;
	line.describe.n_templates = line.templates.count;
	line.describe.quiet = line.quiet;
	bool list = !status && line.describe.target && strcmp(line.describe.target, LIST) == 0;
	if (!status && !line.task) {
		fprintf(stderr, "snafu-export: say what to write: --stubs, or --target NAME\n");
		status = usage_error();
	}
	if (!status && list) {
		status = describe_list(&line.describe);
	} else if (!status && optind == argc) {
		fprintf(stderr, "snafu-export: no file or directory given\n");
		status = usage_error();
	}
	if (!status && !list)
		status = export(&line, (const char *const *)argv + optind, (size_t)(argc - optind));
	free(line.include_paths.words);
	free(line.defines.words);
	free(line.templates.words);
	return status;
}
