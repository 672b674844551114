/* exporter/connectors/web/documents.c — what describes the functions: made from
 * the pool when first asked for, and kept until the pool is another one. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/file.h"
#include "exporter/connectors/web/text.h"
#include "exporter/connectors/web/web.h"
#include "exporter/listing.h"
#include "exporter/openapi.h"
#include "runtime/pool.h"
#include "runtime/queue.h"

#define JSON          "application/json"
#define OVERLOADS_CAP 256

static enum MHD_Result fail(struct web_request *request)
{
	static const struct web_problem problem = {
		.status = 500,
		.type = "InternalError",
		.message = "the functions of this host do not fit into one document; ask for one at a "
				   "time at /functions/NAME"};

	return web_reply_problem(request, &problem);
}

struct web_document *web_document_ref(struct web_document *document)
{
	document->references++;
	return document;
}

void web_document_unref(void *opaque)
{
	struct web_document *document = opaque;

	if (!document || --document->references)
		return;
	free(document->bytes);
	free(document);
}

/* A document of what BUFFER holds, with one reference; NULL when that failed. Empties
 * BUFFER. */
static struct web_document *keep(struct snafu_buffer *buffer)
{
	struct web_document *document =
		snafu_buffer_failed(buffer) ? NULL : calloc(1, sizeof *document);

	if (document) {
		unsigned long long hash = snafu_hash(SNAFU_HASH_START, buffer->data, buffer->size);

		*document = (struct web_document){.references = 1, .size = buffer->size};
		snprintf(document->etag, sizeof document->etag, "\"%016llx\"", hash);
		document->bytes = snafu_buffer_take(buffer);
	}
	snafu_buffer_done(buffer);
	if (document && !document->bytes) {
		free(document);
		return NULL;
	}
	return document;
}

/* Drops what was made of other functions than POOL's. */
static void keep_up(struct web *web, const struct snafu_pool *pool)
{
	uint64_t number = snafu_host_pool_number(pool);

	if (web->pool_number == number)
		return;
	web_documents_done(web);
	web->pool_number = number;
}

static enum MHD_Result reply_openapi(struct web_request *request, const struct snafu_pool *pool)
{
	struct web *web = request->web;
	struct snafu_openapi_options options = {.calls = true};
	struct snafu_buffer buffer = SNAFU_BUFFER(WEB_DOCUMENT_CAP);

	keep_up(web, pool);
	if (!web->openapi) {
		/* Elsewhere than on loopback we cannot know by what address we are reached. */
		options.server = web->address.loopback ? web->address.url : NULL;
		if (snafu_openapi_write(snafu_pool_functions(pool), &options, &buffer, NULL) < 0) {
			snafu_buffer_done(&buffer);
			return fail(request);
		}
		web->openapi = keep(&buffer);
	}
	return web->openapi ? web_reply_document(request, web->openapi) : fail(request);
}

enum MHD_Result web_reply_openapi(struct web_request *request)
{
	const struct snafu_pool *pool = snafu_host_pool_acquire(request->web->host);
	enum MHD_Result queued = reply_openapi(request, pool);

	snafu_host_pool_release(pool);
	return queued;
}

enum MHD_Result web_reply_metrics(struct web_request *request)
{
	struct snafu_buffer buffer = SNAFU_BUFFER(WEB_DOCUMENT_CAP);

	snafu_host_write_metrics(request->web->host, &buffer);
	snafu_buffer_format(&buffer,
	                    "# HELP snafu_web_connections Open connections.\n"
	                    "# TYPE snafu_web_connections gauge\nsnafu_web_connections %zu\n",
	                    request->web->n_connections);
	size_t size = buffer.size;
	char *bytes = snafu_buffer_take(&buffer);
	if (!bytes)
		return fail(request);
	return web_reply_bytes(request, "text/plain; version=0.0.4; charset=utf-8", bytes, size,
	                       MHD_RESPMEM_MUST_FREE);
}

/* All entries of one id, with everything known about them. */
static enum MHD_Result reply_one(struct web_request *request, const struct snafu_pool *pool)
{
	const struct snafu_function *function, *overloads[OVERLOADS_CAP];
	struct snafu_buffer buffer = SNAFU_BUFFER(WEB_DOCUMENT_CAP);
	struct snafu_error error;

	if (snafu_host_meant(request->web->host, pool, request->name, &function, &error) < 0) {
		snafu_request_id(request->call.request_id);
		request->call.result = (struct snafu_result){.payload = SNAFU_BUFFER(0)};
		snafu_result_fail(&request->call.result, SNAFU_UNKNOWN_FUNCTION, "UnknownFunction", "%s",
		                  error.message);
		return web_reply_result(request);
	}
	size_t n = snafu_pool_overloads(pool, function, overloads, OVERLOADS_CAP);
	for (size_t i = 0; i < n && i < OVERLOADS_CAP; i++) {
		snafu_buffer_append_text(&buffer, i > 0 ? ",\n" : "[");
		snafu_listing_function(overloads[i], &buffer);
	}
	snafu_buffer_append_text(&buffer, "]\n");
	size_t size = buffer.size;
	char *bytes = snafu_buffer_take(&buffer);
	if (!bytes)
		return fail(request);
	return web_reply_bytes(request, JSON, bytes, size, MHD_RESPMEM_MUST_FREE);
}

/* So that the cache cannot be filled with made-up words. */
static bool is_language(const struct snafu_functions *functions, const char *word)
{
	for (size_t i = 0; i < functions->count; i++)
		if (strcmp(functions->functions[i].language, word) == 0)
			return true;
	return false;
}

static struct web_document **find_list(struct web *web, const char *language, bool brief)
{
	for (size_t i = 0; i < web->n_lists; i++) {
		struct web_language_list *list = &web->lists[i];

		if (strcmp(language, list->language) == 0 && list->brief == brief)
			return &list->document;
	}
	if (web->n_lists == sizeof web->lists / sizeof *web->lists ||
	    strlen(language) > WEB_LANGUAGE_CAP)
		return NULL;
	struct web_language_list *list = &web->lists[web->n_lists++];
	*list = (struct web_language_list){.brief = brief};
	memcpy(list->language, language, strlen(language) + 1);
	return &list->document;
}

static enum MHD_Result reply_list(struct web_request *request, const struct snafu_pool *pool)
{
	struct web *web = request->web;
	const struct snafu_functions *functions = snafu_pool_functions(pool);
	struct snafu_buffer buffer = SNAFU_BUFFER(WEB_DOCUMENT_CAP);
	const char *language =
		MHD_lookup_connection_value(request->connection, MHD_GET_ARGUMENT_KIND, "language");
	bool brief = MHD_lookup_connection_value(request->connection, MHD_GET_ARGUMENT_KIND, "brief");

	if (language && !is_language(functions, language))
		return web_reply_bytes(request, JSON, "[]\n", 3, MHD_RESPMEM_PERSISTENT);
	keep_up(web, pool);
	struct web_document **document = find_list(web, language ? language : "", brief);
	if (document && !*document) {
		snafu_listing_write(functions, language, brief, &buffer);
		*document = keep(&buffer);
	}
	return document && *document ? web_reply_document(request, *document) : fail(request);
}

enum MHD_Result web_reply_functions(struct web_request *request)
{
	const struct snafu_pool *pool = snafu_host_pool_acquire(request->web->host);
	enum MHD_Result queued =
		request->name[0] ? reply_one(request, pool) : reply_list(request, pool);

	snafu_host_pool_release(pool);
	return queued;
}

void web_documents_done(struct web *web)
{
	web_document_unref(web->openapi);
	web->openapi = NULL;
	for (size_t i = 0; i < web->n_lists; i++)
		web_document_unref(web->lists[i].document);
	web->n_lists = 0;
}
