/* langs/python_text.c — strings and huge integers as JSON text. Called by
 * python_write.c. */
#include "langs/python.h"

#include <string.h>

#include "base/buffer.h"

#define PLAIN_DIGITS 600 /* of an integer; Python lets nobody set a limit below 640 */

/* TEXT is valid UTF-8. */
void python_write_text(struct snafu_buffer *into, const char *text, size_t size)
{
	static const char hex[] = "0123456789abcdef";
	const char *end = text + size, *plain = text;

	snafu_buffer_append_byte(into, '"');
	for (; text < end; text++) {
		unsigned char byte = (unsigned char)*text;

		if (byte >= 0x20 && byte != '"' && byte != '\\')
			continue;
		snafu_buffer_append(into, plain, (size_t)(text - plain));
		plain = text + 1;
		const char *letter = byte ? strchr("\bb\ff\nn\rr\tt\"\"\\\\", byte) : NULL;
		if (letter)
			snafu_buffer_append(into, (char[]){'\\', byte == letter[0] ? letter[1] : '?'}, 2);
		else
			snafu_buffer_append(into, (char[]){'\\', 'u', '0', '0', hex[byte >> 4], hex[byte & 15]},
			                    6);
	}
	snafu_buffer_append(into, plain, (size_t)(end - plain));
	snafu_buffer_append_byte(into, '"');
}

/* An integer of any size: Python's limit on digits is for hostile input, and is
 * lifted for the moment. */
PyObject *python_format_integer(PyObject *integer, size_t n_digits)
{
	PyObject *set = PySys_GetObject("set_int_max_str_digits");
	PyObject *get = PySys_GetObject("get_int_max_str_digits");
	PyObject *text = NULL;

	if (n_digits < PLAIN_DIGITS || !set || !get)
		return _PyLong_Format(integer, 10);
	PyObject *before = PyObject_CallNoArgs(get);
	PyObject *done = before ? PyObject_CallFunction(set, "i", 0) : NULL;
	if (done) {
		Py_DECREF(done);
		text = _PyLong_Format(integer, 10);
		done = PyObject_CallOneArg(set, before);
	}
	Py_XDECREF(done);
	Py_XDECREF(before);
	return text;
}
