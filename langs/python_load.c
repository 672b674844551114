/* langs/python_load.c — modules from where they stand.
 *
 * A file's import name comes from its path: its base name, below every folder
 * above it that has an __init__.py; the folder above those goes on sys.path,
 * behind the standard library, so neighbours import each other and
 * packages use relative imports. Where a name in such a folder is one of the
 * standard library's, or in another such folder too, python_finder.py keeps them
 * apart: each is loaded under a name of its own ("json~2"). */
#include "langs/python_place.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "langs/python_finder.inc"

#define ENTRIES_CAP 20000 /* files of a folder that are looked at for equal names */

static char standard_library[PATH_MAX]; /* the folder of os.py */
static PyObject *ours; /* set: folders with the user's modules, and roots */
static PyObject *folders; /* set: on sys.path, because of the user's files */
static PyObject *names; /* dict: name of a module in one of them, to the first such folder */
static PyObject *started; /* set: names of the modules that Python loads at its start */

static void find_standard_library(void)
{
	PyObject *known = Py_XNewRef(PySys_GetObject("_stdlib_dir")), *os = NULL;
	const char *text = known && PyUnicode_Check(known) ? PyUnicode_AsUTF8(known) : NULL;

	if (!text || !realpath(text, standard_library)) {
		standard_library[0] = '\0';
		os = PyImport_ImportModule("os");
		Py_XSETREF(known, os ? PyObject_GetAttrString(os, "__file__") : NULL);
		text = known && PyUnicode_Check(known) ? PyUnicode_AsUTF8(known) : NULL;
		char *folder = text ? snafu_path_folder(text) : NULL;
		if (!folder || !realpath(folder, standard_library))
			standard_library[0] = '\0';
		free(folder);
	}
	PyErr_Clear();
	Py_XDECREF(os);
	Py_XDECREF(known);
}

int python_load_begin(void)
{
	/* Also those that site would have loaded, where it was left out. */
	PyObject *more = Py_BuildValue("(sssssss)", "os", "stat", "posixpath", "genericpath",
	                               "_collections_abc", "site", "_sitebuiltins");

	find_standard_library();
	names = PyDict_New();
	folders = PySet_New(NULL);
	ours = PySet_New(NULL);
	started = PySet_New(PyImport_GetModuleDict());
	for (Py_ssize_t i = 0; started && more && i < PyTuple_GET_SIZE(more); i++)
		if (PySet_Add(started, PyTuple_GET_ITEM(more, i)))
			Py_CLEAR(started);
	PyErr_Clear();
	Py_XDECREF(more);
	return names && folders && ours && started ? 0 : -1;
}

void python_load_end(void)
{
	Py_CLEAR(names);
	Py_CLEAR(folders);
	Py_CLEAR(ours);
	Py_CLEAR(started);
}

/* ---- from the path to the name ---- */

static bool is_package(const char *folder)
{
	char path[PATH_MAX + 320];

	snprintf(path, sizeof path, "%s/__init__.py", folder);
	return access(path, R_OK) == 0;
}

static PyObject *decode_path(const char *path)
{
	return PyUnicode_DecodeFSDefault(path);
}

bool python_path_bytes(PyObject *path, char into[PATH_MAX])
{
	const char *text = PyUnicode_Check(path) ? PyUnicode_AsUTF8(path) : NULL;
	PyObject *bytes = NULL;

	if (!text && PyUnicode_Check(path)) {
		PyErr_Clear();
		bytes = PyUnicode_EncodeFSDefault(path);
		text = bytes ? PyBytes_AS_STRING(bytes) : NULL;
	}
	bool fits = text && strlen(text) < PATH_MAX;
	if (fits)
		memcpy(into, text, strlen(text) + 1);
	Py_XDECREF(bytes);
	PyErr_Clear();
	return fits;
}

int python_place_find(const char *file, struct python_place *place)
{
	char *folder = snafu_path_folder(file);
	char *real = folder ? realpath(folder, place->top) : NULL;
	const char *base = snafu_path_base(file), *dot = strrchr(base, '.');
	size_t stem = dot && dot != base ? (size_t)(dot - base) : strlen(base);

	int code = folder && real ? 0 : -errno;

	free(folder);
	if (code)
		return code;
	if (stem >= sizeof place->stem || (size_t)snprintf(place->path, sizeof place->path, "%s/%s",
	                                                   real, base) >= sizeof place->path)
		return -ENAMETOOLONG;
	memcpy(place->stem, base, stem);
	place->stem[stem] = '\0';
	for (char *at = place->stem; (at = strchr(at, '.'));)
		*at = '_';
	if (strcmp(place->stem, "__init__") == 0)
		place->stem[0] = '\0';
	while (place->n_packages < PYTHON_PACKAGES_CAP && place->top[1] && is_package(place->top) &&
	       !strchr(snafu_path_base(place->top), '.')) {
		memmove(place->folders[1], place->folders[0],
		        place->n_packages++ * sizeof place->folders[0]);
		memcpy(place->folders[0], place->top, sizeof place->top);
		char *slash = strrchr(place->top, '/');
		*(slash == place->top ? slash + 1 : slash) = '\0';
	}
	if (!place->n_packages && !place->stem[0]) /* an __init__.py in "/" or "v1.2": a plain module */
		memcpy(place->stem, "__init__", sizeof "__init__");
	return 0;
}

/* ---- the folders on sys.path ---- */

static bool in_standard_library(const char *path)
{
	size_t size = strlen(standard_library);

	return size && strncmp(path, standard_library, size) == 0 && (path[size] == '/' || !path[size]);
}

/* Calls FUNCTION of python_finder.py. */
static PyObject *ask_finder(const char *function, const char *format, ...)
{
	static PyObject *finder; /* for the life of the interpreter */
	va_list arguments;

	if (!finder) {
		PyObject *code = Py_CompileString(python_finder_source, "<snafu>", Py_file_input);

		finder = code ? PyImport_ExecCodeModule("_snafu_finder", code) : NULL;
		Py_XDECREF(code);
	}
	PyObject *callable = finder ? PyObject_GetAttrString(finder, function) : NULL;
	va_start(arguments, format);
	PyObject *tuple = callable ? Py_VaBuildValue(format, arguments) : NULL;
	va_end(arguments);
	PyObject *value = tuple ? PyObject_CallObject(callable, tuple) : NULL;
	Py_XDECREF(tuple);
	Py_XDECREF(callable);
	return value;
}

/* Tells the finder that HEAD means FOLDER's own file below FOLDER. */
static int own(const char *head, const char *folder)
{
	char path[PATH_MAX], package[PATH_MAX];

	snprintf(package, sizeof package, "%.2000s/%.1000s", folder, head);
	bool is_folder = is_package(package);
	if (is_folder)
		snprintf(path, sizeof path, "%.3500s/__init__.py", package);
	else
		snprintf(path, sizeof path, "%.3500s.py", package);
	PyObject *where = is_folder ? PyUnicode_DecodeFSDefault(package) : Py_NewRef(Py_None);
	PyObject *done =
		ask_finder("own", "(sO&O&N)", head, decode_path, folder, decode_path, path, where);
	Py_XDECREF(done);
	return done ? 0 : -1;
}

/* Whether a module of the standard library goes by NAME, or the built-in client. */
static bool is_standard(PyObject *name)
{
	PyObject *standard = PySys_GetObject("stdlib_module_names");
	PyObject *built_in = PySys_GetObject("builtin_module_names");
	bool found = (standard && PySequence_Contains(standard, name) == 1) ||
	             (built_in && PySequence_Contains(built_in, name) == 1);

	PyErr_Clear();
	return found;
}

/* HEAD is a module in FOLDER: is it one elsewhere as well? `names` says in which
 * folder it was seen first. */
static int know_name(const char *head, const char *folder)
{
	PyObject *name = PyUnicode_DecodeFSDefault(head), *place = NULL, *before;
	char first[PATH_MAX];
	int code = -1;

	if (name && (place = PyUnicode_DecodeFSDefault(folder))) {
		before = PyDict_SetDefault(names, name, place);
		code = before ? 0 : -1;
		/* What Python itself loads at its start is the standard one for everybody. */
		if (!code && is_standard(name) && PySequence_Contains(started, name) == 0)
			code = own(head, folder);
		else if (!code && PyUnicode_Compare(before, place) != 0 && python_path_bytes(before, first))
			code = own(head, first) || own(head, folder) ? -1 : 0;
	}
	Py_XDECREF(place);
	Py_XDECREF(name);
	return code;
}

static int know_names(const char *folder)
{
	char path[PATH_MAX + 300];
	DIR *directory = opendir(folder);
	struct dirent *entry;
	int code = 0;

	for (size_t n = 0; directory && !code && n < ENTRIES_CAP && (entry = readdir(directory)); n++) {
		char *name = entry->d_name, *dot = strrchr(name, '.');

		if (dot && dot != name && strcmp(dot, ".py") == 0) {
			*dot = '\0';
			if (!strchr(name, '.') && strcmp(name, "__init__") && strcmp(name, "__main__"))
				code = know_name(name, folder);
		} else if (!dot && entry->d_type != DT_REG &&
		           snprintf(path, sizeof path, "%s/%s", folder, name) > 0 && is_package(path)) {
			code = know_name(name, folder);
		}
	}
	if (directory)
		closedir(directory);
	return code;
}

/* Puts FOLDER on sys.path, behind the standard library and before what is installed. */
static int add_path(const char *folder)
{
	PyObject *path = PySys_GetObject("path");
	PyObject *entry = PyUnicode_DecodeFSDefault(folder);
	int there = !entry || !path || !PyList_Check(path) ? -1 : PySequence_Contains(path, entry);

	if (there == 0) {
		Py_ssize_t at = 0;

		for (; at < PyList_GET_SIZE(path); at++) {
			char text[PATH_MAX];

			if (python_path_bytes(PyList_GET_ITEM(path, at), text) &&
			    (strstr(text, "site-packages") || strstr(text, "dist-packages")))
				break;
		}
		there = PyList_Insert(path, at, entry);
	}
	Py_XDECREF(entry);
	return there < 0 ? -1 : 0;
}

/* Makes a folder's modules known, once. */
static int add_folder(const char *folder)
{
	PyObject *name = PyUnicode_DecodeFSDefault(folder);
	int known = name && PySet_Add(ours, name) == 0 ? PySet_Contains(folders, name) : -1;

	if (known == 0) {
		known = add_path(folder) || PySet_Add(folders, name) ||
		                (!in_standard_library(folder) && know_names(folder))
		            ? -1
		            : 0;
	}
	Py_XDECREF(name);
	return known < 0 ? -1 : 0;
}

/* A root: names below it are the user's too. */
static int add_root(const char *folder)
{
	PyObject *name = PyUnicode_DecodeFSDefault(folder);
	int code = name ? PySet_Add(ours, name) || add_path(folder) : -1;

	Py_XDECREF(name);
	return code ? -1 : 0;
}

bool python_load_is_users(PyObject *file)
{
	PyObject *folder = Py_XNewRef(file);
	char text[PATH_MAX];
	bool found = false;

	while (folder && !found) {
		Py_ssize_t end = PyUnicode_FindChar(folder, '/', 0, PyUnicode_GET_LENGTH(folder), -1);

		Py_SETREF(folder, end > 0 ? PyUnicode_Substring(folder, 0, end) : NULL);
		found = folder && PySet_Contains(ours, folder) == 1;
	}
	PyErr_Clear();
	Py_XDECREF(folder);
	return found && python_path_bytes(file, text) && !in_standard_library(text) &&
	       !strstr(text, "/site-packages/") && !strstr(text, "/dist-packages/");
}

/* ---- loading under a name ---- */

static bool same_file(const char *a, const char *b)
{
	struct stat one, two;

	return strcmp(a, b) == 0 || (stat(a, &one) == 0 && stat(b, &two) == 0 &&
	                             one.st_dev == two.st_dev && one.st_ino == two.st_ino);
}

/* Whether OBJECT's attribute NAME is the path of that file. */
static bool names_file(PyObject *object, const char *name, const char *path)
{
	PyObject *file = PyObject_GetAttrString(object, name), *bytes = NULL;
	bool same = file && PyUnicode_Check(file) && PyUnicode_FSConverter(file, &bytes) &&
	            same_file(PyBytes_AS_STRING(bytes), path);

	PyErr_Clear();
	Py_XDECREF(bytes);
	Py_XDECREF(file);
	return same;
}

/* What `import NAME` would find, without running it: whether it is that file. */
static bool import_finds(const char *name, PyObject *parent, const char *path)
{
	PyObject *external = PyImport_ImportModule("_frozen_importlib_external");
	PyObject *finder = external ? PyObject_GetAttrString(external, "PathFinder") : NULL;
	PyObject *where = parent ? PyObject_GetAttrString(parent, "__path__") : Py_NewRef(Py_None);
	PyObject *spec =
		finder && where ? PyObject_CallMethod(finder, "find_spec", "sO", name, where) : NULL;
	bool found = spec && spec != Py_None && names_file(spec, "origin", path);

	PyErr_Clear();
	Py_XDECREF(spec);
	Py_XDECREF(where);
	Py_XDECREF(finder);
	Py_XDECREF(external);
	return found;
}

static PyObject *loaded_as(const char *name)
{
	PyObject *modules = PyImport_GetModuleDict();
	PyObject *module = modules ? PyDict_GetItemString(modules, name) : NULL;

	return module && module != Py_None ? module : NULL;
}

/* The module NAME, whoever is asking: on this thread a function may be waiting for the call that
 * the module is for, and PyImport_ImportModule() would import what that one means by NAME. */
static PyObject *import(const char *name)
{
	PyObject *text = PyUnicode_FromString(name);
	PyObject *first = text ? PyImport_ImportModuleLevelObject(text, NULL, NULL, NULL, 0) : NULL;
	PyObject *module = first ? PyImport_GetModule(text) : NULL;

	if (first && !module && !PyErr_Occurred())
		PyErr_Format(PyExc_ImportError, "%s has removed itself from sys.modules", name);
	Py_XDECREF(first);
	Py_XDECREF(text);
	return module;
}

/* The module LAST of package PARENT (a module and its name; or none), from PATH.
 * NAME takes the full name that it got. */
static PyObject *load_one(PyObject *parent, const char *parent_name, const char *last,
                          const char *path, const char *package_folder, char name[PYTHON_NAME_CAP])
{
	snprintf(name, PYTHON_NAME_CAP, "%s%s%s", parent ? parent_name : "", parent ? "." : "", last);
	PyObject *module = loaded_as(name), *chosen, *wanted = PyUnicode_FromString(name);
	bool foreign = !parent && wanted && is_standard(wanted) && !in_standard_library(path);

	PyErr_Clear();
	Py_XDECREF(wanted);

	if (module && names_file(module, "__file__", path))
		return Py_NewRef(module);
	if (!module && !foreign && import_finds(name, parent, path))
		return import(name);
	chosen =
		ask_finder("place", "(sO&N)", name, decode_path, path,
	               package_folder ? PyUnicode_DecodeFSDefault(package_folder) : Py_NewRef(Py_None));
	const char *text = chosen ? PyUnicode_AsUTF8(chosen) : NULL;
	if (text)
		snprintf(name, PYTHON_NAME_CAP, "%s", text);
	Py_XDECREF(chosen);
	return text ? import(name) : NULL;
}

static PyObject *load_place(struct python_place *place)
{
	PyObject *parent = NULL;
	char parent_name[PYTHON_NAME_CAP] = "", name[PYTHON_NAME_CAP], init[PATH_MAX + 16];

	for (size_t i = 0; i < place->n_packages; i++) {
		const char *folder = place->folders[i];

		snprintf(init, sizeof init, "%s/__init__.py", folder);
		PyObject *package =
			load_one(parent, parent_name, snafu_path_base(folder), init, folder, name);
		Py_XDECREF(parent);
		if (!package)
			return NULL;
		parent = package;
		memcpy(parent_name, name, sizeof name);
	}
	if (!place->stem[0])
		return parent;
	PyObject *module = load_one(parent, parent_name, place->stem, place->path, NULL, name);
	Py_XDECREF(parent);
	return module;
}

void python_place_news(const struct python_place *place)
{
	PyObject *folder = PyUnicode_DecodeFSDefault(place->top);

	if (folder && place->stem[0] && !place->n_packages && PySet_Contains(folders, folder) == 1 &&
	    !in_standard_library(place->top))
		know_name(place->stem, place->top);
	PyErr_Clear();
	Py_XDECREF(folder);
}

PyObject *python_place_load(struct python_place *place, const char *root)
{
	char real[PATH_MAX];

	if (add_folder(place->top) || (root && realpath(root, real) && add_root(real)))
		return NULL;
	return load_place(place);
}
