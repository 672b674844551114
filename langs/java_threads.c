/* langs/java_threads.c — the threads that call: each is attached on its first call and
 * stays so until it leaves, with the arrays that carry its bytes. See java.h. */
#include "langs/java.h"

#include <stdlib.h>

static __thread struct java_caller *this_caller;

static void free_caller(struct java_caller *caller)
{
	JNIEnv *env = caller->env;

	java_drop_global(env, caller->in);
	java_drop_global(env, caller->out);
	java_drop_global(env, caller->state);
	free(caller);
}

/* Fills CALLER with what calls need; false when the JVM has no memory. */
static bool enter(struct java_caller *caller)
{
	JNIEnv *env = caller->env;

	caller->state =
		java_make_global(env, (*env)->CallStaticObjectMethod(env, java.bridge, java.enter));
	if (caller->state)
		caller->in = java_make_global(env, (*env)->GetObjectField(env, caller->state, java.in));
	if (!caller->in) {
		(*env)->ExceptionClear(env);
		return false;
	}
	caller->in_size = (*env)->GetArrayLength(env, caller->in);
	pthread_mutex_lock(&java.mutex);
	caller->mark = ++java.marks;
	caller->next = java.callers;
	java.callers = caller;
	pthread_mutex_unlock(&java.mutex);
	return true;
}

struct java_caller *java_attach(void)
{
	JavaVMAttachArgs args = {.version = JNI_VERSION_10, .name = (char *)"snafu"};
	struct java_caller **at = &this_caller;

	while (*at && (*at)->busy)
		at = &(*at)->inner;
	if (*at)
		return *at;
	struct java_caller *caller = calloc(1, sizeof *caller);
	if (!caller)
		return NULL;
	if ((*java.vm)->AttachCurrentThreadAsDaemon(java.vm, (void **)&caller->env, &args)) {
		free(caller);
		return NULL;
	}
	if (!enter(caller)) {
		free_caller(caller);
		return NULL;
	}
	*at = caller;
	return caller;
}

bool java_is_attached(void)
{
	return this_caller;
}

unsigned long java_thread_mark(void *state)
{
	struct java_caller *caller = java_attach();

	(void)state;
	return caller ? caller->mark : 0;
}

void java_interrupt(void *state, unsigned long mark)
{
	struct java_caller *self = java_attach();

	(void)state;
	if (!self)
		return;
	/* Under the mutex, so that the other thread cannot leave meanwhile. */
	pthread_mutex_lock(&java.mutex);
	for (struct java_caller *caller = java.callers; caller; caller = caller->next)
		if (caller->mark == mark)
			(*self->env)->CallVoidMethod(self->env, caller->state, java.interrupt);
	pthread_mutex_unlock(&java.mutex);
	(*self->env)->ExceptionClear(self->env);
}

void java_forget_thread(void)
{
	while (this_caller) {
		struct java_caller *caller = this_caller;

		this_caller = caller->inner;
		pthread_mutex_lock(&java.mutex);
		for (struct java_caller **at = &java.callers; *at; at = &(*at)->next) {
			if (*at == caller) {
				*at = caller->next;
				break;
			}
		}
		pthread_mutex_unlock(&java.mutex);
		free_caller(caller);
	}
}

void java_leave(void *state)
{
	(void)state;
	if (!this_caller)
		return;
	java_forget_thread();
	(*java.vm)->DetachCurrentThread(java.vm);
}
