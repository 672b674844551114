/* langs/python_error.c — Python's exceptions as results: class, message, and the
 * lines of the trace without Snafu's own frames. No Python module is imported
 * for it (linecache and traceback cost milliseconds). */
#include "langs/python.h"

#include <frameobject.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/utf8.h"

#define CAUSES_CAP  4 /* exceptions behind an exception that are shown */
#define SOURCE_CAP  (4u << 20) /* bytes; the lines of larger files are not quoted */
#define LINE_CAP    200 /* bytes of a quoted line */
#define MESSAGE_CAP 4096 /* bytes of a message */

struct trace {
	char *lines[PYTHON_TRACE_CAP];
	size_t n;
};

static void add(struct trace *trace, char *line)
{
	if (line && trace->n < PYTHON_TRACE_CAP)
		trace->lines[trace->n++] = line;
	else
		free(line);
}

/* The str of OBJECT, or why there is none; cut to SIZE at a character. */
static void text_of(PyObject *object, char *into, size_t size)
{
	PyObject *string = PyObject_Str(object);
	PyObject *bytes =
		string ? PyUnicode_AsEncodedString(string, "utf-8", "backslashreplace") : NULL;

	if (bytes) {
		size_t length = (size_t)PyBytes_GET_SIZE(bytes);
		const char *text = PyBytes_AS_STRING(bytes);

		if (length >= size)
			length = snafu_utf8_cut(text, size - 1);
		for (size_t i = 0; i < length; i++) /* the text ends at a NUL for everybody else */
			into[i] = text[i] ? text[i] : ' ';
		into[length] = '\0';
	} else {
		PyErr_Clear();
		snprintf(into, size, "<unprintable %.100s object>", Py_TYPE(object)->tp_name);
	}
	Py_XDECREF(bytes);
	Py_XDECREF(string);
}

/* Line NUMBER of FILE without the white space around it; "" when it cannot be had. */
static void source_line(const char *file, int number, char into[LINE_CAP])
{
	char *text;
	size_t size;

	into[0] = '\0';
	if (snafu_file_read(file, SOURCE_CAP, &text, &size, NULL))
		return;
	const char *line = text;
	for (int i = 1; line && i < number; i++) {
		line = strchr(line, '\n');
		line = line ? line + 1 : NULL;
	}
	if (line) {
		line += strspn(line, " \t\f");
		size_t length = strcspn(line, "\r\n");
		if (length >= LINE_CAP)
			length = snafu_utf8_cut(line, LINE_CAP - 1);
		memcpy(into, line, length);
		into[length] = '\0';
	}
	free(text);
}

static char *frame_line(PyObject *code, int number)
{
	PyCodeObject *c = (PyCodeObject *)code;
	const char *name = PyUnicode_AsUTF8(c->co_qualname);
	char source[LINE_CAP], file[PATH_MAX], *line = NULL;

	if (!name || !python_path_bytes(c->co_filename, file)) {
		PyErr_Clear();
		return NULL;
	}
	source_line(file, number, source);
	if (asprintf(&line, "  File \"%s\", line %d, in %s%s%s", file, number, name,
	             source[0] ? "\n    " : "", source) < 0)
		return NULL;
	return line;
}

/* Frames of the gateway's helper and of the import machinery say nothing to a user. */
static bool is_users(PyObject *code)
{
	char file[PATH_MAX];

	return python_path_bytes(((PyCodeObject *)code)->co_filename, file) &&
	       strncmp(file, "<snafu", 6) != 0 && strncmp(file, "<frozen ", 8) != 0;
}

static void add_frames(struct trace *trace, PyObject *traceback, size_t room)
{
	size_t n = 0, at = 0, first = room / 4;

	for (PyObject *tb = traceback; tb; tb = (PyObject *)((PyTracebackObject *)tb)->tb_next) {
		PyCodeObject *code = PyFrame_GetCode(((PyTracebackObject *)tb)->tb_frame);
		n += is_users((PyObject *)code);
		Py_DECREF(code);
	}
	for (PyObject *tb = traceback; tb; tb = (PyObject *)((PyTracebackObject *)tb)->tb_next) {
		PyTracebackObject *t = (PyTracebackObject *)tb;
		PyCodeObject *code = PyFrame_GetCode(t->tb_frame);

		if (is_users((PyObject *)code)) {
			if (n <= room || at < first || at >= n - (room - first - 1)) {
				int line = t->tb_lineno >= 0 ? t->tb_lineno : PyCode_Addr2Line(code, t->tb_lasti);
				add(trace, frame_line((PyObject *)code, line));
			} else if (at == first) {
				char *gap;
				add(trace, asprintf(&gap, "  ... %zu more ...", n - room + 1) < 0 ? NULL : gap);
			}
			at++;
		}
		Py_DECREF(code);
	}
}

static PyObject *attribute(PyObject *object, const char *name)
{
	PyObject *value = PyObject_GetAttrString(object, name);

	PyErr_Clear();
	return value;
}

/* Where a SyntaxError points to. */
static void add_syntax(struct trace *trace, PyObject *error)
{
	PyObject *file = attribute(error, "filename"), *number = attribute(error, "lineno");
	PyObject *text = attribute(error, "text");
	char name[512], source[LINE_CAP] = "", *line;

	if (file && file != Py_None && number && PyLong_Check(number)) {
		text_of(file, name, sizeof name);
		if (text && text != Py_None)
			text_of(text, source, sizeof source);
		char *start = source + strspn(source, " \t\f");
		start[strcspn(start, "\r\n")] = '\0';
		if (asprintf(&line, "  File \"%s\", line %ld%s%s", name, PyLong_AsLong(number),
		             *start ? "\n    " : "", start) >= 0)
			add(trace, line);
		PyErr_Clear();
	}
	Py_XDECREF(file);
	Py_XDECREF(number);
	Py_XDECREF(text);
}

/* The exception that led to ERROR: its frames first, as Python prints them. */
static void add_causes(struct trace *trace, PyObject *error, unsigned depth)
{
	PyObject *cause = PyException_GetCause(error);
	PyObject *quiet = cause ? NULL : attribute(error, "__suppress_context__");

	if (!cause && quiet != Py_True)
		cause = PyException_GetContext(error);
	Py_XDECREF(quiet);
	if (!cause || depth >= CAUSES_CAP) {
		Py_XDECREF(cause);
		return;
	}
	add_causes(trace, cause, depth + 1);
	PyObject *traceback = PyException_GetTraceback(cause);
	char text[512], *line;
	add_frames(trace, traceback, 5);
	Py_XDECREF(traceback);
	text_of(cause, text, sizeof text);
	if (asprintf(&line, "%.100s: %s, which led to:", Py_TYPE(cause)->tp_name, text) >= 0)
		add(trace, line);
	Py_DECREF(cause);
}

static const char *type_name(PyObject *error)
{
	const char *name = Py_TYPE(error)->tp_name, *dot = strrchr(name, '.');

	return dot ? dot + 1 : name;
}

/* The exception that is set, normalised, with its trace; cleared. */
static PyObject *take(PyObject **ret_traceback)
{
	PyObject *type, *value;

	*ret_traceback = NULL;
	PyErr_Fetch(&type, &value, ret_traceback);
	if (!type)
		return NULL;
	PyErr_NormalizeException(&type, &value, ret_traceback);
	Py_XDECREF(type);
	return value;
}

/* exit() and sys.exit() of a function end its call, not the host. */
static void exit_text(PyObject *error, char *into, size_t size)
{
	PyObject *code = attribute(error, "code");
	char text[200] = "";

	if (code && code != Py_None)
		text_of(code, text, sizeof text);
	snprintf(into, size, "it asked to exit the process (status %s)", text[0] ? text : "0");
	Py_XDECREF(code);
}

/* Notes added to the exception (PEP 678), a line each. */
static void append_notes(PyObject *error, char *into, size_t size)
{
	PyObject *notes = attribute(error, "__notes__");

	for (Py_ssize_t i = 0; notes && PyList_Check(notes) && i < PyList_GET_SIZE(notes); i++) {
		size_t used = strlen(into);

		if (used + 2 >= size)
			break;
		into[used++] = '\n';
		text_of(PyList_GET_ITEM(notes, i), into + used, size - used);
	}
	Py_XDECREF(notes);
}

/* FILE: what was being loaded, or NULL. */
static void fail(struct snafu_result *result, enum snafu_status status, const char *file)
{
	PyObject *traceback, *error = take(&traceback);
	struct trace trace = {.n = 0};
	char message[MESSAGE_CAP];

	if (!error) {
		snafu_result_fail(result, SNAFU_INTERNAL, "SystemError",
		                  "Python failed without saying why");
		return;
	}
	if (python.deadline && PyErr_GivenExceptionMatches(error, python.deadline)) {
		status = SNAFU_DEADLINE;
		snprintf(message, sizeof message, "it took too long and was interrupted");
	} else if (PyErr_GivenExceptionMatches(error, PyExc_SystemExit)) {
		exit_text(error, message, sizeof message);
	} else {
		text_of(error, message, sizeof message);
		append_notes(error, message, sizeof message);
		if (!message[0]) /* `raise KeyboardInterrupt` has none */
			snprintf(message, sizeof message, "%.200s", type_name(error));
	}
	if (file) {
		char *text = strdup(message);
		snprintf(message, sizeof message, "cannot load %s: %s", file, text ? text : "");
		free(text);
	}
	add_causes(&trace, error, 0);
	add_frames(&trace, traceback, PYTHON_TRACE_CAP - trace.n);
	if (PyErr_GivenExceptionMatches(error, PyExc_SyntaxError))
		add_syntax(&trace, error);
	snafu_result_fail_trace(result, status, type_name(error), message,
	                        (const char *const *)trace.lines, trace.n);
	for (size_t i = 0; i < trace.n; i++)
		free(trace.lines[i]);
	Py_XDECREF(traceback);
	Py_DECREF(error);
}

void python_fail(struct snafu_result *result, enum snafu_status status)
{
	fail(result, status, NULL);
}

void python_fail_loading(struct snafu_result *result, const char *file)
{
	fail(result, SNAFU_LOAD_FAILED, file);
}

void python_error_text(char *into, size_t size)
{
	PyObject *traceback, *error = take(&traceback);
	char message[512] = "";

	if (error)
		text_of(error, message, sizeof message);
	snprintf(into, size, "%.100s: %s", error ? type_name(error) : "Error", message);
	Py_XDECREF(traceback);
	Py_XDECREF(error);
}
