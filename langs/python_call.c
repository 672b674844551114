/* langs/python_call.c — one call from payload to result: arguments, the object
 * of a method, the call itself, waiting for an async function, the value's JSON. */
#include "langs/python_scope.h"

#include <errno.h>
#include <pthread.h>

#include "base/buffer.h"
#include "base/error.h"

/* An object that is kept, being made. All of the list is guarded by the GIL. */
struct making {
	struct making *next;
	PyObject *instances, *owner;
	pthread_t thread;
};
static struct making *all_making;

static pthread_mutex_t made_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t was_made = PTHREAD_COND_INITIALIZER;
static unsigned long n_made; /* changes with the GIL and the lock held */

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

/* Waits, without the GIL, until some object has been made. */
static void wait_for_another(void)
{
	unsigned long before = n_made;

	Py_BEGIN_ALLOW_THREADS pthread_mutex_lock(&made_lock);
	while (n_made == before)
		pthread_cond_wait(&was_made, &made_lock);
	pthread_mutex_unlock(&made_lock);
	Py_END_ALLOW_THREADS
}

static const struct making *find_making(const PyObject *instances, const PyObject *owner)
{
	const struct making *at = all_making;

	while (at && (at->instances != instances || at->owner != owner))
		at = at->next;
	return at;
}

/* A constructor may take its time and call the host, so others only wait for the same class. */
static PyObject *make_kept(PyObject *instances, PyObject *owner)
{
	struct making self = {all_making, instances, owner, pthread_self()};

	all_making = &self;
	PyObject *object = PyObject_CallNoArgs(owner);
	if (object && PyDict_SetItem(instances, owner, object))
		Py_CLEAR(object);
	for (struct making **at = &all_making; *at; at = &(*at)->next)
		if (*at == &self) {
			*at = self.next;
			break;
		}
	pthread_mutex_lock(&made_lock);
	n_made++;
	pthread_cond_broadcast(&was_made);
	pthread_mutex_unlock(&made_lock);
	return object;
}

/* The object that was made without arguments and kept; made now if need be. */
static PyObject *kept_object(struct snafu_bound *bound)
{
	PyObject *fresh = python_scope_fresh(), *instances = fresh ? fresh : python.instances, *object;
	const struct making *making;

	while (!(object = PyDict_GetItemWithError(instances, bound->owner)) && !PyErr_Occurred()) {
		making = find_making(instances, bound->owner);
		if (!making || pthread_equal(making->thread, pthread_self()))
			return make_kept(instances, bound->owner);
		wait_for_another();
	}
	return Py_XNewRef(object);
}

/* Without "self" the constructor must do without arguments. */
static void check_kept(struct snafu_bound *bound, struct snafu_argument_problems *problems)
{
	struct snafu_buffer needed = SNAFU_BUFFER(400);

	if (!python_scope_fresh() && PyDict_Contains(python.instances, bound->owner) == 1)
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

/* What a payload has for a function of `event` and `context`. */
struct event {
	struct snafu_json_value value; /* its text is NULL when it is the payload as a whole */
	struct snafu_json_value self;
};

/* An object of only `event` and perhaps `context` (and a method's `self`) is the arguments by
 * name; the context that it names is not used, since the host makes it. */
static int unwrap_event(const struct snafu_request *request, bool method, struct event *ret_event,
                        struct snafu_error *error)
{
	struct snafu_json_value key, value, event = {.text = NULL}, self = {.text = NULL};
	struct snafu_json_reader reader;
	int more;

	*ret_event = (struct event){.value.text = NULL};
	snafu_json_begin(&reader, request->payload, request->size);
	if (snafu_json_read(&reader, &value, error))
		return -1;
	if (value.type != SNAFU_JSON_OBJECT)
		return 0;
	while ((more = snafu_json_next_member(&reader, &key, &value, error)) > 0) {
		struct snafu_json_value *into = snafu_json_equals(&key, "event")            ? &event
		                                : snafu_json_equals(&key, "self") && method ? &self
		                                                                            : NULL;

		if (!into && !snafu_json_equals(&key, "context"))
			return 0;
		if (snafu_json_skip(&reader, &value, error))
			return -1;
		if (into)
			*into = value;
	}
	if (event.text || self.text) {
		ret_event->value = event;
		ret_event->self = self;
	}
	return more;
}

static PyObject *read_event(const struct snafu_request *request, const struct event *event,
                            bool exact, struct snafu_error *error)
{
	bool whole = !event->value.text && !event->self.text;
	struct snafu_json_reader reader;
	struct snafu_json_value value;

	if (!request->size || (!whole && !event->value.text))
		return PyDict_New();
	snafu_json_begin(&reader, whole ? request->payload : event->value.text,
	                 whole ? request->size : event->value.size);
	if (snafu_json_read(&reader, &value, error))
		return NULL;
	PyObject *made = python_read(&reader, &value, exact, error);
	if (made && snafu_json_end(&reader, error))
		Py_CLEAR(made);
	return made;
}

static int prepare_event(struct snafu_bound *bound, const struct snafu_request *request,
                         struct prepared *prepared, struct snafu_argument_problems *problems,
                         struct snafu_error *error)
{
	struct python_arguments *arguments = &prepared->arguments;
	struct event event = {.value.text = NULL};

	if (request->size && unwrap_event(request, bound->owner, &event, error))
		return -1;
	if (python_arguments_read(arguments, &bound->signature, NULL, NULL, NULL, "", problems, error))
		return -1;
	prepared->self = event.self;
	if (!(arguments->slots[0] = read_event(request, &event, bound->signature.exact, error)) ||
	    (bound->owner && read_self(bound, prepared, problems, error)))
		return -1;
	python_arguments_convert(arguments, bound->function);
	if (prepared->constructor.slots)
		python_arguments_convert(&prepared->constructor, bound->function);
	if (!PyErr_Occurred())
		arguments->slots[1] = python_scope_context();
	return arguments->slots[1] ? 0 : -1;
}

/* 0, or -1 with an exception set or ERROR filled. */
static int prepare(struct snafu_bound *bound, const struct snafu_request *request,
                   struct prepared *prepared, struct snafu_argument_problems *problems,
                   struct snafu_error *error)
{
	struct snafu_json_reader reader;
	struct snafu_json_value value, *self = bound->owner ? &prepared->self : NULL;
	size_t size = request->size;

	if (bound->event)
		return prepare_event(bound, request, prepared, problems, error);
	snafu_json_begin(&reader, request->payload, size);
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

void python_call(struct snafu_bound *bound, const struct snafu_request *request,
                 struct snafu_result *result)
{
	struct snafu_argument_problems problems = {.count = 0};
	struct snafu_error error;
	struct prepared prepared;
	PyObject *value;

	if (bound->adapter) {
		python_convention_call(bound, request, result);
		return;
	}
	error.code = 0;
	prepared.arguments.slots = prepared.constructor.slots = NULL;
	prepared.arguments.rest = prepared.arguments.names = NULL;
	prepared.constructor.rest = prepared.constructor.names = NULL;
	prepared.self.text = NULL;
	if (prepare(bound, request, &prepared, &problems, &error)) {
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
