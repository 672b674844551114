/* langs/python_read.c — JSON bytes straight into Python objects: the pull
 * reader's values become int, float, str, list and dict with nothing between.
 * No digit of an integer is lost. Called by python_call.c. */
#include "langs/python.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/error.h"

#define KEYS         256 /* slots of the key cache */
#define KEY_SIZE_CAP 32 /* longer keys are not kept */
#define NUMBER_SIZE  64 /* numbers up to here need no allocation */
#define STRING_CAP   ((size_t)1 << 40)

/* Strings that came as keys lately. The GIL guards it. */
static PyObject *keys[KEYS];

void python_read_end(void)
{
	for (size_t i = 0; i < KEYS; i++)
		Py_CLEAR(keys[i]);
}

static PyObject *ascii(const char *text, size_t size)
{
	PyObject *string = PyUnicode_New((Py_ssize_t)size, 127);

	if (string && size)
		memcpy(PyUnicode_1BYTE_DATA(string), text, size);
	return string;
}

static PyObject *cached_key(const char *text, size_t size)
{
	unsigned hash = (unsigned)size;

	for (size_t i = 0; i < size; i++)
		hash = hash * 31 + (unsigned char)text[i];
	PyObject **slot = &keys[(hash ^ hash >> 8) % KEYS];
	if (*slot && (size_t)PyUnicode_GET_LENGTH(*slot) == size &&
	    memcmp(PyUnicode_1BYTE_DATA(*slot), text, size) == 0)
		return Py_NewRef(*slot);
	PyObject *key = ascii(text, size);
	if (key)
		Py_XSETREF(*slot, Py_NewRef(key));
	return key;
}

PyObject *python_read_string(const struct snafu_json_value *value, bool key)
{
	if (value->ascii)
		return key && value->size && value->size <= KEY_SIZE_CAP
		           ? cached_key(value->text, value->size)
		           : ascii(value->text, value->size);
	if (!value->escaped)
		return PyUnicode_DecodeUTF8(value->text, (Py_ssize_t)value->size, NULL);
	struct snafu_buffer plain = SNAFU_BUFFER(STRING_CAP);
	PyObject *string = NULL;
	if (snafu_json_unescape(value, &plain))
		PyErr_NoMemory();
	else
		string = PyUnicode_DecodeUTF8(plain.data ? plain.data : "", (Py_ssize_t)plain.size, NULL);
	snafu_buffer_done(&plain);
	return string;
}

/* The digits with a NUL behind them, in ROOM or malloc'ed. */
static char *digits(const struct snafu_json_value *value, char room[NUMBER_SIZE])
{
	char *text = value->size < NUMBER_SIZE ? room : malloc(value->size + 1);

	if (!text) {
		PyErr_NoMemory();
		return NULL;
	}
	memcpy(text, value->text, value->size);
	text[value->size] = '\0';
	return text;
}

static PyObject *read_integer(const struct snafu_json_value *value, struct snafu_error *error)
{
	char room[NUMBER_SIZE];

	if (value->size <= 18) {
		bool negative = value->text[0] == '-';
		long long number = 0;

		for (size_t i = negative; i < value->size; i++)
			number = number * 10 + (value->text[i] - '0');
		return PyLong_FromLongLong(negative ? -number : number);
	}
	char *text = digits(value, room);
	if (!text)
		return NULL;
	PyObject *integer = PyLong_FromString(text, NULL, 10);
	if (text != room)
		free(text);
	/* Python's own guard against integers that take seconds to read. */
	if (!integer && PyErr_ExceptionMatches(PyExc_ValueError)) {
		PyErr_Clear();
		snafu_fail(error, -ERANGE,
		           "an integer of %zu digits is longer than sys.set_int_max_str_digits() allows",
		           value->size);
	}
	return integer;
}

/* A float; one that is beyond a float's range is refused, unless its text is
 * kept as well. */
static PyObject *read_real(const struct snafu_json_value *value, bool exact,
                           struct snafu_error *error)
{
	char room[NUMBER_SIZE], *text = digits(value, room);
	PyObject *real = NULL;

	if (!text)
		return NULL;
	if (exact) {
		PyObject *class = python_helper("Real");

		real = class ? PyObject_CallFunction(class, "s", text) : NULL;
		Py_XDECREF(class);
	} else {
		double number = PyOS_string_to_double(text, NULL, NULL);

		if (!(number == -1.0 && PyErr_Occurred())) {
			if (number - number == 0)
				real = PyFloat_FromDouble(number);
			else
				snafu_fail(error, -ERANGE, "the number %.40s is beyond the range of a float", text);
		}
	}
	if (text != room)
		free(text);
	return real;
}

static PyObject *read_array(struct snafu_json_reader *reader, bool exact, struct snafu_error *error)
{
	PyObject *list = PyList_New(0);
	struct snafu_json_value value;
	int more;

	if (!list)
		return NULL;
	while ((more = snafu_json_next_element(reader, &value, error)) > 0) {
		PyObject *item = python_read(reader, &value, exact, error);

		if (!item || PyList_Append(list, item)) {
			Py_XDECREF(item);
			more = -1;
			break;
		}
		Py_DECREF(item);
	}
	if (more < 0)
		Py_CLEAR(list);
	return list;
}

static PyObject *read_object(struct snafu_json_reader *reader, bool exact,
                             struct snafu_error *error)
{
	PyObject *dict = PyDict_New();
	struct snafu_json_value key, value;
	int more;

	if (!dict)
		return NULL;
	while ((more = snafu_json_next_member(reader, &key, &value, error)) > 0) {
		PyObject *name = python_read_string(&key, true);
		PyObject *item = name ? python_read(reader, &value, exact, error) : NULL;
		int code = item ? PyDict_SetItem(dict, name, item) : -1;

		Py_XDECREF(name);
		Py_XDECREF(item);
		if (code) {
			more = -1;
			break;
		}
	}
	if (more < 0)
		Py_CLEAR(dict);
	return dict;
}

/* Recursion is bounded by the reader's depth cap. */
PyObject *python_read(struct snafu_json_reader *reader, const struct snafu_json_value *value,
                      bool exact, struct snafu_error *error)
{
	switch (value->type) {
	case SNAFU_JSON_NULL: Py_RETURN_NONE;
	case SNAFU_JSON_FALSE: Py_RETURN_FALSE;
	case SNAFU_JSON_TRUE: Py_RETURN_TRUE;
	case SNAFU_JSON_INTEGER: return read_integer(value, error);
	case SNAFU_JSON_REAL: return read_real(value, exact, error);
	case SNAFU_JSON_STRING: return python_read_string(value, false);
	case SNAFU_JSON_ARRAY: return read_array(reader, exact, error);
	case SNAFU_JSON_OBJECT: return read_object(reader, exact, error);
	}
	return NULL;
}
