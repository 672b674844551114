/* langs/python_write.c — a function's value as JSON. Plain values are written
 * here in C; what is rare (dataclasses, dates, decimals, objects of the user's
 * own classes) is first turned into something plain by python_types.py, which
 * also says what the form of each type is. Called by python_call.c. */
#include "langs/python.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/base64.h"
#include "base/buffer.h"

struct writer {
	struct snafu_buffer *into;
	/* What is being written, outermost first: tells a value that contains
	 * itself from one that is merely deep. */
	const PyObject *above[SNAFU_JSON_DEPTH_CAP];
	unsigned depth;
	/* Where it went wrong; grows to the left while the calls return. */
	char path[PYTHON_PATH_CAP];
	size_t path_at;
	unsigned path_depth; /* pieces of levels below it are left out */
	char problem[256]; /* empty: an exception is set, or the buffer is full */
};

static int write_value(struct writer *writer, PyObject *value);

static int problem(struct writer *writer, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static int problem(struct writer *writer, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(writer->problem, sizeof writer->problem, format, arguments);
	va_end(arguments);
	return -1;
}

/* Puts a piece of path in front of what is there; drops it when it is too long. */
static void prepend(struct writer *writer, const char *piece)
{
	size_t size = strlen(piece);

	if (size > writer->path_at || writer->depth > writer->path_depth)
		return;
	writer->path_at -= size;
	memcpy(writer->path + writer->path_at, piece, size);
}

static void prepend_index(struct writer *writer, Py_ssize_t index)
{
	char piece[32];

	snprintf(piece, sizeof piece, "[%zd]", index);
	prepend(writer, piece);
}

static void prepend_key(struct writer *writer, PyObject *key)
{
	char piece[64];
	PyObject *type, *value, *trace;

	PyErr_Fetch(&type, &value, &trace); /* one may be on its way */
	const char *text = PyUnicode_Check(key) ? PyUnicode_AsUTF8(key) : NULL;
	PyErr_Clear();
	if (text)
		snprintf(piece, sizeof piece, ".%.50s", text);
	else
		snprintf(piece, sizeof piece, "[a key of type %.30s]", Py_TYPE(key)->tp_name);
	prepend(writer, piece);
	PyErr_Restore(type, value, trace);
}

static int enter(struct writer *writer, const PyObject *value)
{
	if (writer->depth < SNAFU_JSON_DEPTH_CAP) {
		writer->above[writer->depth++] = value;
		return 0;
	}
	for (unsigned i = writer->depth; i-- > 1;)
		if (writer->above[i] == value) {
			/* Say where it was met first again, not how often. */
			for (unsigned j = i; j-- > 0;)
				if (writer->above[j] == value) {
					writer->path_depth = i;
					i = j;
				}
			return problem(writer, "it contains itself");
		}
	writer->path_depth = 4;
	return problem(writer, "it is nested deeper than %d levels", SNAFU_JSON_DEPTH_CAP);
}

static void leave(struct writer *writer)
{
	writer->depth--;
}

static int write_string(struct writer *writer, PyObject *string)
{
	Py_ssize_t size;
	const char *text;

	if (PyUnicode_IS_COMPACT_ASCII(string)) {
		python_write_text(writer->into, (const char *)PyUnicode_1BYTE_DATA(string),
		                  (size_t)PyUnicode_GET_LENGTH(string));
		return 0;
	}
	text = PyUnicode_AsUTF8AndSize(string, &size);
	if (!text) {
		if (!PyErr_ExceptionMatches(PyExc_UnicodeError))
			return -1;
		PyErr_Clear();
		return problem(writer, "a string with half of a surrogate pair has no JSON form");
	}
	python_write_text(writer->into, text, (size_t)size);
	return 0;
}

static int write_integer(struct writer *writer, PyObject *integer)
{
	int overflow;
	long long number = PyLong_AsLongLongAndOverflow(integer, &overflow);

	if (!overflow) {
		snafu_json_write_int64(writer->into, number);
		return 0;
	}
	size_t n_digits = _PyLong_NumBits(integer) / 10 * 3;
	if (n_digits > PYTHON_DIGITS_CAP)
		return problem(writer, "an integer of more than %d digits is too long", PYTHON_DIGITS_CAP);
	PyObject *text = python_format_integer(integer, n_digits);
	if (!text)
		return -1;
	snafu_buffer_append(writer->into, PyUnicode_1BYTE_DATA(text),
	                    (size_t)PyUnicode_GET_LENGTH(text));
	Py_DECREF(text);
	return 0;
}

static int write_float(struct writer *writer, double number)
{
	if (number - number != 0)
		return problem(writer, "%s has no JSON form",
		               number != number ? "NaN"
		               : number > 0     ? "Infinity"
		                                : "-Infinity");
	if (number > -1e15 && number < 1e15 && number == (double)(long long)number &&
	    (number != 0 || !signbit(number))) {
		snafu_json_write_int64(writer->into, (long long)number);
		snafu_buffer_append(writer->into, ".0", 2);
		return 0;
	}
	char *text = PyOS_double_to_string(number, 'r', 0, Py_DTSF_ADD_DOT_0, NULL);
	if (!text)
		return -1;
	snafu_buffer_append_text(writer->into, text);
	PyMem_Free(text);
	return 0;
}

/* A list or tuple. */
static int write_sequence(struct writer *writer, PyObject *sequence)
{
	int code = enter(writer, sequence);

	if (code)
		return code;
	snafu_buffer_append_byte(writer->into, '[');
	for (Py_ssize_t i = 0; !code && i < PySequence_Fast_GET_SIZE(sequence); i++) {
		PyObject *item = Py_NewRef(PySequence_Fast_GET_ITEM(sequence, i));

		if (i > 0)
			snafu_buffer_append_byte(writer->into, ',');
		code = write_value(writer, item);
		Py_DECREF(item);
		if (code)
			prepend_index(writer, i);
	}
	snafu_buffer_append_byte(writer->into, ']');
	leave(writer);
	return code;
}

/* Whatever can be iterated; an endless one ends at the buffer's cap. */
static int write_iterable(struct writer *writer, PyObject *iterable)
{
	PyObject *iterator = PyObject_GetIter(iterable), *item;
	int code = iterator ? enter(writer, iterable) : -1;

	if (code) {
		Py_XDECREF(iterator);
		return code;
	}
	snafu_buffer_append_byte(writer->into, '[');
	for (Py_ssize_t i = 0; !code && (item = PyIter_Next(iterator)); i++) {
		if (i > 0)
			snafu_buffer_append_byte(writer->into, ',');
		code = write_value(writer, item);
		Py_DECREF(item);
		if (code)
			prepend_index(writer, i);
		else if (snafu_buffer_failed(writer->into))
			code = -1;
	}
	if (!code && PyErr_Occurred())
		code = -1;
	snafu_buffer_append_byte(writer->into, ']');
	leave(writer);
	/* Closing a generator runs its code: with no exception of ours on the way. */
	PyObject *type, *value, *trace;
	PyErr_Fetch(&type, &value, &trace);
	Py_DECREF(iterator);
	PyErr_Restore(type, value, trace);
	return code;
}

static int write_set(struct writer *writer, PyObject *set)
{
	PyObject *list = PySequence_List(set);

	if (!list)
		return -1;
	if (PyList_Sort(list)) { /* so that equal sets look equal; if they can be sorted */
		if (!PyErr_ExceptionMatches(PyExc_TypeError)) {
			Py_DECREF(list);
			return -1;
		}
		PyErr_Clear();
	}
	int code = write_sequence(writer, list);
	Py_DECREF(list);
	return code;
}

static PyObject *simplify(struct writer *writer, PyObject *value)
{
	PyObject *function = python_helper("simplify");
	PyObject *plain = function ? PyObject_CallOneArg(function, value) : NULL;

	Py_XDECREF(function);
	if (!plain) {
		PyObject *type, *error, *trace;
		PyErr_Fetch(&type, &error, &trace);
		PyObject *no_form = python_helper("NoForm");
		bool ours = no_form && type && PyErr_GivenExceptionMatches(type, no_form);
		Py_XDECREF(no_form);
		PyErr_Restore(type, error, trace);
		if (ours) {
			char text[sizeof writer->problem];
			python_error_text(text, sizeof text);
			const char *message = strstr(text, ": ");
			problem(writer, "%s", message ? message + 2 : text);
		}
	}
	return plain;
}

/* Keys as json.dumps has them: numbers, booleans and None become strings. */
static int write_key(struct writer *writer, PyObject *key)
{
	if (PyUnicode_CheckExact(key))
		return write_string(writer, key);
	PyObject *plain = Py_TYPE(key) == &PyLong_Type || Py_TYPE(key) == &PyFloat_Type ||
	                          key == Py_None || PyBool_Check(key)
	                      ? Py_NewRef(key)
	                      : simplify(writer, key);
	if (!plain)
		return -1;
	int code = -1;
	if (PyUnicode_Check(plain)) {
		code = write_string(writer, plain);
	} else if (plain == Py_None || PyBool_Check(plain)) {
		code = snafu_buffer_append_text(writer->into, plain == Py_None   ? "\"null\""
		                                              : plain == Py_True ? "\"true\""
		                                                                 : "\"false\"");
	} else if (PyFloat_Check(plain) || PyLong_Check(plain)) {
		PyObject *text =
			PyFloat_Check(plain) ? PyFloat_Type.tp_repr(plain) : PyLong_Type.tp_repr(plain);
		code = text ? write_string(writer, text) : -1;
		Py_XDECREF(text);
	} else {
		problem(writer, "a key of type %.100s cannot be a JSON object's", Py_TYPE(key)->tp_name);
	}
	Py_DECREF(plain);
	return code;
}

static int write_member(struct writer *writer, PyObject *key, PyObject *value, bool first)
{
	if (!first)
		snafu_buffer_append_byte(writer->into, ',');
	int code = write_key(writer, key);
	if (code)
		return code;
	snafu_buffer_append_byte(writer->into, ':');
	code = write_value(writer, value);
	if (code)
		prepend_key(writer, key);
	return code;
}

static int write_dict(struct writer *writer, PyObject *dict)
{
	PyObject *key, *value;
	Py_ssize_t position = 0;
	bool first = true;
	int code = enter(writer, dict);

	if (code)
		return code;
	snafu_buffer_append_byte(writer->into, '{');
	while (!code && PyDict_Next(dict, &position, &key, &value)) {
		Py_INCREF(key); /* code that runs meanwhile may take them out */
		Py_INCREF(value);
		code = write_member(writer, key, value, first);
		first = false;
		Py_DECREF(key);
		Py_DECREF(value);
	}
	snafu_buffer_append_byte(writer->into, '}');
	leave(writer);
	return code;
}

/* A named tuple: an object by its fields. */
static int write_fields(struct writer *writer, PyObject *tuple, PyObject *fields)
{
	int code = enter(writer, tuple);

	if (code)
		return code;
	snafu_buffer_append_byte(writer->into, '{');
	for (Py_ssize_t i = 0; !code && i < PyTuple_GET_SIZE(fields); i++)
		code = write_member(writer, PyTuple_GET_ITEM(fields, i), PyTuple_GET_ITEM(tuple, i), !i);
	snafu_buffer_append_byte(writer->into, '}');
	leave(writer);
	return code;
}

static int write_simplified(struct writer *writer, PyObject *value)
{
	int code = enter(writer, value); /* one that simplifies to itself ends at the cap */

	if (code)
		return code;
	PyObject *plain = simplify(writer, value);
	code = plain ? write_value(writer, plain) : -1;
	Py_XDECREF(plain);
	leave(writer);
	return code;
}

static int write_tuple(struct writer *writer, PyObject *tuple)
{
	PyObject *fields = PyTuple_CheckExact(tuple) ? NULL : PyObject_GetAttrString(tuple, "_fields");

	PyErr_Clear();
	int code =
		fields && PyTuple_CheckExact(fields) && PyTuple_GET_SIZE(fields) == PyTuple_GET_SIZE(tuple)
			? write_fields(writer, tuple, fields)
			: write_sequence(writer, tuple);
	Py_XDECREF(fields);
	return code;
}

/* What is no exact plain type. */
static int write_other(struct writer *writer, PyObject *value)
{
	PyTypeObject *type = Py_TYPE(value);

	if (PyBytes_Check(value)) {
		snafu_base64_write_string(writer->into, PyBytes_AS_STRING(value),
		                          (size_t)PyBytes_GET_SIZE(value));
		return 0;
	}
	if (PyByteArray_Check(value)) {
		snafu_base64_write_string(writer->into, PyByteArray_AS_STRING(value),
		                          (size_t)PyByteArray_GET_SIZE(value));
		return 0;
	}
	if (PyAnySet_Check(value))
		return write_set(writer, value);
	/* A class with a metaclass may be an enum, whose members are ints or strings too. */
	if (Py_TYPE(type) != &PyType_Type)
		return write_simplified(writer, value);
	if (PyTuple_Check(value))
		return write_tuple(writer, value);
	if (PyList_Check(value))
		return write_sequence(writer, value);
	if (PyUnicode_Check(value))
		return write_string(writer, value);
	if (PyLong_Check(value))
		return write_integer(writer, value);
	if (PyFloat_Check(value))
		return write_float(writer, PyFloat_AS_DOUBLE(value));
	if (PyRange_Check(value) || PyGen_CheckExact(value) || PyDictViewSet_Check(value) ||
	    PyDictValues_Check(value))
		return write_iterable(writer, value);
	return write_simplified(writer, value);
}

static int write_value(struct writer *writer, PyObject *value)
{
	if (PyUnicode_CheckExact(value))
		return write_string(writer, value);
	if (PyLong_CheckExact(value))
		return write_integer(writer, value);
	if (value == Py_None)
		return snafu_buffer_append(writer->into, "null", 4), 0;
	if (value == Py_True)
		return snafu_buffer_append(writer->into, "true", 4), 0;
	if (value == Py_False)
		return snafu_buffer_append(writer->into, "false", 5), 0;
	if (PyFloat_CheckExact(value))
		return write_float(writer, PyFloat_AS_DOUBLE(value));
	if (snafu_buffer_failed(writer->into))
		return -1;
	if (PyList_CheckExact(value) || PyTuple_CheckExact(value))
		return write_sequence(writer, value);
	if (PyDict_CheckExact(value))
		return write_dict(writer, value);
	return write_other(writer, value);
}

void python_write(PyObject *value, struct snafu_result *result)
{
	struct writer writer; /* a kilobyte: not cleared for every call */

	writer.into = &result->payload;
	writer.depth = 0;
	writer.path_depth = SNAFU_JSON_DEPTH_CAP;
	writer.path_at = sizeof writer.path;
	writer.problem[0] = '\0';
	snafu_buffer_clear(writer.into);
	int code = write_value(&writer, value);
	int full = snafu_buffer_failed(writer.into);
	if (!code && !full) {
		result->status = SNAFU_OK;
		return;
	}
	if (full == -EMSGSIZE) {
		PyErr_Clear();
		snafu_result_fail(result, SNAFU_BAD_RESULT, "ResultError",
		                  "the result is larger than %zu bytes ([limits] result-size)",
		                  writer.into->cap);
	} else if (full || (PyErr_Occurred() && PyErr_ExceptionMatches(PyExc_MemoryError))) {
		PyErr_Clear();
		snafu_result_fail(result, SNAFU_INTERNAL, "MemoryError", "no memory for the result");
	} else if (!writer.problem[0]) {
		python_fail(result, SNAFU_RAISED);
	} else {
		PyErr_Clear();
		snafu_result_fail(result, SNAFU_BAD_RESULT, "ResultError", "result%.*s: %s",
		                  (int)(sizeof writer.path - writer.path_at), writer.path + writer.path_at,
		                  writer.problem);
	}
}
