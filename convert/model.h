/* convert/model.h — what a template sees: all that is known of the functions and of what is set
 * for them, as JSON. Facts only: what a target makes of them is in templates/.
 *
 *     {"snafu": {"version": "0.1.0", "program": "/usr/local/bin/snafu"},
 *      "project": {"name": "billing", "image": "billing:latest", "port": 8080},
 *      "paths": [{"path": "src", "place": "functions/src", "whole": "/home/me/src"}],
 *      "include_paths": [...], "defines": [...],          C: -I (places) and -D
 *      "settings_file": "..." or null,                    a whole snafu.ini
 *      "settings": [{"section", "name", "unit", "value", "text", "default", "help", "by"}],
 *      "tenants": {"acme": {"concurrency": {"value": 10, "text": "10"}}},
 *      "languages": ["python"],
 *      "functions": [{"id", "name", "language", "kind", "file", "root", "line", "signature",
 *                     "doc", "reason", "convention", "asynchronous", "generator", "returns",
 *                     "parameters": [{"name", "kind", "type", "required"}],
 *                     "http": {"method": "POST", "path": "/invoke/billing.pay"},
 *                     "environment": {"STAGE": "test"},
 *                     "settings": {"memory": {"value": 134217728, "text": "128MiB"}}}]}
 *
 * Settings of a function are those that hold for it and differ from the defaults: instance,
 * source config and function sections resolved, numbers in bytes, milliseconds or counts.
 * Any thread. */
#ifndef SNAFU_CONVERT_MODEL_H
#define SNAFU_CONVERT_MODEL_H

#include <stddef.h>

struct snafu_buffer;
struct snafu_context;
struct snafu_error;
struct snafu_functions;
struct snafu_scan_options;
struct snafu_settings_book;

#define SNAFU_MODEL_CAP  (256u << 20) /* bytes */
#define SNAFU_MODEL_PORT 8080 /* where the web connector listens, when nobody says */

/* Everything is borrowed for the time of the call. */
struct snafu_model_options {
	const struct snafu_functions *functions;
	const struct snafu_settings_book *book;
	const struct snafu_context *context; /* says what the paths are, and their places */
	const struct snafu_scan_options *scan; /* -I and -D; MAY be NULL */
	const char *project; /* NULL: named after the first path */
	const char *image; /* NULL: the project's name, tag latest */
	unsigned port; /* 0: SNAFU_MODEL_PORT */
	const char *program; /* where snafu is on this machine; NULL: where it is installed */
	void (*warn)(void *state, const char *message); /* of a config; MAY be NULL */
	void *warn_state;
};

/* Appends the model. A bad config of a source is an error. */
int snafu_model_write(const struct snafu_model_options *options, struct snafu_buffer *into,
                      struct snafu_error *error);

#endif
