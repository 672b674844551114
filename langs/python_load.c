/* langs/python_load.c — modules from where they stand.
 *
 * A file's import name comes from its path: its base name, below every folder
 * above it that has an __init__.py; the folder above those goes to the front of
 * sys.path, as for a script, so neighbours import each other and packages use
 * relative imports. Where the name is one of the standard library's, or another
 * file has it already, the module is loaded under a name of its own ("json~2"),
 * and whoever imports json still gets what he would have got. */
#include "langs/python.h"

#include <limits.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/file.h"

#define NAME_CAP 1024    /* bytes of a dotted module name */
#define PACKAGES_CAP 32  /* packages inside each other */
#define ALTERNATES_CAP 10000

struct python_module {
	struct python_module *next;
	char *path;        /* real folder, and the file's own name */
	PyObject *module;  /* NULL until it is loaded */
	bool loading;      /* guarded by `lock` below; changed with the GIL held too */
	pthread_t loader;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t loaded = PTHREAD_COND_INITIALIZER;

/* Where a file stands in its package: names[0] is the outermost package, the last
 * one the module, unless the file is an __init__.py. */
struct place {
	char path[PATH_MAX];
	char folders[PACKAGES_CAP][PATH_MAX]; /* of the packages, outermost first */
	char top[PATH_MAX];                   /* goes on sys.path */
	char stem[NAME_CAP];                  /* of the module; "" for an __init__.py */
	size_t n_packages;
};

static char standard_library[PATH_MAX]; /* the folder of os.py */

void python_load_begin(void)
{
	PyObject *os = PyImport_ImportModule("os"); /* site has loaded it */
	PyObject *file = os ? PyObject_GetAttrString(os, "__file__") : NULL;
	const char *text = file && PyUnicode_Check(file) ? PyUnicode_AsUTF8(file) : NULL;
	char *folder = text ? snafu_path_folder(text) : NULL;

	if (!folder || !realpath(folder, standard_library))
		standard_library[0] = '\0';
	free(folder);
	PyErr_Clear();
	Py_XDECREF(file);
	Py_XDECREF(os);
}

void python_load_end(void)
{
	while (python.modules) {
		struct python_module *module = python.modules;

		python.modules = module->next;
		Py_XDECREF(module->module);
		free(module->path);
		free(module);
	}
}

/* ---- from the path to the name ---- */

static bool is_package(const char *folder)
{
	char path[PATH_MAX + 16];

	snprintf(path, sizeof path, "%s/__init__.py", folder);
	return access(path, R_OK) == 0;
}

static int find_place(const char *file, struct place *place)
{
	char *folder = snafu_path_folder(file);
	char *real = folder ? realpath(folder, place->top) : NULL;
	const char *base = snafu_path_base(file), *dot = strrchr(base, '.');
	size_t stem = dot && dot != base ? (size_t)(dot - base) : strlen(base);

	free(folder);
	if (!real || stem >= sizeof place->stem ||
	    (size_t)snprintf(place->path, sizeof place->path, "%s/%s", real, base) >=
	            sizeof place->path)
		return -1;
	memcpy(place->stem, base, stem);
	place->stem[stem] = '\0';
	for (char *at = place->stem; (at = strchr(at, '.'));)
		*at = '_';
	if (strcmp(place->stem, "__init__") == 0)
		place->stem[0] = '\0';
	while (place->n_packages < PACKAGES_CAP && place->top[1] && is_package(place->top) &&
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

static int add_path(const char *folder)
{
	PyObject *path = PySys_GetObject("path");
	PyObject *entry = PyUnicode_DecodeFSDefault(folder);
	int code = !entry || !path || !PyList_Check(path) ? -1 : PySequence_Contains(path, entry);

	if (code == 0)
		code = PyList_Insert(path, 0, entry);
	Py_XDECREF(entry);
	return code < 0 ? -1 : 0;
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
	PyObject *spec = finder && where
	                         ? PyObject_CallMethod(finder, "find_spec", "sO", name, where)
	                         : NULL;
	bool found = spec && spec != Py_None && names_file(spec, "origin", path);

	PyErr_Clear();
	Py_XDECREF(spec);
	Py_XDECREF(where);
	Py_XDECREF(finder);
	Py_XDECREF(external);
	return found;
}

/* Loads the file itself as module NAME, whatever an import would find. */
static PyObject *load_file(const char *name, const char *path, const char *package_folder)
{
	PyObject *external = PyImport_ImportModule("_frozen_importlib_external");
	PyObject *importlib = external ? PyImport_ImportModule("_frozen_importlib") : NULL;
	PyObject *file = importlib ? PyUnicode_DecodeFSDefault(path) : NULL;
	PyObject *folder = package_folder ? PyUnicode_DecodeFSDefault(package_folder) : NULL;
	PyObject *folders = folder ? PyList_New(0) : Py_NewRef(Py_None);
	PyObject *loader = NULL, *make = NULL, *spec = NULL, *module = NULL;

	if (file && folders && (!folder || PyList_Append(folders, folder) == 0))
		loader = PyObject_CallMethod(external, "SourceFileLoader", "sO", name, file);
	PyObject *positional = loader ? Py_BuildValue("(sO)", name, file) : NULL;
	PyObject *named = positional ? Py_BuildValue("{sOsO}", "loader", loader,
	                                             "submodule_search_locations", folders)
	                             : NULL;
	if (named && (make = PyObject_GetAttrString(external, "spec_from_file_location")))
		spec = PyObject_Call(make, positional, named);
	if (spec)
		module = PyObject_CallMethod(importlib, "_load", "O", spec);
	Py_XDECREF(positional);
	Py_XDECREF(named);
	Py_XDECREF(make);
	Py_XDECREF(spec);
	Py_XDECREF(loader);
	Py_XDECREF(folders);
	Py_XDECREF(folder);
	Py_XDECREF(file);
	Py_XDECREF(importlib);
	Py_XDECREF(external);
	return module;
}

/* Whether a module of the standard library goes by NAME. */
static bool is_standard(const char *name)
{
	PyObject *names = PySys_GetObject("stdlib_module_names");
	PyObject *text = PyUnicode_FromString(name);
	bool found = names && text && PySequence_Contains(names, text) == 1;

	PyErr_Clear();
	Py_XDECREF(text);
	return found;
}

static bool in_standard_library(const char *path)
{
	size_t size = strlen(standard_library);

	return size && strncmp(path, standard_library, size) == 0 && path[size] == '/';
}

static PyObject *loaded_as(const char *name)
{
	PyObject *modules = PyImport_GetModuleDict();
	PyObject *module = modules ? PyDict_GetItemString(modules, name) : NULL;

	return module && module != Py_None ? module : NULL;
}

/* The module LAST of package PARENT (a module and its name; or none), from PATH.
 * NAME takes the full name that it got. */
static PyObject *load_one(PyObject *parent, const char *parent_name, const char *last,
                          const char *path, const char *package_folder, char name[NAME_CAP])
{
	int size = snprintf(name, NAME_CAP, "%s%s%s", parent ? parent_name : "", parent ? "." : "", last);

	bool standards = !parent && is_standard(name) && !in_standard_library(path);

	for (int i = 2; size < NAME_CAP - 8 && i < ALTERNATES_CAP; i++) {
		PyObject *module = loaded_as(name);

		if (module && names_file(module, "__file__", path))
			return Py_NewRef(module);
		if (!module && !(standards && i == 2)) {
			if (import_finds(name, parent, path))
				return PyImport_ImportModule(name);
			module = load_file(name, path, package_folder);
			if (module && parent && PyObject_SetAttrString(parent, last, module))
				Py_CLEAR(module);
			return module;
		}
		snprintf(name + size, (size_t)(NAME_CAP - size), "~%d", i);
	}
	PyErr_Format(PyExc_ImportError, "no module name is left for %s", path);
	return NULL;
}

static PyObject *load_place(struct place *place)
{
	PyObject *parent = NULL;
	char parent_name[NAME_CAP] = "", name[NAME_CAP], init[PATH_MAX + 16];

	for (size_t i = 0; i < place->n_packages; i++) {
		const char *folder = place->folders[i];

		snprintf(init, sizeof init, "%s/__init__.py", folder);
		PyObject *package = load_one(parent, parent_name, snafu_path_base(folder), init, folder,
		                             name);
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

/* ---- once for all threads ---- */

static struct python_module *module_entry(const char *path)
{
	struct python_module *module;

	for (module = python.modules; module; module = module->next)
		if (strcmp(module->path, path) == 0)
			return module;
	module = calloc(1, sizeof *module);
	if (!module || !(module->path = strdup(path))) {
		free(module);
		return NULL;
	}
	module->next = python.modules;
	python.modules = module;
	return module;
}

/* Waits, without the GIL, while another thread loads it. False: this thread
 * itself is loading it, further up. */
static bool wait_for(struct python_module *module)
{
	bool mine = false;

	Py_BEGIN_ALLOW_THREADS
	pthread_mutex_lock(&lock);
	while (module->loading && !(mine = pthread_equal(module->loader, pthread_self())))
		pthread_cond_wait(&loaded, &lock);
	pthread_mutex_unlock(&lock);
	Py_END_ALLOW_THREADS
	return !mine;
}

static void set_loading(struct python_module *module, bool loading)
{
	pthread_mutex_lock(&lock);
	module->loading = loading;
	module->loader = pthread_self();
	if (!loading)
		pthread_cond_broadcast(&loaded);
	pthread_mutex_unlock(&lock);
}

PyObject *python_load(const struct snafu_function *function, struct snafu_result *result)
{
	struct place *place = calloc(1, sizeof *place);
	struct python_module *module;
	char root[PATH_MAX];

	if (!place || find_place(function->file, place)) {
		snafu_result_fail(result, SNAFU_LOAD_FAILED, "ImportError",
		                  "%s is not there any more, or its path is too long", function->file);
		free(place);
		return NULL;
	}
	module = module_entry(place->path);
	while (module && !module->module && module->loading)
		if (!wait_for(module)) {
			snafu_result_fail(result, SNAFU_LOAD_FAILED, "ImportError",
			                  "%s is called while it is still being loaded", function->file);
			free(place);
			return NULL;
		}
	if (module && !module->module) {
		set_loading(module, true);
		if ((function->root && realpath(function->root, root) && add_path(root)) ||
		    add_path(place->top) || !(module->module = load_place(place)))
			python_fail_loading(result, function->file);
		set_loading(module, false);
	} else if (!module) {
		snafu_result_fail(result, SNAFU_INTERNAL, "MemoryError", "no memory");
	}
	free(place);
	return module ? Py_XNewRef(module->module) : NULL;
}
