/* runtime/queue/destination_http.c — the module destination-http.so: records are posted to
 * a URL with libcurl. 2xx is success; what the server will never take (4xx but 408, 425
 * and 429) is not sent again. Redirects are not followed. */
#include <curl/curl.h>
#include <errno.h>
#include <pthread.h>
#include <stdbool.h>

#include "base/error.h"
#include "runtime/queue/destination.h"

#define CONNECT_MS 10000

static pthread_once_t once = PTHREAD_ONCE_INIT;
static CURLcode ready = CURLE_FAILED_INIT;

static void prepare(void)
{
	ready = curl_global_init(CURL_GLOBAL_DEFAULT);
}

static size_t drop(char *bytes, size_t size, size_t count, void *state)
{
	(void)bytes;
	(void)state;
	return size * count;
}

static int progress(void *state, curl_off_t down_total, curl_off_t down, curl_off_t up_total,
                    curl_off_t up)
{
	(void)down_total;
	(void)down;
	(void)up_total;
	(void)up;
	return *(const atomic_bool *)state;
}

static int set(CURL *curl, const char *url, const char *body, size_t size, uint64_t timeout_ms,
               const atomic_bool *stop, struct curl_slist *headers)
{
	long timeout = timeout_ms > 1000000000 ? 1000000000 : (long)timeout_ms;
	CURLcode bad = CURLE_OK;

#define SET(OPTION, VALUE) bad = bad ? bad : curl_easy_setopt(curl, OPTION, VALUE)
	SET(CURLOPT_URL, url);
	SET(CURLOPT_PROTOCOLS_STR, "http,https");
	SET(CURLOPT_POST, 1L);
	SET(CURLOPT_POSTFIELDS, body);
	SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)size);
	SET(CURLOPT_HTTPHEADER, headers);
	SET(CURLOPT_USERAGENT, "snafu/" SNAFU_VERSION);
	SET(CURLOPT_TIMEOUT_MS, timeout);
	SET(CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MS);
	SET(CURLOPT_NOSIGNAL, 1L);
	SET(CURLOPT_WRITEFUNCTION, drop);
	SET(CURLOPT_NOPROGRESS, 0L);
	SET(CURLOPT_XFERINFOFUNCTION, progress);
	SET(CURLOPT_XFERINFODATA, (void *)stop);
#undef SET
	return bad ? -EPERM : 0;
}

static int judge(CURL *curl, CURLcode done, const char *url, const char *detail,
                 struct snafu_error *error)
{
	long status = 0;

	switch (done) {
	case CURLE_OK: break;
	case CURLE_ABORTED_BY_CALLBACK: return snafu_fail(error, -ECANCELED, "the host is stopping");
	case CURLE_URL_MALFORMAT:
	case CURLE_UNSUPPORTED_PROTOCOL:
		return snafu_fail(error, -EPERM, "cannot post to %.200s: %s", url, detail);
	default: return snafu_fail(error, -EIO, "cannot post to %.200s: %s", url, detail);
	}
	curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
	if (status >= 200 && status < 300)
		return 0;
	bool never = status >= 300 && status < 500 && status != 408 && status != 425 && status != 429;
	return snafu_fail(error, never ? -EPERM : -EIO, "%.200s answered %ld", url, status);
}

static int post(const char *url, const char *body, size_t size, uint64_t timeout_ms,
                const atomic_bool *stop, struct snafu_error *error)
{
	struct curl_slist *headers = NULL, *more;
	char detail[CURL_ERROR_SIZE] = "";

	pthread_once(&once, prepare);
	CURL *curl = ready == CURLE_OK ? curl_easy_init() : NULL;
	headers = curl_slist_append(NULL, "Content-Type: application/json");
	more = headers ? curl_slist_append(headers, "Expect:") : NULL;
	int code = curl && more ? set(curl, url, body, size, timeout_ms, stop, headers) : -ENOMEM;
	if (code) {
		snafu_fail(error, code, "cannot post to %.200s", url);
	} else {
		curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, detail);
		CURLcode done = curl_easy_perform(curl);
		code = judge(curl, done, url, *detail ? detail : curl_easy_strerror(done), error);
	}
	curl_slist_free_all(headers);
	curl_easy_cleanup(curl);
	return code;
}

extern const struct snafu_destination snafu_destination;
const struct snafu_destination snafu_destination = {
	.version = SNAFU_DESTINATION_VERSION,
	.send = post,
};
