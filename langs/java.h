/* langs/java.h — what the files of the Java gateway (langs/java*.c) share. Nobody else
 * includes it: jni.h stays inside the gateway, so no other can touch a JNIEnv.
 *
 * A function that takes a JNIEnv belongs to the thread whose it is, with no Java
 * exception pending; none is pending when it returns, unless it says otherwise. */
#ifndef SNAFU_LANGS_JAVA_H
#define SNAFU_LANGS_JAVA_H

#include <jni.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

#include "langs/java_home.h"
#include "langs/language.h"
#include "langs/result.h"

struct snafu_buffer;

struct snafu_bound {
	const struct snafu_function *function;
	jobject object; /* snafu.Bound, global */
	struct snafu_bound *next, **before; /* in java.bounds */
};

/* A thread that calls; attached until it leaves. A call inside of a call of the same
 * thread has one of its own. */
struct java_caller {
	JNIEnv *env;
	bool busy; /* in a call */
	struct java_caller *inner; /* for calls inside of that one */
	jobject state; /* snafu.CallState, global, and two of its arrays: */
	jbyteArray in, out; /* global */
	jsize in_size;
	unsigned long mark;
	struct java_caller *next;
};

/* The gateway's one state. */
struct java {
	bool started; /* once and never again */
	JavaVM *vm;
	const struct snafu_language_options *options;
	jclass bridge, exit_class, thread_class; /* global */
	jmethodID exit_init;
	jmethodID start, change, enter, bind, call, output, interrupt, thread;
	jfieldID in, shown, log;
	jfieldID locals, inherited; /* of java.lang.Thread; NULL where it has none */
	pthread_mutex_t mutex; /* guards the rest */
	const struct snafu_functions *functions; /* all, since the last change */
	struct snafu_bound *bounds;
	struct java_caller *callers;
	unsigned long marks;
};
extern struct java java;

/* The libraries and source trees, as Bridge.start() and change() want them. */
void java_write_paths(const struct snafu_functions *functions, struct snafu_buffer *into);

#define JAVA_SETTINGS_CAP (4u << 20) /* bytes of what these are told */

/* ---- starting (java_vm.c) ---- */

/* Starts the JVM of HOME with the jar BRIDGE on its class path; this thread is
 * attached to it then. Signal handlers and the locale stay as they were as far as
 * the JVM lets them. */
int java_vm_create(const struct snafu_java_home *home, const char *bridge, JNIEnv **ret_env,
                   struct snafu_error *error);

/* ---- what Java calls (java_natives.c) ---- */

/* Ties the native methods of the class snafu.Bridge. False: an exception is pending. */
bool java_natives_register(JNIEnv *env, jclass bridge);

/* ---- calls that functions make (java_invoke.c) ---- */

/* Bridge.context() and Bridge.invoke(). */
jbyteArray JNICALL java_native_context(JNIEnv *env, jclass class, jlong pointer);
jbyteArray JNICALL java_native_invoke(JNIEnv *env, jclass class, jbyteArray function,
                                      jbyteArray payload, jboolean asynchronous, jlong pointer,
                                      jbyteArray packed, jlong deadline, jlong memory, jint depth);

/* The last line of defence: whoever gets to ending the VM gets an Error instead. */
void java_guard_halt(JNIEnv *env);

/* ---- threads (java_threads.c); each for struct snafu_language ---- */

/* The calling thread, attached, for its next call; NULL when the JVM has no room for it. */
struct java_caller *java_attach(void);
/* Whether the calling thread is attached for calls already. */
bool java_is_attached(void);
/* Ends that for a thread that is Java's own. */
void java_forget_thread(void);
void java_leave(void *state);
unsigned long java_thread_mark(void *state);
void java_interrupt(void *state, unsigned long mark);

/* ---- binding (java_bind.c) and calling (java_call.c); each for struct snafu_language ---- */

int java_bind(void *state, const struct snafu_function *function, struct snafu_bound **ret_bound,
              struct snafu_result *result);
void java_call(void *state, struct snafu_bound *bound, const struct snafu_request *request,
               struct snafu_result *result);
void java_call_fresh(void *state, struct snafu_bound *bound, const struct snafu_request *request,
                     struct snafu_result *result);

void java_changed(void *state, const struct snafu_functions *functions, const char *const *files,
                  size_t n_files);
void java_unbind(void *state, struct snafu_bound *bound);

/* Copies SIZE bytes of Java's over what RESULT holds. */
void java_take_output(JNIEnv *env, struct snafu_result *result, enum snafu_status status,
                      jbyteArray array, jsize size);
/* Says that the JVM takes no more threads; returns -ENOMEM. */
int java_no_thread(struct snafu_result *result);

/* ---- helpers (java_helpers.c) ---- */

/* What the pending exception is, cleared: for the few places where the bridge itself
 * can fail. Returns TEXT (of SIZE bytes), or NULL when there was none. */
const char *java_take_exception(JNIEnv *env, char *text, size_t size);

/* A new array with these bytes; NULL with an exception pending when memory is out. */
jbyteArray java_new_bytes(JNIEnv *env, const char *bytes, size_t size);

/* A global reference in place of LOCAL, which may be NULL; NULL when memory is out. */
jobject java_make_global(JNIEnv *env, jobject local);
void java_drop_global(JNIEnv *env, jobject global);

/* Appends TEXT (NULL: "") and a NUL, as the bridge takes its lists. */
void java_append_field(struct snafu_buffer *into, const char *text);

#endif
