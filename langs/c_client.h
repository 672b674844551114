/* langs/c_client.h — what langs/include/snafu.h promises to C functions.
 *
 * The header's functions are linked into all that Snafu compiles (c_guard.h's source has
 * them), and go through a table whose address is put into "snafu_client" after loading: so
 * no name of the host has to be visible, and none of the function's own is taken. */
#ifndef SNAFU_LANGS_C_CLIENT_H
#define SNAFU_LANGS_C_CLIENT_H

#include "langs/language.h"

/* Goes across: its layout is repeated in c_guard.c's source. */
struct snafu_c_client {
	char *(*call)(const char *function, const char *json, int *status, int asynchronous);
	long (*remaining_ms)(void);
	const char *(*request_id)(void);
};
extern const struct snafu_c_client snafu_c_client;

/* The call that this thread serves; they lie inside each other. */
struct snafu_c_serving {
	const struct snafu_language_options *options;
	const struct snafu_context *context;
	size_t result_cap; /* bytes of a result */
	struct snafu_c_serving *outer;
};

/* Around a call, on the stack of its thread. */
void snafu_c_serve_begin(struct snafu_c_serving *serving);
void snafu_c_serve_end(struct snafu_c_serving *serving);

/* Whom threads call that serve no call. */
void snafu_c_client_init(const struct snafu_language_options *options);

#endif
