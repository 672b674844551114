/* programs/execute.h — snafu -x: one call, its result on stdout.
 *
 * Where the arguments come from, the first that has one wins: -a; JSON on standard
 * input when that is not a terminal; questions when it is. Standard input that is
 * not a terminal is read when the call still lacks a required argument, when no
 * -a was given to a function that takes arguments, and with `-a -`. A pipe that
 * nothing is required from is left alone when nothing comes within a second, so
 * that a run from cron or a build with a pipe that never closes does not hang. */
#ifndef SNAFU_PROGRAMS_EXECUTE_H
#define SNAFU_PROGRAMS_EXECUTE_H

#include <stdbool.h>
#include <stddef.h>

struct snafu_host;

struct execute_options {
	const char *function; /* as given with -x */
	const char *const *arguments; /* NAME=VALUE, NAME:=JSON, or - */
	size_t n_arguments;
	bool quiet, verbose;
	int result_fd;
};

#define EXECUTE_STDIN_PATIENCE_MS 1000

/* 0, or 1 when the call failed in any way, having said so on stderr; 2 for an -a
 * that is neither form. */
int execute(struct snafu_host *host, const struct execute_options *options);

#endif
