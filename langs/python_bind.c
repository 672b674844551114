/* langs/python_bind.c — from a descriptor to something that can be called: the
 * object, whether it needs an instance, and its parameters as Python itself has
 * them (the scanner's are only quoted in messages). */
#include "langs/python.h"

#include <stdlib.h>
#include <string.h>

/* ---- signatures ---- */

void python_signature_done(struct python_signature *signature)
{
	for (size_t i = 0; i < signature->n; i++) {
		Py_XDECREF(signature->parameters[i].name);
		Py_XDECREF(signature->parameters[i].fallback);
	}
	free(signature->parameters);
	python_types_free(&signature->types);
	*signature = (struct python_signature){.variadic = -1, .keywords = -1};
}

/* Appends a parameter; FALLBACK NULL: required (where that makes sense). */
static int add(struct python_signature *signature, PyObject *name, enum snafu_parameter_kind kind,
               PyObject *fallback, PyObject *annotation, PyObject *globals)
{
	struct python_parameter *parameter = &signature->parameters[signature->n];
	Py_ssize_t size;
	const char *text = PyUnicode_AsUTF8AndSize(name, &size);

	if (!text)
		return -1;
	*parameter = (struct python_parameter){
		.name = Py_NewRef(name),
		.text = text,
		.size = (size_t)size,
		.kind = kind,
		.required =
			!fallback && kind != SNAFU_PARAMETER_VARIADIC && kind != SNAFU_PARAMETER_KEYWORDS,
		.nullable = fallback == Py_None,
		.fallback = Py_XNewRef(fallback),
	};
	PyUnicode_InternInPlace(&parameter->name);
	parameter->text = PyUnicode_AsUTF8(parameter->name);
	if (annotation)
		parameter->type = python_type_of(&signature->types, annotation, globals);
	else if (fallback)
		parameter->type = python_type_by_default(&signature->types, fallback);
	signature->exact |= parameter->type && parameter->type->exact;
	if (kind == SNAFU_PARAMETER_VARIADIC)
		signature->variadic = (int)signature->n;
	else if (kind == SNAFU_PARAMETER_KEYWORDS)
		signature->keywords = (int)signature->n;
	else if (kind != SNAFU_PARAMETER_KEYWORD_ONLY)
		signature->n_positional++;
	signature->n++;
	return 0;
}

static int make_room(struct python_signature *signature, size_t n)
{
	*signature = (struct python_signature){.variadic = -1, .keywords = -1};
	signature->parameters = calloc(n ? n : 1, sizeof *signature->parameters);
	if (!signature->parameters)
		PyErr_NoMemory();
	return signature->parameters ? 0 : -1;
}

/* The default of positional parameter INDEX of COUNT. */
static PyObject *positional_default(PyObject *defaults, int index, int count)
{
	Py_ssize_t n = defaults ? PyTuple_GET_SIZE(defaults) : 0, at = n - (count - index);

	return at >= 0 ? PyTuple_GET_ITEM(defaults, at) : NULL;
}

/* A plain Python function: by its code object, without inspect. */
static int from_code(PyObject *function, bool skip_first, struct python_signature *ret)
{
	PyCodeObject *code = (PyCodeObject *)PyFunction_GET_CODE(function);
	PyObject *defaults = PyFunction_GET_DEFAULTS(function);
	PyObject *named = PyFunction_GET_KW_DEFAULTS(function);
	PyObject *annotations = PyFunction_GetAnnotations(function);
	PyObject *globals = PyFunction_GET_GLOBALS(function), *names = PyCode_GetVarnames(code);
	int positional = code->co_argcount, keyword_only = code->co_kwonlyargcount;
	int n = positional + keyword_only;
	bool variadic = code->co_flags & CO_VARARGS, keywords = code->co_flags & CO_VARKEYWORDS;
	int result = names ? make_room(ret, (size_t)n + 2) : -1;

	for (int i = 0; !result && i < n + variadic + keywords; i++) {
		/* Variables are in the order: positional, keyword-only, *args, **kwargs;
		 * signatures have *args before what is keyword-only. */
		int at = i < positional || !variadic ? i : i == positional ? n : i <= n ? i - 1 : i;
		PyObject *name = PyTuple_GET_ITEM(names, at), *fallback = NULL;
		enum snafu_parameter_kind kind;

		if (at < positional) {
			kind = at < code->co_posonlyargcount ? SNAFU_PARAMETER_POSITIONAL_ONLY
			                                     : SNAFU_PARAMETER_NORMAL;
			fallback = positional_default(defaults, at, positional);
		} else if (at < n) {
			kind = SNAFU_PARAMETER_KEYWORD_ONLY;
			fallback = named ? PyDict_GetItem(named, name) : NULL;
		} else {
			kind = variadic && at == n ? SNAFU_PARAMETER_VARIADIC : SNAFU_PARAMETER_KEYWORDS;
		}
		if (i == 0 && skip_first && at < positional)
			continue;
		result = add(ret, name, kind, fallback,
		             annotations ? PyDict_GetItem(annotations, name) : NULL, globals);
	}
	ret->plain = true;
	Py_XDECREF(names);
	return result;
}

/* Anything else: as inspect.signature() tells; what it cannot tell takes
 * whatever comes. */
static int from_inspect(PyObject *callable, bool skip_first, struct python_signature *ret)
{
	PyObject *function = python_helper("signature"), *empty = python_helper("EMPTY");
	PyObject *later = python_helper("LATER");
	PyObject *list = function ? PyObject_CallOneArg(function, callable) : NULL;
	Py_ssize_t n = list && PyList_Check(list) ? PyList_GET_SIZE(list) : 0;
	int code = function && empty && later ? make_room(ret, (size_t)n + 2) : -1;

	if (!list && !code) {
		PyErr_Clear();
		PyObject *args = PyUnicode_FromString("args"), *kwargs = PyUnicode_FromString("kwargs");
		code = args && kwargs ? add(ret, args, SNAFU_PARAMETER_VARIADIC, NULL, NULL, NULL) ||
		                            add(ret, kwargs, SNAFU_PARAMETER_KEYWORDS, NULL, NULL, NULL)
		                      : -1;
		Py_XDECREF(args);
		Py_XDECREF(kwargs);
	}
	for (Py_ssize_t i = skip_first; !code && i < n; i++) {
		static const enum snafu_parameter_kind kinds[] = {
			SNAFU_PARAMETER_POSITIONAL_ONLY, SNAFU_PARAMETER_NORMAL,   SNAFU_PARAMETER_VARIADIC,
			SNAFU_PARAMETER_KEYWORD_ONLY,    SNAFU_PARAMETER_KEYWORDS,
		};
		PyObject *name, *fallback, *annotation, *globals;
		int kind;

		code = PyArg_ParseTuple(PyList_GET_ITEM(list, i), "UiOOO", &name, &kind, &fallback,
		                        &annotation, &globals) &&
		               kind >= 0 && kind <= 4
		           ? 0
		           : -1;
		if (!code)
			code =
				add(ret, name, kinds[kind], fallback == empty ? NULL : fallback,
			        annotation == empty ? NULL : annotation, globals == Py_None ? NULL : globals);
	}
	Py_XDECREF(list);
	Py_XDECREF(later);
	Py_XDECREF(empty);
	Py_XDECREF(function);
	return code;
}

/* A function whose own code says what it takes: no wrapper of another one. */
static bool is_plain(PyObject *function)
{
	PyObject *dict = PyFunction_Check(function) ? ((PyFunctionObject *)function)->func_dict : NULL;

	return PyFunction_Check(function) && !(dict && (PyDict_GetItemString(dict, "__wrapped__") ||
	                                                PyDict_GetItemString(dict, "__signature__")));
}

/* The __init__ of a class that is made in the ordinary way, borrowed, or NULL. */
static PyObject *plain_init(PyObject *class)
{
	PyObject *name = PyUnicode_InternFromString("__init__"), *init;

	if (!name || Py_TYPE(class) != &PyType_Type ||
	    ((PyTypeObject *)class)->tp_new != PyBaseObject_Type.tp_new) {
		Py_XDECREF(name);
		return NULL;
	}
	init = _PyType_Lookup((PyTypeObject *)class, name);
	Py_DECREF(name);
	return init && is_plain(init) ? init : NULL;
}

int python_signature_of(PyObject *callable, bool skip_first, struct python_signature *ret)
{
	PyObject *init = PyType_Check(callable) ? plain_init(callable) : NULL;
	int code;

	*ret = (struct python_signature){.variadic = -1, .keywords = -1};
	if (is_plain(callable)) {
		code = from_code(callable, skip_first, ret);
	} else if (init) {
		code = from_code(init, true, ret);
		ret->plain = false; /* defaults of dataclasses stand for factories */
	} else if (PyMethod_Check(callable) && is_plain(PyMethod_GET_FUNCTION(callable))) {
		code = from_code(PyMethod_GET_FUNCTION(callable), true, ret);
	} else {
		code = from_inspect(callable, skip_first, ret);
	}
	if (code)
		python_signature_done(ret);
	return code;
}

/* ---- binding ---- */

void python_bound_done(struct snafu_bound *bound)
{
	Py_CLEAR(bound->adapter);
	Py_CLEAR(bound->callable);
	Py_CLEAR(bound->owner);
	Py_CLEAR(bound->name);
	Py_CLEAR(bound->module);
	python_signature_done(&bound->signature);
	python_signature_done(&bound->constructor);
}

void python_bound_free(struct snafu_bound *bound)
{
	if (!bound)
		return;
	if (bound->previous)
		bound->previous->next = bound->next;
	else if (python.bound == bound)
		python.bound = bound->next;
	if (bound->next)
		bound->next->previous = bound->previous;
	python_bound_done(bound);
	free(bound);
}

void python_unbind(struct snafu_bound *bound)
{
	PyObject *owner = bound ? Py_XNewRef(bound->owner) : NULL;
	const struct snafu_bound *at;

	python_bound_free(bound);
	at = python.bound;
	while (owner && at && at->owner != owner)
		at = at->next;
	if (owner && !at && PyDict_DelItem(python.instances, owner))
		PyErr_Clear();
	Py_XDECREF(owner);
}

static bool is_name(PyObject *name, const char *text)
{
	return PyUnicode_CompareWithASCIIString(name, text) == 0;
}

/* What was found in a class: how is it called? */
static int bind_member(struct snafu_bound *bound, PyObject *found, PyObject *class)
{
	if (is_name(bound->name, "__init__") || is_name(bound->name, "__new__")) {
		bound->callable = Py_NewRef(class); /* making an object is what they are for */
		return python_signature_of(class, false, &bound->signature);
	}
	if (PyObject_TypeCheck(found, &PyStaticMethod_Type) ||
	    PyObject_TypeCheck(found, &PyClassMethod_Type) ||
	    Py_IS_TYPE(found, &PyClassMethodDescr_Type) || PyType_Check(found)) {
		bound->callable = PyObject_GetAttr(class, bound->name);
		return bound->callable ? python_signature_of(bound->callable, false, &bound->signature)
		                       : -1;
	}
	bound->owner = Py_NewRef(class);
	if (PyFunction_Check(found)) {
		bound->callable = Py_NewRef(found);
		return python_signature_of(found, true, &bound->signature);
	}
	const char *type = Py_TYPE(found)->tp_name; /* these two cannot be called by themselves */
	bool bindable = strcmp(type, "partialmethod") == 0 || strcmp(type, "singledispatchmethod") == 0;
	if (!PyCallable_Check(found) && !bindable) {
		bound->property = true; /* a property, functools.cached_property and their likes */
		bound->signature = (struct python_signature){.variadic = -1, .keywords = -1};
		return 0;
	}
	return python_signature_of(found, true, &bound->signature); /* an lru_cache, a partialmethod */
}

/* Whatever its parameters are called. */
static bool is_lambda(const struct snafu_function *function)
{
	return function->convention && strcmp(function->convention, "lambda") == 0;
}

/* A function as AWS Lambda wants it. */
static void know_event(struct snafu_bound *bound)
{
	struct python_signature *signature = &bound->signature;

	bound->event =
		signature->n == 2 && signature->n_positional == 2 &&
		(is_lambda(bound->function) || (strcmp(signature->parameters[0].text, "event") == 0 &&
	                                    strcmp(signature->parameters[1].text, "context") == 0));
	if (bound->event) { /* the host makes it, whatever it is said to be */
		signature->parameters[1].required = false;
		signature->parameters[1].type = NULL;
	}
}

/* FOUND, and CLASS if it was found in one, are what BOUND is to call. */
static int bind_object(struct snafu_bound *bound, PyObject *found, PyObject *class,
                       struct snafu_result *result)
{
	const struct snafu_function *function = bound->function;
	int code;

	if (class) {
		code = bind_member(bound, found, class);
	} else if (PyCallable_Check(found)) {
		bound->callable = Py_NewRef(found);
		code = python_signature_of(found, false, &bound->signature);
	} else {
		snafu_result_fail(result, SNAFU_LOAD_FAILED, "TypeError",
		                  "%s is a %s once it is loaded, which cannot be called", function->id,
		                  Py_TYPE(found)->tp_name);
		return -1;
	}
	if (!code) {
		know_event(bound);
		code = python_convention_bind(bound);
	}
	if (code)
		python_fail_loading(result, function->file);
	return code;
}

static void init(struct snafu_bound *bound, const struct snafu_function *function)
{
	*bound = (struct snafu_bound){.function = function};
	bound->signature.variadic = bound->signature.keywords = -1;
	bound->constructor = bound->signature;
}

int python_bind_in(struct snafu_bound *bound, const struct snafu_function *function,
                   PyObject *module, const char *tail, struct snafu_result *result)
{
	PyObject *found, *class = NULL;
	int code = -1;

	init(bound, function);
	found = python_follow(module, tail, &class, &bound->name);
	if (found)
		code = bind_object(bound, found, class, result);
	else
		snafu_result_fail(result, SNAFU_LOAD_FAILED, "AttributeError", "%s has no %s this time",
		                  function->file, tail);
	Py_XDECREF(class);
	Py_XDECREF(found);
	return code;
}

int python_bind(const struct snafu_function *function, struct snafu_bound **ret_bound,
                struct snafu_result *result)
{
	struct snafu_bound *bound = malloc(sizeof *bound);
	PyObject *found, *class = NULL;
	int code = -1;

	if (!bound) {
		snafu_result_fail(result, SNAFU_INTERNAL, "MemoryError", "no memory");
		return -1;
	}
	init(bound, function);
	if (python_convention_begin())
		python_fail_loading(result, function->file);
	else
		bound->module = python_load(function, result);
	found = bound->module
	            ? python_find(bound->module, function, &class, &bound->name, &bound->tail, result)
	            : NULL;
	if (found)
		code = bind_object(bound, found, class, result);
	Py_XDECREF(class);
	Py_XDECREF(found);
	if (code) {
		python_bound_free(bound);
		return -1;
	}
	bound->next = python.bound;
	if (bound->next)
		bound->next->previous = bound;
	python.bound = bound;
	*ret_bound = bound;
	return 0;
}
