/* programs/serve.h — the doors of a running snafu: opens connectors, stops them on
 * signals, closes them. */
#ifndef SNAFU_PROGRAMS_SERVE_H
#define SNAFU_PROGRAMS_SERVE_H

#include <stdbool.h>

struct snafu_host;

#define SERVE_CONNECTORS_CAP 16

struct serve_options {
	const char *connectors; /* as given with -C: names and commas */
	const char *listen; /* -L, or NULL */
	bool quiet, verbose;
	int result_fd;
};

/* From now on SIGINT, SIGTERM and SIGHUP end the process at once, and, once
 * serve() is under way, stop it cleanly. SIGPIPE and SIGXFSZ are ignored. */
void serve_prepare(void);

/* Checks the names of a connector list: 0, or 2 having said what there is. */
int serve_check(const char *connectors);

/* Serves until it is told to stop; returns the exit status. RET_STUCK as from
 * snafu_crew_run(). */
int serve(struct snafu_host *host, const struct serve_options *options, int *ret_stuck);

/* A signal ends the process at once again: for the time of closing. */
void serve_finish(void);

#endif
