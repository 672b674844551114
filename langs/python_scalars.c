/* langs/python_scalars.c — JSON's scalars made into what annotations ask for; the
 * rules are in python_convert.c, which calls this. */
#include "langs/python.h"

#include <string.h>
#include <strings.h>

#define INTEGER_CAP 5000 /* bytes of an integer as text; Python takes 4300 digits */

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

PyObject *python_to_bool(struct python_conversion *conversion, const struct python_type *type,
                         PyObject *value)
{
	static const char *const yes[] = {"true", "1", "yes", "on", "t", "y"};
	static const char *const no[] = {"false", "0", "no", "off", "f", "n"};
	char room[16];

	if (PyBool_Check(value))
		return Py_NewRef(value);
	if (conversion->strict)
		return python_mismatch(conversion, type, value);
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
	return python_mismatch(conversion, type, value);
}

PyObject *python_to_int(struct python_conversion *conversion, const struct python_type *type,
                        PyObject *value)
{
	if (PyLong_CheckExact(value))
		return Py_NewRef(value);
	if (conversion->strict)
		return python_mismatch(conversion, type, value);
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
		char room[INTEGER_CAP];
		const char *text = trimmed(value, room, sizeof room);
		const char *digits = text ? text + (*text == '-' || *text == '+') : "";

		if (*digits && strspn(digits, "0123456789") == strlen(digits)) {
			PyObject *integer = PyLong_FromString(text, NULL, 10);
			if (integer)
				return integer;
		}
	}
	return python_mismatch(conversion, type, value);
}

PyObject *python_to_float(struct python_conversion *conversion, const struct python_type *type,
                          PyObject *value)
{
	if (PyFloat_CheckExact(value))
		return Py_NewRef(value);
	if (PyFloat_Check(value)) {
		double number = PyFloat_AS_DOUBLE(value);

		return number - number == 0
		           ? PyFloat_FromDouble(number)
		           : python_misfit(conversion, "the number is beyond the range of a float");
	}
	if (conversion->strict)
		return python_mismatch(conversion, type, value);
	if (PyLong_Check(value)) {
		double number = PyLong_AsDouble(value);

		return number == -1 && PyErr_Occurred()
		           ? python_misfit(conversion, "the integer is beyond the range of a float")
		           : PyFloat_FromDouble(number);
	}
	if (PyUnicode_Check(value)) {
		char room[100];
		const char *text = trimmed(value, room, sizeof room);
		double number = text ? PyOS_string_to_double(text, NULL, NULL) : -1;

		if (text && !PyErr_Occurred())
			return PyFloat_FromDouble(number);
	}
	return python_mismatch(conversion, type, value);
}

PyObject *python_to_bytes(struct python_conversion *conversion, const struct python_type *type,
                          PyObject *value)
{
	if (!PyUnicode_Check(value) || conversion->strict)
		return python_mismatch(conversion, type, value);
	PyObject *module = PyImport_ImportModule("binascii");
	PyObject *decode = module ? PyObject_GetAttrString(module, "a2b_base64") : NULL;
	PyObject *names = Py_BuildValue("(s)", "strict_mode");
	PyObject *both[] = {value, Py_True};
	PyObject *bytes = decode && names ? PyObject_Vectorcall(decode, both, 1, names) : NULL;
	Py_XDECREF(names);
	Py_XDECREF(decode);
	Py_XDECREF(module);
	return bytes ? bytes : python_mismatch(conversion, type, value);
}

/* By name, else by value: "RED" or 1. */
PyObject *python_to_enum(struct python_conversion *conversion, const struct python_type *type,
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
	return member ? member : python_mismatch(conversion, type, value);
}

PyObject *python_to_literal(struct python_conversion *conversion, const struct python_type *type,
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
	return python_mismatch(conversion, type, value);
}
