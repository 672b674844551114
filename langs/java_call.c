/* langs/java_call.c — a Java function is bound and called. The bytes of the payload and
 * of the result go through two arrays that the thread keeps. See java.h. */
#include "langs/java.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/error.h"
#include "langs/java_roots.h"
#include "scanner/function.h"

#define KEPT_CAP      (1 << 20) /* bytes of arrays that a thread keeps between calls */
#define RESULT_CAP    (1 << 30) /* bytes; Java's arrays end at 2 GiB */
#define ERROR_CAP     (64u << 10) /* room for an error where results are capped lower */
#define REQUEST_CAP   (1u << 20) /* bytes of what the bridge is told of a function */
#define OVERLOADS_CAP 256 /* whose parameter names it is told */
#define LOG_CAP       (1u << 28) /* bytes of what a call prints */
#define OUT_CHANGED   (1ll << 40) /* Bridge.OUT_CHANGED */
#define LOGGED        (1ll << 41) /* Bridge.LOGGED */

/* The overloads' parameter names, for class files that have none. Overloads
 * stand in the same file, so their entries stand together. */
static void write_overloads(const struct snafu_function *function, struct snafu_buffer *into)
{
	const struct snafu_functions *all = java.options->functions;
	const struct snafu_function *begin = function, *end = function + 1;

	if (all && function >= all->functions && function < all->functions + all->count) {
		while (begin > all->functions && strcmp(begin[-1].file, function->file) == 0)
			begin--;
		while (end < all->functions + all->count && strcmp(end->file, function->file) == 0)
			end++;
	}
	unsigned count = 0;
	for (const struct snafu_function *at = begin; at < end && count < OVERLOADS_CAP; at++) {
		if (at->n_parameters == 0 || strcmp(at->id, function->id) != 0)
			continue;
		snafu_buffer_format(into, "%zu", 2 * at->n_parameters);
		snafu_buffer_append_byte(into, '\0');
		for (size_t i = 0; i < at->n_parameters; i++) {
			java_append_field(into, at->parameters[i].name);
			java_append_field(into, at->parameters[i].type);
		}
		count++;
	}
}

/* Copies a byte array of Java's over what RESULT holds. */
static void take_output(JNIEnv *env, struct snafu_result *result, enum snafu_status status,
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

static int no_thread(struct snafu_result *result)
{
	snafu_result_fail(result, SNAFU_INTERNAL, "MemoryError",
	                  "the JVM cannot take another thread: no memory");
	return -ENOMEM;
}

static jobject bind_object(struct java_caller *caller, const struct snafu_buffer *request,
                           struct snafu_result *result)
{
	JNIEnv *env = caller->env;
	char text[512];
	jobject global = NULL;

	if ((*env)->PushLocalFrame(env, 16)) {
		(*env)->ExceptionClear(env);
		no_thread(result);
		return NULL;
	}
	jbyteArray bytes = java_new_bytes(env, request->data, request->size);
	jobject bound =
		bytes ? (*env)->CallStaticObjectMethod(env, java.bridge, java.bind, caller->state, bytes)
			  : NULL;
	if (bound)
		global = (*env)->NewGlobalRef(env, bound);
	jbyteArray output =
		bound || (*env)->ExceptionCheck(env)
			? NULL
			: (*env)->CallStaticObjectMethod(env, java.bridge, java.output, caller->state);
	const char *problem = java_take_exception(env, text, sizeof text);
	if (output && !problem)
		take_output(env, result, SNAFU_LOAD_FAILED, output, (*env)->GetArrayLength(env, output));
	else if (!global)
		snafu_result_fail(result, SNAFU_LOAD_FAILED, "LoadError", "%s",
		                  problem ? problem : "no memory in the JVM");
	(*env)->PopLocalFrame(env, NULL);
	return global;
}

int java_bind(void *state, const struct snafu_function *function, struct snafu_bound **ret_bound,
              struct snafu_result *result)
{
	struct snafu_buffer request = SNAFU_BUFFER(REQUEST_CAP);
	struct snafu_bound *bound = calloc(1, sizeof *bound);
	struct java_caller *caller = java_attach();

	(void)state;
	if (!bound || !caller) {
		free(bound);
		return no_thread(result);
	}
	java_append_field(&request, function->id);
	java_append_field(&request, function->file);
	java_append_field(&request, function->root ? function->root : ".");
	snafu_java_base(function, &request);
	snafu_buffer_append_byte(&request, '\0');
	write_overloads(function, &request);
	if (request.failed)
		snafu_result_fail(result, SNAFU_LOAD_FAILED, "LoadError", "too many parameters");
	else
		bound->object = bind_object(caller, &request, result);
	snafu_buffer_done(&request);
	if (!bound->object) {
		free(bound);
		return -ENOEXEC;
	}
	bound->function = function;
	pthread_mutex_lock(&java.mutex);
	bound->next = java.bounds;
	java.bounds = bound;
	pthread_mutex_unlock(&java.mutex);
	*ret_bound = bound;
	return 0;
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
		take_output(env, result, status_of(reply), caller->out, (jsize)(reply & INT_MAX));
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
		no_thread(result);
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
