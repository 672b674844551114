/* exporter/openapi.c — see openapi.h. The specification is OpenAPI 3.1.0. */
#include "exporter/openapi.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/json.h"
#include "exporter/openapi_calls.h"
#include "exporter/schema.h"
#include "scanner/convention.h"

static const char about[] =
	"Each function that was found in the source is one operation. Send its arguments as a "
	"JSON object (by name) or a JSON array (by position); GET with a query string and form "
	"posts work too, with text that is converted by the parameter's type.";

static const char components[] =
	"\"components\":{"
	"\"headers\":{\"RequestId\":{\"description\":\"Names this call in logs.\","
	"\"schema\":{\"type\":\"string\"}}},"
	"\"schemas\":{\"Error\":{\"type\":\"object\",\"properties\":{"
	"\"errorType\":{\"type\":\"string\"},"
	"\"errorMessage\":{\"type\":\"string\"},"
	"\"stackTrace\":{\"type\":\"array\",\"items\":{\"type\":\"string\"}},"
	"\"arguments\":{\"type\":\"array\",\"items\":{\"type\":\"object\",\"properties\":{"
	"\"name\":{\"type\":\"string\"},\"problem\":{\"type\":\"string\"}}}},"
	"\"suggestions\":{\"type\":\"array\",\"items\":{\"type\":\"string\"}}},"
	"\"required\":[\"errorType\",\"errorMessage\"]}";

static const struct {
	const char *status, *name, *description;
} failures[] = {
	{"400", "BadArguments", "Arguments are missing, unknown or of the wrong type; each is named."},
	{"404", "UnknownFunction", "No such function; near names are suggested."},
	{"413", "TooLarge", "The payload is larger than this host takes."},
	{"429", "OverLimit", "Too many calls at once; try again later."},
	{"500", "Failed", "The function failed, could not be loaded, or gave no JSON value."},
	{"502", "Died", "The process of the function died."},
	{"503", "Unavailable", "The host is stopping."},
	{"504", "Deadline", "The function took too long."},
};
#define N_FAILURES (sizeof failures / sizeof *failures)

static void text(struct snafu_buffer *into, const char *bytes)
{
	snafu_buffer_append_text(into, bytes);
}

/* Functions of one id lie side by side, those found earlier first. */
static int by_id(const void *a, const void *b)
{
	const struct snafu_function *one = *(const struct snafu_function *const *)a;
	const struct snafu_function *other = *(const struct snafu_function *const *)b;
	int order = strcmp(one->id, other->id);

	return order ? order : (one > other) - (one < other);
}

/* An id as a path segment; Python and Java allow letters beyond ASCII. */
static void write_path(const char *id, struct snafu_buffer *into)
{
	text(into, "\"/invoke/");
	for (const unsigned char *at = (const unsigned char *)id; *at; at++) {
		bool plain = (*at >= '0' && *at <= '9') || (*at >= 'a' && *at <= 'z') ||
		             (*at >= 'A' && *at <= 'Z') || strchr("-._~$", *at) != NULL;
		if (plain)
			snafu_buffer_append_byte(into, (char)*at);
		else
			snafu_buffer_format(into, "%%%02X", *at);
	}
	snafu_buffer_append_byte(into, '"');
}

static void write_payload(const struct snafu_function *const *group, size_t n,
                          struct snafu_buffer *into)
{
	bool first = true, needed = true;

	for (size_t i = 0; i < n; i++)
		needed = needed && !snafu_schema_needs_nothing(group[i]);
	snafu_buffer_format(into,
	                    ",\"requestBody\":{\"required\":%s,\"content\":"
	                    "{\"application/json\":{\"schema\":{\"anyOf\":[",
	                    needed ? "true" : "false");
	for (size_t i = 0; i < n; i++) {
		text(into, first ? "" : ",");
		first = false;
		snafu_schema_by_name(group[i], into);
		if (snafu_schema_takes_positions(group[i])) {
			snafu_buffer_append_byte(into, ',');
			snafu_schema_by_position(group[i], into);
		}
	}
	text(into, "]}}}}");
}

/* A function that takes HTTP requests says itself what it answers (scanner/convention.h). */
static void write_http(struct snafu_buffer *into)
{
	text(into, ",\"requestBody\":{\"required\":false,\"content\":{"
	           "\"application/json\":{\"schema\":{}},\"*/*\":{\"schema\":{}}}},"
	           "\"responses\":{\"200\":{\"description\":"
	           "\"The function's own reply, whatever its status and type.\",\"headers\":{"
	           "\"X-Snafu-Request-Id\":{\"$ref\":\"#/components/headers/RequestId\"}},"
	           "\"content\":{\"application/json\":{\"schema\":{}},"
	           "\"*/*\":{\"schema\":{}}}}");
}

static void write_failures(bool calls, struct snafu_buffer *into)
{
	if (calls)
		snafu_openapi_calls_response(into);
	for (size_t i = 0; i < N_FAILURES; i++)
		snafu_buffer_format(into, ",\"%s\":{\"$ref\":\"#/components/responses/%s\"}",
		                    failures[i].status, failures[i].name);
	snafu_buffer_append_byte(into, '}');
}

static void write_result(const struct snafu_function *const *group, size_t n,
                         struct snafu_buffer *into)
{
	text(into, ",\"responses\":{\"200\":{\"description\":");
	if (n == 1 && group[0]->returns)
		snafu_json_write_text(into, group[0]->returns);
	else
		text(into, "\"The result.\"");
	text(into, ",\"headers\":{\"X-Snafu-Request-Id\":"
	           "{\"$ref\":\"#/components/headers/RequestId\"}},"
	           "\"content\":{\"application/json\":{\"schema\":");
	if (n > 1)
		text(into, "{\"anyOf\":[");
	for (size_t i = 0; i < n; i++) {
		text(into, i > 0 ? "," : "");
		snafu_schema_result(group[i], into);
	}
	text(into, n > 1 ? "]}}}}" : "}}}");
}

/* Signatures of all overloads, then the doc of the first that has one. */
static void write_words(const struct snafu_function *const *group, size_t n,
                        struct snafu_buffer *into)
{
	struct snafu_buffer words = SNAFU_BUFFER(1u << 20);
	const char *doc = NULL;

	for (size_t i = 0; i < n; i++) {
		text(&words, "    ");
		snafu_function_signature(group[i], &words);
		snafu_buffer_append_byte(&words, '\n');
		if (!doc)
			doc = group[i]->doc;
	}
	if (doc) {
		text(into, ",\"summary\":");
		snafu_json_write_string(into, doc, strcspn(doc, "\n"));
		snafu_buffer_append_byte(&words, '\n');
		text(&words, doc);
	}
	if (words.data && !words.failed) {
		text(into, ",\"description\":");
		snafu_json_write_string(into, words.data, words.size);
	}
	snafu_buffer_done(&words);
}

static void write_operation(const struct snafu_function *const *group, size_t n, bool calls,
                            struct snafu_buffer *into)
{
	const struct snafu_function *function = group[0];
	size_t module = (size_t)(function->name - function->id);

	write_path(function->id, into);
	text(into, ":{\"post\":{\"operationId\":");
	snafu_json_write_text(into, function->id);
	if (module > 1) {
		text(into, ",\"tags\":[");
		snafu_json_write_string(into, function->id, module - 1);
		snafu_buffer_append_byte(into, ']');
	}
	write_words(group, n, into);
	if (function->convention) {
		text(into, ",\"x-snafu-convention\":");
		snafu_json_write_text(into, function->convention);
	}
	if (calls)
		snafu_openapi_calls_operation(into);
	if (snafu_convention_is_http(function)) {
		write_http(into);
	} else {
		write_payload(group, n, into);
		write_result(group, n, into);
	}
	write_failures(calls, into);
	text(into, "}}");
}

static void write_head(const struct snafu_openapi_options *options, struct snafu_buffer *into)
{
	text(into, "{\"openapi\":\"3.1.0\",\"info\":{\"title\":");
	snafu_json_write_text(into, options->title ? options->title : "Snafu functions");
	text(into, ",\"version\":\"" SNAFU_VERSION "\",\"description\":");
	snafu_json_write_text(into, about);
	text(into, "},\"servers\":[{\"url\":");
	snafu_json_write_text(into, options->server ? options->server : "/");
	text(into, "}],\n\"paths\":{");
}

static void write_components(bool calls, struct snafu_buffer *into)
{
	text(into, components);
	if (calls)
		snafu_openapi_calls_schemas(into);
	text(into, "},\"responses\":{");
	for (size_t i = 0; i < N_FAILURES; i++)
		snafu_buffer_format(into,
		                    "%s\"%s\":{\"description\":\"%s\",\"headers\":"
		                    "{\"X-Snafu-Request-Id\":"
		                    "{\"$ref\":\"#/components/headers/RequestId\"}},"
		                    "\"content\":{\"application/json\":"
		                    "{\"schema\":{\"$ref\":\"#/components/schemas/Error\"}}}}",
		                    i > 0 ? "," : "", failures[i].name, failures[i].description);
	if (calls)
		snafu_openapi_calls_responses(into);
	text(into, "}");
	if (calls)
		snafu_openapi_calls_parameters(into);
	text(into, "}");
}

int snafu_openapi_write(const struct snafu_functions *functions,
                        const struct snafu_openapi_options *options, struct snafu_buffer *into,
                        struct snafu_error *error)
{
	const struct snafu_function **sorted;
	size_t n = 0;

	sorted = malloc((functions->count + 1) * sizeof *sorted);
	if (!sorted)
		return snafu_fail(error, -ENOMEM, "no memory to describe %zu functions", functions->count);
	for (size_t i = 0; i < functions->count; i++)
		if (!functions->functions[i].reason)
			sorted[n++] = &functions->functions[i];
	qsort(sorted, n, sizeof *sorted, by_id);

	write_head(options, into);
	for (size_t i = 0, end; i < n && !snafu_buffer_failed(into); i = end) {
		for (end = i + 1; end < n && strcmp(sorted[i]->id, sorted[end]->id) == 0; end++)
			continue;
		text(into, i > 0 ? ",\n" : "\n");
		write_operation(sorted + i, end - i, options->calls, into);
	}
	if (options->calls) {
		text(into, n > 0 ? "," : "");
		snafu_openapi_calls_paths(into);
	}
	text(into, "\n},\n");
	write_components(options->calls, into);
	text(into, "}\n");
	free(sorted);
	if (snafu_buffer_failed(into))
		return snafu_fail(error, into->failed, "the description of %zu functions is over %zu bytes",
		                  functions->count, into->cap);
	return 0;
}
