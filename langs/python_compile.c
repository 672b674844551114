/* langs/python_compile.c — compiling a source file without what compile() does
 * first: it makes a Python class for every kind of syntax node, which costs as
 * much as a fifth of the interpreter's whole start. The import system gets this
 * function in compile()'s place; whatever is unusual goes on to compile(). */
#include "langs/python.h"

#include <string.h>

static PyObject *ordinary(PyObject *const *arguments, Py_ssize_t n, PyObject *names)
{
	PyObject *builtins = PyEval_GetBuiltins(); /* borrowed */
	PyObject *compile = builtins ? PyDict_GetItemString(builtins, "compile") : NULL;

	if (!compile) {
		PyErr_SetString(PyExc_RuntimeError, "compile() is gone");
		return NULL;
	}
	return PyObject_Vectorcall(compile, arguments, (size_t)n, names);
}

/* compile(source, path, "exec", dont_inherit=True, optimize=-1), as importlib calls it. */
static PyObject *compile_source(PyObject *module, PyObject *const *arguments, Py_ssize_t n,
                                PyObject *names)
{
	PyCompilerFlags flags = {.cf_flags = PyCF_SOURCE_IS_UTF8,
	                         .cf_feature_version = PY_MINOR_VERSION};
	bool usual = n == 3 && PyBytes_CheckExact(arguments[0]) && PyUnicode_CheckExact(arguments[1]) &&
	             PyUnicode_CheckExact(arguments[2]) && names && PyTuple_GET_SIZE(names) == 2;
	(void)module;

	if (!usual || PyUnicode_CompareWithASCIIString(arguments[2], "exec") != 0 ||
	    PyUnicode_CompareWithASCIIString(PyTuple_GET_ITEM(names, 0), "dont_inherit") != 0 ||
	    PyUnicode_CompareWithASCIIString(PyTuple_GET_ITEM(names, 1), "optimize") != 0 ||
	    arguments[3] != Py_True || !PyLong_CheckExact(arguments[4]))
		return ordinary(arguments, n, names);
	const char *source = PyBytes_AS_STRING(arguments[0]);
	if (memchr(source, '\0', (size_t)PyBytes_GET_SIZE(arguments[0]))) /* says so in its own way */
		return ordinary(arguments, n, names);
	return Py_CompileStringObject(source, arguments[1], Py_file_input, &flags,
	                              (int)PyLong_AsLong(arguments[4]));
}

int python_compile_begin(void)
{
	static PyMethodDef method = {"compile", (PyCFunction)(void (*)(void))compile_source,
	                             METH_FASTCALL | METH_KEYWORDS, NULL};
	PyObject *importlib = PyImport_ImportModule("_frozen_importlib_external");
	PyObject *function = importlib ? PyCFunction_NewEx(&method, NULL, NULL) : NULL;
	int code = function ? PyObject_SetAttrString(importlib, "compile", function) : -1;

	Py_XDECREF(function);
	Py_XDECREF(importlib);
	return code;
}
