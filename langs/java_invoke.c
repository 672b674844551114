/* langs/java_invoke.c — what functions ask of the host: the context of their call, and calls
 * of other functions. See java.h and langs/java/Call.java. */
#include "langs/java.h"

#include <inttypes.h>
#include <string.h>

#include "base/buffer.h"
#include "base/clock.h"

#define CONTEXT_CAP       (1u << 20) /* bytes of a context's texts */
#define INVOKE_RESULT_CAP (256u << 20) /* bytes of another function's result */
#define CONTEXT_TEXTS     5

/* The texts of snafu.Context, in its order. */
static void append_texts(const struct snafu_context *context, struct snafu_buffer *into)
{
	java_append_field(into, context->request_id);
	java_append_field(into, context->function);
	java_append_field(into, context->tenant);
	java_append_field(into, context->trigger);
	java_append_field(into, context->client_context);
}

jbyteArray JNICALL java_native_context(JNIEnv *env, jclass class, jlong pointer)
{
	const struct snafu_context *context = (const struct snafu_context *)(intptr_t)pointer;
	struct snafu_buffer packed = SNAFU_BUFFER(CONTEXT_CAP);
	uint64_t now = snafu_now_ms();
	const struct snafu_context without = {
		.request_id = context->request_id,
		.function = context->function,
	};

	(void)class;
	append_texts(context, &packed);
	if (packed.failed) { /* a client context that is too large is left out */
		snafu_buffer_clear(&packed);
		append_texts(&without, &packed);
	}
	snafu_buffer_format(&packed, "%" PRIu64, context->deadline);
	snafu_buffer_append_byte(&packed, '\0');
	snafu_buffer_format(&packed, "%" PRIu64, context->deadline > now ? context->deadline - now : 0);
	snafu_buffer_append_byte(&packed, '\0');
	snafu_buffer_format(&packed, "%" PRIu64, context->memory);
	snafu_buffer_append_byte(&packed, '\0');
	snafu_buffer_format(&packed, "%u", context->depth);
	snafu_buffer_append_byte(&packed, '\0');
	jbyteArray array = packed.failed ? NULL : java_new_bytes(env, packed.data, packed.size);
	snafu_buffer_done(&packed);
	return array;
}

/* Points CONTEXT at the texts of PACKED. */
static void unpack(const struct snafu_buffer *packed, struct snafu_context *context)
{
	const char *texts[CONTEXT_TEXTS];
	size_t at = 0;

	for (size_t i = 0; i < CONTEXT_TEXTS; i++) {
		texts[i] = at < packed->size ? packed->data + at : "";
		at += strlen(texts[i]) + 1;
	}
	context->request_id = texts[0];
	context->function = texts[1];
	context->tenant = texts[2];
	context->trigger = texts[3];
	context->client_context = texts[4];
}

/* ARRAY's bytes, with a NUL behind them that is not counted; false when memory is out. */
static bool copy_bytes(JNIEnv *env, jbyteArray array, struct snafu_buffer *into)
{
	jsize size = (*env)->GetArrayLength(env, array);
	char *room;

	*into = SNAFU_BUFFER((size_t)size + 1);
	room = snafu_buffer_reserve(into, (size_t)size);
	if (!room)
		return false;
	(*env)->GetByteArrayRegion(env, array, 0, size, (jbyte *)room);
	into->size = (size_t)size;
	into->data[into->size] = '\0';
	return true;
}

/* Calls, and returns what Call.invoke() wants. */
static jbyteArray invoke(JNIEnv *env, const struct snafu_context *caller,
                         const struct snafu_invocation *invocation)
{
	struct snafu_result result = {.payload = SNAFU_BUFFER(INVOKE_RESULT_CAP)};
	bool attached = java_is_attached();
	jbyteArray reply = NULL;

	if (java.options && java.options->invoke)
		java.options->invoke(java.options->invoke_state, caller, invocation, &result);
	else
		snafu_result_fail(&result, SNAFU_UNAVAILABLE, "Unavailable",
		                  "no function can be called from here");
	/* The call may have run on this very thread, which ends without a word to us when it
	 * is one that the function started. */
	if (!attached)
		java_forget_thread();
	const char *status = snafu_status_name(result.status);
	size_t name = strlen(status) + 1;
	reply = (*env)->NewByteArray(env, (jsize)(name + result.payload.size));
	if (reply) {
		(*env)->SetByteArrayRegion(env, reply, 0, (jsize)name, (const jbyte *)status);
		(*env)->SetByteArrayRegion(env, reply, (jsize)name, (jsize)result.payload.size,
		                           (const jbyte *)result.payload.data);
	}
	snafu_result_done(&result);
	return reply;
}

jbyteArray JNICALL java_native_invoke(JNIEnv *env, jclass class, jbyteArray function,
                                      jbyteArray payload, jboolean asynchronous, jlong pointer,
                                      jbyteArray packed, jlong deadline, jlong memory, jint depth)
{
	struct snafu_buffer name = {0}, bytes = {0}, texts = {0};
	struct snafu_context copy = {
		.deadline = (uint64_t)deadline,
		.memory = (uint64_t)memory,
		.depth = (unsigned)depth,
	};
	const struct snafu_context *caller = (const struct snafu_context *)(intptr_t)pointer;
	jbyteArray reply = NULL;

	(void)class;
	if (copy_bytes(env, function, &name) && copy_bytes(env, payload, &bytes) &&
	    (!packed || copy_bytes(env, packed, &texts))) {
		if (packed) {
			unpack(&texts, &copy);
			caller = &copy;
		}
		const struct snafu_invocation invocation = {
			.function = name.data,
			.payload = bytes.data,
			.size = bytes.size,
			.asynchronous = asynchronous,
		};
		reply = invoke(env, caller, &invocation);
	}
	if (!reply && !(*env)->ExceptionCheck(env)) {
		jclass error = (*env)->FindClass(env, "java/lang/OutOfMemoryError");

		if (error)
			(*env)->ThrowNew(env, error, "no memory for the call");
	}
	snafu_buffer_done(&name);
	snafu_buffer_done(&bytes);
	snafu_buffer_done(&texts);
	return reply;
}
