/* langs/python_output.c — what functions print. sys.stdout and sys.stderr stay what they
 * are, text over a buffer over a file; only the buffer's write() adds the bytes to the
 * call that writes as well, and the text goes there at once, so that it is known whose
 * it is. What is written to the descriptors past them belongs to nobody. */
#include "langs/python_scope.h"

#include <string.h>

static PyObject *buffer_write; /* io.BufferedWriter.write */
static PyObject *error_stream; /* sys.stderr as it was made here */
static bool unbuffered; /* as PYTHONUNBUFFERED has it */
static bool error_written; /* to its buffer, since it was last written out */

/* The type's own write(), with a note to the call. */
static PyObject *write_and_log(PyObject *self, PyObject *bytes)
{
	PyObject *both[] = {self, bytes};
	PyObject *written = PyObject_Vectorcall(buffer_write, both, 2, NULL);
	struct snafu_result *result = written ? python_scope_result() : NULL;
	Py_buffer view;

	if (written && unbuffered) {
		PyObject *done = PyObject_CallMethod(self, "flush", NULL);

		PyErr_Clear();
		Py_XDECREF(done);
	}
	error_written = true;
	if (!result || !result->log.cap)
		return written;
	if (PyObject_GetBuffer(bytes, &view, PyBUF_SIMPLE)) {
		PyErr_Clear();
		return written;
	}
	snafu_result_log(result, view.buf, (size_t)view.len);
	PyBuffer_Release(&view);
	return written;
}

/* io.BufferedWriter with another write(). */
static PyObject *make_type(PyObject *io)
{
	static PyMethodDef methods[] = {
		{"write", write_and_log, METH_O, NULL},
		{NULL, NULL, 0, NULL},
	};
	static PyType_Slot slots[] = {{Py_tp_methods, methods}, {0, NULL}};
	static PyType_Spec spec = {
		.name = "snafu.Output",
		.flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE,
		.slots = slots,
	};
	PyObject *base = PyObject_GetAttrString(io, "BufferedWriter");
	PyObject *type = base ? PyType_FromSpecWithBases(&spec, base) : NULL;

	buffer_write = base ? PyObject_GetAttrString(base, "write") : NULL;
	Py_XDECREF(base);
	return type;
}

/* OBJECT.NAME, or None. */
static PyObject *attribute(PyObject *object, const char *name)
{
	PyObject *value = PyObject_GetAttrString(object, name);

	PyErr_Clear();
	return value ? value : Py_NewRef(Py_None);
}

/* Text to the same file as STREAM, whose own file is taken out of it. */
static PyObject *make_stream(PyObject *io, PyObject *type, PyObject *stream)
{
	PyObject *encoding = attribute(stream, "encoding"), *errors = attribute(stream, "errors");
	PyObject *lines = attribute(stream, "line_buffering"), *text = NULL;
	PyObject *buffer = PyObject_CallMethod(stream, "detach", NULL);
	PyObject *raw = !buffer      ? NULL
	                : unbuffered ? Py_NewRef(buffer)
	                             : PyObject_CallMethod(buffer, "detach", NULL);
	PyObject *output = raw ? PyObject_CallOneArg(type, raw) : NULL;

	if (output)
		text = PyObject_CallMethod(io, "TextIOWrapper", "OOOsOO", output, encoding, errors, "\n",
		                           lines, Py_True);
	PyObject *mode = text ? PyUnicode_FromString("w") : NULL;
	if (mode && PyObject_SetAttrString(text, "mode", mode))
		Py_CLEAR(text);
	Py_XDECREF(mode);
	Py_XDECREF(output);
	Py_XDECREF(raw);
	Py_XDECREF(buffer);
	Py_DECREF(lines);
	Py_DECREF(errors);
	Py_DECREF(encoding);
	return text;
}

/* Whether OBJECT is text over a buffer of Python's own, or over a file: not so with what a
 * sitecustomize put there, or where the descriptor is closed. */
static bool is_plain(PyObject *io, PyObject *object)
{
	PyObject *writer = PyObject_GetAttrString(io, "BufferedWriter");
	PyObject *file = PyObject_GetAttrString(io, "FileIO");
	PyObject *text = PyObject_GetAttrString(io, "TextIOWrapper");
	PyObject *buffer = object ? attribute(object, "buffer") : NULL;
	PyObject *type = buffer ? (PyObject *)Py_TYPE(buffer) : NULL;
	bool plain = writer && file && text && type && (PyObject *)Py_TYPE(object) == text &&
	             (type == writer || type == file);

	if (plain)
		unbuffered = type == file;

	Py_XDECREF(buffer);
	Py_XDECREF(text);
	Py_XDECREF(file);
	Py_XDECREF(writer);
	return plain;
}

static int replace(PyObject *io, PyObject *type, const char *name)
{
	PyObject *stream = PySys_GetObject(name), *text;
	char original[16];

	if (!is_plain(io, stream))
		return 0;
	text = make_stream(io, type, stream);
	snprintf(original, sizeof original, "__%s__", name);
	int code = text ? PySys_SetObject(name, text) || PySys_SetObject(original, text) : -1;
	if (!code && strcmp(name, "stderr") == 0)
		error_stream = Py_NewRef(text);
	Py_XDECREF(text);
	return code ? -1 : 0;
}

int python_output_begin(void)
{
	PyObject *io = PyImport_ImportModule("io");
	PyObject *type = io ? make_type(io) : NULL;
	int code =
		type && buffer_write ? replace(io, type, "stdout") || replace(io, type, "stderr") : -1;

	Py_XDECREF(type);
	Py_XDECREF(io);
	return code ? -1 : 0;
}

/* What a call printed goes out with the call. This is done after every call, so
 * the way to it is kept: sys.stdout as it was last, and its flush method. */
void python_output_flush(void)
{
	PyObject *out =
		python.system ? PyDict_GetItemWithError(python.system, python.stdout_name) : NULL;

	if (error_written && error_stream) {
		error_written = false;
		PyObject *done = PyObject_CallMethod(error_stream, "flush", NULL);
		PyErr_Clear();
		Py_XDECREF(done);
	}
	if (!out || out == Py_None) {
		PyErr_Clear();
		return;
	}
	if (out != python.out) {
		Py_XSETREF(python.out, Py_NewRef(out));
		Py_XSETREF(python.flush, PyObject_GetAttrString(out, "flush"));
	}
	PyObject *flush = Py_XNewRef(python.flush); /* another thread may change it meanwhile */
	PyObject *done = flush ? PyObject_CallNoArgs(flush) : NULL;
	PyErr_Clear();
	Py_XDECREF(done);
	Py_XDECREF(flush);
}

void python_output_end(void)
{
	Py_CLEAR(error_stream);
	Py_CLEAR(buffer_write);
}
