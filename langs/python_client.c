/* langs/python_client.c — the module `snafu`, by which functions call other functions of the
 * host: built in, so there is no file of it, and made only where it is imported. The host
 * does the call (options->invoke), on this thread, while the GIL is free. */
#include "langs/python_scope.h"

#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/error.h"
#include "langs/python_boto.inc"

#define PAYLOAD_CAP ((size_t)1 << 30) /* of arguments and results; the host has limits of its own */
#define LOG_CAP     4096 /* bytes of what the function printed, as AWS's LogResult */

static PyObject *call_error; /* snafu.CallError */

/* ---- the call ---- */

/* Who calls: the call that this thread works for. RET_KEEP holds what it points to. */
static int find_caller(struct snafu_context *ret_caller, PyObject **ret_keep)
{
	struct python_context *object = (struct python_context *)(*ret_keep = python_scope_context());

	if (!object)
		return PyErr_Occurred() ? -1 : 0;
	*ret_caller = object->context;
	if (!object->scope) /* it has ended; what its threads still do has time */
		ret_caller->deadline = UINT64_MAX;
	if (object->scope && ret_caller->deadline && snafu_now_ms() > ret_caller->deadline) {
		/* A function that goes on regardless is not helped in that. */
		PyErr_SetString(python.deadline, "the call has no time left");
		return -1;
	}
	return 0;
}

/* Fills RESULT, which the caller frees; -1 with an exception when there was no call. */
static int invoke(const char *function, const char *payload, size_t size, bool asynchronous,
                  struct snafu_result *result)
{
	const struct snafu_language_options *options = python.options;
	struct snafu_context caller;
	PyObject *keep;

	if (!options->invoke) {
		PyErr_SetString(PyExc_RuntimeError, "this host does not let functions call functions");
		return -1;
	}
	if (find_caller(&caller, &keep)) {
		Py_XDECREF(keep);
		return -1;
	}
	const struct snafu_invocation invocation = {
		.function = function,
		.payload = payload,
		.size = size,
		.asynchronous = asynchronous,
	};
	*result =
		(struct snafu_result){.payload = SNAFU_BUFFER(PAYLOAD_CAP), .log = SNAFU_BUFFER(LOG_CAP)};
	Py_BEGIN_ALLOW_THREADS options->invoke(options->invoke_state, keep ? &caller : NULL,
	                                       &invocation, result);
	Py_END_ALLOW_THREADS Py_XDECREF(keep);
	return 0;
}

/* ---- the result ---- */

static PyObject *read_payload(const struct snafu_result *result)
{
	struct snafu_json_reader reader;
	struct snafu_json_value value;
	struct snafu_error error = {.code = 0};

	if (!result->payload.size)
		Py_RETURN_NONE;
	snafu_json_begin(&reader, result->payload.data, result->payload.size);
	PyObject *made = NULL;
	if (!snafu_json_read(&reader, &value, &error))
		made = python_read(&reader, &value, false, &error);
	if (!made && !PyErr_Occurred())
		PyErr_Format(PyExc_ValueError, "the result is not valid JSON: %s",
		             error.code ? error.message : "it is cut off");
	return made;
}

static PyObject *member(PyObject *dict, const char *name)
{
	PyObject *value = dict && PyDict_Check(dict) ? PyDict_GetItemString(dict, name) : NULL;

	return value ? value : Py_None;
}

/* Raises CallError with what RESULT says. */
static void raise_failure(const struct snafu_result *result)
{
	PyObject *said = read_payload(result), *error = NULL, *trace;
	PyObject *status = PyUnicode_FromString(snafu_status_name(result->status));

	PyErr_Clear();
	PyObject *type = member(said, "errorType"), *message = member(said, "errorMessage");
	trace = member(said, "stackTrace");
	PyObject *text = PyUnicode_FromFormat("%S: %S", type, message);
	PyObject *lines = PyList_Check(trace) ? Py_NewRef(trace) : PyList_New(0);
	if (text)
		error = PyObject_CallOneArg(call_error, text);
	if (error && status && lines && PyObject_SetAttrString(error, "status", status) == 0 &&
	    PyObject_SetAttrString(error, "type", type) == 0 &&
	    PyObject_SetAttrString(error, "message", message) == 0 &&
	    PyObject_SetAttrString(error, "trace", lines) == 0)
		PyErr_SetObject(call_error, error);
	Py_XDECREF(lines);
	Py_XDECREF(error);
	Py_XDECREF(text);
	Py_XDECREF(status);
	Py_XDECREF(said);
}

/* ---- what the module has ---- */

/* VALUE as JSON; -1 with an exception that says what has no JSON form. */
static int write_arguments(PyObject *value, struct snafu_buffer *into)
{
	struct snafu_result written = {.payload = *into};

	python_write(value, &written);
	*into = written.payload;
	if (written.status == SNAFU_OK)
		return 0;
	PyObject *said = read_payload(&written);
	PyErr_Clear();
	PyErr_Format(PyExc_TypeError, "the arguments cannot be sent: %S", member(said, "errorMessage"));
	Py_XDECREF(said);
	return -1;
}

static PyObject *call_with(const char *function, PyObject *payload, bool asynchronous)
{
	struct snafu_buffer bytes = SNAFU_BUFFER(PAYLOAD_CAP);
	struct snafu_result result = {.status = SNAFU_INTERNAL};
	PyObject *value = NULL;

	if (write_arguments(payload, &bytes) == 0 &&
	    invoke(function, bytes.data, bytes.size, asynchronous, &result) == 0) {
		if (result.status == SNAFU_OK)
			value = read_payload(&result);
		else
			raise_failure(&result);
	}
	snafu_buffer_done(&bytes);
	snafu_result_done(&result);
	return value;
}

/* The arguments behind the function's name: by position or by name. */
static PyObject *gather(PyObject *const *arguments, Py_ssize_t n, PyObject *names,
                        const char **ret_function)
{
	Py_ssize_t n_names = names ? PyTuple_GET_SIZE(names) : 0;
	PyObject *payload;

	if (n < 1 || !PyUnicode_Check(arguments[0])) {
		PyErr_SetString(PyExc_TypeError, "the first argument is the function's name, a string");
		return NULL;
	}
	if (!(*ret_function = PyUnicode_AsUTF8(arguments[0])))
		return NULL;
	if (n > 1 && n_names) {
		PyErr_SetString(PyExc_TypeError,
		                "give a function's arguments either all by position or all by name");
		return NULL;
	}
	if (n_names) {
		payload = PyDict_New();
		for (Py_ssize_t i = 0; payload && i < n_names; i++)
			if (PyDict_SetItem(payload, PyTuple_GET_ITEM(names, i), arguments[n + i]))
				Py_CLEAR(payload);
		return payload;
	}
	payload = PyTuple_New(n - 1);
	for (Py_ssize_t i = 1; payload && i < n; i++)
		PyTuple_SET_ITEM(payload, i - 1, Py_NewRef(arguments[i]));
	return payload;
}

static PyObject *call_function(PyObject *module, PyObject *const *arguments, Py_ssize_t n,
                               PyObject *names)
{
	const char *function;
	PyObject *payload = gather(arguments, n, names, &function);
	PyObject *value = payload ? call_with(function, payload, false) : NULL;
	(void)module;

	Py_XDECREF(payload);
	return value;
}

static PyObject *call_async(PyObject *module, PyObject *const *arguments, Py_ssize_t n,
                            PyObject *names)
{
	const char *function;
	PyObject *payload = gather(arguments, n, names, &function);
	PyObject *value = payload ? call_with(function, payload, true) : NULL;
	(void)module;

	Py_XDECREF(payload);
	if (!value)
		return NULL;
	PyObject *id = Py_NewRef(member(value, "id"));
	Py_DECREF(value);
	return id;
}

static PyObject *invoke_function(PyObject *module, PyObject *const *arguments, Py_ssize_t n)
{
	const char *function = NULL;
	(void)module;

	if (n == 2 && PyUnicode_Check(arguments[0]))
		function = PyUnicode_AsUTF8(arguments[0]);
	else
		PyErr_SetString(PyExc_TypeError, "invoke() takes a function's name and the payload");
	return function ? call_with(function, arguments[1], false) : NULL;
}

/* (status, payload, log) for JSON bytes as they are. */
static PyObject *invoke_bytes(PyObject *module, PyObject *arguments)
{
	struct snafu_result result = {.status = SNAFU_INTERNAL};
	PyObject *value = NULL;
	const char *function;
	Py_buffer payload;
	int asynchronous;
	(void)module;

	if (!PyArg_ParseTuple(arguments, "sy*p", &function, &payload, &asynchronous))
		return NULL;
	if (invoke(function, payload.len ? payload.buf : NULL, (size_t)payload.len, asynchronous,
	           &result) == 0)
		value = Py_BuildValue("sy#y#", snafu_status_name(result.status),
		                      result.payload.data ? result.payload.data : "",
		                      (Py_ssize_t)result.payload.size,
		                      result.log.data ? result.log.data : "", (Py_ssize_t)result.log.size);
	PyBuffer_Release(&payload);
	snafu_result_done(&result);
	return value;
}

static PyObject *current_context(PyObject *module, PyObject *unused)
{
	PyObject *context = python_scope_context();
	(void)module, (void)unused;

	if (context && !((struct python_context *)context)->scope)
		Py_CLEAR(context); /* a thread that lives longer than its call */
	return context || PyErr_Occurred() ? context : Py_NewRef(Py_None);
}

static int add_members(PyObject *module)
{
	static const char doc[] = "A call of a function by a function has failed: status (\"raised\", "
							  "\"deadline\", ...), type, message and trace say how.";

	if (!call_error)
		call_error = PyErr_NewExceptionWithDoc("snafu.CallError", doc, NULL, NULL);
	if (!call_error || !python_context_type() ||
	    PyModule_AddObjectRef(module, "CallError", call_error) ||
	    PyModule_AddObjectRef(module, "Context", (PyObject *)python_context_type()))
		return -1;
	return 0;
}

static PyObject *make_module(void)
{
#define WITH_NAMES(FUNCTION) (PyCFunction)(void (*)(void))(FUNCTION), METH_FASTCALL | METH_KEYWORDS
	static PyMethodDef methods[] = {
		{"call", WITH_NAMES(call_function),
	     "call(function, *args) or call(function, **kwargs)\n--\n\n"
	     "Calls a function of the host and returns its result. Raises CallError."},
		{"call_async", WITH_NAMES(call_async),
	     "call_async(function, *args) or call_async(function, **kwargs)\n--\n\n"
	     "Has a function called later; returns the id under which the result can be asked for."},
		{"invoke", (PyCFunction)(void (*)(void))invoke_function, METH_FASTCALL,
	     "invoke($module, function, payload, /)\n--\n\n"
	     "Calls a function with a payload as a whole, as clients over HTTP do."},
		{"context", current_context, METH_NOARGS,
	     "context($module, /)\n--\n\n"
	     "The context of the call that this code runs for, or None outside of any call."},
		{"_invoke", invoke_bytes, METH_VARARGS, NULL},
		{NULL, NULL, 0, NULL},
	};
#undef WITH_NAMES
	static PyModuleDef_Slot slots[] = {{Py_mod_exec, add_members}, {0, NULL}};
	static PyModuleDef definition = {
		PyModuleDef_HEAD_INIT,
		.m_name = "snafu",
		.m_doc = "Calls from functions to other functions of the same Snafu.",
		.m_methods = methods,
		.m_slots = slots,
	};
	return PyModuleDef_Init(&definition);
}

int python_client_contain(void)
{
	const char *setting = getenv("SNAFU_CONTAIN_BOTO3");

	if (!setting || !*setting || strcmp(setting, "0") == 0)
		return 0;
	PyObject *code = Py_CompileString(python_boto_source, "<snafu>", Py_file_input);
	PyObject *module = code ? PyImport_ExecCodeModule("_snafu_boto", code) : NULL;
	PyObject *done = module ? PyObject_CallMethod(module, "begin", "s", setting) : NULL;

	Py_XDECREF(module);
	Py_XDECREF(code);
	Py_XDECREF(done);
	return done ? 0 : -1;
}

int python_client_begin(void)
{
	return PyImport_AppendInittab("snafu", make_module);
}
