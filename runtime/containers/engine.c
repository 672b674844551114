/* runtime/containers/engine.c — see engine.h. */
#include "runtime/containers/engine.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/json.h"

#define URL_CAP     8192
#define UNIX_PREFIX "unix://"

/* libcurl wants this once a process, before other threads use it. */
__attribute__((constructor)) static void begin(void)
{
	curl_global_init(CURL_GLOBAL_DEFAULT);
}

int engine_open(struct engine *engine, const atomic_bool *stop, struct snafu_error *error)
{
	const char *host = getenv("DOCKER_HOST");

	if (!host || !*host)
		host = ENGINE_DEFAULT_HOST;
	const char *path = host + strlen(UNIX_PREFIX);
	if (strncmp(host, UNIX_PREFIX, strlen(UNIX_PREFIX)) != 0 || *path != '/' ||
	    strlen(path) > ENGINE_PATH_CAP)
		return snafu_fail(error, -EINVAL,
		                  "the container engine must listen at a Unix socket: DOCKER_HOST is "
		                  "'%.200s', not unix:///PATH (at most %d characters)",
		                  host, ENGINE_PATH_CAP);
	*engine = (struct engine){.path = strdup(path), .stop = stop};
	return engine->path ? 0 : snafu_fail(error, -ENOMEM, "no memory");
}

void engine_done(struct engine *engine)
{
	free(engine->path);
	engine->path = NULL;
}

static size_t receive(char *bytes, size_t one, size_t size, void *state)
{
	struct snafu_buffer *body = state;

	(void)one;
	return snafu_buffer_append(body, bytes, size) ? 0 : size;
}

/* libcurl asks now and then whether to go on, at least once a second. */
static int look_up(void *state, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
	(void)a, (void)b, (void)c, (void)d;
	return atomic_load((const atomic_bool *)state);
}

static int set(CURL *curl, const struct engine *engine, const struct engine_request *request,
               const char *url, struct curl_slist *headers, struct snafu_buffer *body)
{
	CURLcode bad = CURLE_OK;
#define SET(OPTION, VALUE) bad = bad ? bad : curl_easy_setopt(curl, OPTION, VALUE)
	SET(CURLOPT_UNIX_SOCKET_PATH, engine->path);
	SET(CURLOPT_URL, url);
	SET(CURLOPT_NOSIGNAL, 1L);
	SET(CURLOPT_PROXY, "");
	SET(CURLOPT_TIMEOUT_MS,
	    (long)(request->patience_ms ? request->patience_ms : ENGINE_PATIENCE_MS));
	if (engine->stop && !request->last) {
		SET(CURLOPT_NOPROGRESS, 0L);
		SET(CURLOPT_XFERINFOFUNCTION, look_up);
		SET(CURLOPT_XFERINFODATA, (void *)engine->stop);
	}
	SET(CURLOPT_WRITEFUNCTION, receive);
	SET(CURLOPT_WRITEDATA, body);
	if (strcmp(request->method, "GET") != 0) {
		SET(CURLOPT_POST, 1L);
		SET(CURLOPT_CUSTOMREQUEST, request->method);
		SET(CURLOPT_POSTFIELDS, request->body ? request->body : "");
		SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->size);
	}
	SET(CURLOPT_HTTPHEADER, headers);
#undef SET
	return bad ? -EINVAL : 0;
}

static struct curl_slist *headers_of(const struct engine_request *request)
{
	struct snafu_buffer line = SNAFU_BUFFER(256);
	struct curl_slist *headers, *more;

	snafu_buffer_format(&line, "Content-Type: %s",
	                    request->type ? request->type : "application/json");
	headers = curl_slist_append(NULL, line.data ? line.data : "");
	more = headers ? curl_slist_append(headers, "Expect:") : NULL;
	snafu_buffer_done(&line);
	return more ? more : headers;
}

bool engine_is_away(int code)
{
	return code == -ECONNREFUSED || code == -ETIMEDOUT;
}

static int fail_undone(const struct engine *engine, CURL *curl, CURLcode done,
                       const struct engine_request *request, const char *what,
                       struct snafu_error *error)
{
	unsigned patience = request->patience_ms ? request->patience_ms : ENGINE_PATIENCE_MS;
	long number = 0;

	if (done == CURLE_ABORTED_BY_CALLBACK)
		return snafu_fail(error, -ECANCELED, "cannot %s: the host is stopping", what);
	if (done == CURLE_WRITE_ERROR)
		return snafu_fail(error, -EMSGSIZE,
		                  "cannot %s: the container engine at %s answered with more than %u bytes",
		                  what, engine->path, ENGINE_REPLY_CAP);
	if (done == CURLE_OPERATION_TIMEDOUT)
		return snafu_fail(error, -ETIMEDOUT,
		                  "cannot %s: the container engine at %s did not answer within %u s", what,
		                  engine->path, patience / 1000);
	curl_easy_getinfo(curl, CURLINFO_OS_ERRNO, &number);
	if (number == EACCES || number == EPERM)
		return snafu_fail(error, -ECONNREFUSED,
		                  "cannot %s: this user may not use the container engine at %s (its "
		                  "group, often docker, may)",
		                  what, engine->path);
	return snafu_fail(error, -ECONNREFUSED,
	                  "cannot %s: no container engine answers at %s (%s): start it (Debian: "
	                  "docker.io), or set DOCKER_HOST=unix:///PATH",
	                  what, engine->path,
	                  done == CURLE_COULDNT_CONNECT && number ? strerrordesc_np((int)number)
	                                                          : curl_easy_strerror(done));
}

int engine_ask(const struct engine *engine, const struct engine_request *request, const char *what,
               struct snafu_buffer *ret_body, struct snafu_error *error)
{
	struct snafu_buffer url = SNAFU_BUFFER(URL_CAP);
	struct curl_slist *headers = headers_of(request);
	CURL *curl = curl_easy_init();
	long status = 0;
	int code = -ENOMEM;

	snafu_buffer_clear(ret_body);
	snafu_buffer_format(&url, "http://engine%s", request->path);
	if (curl && headers && !snafu_buffer_failed(&url))
		code = set(curl, engine, request, url.data, headers, ret_body);
	if (code) {
		snafu_fail_errno(error, code, "cannot %s", what);
	} else {
		CURLcode done = curl_easy_perform(curl);

		curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
		if (done)
			code = fail_undone(engine, curl, done, request, what, error);
	}
	curl_easy_cleanup(curl);
	curl_slist_free_all(headers);
	snafu_buffer_done(&url);
	return code ? code : (int)status;
}

int engine_do(const struct engine *engine, const struct engine_request *request, const char *what,
              struct snafu_buffer *ret_body, struct snafu_error *error)
{
	struct snafu_buffer words = SNAFU_BUFFER(1024);
	struct snafu_json_value message;

	int status = engine_ask(engine, request, what, ret_body, error);
	if (status < 0 || (status >= 200 && status < 300))
		return status < 0 ? status : 0;
	if (ret_body->data && engine_member(ret_body->data, ret_body->size, "message", &message) == 0 &&
	    message.type == SNAFU_JSON_STRING)
		snafu_json_unescape(&message, &words);
	snafu_fail(error, -EPROTO, "cannot %s: %s (the container engine answered %d)", what,
	           words.data ? words.data : "no reason was given", status);
	snafu_buffer_done(&words);
	return -EPROTO;
}

void engine_escape(const char *text, struct snafu_buffer *into)
{
	for (; *text; text++) {
		unsigned char at = (unsigned char)*text;

		if ((at >= '0' && at <= '9') || (at >= 'a' && at <= 'z') || (at >= 'A' && at <= 'Z') ||
		    strchr("-._~", at))
			snafu_buffer_append_byte(into, *text);
		else
			snafu_buffer_format(into, "%%%02X", at);
	}
}

int engine_member(const char *body, size_t size, const char *name,
                  struct snafu_json_value *ret_value)
{
	struct snafu_json_reader reader;
	struct snafu_json_value key, value;

	snafu_json_begin(&reader, body, size);
	if (snafu_json_read(&reader, &value, NULL) || value.type != SNAFU_JSON_OBJECT)
		return -ENOENT;
	while (snafu_json_next_member(&reader, &key, &value, NULL) > 0) {
		bool found = snafu_json_equals(&key, name);
		struct snafu_json_value scalar = value;

		if (snafu_json_skip(&reader, &value, NULL))
			return -ENOENT;
		if (found) {
			*ret_value = scalar.type >= SNAFU_JSON_ARRAY ? value : scalar;
			return 0;
		}
	}
	return -ENOENT;
}
