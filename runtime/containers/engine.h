/* runtime/containers/engine.h — the Docker engine's HTTP API (version 1.40 and later) on its
 * Unix socket. Threads: any, each request has a connection of its own. */
#ifndef SNAFU_RUNTIME_CONTAINERS_ENGINE_H
#define SNAFU_RUNTIME_CONTAINERS_ENGINE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"

struct snafu_error;
struct snafu_json_value;

#define ENGINE_REPLY_CAP    (4u << 20) /* bytes */
#define ENGINE_PATIENCE_MS  30000 /* of one request */
#define ENGINE_PATH_CAP     107 /* bytes of a Unix socket's path */
#define ENGINE_DEFAULT_HOST "unix:///var/run/docker.sock"

struct engine {
	char *path; /* of the socket */
	const atomic_bool *stop; /* once it is set, requests end at once */
};

/* Where $DOCKER_HOST says, or at the usual place. Does not look whether it is there. */
int engine_open(struct engine *engine, const atomic_bool *stop, struct snafu_error *error);
void engine_done(struct engine *engine);

/* Whether CODE says that the engine cannot be reached, or does not answer in time. */
bool engine_is_away(int code);

struct engine_request {
	const char *method; /* "GET", "POST", "DELETE" */
	const char *path; /* and query, escaped: "/containers/json" */
	const char *type; /* of the body; NULL: JSON */
	const void *body; /* MAY be NULL */
	size_t size;
	unsigned patience_ms; /* 0: ENGINE_PATIENCE_MS */
	bool last; /* goes on when `stop` is set */
};

/* The status, and the reply's body, when it is there; or a negative errno: -ECONNREFUSED,
 * -ETIMEDOUT, -ECANCELED (`stop`), -EMSGSIZE (ENGINE_REPLY_CAP). WHAT is in the error's words
 * ("start a container"). */
int engine_ask(const struct engine *engine, const struct engine_request *request, const char *what,
               struct snafu_buffer *ret_body, struct snafu_error *error);

/* The same where only success will do: any other status is -EPROTO, with the engine's words. */
int engine_do(const struct engine *engine, const struct engine_request *request, const char *what,
              struct snafu_buffer *ret_body, struct snafu_error *error);

/* Appends TEXT with all that is not plain in a query escaped. */
void engine_escape(const char *text, struct snafu_buffer *into);

/* Finds the member NAME of the object BODY; 0, or -ENOENT. The value is borrowed from BODY. */
int engine_member(const char *body, size_t size, const char *name,
                  struct snafu_json_value *ret_value);

#endif
