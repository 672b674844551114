/* langs/python_modules.c — the modules that were loaded: each once for all threads, and anew
 * when its file has changed.
 *
 * A new version is a new module object under the old name. While it is loaded, all other
 * modules whose files have changed are out of sys.modules too, so that it imports their
 * new versions; what it does not import goes back. When it fails, everything is as it was. */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/condition.h"
#include "base/file.h"
#include "langs/python_place.h"

#define WAIT_CAP_MS 60000 /* that a call waits for another one to load its module */

struct python_module {
	struct python_module *next;
	char *path; /* as struct python_place has it */
	PyObject *module; /* NULL until it is loaded */
	bool stale; /* its file has changed since */
	bool aside; /* out of sys.modules at the moment */
	bool loading; /* guarded by `lock` below; changed with the GIL held too */
	pthread_t loader;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t loaded;

/* One new version at a time. Never waited for with the GIL held. */
static pthread_mutex_t reload_lock = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP;

void python_modules_begin(void)
{
	snafu_condition_init(&loaded);
}

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

void python_modules_end(void)
{
	while (python.modules) {
		struct python_module *module = python.modules;

		python.modules = module->next;
		Py_XDECREF(module->module);
		free(module->path);
		free(module);
	}
}

/* ---- new versions ---- */

/* The name under which MODULE was imported. NULL without an exception. */
static PyObject *name_of(PyObject *module)
{
	PyObject *name = PyObject_GetAttrString(module, "__name__");

	if (name && !PyUnicode_Check(name))
		Py_CLEAR(name);
	PyErr_Clear();
	return name;
}

/* The package that NAME is in, borrowed, or NULL; RET_LAST is the name in there. */
static PyObject *package_of(PyObject *name, const char **ret_last)
{
	const char *text = PyUnicode_AsUTF8(name), *dot = text ? strrchr(text, '.') : NULL;
	PyObject *above = dot ? PyUnicode_FromStringAndSize(text, dot - text) : NULL;
	PyObject *package = above ? PyDict_GetItemWithError(PyImport_GetModuleDict(), above) : NULL;

	Py_XDECREF(above);
	*ret_last = dot ? dot + 1 : text;
	return package;
}

/* Takes all that is out of date out of sys.modules. */
static void set_aside(void)
{
	PyObject *modules = PyImport_GetModuleDict();

	for (struct python_module *at = python.modules; at; at = at->next) {
		PyObject *name = at->stale && at->module ? name_of(at->module) : NULL;

		if (name && PyDict_GetItemWithError(modules, name) == at->module)
			at->aside = PyDict_DelItem(modules, name) == 0;
		PyErr_Clear();
		Py_XDECREF(name);
	}
}

/* Puts an old module back under its name. */
static void restore(struct python_module *entry)
{
	PyObject *name = name_of(entry->module), *package;
	const char *last;

	if (name) {
		PyDict_SetItem(PyImport_GetModuleDict(), name, entry->module);
		package = package_of(name, &last);
		if (package)
			PyObject_SetAttrString(package, last, entry->module);
	}
	PyErr_Clear();
	Py_XDECREF(name);
}

/* What is loaded below a package stays, and its new version must have it. */
static void adopt(PyObject *old, PyObject *package)
{
	PyObject *name = name_of(package), *key, *value;
	PyObject *modules = PyDict_Copy(PyImport_GetModuleDict());
	const char *text =
		name && PyObject_HasAttrString(old, "__path__") ? PyUnicode_AsUTF8(name) : NULL;
	size_t size = text ? strlen(text) : 0;
	Py_ssize_t at = 0;

	while (size && modules && PyDict_Next(modules, &at, &key, &value)) {
		const char *full = PyUnicode_Check(key) ? PyUnicode_AsUTF8(key) : NULL;

		if (full && strncmp(full, text, size) == 0 && full[size] == '.' &&
		    !strchr(full + size + 1, '.') && !PyObject_HasAttrString(package, full + size + 1))
			PyObject_SetAttrString(package, full + size + 1, value);
		PyErr_Clear();
	}
	PyErr_Clear();
	Py_XDECREF(modules);
	Py_XDECREF(name);
}

/* What was set aside is replaced by what has been imported in its place, or comes back. */
static void settle_aside(bool failed)
{
	for (struct python_module *at = python.modules; at; at = at->next) {
		if (!at->aside)
			continue;
		at->aside = false;
		PyObject *name = name_of(at->module);
		PyObject *now = name ? PyDict_GetItemWithError(PyImport_GetModuleDict(), name) : NULL;

		PyErr_Clear();
		if (failed || !now || now == at->module) {
			restore(at);
		} else {
			python_fresh_forget(at->module);
			adopt(at->module, now);
			Py_SETREF(at->module, Py_NewRef(now));
			at->stale = false;
		}
		Py_XDECREF(name);
	}
}

/* A traceback of Python's own shows the lines that are there now. */
static void forget_lines(const char *path)
{
	PyObject *cache = PyDict_GetItemString(PyImport_GetModuleDict(), "linecache");
	PyObject *file = cache ? PyUnicode_DecodeFSDefault(path) : NULL;
	PyObject *done = file ? PyObject_CallMethod(cache, "checkcache", "O", file) : NULL;

	PyErr_Clear();
	Py_XDECREF(done);
	Py_XDECREF(file);
}

/* With an exception on failure; then ENTRY has its old module still. */
static void load_anew(struct python_module *entry, struct python_place *place, const char *root)
{
	PyObject *type, *value, *trace, *module;

	Py_BEGIN_ALLOW_THREADS pthread_mutex_lock(&reload_lock);
	Py_END_ALLOW_THREADS if (
		entry->stale) /* still: it may have been imported by another one's new version */
	{
		set_aside();
		module = python_place_load(place, root);
		PyErr_Fetch(&type, &value, &trace);
		settle_aside(!module);
		if (module && entry->stale) { /* it was not in sys.modules, or has replaced itself */
			python_fresh_forget(entry->module);
			Py_SETREF(entry->module, Py_NewRef(module));
			entry->stale = false;
		}
		Py_XDECREF(module);
		PyErr_Restore(type, value, trace);
	}
	pthread_mutex_unlock(&reload_lock);
}

/* ---- changes ---- */

/* The module that was imported from PATH, borrowed, or NULL. */
static PyObject *imported_from(const char *path)
{
	PyObject *modules = PyDict_Copy(PyImport_GetModuleDict()), *key, *module, *found = NULL;
	Py_ssize_t at = 0;

	while (modules && !found && PyDict_Next(modules, &at, &key, &module)) {
		PyObject *space = PyModule_Check(module) ? PyModule_GetDict(module) : NULL;
		PyObject *file = space ? PyDict_GetItemString(space, "__file__") : NULL;
		char text[PATH_MAX], real[PATH_MAX];

		/* Most are elsewhere, which their base names show without asking the system. */
		if (file && python_path_bytes(file, text) &&
		    strcmp(snafu_path_base(text), snafu_path_base(path)) == 0 &&
		    (strcmp(text, path) == 0 || (realpath(text, real) && strcmp(real, path) == 0)))
			found = module;
	}
	PyErr_Clear();
	Py_XDECREF(modules);
	return found;
}

/* New files may have come within the time for which the import system trusts its lists. */
static void forget_folders(void)
{
	PyObject *cache = PySys_GetObject("path_importer_cache"), *key, *finder;
	PyObject *copy = cache && PyDict_Check(cache) ? PyDict_Copy(cache) : NULL;
	Py_ssize_t at = 0;

	while (copy && PyDict_Next(copy, &at, &key, &finder)) {
		PyObject *done =
			finder == Py_None ? NULL : PyObject_CallMethod(finder, "invalidate_caches", NULL);
		PyErr_Clear();
		Py_XDECREF(done);
	}
	PyErr_Clear();
	Py_XDECREF(copy);
}

void python_changed(const char *const *files, size_t n_files)
{
	struct python_place *place = malloc(sizeof *place);

	forget_folders();
	for (size_t i = 0; place && i < n_files; i++) {
		memset(place, 0, sizeof *place);
		if (python_place_find(files[i], place))
			continue;
		struct python_module *entry = module_entry(place->path);
		if (entry && !entry->module)
			entry->module = Py_XNewRef(imported_from(place->path));
		if (entry && entry->module)
			entry->stale = true;
		forget_lines(place->path);
		python_place_news(place);
	}
	free(place);
}

/* ---- once for all threads ---- */

/* A thread that waits for a module; in a list, guarded by `lock`. */
struct waiter {
	struct waiter *next;
	pthread_t thread;
	const struct python_module *module;
};
static struct waiter *waiters;

/* Whether MODULE is being loaded by this thread, further up; or by one that waits, itself or by
 * way of others, for what this one loads: modules that call each other's functions while they are
 * loaded. With the lock held. */
static bool waits_for_itself(const struct python_module *module)
{
	const struct waiter *waiter = waiters;

	while (module->loading && !pthread_equal(module->loader, pthread_self())) {
		for (waiter = waiters; waiter; waiter = waiter->next)
			if (pthread_equal(waiter->thread, module->loader))
				break;
		if (!waiter)
			return false;
		module = waiter->module;
	}
	return module->loading;
}

/* Waits, without the GIL, while another thread loads it. False: it would wait for ever, or has
 * waited for long. */
static bool wait_for(struct python_module *module)
{
	struct waiter self = {.thread = pthread_self(), .module = module};
	uint64_t until = snafu_now_ms() + WAIT_CAP_MS;
	bool good;

	Py_BEGIN_ALLOW_THREADS pthread_mutex_lock(&lock);
	good = !waits_for_itself(module);
	self.next = waiters;
	waiters = &self;
	while (good && module->loading)
		good = snafu_condition_wait_ms(&loaded, &lock, until);
	for (struct waiter **at = &waiters; *at; at = &(*at)->next)
		if (*at == &self) {
			*at = self.next;
			break;
		}
	pthread_mutex_unlock(&lock);
	Py_END_ALLOW_THREADS return good;
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

/* The module of ENTRY as its file now is, or NULL and RESULT says why. */
static PyObject *load(struct python_module *entry, struct python_place *place,
                      const struct snafu_function *function, struct snafu_result *result)
{
	bool failed;

	while ((!entry->module || entry->stale) && entry->loading)
		if (!wait_for(entry)) {
			snafu_result_fail(result, SNAFU_LOAD_FAILED, "ImportError",
			                  "%s is called while it is still being loaded", function->file);
			return NULL;
		}
	if (entry->module && !entry->stale)
		return Py_NewRef(entry->module);
	set_loading(entry, true);
	if (entry->module)
		load_anew(entry, place, function->root);
	else
		entry->module = python_place_load(place, function->root);
	failed = PyErr_Occurred() != NULL;
	if (failed)
		python_fail_loading(result, function->file);
	set_loading(entry, false);
	return failed ? NULL : Py_NewRef(entry->module);
}

PyObject *python_load(const struct snafu_function *function, struct snafu_result *result)
{
	struct python_place *place = calloc(1, sizeof *place);
	struct python_module *entry = NULL;
	PyObject *module = NULL;
	int code = place ? python_place_find(function->file, place) : -ENOMEM;

	if (code)
		snafu_result_fail(result, SNAFU_LOAD_FAILED, "ImportError", "%s cannot be found: %s",
		                  function->file, strerror(-code));
	else if (!(entry = module_entry(place->path)))
		snafu_result_fail(result, SNAFU_INTERNAL, "MemoryError", "no memory");
	else
		module = load(entry, place, function, result);
	free(place);
	return module;
}
