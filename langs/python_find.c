/* langs/python_find.c — from a function's id to the object in its module. */
#include "langs/python.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"

#define ID_CAP 2048 /* bytes of a dotted name */

/* NAME in CLASS, as it stands in the class: staticmethods and properties stay
 * what they are. Private names are stored with the class's name in front, which
 * NAME then becomes. */
static PyObject *in_class(PyTypeObject *class, PyObject **name)
{
	PyObject *found = _PyType_Lookup(class, *name);
	const char *text = PyUnicode_AsUTF8(*name);

	if (!found && text && strncmp(text, "__", 2) == 0) {
		const char *plain = class->tp_name + strspn(class->tp_name, "_");
		PyObject *mangled = PyUnicode_FromFormat("_%s%s", plain, text);

		found = mangled ? _PyType_Lookup(class, mangled) : NULL;
		if (found)
			Py_SETREF(*name, Py_NewRef(mangled));
		Py_XDECREF(mangled);
	}
	PyErr_Clear();
	return found ? Py_NewRef(found) : PyObject_GetAttr((PyObject *)class, *name);
}

/* Follows the dotted TAIL from MODULE; NULL, no exception left, when it leads nowhere. */
PyObject *python_follow(PyObject *module, const char *tail, PyObject **ret_class,
                        PyObject **ret_name)
{
	PyObject *at = Py_NewRef(module), *class = NULL, *name = NULL;

	while (at && *tail) {
		size_t size = strcspn(tail, ".");
		PyObject *next;

		Py_XDECREF(name);
		name = PyUnicode_FromStringAndSize(tail, (Py_ssize_t)size);
		Py_CLEAR(class);
		if (name && PyType_Check(at)) {
			class = Py_NewRef(at);
			next = in_class((PyTypeObject *)at, &name);
		} else {
			next = name ? PyObject_GetAttr(at, name) : NULL;
		}
		Py_SETREF(at, next);
		tail += size + (tail[size] == '.');
	}
	PyErr_Clear();
	if (!at) {
		Py_XDECREF(class);
		Py_XDECREF(name);
		return NULL;
	}
	*ret_class = class;
	*ret_name = name;
	return at;
}

/* The file's dotted path below the root, as ids of a scanned folder begin. */
static void dotted_path(const struct snafu_function *function, char into[ID_CAP])
{
	char file[PATH_MAX], root[PATH_MAX];
	size_t size;

	into[0] = '\0';
	if (!function->root || !realpath(function->file, file) || !realpath(function->root, root))
		return;
	size = strlen(root);
	if (strncmp(file, root, size) != 0 || (file[size] != '/' && size > 1) ||
	    strlen(file + size) >= ID_CAP)
		return;
	const char *rest = file + size + (file[size] == '/');
	memcpy(into, rest, strlen(rest) + 1);
	char *dot = strrchr(into, '.');
	if (dot && !strchr(dot, '/'))
		*dot = '\0';
	size = strlen(into);
	if (size > 9 && strcmp(into + size - 9, "/__init__") == 0)
		into[size - 9] = '\0';
	for (char *at = into; *at; at++)
		if (*at == '/')
			*at = '.';
}

/* What follows PREFIX and a dot in ID, or NULL. */
static const char *behind(const char *id, const char *prefix, size_t size)
{
	return size && strncmp(id, prefix, size) == 0 && id[size] == '.' && id[size + 1] ? id + size + 1
	                                                                                 : NULL;
}

PyObject *python_find(PyObject *module, const struct snafu_function *function, PyObject **ret_class,
                      PyObject **ret_name, const char **ret_tail, struct snafu_result *result)
{
	char path[ID_CAP];
	const char *base = snafu_path_base(function->file), *dot = strrchr(base, '.');
	const char *id = function->id, *tails[3];
	PyObject *found = NULL;

	/* The module's part of the id is its path below the root, or its base name. */
	dotted_path(function, path);
	tails[0] = behind(id, path, strlen(path));
	tails[1] = behind(id, base, dot && dot != base ? (size_t)(dot - base) : strlen(base));
	/* Neither: then it has as many parts as the id has dots. */
	tails[2] = strchr(id, '.') ? strchr(id, '.') + 1 : id;
	for (size_t i = 0; i < 2 && !found; i++) {
		*ret_tail = tails[i];
		found = tails[i] ? python_follow(module, tails[i], ret_class, ret_name) : NULL;
	}
	for (const char *tail = tails[2]; tail && !found;) {
		*ret_tail = tail;
		found = python_follow(module, tail, ret_class, ret_name);
		tail = strchr(tail, '.');
		tail = tail ? tail + 1 : NULL;
	}
	if (!found)
		snafu_result_fail(result, SNAFU_LOAD_FAILED, "AttributeError",
		                  "%s has no %s once it is loaded: it may be defined under a condition "
		                  "that does not hold here",
		                  function->file,
		                  tails[0]   ? tails[0]
		                  : tails[1] ? tails[1]
		                             : tails[2]);
	return found;
}
