/* langs/python_convert.c — values from JSON made into what annotations ask for.
 *
 * The rules are those of Pydantic's lax mode, which Python programmers know:
 * an int takes 3, 3.0, "3" and true but not 3.5; a float also takes integers and
 * numbers in strings; a bool takes 0, 1, "true", "no", "on", ...; a str takes
 * strings only. null fits only where None is allowed (or is the default).
 * A union takes the member that fits without any conversion, else the first
 * that fits at all. Bytes come as base64. */
#include "langs/python.h"

#include <stdio.h>
#include <string.h>

#define ENOUGH 20 /* problems after which an array or object is not looked at any more */

PyObject *python_misfit(struct python_conversion *conversion, const char *format, ...)
{
	char text[400];
	va_list arguments;

	PyErr_Clear();
	conversion->failures++;
	if (conversion->quiet)
		return NULL;
	va_start(arguments, format);
	vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	snafu_argument_problem(conversion->problems, conversion->path, "%s", text);
	return NULL;
}

/* Add a piece to the path; they return what pop() takes. What does not fit is cut. */
static size_t push_name(struct python_conversion *conversion, PyObject *name)
{
	size_t before = conversion->path_size, room = sizeof conversion->path - before;
	const char *text = PyUnicode_AsUTF8(name);
	int size = snprintf(conversion->path + before, room, ".%s", text ? text : "?");

	PyErr_Clear();
	if (size > 0)
		conversion->path_size += (size_t)size < room ? (size_t)size : room - 1;
	return before;
}

static size_t push_index(struct python_conversion *conversion, Py_ssize_t index)
{
	size_t before = conversion->path_size, room = sizeof conversion->path - before;
	int size = snprintf(conversion->path + before, room, "[%zd]", index);

	if (size > 0)
		conversion->path_size += (size_t)size < room ? (size_t)size : room - 1;
	return before;
}

static void pop(struct python_conversion *conversion, size_t before)
{
	conversion->path_size = before;
	conversion->path[before] = '\0';
}

/* "the string 'abc'": cut when long. */
static void describe_value(PyObject *value, char *into, size_t size)
{
	if (value == Py_None) {
		snprintf(into, size, "null");
	} else if (PyBool_Check(value)) {
		snprintf(into, size, "%s", value == Py_True ? "true" : "false");
	} else if (PyUnicode_Check(value)) {
		PyObject *start = PyUnicode_Substring(value, 0, 30);
		const char *text = start ? PyUnicode_AsUTF8(start) : NULL;

		snprintf(into, size, "the string '%s%s'", text ? text : "",
		         PyUnicode_GET_LENGTH(value) > 30 ? "..." : "");
		Py_XDECREF(start);
	} else if (PyList_Check(value)) {
		snprintf(into, size, "an array");
	} else if (PyDict_Check(value)) {
		snprintf(into, size, "an object");
	} else {
		PyObject *text = PyObject_Repr(value);
		const char *digits = text ? PyUnicode_AsUTF8(text) : NULL;

		snprintf(into, size, "%.40s", digits ? digits : "a number");
		Py_XDECREF(text);
	}
	PyErr_Clear();
}

const char *python_type_words(const struct python_type *type)
{
	static const char *const names[] = {
		[PYTHON_NONE] = "null",
		[PYTHON_BOOL] = "a boolean",
		[PYTHON_INT] = "an integer",
		[PYTHON_FLOAT] = "a number",
		[PYTHON_STR] = "a string",
		[PYTHON_BYTES] = "bytes as a base64 string",
		[PYTHON_LIST] = "an array",
		[PYTHON_TUPLE] = "an array",
		[PYTHON_DICT] = "an object",
		[PYTHON_UNION] = "another type",
		[PYTHON_LITERAL] = "one of its values",
		[PYTHON_ENUM] = "a member of the enum",
		[PYTHON_RECORD] = "an object",
		[PYTHON_WRAP] = "an array",
		[PYTHON_PARSE] = "another value",
		[PYTHON_GUIDED] = "any value",
	};
	const char *said = type->words ? PyUnicode_AsUTF8(type->words) : NULL;

	return said ? said : names[type->kind];
}

PyObject *python_mismatch(struct python_conversion *conversion, const struct python_type *type,
                          PyObject *value)
{
	char got[200];

	if (conversion->quiet)
		return python_misfit(conversion, "%s", "");
	describe_value(value, got, sizeof got);
	return python_misfit(conversion, "expected %s, not %s", python_type_words(type), got);
}

/* ---- what is called on a value ---- */

/* OBJECT(value); what it raises becomes the problem. */
static PyObject *construct(struct python_conversion *conversion, const struct python_type *type,
                           PyObject *arguments, PyObject *names, PyObject *value)
{
	char why[200], got[200];
	PyObject *made = PyObject_Call(type->object, arguments, names);

	if (made)
		return made;
	if (conversion->quiet)
		return python_misfit(conversion, "%s", "");
	python_error_text(why, sizeof why);
	const char *message = strstr(why, ": ") ? strstr(why, ": ") + 2 : why;
	if (names)
		return python_misfit(conversion, "%s", *message ? message : why);
	describe_value(value, got, sizeof got);
	return python_misfit(conversion, "expected %s, not %s (%s)", python_type_words(type), got,
	                     *message ? message : why);
}

static PyObject *construct_one(struct python_conversion *conversion, const struct python_type *type,
                               PyObject *value)
{
	PyObject *arguments = PyTuple_Pack(1, value), *made;

	if (!arguments)
		return python_misfit(conversion, "no memory");
	made = construct(conversion, type, arguments, NULL, value);
	Py_DECREF(arguments);
	return made;
}

/* ---- arrays and objects ---- */

static PyObject *to_list(struct python_conversion *conversion, const struct python_type *type,
                         PyObject *value)
{
	bool fixed = type->kind == PYTHON_TUPLE;

	if (!PyList_Check(value))
		return python_mismatch(conversion, type, value);
	Py_ssize_t size = PyList_GET_SIZE(value);
	if (fixed && (size_t)size != type->n)
		return python_misfit(conversion, "expected an array of %zu, not of %zd", type->n, size);
	PyObject *made = fixed ? PyTuple_New(size) : PyList_New(size);
	unsigned before = conversion->failures;
	for (Py_ssize_t i = 0; made && i < size && conversion->failures < before + ENOUGH; i++) {
		size_t path = push_index(conversion, i);
		PyObject *item =
			python_convert(conversion, type->items[fixed ? i : 0], PyList_GET_ITEM(value, i));

		pop(conversion, path);
		if (!item && conversion->quiet)
			break;
		if (item && fixed)
			PyTuple_SET_ITEM(made, i, item);
		else if (item)
			PyList_SET_ITEM(made, i, item);
	}
	if (!made)
		return python_misfit(conversion, "no memory");
	if (conversion->failures != before)
		Py_CLEAR(made);
	return made;
}

static PyObject *to_dict(struct python_conversion *conversion, const struct python_type *type,
                         PyObject *value)
{
	PyObject *key, *item, *made;
	Py_ssize_t at = 0;
	unsigned before = conversion->failures;

	if (!PyDict_Check(value))
		return python_mismatch(conversion, type, value);
	made = PyDict_New();
	while (made && conversion->failures < before + ENOUGH && PyDict_Next(value, &at, &key, &item)) {
		size_t path = push_name(conversion, key);
		bool strict = conversion->strict;

		conversion->strict = false; /* keys are strings in JSON, whatever they mean */
		PyObject *name = python_convert(conversion, type->items[0], key);
		conversion->strict = strict;
		PyObject *made_item = python_convert(conversion, type->items[1], item);
		if (name && made_item && PyDict_SetItem(made, name, made_item))
			python_misfit(conversion, "the key cannot be hashed");
		pop(conversion, path);
		Py_XDECREF(name);
		Py_XDECREF(made_item);
	}
	if (!made)
		return python_misfit(conversion, "no memory");
	if (conversion->failures != before)
		Py_CLEAR(made);
	return made;
}

static const struct python_field *field_of(const struct python_type *type, PyObject *name)
{
	for (size_t i = 0; i < type->n_fields; i++)
		if (PyUnicode_Compare(type->fields[i].name, name) == 0)
			return &type->fields[i];
	return NULL;
}

/* [1, 2] for a named tuple: as if it were {"x": 1, "y": 2}. */
static PyObject *by_position(struct python_conversion *conversion, const struct python_type *type,
                             PyObject *list)
{
	PyObject *dict = PyDict_New();

	if ((size_t)PyList_GET_SIZE(list) > type->n_fields) {
		Py_XDECREF(dict);
		return python_misfit(conversion, "expected an array of at most %zu, not of %zd",
		                     type->n_fields, PyList_GET_SIZE(list));
	}
	for (Py_ssize_t i = 0; dict && i < PyList_GET_SIZE(list); i++)
		if (PyDict_SetItem(dict, type->fields[i].name, PyList_GET_ITEM(list, i)))
			Py_CLEAR(dict);
	return dict ? dict : python_misfit(conversion, "no memory");
}

static void convert_fields(struct python_conversion *conversion, const struct python_type *type,
                           PyObject *value, PyObject *into)
{
	PyObject *key, *item;
	Py_ssize_t at = 0;
	unsigned before = conversion->failures;

	while (conversion->failures < before + ENOUGH && PyDict_Next(value, &at, &key, &item)) {
		const struct python_field *field = field_of(type, key);
		size_t path = push_name(conversion, key);

		if (!field && !type->open) {
			python_misfit(conversion, "unknown member");
		} else {
			PyObject *made =
				field ? python_convert(conversion, field->type, item) : Py_NewRef(item);
			if (made && PyDict_SetItem(into, key, made))
				python_misfit(conversion, "no memory");
			Py_XDECREF(made);
		}
		pop(conversion, path);
	}
	for (size_t i = 0; i < type->n_fields; i++) {
		const struct python_field *field = &type->fields[i];
		if (!field->required || PyDict_Contains(value, field->name) == 1)
			continue;
		size_t path = push_name(conversion, field->name);
		python_misfit(conversion, "missing%s%s%s", field->type ? " (" : "",
		              field->type ? python_type_words(field->type) : "", field->type ? ")" : "");
		pop(conversion, path);
	}
}

static PyObject *to_record(struct python_conversion *conversion, const struct python_type *type,
                           PyObject *value)
{
	PyObject *by_name, *names, *none, *made = NULL;
	unsigned before = conversion->failures;

	if (PyList_Check(value) && type->array_too)
		by_name = by_position(conversion, type, value);
	else if (PyDict_Check(value))
		by_name = Py_NewRef(value);
	else
		by_name = python_mismatch(conversion, type, value);
	if (!by_name)
		return NULL;
	names = PyDict_New();
	none = PyTuple_New(0);
	if (!names || !none)
		python_misfit(conversion, "no memory");
	else
		convert_fields(conversion, type, by_name, names);
	if (conversion->failures == before)
		made = construct(conversion, type, none, names, value);
	Py_XDECREF(none);
	Py_XDECREF(names);
	Py_DECREF(by_name);
	return made;
}

/* ---- unions ---- */

/* Tries the members without saying what does not fit. */
static PyObject *try_members(struct python_conversion *conversion, const struct python_type *type,
                             PyObject *value, bool strict)
{
	struct python_conversion inner = *conversion;
	PyObject *made = NULL;

	inner.quiet = true;
	inner.strict = strict || conversion->strict;
	for (size_t i = 0; i < type->n && !made; i++)
		made = python_convert(&inner, type->items[i], value);
	return made;
}

static bool is_for(const struct python_type *type, PyObject *value)
{
	return PyDict_Check(value)   ? type->kind == PYTHON_RECORD || type->kind == PYTHON_DICT
	       : PyList_Check(value) ? type->kind == PYTHON_LIST || type->kind == PYTHON_TUPLE ||
	                                   type->kind == PYTHON_WRAP
	                             : false;
}

static PyObject *to_union(struct python_conversion *conversion, const struct python_type *type,
                          PyObject *value)
{
	const struct python_type *only = NULL;
	size_t n = 0;

	for (size_t i = 0; i < type->n; i++) {
		if (!type->items[i]) /* one of them takes anything */
			return python_convert(conversion, NULL, value);
		if (type->items[i]->kind == PYTHON_NONE) {
			if (value == Py_None)
				return Py_NewRef(value);
		} else {
			only = type->items[i];
			n++;
		}
	}
	if (n == 1)
		return python_convert(conversion, only, value);
	PyObject *made = try_members(conversion, type, value, true);
	if (!made && !conversion->strict)
		made = try_members(conversion, type, value, false);
	if (made || conversion->quiet)
		return made ? made : python_misfit(conversion, "%s", "");
	/* When only one member can be meant, its problems are the useful ones. */
	for (size_t i = n = 0; i < type->n; i++)
		if (is_for(type->items[i], value)) {
			only = type->items[i];
			n++;
		}
	return n == 1 ? python_convert(conversion, only, value)
	              : python_mismatch(conversion, type, value);
}

/* A value as it is, but for reals that still carry their digits. */
static PyObject *plain(PyObject *value)
{
	if (PyFloat_Check(value) && !PyFloat_CheckExact(value))
		return PyFloat_FromDouble(PyFloat_AS_DOUBLE(value));
	if (PyList_CheckExact(value)) {
		for (Py_ssize_t i = 0; i < PyList_GET_SIZE(value); i++) {
			PyObject *item = plain(PyList_GET_ITEM(value, i));
			if (!item || PyList_SetItem(value, i, item))
				return NULL;
		}
	} else if (PyDict_CheckExact(value)) {
		PyObject *key, *old;
		Py_ssize_t at = 0;

		while (PyDict_Next(value, &at, &key, &old)) {
			PyObject *item = plain(old);
			int code = item ? PyDict_SetItem(value, key, item) : -1;
			Py_XDECREF(item);
			if (code)
				return NULL;
		}
	}
	return Py_NewRef(value);
}

/* Recursion is bounded by the depth of the payload. */
PyObject *python_convert(struct python_conversion *conversion, const struct python_type *type,
                         PyObject *value)
{
	PyObject *made;

	if (!type) {
		made = conversion->exact ? plain(value) : Py_NewRef(value);
		return made ? made : python_misfit(conversion, "no memory");
	}
	switch (type->kind) {
	case PYTHON_NONE:
		return value == Py_None ? Py_NewRef(value) : python_mismatch(conversion, type, value);
	case PYTHON_BOOL: return python_to_bool(conversion, type, value);
	case PYTHON_INT: return python_to_int(conversion, type, value);
	case PYTHON_FLOAT: return python_to_float(conversion, type, value);
	case PYTHON_STR:
		return PyUnicode_Check(value) ? Py_NewRef(value) : python_mismatch(conversion, type, value);
	case PYTHON_BYTES: return python_to_bytes(conversion, type, value);
	case PYTHON_LIST:
	case PYTHON_TUPLE: return to_list(conversion, type, value);
	case PYTHON_DICT: return to_dict(conversion, type, value);
	case PYTHON_UNION: return to_union(conversion, type, value);
	case PYTHON_LITERAL: return python_to_literal(conversion, type, value);
	case PYTHON_ENUM: return python_to_enum(conversion, type, value);
	case PYTHON_RECORD: return to_record(conversion, type, value);
	case PYTHON_PARSE:
		return conversion->strict ? python_mismatch(conversion, type, value)
		                          : construct_one(conversion, type, value);
	case PYTHON_WRAP:
		made = python_convert(conversion, type->items[0], value);
		if (made) {
			PyObject *inner = made;
			made = construct_one(conversion, type, inner);
			Py_DECREF(inner);
		}
		return made;
	case PYTHON_GUIDED:
		made = NULL;
		if (PyUnicode_Check(value) || type->items[0]->kind == PYTHON_ENUM) {
			struct python_conversion inner = *conversion;

			inner.quiet = true;
			made = python_convert(&inner, type->items[0], value);
		}
		return made ? made : python_convert(conversion, NULL, value);
	}
	return NULL;
}
