/* langs/java.c — Java functions, in an embedded JVM: opened and closed.
 *
 * The files langs/java*.c are the gateway. They start the JVM (found at run time,
 * java_home.h), attach threads and carry bytes; binding, JSON, compilation and
 * loading are done in Java (langs/java/Bridge.java and its neighbours, in
 * snafu-bridge.jar), where the JVM makes them quick: a call crosses once, and
 * creates no reference on the native side. Opened by runtime/ as the module
 * lang-java.so.
 *
 * There is one JVM in a process, for ever: after close() it cannot be opened
 * again. */
#include "langs/java.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/file.h"
#include "base/parts.h"
#include "langs/java_roots.h"
#include "scanner/function.h"

#define CLOSE_TIMEOUT_S 5 /* for shutdown hooks */

struct java java = {.mutex = PTHREAD_MUTEX_INITIALIZER};

static bool find_members(JNIEnv *env)
{
	jclass bridge = (*env)->FindClass(env, "snafu/Bridge");
	jclass state = bridge ? (*env)->FindClass(env, "snafu/CallState") : NULL;

	if (!state || !java_natives_register(env, bridge))
		return false;
	java.bridge = (*env)->NewGlobalRef(env, bridge);
	return (java.start = (*env)->GetStaticMethodID(env, bridge, "start", "([B)V")) &&
	       (java.change = (*env)->GetStaticMethodID(env, bridge, "change", "([B)V")) &&
	       (java.enter = (*env)->GetStaticMethodID(env, bridge, "enter", "()Lsnafu/CallState;")) &&
	       (java.bind = (*env)->GetStaticMethodID(env, bridge, "bind",
	                                              "(Lsnafu/CallState;[B)Lsnafu/Bound;")) &&
	       (java.call = (*env)->GetStaticMethodID(env, bridge, "call",
	                                              "(Lsnafu/CallState;Lsnafu/Bound;IIIJZ)J")) &&
	       (java.output =
	            (*env)->GetStaticMethodID(env, bridge, "output", "(Lsnafu/CallState;)[B")) &&
	       (java.interrupt = (*env)->GetMethodID(env, state, "interrupt", "()V")) &&
	       (java.log = (*env)->GetFieldID(env, state, "log", "[B")) &&
	       (java.in = (*env)->GetFieldID(env, state, "in", "[B")) &&
	       (java.shown = (*env)->GetFieldID(env, state, "shown", "[B"));
}

/* Where a thread keeps its ThreadLocals: private to the JDK, so they may be elsewhere one
 * day. */
static void find_locals(JNIEnv *env)
{
	jclass thread = (*env)->FindClass(env, "java/lang/Thread");
	static const char type[] = "Ljava/lang/ThreadLocal$ThreadLocalMap;";

	if (thread) {
		java.thread =
			(*env)->GetStaticMethodID(env, thread, "currentThread", "()Ljava/lang/Thread;");
		java.thread_class = (*env)->NewGlobalRef(env, thread);
		java.locals = (*env)->GetFieldID(env, thread, "threadLocals", type);
	}
	if (java.locals)
		java.inherited = (*env)->GetFieldID(env, thread, "inheritableThreadLocals", type);
	(*env)->ExceptionClear(env);
}

/* Whether nothing else is known, as in a process for one function: its overloads are all that
 * it is sent, however large the program around it (struct snafu_language's `needs`). */
static bool is_one_function(const struct snafu_functions *functions)
{
	for (size_t i = 1; functions && i < functions->count; i++)
		if (strcmp(functions->functions[i].id, functions->functions[0].id) != 0)
			return false;
	return functions && functions->count;
}

void java_write_paths(const struct snafu_functions *functions, struct snafu_buffer *into)
{
	for (size_t i = 0; i < java.options->n_paths; i++) {
		if (!snafu_path_has_suffix(java.options->paths[i], ".jar"))
			continue;
		snafu_buffer_append_byte(into, 'C');
		java_append_field(into, java.options->paths[i]);
	}
	if (is_one_function(functions))
		snafu_java_find_roots(java.options->paths, java.options->n_paths, into);
	snafu_java_roots(functions, into);
}

/* As Bridge.start() wants it. */
static void write_settings(const struct snafu_language_options *options,
                           const struct snafu_java_home *home, const char *bridge,
                           struct snafu_buffer *into)
{
	java_append_field(into, options->cache_directory);
	java_append_field(into, bridge);
	java_append_field(into, home->compiler);
	java_append_field(into, home->home);
	java_write_paths(options->functions, into);
}

static int start_bridge(JNIEnv *env, const struct snafu_language_options *options,
                        const struct snafu_java_home *home, const char *bridge,
                        struct snafu_error *error)
{
	struct snafu_buffer settings = SNAFU_BUFFER(JAVA_SETTINGS_CAP);
	char text[512];

	if ((*env)->PushLocalFrame(env, 32))
		return snafu_fail(error, -ENOMEM, "no memory for the JVM");
	java_guard_halt(env);
	if (find_members(env)) {
		find_locals(env);
		write_settings(options, home, bridge, &settings);
		jbyteArray array =
			settings.failed ? NULL : java_new_bytes(env, settings.data, settings.size);

		if (array)
			(*env)->CallStaticVoidMethod(env, java.bridge, java.start, array);
	}
	snafu_buffer_done(&settings);
	const char *problem = java_take_exception(env, text, sizeof text);
	(*env)->PopLocalFrame(env, NULL);
	return problem ? snafu_fail(error, -ELIBBAD, "%s does not fit: %s", bridge, problem) : 0;
}

static int open_java(const struct snafu_language_options *options, void **ret_state,
                     struct snafu_error *error)
{
	struct snafu_java_home home = {0};
	char *bridge = NULL;
	JNIEnv *env;

	if (java.started)
		return snafu_fail(error, -EBUSY, "a process can start Java only once");
	int code = snafu_part_find("snafu-bridge.jar", &bridge, error);
	if (!code)
		code = snafu_java_home_find(&home, error);
	if (!code) {
		java.options = options;
		java.functions = options->functions;
		code = java_vm_create(&home, bridge, &env, error);
		java.started = java.vm != NULL;
	}
	if (!code)
		code = start_bridge(env, options, &home, bridge, error);
	/* This thread attaches again when it calls: as a daemon, for which nothing waits. */
	if (java.vm)
		(*java.vm)->DetachCurrentThread(java.vm);
	snafu_java_home_done(&home);
	free(bridge);
	if (!code)
		*ret_state = &java;
	return code;
}

/* Whether the user's code has threads that the JVM would wait for. */
static bool has_user_threads(JNIEnv *env)
{
	jmethodID method = (*env)->GetStaticMethodID(env, java.bridge, "hasUserThreads", "()Z");
	jboolean has = method ? (*env)->CallStaticBooleanMethod(env, java.bridge, method) : JNI_TRUE;

	if ((*env)->ExceptionCheck(env)) {
		(*env)->ExceptionClear(env);
		return true;
	}
	return has;
}

/* Runs the shutdown hooks, and ends the JVM where nothing would make that wait.
 * On a thread of its own, because a hook may hang. */
static void *shut_down(void *nothing)
{
	JavaVMAttachArgs args = {.version = JNI_VERSION_10, .name = (char *)"snafu-close"};
	JNIEnv *env;

	if ((*java.vm)->AttachCurrentThreadAsDaemon(java.vm, (void **)&env, &args))
		return nothing;
	jclass shutdown = (*env)->FindClass(env, "java/lang/Shutdown");
	jmethodID run = shutdown ? (*env)->GetStaticMethodID(env, shutdown, "shutdown", "()V") : NULL;
	if (run)
		(*env)->CallStaticVoidMethod(env, shutdown, run);
	(*env)->ExceptionClear(env);
	if (has_user_threads(env))
		(*java.vm)->DetachCurrentThread(java.vm);
	else
		(*java.vm)->DestroyJavaVM(java.vm);
	return nothing;
}

static void close_java(void *state)
{
	struct timespec until;
	pthread_t thread;
	struct java_caller *self = java_attach();

	while (self && java.bounds)
		java_unbind(state, java.bounds);
	java_leave(state);
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += CLOSE_TIMEOUT_S;
	if (pthread_create(&thread, NULL, shut_down, NULL) == 0 &&
	    pthread_clockjoin_np(thread, NULL, CLOCK_MONOTONIC, &until) != 0)
		pthread_detach(thread);
	java.options = NULL;
}

extern const struct snafu_language snafu_language;
const struct snafu_language snafu_language = {
	.version = SNAFU_LANGUAGE_VERSION,
	.name = "java",
	.open = open_java,
	.bind = java_bind,
	.call = java_call,
	.call_fresh = java_call_fresh,
	.thread_mark = java_thread_mark,
	.interrupt = java_interrupt,
	.leave = java_leave,
	.changed = java_changed,
	.unbind = java_unbind,
	.close = close_java,
	.parallel = true,
	.limits_memory = true,
};
