/* tests/unit/test-frame.c — what the host and a function's process say to each other:
 * each body comes back as it went in, and hostile bytes are refused. */
#include "runtime/instances/frame.h"

#include <errno.h>
#include <stdlib.h>

#include "scanner/function.h"
#include "tests/unit/tap.h"

#define BODY_CAP  (1u << 20)
#define MUTATIONS 5000

/* Unpacks a body of one kind and frees what came of it. */
typedef int unpack_function(const char *body, size_t size);

/* Chopped off bodies are refused, changed ones do no harm. EXACT: a longer one is
 * refused, too. */
static void hostile(const struct snafu_buffer *body, unpack_function *unpack)
{
	unsigned wrong = 0;
	char *copy = malloc(body->size + 1);

	for (size_t size = 0; size < body->size; size++) {
		char *chopped = malloc(size + 1);

		memcpy(chopped, body->data, size);
		wrong += unpack(chopped, size) != -EBADMSG;
		free(chopped);
	}
	memcpy(copy, body->data, body->size + 1);
	wrong += unpack(copy, body->size) != 0;
	wrong += unpack(copy, body->size + 1) != -EBADMSG;
	CHECK(wrong == 0);
	for (int i = 0; i < MUTATIONS; i++) {
		size_t at = (size_t)random() % body->size;
		int code;

		copy[at] = (char)(random() % 3 ? random() : 0xff);
		code = unpack(copy, body->size);
		wrong += code && code != -EBADMSG && code != -EMSGSIZE;
		copy[at] = body->data[at];
	}
	CHECK(wrong == 0);
	free(copy);
}

static void free_setup(struct snafu_setup *setup, struct snafu_functions *functions)
{
	free((void *)setup->paths);
	free((void *)setup->include_paths);
	free((void *)setup->defines);
	snafu_functions_done(functions);
}

static int unpack_setup(const char *body, size_t size)
{
	struct snafu_functions functions;
	struct snafu_setup setup;
	int code = snafu_unpack_setup(body, size, &setup, &functions);

	if (!code)
		free_setup(&setup, &functions);
	return code;
}

static void test_setup(void)
{
	const char *paths[] = {"a.py", "", "dir/b"}, *includes[] = {"/inc"}, *defines[] = {"X=1", "Y"};
	struct snafu_functions functions = {0}, got_functions;
	struct snafu_buffer body = SNAFU_BUFFER(BODY_CAP);
	struct snafu_setup got = {0};

	for (int i = 0; i < 3; i++)
		*snafu_functions_add(&functions) = (struct snafu_function){
			.id = i == 1 ? "m.g" : "m.f",
			.name = "f",
			.language = "python",
			.file = "m.py",
			.line = (unsigned)i + 1,
			.returns_shape = snafu_shape_plain(SNAFU_SHAPE_INTEGER),
		};
	struct snafu_setup setup = {.language = "python",
	                            .paths = paths,
	                            .n_paths = 3,
	                            .include_paths = includes,
	                            .n_include_paths = 1,
	                            .defines = defines,
	                            .n_defines = 2,
	                            .zygote = 1,
	                            .functions = &functions};
	snafu_pack_setup(&body, &setup);
	CHECK(!snafu_buffer_failed(&body));
	CHECK(snafu_unpack_setup(body.data, body.size, &got, &got_functions) == 0);
	CHECK_STRING(got.language, "python");
	CHECK(got.n_paths == 3 && got.n_include_paths == 1 && got.n_defines == 2);
	CHECK_STRING(got.paths[1], "");
	CHECK_STRING(got.paths[2], "dir/b");
	CHECK_STRING(got.include_paths[0], "/inc");
	CHECK_STRING(got.defines[1], "Y");
	CHECK_STRING(got.parts, NULL);
	CHECK(got.zygote == 1);
	CHECK(got.functions == &got_functions && got_functions.count == 3);
	CHECK_STRING(got_functions.functions[1].id, "m.g");
	CHECK(got_functions.functions[2].line == 3);
	hostile(&body, unpack_setup);
	free_setup(&got, &got_functions);
	free(functions.functions);
	snafu_buffer_done(&body);
}

static int unpack_start(const char *body, size_t size)
{
	struct snafu_start start;

	return snafu_unpack_start(body, size, &start);
}

static void test_start(void)
{
	struct snafu_start start = {.role = SNAFU_START_ZYGOTE,
	                            .here = 1,
	                            .ahead = 1,
	                            .function = 7,
	                            .memory = 1ull << 40,
	                            .open_files = 64,
	                            .processes = 8,
	                            .file_size = 9,
	                            .result_size = 10,
	                            .log_size = 11,
	                            .environment = "A=1\nB=2",
	                            .directory = "/tmp",
	                            .control_groups = ""},
					   got = {0};
	struct snafu_buffer body = SNAFU_BUFFER(BODY_CAP);

	snafu_pack_start(&body, &start);
	CHECK(snafu_unpack_start(body.data, body.size, &got) == 0);
	CHECK(got.role == SNAFU_START_ZYGOTE && got.here && got.ahead && got.function == 7);
	CHECK(got.memory == 1ull << 40 && got.open_files == 64 && got.processes == 8);
	CHECK(got.file_size == 9 && got.result_size == 10 && got.log_size == 11);
	CHECK_STRING(got.environment, "A=1\nB=2");
	CHECK_STRING(got.directory, "/tmp");
	CHECK_STRING(got.control_groups, "");
	hostile(&body, unpack_start);
	snafu_buffer_clear(&body);
	start.role = 99;
	snafu_pack_start(&body, &start);
	CHECK(snafu_unpack_start(body.data, body.size, &got) == -EBADMSG);
	snafu_buffer_clear(&body);
	start.role = SNAFU_START_ONCE;
	start.directory = NULL;
	snafu_pack_start(&body, &start);
	CHECK(snafu_unpack_start(body.data, body.size, &got) == -EBADMSG);
	snafu_buffer_done(&body);
}

static const struct snafu_context context = {.request_id = "id-1",
                                             .function = "m.f",
                                             .tenant = "t",
                                             .trigger = "http",
                                             .client_context = "{}",
                                             .deadline = 12345678901,
                                             .memory = 1u << 30,
                                             .depth = 3};

static void check_context(const struct snafu_context *got)
{
	CHECK_STRING(got->request_id, "id-1");
	CHECK_STRING(got->function, "m.f");
	CHECK_STRING(got->tenant, "t");
	CHECK_STRING(got->trigger, "http");
	CHECK_STRING(got->client_context, "{}");
	CHECK(got->deadline == 12345678901 && got->memory == 1u << 30 && got->depth == 3);
}

static int unpack_call(const char *body, size_t size)
{
	struct snafu_context ignored;
	struct snafu_request request;

	return snafu_unpack_call(body, size, &ignored, &request);
}

static void test_call(void)
{
	struct snafu_buffer body = SNAFU_BUFFER(BODY_CAP);
	struct snafu_request request;
	struct snafu_context got;

	snafu_pack_call(&body, &context, 5);
	CHECK(snafu_unpack_call(body.data, body.size, &got, &request) == -EBADMSG);
	snafu_buffer_append(&body, "[1,\0]", 5);
	CHECK(snafu_unpack_call(body.data, body.size, &got, &request) == 0);
	check_context(&got);
	CHECK(request.context == &got && request.size == 5);
	CHECK(memcmp(request.payload, "[1,\0]", 5) == 0);
	hostile(&body, unpack_call);
	snafu_buffer_done(&body);
}

static int unpack_result(const char *body, size_t size)
{
	struct snafu_result result = {.payload = SNAFU_BUFFER(100), .log = SNAFU_BUFFER(100)};
	int code = snafu_unpack_result(body, size, &result);

	snafu_result_done(&result);
	return code;
}

static void pack_result(struct snafu_buffer *body, const struct snafu_result *result)
{
	snafu_buffer_clear(body);
	snafu_pack_result(body, result);
	snafu_buffer_append(body, result->payload.data, result->payload.size);
}

static void test_result(void)
{
	struct snafu_result result = {.status = SNAFU_OK,
	                              .payload = SNAFU_BUFFER(1000),
	                              .log = SNAFU_BUFFER(1000),
	                              .init_ns = 1,
	                              .run_ns = 1ull << 40,
	                              .peak_memory = 3},
						got = {.payload = SNAFU_BUFFER(100), .log = SNAFU_BUFFER(4)};
	struct snafu_buffer body = SNAFU_BUFFER(BODY_CAP);

	snafu_buffer_append_text(&result.payload, "[1, 2]");
	snafu_result_log(&result, "printed", 7);
	pack_result(&body, &result);
	CHECK(snafu_unpack_result(body.data, body.size, &got) == 0);
	CHECK(got.status == SNAFU_OK && got.init_ns == 1 && got.run_ns == 1ull << 40);
	CHECK(got.peak_memory == 3);
	CHECK_STRING(got.payload.data, "[1, 2]");
	CHECK_STRING(got.log.data, "nted");
	hostile(&body, unpack_result);
	snafu_result_done(&got);

	/* Over the cap: a value is refused, an error has more room. */
	for (int i = 0; i < 50; i++)
		snafu_buffer_append_text(&result.payload, "0123");
	pack_result(&body, &result);
	got = (struct snafu_result){.payload = SNAFU_BUFFER(100)};
	CHECK(snafu_unpack_result(body.data, body.size, &got) == -EMSGSIZE);
	snafu_result_done(&got);
	result.status = SNAFU_RAISED;
	pack_result(&body, &result);
	got = (struct snafu_result){.payload = SNAFU_BUFFER(100)};
	CHECK(snafu_unpack_result(body.data, body.size, &got) == 0);
	CHECK(got.status == SNAFU_RAISED && got.payload.size == result.payload.size);
	snafu_result_done(&got);
	result.status = (enum snafu_status)(SNAFU_INTERNAL + 1);
	pack_result(&body, &result);
	CHECK(unpack_result(body.data, body.size) == -EBADMSG);
	snafu_result_done(&result);
	snafu_buffer_done(&body);
}

static int unpack_invocation(const char *body, size_t size)
{
	struct snafu_invocation invocation;
	struct snafu_context ignored;

	return snafu_unpack_invocation(body, size, &ignored, &invocation);
}

static void test_invocation(void)
{
	struct snafu_invocation invocation = {.function = "other.g",
	                                      .payload = "[3]",
	                                      .size = 3,
	                                      .asynchronous = true};
	struct snafu_invocation got;
	struct snafu_context caller;
	struct snafu_buffer body = SNAFU_BUFFER(BODY_CAP);

	snafu_pack_invocation(&body, &context, &invocation);
	snafu_buffer_append_text(&body, "[3]");
	CHECK(snafu_unpack_invocation(body.data, body.size, &caller, &got) == 0);
	check_context(&caller);
	CHECK_STRING(got.function, "other.g");
	CHECK(got.asynchronous && got.size == 3 && memcmp(got.payload, "[3]", 3) == 0);
	hostile(&body, unpack_invocation);

	snafu_buffer_clear(&body);
	snafu_pack_invocation(&body, NULL, &(struct snafu_invocation){.function = "g"});
	CHECK(snafu_unpack_invocation(body.data, body.size, &caller, &got) == 0);
	CHECK_STRING(caller.request_id, "");
	CHECK(!got.payload && got.size == 0 && !got.asynchronous);
	hostile(&body, unpack_invocation);
	snafu_buffer_done(&body);
}

int main(void)
{
	srandom(1);
	test_setup();
	test_start();
	test_call();
	test_result();
	test_invocation();
	return tap_done();
}
