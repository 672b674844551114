/* langs/python_scope.c — see python_scope.h. */
#include "langs/python_scope.h"

static __thread struct python_scope *innermost; /* the call that this thread serves */
static __thread struct python_context *inherited; /* else: by which this thread was started */

void python_scope_enter(struct python_scope *scope, const struct snafu_context *context,
                        struct snafu_result *result)
{
	*scope = (struct python_scope){.outer = innermost, .context = context, .result = result};
	innermost = scope;
}

void python_scope_leave(struct python_scope *scope)
{
	innermost = scope->outer;
	if (scope->object) {
		scope->object->scope = NULL;
		Py_DECREF(scope->object);
	}
	Py_CLEAR(scope->fresh);
}

PyObject *python_scope_context(void)
{
	struct python_scope *scope = innermost;

	if (!scope)
		return Py_XNewRef((PyObject *)inherited);
	if (!scope->object) {
		struct python_context *object = python_context_new(scope->context);

		if (!object)
			return NULL;
		object->scope = scope;
		object->fresh = Py_XNewRef(scope->fresh);
		scope->object = object;
	}
	return Py_NewRef((PyObject *)scope->object);
}

struct snafu_result *python_scope_result(void)
{
	struct python_scope *scope = innermost ? innermost : inherited ? inherited->scope : NULL;

	return scope ? scope->result : NULL;
}

void python_scope_make_fresh(PyObject *fresh)
{
	Py_XSETREF(innermost->fresh, fresh); /* takes the reference */
}

PyObject *python_scope_fresh(void)
{
	return innermost ? innermost->fresh : inherited ? inherited->fresh : NULL;
}

/* ---- threads that functions start ---- */

static PyObject *start_new_thread; /* _thread's own */

/* Runs function(*arguments, **names) for the call of CONTEXT. */
static PyObject *run_for(PyObject *context, PyObject *function, PyObject *arguments,
                         PyObject *names)
{
	struct python_context *before = inherited;
	struct python_scope *serving = innermost;

	innermost = NULL; /* it may run on a thread that serves another call */
	inherited = (struct python_context *)Py_NewRef(context);
	PyObject *value = PyObject_Call(function, arguments, names);
	Py_DECREF(inherited);
	inherited = before;
	innermost = serving;
	return value;
}

/* The first argument stands for the call. */
static PyObject *begin_thread(PyObject *module, PyObject *arguments)
{
	PyObject *context, *function, *given, *names = NULL;
	(void)module;

	if (!PyArg_ParseTuple(arguments, "O!OO!|O!", python_context_type(), &context, &function,
	                      &PyTuple_Type, &given, &PyDict_Type, &names))
		return NULL;
	return run_for(context, function, given, names);
}

static PyMethodDef begin_thread_method = {"begin_thread", begin_thread, METH_VARARGS, NULL};

/* What ThreadPoolExecutor.submit() is given instead of FUNCTION: its threads live longer
 * than the call that had them started. SELF: (context, function). */
static PyObject *run_carried(PyObject *self, PyObject *arguments, PyObject *names)
{
	return run_for(PyTuple_GET_ITEM(self, 0), PyTuple_GET_ITEM(self, 1), arguments, names);
}

static PyMethodDef run_carried_method = {"carried", (PyCFunction)(void (*)(void))run_carried,
                                         METH_VARARGS | METH_KEYWORDS, NULL};

static PyObject *pool_submit; /* the class's own */

/* submit(self, function, /, *arguments, **names) */
static PyObject *submit(PyObject *module, PyObject *const *arguments, Py_ssize_t n, PyObject *names)
{
	Py_ssize_t all = n + (names ? PyTuple_GET_SIZE(names) : 0);
	PyObject *context = n >= 2 ? python_scope_context() : NULL, *few[16], **copy = few;
	(void)module;

	if (!context)
		return PyErr_Occurred() ? NULL
		                        : PyObject_Vectorcall(pool_submit, arguments, (size_t)n, names);
	PyObject *pair = PyTuple_Pack(2, context, arguments[1]);
	PyObject *carried = pair ? PyCFunction_New(&run_carried_method, pair) : NULL, *value = NULL;
	Py_XDECREF(pair);
	Py_DECREF(context);
	if (all > (Py_ssize_t)(sizeof few / sizeof *few))
		copy = PyMem_New(PyObject *, all);
	if (carried && copy) {
		memcpy(copy, arguments, (size_t)all * sizeof *copy);
		copy[1] = carried;
		value = PyObject_Vectorcall(pool_submit, copy, (size_t)n, names);
	} else if (carried) {
		PyErr_NoMemory();
	}
	if (copy != few)
		PyMem_Free(copy);
	Py_XDECREF(carried);
	return value;
}

static PyMethodDef submit_method = {"submit", (PyCFunction)(void (*)(void))submit,
                                    METH_FASTCALL | METH_KEYWORDS,
                                    "submit(self, function, /, *args, **kwargs)"};

/* Lets the work that is given to pools of threads belong to the call that gives it; when
 * concurrent.futures has been imported, and once. */
static int know_pools(void)
{
	PyObject *modules = PyImport_GetModuleDict();
	PyObject *module = PyDict_GetItemString(modules, "concurrent.futures.thread"), *plain, *method;
	int code = -1;

	if (pool_submit || !module)
		return 0;
	PyObject *class = PyObject_GetAttrString(module, "ThreadPoolExecutor");
	plain = class ? PyObject_GetAttrString(class, "submit") : NULL;
	PyObject *function = plain ? PyCFunction_New(&submit_method, NULL) : NULL;
	/* An instancemethod binds the pool to a function in C, as it would to one in Python. */
	method = function ? PyInstanceMethod_New(function) : NULL;
	if (method && PyObject_SetAttrString(class, "submit", method) == 0) {
		pool_submit = Py_NewRef(plain);
		code = 0;
	}
	Py_XDECREF(method);
	Py_XDECREF(function);
	Py_XDECREF(plain);
	Py_XDECREF(class);
	return code;
}

/* In _thread.start_new_thread's place. */
static PyObject *start_thread(PyObject *module, PyObject *arguments)
{
	Py_ssize_t n = PyTuple_GET_SIZE(arguments);
	PyObject *context = n >= 2 ? python_scope_context() : NULL;
	(void)module;

	if (!context)
		return PyErr_Occurred() ? NULL : PyObject_Call(start_new_thread, arguments, NULL);
	PyObject *begin = know_pools() ? NULL : PyCFunction_New(&begin_thread_method, NULL);
	PyObject *rest = begin ? PyTuple_New(n + 1) : NULL, *all = NULL, *value = NULL;
	if (rest) {
		PyTuple_SET_ITEM(rest, 0, Py_NewRef(context));
		for (Py_ssize_t i = 0; i < n; i++)
			PyTuple_SET_ITEM(rest, i + 1, Py_NewRef(PyTuple_GET_ITEM(arguments, i)));
		all = PyTuple_Pack(2, begin, rest);
	}
	if (all)
		value = PyObject_Call(start_new_thread, all, NULL);
	Py_XDECREF(all);
	Py_XDECREF(rest);
	Py_XDECREF(begin);
	Py_DECREF(context);
	return value;
}

int python_scope_begin(void)
{
	static PyMethodDef method = {"start_new_thread", start_thread, METH_VARARGS,
	                             "start_new_thread(function, args[, kwargs])"};
	PyObject *modules = PyImport_GetModuleDict();
	PyObject *module = PyImport_ImportModule("_thread");
	PyObject *function = module ? PyCFunction_New(&method, NULL) : NULL;
	PyObject *threading = PyDict_GetItemString(modules, "threading"); /* a .pth file may want it */
	int code = -1;

	start_new_thread = module ? PyObject_GetAttrString(module, "start_new_thread") : NULL;
	if (start_new_thread && function &&
	    PyObject_SetAttrString(module, "start_new_thread", function) == 0 &&
	    PyObject_SetAttrString(module, "start_new", function) == 0)
		code = threading ? PyObject_SetAttrString(threading, "_start_new_thread", function) : 0;
	Py_XDECREF(function);
	Py_XDECREF(module);
	return code;
}
