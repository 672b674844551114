/* runtime/containers/exchange.c — see exchange.h. The headers are those of
 * exporter/connectors/web/forward.h. */
#include "runtime/containers/exchange.h"

#include <curl/curl.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/base64.h"
#include "base/buffer.h"
#include "base/clock.h"
#include "base/http_message.h"
#include "base/json.h"
#include "runtime/containers/container.h"
#include "runtime/containers/engine.h"
#include "runtime/job.h"
#include "runtime/settings/settings.h"
#include "scanner/function.h"
#include "scanner/convention.h"

#define CONTEXT_HEADER "X-Snafu-Context: "
#define OUTCOME_HEADER "X-Snafu-Outcome: "
#define LOG_HEADER     "X-Snafu-Log-Result: "
#define CONTEXT_CAP    (20u << 10) /* bytes; the other side takes 16 KiB of texts */
#define URL_CAP        8192
#define OUTCOME_CAP    128
#define LOG_CAP        (8u << 10) /* bytes of a log in base64 */
#define WAIT_MS        10000 /* at once; it goes on waiting */
#define STATUSES       (SNAFU_INTERNAL + 1)

struct exchange {
	const struct container *container;
	CURLM *multi;
	CURL *easy;
	atomic_bool cancelled;
	struct snafu_job *job;
	size_t sent; /* of the payload */
	char outcome[OUTCOME_CAP];
	struct snafu_buffer log;
};

struct exchange *exchange_new(const struct container *container)
{
	struct exchange *exchange = calloc(1, sizeof *exchange);

	if (!exchange)
		return NULL;
	exchange->container = container;
	exchange->multi = curl_multi_init();
	exchange->easy = curl_easy_init();
	exchange->log = SNAFU_BUFFER(LOG_CAP);
	if (exchange->multi && exchange->easy)
		return exchange;
	exchange_free(exchange);
	return NULL;
}

void exchange_free(struct exchange *exchange)
{
	if (!exchange)
		return;
	curl_easy_cleanup(exchange->easy);
	curl_multi_cleanup(exchange->multi);
	snafu_buffer_done(&exchange->log);
	free(exchange);
}

void exchange_cancel(struct exchange *exchange)
{
	atomic_store(&exchange->cancelled, true);
	curl_multi_wakeup(exchange->multi);
}

bool exchange_is_cancelled(const struct exchange *exchange)
{
	return atomic_load(&exchange->cancelled);
}

/* ---- callbacks ------------------------------------------------------------------- */

/* There is no way back to the start: libcurl must not send a call a second time. */
static size_t send_payload(char *to, size_t one, size_t room, void *state)
{
	struct exchange *exchange = state;
	size_t left = exchange->job->payload_size - exchange->sent;

	(void)one;
	if (left > room)
		left = room;
	if (left)
		memcpy(to, exchange->job->payload + exchange->sent, left);
	exchange->sent += left;
	return left;
}

static size_t receive(char *bytes, size_t one, size_t size, void *state)
{
	struct exchange *exchange = state;

	(void)one;
	return snafu_buffer_append(&exchange->job->result.payload, bytes, size) ? 0 : size;
}

/* Whether LINE is the header NAME; the value, without the line's end. */
static bool value_of(const char *line, size_t size, const char *name, const char **ret_value,
                     size_t *ret_size)
{
	size_t length = strlen(name);

	if (size < length || strncasecmp(line, name, length) != 0)
		return false;
	while (size > length && strchr("\r\n ", line[size - 1]))
		size--;
	*ret_value = line + length;
	*ret_size = size - length;
	return true;
}

static size_t receive_header(char *line, size_t one, size_t size, void *state)
{
	struct exchange *exchange = state;
	const char *value;
	size_t length;

	(void)one;
	if (value_of(line, size, OUTCOME_HEADER, &value, &length) && length < OUTCOME_CAP) {
		memcpy(exchange->outcome, value, length);
		exchange->outcome[length] = '\0';
	} else if (value_of(line, size, LOG_HEADER, &value, &length)) {
		snafu_buffer_append(&exchange->log, value, length);
	}
	return size;
}

/* ---- what is sent ---------------------------------------------------------------- */

static void write_member(const char *name, const char *text, struct snafu_buffer *into)
{
	if (!*text)
		return;
	snafu_buffer_format(into, ",\"%s\":", name);
	snafu_json_write_text(into, text);
}

static struct curl_slist *headers_of(const struct snafu_job *job)
{
	const struct snafu_context *context = &job->context;
	struct snafu_buffer text = SNAFU_BUFFER(CONTEXT_CAP);
	uint64_t now = snafu_now_ms();
	struct curl_slist *all = NULL;
	const char *const fixed[] = {"Content-Type: application/json", "Expect:", "X-Snafu-Log: tail"};

	snafu_buffer_format(&text, CONTEXT_HEADER "{\"request_id\":\"%s\"", job->request_id);
	snafu_buffer_format(&text, ",\"deadline_ms\":%" PRIu64 ",\"depth\":%u",
	                    job->deadline > now ? job->deadline - now : 1, context->depth);
	write_member("tenant", context->tenant, &text);
	write_member("trigger", context->trigger, &text);
	write_member("client_context", context->client_context, &text);
	snafu_buffer_append_byte(&text, '}');
	if (!snafu_buffer_failed(&text))
		all = curl_slist_append(NULL, text.data);
	for (size_t i = 0; all && i < sizeof fixed / sizeof *fixed; i++) {
		struct curl_slist *more = curl_slist_append(all, fixed[i]);

		if (!more)
			curl_slist_free_all(all);
		all = more;
	}
	snafu_buffer_done(&text);
	return all;
}

static int set(struct exchange *exchange, const char *url, struct curl_slist *headers)
{
	const struct snafu_job *job = exchange->job;
	CURL *curl = exchange->easy;
	CURLcode bad = CURLE_OK;
#define SET(OPTION, VALUE) bad = bad ? bad : curl_easy_setopt(curl, OPTION, VALUE)
	SET(CURLOPT_URL, url);
	SET(CURLOPT_NOSIGNAL, 1L);
	SET(CURLOPT_PROXY, "");
	SET(CURLOPT_UNIX_SOCKET_PATH, exchange->container->address);
	SET(CURLOPT_POST, 1L);
	SET(CURLOPT_READFUNCTION, send_payload);
	SET(CURLOPT_READDATA, exchange);
	SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)job->payload_size);
	/* A call without a body could be sent twice over a connection that was kept. */
	SET(CURLOPT_FRESH_CONNECT, (long)(job->payload_size == 0));
	SET(CURLOPT_HTTPHEADER, headers);
	SET(CURLOPT_WRITEFUNCTION, receive);
	SET(CURLOPT_WRITEDATA, exchange);
	SET(CURLOPT_HEADERFUNCTION, receive_header);
	SET(CURLOPT_HEADERDATA, exchange);
#undef SET
	return bad ? -EINVAL : 0;
}

/* ---- what comes back --------------------------------------------------------------- */

static int read_outcome(struct exchange *exchange, struct snafu_result *result)
{
	char name[32];
	uint64_t init_ns, run_ns, peak_memory;

	if (sscanf(exchange->outcome, "%31s %" SCNu64 " %" SCNu64 " %" SCNu64, name, &init_ns, &run_ns,
	           &peak_memory) != 4)
		return -EBADMSG;
	for (unsigned status = 0; status < STATUSES; status++)
		if (strcmp(name, snafu_status_name(status)) == 0) {
			result->status = status;
			result->init_ns += init_ns;
			result->run_ns = run_ns;
			result->peak_memory = peak_memory;
			return 0;
		}
	return -EBADMSG;
}

static void read_log(struct exchange *exchange, struct snafu_result *result)
{
	unsigned char bytes[LOG_CAP];
	size_t size;

	if (exchange->log.size && snafu_base64_room(exchange->log.size) <= sizeof bytes &&
	    snafu_base64_read(exchange->log.data, exchange->log.size, bytes, &size) == 0)
		snafu_result_log(result, (const char *)bytes, size);
}

/* Doors pass the payload on as JSON, or look for themselves whether it is an HTTP reply; this one
 * comes from somebody's container. */
static bool is_proper(const struct snafu_job *job, const struct snafu_buffer *payload)
{
	if (payload->size && snafu_http_is_reply(payload->data, payload->size))
		return snafu_convention_is_http(job->function);
	return snafu_json_validate(payload->data, payload->size, NULL) == 0;
}

static enum exchange_end judge(struct exchange *exchange, CURLcode done)
{
	struct snafu_result *result = &exchange->job->result;

	if (done == CURLE_COULDNT_CONNECT && exchange->sent == 0)
		return EXCHANGE_UNREACHABLE;
	if (done == CURLE_WRITE_ERROR && snafu_buffer_failed(&result->payload)) {
		snafu_result_fail(result, SNAFU_BAD_RESULT, "ResultTooLarge",
		                  "the result of %s is larger than %zu bytes", exchange->job->function->id,
		                  (size_t)exchange->job->settings->result_size);
		return EXCHANGE_DONE;
	}
	if (done || read_outcome(exchange, result) || !is_proper(exchange->job, &result->payload)) {
		snafu_buffer_clear(&result->payload);
		return EXCHANGE_BROKEN;
	}
	read_log(exchange, result);
	return EXCHANGE_DONE;
}

static enum exchange_end perform(struct exchange *exchange)
{
	int running = 1, left;
	CURLMsg *message = NULL;
	CURLcode done = CURLE_SEND_ERROR;

	if (curl_multi_add_handle(exchange->multi, exchange->easy))
		return EXCHANGE_BROKEN;
	while (running && !atomic_load(&exchange->cancelled))
		if (curl_multi_perform(exchange->multi, &running) ||
		    (running && curl_multi_poll(exchange->multi, NULL, 0, WAIT_MS, NULL)))
			break;
	while ((message = curl_multi_info_read(exchange->multi, &left)))
		if (message->msg == CURLMSG_DONE)
			done = message->data.result;
	/* Taken out while it runs, its connection is closed: the other side sees that. */
	curl_multi_remove_handle(exchange->multi, exchange->easy);
	return running && atomic_load(&exchange->cancelled) ? EXCHANGE_CANCELLED
	                                                    : judge(exchange, done);
}

enum exchange_end exchange_run(struct exchange *exchange, struct snafu_job *job)
{
	struct snafu_buffer url = SNAFU_BUFFER(URL_CAP);
	struct curl_slist *headers = headers_of(job);
	enum exchange_end end = EXCHANGE_DONE;

	exchange->job = job;
	exchange->sent = 0;
	exchange->outcome[0] = '\0';
	snafu_buffer_clear(&exchange->log);
	snafu_buffer_clear(&job->result.payload);
	if (job->result.payload.cap < SNAFU_RESULT_ERROR_CAP)
		job->result.payload.cap = SNAFU_RESULT_ERROR_CAP;
	snafu_buffer_append_text(&url, "http://localhost/invoke/");
	engine_escape(job->function->id, &url);
	if (!headers || snafu_buffer_failed(&url) || set(exchange, url.data, headers))
		snafu_result_fail(&job->result, SNAFU_TOO_LARGE, "PayloadTooLarge",
		                  "what comes with this call is too much to be sent to a container");
	else
		end = perform(exchange);
	curl_slist_free_all(headers);
	snafu_buffer_done(&url);
	return end;
}
