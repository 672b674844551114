/* langs/python_fork.c — a warmed interpreter that is forked for calls, by a process with one
 * thread. What the children share stays untouched as long as it can be (the collector
 * does not look at it), and a child that waits for its call touches beforehand what
 * every call writes to, since each first write to a shared page costs a fault. No more
 * than that: what a particular call does not need costs as much as what it does. */
#include "langs/python_fork.h"

#include <string.h>

#include "base/buffer.h"
#include "base/error.h"
#include "langs/python_scope.h"

#define PAGE 4096

/* ---- what every call writes to ---- */

/* A reference count is what is written of an object. */
static void touch(PyObject *object)
{
	volatile Py_ssize_t *count = &object->ob_refcnt;

	*count = *count;
}

static void touch_bytes(void *bytes, size_t size)
{
	for (size_t at = 0; size && at < size; at += PAGE)
		((volatile char *)bytes)[at] = ((volatile char *)bytes)[at];
	if (size)
		((volatile char *)bytes)[size - 1] = ((volatile char *)bytes)[size - 1];
}

static void touch_all(PyObject *object, unsigned depth);

/* The interpreter counts and specialises inside the code itself. */
static void touch_code(PyObject *object, unsigned depth)
{
	PyCodeObject *code = (PyCodeObject *)object;

	/* The struct ends in padding, the instructions begin before that. */
	touch_bytes(code, offsetof(PyCodeObject, co_code_adaptive) +
	                      (size_t)Py_SIZE(code) * sizeof(_Py_CODEUNIT));
	touch_all(code->co_consts, depth);
	touch_all(code->co_names, depth);
}

static void touch_dict(PyObject *dict, unsigned depth)
{
	PyObject *key, *value;
	Py_ssize_t at = 0;

	while (PyDict_Next(dict, &at, &key, &value)) {
		touch(key);
		touch_all(value, depth);
	}
}

static void touch_all(PyObject *object, unsigned depth)
{
	if (!object)
		return;
	touch(object);
	touch((PyObject *)Py_TYPE(object));
	if (!depth--)
		return;
	if (PyDict_CheckExact(object)) {
		touch_dict(object, depth);
	} else if (PyTuple_CheckExact(object)) {
		for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(object); i++)
			touch_all(PyTuple_GET_ITEM(object, i), depth);
	} else if (PyCode_Check(object)) {
		touch_code(object, depth);
	} else if (PyFunction_Check(object)) {
		touch_bytes(object, sizeof(PyFunctionObject));
		touch_all(PyFunction_GET_CODE(object), depth + 1);
		touch_all(PyFunction_GET_DEFAULTS(object), depth);
	} else if (PyType_Check(object)) {
		touch_bytes(object, sizeof(PyTypeObject));
		touch_all(((PyTypeObject *)object)->tp_dict, depth);
	} else if (PyModule_Check(object)) {
		touch(PyModule_GetDict(object));
	}
}

/* Objects of which there is one, and that nearly every code takes and puts back. */
static void touch_common(void)
{
	PyObject *small = PyLong_FromLong(1);

	touch(small);
	touch(Py_None);
	touch(Py_True);
	touch(Py_NotImplemented);
	Py_DECREF(small);
}

static void touch_bound(struct snafu_bound *bound)
{
	touch_bytes(bound, sizeof *bound);
	touch_all(bound->callable, 1);
	touch_all(bound->owner, 0);
	for (size_t i = 0; i < bound->signature.n; i++) {
		touch(bound->signature.parameters[i].name);
		if (bound->signature.parameters[i].fallback)
			touch_all(bound->signature.parameters[i].fallback, 1);
	}
}

/* ---- a call of nobody's function ---- */

static PyObject *exercise; /* code that does a little of what functions do */

static const char exercise_source[] =
	"def f(a, b=1, *c, d=None, **e):\n"
	"    s = f'{a} {b:x} {d!r}' + 'x' * 40\n"
	"    r = [i * 1.5 for i in range(300)] + sorted(e)\n"
	"    try:\n"
	"        return {'s': s.split(), 'r': sum(r[:3]), 'n': {k: len(k) for k in s.split()}}[b]\n"
	"    except KeyError as error:\n"
	"        return str(error), isinstance(a, dict), min(3, 4), list(map(str, (1, 2.5)))\n"
	"for i in range(20):\n"
	"    f({'a': [i]}, 'k', 2, d=i, x=1)\n";

/* A payload read and a result written. */
static void read_and_write(void)
{
	static const char text[] = "{\"event\": {\"a\": [1, 2.5, true, null, \"text \\u00e9\"]}, "
							   "\"n\": 12345678901234567890123}";
	struct snafu_result result = {.payload = SNAFU_BUFFER(4096)};
	struct snafu_error error;
	struct snafu_json_reader reader;
	struct snafu_json_value value;

	snafu_json_begin(&reader, text, sizeof text - 1);
	if (!snafu_json_read(&reader, &value, &error)) {
		PyObject *made = python_read(&reader, &value, false, &error);

		if (made)
			python_write(made, &result);
		Py_XDECREF(made);
	}
	PyErr_Clear();
	snafu_result_done(&result);
}

/* What goes around each call. */
static void enter_and_leave(void)
{
	static const struct snafu_context nobody;
	struct snafu_result result = {.status = SNAFU_OK};
	struct python_scope scope;

	python_scope_enter(&scope, &nobody, &result);
	python_output_flush();
	python_scope_leave(&scope);
}

static void run_exercise(void)
{
	PyObject *space = exercise ? PyDict_New() : NULL;
	PyObject *done = space && PyDict_SetItemString(space, "__builtins__", PyEval_GetBuiltins()) == 0
	                     ? PyEval_EvalCode(exercise, space, space)
	                     : NULL;

	PyErr_Clear();
	Py_XDECREF(done);
	Py_XDECREF(space);
}

void python_settle(bool child)
{
	if (child) {
		for (struct snafu_bound *bound = python.bound; bound; bound = bound->next)
			touch_bound(bound);
		touch_common();
		read_and_write();
		enter_and_leave();
		return;
	}
	if (!exercise)
		exercise = Py_CompileString(exercise_source, "<snafu>", Py_file_input);
	run_exercise(); /* specialised once, for all children */
	read_and_write();
	enter_and_leave();
	PyGC_Collect();
	PyObject *gc = PyImport_ImportModule("gc");
	PyObject *done = gc ? PyObject_CallMethod(gc, "freeze", NULL) : NULL;
	PyErr_Clear();
	Py_XDECREF(done);
	Py_XDECREF(gc);
}

void python_fork_end(void)
{
	Py_CLEAR(exercise);
}
