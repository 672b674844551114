/* langs/java.c — Java functions, in an embedded JVM.
 *
 * The only file that includes jni.h, so no other can touch a JNIEnv. It starts
 * the JVM (found at run time, langs/java_home.h), attaches threads and carries
 * bytes; binding, JSON, compilation and loading are done in Java
 * (langs/java/Bridge.java and its neighbours, in snafu-bridge.jar), where the
 * JVM makes them quick: a call crosses once, and creates no reference on the
 * native side. Opened by runtime/ as the module lang-java.so.
 *
 * There is one JVM in a process, for ever: after close() it cannot be opened
 * again. */
#include "langs/language.h"

#include <dlfcn.h>
#include <errno.h>
#include <jni.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

#include "base/buffer.h"
#include "base/child.h"
#include "base/error.h"
#include "base/file.h"
#include "base/parts.h"
#include "langs/java_home.h"
#include "langs/java_locale.h"
#include "langs/java_roots.h"
#include "langs/result.h"
#include "scanner/function.h"

#define OPTIONS_CAP 64                  /* options of the JVM, with those of the user */
#define KEPT_CAP (1 << 20)              /* bytes of arrays that a thread keeps between calls */
#define RESULT_CAP (1 << 30)            /* bytes; Java's arrays end at 2 GiB */
#define ERROR_CAP (64u << 10)           /* room for an error where results are capped lower */
#define REQUEST_CAP (1u << 20)          /* bytes of what the bridge is told of a function */
#define SETTINGS_CAP (4u << 20)         /* bytes of what it is told at the start */
#define OVERLOADS_CAP 256               /* whose parameter names it is told */
#define COMPILE_TIMEOUT_MS (300 * 1000)
#define COMPILE_OUTPUT_CAP (256u << 10) /* bytes of the compiler's messages */
#define CLOSE_TIMEOUT_S 5               /* for shutdown hooks */
#define OUT_CHANGED (1ll << 40)         /* Bridge.OUT_CHANGED */

struct snafu_bound {
	const struct snafu_function *function;
	jobject object; /* snafu.Bound, global */
	struct snafu_bound *next;
};

/* A thread that calls; attached until it leaves. */
struct caller {
	JNIEnv *env;
	jobject state;      /* snafu.CallState, global, and two of its arrays: */
	jbyteArray in, out; /* global */
	jsize in_size;
	unsigned long mark;
	struct caller *next;
};

static struct {
	bool started; /* once and never again */
	JavaVM *vm;
	const struct snafu_language_options *options;
	jclass bridge, exit_class; /* global */
	jmethodID exit_init;
	jmethodID start, enter, bind, call, output, interrupt;
	jfieldID in, shown;
	pthread_mutex_t mutex; /* guards the rest */
	struct snafu_bound *bounds;
	struct caller *callers;
	unsigned long marks;
} java = {.mutex = PTHREAD_MUTEX_INITIALIZER};

static __thread struct caller *this_caller;

/* What the last exception was, cleared: for the few places where the bridge
 * itself can fail. Returns NULL when there was none. */
static const char *take_exception(JNIEnv *env, char *text, size_t size)
{
	jthrowable thrown = (*env)->ExceptionOccurred(env);

	if (!thrown)
		return NULL;
	(*env)->ExceptionClear(env);
	snprintf(text, size, "an exception in the bridge");
	jclass class = (*env)->GetObjectClass(env, thrown);
	jmethodID to_string = (*env)->GetMethodID(env, class, "toString", "()Ljava/lang/String;");
	jstring words = to_string ? (*env)->CallObjectMethod(env, thrown, to_string) : NULL;
	const char *bytes = words && !(*env)->ExceptionCheck(env)
	                            ? (*env)->GetStringUTFChars(env, words, NULL) : NULL;
	if (bytes) {
		snprintf(text, size, "%s", bytes);
		(*env)->ReleaseStringUTFChars(env, words, bytes);
	}
	(*env)->ExceptionClear(env);
	return text;
}

static jbyteArray new_bytes(JNIEnv *env, const char *bytes, size_t size)
{
	jbyteArray array = (*env)->NewByteArray(env, (jsize)size);

	if (array)
		(*env)->SetByteArrayRegion(env, array, 0, (jsize)size, (const jbyte *)bytes);
	return array;
}

/* ---- what Java calls ------------------------------------------------------ */

/* Bridge.warn() */
static void JNICALL native_warn(JNIEnv *env, jclass class, jbyteArray text)
{
	char bytes[SNAFU_ERROR_MESSAGE_CAP] = {0};
	jsize size = (*env)->GetArrayLength(env, text);

	(void)class;
	if (size > (jsize)sizeof bytes - 1)
		size = sizeof bytes - 1;
	(*env)->GetByteArrayRegion(env, text, 0, size, (jbyte *)bytes);
	if (java.options && java.options->warn)
		java.options->warn(java.options->warn_state, bytes);
}

/* Bridge.working() */
static void JNICALL native_working(JNIEnv *env, jclass class, jbyteArray text)
{
	char bytes[SNAFU_ERROR_MESSAGE_CAP] = {0};
	jsize size = text ? (*env)->GetArrayLength(env, text) : 0;

	(void)class;
	if (size > (jsize)sizeof bytes - 1)
		size = sizeof bytes - 1;
	if (text)
		(*env)->GetByteArrayRegion(env, text, 0, size, (jbyte *)bytes);
	if (java.options && java.options->working)
		java.options->working(java.options->working_state, text ? bytes : NULL);
}

/* Runs the arguments (each with a NUL behind it) up to an empty one, gives the
 * rest to its stdin, and gathers a reply: a zero byte when the program ended
 * well, else 1, then its output. */
static void run_child(char *arguments, size_t size, struct snafu_buffer *reply)
{
	struct snafu_buffer errors = SNAFU_BUFFER(COMPILE_OUTPUT_CAP / 8);
	struct snafu_error error;
	static const char *const environment[] = {"LC_ALL=" SNAFU_JAVA_LOCALE, NULL};
	const char *argv[64] = {0};
	int status = 0;

	size_t at = 0;
	for (size_t n = 0; at < size && arguments[at] && n < 63; at += strlen(arguments + at) + 1)
		argv[n++] = arguments + at;
	at += at < size;
	snafu_buffer_append_byte(reply, 0);
	struct snafu_child_options options = {
		.argv = argv, .environment = snafu_java_locale_is_utf8() ? NULL : environment,
		.input = arguments + at, .input_size = size - at,
		.timeout_ms = COMPILE_TIMEOUT_MS, .output = reply, .errors = &errors,
	};
	int code = snafu_child_run(&options, &status, &error);
	bool good = code == 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0;
	if (code)
		snafu_buffer_append_text(reply, error.message);
	else if (!good && (reply->size == 1 || !WIFEXITED(status)))
		snafu_buffer_format(reply, "%s failed (status %d): %s", argv[0], status,
		                    errors.data ? errors.data : "");
	if (reply->data)
		reply->data[0] = !good;
	snafu_buffer_done(&errors);
}

/* Bridge.child() */
static jbyteArray JNICALL native_child(JNIEnv *env, jclass class, jbyteArray list)
{
	struct snafu_buffer reply = SNAFU_BUFFER(COMPILE_OUTPUT_CAP);
	jsize size = (*env)->GetArrayLength(env, list);
	char *arguments = calloc(1, (size_t)size + 1);

	(void)class;
	if (arguments) {
		(*env)->GetByteArrayRegion(env, list, 0, size, (jbyte *)arguments);
		run_child(arguments, (size_t)size, &reply);
	}
	free(arguments);
	jbyteArray array = reply.data ? new_bytes(env, reply.data, reply.size)
	                              : new_bytes(env, "\1no memory", strlen("\1no memory"));
	snafu_buffer_done(&reply);
	return array;
}

/* In place of java.lang.Shutdown.halt0(): throws what ExitGuard throws, where
 * there is no security manager (JDK 24 and later) or the user's code replaced
 * ours. By then exit() has run the shutdown hooks, halt() has not. */
static void JNICALL native_halt(JNIEnv *env, jclass class, jint status)
{
	jthrowable thrown = (*env)->NewObject(env, java.exit_class, java.exit_init, status);

	(void)class;
	if (thrown)
		(*env)->Throw(env, thrown);
}

/* Bridge.guard(): System.exit() must not run the shutdown hooks either. JDKs up
 * to 23 ask a security manager; it is set where System keeps it, since
 * setSecurityManager() would print a warning. */
static void JNICALL native_guard(JNIEnv *env, jclass class, jobject manager)
{
	jclass system = (*env)->FindClass(env, "java/lang/System");
	jfieldID field = system ? (*env)->GetStaticFieldID(env, system, "security",
	                                                   "Ljava/lang/SecurityManager;") : NULL;

	(void)class;
	if (field)
		(*env)->SetStaticObjectField(env, system, field, manager);
	(*env)->ExceptionClear(env);
}

/* ---- starting the JVM ----------------------------------------------------- */

static int add_option(JavaVMInitArgs *args, char *option)
{
	if (!option || args->nOptions == OPTIONS_CAP) {
		free(option);
		return option ? -E2BIG : -ENOMEM;
	}
	args->options[args->nOptions++].optionString = option;
	return 0;
}

/* The words of SNAFU_JAVA_OPTIONS; the JVM itself reads JAVA_TOOL_OPTIONS. */
static int add_user_options(JavaVMInitArgs *args)
{
	const char *at = getenv("SNAFU_JAVA_OPTIONS");
	int code = 0;

	while (!code && at && *(at += strspn(at, " \t\n"))) {
		size_t size = strcspn(at, " \t\n");

		code = add_option(args, strndup(at, size));
		at += size;
	}
	return code;
}

static int add_options(JavaVMInitArgs *args, const char *bridge, unsigned major)
{
	static const char *const plain[] = {
		"-Xrs",               /* INT, TERM, HUP and QUIT stay the host's */
		"-XX:+UseSerialGC",   /* quick to start, small */
		"-Xshare:auto", "-XX:-UsePerfData",
		"-Dfile.encoding=UTF-8",
		"-Dstdout.encoding=UTF-8", "-Dstderr.encoding=UTF-8",
		"-Djava.awt.headless=true",
		/* The JVM's own warnings go to stderr: stdout is for results. */
		"-Xlog:disable", "-Xlog:all=warning:stderr:level,tags", "-Xlog:jni+resolve=error:stderr",
	};
	char *class_path;
	int code = 0;

	for (size_t i = 0; i < sizeof plain / sizeof *plain && !code; i++)
		code = add_option(args, strdup(plain[i]));
	if (!code)
		code = add_option(args, asprintf(&class_path, "-Djava.class.path=%s", bridge) < 0
		                                ? NULL : class_path);
	/* 18 to 23 want to be asked; 24 and later refuse to start with it. */
	if (!code && major >= 18 && major < 24)
		code = add_option(args, strdup("-Djava.security.manager=allow"));
	return code ? code : add_user_options(args);
}

static int create(const char *library, JavaVMInitArgs *args, JNIEnv **ret_env,
                  struct snafu_error *error)
{
	jint(JNICALL * create_vm)(JavaVM **, void **, void *);
	struct snafu_java_locale before;
	struct sigaction pipe_action, size_action;
	void *handle = dlopen(library, RTLD_NOW | RTLD_GLOBAL);

	if (handle)
		*(void **)&create_vm = dlsym(handle, "JNI_CreateJavaVM");
	if (!handle || !create_vm)
		return snafu_fail(error, -ELIBACC, "cannot open %s: %s", library, dlerror());
	sigaction(SIGPIPE, NULL, &pipe_action);
	sigaction(SIGXFSZ, NULL, &size_action);
	snafu_java_locale_begin(&before);
	jint code = create_vm(&java.vm, (void **)ret_env, args);
	snafu_java_locale_end(&before);
	if (code != JNI_OK)
		return snafu_fail(error, -EINVAL,
		                  "the JVM in %s does not start (code %d): look at SNAFU_JAVA_OPTIONS and "
		                  "JAVA_TOOL_OPTIONS, or at its words on stderr", library, (int)code);
	/* The JVM ignores these two by a handler of its own. What the host had said
	 * stays, but for the default, by which a broken pipe would end the host. */
	if (pipe_action.sa_handler != SIG_DFL)
		sigaction(SIGPIPE, &pipe_action, NULL);
	if (size_action.sa_handler != SIG_DFL)
		sigaction(SIGXFSZ, &size_action, NULL);
	return 0;
}

static int create_vm(const struct snafu_java_home *home, const char *bridge, JNIEnv **ret_env,
                     struct snafu_error *error)
{
	JavaVMOption options[OPTIONS_CAP] = {0};
	JavaVMInitArgs args = {.version = JNI_VERSION_10, .options = options};
	int code = add_options(&args, bridge, home->major);

	if (code)
		snafu_fail_errno(error, code, "too many options for the JVM (cap %d)", OPTIONS_CAP);
	else
		code = create(home->library, &args, ret_env, error);
	for (jint i = 0; i < args.nOptions; i++)
		free(options[i].optionString);
	return code;
}

/* The last line of defence: whoever gets to ending the VM gets an Error instead. */
static void guard_halt(JNIEnv *env)
{
	static const JNINativeMethod halt = {(char *)"halt0", (char *)"(I)V", (void *)native_halt};
	jclass shutdown = (*env)->FindClass(env, "java/lang/Shutdown");
	jclass exit_class = (*env)->FindClass(env, "snafu/ExitGuard$Exit");

	if (exit_class) {
		java.exit_class = (*env)->NewGlobalRef(env, exit_class);
		java.exit_init = (*env)->GetMethodID(env, exit_class, "<init>", "(I)V");
	}
	if (shutdown && java.exit_init)
		(*env)->RegisterNatives(env, shutdown, &halt, 1);
	(*env)->ExceptionClear(env);
}

static bool find_members(JNIEnv *env)
{
	static const JNINativeMethod natives[] = {
		{(char *)"warn", (char *)"([B)V", (void *)native_warn},
		{(char *)"working", (char *)"([B)V", (void *)native_working},
		{(char *)"child", (char *)"([B)[B", (void *)native_child},
		{(char *)"guard", (char *)"(Ljava/lang/Object;)V", (void *)native_guard},
	};
	jclass bridge = (*env)->FindClass(env, "snafu/Bridge");
	jclass state = bridge ? (*env)->FindClass(env, "snafu/CallState") : NULL;

	if (!state || (*env)->RegisterNatives(env, bridge, natives, 4))
		return false;
	java.bridge = (*env)->NewGlobalRef(env, bridge);
	return (java.start = (*env)->GetStaticMethodID(env, bridge, "start", "([B)V")) &&
	       (java.enter = (*env)->GetStaticMethodID(env, bridge, "enter", "()Lsnafu/CallState;")) &&
	       (java.bind = (*env)->GetStaticMethodID(env, bridge, "bind",
	                                              "(Lsnafu/CallState;[B)Lsnafu/Bound;")) &&
	       (java.call = (*env)->GetStaticMethodID(env, bridge, "call",
	                                              "(Lsnafu/CallState;Lsnafu/Bound;II)J")) &&
	       (java.output = (*env)->GetStaticMethodID(env, bridge, "output",
	                                                "(Lsnafu/CallState;)[B")) &&
	       (java.interrupt = (*env)->GetMethodID(env, state, "interrupt", "()V")) &&
	       (java.in = (*env)->GetFieldID(env, state, "in", "[B")) &&
	       (java.shown = (*env)->GetFieldID(env, state, "shown", "[B"));
}

/* TEXT and a NUL. */
static void append_field(struct snafu_buffer *into, const char *text)
{
	snafu_buffer_append_text(into, text ? text : "");
	snafu_buffer_append_byte(into, '\0');
}

/* As Bridge.start() wants it. */
static void write_settings(const struct snafu_language_options *options,
                           const struct snafu_java_home *home, const char *bridge,
                           struct snafu_buffer *into)
{
	append_field(into, options->cache_directory);
	append_field(into, bridge);
	append_field(into, home->compiler);
	append_field(into, home->home);
	for (size_t i = 0; i < options->n_paths; i++) {
		if (!snafu_path_has_suffix(options->paths[i], ".jar"))
			continue;
		snafu_buffer_append_byte(into, 'C');
		append_field(into, options->paths[i]);
	}
	snafu_java_roots(options->functions, into);
}

static int start_bridge(JNIEnv *env, const struct snafu_language_options *options,
                        const struct snafu_java_home *home, const char *bridge,
                        struct snafu_error *error)
{
	struct snafu_buffer settings = SNAFU_BUFFER(SETTINGS_CAP);
	char text[512];

	if ((*env)->PushLocalFrame(env, 32))
		return snafu_fail(error, -ENOMEM, "no memory for the JVM");
	guard_halt(env);
	if (find_members(env)) {
		write_settings(options, home, bridge, &settings);
		jbyteArray array = settings.failed ? NULL : new_bytes(env, settings.data, settings.size);

		if (array)
			(*env)->CallStaticVoidMethod(env, java.bridge, java.start, array);
	}
	snafu_buffer_done(&settings);
	const char *problem = take_exception(env, text, sizeof text);
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
		code = create_vm(&home, bridge, &env, error);
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

/* ---- threads -------------------------------------------------------------- */

static jobject make_global(JNIEnv *env, jobject local)
{
	jobject global = local ? (*env)->NewGlobalRef(env, local) : NULL;

	if (local)
		(*env)->DeleteLocalRef(env, local);
	return global;
}

static void drop_global(JNIEnv *env, jobject global)
{
	if (global)
		(*env)->DeleteGlobalRef(env, global);
}

static void free_caller(struct caller *caller)
{
	JNIEnv *env = caller->env;

	drop_global(env, caller->in);
	drop_global(env, caller->out);
	drop_global(env, caller->state);
	free(caller);
}

/* The calling thread, attached; NULL when the JVM has no room for it. */
static struct caller *attach(void)
{
	JavaVMAttachArgs args = {.version = JNI_VERSION_10, .name = (char *)"snafu"};
	struct caller *caller = this_caller;

	if (caller)
		return caller;
	caller = calloc(1, sizeof *caller);
	if (!caller)
		return NULL;
	if ((*java.vm)->AttachCurrentThreadAsDaemon(java.vm, (void **)&caller->env, &args)) {
		free(caller);
		return NULL;
	}
	JNIEnv *env = caller->env;
	caller->state = make_global(env, (*env)->CallStaticObjectMethod(env, java.bridge, java.enter));
	if (caller->state)
		caller->in = make_global(env, (*env)->GetObjectField(env, caller->state, java.in));
	if (!caller->in) {
		(*env)->ExceptionClear(env);
		free_caller(caller);
		return NULL;
	}
	caller->in_size = (*env)->GetArrayLength(env, caller->in);
	pthread_mutex_lock(&java.mutex);
	caller->mark = ++java.marks;
	caller->next = java.callers;
	java.callers = caller;
	pthread_mutex_unlock(&java.mutex);
	this_caller = caller;
	return caller;
}

static unsigned long thread_mark(void *state)
{
	struct caller *caller = attach();

	(void)state;
	return caller ? caller->mark : 0;
}

static void interrupt_call(void *state, unsigned long mark)
{
	struct caller *self = attach();

	(void)state;
	if (!self)
		return;
	/* Under the mutex, so that the other thread cannot leave meanwhile. */
	pthread_mutex_lock(&java.mutex);
	for (struct caller *caller = java.callers; caller; caller = caller->next)
		if (caller->mark == mark)
			(*self->env)->CallVoidMethod(self->env, caller->state, java.interrupt);
	pthread_mutex_unlock(&java.mutex);
	(*self->env)->ExceptionClear(self->env);
}

static void leave(void *state)
{
	struct caller *caller = this_caller;

	(void)state;
	if (!caller)
		return;
	pthread_mutex_lock(&java.mutex);
	for (struct caller **at = &java.callers; *at; at = &(*at)->next) {
		if (*at == caller) {
			*at = caller->next;
			break;
		}
	}
	pthread_mutex_unlock(&java.mutex);
	free_caller(caller);
	this_caller = NULL;
	(*java.vm)->DetachCurrentThread(java.vm);
}

/* ---- binding and calling -------------------------------------------------- */

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
			append_field(into, at->parameters[i].name);
			append_field(into, at->parameters[i].type);
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

static jobject bind_object(struct caller *caller, const struct snafu_buffer *request,
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
	jbyteArray bytes = new_bytes(env, request->data, request->size);
	jobject bound = bytes ? (*env)->CallStaticObjectMethod(env, java.bridge, java.bind,
	                                                       caller->state, bytes) : NULL;
	if (bound)
		global = (*env)->NewGlobalRef(env, bound);
	jbyteArray output = bound || (*env)->ExceptionCheck(env) ? NULL
		: (*env)->CallStaticObjectMethod(env, java.bridge, java.output, caller->state);
	const char *problem = take_exception(env, text, sizeof text);
	if (output && !problem)
		take_output(env, result, SNAFU_LOAD_FAILED, output, (*env)->GetArrayLength(env, output));
	else if (!global)
		snafu_result_fail(result, SNAFU_LOAD_FAILED, "LoadError", "%s",
		                  problem ? problem : "no memory in the JVM");
	(*env)->PopLocalFrame(env, NULL);
	return global;
}

static int bind_function(void *state, const struct snafu_function *function,
                         struct snafu_bound **ret_bound, struct snafu_result *result)
{
	struct snafu_buffer request = SNAFU_BUFFER(REQUEST_CAP);
	struct snafu_bound *bound = calloc(1, sizeof *bound);
	struct caller *caller = attach();

	(void)state;
	if (!bound || !caller) {
		free(bound);
		return no_thread(result);
	}
	append_field(&request, function->id);
	append_field(&request, function->file);
	append_field(&request, function->root ? function->root : ".");
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
static bool replace_in(struct caller *caller, jsize size)
{
	JNIEnv *env = caller->env;
	jbyteArray array = make_global(env, (*env)->NewByteArray(env, size));

	if (!array) {
		(*env)->ExceptionClear(env);
		return false;
	}
	(*env)->SetObjectField(env, caller->state, java.in, array);
	drop_global(env, caller->in);
	caller->in = array;
	caller->in_size = size;
	return true;
}

static enum snafu_status status_of(jlong reply)
{
	static const enum snafu_status statuses[] = { /* as in Bridge.java */
		SNAFU_OK, SNAFU_BAD_ARGUMENTS, SNAFU_RAISED, SNAFU_BAD_RESULT, SNAFU_LOAD_FAILED,
		SNAFU_INTERNAL,
	};
	unsigned status = (unsigned)(reply >> 32) & 0xff;

	return status < sizeof statuses / sizeof *statuses ? statuses[status] : SNAFU_INTERNAL;
}

static void call_function(void *state, struct snafu_bound *bound, const char *payload, size_t size,
                          struct snafu_result *result)
{
	struct caller *caller = attach();
	size_t cap = result->payload.cap < RESULT_CAP ? result->payload.cap : RESULT_CAP;

	(void)state;
	if (!caller) {
		no_thread(result);
		return;
	}
	JNIEnv *env = caller->env;
	if (size > RESULT_CAP || ((jsize)size > caller->in_size && !replace_in(caller, (jsize)size))) {
		snafu_result_fail(result, SNAFU_TOO_LARGE, "MemoryError",
		                  "the JVM has no memory for a payload of %zu bytes", size);
		return;
	}
	if (size)
		(*env)->SetByteArrayRegion(env, caller->in, 0, (jsize)size, (const jbyte *)payload);
	/* Takes global references and returns a number, so no frame for local ones is needed. */
	jlong reply = (*env)->CallStaticLongMethod(env, java.bridge, java.call, caller->state,
	                                           bound->object, size ? (jint)size : -1, (jint)cap);
	if ((*env)->ExceptionCheck(env)) {
		char text[512];

		snafu_result_fail(result, SNAFU_INTERNAL, "InternalError", "%s",
		                  take_exception(env, text, sizeof text));
		return;
	}
	if (reply & OUT_CHANGED) {
		drop_global(env, caller->out);
		caller->out = make_global(env, (*env)->GetObjectField(env, caller->state, java.shown));
	}
	if (caller->out)
		take_output(env, result, status_of(reply), caller->out, (jsize)(reply & INT_MAX));
	else
		snafu_result_fail(result, SNAFU_INTERNAL, "MemoryError", "no memory for the result");
	if (caller->in_size > KEPT_CAP)
		replace_in(caller, KEPT_CAP / 16);
}

/* ---- the end -------------------------------------------------------------- */

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
	struct caller *self = attach();

	while (self && java.bounds) {
		struct snafu_bound *bound = java.bounds;

		java.bounds = bound->next;
		drop_global(self->env, bound->object);
		free(bound);
	}
	leave(state);
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += CLOSE_TIMEOUT_S;
	if (pthread_create(&thread, NULL, shut_down, NULL) == 0 &&
	    pthread_timedjoin_np(thread, NULL, &until) != 0)
		pthread_detach(thread);
	java.options = NULL;
}

extern const struct snafu_language snafu_language;
const struct snafu_language snafu_language = {
	.version = SNAFU_LANGUAGE_VERSION,
	.name = "java",
	.open = open_java,
	.bind = bind_function,
	.call = call_function,
	.thread_mark = thread_mark,
	.interrupt = interrupt_call,
	.leave = leave,
	.close = close_java,
	.parallel = true,
};
