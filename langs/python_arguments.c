/* langs/python_arguments.c — a payload bound to parameters: by name or by
 * position, every problem noted, then one vectorcall.
 *
 * By name, the member called like *args takes an array for it, and the one
 * called like **kwargs an object (as the prompts and forms of doors have it);
 * other names that are no parameter's go into **kwargs where there is one. */
#include "langs/python.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/near.h"

#define TEXT_CAP 300 /* bytes of a name or a problem, with the NUL */
#define STACK    24 /* arguments of a call that need no allocation */

void python_arguments_done(struct python_arguments *arguments)
{
	for (size_t i = 0; arguments->slots && i < arguments->signature->n; i++)
		Py_XDECREF(arguments->slots[i]);
	if (arguments->slots != arguments->few)
		free(arguments->slots);
	Py_CLEAR(arguments->rest);
	Py_CLEAR(arguments->names);
	arguments->slots = NULL;
}

/* ---- reading ---- */

/* Notes a problem with argument NAME. */
static void problem(const struct python_arguments *arguments, const char *name, const char *text)
{
	char full[TEXT_CAP];

	snprintf(full, sizeof full, "%s%.250s", arguments->prefix, name);
	snafu_argument_problem(arguments->problems, full, "%s", text);
}

static void unknown(const struct python_arguments *arguments, const char *name)
{
	const struct python_signature *signature = arguments->signature;
	struct snafu_near near = snafu_near_begin(name, strlen(name));
	char text[TEXT_CAP];

	for (size_t i = 0; i < signature->n; i++)
		snafu_near_offer(&near, signature->parameters[i].text);
	if (near.name)
		snprintf(text, sizeof text, "unknown (did you mean %.200s?)", near.name);
	else
		snprintf(text, sizeof text, "unknown");
	problem(arguments, name, text);
}

static int find_parameter(const struct python_signature *signature, const char *text, size_t size)
{
	for (size_t i = 0; i < signature->n; i++)
		if (signature->parameters[i].size == size &&
		    memcmp(signature->parameters[i].text, text, size) == 0)
			return (int)i;
	return -1;
}

static int add_name(struct python_arguments *arguments, PyObject *key, PyObject *value)
{
	if (!arguments->names && !(arguments->names = PyDict_New()))
		return -1;
	int there = PyDict_Contains(arguments->names, key);
	if (there > 0) {
		const char *text = PyUnicode_AsUTF8(key);
		problem(arguments, text ? text : "?", "given twice");
		return 0;
	}
	return there < 0 ? -1 : PyDict_SetItem(arguments->names, key, value);
}

/* The member that is called like **kwargs: its members become arguments. */
static int add_names(struct python_arguments *arguments, PyObject *dict)
{
	PyObject *key, *value;
	Py_ssize_t at = 0;

	while (PyDict_Next(dict, &at, &key, &value))
		if (add_name(arguments, key, value))
			return -1;
	return 0;
}

/* Takes VALUE for the parameter or the unknown name. */
static int take_member(struct python_arguments *arguments, int index, PyObject *key,
                       PyObject *value)
{
	const struct python_signature *signature = arguments->signature;
	const struct python_parameter *parameter = index >= 0 ? &signature->parameters[index] : NULL;
	bool keywords = signature->keywords >= 0;

	if (parameter && parameter->kind == SNAFU_PARAMETER_KEYWORDS && PyDict_Check(value))
		return add_names(arguments, value);
	if (parameter && parameter->kind == SNAFU_PARAMETER_VARIADIC) {
		if (!PyList_Check(value))
			problem(arguments, parameter->text, "expected an array");
		else if (arguments->rest)
			problem(arguments, parameter->text, "given twice");
		else
			arguments->rest = Py_NewRef(value);
		return 0;
	}
	if (parameter && parameter->kind != SNAFU_PARAMETER_KEYWORDS) {
		if (arguments->slots[index])
			problem(arguments, parameter->text, "given twice");
		else
			arguments->slots[index] = Py_NewRef(value);
		return 0;
	}
	if (keywords)
		return add_name(arguments, key, value);
	const char *text = PyUnicode_AsUTF8(key);
	unknown(arguments, text ? text : "?");
	PyErr_Clear();
	return 0;
}

static int read_members(struct python_arguments *arguments, struct snafu_json_reader *reader,
                        struct snafu_json_value *ret_self, struct snafu_error *error)
{
	const struct python_signature *signature = arguments->signature;
	struct snafu_json_value key, value;
	int more;

	while ((more = snafu_json_next_member(reader, &key, &value, error)) > 0) {
		PyObject *name = NULL, *made;
		int index = key.escaped ? -1 : find_parameter(signature, key.text, key.size);

		if (index < 0 && ret_self && snafu_json_equals(&key, "self")) {
			if (ret_self->text)
				problem(arguments, "self", "given twice");
			*ret_self = value;
			if (snafu_json_skip(reader, ret_self, error))
				return -1;
			continue;
		}
		if (index < 0) { /* unknown, or written with escapes */
			Py_ssize_t size;
			const char *text = (name = python_read_string(&key, true))
			                       ? PyUnicode_AsUTF8AndSize(name, &size)
			                       : NULL;
			if (!text) {
				Py_XDECREF(name);
				return -1;
			}
			index = find_parameter(signature, text, (size_t)size);
		} else if (signature->parameters[index].kind == SNAFU_PARAMETER_KEYWORDS) {
			name = Py_NewRef(signature->parameters[index].name);
		}
		made = python_read(reader, &value, signature->exact, error);
		int code = made ? take_member(arguments, index, name, made) : -1;
		Py_XDECREF(made);
		Py_XDECREF(name);
		if (code)
			return -1;
	}
	return more;
}

static int read_elements(struct python_arguments *arguments, struct snafu_json_reader *reader,
                         struct snafu_error *error)
{
	const struct python_signature *signature = arguments->signature;
	struct snafu_json_value value;
	size_t n = 0;
	int more;

	while ((more = snafu_json_next_element(reader, &value, error)) > 0) {
		if (n >= signature->n_positional && signature->variadic < 0) {
			n++; /* too many; the rest is only checked to be JSON */
			if (snafu_json_skip(reader, &value, error))
				return -1;
			continue;
		}
		PyObject *made = python_read(reader, &value, signature->exact, error);
		if (!made)
			return -1;
		if (n < signature->n_positional) {
			arguments->slots[n++] = made;
			continue;
		}
		int code = arguments->rest || (arguments->rest = PyList_New(0))
		               ? PyList_Append(arguments->rest, made)
		               : -1;
		Py_DECREF(made);
		if (code)
			return -1;
	}
	if (more == 0 && n > signature->n_positional && signature->variadic < 0) {
		char name[32], text[100];

		snprintf(name, sizeof name, "[%zu]", signature->n_positional);
		snprintf(text, sizeof text, "too many: %zu arguments by position where %zu are taken", n,
		         signature->n_positional);
		problem(arguments, name, text);
	}
	return more;
}

int python_arguments_read(struct python_arguments *arguments,
                          const struct python_signature *signature,
                          struct snafu_json_reader *reader, const struct snafu_json_value *value,
                          struct snafu_json_value *ret_self, const char *prefix,
                          struct snafu_argument_problems *problems, struct snafu_error *error)
{
	*arguments = (struct python_arguments){
		.signature = signature,
		.prefix = prefix,
		.problems = problems,
	};
	arguments->slots = signature->n <= PYTHON_SLOTS
	                       ? arguments->few
	                       : calloc(signature->n, sizeof *arguments->slots);
	if (!arguments->slots) {
		PyErr_NoMemory();
		return -1;
	}
	if (!value)
		return 0;
	if (value->type == SNAFU_JSON_OBJECT)
		return read_members(arguments, reader, ret_self, error);
	if (value->type == SNAFU_JSON_ARRAY)
		return read_elements(arguments, reader, error);
	snafu_argument_problem(problems, *prefix ? "self" : "payload",
	                       "expected an object (arguments by name) or an array (by position)");
	return 0;
}

/* ---- converting ---- */

static void missing(const struct python_arguments *arguments,
                    const struct python_parameter *parameter, const struct snafu_function *function)
{
	const char *type = NULL, *doc = NULL;
	char text[400];

	for (size_t i = 0; !*arguments->prefix && i < function->n_parameters; i++)
		if (strcmp(function->parameters[i].name, parameter->text) == 0) {
			type = function->parameters[i].type;
			doc = function->parameters[i].doc;
		}
	if (!type && parameter->type)
		type = python_type_words(parameter->type);
	snprintf(text, sizeof text, "missing%s%.100s%s%s%.200s", type ? " (" : "", type ? type : "",
	         type ? ")" : "", doc ? ": " : "", doc ? doc : "");
	problem(arguments, parameter->text, text);
}

/* Whether VALUE is already what the parameter wants: most are. */
static bool fits(const struct python_parameter *parameter, PyObject *value, bool exact)
{
	if (parameter->nullable && value == Py_None)
		return true;
	if (!parameter->type)
		return !exact;
	switch (parameter->type->kind) {
	case PYTHON_INT: return PyLong_CheckExact(value);
	case PYTHON_FLOAT: return PyFloat_CheckExact(value);
	case PYTHON_STR: return PyUnicode_CheckExact(value);
	case PYTHON_BOOL: return PyBool_Check(value);
	default: return false;
	}
}

/* Replaces *SLOT by its value as the parameter's type. NAME, and INDEX unless it
 * is negative, say where it came from. */
static void convert_slot(struct python_conversion *conversion,
                         const struct python_parameter *parameter, PyObject **slot,
                         const char *prefix, const char *name, Py_ssize_t index)
{
	int size;

	if (fits(parameter, *slot, conversion->exact))
		return;
	if (index < 0)
		size = snprintf(conversion->path, sizeof conversion->path, "%s%.150s", prefix, name);
	else
		size = snprintf(conversion->path, sizeof conversion->path, "%s%.150s[%zd]", prefix, name,
		                index);
	conversion->path_size = size > 0 ? (size_t)size : 0;
	Py_SETREF(*slot, python_convert(conversion, parameter->type, *slot));
}

static void convert_rest(struct python_conversion *conversion, struct python_arguments *arguments)
{
	const char *prefix = arguments->prefix;
	const struct python_signature *signature = arguments->signature;
	const struct python_parameter *parameter;
	PyObject *key, *value;
	Py_ssize_t at = 0;

	if (arguments->rest) {
		parameter = &signature->parameters[signature->variadic];
		for (Py_ssize_t i = 0; i < PyList_GET_SIZE(arguments->rest); i++) {
			PyObject *item = Py_NewRef(PyList_GET_ITEM(arguments->rest, i));

			convert_slot(conversion, parameter, &item, prefix, parameter->text, i);
			if (!item || PyList_SetItem(arguments->rest, i, item))
				return;
		}
	}
	if (arguments->names) {
		parameter = &signature->parameters[signature->keywords];
		while (PyDict_Next(arguments->names, &at, &key, &value)) {
			const char *text = PyUnicode_AsUTF8(key);
			PyObject *item = Py_NewRef(value);

			convert_slot(conversion, parameter, &item, prefix, text ? text : "?", -1);
			if (item)
				PyDict_SetItem(arguments->names, key, item);
			Py_XDECREF(item);
		}
	}
	PyErr_Clear();
}

void python_arguments_convert(struct python_arguments *arguments,
                              const struct snafu_function *function)
{
	const struct python_signature *signature = arguments->signature;
	struct python_conversion conversion;

	conversion.problems = arguments->problems;
	conversion.exact = signature->exact;
	conversion.quiet = conversion.strict = false;
	conversion.failures = 0;
	for (size_t i = 0; i < signature->n; i++) {
		const struct python_parameter *parameter = &signature->parameters[i];

		if (arguments->slots[i])
			convert_slot(&conversion, parameter, &arguments->slots[i], arguments->prefix,
			             parameter->text, -1);
		else if (parameter->required)
			missing(arguments, parameter, function);
	}
	if (arguments->rest || arguments->names)
		convert_rest(&conversion, arguments);
}

/* ---- calling ---- */

static Py_ssize_t size_of(PyObject *list_or_dict)
{
	return !list_or_dict                ? 0
	       : PyList_Check(list_or_dict) ? PyList_GET_SIZE(list_or_dict)
	                                    : PyDict_GET_SIZE(list_or_dict);
}

/* Lays the arguments out for a vectorcall: RET_POSITIONAL of them by position, then
 * those by name. RET_NAMES: their names in a new tuple, or NULL. All borrowed. */
static int lay_out(const struct python_arguments *arguments, PyObject **stack,
                   size_t *ret_positional, PyObject **ret_names)
{
	const struct python_signature *signature = arguments->signature;
	PyObject *names[STACK],
		**name = signature->n <= STACK ? names : malloc(signature->n * sizeof *name);
	size_t n = 0, n_named = 0, last = 0, at = 0;

	if (!name) {
		PyErr_NoMemory();
		return -1;
	}
	for (size_t i = 0; i < signature->n_positional; i++)
		if (arguments->slots[i])
			last = i + 1;
	if (size_of(arguments->rest)) /* *args: no gap before it */
		last = signature->n_positional;
	for (; at < last; at++) {
		const struct python_parameter *parameter = &signature->parameters[at];
		PyObject *value = arguments->slots[at];

		/* An argument left out before others: its default where that is safe or
		 * there is no other way, else go on by name. */
		if (!value && (signature->plain || parameter->kind == SNAFU_PARAMETER_POSITIONAL_ONLY ||
		               size_of(arguments->rest)))
			value = parameter->fallback;
		if (!value)
			break;
		stack[n++] = value;
	}
	for (Py_ssize_t i = 0; i < size_of(arguments->rest); i++)
		stack[n++] = PyList_GET_ITEM(arguments->rest, i);
	*ret_positional = n;
	for (; at < signature->n; at++) {
		if (!arguments->slots[at])
			continue;
		name[n_named++] = signature->parameters[at].name;
		stack[n++] = arguments->slots[at];
	}
	size_t all = n_named + (size_t)size_of(arguments->names);
	*ret_names = all ? PyTuple_New((Py_ssize_t)all) : NULL;
	for (size_t i = 0; *ret_names && i < n_named; i++)
		PyTuple_SET_ITEM(*ret_names, (Py_ssize_t)i, Py_NewRef(name[i]));
	PyObject *key, *value;
	for (Py_ssize_t next = 0;
	     *ret_names && arguments->names && PyDict_Next(arguments->names, &next, &key, &value);) {
		PyTuple_SET_ITEM(*ret_names, (Py_ssize_t)n_named++, Py_NewRef(key));
		stack[n++] = value;
	}
	if (name != names)
		free(name);
	return all && !*ret_names ? -1 : 0;
}

PyObject *python_arguments_call(struct python_arguments *arguments, PyObject *callable,
                                PyObject *first)
{
	size_t n = arguments->signature->n + (size_t)size_of(arguments->rest) +
	           (size_t)size_of(arguments->names) + 2,
		   positional = 0;
	PyObject *few[STACK], **stack = n <= STACK ? few : malloc(n * sizeof *stack);
	PyObject *names = NULL, *value = NULL;

	if (!stack)
		return PyErr_NoMemory();
	/* Element 0 is scratch for the callee, element 1 the object of a method. */
	stack[1] = first;
	PyObject **begin = stack + 1 + (first != NULL);
	if (!lay_out(arguments, begin, &positional, &names)) {
		size_t count = positional + (first != NULL);
		value =
			PyObject_Vectorcall(callable, stack + 1, count | PY_VECTORCALL_ARGUMENTS_OFFSET, names);
	}
	Py_XDECREF(names);
	if (stack != few)
		free(stack);
	return value;
}
