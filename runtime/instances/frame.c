/* runtime/instances/frame.c — the bodies of frames as bytes; see frame.h. */
#include "runtime/instances/frame.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/pack.h"
#include "scanner/pack.h"
#include "scanner/scanner.h"

#define TEXTS_CAP       100000 /* paths in one list of a setup */
#define TEXT_LEAST_SIZE sizeof(uint32_t) /* of a packed text */

/* ---- setup ------------------------------------------------------------------------ */

static void pack_texts(struct snafu_buffer *into, const char *const *texts, size_t count)
{
	snafu_pack_u32(into, (uint32_t)count);
	for (size_t i = 0; i < count; i++)
		snafu_pack_text(into, texts[i]);
}

void snafu_pack_setup(struct snafu_buffer *into, const struct snafu_setup *setup)
{
	const struct snafu_functions *functions = setup->functions;

	snafu_pack_text(into, setup->language);
	pack_texts(into, setup->paths, setup->n_paths);
	pack_texts(into, setup->include_paths, setup->n_include_paths);
	pack_texts(into, setup->defines, setup->n_defines);
	snafu_pack_text(into, setup->parts);
	snafu_pack_u32(into, setup->zygote);
	snafu_pack_u32(into, (uint32_t)functions->count);
	for (size_t i = 0; i < functions->count; i++)
		snafu_function_pack(&functions->functions[i], into);
}

/* Whether COUNT elements of at least LEAST bytes each can follow. */
static bool can_follow(const struct snafu_unpacker *from, uint32_t count, uint32_t cap,
                       size_t least)
{
	return !from->failed && count <= cap && count <= (size_t)(from->end - from->at) / least;
}

/* A text that must be there. */
static const char *needed_text(struct snafu_unpacker *from)
{
	const char *text = snafu_unpack_text(from);

	if (!text)
		from->failed = true;
	return text;
}

static int unpack_texts(struct snafu_unpacker *from, const char *const **ret_texts,
                        size_t *ret_count)
{
	uint32_t count = snafu_unpack_u32(from);

	if (!can_follow(from, count, TEXTS_CAP, TEXT_LEAST_SIZE))
		return -EBADMSG;
	const char **texts = calloc(count + 1, sizeof *texts);
	if (!texts)
		return -ENOMEM;
	for (uint32_t i = 0; i < count; i++)
		texts[i] = needed_text(from);
	*ret_texts = texts;
	*ret_count = count;
	return 0;
}

static int unpack_functions(struct snafu_unpacker *from, struct snafu_functions *functions)
{
	uint32_t count = snafu_unpack_u32(from);
	int code = 0;

	if (!can_follow(from, count, SNAFU_SCAN_FUNCTIONS_CAP, TEXT_LEAST_SIZE))
		return -EBADMSG;
	for (uint32_t i = 0; !code && i < count; i++)
		code = snafu_function_unpack(from, functions);
	return code;
}

static void free_texts(const struct snafu_setup *setup)
{
	free((void *)setup->paths);
	free((void *)setup->include_paths);
	free((void *)setup->defines);
}

int snafu_unpack_setup(const char *body, size_t size, struct snafu_setup *ret_setup,
                       struct snafu_functions *ret_functions)
{
	struct snafu_functions functions = {0};
	struct snafu_setup setup = {0};
	struct snafu_unpacker from;

	snafu_unpack_begin(&from, body, size);
	setup.language = needed_text(&from);
	int code = unpack_texts(&from, &setup.paths, &setup.n_paths);
	if (!code)
		code = unpack_texts(&from, &setup.include_paths, &setup.n_include_paths);
	if (!code)
		code = unpack_texts(&from, &setup.defines, &setup.n_defines);
	setup.parts = snafu_unpack_text(&from);
	setup.zygote = snafu_unpack_u32(&from);
	if (!code)
		code = unpack_functions(&from, &functions);
	if (!code)
		code = snafu_unpack_end(&from);
	if (code) {
		free_texts(&setup);
		snafu_functions_done(&functions);
		return code;
	}
	*ret_functions = functions;
	*ret_setup = setup;
	ret_setup->functions = ret_functions;
	return 0;
}

/* ---- start ------------------------------------------------------------------------ */

void snafu_pack_start(struct snafu_buffer *into, const struct snafu_start *start)
{
	snafu_pack_u32(into, start->role);
	snafu_pack_u32(into, start->here);
	snafu_pack_u32(into, start->ahead);
	snafu_pack_u32(into, start->function);
	snafu_pack_u64(into, start->memory);
	snafu_pack_u64(into, start->open_files);
	snafu_pack_u64(into, start->processes);
	snafu_pack_u64(into, start->file_size);
	snafu_pack_u64(into, start->result_size);
	snafu_pack_u64(into, start->log_size);
	snafu_pack_text(into, start->environment);
	snafu_pack_text(into, start->directory);
	snafu_pack_text(into, start->control_groups);
}

int snafu_unpack_start(const char *body, size_t size, struct snafu_start *ret_start)
{
	struct snafu_start start = {0};
	struct snafu_unpacker from;

	snafu_unpack_begin(&from, body, size);
	uint32_t role = snafu_unpack_u32(&from);
	start.role = role;
	start.here = snafu_unpack_u32(&from);
	start.ahead = snafu_unpack_u32(&from);
	start.function = snafu_unpack_u32(&from);
	start.memory = snafu_unpack_u64(&from);
	start.open_files = snafu_unpack_u64(&from);
	start.processes = snafu_unpack_u64(&from);
	start.file_size = snafu_unpack_u64(&from);
	start.result_size = snafu_unpack_u64(&from);
	start.log_size = snafu_unpack_u64(&from);
	start.environment = needed_text(&from);
	start.directory = needed_text(&from);
	start.control_groups = needed_text(&from);
	if (snafu_unpack_end(&from) || role > SNAFU_START_ZYGOTE)
		return -EBADMSG;
	*ret_start = start;
	return 0;
}

/* ---- calls ------------------------------------------------------------------------ */

static void pack_context(struct snafu_buffer *into, const struct snafu_context *context)
{
	snafu_pack_text(into, context->request_id);
	snafu_pack_text(into, context->function);
	snafu_pack_text(into, context->tenant);
	snafu_pack_text(into, context->trigger);
	snafu_pack_text(into, context->client_context);
	snafu_pack_u64(into, context->deadline);
	snafu_pack_u64(into, context->memory);
	snafu_pack_u32(into, context->depth);
}

static void unpack_context(struct snafu_unpacker *from, struct snafu_context *context)
{
	context->request_id = needed_text(from);
	context->function = needed_text(from);
	context->tenant = needed_text(from);
	context->trigger = needed_text(from);
	context->client_context = needed_text(from);
	context->deadline = snafu_unpack_u64(from);
	context->memory = snafu_unpack_u64(from);
	context->depth = snafu_unpack_u32(from);
}

void snafu_pack_call(struct snafu_buffer *into, const struct snafu_context *context,
                     size_t payload_size)
{
	pack_context(into, context);
	snafu_pack_u64(into, payload_size);
}

int snafu_unpack_call(const char *body, size_t size, struct snafu_context *ret_context,
                      struct snafu_request *ret_request)
{
	struct snafu_context context;
	struct snafu_unpacker from;

	snafu_unpack_begin(&from, body, size);
	unpack_context(&from, &context);
	uint64_t payload_size = snafu_unpack_u64(&from);
	if (from.failed || payload_size != (uint64_t)(from.end - from.at))
		return -EBADMSG;
	*ret_context = context;
	*ret_request = (struct snafu_request){.payload = from.at,
	                                      .size = (size_t)payload_size,
	                                      .context = ret_context};
	return 0;
}

void snafu_pack_result(struct snafu_buffer *into, const struct snafu_result *result)
{
	snafu_pack_u32(into, result->status);
	snafu_pack_u64(into, result->init_ns);
	snafu_pack_u64(into, result->run_ns);
	snafu_pack_u64(into, result->peak_memory);
	snafu_pack_bytes(into, result->log.data, result->log.size);
	snafu_pack_u64(into, result->payload.size);
}

int snafu_unpack_result(const char *body, size_t size, struct snafu_result *result)
{
	struct snafu_unpacker from;
	size_t log_size;

	snafu_unpack_begin(&from, body, size);
	uint32_t status = snafu_unpack_u32(&from);
	uint64_t init_ns = snafu_unpack_u64(&from), run_ns = snafu_unpack_u64(&from);
	uint64_t peak_memory = snafu_unpack_u64(&from);
	const char *log = snafu_unpack_bytes(&from, &log_size);
	uint64_t payload_size = snafu_unpack_u64(&from);
	if (from.failed || status > SNAFU_INTERNAL || payload_size != (uint64_t)(from.end - from.at))
		return -EBADMSG;
	if (status != SNAFU_OK && result->payload.cap < SNAFU_RESULT_ERROR_CAP)
		result->payload.cap = SNAFU_RESULT_ERROR_CAP;
	int code = snafu_buffer_append(&result->payload, from.at, (size_t)payload_size);
	if (code)
		return code;
	snafu_result_log(result, log, log_size);
	result->status = status;
	result->init_ns = init_ns;
	result->run_ns = run_ns;
	result->peak_memory = peak_memory;
	return 0;
}

/* ---- calls of functions by functions -------------------------------------------------- */

void snafu_pack_invocation(struct snafu_buffer *into, const struct snafu_context *caller,
                           const struct snafu_invocation *invocation)
{
	snafu_pack_u32(into, caller != NULL);
	if (caller)
		pack_context(into, caller);
	snafu_pack_text(into, invocation->function);
	snafu_pack_u32(into, invocation->asynchronous);
	snafu_pack_u32(into, invocation->payload != NULL);
	snafu_pack_u64(into, invocation->payload ? invocation->size : 0);
}

int snafu_unpack_invocation(const char *body, size_t size, struct snafu_context *ret_caller,
                            struct snafu_invocation *ret_invocation)
{
	struct snafu_context caller = {
		.request_id = "", .function = "", .tenant = "", .trigger = "", .client_context = ""};
	struct snafu_invocation invocation = {0};
	struct snafu_unpacker from;

	snafu_unpack_begin(&from, body, size);
	if (snafu_unpack_u32(&from))
		unpack_context(&from, &caller);
	invocation.function = needed_text(&from);
	invocation.asynchronous = snafu_unpack_u32(&from);
	bool has_payload = snafu_unpack_u32(&from);
	uint64_t payload_size = snafu_unpack_u64(&from);
	if (from.failed || payload_size != (uint64_t)(from.end - from.at) ||
	    (!has_payload && payload_size))
		return -EBADMSG;
	invocation.payload = has_payload ? from.at : NULL;
	invocation.size = (size_t)payload_size;
	*ret_caller = caller;
	*ret_invocation = invocation;
	return 0;
}
