/* langs/python.c — the Python gateway: the embedded interpreter, its threads, and
 * the table of functions that langs/language.h asks for. Loading, signatures,
 * arguments, values and exceptions are in langs/python_*.c.
 *
 * Nothing is imported at the start that /usr/bin/python3 would not import. The
 * GIL is free whenever no call runs; each thread that calls has a thread state
 * of its own for life. */
#include "langs/python_fork.h"
#include "langs/python_scope.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "langs/python_types.inc"

struct python python;

static __thread struct python_thread *mine;

/* ---- threads ---- */

static pthread_key_t foreign_key; /* frees the records of threads that Python started */

static void forget_foreign(void *thread)
{
	python_interrupt_forget(thread);
	free(thread);
}

/* The calling thread's own record, made on its first call; without the GIL. A thread that a
 * function started, and that calls another one through the host, has a state already. */
static struct python_thread *my_thread(void)
{
	struct python_thread *thread = mine;

	if (thread && !thread->foreign)
		return thread;
	PyThreadState *state = PyGILState_GetThisThreadState();
	if (!thread && !(thread = calloc(1, sizeof *thread)))
		return NULL;
	thread->foreign = state != NULL;
	if (mine) {
		thread->state = state;
		return thread;
	}
	thread->state = state ? state : PyThreadState_New(python.interpreter);
	if (!thread->state || (state && pthread_setspecific(foreign_key, thread))) {
		free(thread);
		return NULL;
	}
	mine = thread;
	python_interrupt_know(thread);
	return thread;
}

/* Takes the GIL with the thread's own state; NULL when memory is out or the
 * interpreter has ended. Any thread, without the GIL or (nested) with it. */
static struct python_thread *enter(void)
{
	struct python_thread *thread = atomic_load(&python.closed) ? NULL : my_thread();

	if (!thread)
		return NULL;
	thread->nested = _PyThreadState_UncheckedGet() == thread->state && thread->depth > 0;
	if (!thread->nested)
		PyEval_RestoreThread(thread->state);
	thread->depth++;
	return thread;
}

static void leave_call(struct python_thread *thread, bool nested)
{
	thread->depth--;
	if (!nested)
		PyEval_SaveThread();
}

static void leave(void *state)
{
	struct python_thread *thread = mine;
	(void)state;

	if (!thread || atomic_load(&python.closed) || thread->depth || thread->foreign)
		return;
	PyEval_RestoreThread(thread->state);
	if (python.helper) {
		PyObject *done = PyObject_CallMethod(python.helper, "leave", NULL);

		PyErr_Clear();
		Py_XDECREF(done);
	}
	if (thread->state == python.main) { /* close() still needs it */
		PyEval_SaveThread();
		return;
	}
	python_interrupt_forget(thread);
	PyThreadState_Clear(thread->state);
	PyThreadState_DeleteCurrent();
	free(thread);
	mine = NULL;
}

/* ---- the helper in Python ---- */

PyObject *python_helper(const char *name)
{
	/* Other threads wait for the first one to have run it: python.helper is set
	 * when it is complete. The lock is never held while this thread waits for the
	 * GIL with another lock taken. */
	static pthread_mutex_t lock = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP;

	if (!python.helper) {
		Py_BEGIN_ALLOW_THREADS pthread_mutex_lock(&lock);
		Py_END_ALLOW_THREADS if (!python.helper)
		{
			PyObject *code = Py_CompileString(python_types_source, "<snafu>", Py_file_input);

			PyObject *helper = code ? PyImport_ExecCodeModule("_snafu", code) : NULL;
			if (helper && python_fresh_help(helper))
				Py_CLEAR(helper);
			python.helper = helper;
			Py_XDECREF(code);
		}
		pthread_mutex_unlock(&lock);
	}
	return python.helper ? PyObject_GetAttrString(python.helper, name) : NULL;
}

/* ---- the table ---- */

static int bind(void *state, const struct snafu_function *function, struct snafu_bound **ret_bound,
                struct snafu_result *result)
{
	struct python_thread *thread = enter();
	(void)state;

	if (!thread) {
		snafu_result_fail(result, SNAFU_UNAVAILABLE, "Unavailable", "Python has ended");
		return -ESHUTDOWN;
	}
	bool nested = thread->nested;
	int code = python_bind(function, ret_bound, result) ? -ENOEXEC : 0;
	python_output_flush();
	leave_call(thread, nested);
	return code;
}

/* A function forked and its child came out of the call as well: the child must not
 * answer a second time. */
static void end_child(const struct snafu_result *result)
{
	python_output_flush();
	_exit(result->status == SNAFU_OK ? 0 : 1);
}

/* An interrupt that came as its call was ending must not hit the next one: empty
 * code receives it here. Taking it back with PyThreadState_SetAsyncExc(id, NULL)
 * would leave CPython's flag for it set for ever, which makes all Python code slow
 * and hangs what runs under sys.settrace(). */
static void receive_interrupt(struct python_thread *thread)
{
	PyObject *space = thread->state->async_exc ? PyDict_New() : NULL;

	if (space)
		Py_XDECREF(PyRun_String("pass", Py_file_input, space, space));
	PyErr_Clear();
	Py_XDECREF(space);
	if (thread->state->async_exc)
		PyThreadState_SetAsyncExc(thread->state->thread_id, NULL);
}

static atomic_ulong numbers = 1; /* of calls */

static void serve(struct snafu_bound *bound, const struct snafu_request *request, bool fresh,
                  struct snafu_result *result)
{
	struct python_scope scope;

	python_scope_enter(&scope, request->context, result);
	if (fresh)
		python_call_fresh(bound, request, result);
	else
		python_call(bound, request, result);
	python_output_flush();
	python_scope_leave(&scope);
}

static void call_in(struct snafu_bound *bound, const struct snafu_request *request, bool fresh,
                    struct snafu_result *result)
{
	struct python_thread *thread = enter();

	if (!thread) {
		snafu_result_fail(result, SNAFU_UNAVAILABLE, "Unavailable", "Python has ended");
		return;
	}
	bool nested = thread->nested;
	unsigned long outer = atomic_load(&thread->number);
	unsigned long number = atomic_load(&thread->announced);
	if (!number)
		number = atomic_fetch_add(&numbers, 1);
	atomic_store(&thread->number, number);
	atomic_store(&thread->announced, 0);
	atomic_fetch_add(&python.active, 1);
	thread->calls++;

	if (thread->cancelled == number)
		snafu_result_fail(result, SNAFU_DEADLINE, "DeadlineExceeded",
		                  "its time was over before it could begin");
	else
		serve(bound, request, fresh, result);

	thread->calls--;
	atomic_store(&thread->number, outer);
	if (thread->interrupted) {
		receive_interrupt(thread);
		thread->interrupted = false;
	}
	if (thread->forked && !thread->calls)
		end_child(result);
	atomic_fetch_sub(&python.active, 1);
	leave_call(thread, nested);
}

static void call(void *state, struct snafu_bound *bound, const struct snafu_request *request,
                 struct snafu_result *result)
{
	(void)state;
	call_in(bound, request, false, result);
}

static void call_fresh(void *state, struct snafu_bound *bound, const struct snafu_request *request,
                       struct snafu_result *result)
{
	(void)state;
	call_in(bound, request, true, result);
}

static unsigned long thread_mark(void *state)
{
	struct python_thread *thread = atomic_load(&python.closed) ? NULL : my_thread();
	(void)state;

	if (thread) /* from now on the next call can be interrupted */
		atomic_store(&thread->announced, atomic_fetch_add(&numbers, 1));
	return (unsigned long)thread;
}

static void interrupt(void *state, unsigned long mark)
{
	(void)state;
	if (!atomic_load(&python.closed))
		python_interrupt(mark);
}

static void changed(void *state, const struct snafu_functions *functions, const char *const *files,
                    size_t n_files)
{
	struct python_thread *thread = enter();
	(void)state;

	python_convention_know(functions);
	if (!thread)
		return;
	bool nested = thread->nested;
	python_changed(files, n_files);
	leave_call(thread, nested);
}

static void unbind(void *state, struct snafu_bound *bound)
{
	struct python_thread *thread = enter();
	(void)state;

	if (!thread)
		return;
	bool nested = thread->nested;
	python_unbind(bound);
	leave_call(thread, nested);
}

/* ---- forks by the host ---- */

static void before_fork(void *state)
{
	(void)state;
	if (enter())
		PyOS_BeforeFork();
}

static void after_fork(void *state, bool child)
{
	(void)state;
	if (!mine || !mine->depth)
		return; /* nor did before_fork() enter */
	if (child)
		PyOS_AfterFork_Child();
	else
		PyOS_AfterFork_Parent();
	leave_call(mine, mine->depth > 1);
}

static void settle(void *state, bool child)
{
	struct python_thread *thread = enter();
	(void)state;

	if (!thread)
		return;
	bool nested = thread->nested;
	atomic_fetch_add(&numbers, 0); /* its page is written to at each call */
	python_settle(child);
	leave_call(thread, nested);
}

static void after_fork_in_child(void)
{
	if (mine && mine->calls)
		mine->forked = true;
}

/* The namespace of sys, borrowed. */
static PyObject *system_names(void)
{
	PyObject *sys = PyImport_ImportModule("sys");
	PyObject *dict = sys ? PyModule_GetDict(sys) : NULL;

	Py_XDECREF(sys); /* it lives as long as the interpreter */
	return dict;
}

static unsigned users; /* languages served by this interpreter: python, and python2 */

static int start(const struct snafu_language_options *options, void **ret_state,
                 struct snafu_error *error)
{
	if (users > 0) {
		users++;
		*ret_state = &python;
		return 0;
	}
	if (python.interpreter)
		return snafu_fail(error, -EALREADY, "Python was started before in this process");
	struct python_thread *thread = calloc(1, sizeof *thread);
	if (!thread)
		return snafu_fail_errno(error, -ENOMEM, "cannot start Python");
	int code = python_start(options, error);
	if (code) {
		free(thread);
		return code;
	}
	python.options = options;
	python_convention_know(options->functions);
	python.main = thread->state = PyThreadState_Get();
	python.interpreter = python.main->interp;
	mine = thread;
	python_interrupt_know(thread);
	python.instances = PyDict_New();
	python.system = Py_XNewRef(system_names());
	python.stdout_name = PyUnicode_InternFromString("stdout");
	python.deadline = PyErr_NewExceptionWithDoc("snafu.DeadlineExceeded",
	                                            "The call took too long and is asked to end.",
	                                            PyExc_BaseException, NULL);
	python_modules_begin();
	if (python_load_begin() || python_compile_begin() || python_fresh_begin() ||
	    python_scope_begin() || python_client_contain() ||
	    (!options->brief && python_output_begin()) || !python.instances || !python.system ||
	    !python.stdout_name || !python.deadline)
		code = snafu_fail_errno(error, -ENOMEM, "cannot start Python");
	PyErr_Clear();
	pthread_atfork(NULL, NULL, after_fork_in_child);
	pthread_key_create(&foreign_key, forget_foreign);
	PyEval_SaveThread();
	users = !code;
	*ret_state = &python;
	return code;
}

static void end(void *state)
{
	(void)state;
	if (users > 1)
		users--;
	else
		python_end(mine);
}

static void finish(void *state)
{
	(void)state;
	python_finish(mine);
}

static void set_environment(void *state, const char *name, const char *value)
{
	struct python_thread *thread = enter();
	(void)state;

	if (!thread)
		return;
	bool nested = thread->nested;
	python_set_environment(name, value);
	leave_call(thread, nested);
}

extern const struct snafu_language snafu_language;
const struct snafu_language snafu_language = {
	.version = SNAFU_LANGUAGE_VERSION,
	.name = "python",
	.open = start,
	.bind = bind,
	.call = call,
	.call_fresh = call_fresh,
	.needs = python_convention_needs,
	.thread_mark = thread_mark,
	.interrupt = interrupt,
	.leave = leave,
	.changed = changed,
	.unbind = unbind,
	.before_fork = before_fork,
	.after_fork = after_fork,
	.settle = settle,
	.set_environment = set_environment,
	.finish = finish,
	.close = end,
	.parallel = false,
	.forkable = true,
};
