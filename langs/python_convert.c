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

#include "base/file.h"

#define ENOUGH 20 /* problems after which an array or object is not looked at any more */

static PyObject *fail(struct python_conversion *conversion, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static PyObject *fail(struct python_conversion *conversion, const char *format, ...)
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

static PyObject *mismatch(struct python_conversion *conversion, const struct python_type *type,
                          PyObject *value)
{
	char got[200];

	if (conversion->quiet)
		return fail(conversion, "%s", "");
	describe_value(value, got, sizeof got);
	return fail(conversion, "expected %s, not %s", python_type_words(type), got);
}

/* ---- scalars ---- */

/* ASCII text of a str without the white space around it; NULL when there are
 * other characters in it or it is long. */
static const char *trimmed(PyObject *string, char *room, size_t size)
{
	Py_ssize_t length;
	const char *text = PyUnicode_IS_ASCII(string) ? PyUnicode_AsUTF8AndSize(string, &length) : NULL;

	if (!text)
		return NULL;
	while (length && strchr(" \t\r\n", text[0]))
		text++, length--;
	while (length && strchr(" \t\r\n", text[length - 1]))
		length--;
	if ((size_t)length >= size || strlen(text) < (size_t)length || !length)
		return NULL;
	memcpy(room, text, (size_t)length);
	room[length] = '\0';
	return room;
}

static PyObject *to_bool(struct python_conversion *conversion, const struct python_type *type,
                         PyObject *value)
{
	static const char *const yes[] = {"true", "1", "yes", "on", "t", "y"};
	static const char *const no[] = {"false", "0", "no", "off", "f", "n"};
	char room[16];

	if (PyBool_Check(value))
		return Py_NewRef(value);
	if (conversion->strict)
		return mismatch(conversion, type, value);
	if (PyLong_Check(value) || PyFloat_Check(value)) {
		double number = PyFloat_AsDouble(value);

		if (number == 0 || number == 1)
			return PyBool_FromLong(number == 1);
		PyErr_Clear();
	}
	const char *text = PyUnicode_Check(value) ? trimmed(value, room, sizeof room) : NULL;
	for (size_t i = 0; text && i < sizeof yes / sizeof *yes; i++) {
		if (!strcasecmp(text, yes[i]))
			Py_RETURN_TRUE;
		if (!strcasecmp(text, no[i]))
			Py_RETURN_FALSE;
	}
	return mismatch(conversion, type, value);
}

static PyObject *to_int(struct python_conversion *conversion, const struct python_type *type,
                        PyObject *value)
{
	if (PyLong_CheckExact(value))
		return Py_NewRef(value);
	if (conversion->strict)
		return mismatch(conversion, type, value);
	if (PyBool_Check(value))
		return PyLong_FromLong(value == Py_True);
	if (PyFloat_Check(value)) {
		double number = PyFloat_AS_DOUBLE(value);
		PyObject *integer = number - number == 0 ? PyLong_FromDouble(number) : NULL;

		if (integer && PyLong_AsDouble(integer) == number)
			return integer;
		PyErr_Clear();
		Py_XDECREF(integer);
	}
	if (PyUnicode_Check(value)) {
		char room[5000];
		const char *text = trimmed(value, room, sizeof room);
		const char *digits = text ? text + (*text == '-' || *text == '+') : "";

		if (*digits && strspn(digits, "0123456789") == strlen(digits)) {
			PyObject *integer = PyLong_FromString(text, NULL, 10);
			if (integer)
				return integer;
		}
	}
	return mismatch(conversion, type, value);
}

static PyObject *to_float(struct python_conversion *conversion, const struct python_type *type,
                          PyObject *value)
{
	if (PyFloat_CheckExact(value))
		return Py_NewRef(value);
	if (PyFloat_Check(value)) {
		double number = PyFloat_AS_DOUBLE(value);

		return number - number == 0
		               ? PyFloat_FromDouble(number)
		               : fail(conversion, "the number is beyond the range of a float");
	}
	if (conversion->strict)
		return mismatch(conversion, type, value);
	if (PyLong_Check(value)) {
		double number = PyLong_AsDouble(value);

		return number == -1 && PyErr_Occurred()
		               ? fail(conversion, "the integer is beyond the range of a float")
		               : PyFloat_FromDouble(number);
	}
	if (PyUnicode_Check(value)) {
		char room[100];
		const char *text = trimmed(value, room, sizeof room);
		double number = text ? PyOS_string_to_double(text, NULL, NULL) : -1;

		if (text && !PyErr_Occurred())
			return PyFloat_FromDouble(number);
	}
	return mismatch(conversion, type, value);
}

static PyObject *to_bytes(struct python_conversion *conversion, const struct python_type *type,
                          PyObject *value)
{
	if (!PyUnicode_Check(value) || conversion->strict)
		return mismatch(conversion, type, value);
	PyObject *module = PyImport_ImportModule("binascii");
	PyObject *decode = module ? PyObject_GetAttrString(module, "a2b_base64") : NULL;
	PyObject *names = Py_BuildValue("(s)", "strict_mode");
	PyObject *bytes = decode && names
	                          ? PyObject_Vectorcall(decode, (PyObject *[]){value, Py_True}, 1, names)
	                          : NULL;
	Py_XDECREF(names);
	Py_XDECREF(decode);
	Py_XDECREF(module);
	return bytes ? bytes : mismatch(conversion, type, value);
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
		return fail(conversion, "%s", "");
	python_error_text(why, sizeof why);
	const char *message = strstr(why, ": ") ? strstr(why, ": ") + 2 : why;
	if (names)
		return fail(conversion, "%s", *message ? message : why);
	describe_value(value, got, sizeof got);
	return fail(conversion, "expected %s, not %s (%s)", python_type_words(type), got,
	            *message ? message : why);
}

static PyObject *construct_one(struct python_conversion *conversion,
                               const struct python_type *type, PyObject *value)
{
	PyObject *arguments = PyTuple_Pack(1, value), *made;

	if (!arguments)
		return fail(conversion, "no memory");
	made = construct(conversion, type, arguments, NULL, value);
	Py_DECREF(arguments);
	return made;
}

/* By name, else by value: "RED" or 1. */
static PyObject *to_enum(struct python_conversion *conversion, const struct python_type *type,
                         PyObject *value)
{
	PyObject *member = PyUnicode_Check(value) ? PyObject_GetItem(type->object, value) : NULL;

	PyErr_Clear();
	if (!member)
		member = PyObject_CallOneArg(type->object, value);
	PyErr_Clear();
	if (!member && PyUnicode_Check(value) && !conversion->strict) { /* "1" from a form */
		PyObject *number = PyLong_FromUnicodeObject(value, 10);

		PyErr_Clear();
		member = number ? PyObject_CallOneArg(type->object, number) : NULL;
		PyErr_Clear();
		Py_XDECREF(number);
	}
	return member ? member : mismatch(conversion, type, value);
}

static PyObject *to_literal(struct python_conversion *conversion, const struct python_type *type,
                            PyObject *value)
{
	for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(type->object); i++) {
		PyObject *literal = PyTuple_GET_ITEM(type->object, i);

		if (Py_TYPE(literal) == Py_TYPE(value) &&
		    PyObject_RichCompareBool(literal, value, Py_EQ) == 1)
			return Py_NewRef(literal);
		if (conversion->strict || !PyUnicode_Check(value))
			continue;
		PyObject *text = PyObject_Str(literal); /* "1" for 1, "Color.RED" for an enum */
		bool same = text && PyUnicode_Compare(text, value) == 0;

		Py_XDECREF(text);
		if (same)
			return Py_NewRef(literal);
	}
	return mismatch(conversion, type, value);
}

/* ---- arrays and objects ---- */

static PyObject *to_list(struct python_conversion *conversion, const struct python_type *type,
                         PyObject *value)
{
	bool fixed = type->kind == PYTHON_TUPLE;

	if (!PyList_Check(value))
		return mismatch(conversion, type, value);
	Py_ssize_t size = PyList_GET_SIZE(value);
	if (fixed && (size_t)size != type->n)
		return fail(conversion, "expected an array of %zu, not of %zd", type->n, size);
	PyObject *made = fixed ? PyTuple_New(size) : PyList_New(size);
	unsigned before = conversion->failures;
	for (Py_ssize_t i = 0; made && i < size && conversion->failures < before + ENOUGH; i++) {
		size_t path = push_index(conversion, i);
		PyObject *item = python_convert(conversion, type->items[fixed ? i : 0],
		                                PyList_GET_ITEM(value, i));

		pop(conversion, path);
		if (!item && conversion->quiet)
			break;
		if (item && fixed)
			PyTuple_SET_ITEM(made, i, item);
		else if (item)
			PyList_SET_ITEM(made, i, item);
	}
	if (!made)
		return fail(conversion, "no memory");
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
		return mismatch(conversion, type, value);
	made = PyDict_New();
	while (made && conversion->failures < before + ENOUGH && PyDict_Next(value, &at, &key, &item)) {
		size_t path = push_name(conversion, key);
		bool strict = conversion->strict;

		conversion->strict = false; /* keys are strings in JSON, whatever they mean */
		PyObject *name = python_convert(conversion, type->items[0], key);
		conversion->strict = strict;
		PyObject *made_item = python_convert(conversion, type->items[1], item);
		if (name && made_item && PyDict_SetItem(made, name, made_item))
			fail(conversion, "the key cannot be hashed");
		pop(conversion, path);
		Py_XDECREF(name);
		Py_XDECREF(made_item);
	}
	if (!made)
		return fail(conversion, "no memory");
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
		return fail(conversion, "expected an array of at most %zu, not of %zd", type->n_fields,
		            PyList_GET_SIZE(list));
	}
	for (Py_ssize_t i = 0; dict && i < PyList_GET_SIZE(list); i++)
		if (PyDict_SetItem(dict, type->fields[i].name, PyList_GET_ITEM(list, i)))
			Py_CLEAR(dict);
	return dict ? dict : fail(conversion, "no memory");
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
			fail(conversion, "unknown member");
		} else {
			PyObject *made = field ? python_convert(conversion, field->type, item) : Py_NewRef(item);
			if (made && PyDict_SetItem(into, key, made))
				fail(conversion, "no memory");
			Py_XDECREF(made);
		}
		pop(conversion, path);
	}
	for (size_t i = 0; i < type->n_fields; i++) {
		const struct python_field *field = &type->fields[i];
		if (!field->required || PyDict_Contains(value, field->name) == 1)
			continue;
		size_t path = push_name(conversion, field->name);
		fail(conversion, "missing%s%s%s", field->type ? " (" : "",
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
		by_name = mismatch(conversion, type, value);
	if (!by_name)
		return NULL;
	names = PyDict_New();
	none = PyTuple_New(0);
	if (!names || !none)
		fail(conversion, "no memory");
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
	return PyDict_Check(value) ? type->kind == PYTHON_RECORD || type->kind == PYTHON_DICT
	       : PyList_Check(value)
	               ? type->kind == PYTHON_LIST || type->kind == PYTHON_TUPLE ||
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
		return made ? made : fail(conversion, "%s", "");
	/* When only one member can be meant, its problems are the useful ones. */
	for (size_t i = n = 0; i < type->n; i++)
		if (is_for(type->items[i], value)) {
			only = type->items[i];
			n++;
		}
	return n == 1 ? python_convert(conversion, only, value) : mismatch(conversion, type, value);
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
		return made ? made : fail(conversion, "no memory");
	}
	switch (type->kind) {
	case PYTHON_NONE:
		return value == Py_None ? Py_NewRef(value) : mismatch(conversion, type, value);
	case PYTHON_BOOL:
		return to_bool(conversion, type, value);
	case PYTHON_INT:
		return to_int(conversion, type, value);
	case PYTHON_FLOAT:
		return to_float(conversion, type, value);
	case PYTHON_STR:
		return PyUnicode_Check(value) ? Py_NewRef(value) : mismatch(conversion, type, value);
	case PYTHON_BYTES:
		return to_bytes(conversion, type, value);
	case PYTHON_LIST:
	case PYTHON_TUPLE:
		return to_list(conversion, type, value);
	case PYTHON_DICT:
		return to_dict(conversion, type, value);
	case PYTHON_UNION:
		return to_union(conversion, type, value);
	case PYTHON_LITERAL:
		return to_literal(conversion, type, value);
	case PYTHON_ENUM:
		return to_enum(conversion, type, value);
	case PYTHON_RECORD:
		return to_record(conversion, type, value);
	case PYTHON_PARSE:
		return conversion->strict ? mismatch(conversion, type, value)
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
