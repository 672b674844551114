/* programs/snafu.c — options in, parts wired together: scans the sources that it
 * is given and offers every function in them, or calls one (-x). */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/parts.h"
#include "programs/debug.h"
#include "programs/execute.h"
#include "programs/options.h"
#include "programs/progress.h"
#include "programs/serve.h"
#include "runtime/executors/executor.h"
#include "runtime/host.h"
#include "runtime/loggers/logger.h"
#include "runtime/pool.h"
#include "runtime/settings/settings.h"
#include "scanner/convention.h"

#define MODULE_NAME_CAP 128 /* bytes of a word of -e */

enum { USAGE = 2 };
enum { DEBUG = 256, NO_WATCH, PYTHON2 }; /* options without a letter */

static const struct option_text option_table[] = {
	{'x', "execute", "FUNCTION", "run one function, print its result as JSON on stdout"},
	{'a', "argument", "NAME=VALUE",
     "argument for -x (repeatable), converted by the parameter's\n"
     "type; NAME:=JSON takes JSON; - reads JSON from stdin"},
	{'C', "connector", "LIST", "cli, web (default: web, and cli when stdin is a terminal)"},
	{'e', "executor", "LIST", "an executor, or LANGUAGE=EXECUTOR (default: inprocess)"},
	{'c', "convention", "NAME",
     "any: every function, each by the convention that it is\n"
     "recognised to have (default); none: all by their parameters;\n"
     "lambda, gcf, ...: functions of this one only"},
	{'l', "logger", "LIST",
     "where calls are noted: csv, sqlite, with =PATH or without; none\n"
     "(default; see [log] in the settings)"},
	{'L', "listen", "[HOST:]PORT",
     "web connector (default 127.0.0.1:8080; port 0: a free one);\n"
     "or unix:PATH"},
	{'I', "include", "DIR", "C: look for headers here (repeatable)"},
	{'D', "define", "NAME[=VALUE]", "C: define a macro (repeatable)"},
	{'s', "settings", "FILE", "read settings (snafu.ini)"},
	{PYTHON2, "python2", "HOW", "Python 2 sources: upgrade (default), or native (in a Python 2)"},
	{NO_WATCH, "no-watch", NULL, "do not look for changed sources while serving"},
	{'q', "quiet", NULL, "only errors and results"},
	{'v', "verbose", NULL, "notes, stack traces and times too"},
	{DEBUG, "debug", NULL, "tell what happens on stderr, a JSON object a line"},
	{'h', "help", NULL, "show this help"},
	{'V', "version", NULL, "show the version"},
};
#define N_OPTIONS (sizeof option_table / sizeof *option_table)

struct command_line {
	const char *execute, *connectors, *executors, *convention, *listen, *loggers, *settings;
	const char *python2;
	struct option_list arguments, include_paths, defines;
	bool quiet, verbose, debug, no_watch;
};

static void print_settings(void)
{
	struct snafu_buffer line = SNAFU_BUFFER(4096);

	printf("\nSettings, in a settings file (default, least to most):\n\n");
	for (const struct snafu_setting *at = snafu_setting_table; at->name; at++) {
		snafu_buffer_clear(&line);
		snafu_buffer_format(&line, "  [%s] %s =", at->section, at->name);
		if (at->unit == SNAFU_UNIT_TEXT) {
			snafu_buffer_format(&line, "%s%s", *at->fallback_text ? " " : "", at->fallback_text);
		} else {
			snafu_buffer_append_byte(&line, ' ');
			snafu_setting_write(at, at->fallback, &line);
			snafu_buffer_append_text(&line, "  (");
			snafu_setting_write(at, at->least, &line);
			snafu_buffer_append_text(&line, at->unit == SNAFU_UNIT_SWITCH ? " or " : " to ");
			snafu_setting_write(at, at->most, &line);
			snafu_buffer_append_byte(&line, ')');
		}
		snafu_buffer_format(&line, "\n      %s\n", at->help);
		fputs(line.data ? line.data : "", stdout);
	}
	snafu_buffer_done(&line);
}

static void print_help(void)
{
	printf("Usage: snafu [OPTION]... FILE|DIR...\n"
	       "Turn every function of Python, Java and C sources into a service.\n\n");
	options_print(option_table, N_OPTIONS, stdout);
	print_settings();
	printf("\nExit status: 0, 1 when the call failed or nothing could be served, 2 for a usage\n"
	       "error. Results go to stdout, everything else to stderr.\n"
	       "\n  snafu hello.py\n"
	       "  snafu -x fib -a n=10 localfib.py\n"
	       "  echo '{\"n\": 10}' | snafu -q -x localfib.fib localfib.py\n");
}

static int usage_error(void)
{
	fprintf(stderr, "Try 'snafu --help'.\n");
	return USAGE;
}

static int check_python2(const char *how)
{
	if (strcmp(how, "upgrade") == 0 || strcmp(how, "native") == 0)
		return 0;
	fprintf(stderr, "snafu: --python2 takes upgrade or native, not '%s'\n", how);
	return USAGE;
}

static int check_convention(const char *name)
{
	struct snafu_buffer names = SNAFU_BUFFER(1024);

	if (snafu_host_convention_known(name))
		return 0;
	snafu_convention_names(&names);
	fprintf(stderr, "snafu: there is no convention '%s': -c takes any, none, %s\n", name,
	        names.data ? names.data : "or a name");
	snafu_buffer_done(&names);
	return USAGE;
}

/* Checks the names in a list of loggers. */
static int check_loggers(const char *list)
{
	const struct snafu_logger *logger;
	struct snafu_error error;
	char name[MODULE_NAME_CAP];

	for (size_t size; *list; list += size + (list[size] == ',')) {
		size = strcspn(list, ",");
		snprintf(name, sizeof name, "%.*s", (int)strcspn(list, "=,"), list);
		if (*name && strcmp(name, "none") != 0 && snafu_logger_find(name, &logger, &error)) {
			fprintf(stderr, "snafu: -l: %s\n", error.message);
			return USAGE;
		}
	}
	return 0;
}

/* Takes one option; 0 or the exit status of an error. */
static int take(void *state, int key, const char *argument)
{
	struct command_line *line = state;
	switch (key) {
	case 'x': line->execute = argument; return 0;
	case 'a': return options_add(&line->arguments, argument) ? 1 : 0;
	case 'C': line->connectors = argument; return 0;
	case 'e': line->executors = argument; return 0;
	case 'c': line->convention = argument; return check_convention(argument);
	case 'l': line->loggers = argument; return check_loggers(argument);
	case 'L': line->listen = argument; return 0;
	case 'I': return options_add(&line->include_paths, argument) ? 1 : 0;
	case 'D': return options_add(&line->defines, argument) ? 1 : 0;
	case 's': line->settings = argument; return 0;
	case NO_WATCH: line->no_watch = true; return 0;
	case 'q': line->quiet = true; return 0;
	case 'v': line->verbose = true; return 0;
	case DEBUG: line->debug = true; return 0;
	case PYTHON2: line->python2 = argument; return check_python2(argument);
	default: return usage_error();
	}
}

/* ---- executors ----------------------------------------------------------------- */

/* Whether NAME is a language that can be called; -e is the first to ask. */
static bool is_language(const char *name)
{
	struct snafu_buffer file = SNAFU_BUFFER(2 * MODULE_NAME_CAP);
	char *path = NULL;

	if (!strchr(name, '/') && snafu_buffer_format(&file, "lang-%s.so", name) == 0)
		snafu_part_find(file.data, &path, NULL);
	snafu_buffer_done(&file);
	free(path);
	return path != NULL;
}

static int no_language(const char *name)
{
	struct snafu_buffer names = SNAFU_BUFFER(4096);

	snafu_part_names("lang", &names);
	fprintf(stderr, "snafu: -e: '%s' is no language: there are %s\n", name,
	        names.data ? names.data : "none");
	snafu_buffer_done(&names);
	return USAGE;
}

/* Checks a list of executors; what the host is to be told comes back in LIST: one
 * name when only one is named, for all. */
static int check_executors(const char **list, char *ret_name, size_t capacity)
{
	const struct snafu_executor *executor;
	struct snafu_error error;
	bool mixed = false;

	ret_name[0] = '\0';
	for (const char *at = *list; *at;) {
		size_t size = strcspn(at, ",");
		char word[MODULE_NAME_CAP];

		snprintf(word, sizeof word, "%.*s", (int)size, at);
		char *equals = strchr(word, '='), *name = equals ? equals + 1 : word;
		if (equals)
			*equals = '\0';
		if (equals && !is_language(word))
			return no_language(word);
		if (snafu_executor_find(name, &executor, &error)) {
			fprintf(stderr, "snafu: -e: %s\n", error.message);
			return USAGE;
		}
		mixed |= equals || (ret_name[0] && strcmp(ret_name, name) != 0);
		snprintf(ret_name, capacity, "%s", name);
		at += size + (at[size] == ',');
	}
	if (!mixed)
		*list = ret_name[0] ? ret_name : NULL;
	return 0;
}

/* ---- start and end --------------------------------------------------------------- */

static void report(void *state, enum snafu_severity severity, const char *text)
{
	static const char *const words[] = {
		[SNAFU_NOTE] = "note",
		[SNAFU_WARNING] = "warning",
		[SNAFU_ERROR] = "error",
	};
	const struct command_line *line = state;

	if (severity == SNAFU_ERROR || (severity == SNAFU_WARNING && !line->quiet) || line->verbose)
		debug_say("snafu: %s: %s\n", words[severity], text);
}

static void news(void *state, const char *text)
{
	const struct command_line *line = state;

	if (!line->quiet)
		debug_say("snafu: %s\n", text);
}

/* Standard descriptors that are closed would be taken by files that are opened
 * later. Then stdout becomes stderr, so that what functions print does not mix
 * with results; returns a descriptor of the real one, or -1. */
static int part_stdout(void)
{
	int null;

	do
		null = open("/dev/null", O_RDWR);
	while (null >= 0 && null <= STDERR_FILENO);
	if (null >= 0)
		close(null);
	int result_fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	if (result_fd >= 0 && dup2(STDERR_FILENO, STDOUT_FILENO) < 0)
		return -1;
	return result_fd;
}

static int serve_functions(struct snafu_host *host, const struct command_line *line, int result_fd,
                           int *ret_stuck)
{
	const struct serve_options options = {
		.connectors = line->connectors,
		.listen = line->listen,
		.quiet = line->quiet,
		.verbose = line->verbose,
		.result_fd = result_fd,
	};
	const struct snafu_pool *pool = snafu_host_pool_acquire(host);
	size_t count = snafu_pool_functions(pool)->count;

	snafu_host_pool_release(pool);

	if (!count) {
		fprintf(stderr, "snafu: no functions found in the files given\n");
		return 1;
	}
	if (!line->quiet)
		fprintf(stderr, "snafu: %zu function%s\n", count, count == 1 ? "" : "s");
	snafu_host_preload(host);
	snafu_memory_settle();
	progress_stop();
	struct snafu_error error;
	if (!line->no_watch && snafu_host_watch(host, &error))
		fprintf(stderr, "snafu: %s: changes are not seen\n", error.message);
	int status = serve(host, &options, ret_stuck);
	*ret_stuck += !snafu_host_unwatch(host);
	return status;
}

static int run(const struct command_line *line, const char *const *paths, size_t n_paths)
{
	struct snafu_error error;
	struct snafu_host *host = NULL;
	struct snafu_host_options options = {
		.paths = paths,
		.n_paths = n_paths,
		.scan =
			{
				.include_paths = line->include_paths.words,
				.n_include_paths = line->include_paths.count,
				.defines = line->defines.words,
				.n_defines = line->defines.count,
			},
		.executors = line->executors,
		.convention = line->convention,
		.python2 = line->python2,
		.loggers = line->loggers,
		.debug = line->debug ? debug_write : NULL,
		.reporter = {.report = report, .state = (void *)line},
		.news = news,
		.settings_path = line->settings,
		.working = progress_say,
	};
	int result_fd = part_stdout(), stuck = 0, status;

	debug_prepare();
	int code = result_fd < 0 ? snafu_fail_errno(&error, -errno, "cannot keep stdout") : 0;
	if (!line->quiet)
		options.scan.progress = progress_start("snafu");
	progress_say(NULL, "scanning");
	if (!code)
		code = snafu_host_open(&options, &host, &error);
	progress_say(NULL, NULL);
	if (code) {
		progress_stop();
		fprintf(stderr, "snafu: %s\n", error.message);
		return 1;
	}
	if (line->execute) {
		struct execute_options execute_options = {
			.function = line->execute,
			.arguments = line->arguments.words,
			.n_arguments = line->arguments.count,
			.quiet = line->quiet,
			.verbose = line->verbose,
			.result_fd = result_fd,
		};
		status = execute(host, &execute_options);
	} else {
		status = serve_functions(host, line, result_fd, &stuck);
	}
	progress_stop();
	serve_finish();
	snafu_host_close(host, stuck);
	if (stuck) {
		fprintf(stderr, "snafu: %d thread%s did not end\n", stuck, stuck == 1 ? "" : "s");
		_exit(status);
	}
	return status;
}

/* A library alone does not say what is in it. */
static bool are_libraries(char **paths)
{
	while (*paths && snafu_path_is_library(*paths))
		paths++;
	return !*paths;
}

/* What cannot be told option by option. */
static int check(struct command_line *line, char *executor, size_t capacity, char **paths)
{
	int status = 0;

	if (!*paths) {
		fprintf(stderr, "snafu: no file or directory given\n");
		return usage_error();
	}
	if (are_libraries(paths)) {
		fprintf(stderr, "snafu: %s is a library: name the header of its functions, too\n", *paths);
		return usage_error();
	}
	if (line->arguments.count && !line->execute) {
		fprintf(stderr, "snafu: -a goes with -x\n");
		return usage_error();
	}
	if (line->executors)
		status = check_executors(&line->executors, executor, capacity);
	if (line->execute || status)
		return status;
	if (!line->connectors)
		line->connectors = isatty(STDIN_FILENO) ? "web,cli" : "web";
	return serve_check(line->connectors);
}

static const struct option_program program = {.name = "snafu",
                                              .table = option_table,
                                              .count = N_OPTIONS,
                                              .print_help = print_help,
                                              .take = take};

int main(int argc, char **argv)
{
	struct command_line line = {0};
	char executor[MODULE_NAME_CAP];
	int status = options_read(&program, argc, argv, &line);

	if (status == OPTIONS_ANSWERED)
		return 0;
	if (!status)
		status = check(&line, executor, sizeof executor, argv + optind);
	if (!status) {
		serve_prepare();
		status = run(&line, (const char *const *)argv + optind, (size_t)(argc - optind));
	}
	free(line.arguments.words);
	free(line.include_paths.words);
	free(line.defines.words);
	return status;
}
