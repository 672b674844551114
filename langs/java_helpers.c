/* langs/java_helpers.c — exceptions, arrays and references for the Java gateway. See
 * java.h. */
#include "langs/java.h"

#include <stdio.h>

#include "base/buffer.h"

const char *java_take_exception(JNIEnv *env, char *text, size_t size)
{
	jthrowable thrown = (*env)->ExceptionOccurred(env);

	if (!thrown)
		return NULL;
	(*env)->ExceptionClear(env);
	snprintf(text, size, "an exception in the bridge");
	jclass class = (*env)->GetObjectClass(env, thrown);
	jmethodID to_string = (*env)->GetMethodID(env, class, "toString", "()Ljava/lang/String;");
	jstring words = to_string ? (*env)->CallObjectMethod(env, thrown, to_string) : NULL;
	const char *bytes =
		words && !(*env)->ExceptionCheck(env) ? (*env)->GetStringUTFChars(env, words, NULL) : NULL;
	if (bytes) {
		snprintf(text, size, "%s", bytes);
		(*env)->ReleaseStringUTFChars(env, words, bytes);
	}
	(*env)->ExceptionClear(env);
	return text;
}

jbyteArray java_new_bytes(JNIEnv *env, const char *bytes, size_t size)
{
	jbyteArray array = (*env)->NewByteArray(env, (jsize)size);

	if (array)
		(*env)->SetByteArrayRegion(env, array, 0, (jsize)size, (const jbyte *)bytes);
	return array;
}

jobject java_make_global(JNIEnv *env, jobject local)
{
	jobject global = local ? (*env)->NewGlobalRef(env, local) : NULL;

	if (local)
		(*env)->DeleteLocalRef(env, local);
	return global;
}

void java_drop_global(JNIEnv *env, jobject global)
{
	if (global)
		(*env)->DeleteGlobalRef(env, global);
}

void java_append_field(struct snafu_buffer *into, const char *text)
{
	snafu_buffer_append_text(into, text ? text : "");
	snafu_buffer_append_byte(into, '\0');
}
