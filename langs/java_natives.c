/* langs/java_natives.c — what Java calls: the native methods of snafu.Bridge, and the
 * one that stands in for the end of the VM. See java.h. */
#include "langs/java.h"

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "base/buffer.h"
#include "base/child.h"
#include "base/error.h"
#include "langs/java_locale.h"

#define COMPILE_TIMEOUT_MS    (300 * 1000)
#define COMPILE_OUTPUT_CAP    (256u << 10) /* bytes of the compiler's messages */
#define COMPILE_ARGUMENTS_CAP 63 /* words of its command line */

/* A message of Java's, cut to what RET_TEXT holds. */
static void copy_message(JNIEnv *env, jbyteArray text, char ret_text[SNAFU_ERROR_MESSAGE_CAP])
{
	jsize size = (*env)->GetArrayLength(env, text);

	if (size > SNAFU_ERROR_MESSAGE_CAP - 1)
		size = SNAFU_ERROR_MESSAGE_CAP - 1;
	(*env)->GetByteArrayRegion(env, text, 0, size, (jbyte *)ret_text);
	ret_text[size] = '\0';
}

/* Bridge.warn() */
static void JNICALL native_warn(JNIEnv *env, jclass class, jbyteArray text)
{
	char message[SNAFU_ERROR_MESSAGE_CAP];

	(void)class;
	copy_message(env, text, message);
	if (java.options && java.options->warn)
		java.options->warn(java.options->warn_state, message);
}

/* Bridge.working() */
static void JNICALL native_working(JNIEnv *env, jclass class, jbyteArray text)
{
	char message[SNAFU_ERROR_MESSAGE_CAP];

	(void)class;
	if (text)
		copy_message(env, text, message);
	if (java.options && java.options->working)
		java.options->working(java.options->working_state, text ? message : NULL);
}

/* Runs the arguments (each with a NUL behind it) up to an empty one, gives the
 * rest to its stdin, and gathers a reply: a zero byte when the program ended
 * well, else 1, then its output. */
static void run_child(char *arguments, size_t size, struct snafu_buffer *reply)
{
	struct snafu_buffer errors = SNAFU_BUFFER(COMPILE_OUTPUT_CAP / 8);
	struct snafu_error error;
	static const char *const environment[] = {"LC_ALL=" SNAFU_JAVA_LOCALE, NULL};
	const char *argv[COMPILE_ARGUMENTS_CAP + 1] = {0};
	int status = 0;

	size_t at = 0;
	for (size_t n = 0; at < size && arguments[at] && n < COMPILE_ARGUMENTS_CAP;
	     at += strlen(arguments + at) + 1)
		argv[n++] = arguments + at;
	at += at < size;
	snafu_buffer_append_byte(reply, 0);
	struct snafu_child_options options = {
		.argv = argv,
		.environment = snafu_java_locale_is_utf8() ? NULL : environment,
		.input = arguments + at,
		.input_size = size - at,
		.timeout_ms = COMPILE_TIMEOUT_MS,
		.output = reply,
		.errors = &errors,
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
	jbyteArray array = reply.data ? java_new_bytes(env, reply.data, reply.size)
	                              : java_new_bytes(env, "\1no memory", strlen("\1no memory"));
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
	jfieldID field =
		system ? (*env)->GetStaticFieldID(env, system, "security", "Ljava/lang/SecurityManager;")
			   : NULL;

	(void)class;
	if (field)
		(*env)->SetStaticObjectField(env, system, field, manager);
	(*env)->ExceptionClear(env);
}

bool java_natives_register(JNIEnv *env, jclass bridge)
{
	static const JNINativeMethod natives[] = {
		{(char *)"warn", (char *)"([B)V", (void *)native_warn},
		{(char *)"working", (char *)"([B)V", (void *)native_working},
		{(char *)"child", (char *)"([B)[B", (void *)native_child},
		{(char *)"guard", (char *)"(Ljava/lang/Object;)V", (void *)native_guard},
		{(char *)"context", (char *)"(J)[B", (void *)java_native_context},
		{(char *)"invoke", (char *)"([B[BZJ[BJJI)[B", (void *)java_native_invoke},
	};

	return (*env)->RegisterNatives(env, bridge, natives, sizeof natives / sizeof *natives) == 0;
}

void java_guard_halt(JNIEnv *env)
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
