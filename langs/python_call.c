/* langs/python_call.c — one call from payload to result: arguments, the object
 * of a method, the call itself, waiting for an async function, the value's JSON. */
#include "langs/python.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>

#include "base/buffer.h"
#include "base/error.h"

/* Objects that are kept are made one at a time; a constructor may call the host. */
static pthread_mutex_t instances_lock = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP;

static int know_constructor(struct snafu_bound *bound)
{
	if (!bound->constructor_known) {
		struct python_signature signature;

		if (python_signature_of(bound->owner, false, &signature))
			return -1;
		if (bound->constructor_known) /* another thread was faster */
			python_signature_done(&signature);
		else
			bound->constructor = signature;
		bound->constructor_known = true;
	}
	return 0;
}

/* The object that was made without arguments and kept; made now if need be. */
static PyObject *kept_object(struct snafu_bound *bound)
{
	PyObject *object = PyDict_GetItemWithError(python.instances, bound->owner);

	if (object || PyErr_Occurred())
		return Py_XNewRef(object);
	Py_BEGIN_ALLOW_THREADS pthread_mutex_lock(&instances_lock);
	Py_END_ALLOW_THREADS object =
		Py_XNewRef(PyDict_GetItemWithError(python.instances, bound->owner));
	if (!object && !PyErr_Occurred()) {
		object = PyObject_CallNoArgs(bound->owner);
		if (object && PyDict_SetItem(python.instances, bound->owner, object))
			Py_CLEAR(object);
	}
	pthread_mutex_unlock(&instances_lock);
	return object;
}

/* Without "self" the constructor must do without arguments. */
static void check_kept(struct snafu_bound *bound, struct snafu_argument_problems *problems)
{
	struct snafu_buffer needed = SNAFU_BUFFER(400);

	if (PyDict_Contains(python.instances, bound->owner) == 1)
		return;
	for (size_t i = 0; i < bound->constructor.n; i++)
		if (bound->constructor.parameters[i].required)
			snafu_buffer_format(&needed, "%s%s", needed.size ? ", " : "",
			                    bound->constructor.parameters[i].text);
	if (needed.size)
		snafu_argument_problem(problems, "self", "missing (the arguments of %.100s: %s)",
		                       ((PyTypeObject *)bound->owner)->tp_name, needed.data);
	snafu_buffer_done(&needed);
}

/* What a payload says, before anything is called. */
struct prepared {
	struct python_arguments arguments, constructor;
	struct snafu_json_value self; /* its text is NULL when the payload has none */
};

static int read_self(struct snafu_bound *bound, struct prepared *prepared,
                     struct snafu_argument_problems *problems, struct snafu_error *error)
{
	struct snafu_json_reader reader;
	struct snafu_json_value value;

	if (know_constructor(bound))
		return -1;
	if (!prepared->self.text) {
		check_kept(bound, problems);
		return 0;
	}
	snafu_json_begin(&reader, prepared->self.text, prepared->self.size);
	return snafu_json_read(&reader, &value, error) ||
	       python_arguments_read(&prepared->constructor, &bound->constructor, &reader, &value, NULL,
	                             "self.", problems, error);
}

/* 0, or -1 with an exception set or ERROR filled. */
static int prepare(struct snafu_bound *bound, const char *payload, size_t size,
                   struct prepared *prepared, struct snafu_argument_problems *problems,
                   struct snafu_error *error)
{
	struct snafu_json_reader reader;
	struct snafu_json_value value, *self = bound->owner ? &prepared->self : NULL;

	snafu_json_begin(&reader, payload, size);
	if (size && snafu_json_read(&reader, &value, error))
		return -1;
	if (python_arguments_read(&prepared->arguments, &bound->signature, &reader,
	                          size ? &value : NULL, self, "", problems, error))
		return -1;
	if (size && snafu_json_end(&reader, error))
		return -1;
	if (bound->owner && read_self(bound, prepared, problems, error))
		return -1;
	python_arguments_convert(&prepared->arguments, bound->function);
	if (prepared->constructor.slots)
		python_arguments_convert(&prepared->constructor, bound->function);
	return PyErr_Occurred() ? -1 : 0;
}

static PyObject *call_member(struct snafu_bound *bound, struct prepared *prepared)
{
	PyObject *object = prepared->constructor.slots
	                       ? python_arguments_call(&prepared->constructor, bound->owner, NULL)
	                       : kept_object(bound);
	PyObject *value = NULL, *member;

	if (!object)
		return NULL;
	if (bound->callable) {
		value = python_arguments_call(&prepared->arguments, bound->callable, object);
	} else {
		member = PyObject_GetAttr(object, bound->name);
		if (member && !bound->property) {
			value = python_arguments_call(&prepared->arguments, member, NULL);
			Py_DECREF(member);
		} else {
			value = member;
		}
	}
	Py_DECREF(object);
	return value;
}

/* The value of an async function: run to its end on this thread's event loop. */
static PyObject *await_value(PyObject *value)
{
	PyAsyncMethods *async = Py_TYPE(value)->tp_as_async;

	if (!PyCoro_CheckExact(value) && !(async && async->am_await))
		return value;
	PyObject *run = python_helper("run");
	PyObject *awaited = run ? PyObject_CallOneArg(run, value) : NULL;
	Py_XDECREF(run);
	Py_DECREF(value);
	return awaited;
}

static void fail_preparing(struct snafu_result *result, const struct snafu_error *error)
{
	if (PyErr_Occurred())
		python_fail(result, SNAFU_INTERNAL);
	else
		snafu_result_fail(result, SNAFU_BAD_ARGUMENTS, "ArgumentError", "the payload %s %s",
		                  error->code == -ERANGE ? "cannot be taken:" : "is",
		                  error->code ? error->message : "not valid JSON");
}

void python_call(struct snafu_bound *bound, const char *payload, size_t size,
                 struct snafu_result *result)
{
	struct snafu_argument_problems problems = {.count = 0};
	struct snafu_error error;
	struct prepared prepared;
	PyObject *value;

	error.code = 0;
	prepared.arguments.slots = prepared.constructor.slots = NULL;
	prepared.arguments.rest = prepared.arguments.names = NULL;
	prepared.constructor.rest = prepared.constructor.names = NULL;
	prepared.self.text = NULL;
	if (prepare(bound, payload, size, &prepared, &problems, &error)) {
		fail_preparing(result, &error);
	} else if (problems.count) {
		snafu_argument_problems_fail(&problems, bound->function, result);
	} else {
		value = bound->owner ? call_member(bound, &prepared)
		                     : python_arguments_call(&prepared.arguments, bound->callable, NULL);
		if (value)
			value = await_value(value);
		if (value)
			python_write(value, result);
		else
			python_fail(result, SNAFU_RAISED);
		Py_XDECREF(value);
	}
	snafu_argument_problems_done(&problems);
	python_arguments_done(&prepared.arguments);
	python_arguments_done(&prepared.constructor);
}
