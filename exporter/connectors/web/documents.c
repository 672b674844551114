/* exporter/connectors/web/documents.c — what describes the functions: made from
 * the pool when first asked for, and kept, since the pool never changes. */
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

/* Keeps what BUFFER holds; false when it failed. */
static bool keep(struct web_document *document, struct snafu_buffer *buffer)
{
	unsigned long long hash = snafu_hash(SNAFU_HASH_START, buffer->data, buffer->size);

	document->size = buffer->size;
	document->bytes = snafu_buffer_take(buffer);
	snprintf(document->etag, sizeof document->etag, "\"%016llx\"", hash);
	return document->bytes != NULL;
}

static enum MHD_Result reply(struct web_request *request, const struct web_document *document)
{
	return web_reply_bytes(request, JSON, document->bytes, document->size, MHD_RESPMEM_PERSISTENT,
	                       document->etag);
}

enum MHD_Result web_reply_openapi(struct web_request *request)
{
	struct web *web = request->web;
	struct snafu_openapi_options options = {.title = NULL};
	struct snafu_buffer buffer = SNAFU_BUFFER(WEB_DOCUMENT_CAP);

	if (web->openapi.bytes)
		return reply(request, &web->openapi);
	/* Elsewhere than on loopback we cannot know by what address we are reached. */
	options.server = web->address.loopback ? web->address.url : NULL;
	if (snafu_openapi_write(snafu_pool_functions(snafu_host_pool(web->host)), &options, &buffer,
	                        NULL) < 0 ||
	    !keep(&web->openapi, &buffer)) {
		snafu_buffer_done(&buffer);
		return fail(request);
	}
	return reply(request, &web->openapi);
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
	                       MHD_RESPMEM_MUST_FREE, NULL);
}

/* All entries of one id, with everything known about them. */
static enum MHD_Result reply_one(struct web_request *request)
{
	const struct snafu_pool *pool = snafu_host_pool(request->web->host);
	const struct snafu_function *function, *overloads[OVERLOADS_CAP];
	struct snafu_buffer buffer = SNAFU_BUFFER(WEB_DOCUMENT_CAP);
	struct snafu_error error;

	if (snafu_pool_find(pool, request->name, &function, &error) < 0) {
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
	return web_reply_bytes(request, JSON, bytes, size, MHD_RESPMEM_MUST_FREE, NULL);
}

/* The language as the functions name it, so that the cache cannot be filled
 * with made-up words; NULL: there is none. */
static const char *known_language(const struct snafu_functions *functions, const char *word)
{
	for (size_t i = 0; i < functions->count; i++)
		if (strcmp(functions->functions[i].language, word) == 0)
			return functions->functions[i].language;
	return NULL;
}

static struct web_document *find_list(struct web *web, const char *language, bool brief)
{
	for (size_t i = 0; i < web->n_lists; i++) {
		struct web_language_list *list = &web->lists[i];
		bool same = language && list->language ? strcmp(language, list->language) == 0
		                                       : language == list->language;
		if (same && list->brief == brief)
			return &list->document;
	}
	if (web->n_lists == sizeof web->lists / sizeof *web->lists)
		return NULL;
	struct web_language_list *list = &web->lists[web->n_lists++];
	list->language = language;
	list->brief = brief;
	return &list->document;
}

enum MHD_Result web_reply_functions(struct web_request *request)
{
	struct web *web = request->web;
	const struct snafu_functions *functions = snafu_pool_functions(snafu_host_pool(web->host));
	struct snafu_buffer buffer = SNAFU_BUFFER(WEB_DOCUMENT_CAP);

	if (request->name[0])
		return reply_one(request);
	const char *language =
		MHD_lookup_connection_value(request->connection, MHD_GET_ARGUMENT_KIND, "language");
	bool brief = MHD_lookup_connection_value(request->connection, MHD_GET_ARGUMENT_KIND, "brief");
	if (language && !(language = known_language(functions, language)))
		return web_reply_bytes(request, JSON, "[]\n", 3, MHD_RESPMEM_PERSISTENT, NULL);

	struct web_document *document = find_list(web, language, brief);
	if (document && document->bytes)
		return reply(request, document);
	snafu_listing_write(functions, language, brief, &buffer);
	if (snafu_buffer_failed(&buffer) || !document || !keep(document, &buffer)) {
		snafu_buffer_done(&buffer);
		return fail(request);
	}
	return reply(request, document);
}

void web_documents_done(struct web *web)
{
	free(web->openapi.bytes);
	for (size_t i = 0; i < web->n_lists; i++)
		free(web->lists[i].document.bytes);
}
