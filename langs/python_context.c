/* langs/python_context.c — the context object: what AWS documents for Lambda's Python
 * functions, and what else Snafu knows of a call. */
#include "langs/python_scope.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <structmember.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"

#define NO_DEADLINE_MS 900000 /* the longest that AWS lets a function run */

static size_t size_of(const char *text)
{
	return text ? strlen(text) + 1 : 1;
}

static const char *copy(char **at, const char *text)
{
	char *start = *at;

	memcpy(start, text ? text : "", size_of(text));
	*at += size_of(text);
	return start;
}

struct python_context *python_context_new(const struct snafu_context *context)
{
	PyTypeObject *type = python_context_type();
	struct python_context *self = type ? PyObject_GC_New(struct python_context, type) : NULL;
	size_t size = size_of(context->request_id) + size_of(context->function) +
	              size_of(context->tenant) + size_of(context->trigger) +
	              size_of(context->client_context);

	if (!self)
		return NULL;
	self->context = *context;
	self->scope = NULL;
	self->fresh = self->identity = self->client_context = NULL;
	char *at = self->texts = malloc(size);
	if (!at) {
		Py_DECREF(self);
		PyErr_NoMemory();
		return NULL;
	}
	self->context.request_id = copy(&at, context->request_id);
	self->context.function = copy(&at, context->function);
	self->context.tenant = copy(&at, context->tenant);
	self->context.trigger = copy(&at, context->trigger);
	self->context.client_context = copy(&at, context->client_context);
	PyObject_GC_Track((PyObject *)self);
	return self;
}

static int visit_parts(PyObject *object, visitproc visit, void *arg)
{
	struct python_context *self = (struct python_context *)object;

	Py_VISIT(self->fresh);
	Py_VISIT(self->identity);
	Py_VISIT(self->client_context);
	return 0;
}

static int clear_parts(PyObject *object)
{
	struct python_context *self = (struct python_context *)object;

	Py_CLEAR(self->fresh);
	Py_CLEAR(self->identity);
	Py_CLEAR(self->client_context);
	return 0;
}

static void dealloc(PyObject *object)
{
	PyObject_GC_UnTrack(object);
	clear_parts(object);
	free(((struct python_context *)object)->texts);
	PyObject_GC_Del(object);
}

/* ---- attributes ---- */

static const struct snafu_context *context_of(PyObject *self)
{
	return &((struct python_context *)self)->context;
}

static PyObject *text_member(PyObject *self, void *offset)
{
	const char *const *text = (const void *)((const char *)context_of(self) + (size_t)offset);

	return PyUnicode_DecodeUTF8(*text, (Py_ssize_t)strlen(*text), "replace");
}

static PyObject *function_version(PyObject *self, void *unused)
{
	(void)self, (void)unused;
	return PyUnicode_FromString("$LATEST");
}

static const char *environment(const char *name, const char *other)
{
	const char *value = getenv(name);

	return value && *value ? value : other;
}

static PyObject *arn(PyObject *self, void *unused)
{
	const struct snafu_context *context = context_of(self);
	(void)unused;

	return PyUnicode_FromFormat("arn:aws:lambda:%s:%s:function:%s",
	                            environment("AWS_REGION",
	                                        environment("AWS_DEFAULT_REGION", "us-east-1")),
	                            *context->tenant ? context->tenant : "000000000000",
	                            context->function);
}

/* As text: this is what functions see at AWS. */
static PyObject *memory_limit(PyObject *self, void *unused)
{
	uint64_t bytes = context_of(self)->memory;
	(void)unused;

	if (!bytes)
		bytes = (uint64_t)sysconf(_SC_PHYS_PAGES) * (uint64_t)sysconf(_SC_PAGESIZE);
	return PyUnicode_FromFormat("%llu", (unsigned long long)(bytes >> 20));
}

static PyObject *log_group_name(PyObject *self, void *unused)
{
	(void)unused;
	return PyUnicode_FromFormat("/aws/lambda/%s", context_of(self)->function);
}

/* One a process and day, as at AWS: 2026/11/23/[$LATEST] and the process. */
static PyObject *log_stream_name(PyObject *self, void *unused)
{
	time_t now = time(NULL);
	char text[64];
	struct tm day;
	(void)self, (void)unused;

	gmtime_r(&now, &day);
	size_t size = strftime(text, sizeof text, "%Y/%m/%d/[$LATEST]", &day);
	snprintf(text + size, sizeof text - size, "%032lx", (unsigned long)getpid());
	return PyUnicode_FromString(text);
}

static PyObject *remaining(PyObject *self, PyObject *unused)
{
	uint64_t deadline = context_of(self)->deadline, now = snafu_now_ms();
	(void)unused;

	return PyLong_FromUnsignedLongLong(!deadline        ? NO_DEADLINE_MS
	                                   : deadline > now ? deadline - now
	                                                    : 0);
}

/* A types.SimpleNamespace (sys.implementation is one) with attributes NAMES (which NULL ends), taken from DICT or None. */
static PyObject *namespace(const char *const *names, PyObject *dict)
{
	PyObject *members = PyDict_New(), *none = PyTuple_New(0), *made = NULL;
	PyObject *example = PySys_GetObject("implementation");
	int code = members && none && example ? 0 : -1;

	for (; !code && *names; names++) {
		PyObject *value = dict && PyDict_Check(dict) ? PyDict_GetItemString(dict, *names) : NULL;

		code = PyDict_SetItemString(members, *names, value ? value : Py_None);
	}
	if (!code)
		made = PyObject_Call((PyObject *)Py_TYPE(example), none, members);
	Py_XDECREF(none);
	Py_XDECREF(members);
	return made;
}

static PyObject *identity(PyObject *object, void *unused)
{
	static const char *const names[] = {"cognito_identity_id", "cognito_identity_pool_id", NULL};
	struct python_context *self = (struct python_context *)object;
	(void)unused;

	if (!self->identity)
		self->identity = namespace(names, NULL);
	return Py_XNewRef(self->identity);
}

/* The caller's JSON: whoever called may have written anything. */
static PyObject *read_client_context(const char *text)
{
	struct snafu_json_reader reader;
	struct snafu_json_value value;
	struct snafu_error error = {.code = 0};
	PyObject *made = NULL;

	snafu_json_begin(&reader, text, strlen(text));
	if (snafu_json_read(&reader, &value, &error) == 0)
		made = python_read(&reader, &value, false, &error);
	PyErr_Clear();
	return made;
}

static PyObject *client_context(PyObject *object, void *unused)
{
	static const char *const parts[] = {"custom", "env", "client", NULL};
	static const char *const client[] = {"installation_id",  "app_title",        "app_version_name",
	                                     "app_version_code", "app_package_name", NULL};
	struct python_context *self = (struct python_context *)object;
	(void)unused;

	if (self->client_context)
		return Py_NewRef(self->client_context);
	PyObject *given =
		*self->context.client_context ? read_client_context(self->context.client_context) : NULL;
	if (!given || !PyDict_Check(given)) {
		Py_XDECREF(given);
		Py_RETURN_NONE;
	}
	PyObject *part = PyDict_GetItemString(given, "client");
	PyObject *about = part && PyDict_Check(part) ? namespace(client, part) : Py_NewRef(Py_None);
	if (about && PyDict_SetItemString(given, "client", about) == 0)
		self->client_context = namespace(parts, given);
	Py_XDECREF(about);
	Py_DECREF(given);
	return Py_XNewRef(self->client_context);
}

static PyObject *depth(PyObject *self, void *unused)
{
	(void)unused;
	return PyLong_FromUnsignedLong(context_of(self)->depth);
}

static PyObject *represent(PyObject *self)
{
	const struct snafu_context *context = context_of(self);

	return PyUnicode_FromFormat("<snafu.Context of %s, request %s>", context->function,
	                            context->request_id);
}

#define TEXT(NAME, MEMBER)                                                            \
	{                                                                                 \
		NAME, text_member, NULL, NULL, (void *)offsetof(struct snafu_context, MEMBER) \
	}

PyTypeObject *python_context_type(void)
{
	static PyGetSetDef attributes[] = {
		TEXT("aws_request_id", request_id),
		TEXT("function_name", function),
		{"function_version", function_version, NULL, NULL, NULL},
		{"invoked_function_arn", arn, NULL, NULL, NULL},
		{"memory_limit_in_mb", memory_limit, NULL, NULL, NULL},
		{"log_group_name", log_group_name, NULL, NULL, NULL},
		{"log_stream_name", log_stream_name, NULL, NULL, NULL},
		{"identity", identity, NULL, NULL, NULL},
		{"client_context", client_context, NULL, NULL, NULL},
		TEXT("tenant", tenant),
		TEXT("trigger", trigger),
		{"depth", depth, NULL, NULL, NULL},
		{NULL, NULL, NULL, NULL, NULL},
	};
	static PyMethodDef methods[] = {
		{"get_remaining_time_in_millis", remaining, METH_NOARGS, NULL},
		{NULL, NULL, 0, NULL},
	};
	static PyTypeObject type = {
		PyVarObject_HEAD_INIT(NULL, 0).tp_name = "snafu.Context",
		.tp_basicsize = sizeof(struct python_context),
		.tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_DISALLOW_INSTANTIATION,
		.tp_doc = "What is known of a call: AWS Lambda's context object.",
		.tp_dealloc = dealloc,
		.tp_traverse = visit_parts,
		.tp_clear = clear_parts,
		.tp_repr = represent,
		.tp_getset = attributes,
		.tp_methods = methods,
	};

	if (!(type.tp_flags & Py_TPFLAGS_READY) && PyType_Ready(&type))
		return NULL;
	return &type;
}
