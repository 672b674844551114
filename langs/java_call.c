/* langs/java_call.c — a Java function is called. The bytes of the payload and
 * of the result go through two arrays that the thread keeps. See java.h. */
#include "langs/java.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#include "base/buffer.h"

#define KEPT_CAP    (1 << 20) /* bytes of arrays that a thread keeps between calls */
#define RESULT_CAP  (1 << 30) /* bytes; Java's arrays end at 2 GiB */
#define ERROR_CAP   (64u << 10) /* room for an error where results are capped lower */
#define LOG_CAP     (1u << 28) /* bytes of what a call prints */
#define OUT_CHANGED (1ll << 40) /* Bridge.OUT_CHANGED */
#define LOGGED      (1ll << 41) /* Bridge.LOGGED */

/* Copies a byte array of Java's over what RESULT holds. */
void java_take_output(JNIEnv *env, struct snafu_result *result, enum snafu_status status,
                      jbyteArray array, jsize size)
{
	struct snafu_buffer *payload = &result->payload;

	snafu_buffer_clear(payload);
	if (status != SNAFU_OK && payload->cap < ERROR_CAP)
		payload->cap = ERROR_CAP;
	char *room = snafu_buffer_reserve(payload, (size_t)size);
	if (!room) {
		snafu_result_fail(result, SNAFU_INTERNAL, "MemoryError", "no memory for the result");
		return;
	}
	(*env)->GetByteArrayRegion(env, array, 0, size, (jbyte *)room);
	payload->size += (size_t)size;
	payload->data[payload->size] = '\0';
	result->status = status;
}

int java_no_thread(struct snafu_result *result)
{
	snafu_result_fail(result, SNAFU_INTERNAL, "MemoryError",
	                  "the JVM cannot take another thread: no memory");
	return -ENOMEM;
}

/* Another array for payloads of up to SIZE bytes. */
static bool replace_in(struct java_caller *caller, jsize size)
{
	JNIEnv *env = caller->env;
	jbyteArray array = java_make_global(env, (*env)->NewByteArray(env, size));

	if (!array) {
		(*env)->ExceptionClear(env);
		return false;
	}
	(*env)->SetObjectField(env, caller->state, java.in, array);
	java_drop_global(env, caller->in);
	caller->in = array;
	caller->in_size = size;
	return true;
}

static enum snafu_status status_of(jlong reply)
{
	static const enum snafu_status statuses[] = {
		/* as in Bridge.java */
		SNAFU_OK,         SNAFU_BAD_ARGUMENTS, SNAFU_RAISED,
		SNAFU_BAD_RESULT, SNAFU_LOAD_FAILED,   SNAFU_INTERNAL,
	};
	unsigned status = (unsigned)(reply >> 32) & 0xff;

	return status < sizeof statuses / sizeof *statuses ? statuses[status] : SNAFU_INTERNAL;
}

/* What the function printed. */
static void take_log(struct java_caller *caller, struct snafu_result *result)
{
	JNIEnv *env = caller->env;
	jbyteArray log = (*env)->GetObjectField(env, caller->state, java.log);
	jsize size = log ? (*env)->GetArrayLength(env, log) : 0;
	jbyte *bytes = size ? (*env)->GetByteArrayElements(env, log, NULL) : NULL;

	if (bytes) {
		snafu_result_log(result, (const char *)bytes, (size_t)size);
		(*env)->ReleaseByteArrayElements(env, log, bytes, JNI_ABORT);
	}
	(*env)->DeleteLocalRef(env, log);
}

/* The bytes of the payload into the array that the bridge reads. */
static bool put_payload(struct java_caller *caller, const struct snafu_request *request)
{
	size_t size = request->size;

	if (size > RESULT_CAP || ((jsize)size > caller->in_size && !replace_in(caller, (jsize)size)))
		return false;
	if (size)
		(*caller->env)
			->SetByteArrayRegion(caller->env, caller->in, 0, (jsize)size,
		                         (const jbyte *)request->payload);
	return true;
}

/* Calls Bridge.call(), which takes global references and returns a number, so no frame for
 * local ones is needed. */
static void run(struct java_caller *caller, struct snafu_bound *bound,
                const struct snafu_request *request, bool fresh, struct snafu_result *result)
{
	JNIEnv *env = caller->env;
	size_t cap = result->payload.cap < RESULT_CAP ? result->payload.cap : RESULT_CAP;
	size_t log = result->log.cap < LOG_CAP ? result->log.cap : LOG_CAP;
	char text[512];

	caller->busy = true;
	jlong reply =
		(*env)->CallStaticLongMethod(env, java.bridge, java.call, caller->state, bound->object,
	                                 request->size ? (jint)request->size : -1, (jint)cap, (jint)log,
	                                 (jlong)(intptr_t)request->context, (jboolean)fresh);
	caller->busy = false;
	if ((*env)->ExceptionCheck(env)) {
		snafu_result_fail(result, SNAFU_INTERNAL, "InternalError", "%s",
		                  java_take_exception(env, text, sizeof text));
		return;
	}
	if (reply & OUT_CHANGED) {
		java_drop_global(env, caller->out);
		caller->out = java_make_global(env, (*env)->GetObjectField(env, caller->state, java.shown));
	}
	if (caller->out)
		java_take_output(env, result, status_of(reply), caller->out, (jsize)(reply & INT_MAX));
	else
		snafu_result_fail(result, SNAFU_INTERNAL, "MemoryError", "no memory for the result");
	if (reply & LOGGED)
		take_log(caller, result);
}

static void call(struct snafu_bound *bound, const struct snafu_request *request, bool fresh,
                 struct snafu_result *result)
{
	struct java_caller *caller = java_attach();

	if (!caller) {
		java_no_thread(result);
		return;
	}
	if (!put_payload(caller, request)) {
		snafu_result_fail(result, SNAFU_TOO_LARGE, "MemoryError",
		                  "the JVM has no memory for a payload of %zu bytes", request->size);
		return;
	}
	run(caller, bound, request, fresh, result);
	if (caller->in_size > KEPT_CAP)
		replace_in(caller, KEPT_CAP / 16);
}

void java_call(void *state, struct snafu_bound *bound, const struct snafu_request *request,
               struct snafu_result *result)
{
	(void)state;
	call(bound, request, false, result);
}

/* The thread's ThreadLocals are put aside meanwhile: they would keep the loader of the call
 * alive. */
void java_call_fresh(void *state, struct snafu_bound *bound, const struct snafu_request *request,
                     struct snafu_result *result)
{
	struct java_caller *caller = java_attach();
	JNIEnv *env = caller ? caller->env : NULL;

	(void)state;
	if (!java.inherited || !caller || (*env)->PushLocalFrame(env, 8)) {
		call(bound, request, true, result);
		return;
	}
	jobject thread = (*env)->CallStaticObjectMethod(env, java.thread_class, java.thread);
	jobject locals = (*env)->GetObjectField(env, thread, java.locals);
	jobject inherited = (*env)->GetObjectField(env, thread, java.inherited);

	(*env)->SetObjectField(env, thread, java.locals, NULL);
	(*env)->SetObjectField(env, thread, java.inherited, NULL);
	call(bound, request, true, result);
	(*env)->SetObjectField(env, thread, java.locals, locals);
	(*env)->SetObjectField(env, thread, java.inherited, inherited);
	(*env)->PopLocalFrame(env, NULL);
}
