/* langs/java_bind.c — Java functions are bound, and let go; and what happens when their
 * files change. See java.h. */
#include "langs/java.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/file.h"
#include "langs/java_roots.h"
#include "scanner/function.h"

#define REQUEST_CAP   (1u << 20) /* bytes of what the bridge is told of a function */
#define OVERLOADS_CAP 256 /* whose parameter names it is told */

/* The overloads' parameter names, for class files that have none. Overloads
 * stand in the same file, so their entries stand together. */
static void write_overloads(const struct snafu_functions *all,
                            const struct snafu_function *function, struct snafu_buffer *into)
{
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

static jobject bind_object(struct java_caller *caller, const struct snafu_buffer *request,
                           struct snafu_result *result)
{
	JNIEnv *env = caller->env;
	char text[512];
	jobject global = NULL;

	if ((*env)->PushLocalFrame(env, 16)) {
		(*env)->ExceptionClear(env);
		java_no_thread(result);
		return NULL;
	}
	caller->busy = true; /* initialisers may call functions */
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
		java_take_output(env, result, SNAFU_LOAD_FAILED, output,
		                 (*env)->GetArrayLength(env, output));
	else if (!global)
		snafu_result_fail(result, SNAFU_LOAD_FAILED, "LoadError", "%s",
		                  problem ? problem : "no memory in the JVM");
	(*env)->PopLocalFrame(env, NULL);
	caller->busy = false;
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
		return java_no_thread(result);
	}
	java_append_field(&request, function->id);
	java_append_field(&request, function->file);
	java_append_field(&request, function->root ? function->root : ".");
	snafu_java_base(function, &request);
	snafu_buffer_append_byte(&request, '\0');
	/* Under the mutex, so that changed() does not return, and the list go, meanwhile. */
	pthread_mutex_lock(&java.mutex);
	write_overloads(java.functions, function, &request);
	pthread_mutex_unlock(&java.mutex);
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
	bound->before = &java.bounds;
	bound->next = java.bounds;
	if (bound->next)
		bound->next->before = &bound->next;
	java.bounds = bound;
	pthread_mutex_unlock(&java.mutex);
	*ret_bound = bound;
	return 0;
}

void java_unbind(void *state, struct snafu_bound *bound)
{
	struct java_caller *caller = java_attach();

	(void)state;
	pthread_mutex_lock(&java.mutex);
	*bound->before = bound->next;
	if (bound->next)
		bound->next->before = bound->before;
	pthread_mutex_unlock(&java.mutex);
	if (caller)
		java_drop_global(caller->env, bound->object);
	free(bound);
}

static bool is_javas(const char *file)
{
	return snafu_path_has_suffix(file, ".java") || snafu_path_has_suffix(file, ".class") ||
	       snafu_path_has_suffix(file, ".jar");
}

void java_changed(void *state, const struct snafu_functions *functions, const char *const *files,
                  size_t n_files)
{
	struct snafu_buffer entries = SNAFU_BUFFER(JAVA_SETTINGS_CAP);
	struct java_caller *caller = java_attach();
	char text[512];

	(void)state;
	pthread_mutex_lock(&java.mutex);
	java.functions = functions;
	pthread_mutex_unlock(&java.mutex);
	for (size_t i = 0; i < n_files; i++) {
		if (!is_javas(files[i]))
			continue;
		snafu_buffer_append_byte(&entries, 'F');
		java_append_field(&entries, files[i]);
	}
	if (entries.size && caller) {
		JNIEnv *env = caller->env;

		java_write_paths(functions, &entries);
		jbyteArray bytes = entries.failed ? NULL : java_new_bytes(env, entries.data, entries.size);
		if (bytes)
			(*env)->CallStaticVoidMethod(env, java.bridge, java.change, bytes);
		const char *problem = java_take_exception(env, text, sizeof text);
		(*env)->DeleteLocalRef(env, bytes);
		if ((problem || !bytes) && java.options->warn)
			java.options->warn(java.options->warn_state,
			                   problem ? problem : "Java files changed: too many to take in");
	}
	snafu_buffer_done(&entries);
}
