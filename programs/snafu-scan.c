/* programs/snafu-scan.c — the scanner alone: lists every function of source
 * files without running them. */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "programs/options.h"
#include "programs/progress.h"
#include "scanner/listing.h"
#include "scanner/scanners.h"

#define JOBS_CAP           256 /* threads that -j may ask for */
#define OUTPUT_BUFFER_SIZE (256u << 10)

enum { USAGE = 2 };

static const struct option_text option_table[] = {
	{'f', "format", "NAME", "table (default), json or ctags"},
	{'I', "include", "DIR", "C: look for headers here (repeatable)"},
	{'D', "define", "NAME[=VALUE]", "C: define a macro (repeatable)"},
	{'j', "jobs", "N", "threads, 1 to 256 (default: one a core)"},
	{'o', "output", "FILE", "write there instead of stdout"},
	{'q', "quiet", NULL, "no diagnostics"},
	{'h', "help", NULL, "show this help"},
	{'V', "version", NULL, "show the version"},
};
#define N_OPTIONS (sizeof option_table / sizeof *option_table)

struct settings {
	const struct snafu_listing *format;
	struct option_list include_paths, defines;
	unsigned jobs;
	const char *output;
	bool quiet;
};

/* "python .py .pyw", one a line: also what was dropped in. */
static void print_languages(void)
{
	struct snafu_functions functions = {0};
	struct snafu_scanners scanners = {.functions = &functions};
	const struct snafu_scanner *scanner;

	snafu_scanners_look(&scanners);
	printf("\nLanguages, by the file's suffix or its #! line:\n");
	for (size_t i = 0; (scanner = snafu_scanner_number(&scanners, i)); i++) {
		printf("  %-8s", scanner->name);
		for (const char *const *suffix = scanner->suffixes; *suffix; suffix++)
			printf(" %s", *suffix);
		putchar('\n');
	}
	snafu_functions_done(&functions);
}

static void print_help(void)
{
	printf("Usage: snafu-scan [OPTION]... FILE|DIR...\n"
	       "List every function of Python, Java and C sources, without running them.\n\n");
	options_print(option_table, N_OPTIONS, stdout);
	print_languages();
	printf("\nCaps: files of %u MiB, %u files, %u functions, folders %u deep.\n"
	       "Exit status: 0, 1 when nothing could be scanned, 2 for a usage error.\n",
	       SNAFU_SCAN_FILE_CAP >> 20, SNAFU_SCAN_FILES_CAP, SNAFU_SCAN_FUNCTIONS_CAP,
	       SNAFU_SCAN_DEPTH_CAP);
}

static int usage_error(void)
{
	fprintf(stderr, "Try 'snafu-scan --help'.\n");
	return USAGE;
}

/* Takes one option; 0 or the exit status of an error. */
static int take(void *state, int key, const char *argument)
{
	struct settings *settings = state;
	long jobs;

	switch (key) {
	case 'f':
		settings->format = snafu_listing_find(argument);
		if (settings->format)
			return 0;
		fprintf(stderr, "snafu-scan: no format '%s': there are table, json and ctags\n", argument);
		return USAGE;
	case 'I': return options_add(&settings->include_paths, argument) ? 1 : 0;
	case 'D': return options_add(&settings->defines, argument) ? 1 : 0;
	case 'j':
		jobs = options_number(argument, 1, JOBS_CAP);
		settings->jobs = jobs > 0 ? (unsigned)jobs : 0;
		if (jobs > 0)
			return 0;
		fprintf(stderr, "snafu-scan: -j takes a number from 1 to %d, not '%s'\n", JOBS_CAP,
		        argument);
		return USAGE;
	case 'o': settings->output = argument; return 0;
	case 'q': settings->quiet = true; return 0;
	default: return usage_error();
	}
}

static void print_diagnostics(const struct snafu_functions *functions)
{
	static const char *const words[] = {
		[SNAFU_NOTE] = "note",
		[SNAFU_WARNING] = "warning",
		[SNAFU_ERROR] = "error",
	};

	for (size_t i = 0; i < functions->n_diagnostics; i++) {
		const struct snafu_diagnostic *said = &functions->diagnostics[i];

		if (said->file && said->line)
			fprintf(stderr, "%s:%u: %s: %s\n", said->file, said->line, words[said->severity],
			        said->message);
		else
			fprintf(stderr, "%s: %s: %s\n", said->file ? said->file : "snafu-scan",
			        words[said->severity], said->message);
	}
}

/* Whether anything was readable at all. */
static bool scanned_something(const struct snafu_functions *functions)
{
	if (functions->count)
		return true;
	for (size_t i = 0; i < functions->n_diagnostics; i++)
		if (functions->diagnostics[i].severity == SNAFU_ERROR)
			return false;
	return true;
}

static int write_listing(const struct settings *settings, const struct snafu_functions *functions,
                         struct snafu_error *error)
{
	static char buffer[OUTPUT_BUFFER_SIZE];
	FILE *out = settings->output ? fopen(settings->output, "we") : stdout;

	if (!out)
		return snafu_fail_errno(error, -errno, "cannot write %s", settings->output);
	setvbuf(out, buffer, _IOFBF, sizeof buffer);
	int code = settings->format->write(functions, out, error);
	if (settings->output && fclose(out) && !code)
		code = snafu_fail_errno(error, -errno, "cannot write %s", settings->output);
	return code;
}

static int scan(const struct settings *settings, const char *const *paths, size_t count)
{
	struct snafu_scan_options options = {
		.include_paths = settings->include_paths.words,
		.n_include_paths = settings->include_paths.count,
		.defines = settings->defines.words,
		.n_defines = settings->defines.count,
		.jobs = settings->jobs,
	};
	struct snafu_functions functions = {0};
	struct snafu_error error = {0};

	if (!settings->quiet)
		options.progress = progress_start("snafu-scan");
	progress_say(NULL, "scanning");
	int code = snafu_scan(paths, count, &options, &functions, &error);
	progress_stop();
	bool something = !code && scanned_something(&functions);

	if (!code && !settings->quiet)
		print_diagnostics(&functions);
	if (!code)
		code = write_listing(settings, &functions, &error);
	if (code)
		fprintf(stderr, "snafu-scan: %s\n", error.message);
	else if (!something)
		fprintf(stderr, "snafu-scan: nothing could be scanned\n");
	snafu_functions_done(&functions);
	return code || !something ? 1 : 0;
}

static const struct option_program program = {.name = "snafu-scan",
                                              .table = option_table,
                                              .count = N_OPTIONS,
                                              .print_help = print_help,
                                              .take = take};

int main(int argc, char **argv)
{
	struct settings settings = {.format = snafu_listing_find("table")};
	int status = options_read(&program, argc, argv, &settings);

	if (status == OPTIONS_ANSWERED)
		return 0;
	if (!status && optind == argc) {
		fprintf(stderr, "snafu-scan: no file or directory given\n");
		status = usage_error();
	}
	if (!status)
		status = scan(&settings, (const char *const *)argv + optind, (size_t)(argc - optind));
	free(settings.include_paths.words);
	free(settings.defines.words);
	return status;
}
