/* langs/python_convention.c — functions that are called as a provider calls them: what that means
 * is written in Python (langs/conventions/), and comes into being when the first such function
 * is bound. */
#include "langs/python_scope.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>

#include "langs/conventions.inc"

static struct {
	atomic_bool wanted; /* some function that is known here has a convention */
	PyObject *module; /* _snafu_conventions, once it is complete */
	PyObject *reply, *bad_payload; /* classes of it, borrowed */
} self;

/* Lambda's is the gateway's own. */
static bool has_convention(const struct snafu_function *function)
{
	return function->convention && strcmp(function->convention, "lambda") != 0;
}

void python_convention_know(const struct snafu_functions *functions)
{
	for (size_t i = 0; functions && i < functions->count; i++)
		if (strncmp(functions->functions[i].language, "python", 6) == 0 &&
		    has_convention(&functions->functions[i]))
			atomic_store(&self.wanted, true);
}

bool python_convention_needs(const struct snafu_function *function,
                             const struct snafu_function *other)
{
	return strcmp(function->file, other->file) == 0 &&
	       (strcmp(function->id, other->id) == 0 || has_convention(other));
}

static PyObject *all_sources(void)
{
	PyObject *sources = PyDict_New();

	for (size_t i = 0; sources && i < sizeof files / sizeof *files; i++) {
		PyObject *source = PyUnicode_FromString(files[i].source);

		if (!source || PyDict_SetItemString(sources, files[i].name, source))
			Py_CLEAR(sources);
		Py_XDECREF(source);
	}
	return sources;
}

static int make_module(void)
{
	PyObject *code = Py_CompileString(files[0].source, "<snafu>", Py_file_input);
	PyObject *module = code ? PyImport_ExecCodeModule("_snafu_conventions", code) : NULL;
	PyObject *sources = module ? all_sources() : NULL, *done = NULL;
	PyObject *run = sources ? python_helper("run") : NULL; /* which async functions need */

	if (run)
		done = PyObject_CallMethod(module, "install", "O", sources);
	if (done) {
		self.reply = PyDict_GetItemString(PyModule_GetDict(module), "Reply");
		self.bad_payload = PyDict_GetItemString(PyModule_GetDict(module), "BadPayload");
		self.module = Py_NewRef(module);
	}
	Py_XDECREF(done);
	Py_XDECREF(run);
	Py_XDECREF(sources);
	Py_XDECREF(module);
	Py_XDECREF(code);
	return done ? 0 : -1;
}

int python_convention_begin(void)
{
	/* As python_helper() has it. */
	static pthread_mutex_t lock = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP;
	int code = 0;

	if (self.module || !atomic_load(&self.wanted))
		return 0;
	Py_BEGIN_ALLOW_THREADS pthread_mutex_lock(&lock);
	Py_END_ALLOW_THREADS if (!self.module) code = make_module();
	pthread_mutex_unlock(&lock);
	return code;
}

void python_convention_end(void)
{
	Py_CLEAR(self.module);
	self.reply = self.bad_payload = NULL;
}

int python_convention_bind(struct snafu_bound *bound)
{
	const struct snafu_function *function = bound->function;

	if (!has_convention(function) || bound->owner || !bound->callable || !self.module)
		return 0;
	PyObject *adapter = PyObject_CallMethod(self.module, "adapter", "sOs", function->convention,
	                                        bound->callable, function->id);
	if (!adapter)
		return -1;
	if (adapter == Py_None)
		Py_DECREF(adapter);
	else
		bound->adapter = adapter;
	return 0;
}

static void fail(struct snafu_result *result)
{
	PyObject *type, *value, *trace;

	if (!PyErr_ExceptionMatches(self.bad_payload)) {
		python_fail(result, SNAFU_RAISED);
		return;
	}
	PyErr_Fetch(&type, &value, &trace);
	PyObject *text = value ? PyObject_Str(value) : NULL;
	const char *words = text ? PyUnicode_AsUTF8(text) : NULL;
	snafu_result_fail(result, SNAFU_BAD_ARGUMENTS, "ArgumentError", "%s",
	                  words ? words : "the payload is not what the function takes");
	PyErr_Clear();
	Py_XDECREF(text);
	Py_XDECREF(type);
	Py_XDECREF(value);
	Py_XDECREF(trace);
}

static void take_reply(PyObject *reply, struct snafu_result *result)
{
	int code = snafu_buffer_append(&result->payload, PyBytes_AS_STRING(reply),
	                               (size_t)PyBytes_GET_SIZE(reply));

	if (code == -EMSGSIZE)
		snafu_result_fail(result, SNAFU_BAD_RESULT, "ResultTooLarge",
		                  "the reply is larger than %zu bytes ([limits] result-size)",
		                  result->payload.cap);
	else if (code)
		snafu_result_fail(result, SNAFU_INTERNAL, "MemoryError", "no memory for the reply");
	else
		result->status = SNAFU_OK;
}

void python_convention_call(struct snafu_bound *bound, const struct snafu_request *request,
                            struct snafu_result *result)
{
	PyObject *payload = PyBytes_FromStringAndSize(request->payload, (Py_ssize_t)request->size);
	PyObject *context = payload ? python_scope_context() : NULL, *value = NULL;

	if (context)
		value = PyObject_CallFunctionObjArgs(bound->adapter, payload, context, NULL);
	if (!value && PyErr_Occurred())
		fail(result);
	else if (!value)
		snafu_result_fail(result, SNAFU_INTERNAL, "InternalError", "the call has no context");
	else if (Py_IS_TYPE(value, (PyTypeObject *)self.reply))
		take_reply(value, result);
	else
		python_write(value, result);
	Py_XDECREF(value);
	Py_XDECREF(context);
	Py_XDECREF(payload);
}
