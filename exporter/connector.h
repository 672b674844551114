/* exporter/connector.h — a door through which calls come.
 *
 * A connector is a loadable module, connector-<name>.so, that exports
 * `const struct snafu_connector snafu_connector`. To add one: write
 * exporter/connectors/<name>.c and list the module in Makefile.am. */
#ifndef SNAFU_EXPORTER_CONNECTOR_H
#define SNAFU_EXPORTER_CONNECTOR_H

#include <stdbool.h>

#include "runtime/crew.h"
#include "runtime/host.h"

struct snafu_connector_options {
	struct snafu_host *host;
	const char *listen; /* -L as given, or NULL */
	bool quiet;
	bool verbose;
	int result_fd; /* where results go: the real stdout (fd 1 is stderr by then) */
};

struct snafu_connector {
	unsigned version; /* SNAFU_CONNECTOR_VERSION */
	const char *name;

	/* Gets ready (binds its port, say) and says so on stderr unless quiet. */
	int (*open)(const struct snafu_connector_options *options, void **ret_state,
	            struct snafu_error *error);

	/* One of these two. An event loop is led by the crew; */
	const struct snafu_event_loop *(*event_loop)(void *state);
	/* run() has a thread of its own until the person ends it (the command line)
	 * or stop() is called. It returns true when the program should end. */
	bool (*run)(void *state);

	void (*stop)(void *state); /* async-signal-safe; no new calls from now on */
	void (*close)(void *state);
};

#define SNAFU_CONNECTOR_VERSION 1
#define SNAFU_CONNECTOR_SYMBOL  "snafu_connector"

#endif
